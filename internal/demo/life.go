package demo

import (
	"context"
	"errors"
	"fmt"
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

// clock moves the time by which meetings live and dates come. What Redis keeps for a time only, it forgets meanwhile.
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
	d.printf("   it is %s\n", d.env.Clock.Now().UTC().Format("Monday, 2 January 2006, 15:04 UTC"))
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
		return 0, errors.New("the clock moves on by days, hours or minutes, such as +61d or +1h55m")
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

// tell prints a line that can be expected.
func (d *demo) tell(format string, args ...any) {
	d.last = "   " + fmt.Sprintf(format, args...) + "\n"
	d.printf("%s", d.last)
}
