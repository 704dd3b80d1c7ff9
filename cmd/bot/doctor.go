package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"meetbot/internal/app"
	"meetbot/internal/doctor"
)

func doctorCommand() *cobra.Command {
	config := app.Default()
	var o doctor.Options
	var asJSON bool
	c := command("doctor", "Find out what is wrong: configuration, Redis, Entra, Graph, Slack and Teams.", noArguments,
		func(cmd *cobra.Command, _ []string) error {
			o.Environ, o.Flags = os.Environ(), givenAsFlags(cmd.Flags())
			config.Files = app.ReadFiles(config.Settings(), os.Getenv, o.Flags)
			report := doctor.Run(cmd.Context(), config, o)
			write := report.WriteText
			if asJSON {
				write = report.WriteJSON
			}
			if err := write(cmd.OutOrStdout()); err != nil {
				return err
			}
			if n := report.Count(doctor.Fail); n > 0 {
				return fmt.Errorf("doctor: %d failed", n)
			}
			return nil
		})
	f := c.Flags()
	f.SortFlags = false
	f.BoolVar(&asJSON, "json", false, "Write the results as JSON.")
	f.Var(&people{&o.Users}, "user", "`Person` to try, by e-mail address or object ID; may be given several times. "+
		"It leaves one meeting in their name, in no calendar.")
	f.Var(&someOf{&o.Only, doctor.Areas}, "only", "`Areas` to examine, commas between: "+
		strings.Join(doctor.Areas, ", ")+".")
	f.DurationVar(&o.Timeout, "timeout", doctor.DefaultTimeout, "How `long` everything may take.")
	addSettings(f, config.Settings())
	return c
}

// givenAsFlags are the environment variables of the settings that were given as flags instead.
func givenAsFlags(flags *pflag.FlagSet) []string {
	var names []string
	flags.Visit(func(f *pflag.Flag) { names = append(names, f.Annotations[envAnnotation]...) })
	return names
}

// withHints adds to the error of a configuration which names in the environment may be misspelt, and which values have
// the wrong form: that is often the cause.
func withHints(err error, found doctor.Report) error {
	for _, r := range found.Checks {
		if r.Status == doctor.Fail && (r.Check == "config.unknown" || r.Check == "config.secrets") {
			err = fmt.Errorf("%w\n  - %s: %s %s", err, r.Subject, r.Detail, r.Next)
		}
	}
	return err
}

// warnOf logs what is wrong. The bot goes on all the same.
func warnOf(ctx context.Context, log *slog.Logger, what string, found doctor.Report) {
	for _, r := range found.Checks {
		if r.Status == doctor.Fail || r.Status == doctor.Warn {
			log.WarnContext(ctx, what, "check", r.Check, "subject", r.Subject, "detail", r.Detail, "next", r.Next)
		}
	}
}

// people is the value of a flag that names somebody each time it is given.
type people struct{ all *[]string }

func (p *people) String() string { return "" }
func (p *people) Type() string   { return "person" }

func (p *people) Set(s string) error {
	if s = strings.TrimSpace(s); s == "" {
		return errors.New("want an e-mail address or an object ID")
	}
	*p.all = append(*p.all, s)
	return nil
}

// someOf is the value of a flag that names some of several words, with commas between.
type someOf struct {
	chosen *[]string
	words  []string
}

func (v *someOf) String() string { return "" }
func (v *someOf) Type() string   { return "list" }

func (v *someOf) Set(s string) error {
	for word := range strings.SplitSeq(s, ",") {
		if word = strings.TrimSpace(word); !slices.Contains(v.words, word) {
			return fmt.Errorf("%q is none of %s", word, strings.Join(v.words, ", "))
		}
		*v.chosen = append(*v.chosen, word)
	}
	return nil
}
