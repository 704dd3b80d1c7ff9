package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"meetbot/bot"
)

// cardWidth is how many columns a message may take.
const cardWidth = 100

// say types text and shows what the bot answers.
func (d *demo) say(ctx context.Context, how manner, text string) error {
	before := d.mark()
	d.asked = before
	out, err := d.at.platform.say(ctx, d.url(), d.at, how, text)
	if err != nil {
		return err
	}
	if out.late {
		d.printf("   the bot has not accepted the event, and it is delivered again; /wait waits for the answer\n")
		return nil
	}
	if out.answer != nil {
		d.show(*out.answer, before)
		if !d.acknowledged(*out.answer) {
			return nil
		}
	}
	return d.await(ctx, before)
}

// marks remembers what was there before a command.
type marks struct {
	at       time.Time
	platform platform
	rooms    []string // where the answer may stand
	calls    int      // Graph calls
	changes  bool     // whether another content of an old message is an answer, too
}

func (d *demo) mark() marks {
	return marks{at: time.Now(), platform: d.at.platform, rooms: d.at.platform.rooms(d.at),
		calls: len(d.env.Graph.Calls())}
}

// await shows the answer that follows by another way than the command's own answer.
func (d *demo) await(ctx context.Context, before marks) error {
	if before.platform == nil {
		return errors.New("nothing was asked yet")
	}
	if d.crash {
		d.crash = false
		d.printf("** the replica dies: kill -9. Its job is another's once it has been idle for 15 s. **\n")
		d.replicas[0].Kill()
		d.replicas = d.replicas[1:]
		if err := d.start(ctx); err != nil {
			return err
		}
	}
	m, err := d.next(ctx, before, answerWithin)
	if err != nil {
		return fmt.Errorf("no answer within %s; the bot goes on trying for up to 25 minutes, and /wait waits on",
			answerWithin)
	}
	d.show(m, before)
	return nil
}

// press presses a button, and shows what the bot does then.
func (d *demo) press(ctx context.Context, label string) error {
	if label == "" {
		return errors.New("which button? For example: /press Undo")
	}
	before := d.mark()
	before.changes = true
	d.asked = before
	out, err := d.at.platform.press(ctx, d.url(), d.at, label)
	if err != nil {
		return err
	}
	if out.opens != "" {
		return d.open(ctx, out.opens)
	}
	if out.answer != nil && !d.acknowledged(*out.answer) {
		d.show(*out.answer, before)
		return nil
	}
	return d.await(ctx, before)
}

// next returns what the bot says after a mark, wherever it may be said. The error is the context's.
func (d *demo) next(ctx context.Context, before marks, within time.Duration) (message, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	type found struct {
		message message
		err     error
	}
	all := make(chan found, len(before.rooms))
	for _, room := range before.rooms {
		go func() {
			m, err := before.platform.await(ctx, room, func(m message) bool {
				came := m.at
				if before.changes {
					came = m.since()
				}
				return came.After(before.at) && !d.acknowledged(m)
			})
			all <- found{m, err}
		}()
	}
	first := <-all
	cancel()
	for range before.rooms[1:] { // none may look on while the next line runs
		if other := <-all; first.err != nil {
			first = other
		}
	}
	return first.message, first.err
}

// acknowledged tells whether a message only promises the answer.
func (d *demo) acknowledged(m message) bool {
	for _, lang := range bot.Languages {
		if m.text == bot.WorkingReply(lang).Text(d.catalog, bot.PlainStyle{}) {
			return true
		}
	}
	return false
}

// show prints a message as its reader sees it, and what it cost.
func (d *demo) show(m message, before marks) {
	cost := cmp.Or(d.calls(before.calls), "no Graph call")
	d.costed = len(d.env.Graph.Calls())
	where := ""
	if m.room != before.rooms[0] {
		where = ", in " + d.at.who.name + "'s own chat with the bot"
	}
	d.last = m.drawn + fmt.Sprintf("   %s, by %s%s, %s\n", m.since().Sub(before.at).Round(100*time.Microsecond), m.via,
		where, cost)
	d.printf("%s", d.last)
	_, known := d.seen[m.key()]
	d.note(before.platform, m, known)
}
