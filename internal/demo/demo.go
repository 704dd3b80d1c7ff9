package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"meetbot/bot"
	"meetbot/internal/testenv"
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
	// Start starts a bot that reaches env, by the ordinary configuration, and returns when it is ready.
	Start func(ctx context.Context, env *testenv.Environment, name string) (Replica, error)
}

// How long the demo waits: for an answer that was promised, longer than it takes another replica to take over what a
// dead one left; and for an event to be accepted, before it goes on without.
const (
	answerWithin = 30 * time.Second
	acceptWithin = 4 * time.Second
)

// errQuit ends the demo in good order.
var errQuit = errors.New("quit")

// demo is one session.
type demo struct {
	Options
	env      *environment
	catalog  *bot.Catalog
	replicas []Replica
	started  int

	platforms []platform
	at        spot
	crash     bool                 // kill the replica right after it has acknowledged the next command
	asked     marks                // what was there before the last command
	last      string               // what was printed for the last line, and since
	seen      map[string]time.Time // by message: since when it has had the content that was shown last
	costed    int                  // Graph calls that were shown
	running   int                  // Graph calls at the last look while nobody typed
	meeting   string               // the link of the card that was shown last
	link      string               // the lasting link that was shown last
	cards     map[platform]message // the last card for everybody, by platform
	under     map[string]string    // by room: the thread of the last card for everybody
}

// newDemo is a session that has not begun.
func newDemo(o Options, env *environment, catalog *bot.Catalog) (*demo, error) {
	teams, err := newTeams(env.Teams)
	if err != nil {
		return nil, err
	}
	d := &demo{Options: o, env: env, catalog: catalog, platforms: []platform{newSlack(env.Slack), teams},
		cards: map[platform]message{}, under: map[string]string{}, seen: map[string]time.Time{}}
	d.at = spot{who: people()[0], platform: d.platforms[0], place: d.platforms[0].places()[0]}
	return d, nil
}

// Run says what this is, starts an environment with two replicas of the bot, and runs the lines of o.In in it.
func Run(ctx context.Context, o Options) error {
	_, _ = fmt.Fprintln(o.Out, "meetbot demo: two replicas of the bot, and Slack, Teams, Entra, Graph and Redis in a "+
		"box. /? lists what you can type.") // at once: what follows takes a moment
	env, err := newEnvironment()
	if err != nil {
		return err
	}
	defer env.close()
	catalog, err := bot.NewCatalog()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go env.runClock(ctx)
	d, err := newDemo(o, env, catalog)
	if err != nil {
		return err
	}
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
	return d.loop(ctx)
}

func (d *demo) start(ctx context.Context) error {
	d.started++
	r, err := d.Start(ctx, d.env.Environment, fmt.Sprintf("replica-%d", d.started))
	if err != nil {
		return fmt.Errorf("start replica: %w", err)
	}
	d.replicas = append(d.replicas, r)
	return d.env.address.lead(d.url())
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
		line, ok := d.nextLine(ctx, lines)
		if !ok {
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

// nextLine returns the next line, and false at the end. People who type by hand are shown meanwhile what the bot does.
func (d *demo) nextLine(ctx context.Context, lines <-chan string) (line string, ok bool) {
	if !d.Script {
		d.printf("\n%s", d.prompt())
	}
	tick := time.NewTicker(newsPause)
	defer tick.Stop()
	for {
		select {
		case line, ok = <-lines:
			if !ok && !d.Script {
				d.printf("\n")
			}
			return line, ok
		case <-ctx.Done():
			return "", false
		case <-tick.C:
			if !d.Script {
				d.idle()
			}
		}
	}
}

func (d *demo) prompt() string {
	where := d.at.place.shown
	if d.at.thread != "" {
		where += " (thread)"
	}
	if days := int(d.ahead() / day); days > 0 {
		where += fmt.Sprintf(", day %d", days)
	}
	return fmt.Sprintf("%s in %s> ", d.at.who.name, where)
}

// url is where the replica listens that hears the next command.
func (d *demo) url() string { return d.replicas[0].URL() }

func (d *demo) line(ctx context.Context, line string) error {
	if line == "" {
		return nil
	}
	if !strings.HasPrefix(line, "/expect ") {
		d.news()
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
	switch {
	case word == d.catalog.CommandName().Slash():
		return d.say(ctx, bySlash, rest)
	case word == "@meetbot":
		return d.say(ctx, byMention, rest)
	case !strings.HasPrefix(line, "/"):
		return d.say(ctx, plainly, line)
	}
	for _, c := range append(controls(), d.at.platform.controls()...) {
		if c.word == word {
			return c.run(d, ctx, rest)
		}
	}
	for _, s := range d.platforms {
		if slices.ContainsFunc(s.controls(), func(c control) bool { return c.word == word }) {
			return fmt.Errorf("there is no %s here: /in %s is where it can be", word, s.places()[0].name)
		}
	}
	return errors.New("neither /meet nor @meetbot nor anything of the demo's own: /? lists what you can type")
}

func (d *demo) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(d.Out, format, args...)
}
