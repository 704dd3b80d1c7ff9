package demo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// newsPause is how often the demo looks whether the bot did something that nobody waits for.
const newsPause = 100 * time.Millisecond

// expectWithin is how long an expectation waits for what the bot does after its answer, in the background.
const expectWithin = 5 * time.Second

// news shows what the bot said or changed since the last look and that was not shown yet: cards that it changes, and
// answers that follow.
func (d *demo) news() {
	var all strings.Builder
	for _, n := range d.unseen() {
		_, known := d.seen[n.key()]
		d.note(n.platform, n.message, known)
		fmt.Fprintf(&all, "   %s\n%s", n.headline(known), n.drawn)
	}
	if calls := d.calls(d.costed); calls != "" {
		fmt.Fprintf(&all, "   in the background, %s\n", calls)
	}
	d.costed = len(d.env.Graph.Calls())
	d.last += all.String()
	d.printf("%s", all.String())
}

// unread is a message of the bot's on a platform.
type unread struct {
	message
	platform platform
}

// unseen lists what the bot said or changed and that was not shown yet, in the order in which that happened.
func (d *demo) unseen() []unread {
	var all []unread
	for _, p := range d.platforms {
		for _, m := range p.said() {
			if m.since().After(d.seen[m.key()]) && !d.acknowledged(m) {
				all = append(all, unread{m, p})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b unread) int { return a.since().Compare(b.since()) })
	return all
}

// idle is news for a moment at which nobody types: what the bot is still at is left for the next look.
func (d *demo) idle() {
	calls := len(d.env.Graph.Calls())
	busy := calls != d.running
	d.running = calls
	if busy || calls == d.costed && len(d.unseen()) == 0 {
		return
	}
	d.printf("\n")
	d.news()
	d.printf("\n%s", d.prompt())
}

// headline says what is new: another message, or another content of one that was shown.
func (u unread) headline(known bool) string {
	where := "another place"
	for _, place := range u.platform.places() {
		if place.id == u.room {
			where = place.shown
		}
	}
	for _, p := range people() {
		own := u.platform.rooms(spot{who: p, platform: u.platform})
		if own[len(own)-1] == u.room {
			where = p.name + "'s own chat with the bot"
		}
	}
	switch {
	case known:
		return "a card in " + where + " changes:"
	case u.to != "":
		return "the bot says in " + where + ", to one person alone:"
	default:
		return "the bot says in " + where + ":"
	}
}

// note remembers a message that is about to be shown.
func (d *demo) note(p platform, m message, known bool) {
	d.seen[m.key()] = m.since()
	if m.card && !known {
		d.cards[p] = m
		if m.thread != "" {
			d.under[m.room] = m.thread
		}
	}
	d.noteLinks(m.drawn)
}

// calls lists the Graph calls since the one of this number; empty if there were none.
func (d *demo) calls(since int) string {
	var kinds []string
	for _, c := range d.env.Graph.Calls()[since:] {
		kinds = append(kinds, fmt.Sprintf("%s %d", cmp.Or(c.Op, c.Method), c.Status))
	}
	if len(kinds) == 0 {
		return ""
	}
	return "Graph: " + strings.Join(kinds, ", ")
}

// expect fails unless the last answer, or what the bot did after it, holds the text. What it does in the background may
// still come.
func (d *demo) expect(ctx context.Context, text string) error {
	ctx, cancel := context.WithTimeout(ctx, expectWithin)
	defer cancel()
	tick := time.NewTicker(newsPause)
	defer tick.Stop()
	for !strings.Contains(d.last, text) {
		if d.asked.platform == nil { // then nothing can follow
			return d.unexpected(text)
		}
		select {
		case <-tick.C:
			d.news()
		case <-ctx.Done():
			return d.unexpected(text)
		}
	}
	return nil
}

func (d *demo) unexpected(text string) error {
	return fmt.Errorf("the last answer does not hold %q:\n%s", text, d.last)
}
