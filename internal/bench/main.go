// Command bench measures the bot and prints one table, in Markdown.
//
// Everything runs as in production: the real binary as a process, a real redis-server, and Slack, Entra and Graph on
// the wire (fakes, in this process). Every row is measured against something else in the same run, and most are the
// median of several rounds in which the sides take turns, because the machine may be shared and its speed drifts. The
// servers, Redis and the load share its cores. No figure fails anything.
//
//	go run ./internal/bench                    everything: about a quarter of an hour
//	go run ./internal/bench -quick             everything, with short rounds
//	go run ./internal/bench -only repeat,cold  some of: repeat, cold, large, replicas, idle, start, size
//	go run ./internal/bench -only repeat,cold -before bot  beside another release of the bot, whose binary this is
//	go run ./internal/bench -only dates        what a date, its reminder and invitations take in Redis
//	go run ./internal/bench -only packages     how long `go test` takes for each package with an empty build cache
//
// It needs Linux, redis-server and Go; the comparison with Bolt for JavaScript needs node and npm, which installs it
// into the user's cache.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	quick         bool
	only          []string // sections; empty: the usual ones
	bolt          bool
	sdk           bool
	profiles      string
	before        string // path of another release's binary; empty: none
	rounds        int
	round         time.Duration // of load on one side
	connections   int
	conversations int           // in the large Redis
	cold          time.Duration // of cold commands in one round
	idle          time.Duration
}

// sections are the measurements, in the order of the report. What is not usual runs only by name.
var sections = []struct {
	name  string
	usual bool
	run   func(*environment, context.Context, options, *report) error
}{
	{"repeat", true, (*environment).repeat},
	{"cold", true, (*environment).cold},
	{"large", true, (*environment).large},
	{"replicas", true, (*environment).replicas},
	{"idle", true, (*environment).idle},
	{"start", true, (*environment).start},
	{"size", true, (*environment).size},
	{"dates", false, (*environment).dates},
	{"packages", false, (*environment).packages},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

// run measures what the arguments ask for and writes the report to out, and what it is doing to progress.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	o, err := parse(args, progress)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(progress, "building; the first time takes minutes")
	env, err := newEnvironment(ctx)
	if err != nil {
		return err
	}
	defer env.close()
	machine, err := watch()
	if err != nil {
		return err
	}
	var r report
	err = env.measure(ctx, o, &r, progress)
	others, also := machine.others()
	r.note("%s, %s, %d cores, shared by the servers, Redis and the load; "+
		"everything else on the machine used %s of them meanwhile; %s.",
		runtime.GOOS, runtime.Version(), runtime.NumCPU(), percent(others), time.Now().Format(time.DateOnly))
	// What was measured before something went wrong is worth telling.
	return errors.Join(err, also, r.write(out))
}

// measure runs the sections that are asked for.
func (env *environment) measure(ctx context.Context, o options, r *report, progress io.Writer) error {
	for _, s := range sections {
		if slices.Contains(o.only, s.name) || len(o.only) == 0 && s.usual {
			_, _ = fmt.Fprintln(progress, "measuring:", s.name)
			if err := s.run(env, ctx, o, r); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	return nil
}

func parse(args []string, output io.Writer) (options, error) {
	o := options{}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(output)
	f.BoolVar(&o.quick, "quick", false, "short rounds and a small large Redis, where no other flag says so")
	only := f.String("only", "", "only these sections, comma-separated: "+strings.Join(names(), ", "))
	f.BoolVar(&o.bolt, "bolt", true, "compare with Bolt for JavaScript, too")
	f.BoolVar(&o.sdk, "sdk", false, "with packages: those that link the Graph SDK, too, which takes minutes for each")
	f.StringVar(&o.profiles, "profiles", "", "save profiles of the bot under repeats into this folder")
	f.StringVar(&o.before, "before", "", "with repeat and cold: compare with the release whose binary this is, too")
	f.IntVar(&o.rounds, "rounds", 7, "rounds of every measurement")
	f.DurationVar(&o.round, "round", 4*time.Second, "length of the load on one side in a round")
	f.IntVar(&o.connections, "connections", 16, "keep-alive connections of the load")
	f.IntVar(&o.conversations, "conversations", 1_000_000, "conversations in the large Redis")
	f.DurationVar(&o.cold, "cold", 10*time.Second, "length of the cold commands in a round")
	f.DurationVar(&o.idle, "idle", 30*time.Second, "how long to watch an idle replica")
	if err := f.Parse(args); err != nil {
		return options{}, err
	}
	if f.NArg() > 0 {
		return options{}, fmt.Errorf("what is %q?", f.Arg(0))
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	for _, name := range o.only {
		if !slices.Contains(names(), name) {
			return options{}, fmt.Errorf("there is no section %q, only %s", name, strings.Join(names(), ", "))
		}
	}
	if o.quick {
		given := map[string]bool{}
		f.Visit(func(f *flag.Flag) { given[f.Name] = true })
		for name, short := range map[string]string{
			"rounds": "3", "round": "1s", "conversations": "50000", "cold": "2s", "idle": "5s",
		} {
			if !given[name] {
				if err := f.Set(name, short); err != nil {
					return options{}, err
				}
			}
		}
	}
	if o.rounds < 1 || o.connections < 1 || o.conversations < 2*small {
		return options{}, fmt.Errorf("at least 1 round, 1 connection and %d conversations are needed", 2*small)
	}
	return o, nil
}

func names() []string {
	var all []string
	for _, s := range sections {
		all = append(all, s.name)
	}
	return all
}
