package main

import (
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"meetbot/internal/buildinfo"
)

func versionCommand() *cobra.Command {
	return command("version", "Print the version.", noArguments, func(cmd *cobra.Command, _ []string) error {
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "bot version %s\n", buildinfo.Read()) // as --version does
		return err
	})
}

var release = regexp.MustCompile(`^v([0-9]+\.[0-9]+\.[0-9]+)$`)

// releaseVersion is the version without the v; empty unless it is a release.
func releaseVersion() string {
	if m := release.FindStringSubmatch(buildinfo.Read().Version); m != nil {
		return m[1]
	}
	return ""
}
