package demo

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"

	"meetbot/bot"
)

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
	case strings.HasPrefix(link, d.env.PublicURL+bot.CalendarPath):
		return d.fetchEntry(ctx, link)
	case compose.FindString(link) == link:
		d.tell("the browser opens a calendar with this draft, which a person may save:\n   %s", link)
		return nil
	default:
		if m, ok := d.meetingOn(link); ok && m.JoinURL == link {
			d.tell("%s", d.enter(link))
			return nil
		}
		return fmt.Errorf("neither a link of the bot's, which begin with %s%s or %s, nor one of a meeting",
			d.env.PublicURL, bot.LinkPath, bot.CalendarPath)
	}
}

// tags are the markup of a page, and what stands in its head.
var tags = regexp.MustCompile(`(?s)<title>.*?</title>|<[^>]*>`)

// follow opens a lasting link of the bot's.
func (d *demo) follow(ctx context.Context, link string) error {
	page, err := get(ctx, link)
	if err != nil {
		return err
	}
	if to := page.header.Get("Location"); page.status == http.StatusFound {
		m, _ := d.meetingOn(to)
		d.tell("%d: the browser goes on to the meeting %q. %s", page.status, m.Subject, d.enter(to))
		return nil
	}
	d.tellPage(page)
	return nil
}

// entryLines are the lines of a calendar file that people notice.
var entryLines = regexp.MustCompile(`(?m)^(SUMMARY|DTSTART|DTEND|SEQUENCE|STATUS)[:;].*$`)

// fetchEntry opens a calendar file, as a calendar does that follows its address.
func (d *demo) fetchEntry(ctx context.Context, link string) error {
	page, err := get(ctx, link)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(page.header.Get("Content-Type"), "text/calendar") {
		d.tellPage(page)
		return nil
	}
	unfolded := strings.ReplaceAll(strings.ReplaceAll(page.body, "\r\n ", ""), "\r\n", "\n")
	if !strings.Contains(unfolded, "BEGIN:VEVENT") {
		d.tell("%d: a calendar file without an entry: a calendar that follows it drops what it had", page.status)
		return nil
	}
	d.tell("%d: a calendar file. A calendar that follows it shows:\n     %s", page.status,
		strings.Join(entryLines.FindAllString(unfolded, -1), "\n     "))
	return nil
}

// page is what a browser was answered.
type page struct {
	status int
	header http.Header
	body   string
}

// get asks for a page, and follows no redirect.
func get(ctx context.Context, link string) (page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, http.NoBody)
	if err != nil {
		return page{}, err
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := (&http.Client{CheckRedirect: stay}).Do(req)
	if err != nil {
		return page{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	return page{resp.StatusCode, resp.Header, string(body)}, err
}

// tellPage prints the words of a page.
func (d *demo) tellPage(p page) {
	words := strings.Fields(html.UnescapeString(tags.ReplaceAllString(p.body, " ")))
	d.tell("%d: the browser shows: %s", p.status, strings.Join(words, " "))
}

// compose is a link that opens a calendar with a draft.
var compose = regexp.MustCompile(`https://(?:outlook\.office|calendar\.google)\.com/[^?\s]*\?\S+`)

// shortened is a drawn message in which such links, which are longer than everything else, are cut: a press shows them.
func shortened(drawn string) string {
	return compose.ReplaceAllStringFunc(drawn, func(link string) string {
		before, _, _ := strings.Cut(link, "?")
		return before + "?…"
	})
}
