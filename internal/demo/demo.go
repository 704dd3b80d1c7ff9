package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"meetbot/bot"
	"meetbot/internal/sandbox"
)

// Replica is one running bot.
type Replica interface {
	URL() string
	Kill() // as a crash would
}

// Options are what a demo runs with.
type Options struct {
	In     io.Reader
	Out    io.Writer
	Script bool // lines come from a file: each is shown before it runs, and the first that fails ends the demo
	// Start starts a bot in the world, by the ordinary configuration, and returns when it is ready.
	Start func(ctx context.Context, w *World, name string) (Replica, error)
}

// How long the demo waits: for an answer that was promised, longer than it takes another replica to take over what a dead
// one left; and for an event to be accepted, before it goes on without.
const (
	answerWithin = 30 * time.Second
	acceptWithin = 4 * time.Second
)

// errQuit ends the demo in good order.
var errQuit = errors.New("quit")

// demo is one session.
type demo struct {
	Options
	world    *World
	words    *bot.Words
	replicas []Replica
	started  int

	user    person
	channel sandbox.SlackChannel
	thread  string                           // root message; empty in the channel
	crash   bool                             // kill the replica right after it has acknowledged the next command
	asked   marks                            // what was there before the last command
	last    string                           // what was printed for the last line
	press   *sandbox.SlackMessage            // the last card for everybody
	roots   map[string]*sandbox.SlackMessage // the last card for everybody outside threads, by channel
}

// Run starts a world with two replicas of the bot and runs the lines of o.In in it.
func Run(ctx context.Context, o Options) error {
	world, err := NewWorld()
	if err != nil {
		return err
	}
	defer world.Close()
	words, err := bot.NewWords()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go world.RunClock(ctx)
	d := &demo{Options: o, world: world, words: words, user: people()[0], channel: channels[0], roots: map[string]*sandbox.SlackMessage{}}
	for range 2 {
		if err := d.start(ctx); err != nil {
			return err
		}
	}
	defer func() {
		for _, r := range d.replicas {
			r.Kill()
		}
	}()
	d.printf("meetbot demo: two replicas of the bot, and Slack, Entra, Graph and Redis in a box. /? lists what you can type.\n")
	return d.loop(ctx)
}

func (d *demo) start(ctx context.Context) error {
	d.started++
	r, err := d.Start(ctx, d.world, fmt.Sprintf("replica-%d", d.started))
	if err != nil {
		return fmt.Errorf("start replica: %w", err)
	}
	d.replicas = append(d.replicas, r)
	return nil
}

// loop reads and runs lines until they end.
func (d *demo) loop(ctx context.Context) error {
	lines := make(chan string)
	failed := make(chan error, 1)
	go func() {
		defer close(lines)
		in := bufio.NewScanner(d.In)
		for in.Scan() {
			select {
			case lines <- in.Text():
			case <-ctx.Done():
				return
			}
		}
		failed <- in.Err()
	}()
	for number := 1; ; number++ {
		if !d.Script {
			d.printf("\n%s", d.prompt())
		}
		var line string
		var ok bool
		select {
		case line, ok = <-lines:
		case <-ctx.Done():
			return nil
		}
		if !ok {
			if !d.Script {
				d.printf("\n")
			}
			select {
			case err := <-failed:
				return err
			default:
				return nil
			}
		}
		err := d.line(ctx, strings.TrimSpace(line))
		switch {
		case errors.Is(err, errQuit):
			return nil
		case err != nil && d.Script:
			return fmt.Errorf("line %d, %q: %w", number, line, err)
		case err != nil:
			d.printf("%v\n", err)
		}
	}
}

func (d *demo) prompt() string {
	where := "#" + d.channel.Name
	if d.thread != "" {
		where += " (thread)"
	}
	return fmt.Sprintf("%s in %s> ", d.user.name, where)
}

func (d *demo) line(ctx context.Context, line string) error {
	if line == "" {
		return nil
	}
	if strings.HasPrefix(line, "# ") {
		d.printf("\n%s\n", line)
		return nil
	}
	if d.Script && !strings.HasPrefix(line, "/expect ") {
		d.printf("\n%s%s\n", d.prompt(), line)
	}
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	if word == "/"+bot.CommandName {
		return d.slash(ctx, rest)
	}
	if word == "@meetbot" {
		return d.mention(ctx, rest)
	}
	for _, c := range controls() {
		if c.word == word {
			return c.run(d, ctx, rest)
		}
	}
	return fmt.Errorf("neither /meet nor @meetbot nor anything of the demo's own: /? lists what you can type")
}

// slash runs /meet as the present user in the present channel.
func (d *demo) slash(ctx context.Context, text string) error {
	if d.thread != "" {
		return errors.New("Slack has no slash commands in threads: type @meetbot, or /leave the thread")
	}
	before := d.mark()
	command := sandbox.SlackCommand{User: d.user.slack.ID, Channel: d.channel.ID, Text: sandbox.SlackEscape(text)}
	answer, err := d.world.Slack.Command(ctx, d.replicas[0].URL(), command)
	if err != nil {
		return err
	}
	if answer.Problem != "" {
		return fmt.Errorf("Slack shows an error: %s", answer.Problem)
	}
	if answer.Message == nil {
		return errors.New("the bot answered with nothing")
	}
	d.show(*answer.Message, answer.Took, before)
	if !d.acknowledged(*answer.Message) {
		return nil
	}
	return d.await(ctx, before)
}

// mention mentions the bot in the present channel or thread.
func (d *demo) mention(ctx context.Context, text string) error {
	before := d.mark()
	m := sandbox.SlackMention{
		User: d.user.slack.ID, Channel: d.channel.ID, ThreadTS: d.thread,
		Text: "<@" + d.world.Slack.BotUser() + "> " + sandbox.SlackEscape(text),
	}
	delivered := make(chan error, 1)
	go func() {
		delivery, err := d.world.Slack.Mention(ctx, d.replicas[0].URL(), m)
		if n := len(delivery.Attempts); err == nil && (n == 0 || delivery.Attempts[n-1] != http.StatusOK) {
			err = fmt.Errorf("the bot did not accept the event, and Slack gave it up: %v", delivery.Attempts)
		}
		delivered <- err
	}()
	select {
	case err := <-delivered:
		if err != nil {
			return err
		}
		return d.await(ctx, before)
	case <-time.After(acceptWithin):
		d.printf("   the bot has not accepted the event, and Slack delivers it again; /wait waits for the answer\n")
		return nil
	}
}

// marks remembers what is there before a command.
type marks struct {
	at    time.Time
	posts map[string]int // messages per channel
	calls int            // Graph calls
}

func (d *demo) mark() marks {
	m := marks{at: time.Now(), posts: map[string]int{}, calls: len(d.world.Graph.Calls())}
	for _, channel := range []string{d.channel.ID, "D" + d.user.slack.ID} {
		m.posts[channel] = len(d.world.Slack.Messages(channel))
	}
	d.asked = m
	return m
}

// await shows the answer that follows by another way than the command's own answer.
func (d *demo) await(ctx context.Context, before marks) error {
	if d.crash {
		d.crash = false
		d.printf("** the replica dies: kill -9. Its job is another's once it has been idle for 15 s. **\n")
		d.replicas[0].Kill()
		d.replicas = d.replicas[1:]
		if err := d.start(ctx); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	type found struct {
		message sandbox.SlackMessage
		err     error
	}
	first := make(chan found, len(before.posts))
	for channel, count := range before.posts {
		go func() {
			seen := map[string]bool{}
			for _, m := range d.world.Slack.Messages(channel)[:count] {
				seen[m.TS] = true
			}
			m, err := d.world.Slack.WaitFor(ctx, channel, func(m sandbox.SlackMessage) bool {
				return !seen[m.TS] && m.Via != "user" && !d.acknowledged(m)
			})
			first <- found{m, err}
		}()
	}
	f := <-first
	if f.err != nil {
		return fmt.Errorf("no answer within %s; the bot goes on trying for up to 25 minutes, and /wait waits on", answerWithin)
	}
	d.show(f.message, f.message.At.Sub(before.at), before)
	return nil
}

// acknowledged tells whether a message only promises the answer.
func (d *demo) acknowledged(m sandbox.SlackMessage) bool {
	for _, lang := range bot.Languages {
		if m.Text == bot.Working(lang).Text(d.words, bot.PlainStyle{}) {
			return true
		}
	}
	return false
}

// show prints a message as Slack would show it, and what it cost.
func (d *demo) show(m sandbox.SlackMessage, took time.Duration, before marks) {
	var kinds []string
	for _, c := range d.world.Graph.Calls()[before.calls:] {
		kinds = append(kinds, fmt.Sprintf("%s %d", c.Op, c.Status))
	}
	cost := "no Graph call"
	if len(kinds) > 0 {
		cost = "Graph: " + strings.Join(kinds, ", ")
	}
	d.last = sandbox.RenderSlackMessage(m, 100)
	d.printf("%s", d.last)
	d.printf("   %s, by %s, %s\n", took.Round(100*time.Microsecond), m.Via, cost)
	if m.Blocks != nil && m.To == "" {
		d.press = &m
		if m.ThreadTS == "" {
			d.roots[m.Channel] = &m
		}
	}
}

func (d *demo) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(d.Out, format, args...)
}
