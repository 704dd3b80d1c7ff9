package demo

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"meetbot/bot"
	"meetbot/internal/sandbox/graphtest"
)

const day = 24 * time.Hour

// mostAhead is how far the clock may be moved in all.
const mostAhead = 10 * 365 * day

// clock moves the time by which meetings live. What Redis keeps for a time only, it forgets meanwhile.
func (d *demo) clock(_ context.Context, text string) error {
	if text != "" {
		by, err := clockStep(text)
		if err != nil {
			return err
		}
		if d.ahead()+by > mostAhead {
			return errors.New("that is too far")
		}
		d.env.Clock.Move(by)
		d.env.redis.FastForward(by)
	}
	d.printf("   it is %s\n", d.env.Clock.Now().Format("Monday, 2 January 2006, 15:04"))
	return nil
}

// clockStep reads how far the clock is to be moved: days, or what [time.ParseDuration] knows.
func clockStep(text string) (time.Duration, error) {
	text = strings.TrimPrefix(text, "+")
	by, err := time.ParseDuration(text)
	if days, found := strings.CutSuffix(text, "d"); found {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 12)
		by = time.Duration(n) * day //nolint:gosec // at most 4095
	}
	if err != nil || by <= 0 || by > mostAhead {
		return 0, errors.New("the clock moves on by days or hours, such as +61d or +3h")
	}
	return by, nil
}

// ahead is how far the clock was moved.
func (d *demo) ahead() time.Duration { return time.Until(d.env.Clock.Now()).Round(time.Minute) }

// lasting is a lasting link.
var lasting = regexp.MustCompile(`http://[0-9.:]+` + regexp.QuoteMeta(bot.LinkPath) + `[A-Z2-7]{26}`)

// noteLinks remembers where what is shown leads.
func (d *demo) noteLinks(drawn string) {
	if m, ok := d.meetingOn(drawn); ok {
		d.meeting = m.JoinURL
	}
	if link := lasting.FindString(drawn); link != "" {
		d.link = link
	}
}

// meetingOn finds the meeting whose link stands in what was drawn.
func (d *demo) meetingOn(drawn string) (graphtest.Meeting, bool) {
	for _, m := range slices.Backward(d.env.Graph.Meetings()) {
		if strings.Contains(drawn, m.JoinURL) {
			return m, true
		}
	}
	return graphtest.Meeting{}, false
}

// lastMeeting is the meeting of the card that was shown last.
func (d *demo) lastMeeting() (graphtest.Meeting, bool) {
	if d.meeting == "" {
		return graphtest.Meeting{}, false
	}
	return d.meetingOn(d.meeting)
}

// enter says what Teams does with somebody who opens a meeting's link. They meet for a moment, which extends the
// meeting's life.
func (d *demo) enter(link string) string {
	if !d.env.Graph.StartSession(link) {
		return "Teams says: this meeting is no longer available"
	}
	d.env.Graph.EndSession(link)
	return "Teams opens the meeting"
}

// open opens a link as a browser does.
func (d *demo) open(ctx context.Context, link string) error {
	if link == "" {
		link = d.link
	}
	switch {
	case link == "":
		return errors.New("there is no link yet: /meet link shows one")
	case strings.HasPrefix(link, d.env.PublicURL+bot.LinkPath):
		return d.follow(ctx, link)
	default:
		if m, ok := d.meetingOn(link); ok && m.JoinURL == link {
			d.tell("%s", d.enter(link))
			return nil
		}
		return fmt.Errorf("neither a link of the bot's, which begin with %s%s, nor one of a meeting", d.env.PublicURL,
			bot.LinkPath)
	}
}

// tags are the markup of a page, and what stands in its head.
var tags = regexp.MustCompile(`(?s)<title>.*?</title>|<[^>]*>`)

// follow opens a lasting link of the bot's.
func (d *demo) follow(ctx context.Context, link string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, http.NoBody)
	if err != nil {
		return err
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := (&http.Client{CheckRedirect: stay}).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if to := resp.Header.Get("Location"); resp.StatusCode == http.StatusFound {
		m, _ := d.meetingOn(to)
		d.tell("%d: the browser goes on to the meeting %q. %s", resp.StatusCode, m.Subject, d.enter(to))
		return nil
	}
	page, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return err
	}
	words := strings.Fields(html.UnescapeString(tags.ReplaceAllString(string(page), " ")))
	d.tell("%d: the browser shows: %s", resp.StatusCode, strings.Join(words, " "))
	return nil
}

// tell prints a line that can be expected.
func (d *demo) tell(format string, args ...any) {
	d.last = "   " + fmt.Sprintf(format, args...) + "\n"
	d.printf("%s", d.last)
}
