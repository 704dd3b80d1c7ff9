package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// control is a line of the demo's own.
type control struct {
	word, args, help string
	run              func(d *demo, ctx context.Context, rest string) error
}

func controls() []control {
	return []control{
		{"/as", "NAME", "type as somebody else", (*demo).as},
		{"/in", "PLACE", "go to another channel or chat, such as #design or teams:General; without PLACE, list them",
			(*demo).in},
		{"/thread", "[TEXT]",
			"post TEXT in the channel and go into the thread under it; without TEXT, under the last card",
			(*demo).intoThread},
		{"/leave", "", "leave the thread", (*demo).leave},
		{"/join", "", "press the button to join of the last card", (*demo).join},
		{"/press", "LABEL", "press the button with this label on the last message that has it, such as More",
			(*demo).press},
		{"/open", "[LINK]", "open a link in a browser; without LINK, the last that /meet link showed", (*demo).open},
		{"/clock", "[+1h55m]", "move the clock on by days (d), hours (h) or minutes (m); without, say what it shows",
			(*demo).clock},
		{"/fault", "NAME", "let something fail; without NAME, list the faults; clear ends them", (*demo).fault},
		{"/wait", "", "wait for the answer that the last command has not had yet",
			func(d *demo, ctx context.Context, _ string) error { return d.await(ctx, d.asked) }},
		{"/meetings", "", "list what Graph holds", (*demo).meetings},
		{"/expect", "TEXT", "fail unless the last answer holds TEXT, or what follows it", (*demo).expect},
		{"/?", "", "this list", (*demo).usage},
		{"/quit", "", "end the demo", func(*demo, context.Context, string) error { return errQuit }},
	}
}

func (d *demo) usage(context.Context, string) error {
	d.printf("  %-20s %s\n", "/meet …", "the bot's command; /meet help says what it can do")
	d.printf("  %-20s %s\n", "@meetbot …", "the same by mention, which works in threads too")
	d.printf("  %-20s %s\n", "… @ben",
		"a mention of Ben, as in /meet Retro tomorrow at 15:00 with @ben; on Slack also of the group @"+designTeam)
	d.printf("  %-20s %s\n", "…",
		"anything else is said as it stands: in Teams, meet is understood in one's own chat with the bot")
	all := controls()
	for _, s := range d.platforms {
		all = append(all, s.controls()...)
	}
	for _, c := range all {
		d.printf("  %-20s %s\n", c.word+" "+c.args, c.help)
	}
	return nil
}

func (d *demo) as(_ context.Context, name string) error {
	var names []string
	for _, p := range people() {
		if p.name == strings.TrimPrefix(strings.ToLower(name), "@") {
			d.at.who = p
			return nil
		}
		names = append(names, p.name)
	}
	return fmt.Errorf("nobody here has that name; there are %s", strings.Join(names, ", "))
}

func (d *demo) in(_ context.Context, name string) error {
	var names []string
	for _, s := range d.platforms {
		for _, p := range s.places() {
			if strings.EqualFold(strings.TrimPrefix(p.name, "#"), strings.TrimPrefix(name, "#")) {
				d.at.platform, d.at.place, d.at.thread = s, p, ""
				return nil
			}
			names = append(names, p.name)
		}
	}
	if name == "" {
		d.printf("  %s\n", strings.Join(names, ", "))
		return nil
	}
	return fmt.Errorf("no such place; there are %s", strings.Join(names, ", "))
}

func (d *demo) intoThread(_ context.Context, text string) error {
	if text == "" {
		thread, ok := d.under[d.at.room()]
		if !ok {
			return errors.New("there is no card for everybody here yet that a thread goes with")
		}
		d.at.thread = thread
		return nil
	}
	thread, err := d.at.platform.post(d.at, text)
	if err != nil {
		return err
	}
	d.at.thread = thread
	return nil
}

func (d *demo) leave(context.Context, string) error {
	d.at.thread = ""
	return nil
}

func (d *demo) join(ctx context.Context, _ string) error {
	card, ok := d.cards[d.at.platform]
	if !ok {
		return errors.New("there is no card yet")
	}
	came, err := d.at.platform.join(ctx, d.url(), d.at, card)
	if err != nil {
		return err
	}
	for _, m := range d.at.platform.said() {
		if m.key() == card.key() {
			card = m // as it stands now
		}
	}
	m, _ := d.meetingOn(card.drawn)
	d.tell("%s. %s", came, d.enter(m.JoinURL))
	return nil
}

func (d *demo) meetings(context.Context, string) error {
	d.last = ""
	for _, m := range d.env.Graph.Meetings() {
		d.last += fmt.Sprintf("  %-60s %s\n", m.ExternalID, m.Subject)
	}
	d.last += fmt.Sprintf("  %d in all\n", len(d.env.Graph.Meetings()))
	d.printf("%s", d.last)
	return nil
}
