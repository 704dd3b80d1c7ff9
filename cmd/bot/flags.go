package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"meetbot/internal/app"
)

// envAnnotation is the annotation of a flag that names its environment variable.
const envAnnotation = "environment"

// addSettings adds a flag for each setting. What is set already is the default.
func addSettings(flags *pflag.FlagSet, settings []app.Setting) {
	flags.SortFlags = false // what belongs together stands together
	for _, s := range settings {
		f := flags.VarPF(s.Value, s.Flag(), "", fmt.Sprintf("%s ($%s)", s.Help, s.Env))
		f.Annotations = map[string][]string{envAnnotation: {s.Env}}
	}
}

// fromEnvironment sets the flags that were not given and whose environment variable is there, even if it is empty.
func fromEnvironment(flags *pflag.FlagSet) (err error) {
	flags.VisitAll(func(f *pflag.Flag) {
		names := f.Annotations[envAnnotation]
		if err != nil || f.Changed || len(names) == 0 {
			return
		}
		value, ok := os.LookupEnv(names[0])
		if !ok {
			return
		}
		if wrong := f.Value.Set(value); wrong != nil {
			err = fmt.Errorf("%s: %q: %w", names[0], value, wrong)
		}
	})
	return err
}

// require marks flags that have to be given.
func require(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // there is no such flag
		}
	}
}

// missing lists the required flags that were not given.
func missing(flags *pflag.FlagSet) error {
	var names []string
	flags.VisitAll(func(f *pflag.Flag) {
		if slices.Contains(f.Annotations[cobra.BashCompOneRequiredFlag], "true") && !f.Changed {
			names = append(names, "--"+f.Name)
		}
	})
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("missing flags: %s", strings.Join(names, ", "))
}
