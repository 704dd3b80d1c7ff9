package main

import (
	"fmt"
	"regexp"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand() *cobra.Command {
	return command("version", "Print the version.", noArguments, func(cmd *cobra.Command, _ []string) error {
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "bot version %s\n", version()) // as --version does
		return err
	})
}

// version is what the Go tool wrote into the program: a release such as v1.2.3, a commit, or "(devel)".
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

var release = regexp.MustCompile(`^v([0-9]+\.[0-9]+\.[0-9]+)$`)

// releaseVersion is the version without the v; empty unless it is a release.
func releaseVersion() string {
	if m := release.FindStringSubmatch(version()); m != nil {
		return m[1]
	}
	return ""
}
