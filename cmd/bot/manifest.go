package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"meetbot/internal/app"
	"meetbot/manifest"
)

func manifestCommand() *cobra.Command {
	return group("manifest", "Make an app manifest to create the app from.",
		slackManifestCommand(), teamsManifestCommand())
}

// urlHelp is the help of --url, of every manifest.
const urlHelp = "Public https `address` of this bot, for example https://bot.example.com."

// socketHelp is the help of --socket.
const socketHelp = "Socket Mode instead of --url: the bot connects to Slack, and needs no public address."

func slackManifestCommand() *cobra.Command {
	var slack manifest.SlackApp
	config := app.Default()
	c := command("slack", "The Slack app manifest, as JSON.", noArguments, func(cmd *cobra.Command, _ []string) error {
		if (slack.URL == "") != slack.Socket {
			return misuse{errors.New("wanted one of --url and --socket")}
		}
		catalog, err := config.Places.Catalog()
		if err != nil {
			return err
		}
		if slack.Uses, err = config.SlackUses(); err != nil {
			return err
		}
		m, err := manifest.Slack(slack, catalog)
		if err != nil {
			return err
		}
		return manifest.WriteJSON(cmd.OutOrStdout(), m)
	})
	c.Flags().StringVar(&slack.URL, "url", "", urlHelp)
	c.Flags().BoolVar(&slack.Socket, "socket", false, socketHelp)
	addSettings(c.Flags(), config.SlackManifestSettings())
	return c
}

func teamsManifestCommand() *cobra.Command {
	var m manifest.TeamsApp
	var output string
	config := app.Default()
	c := command("teams", "The Teams app package: manifest and icons, as a zip file to upload.", noArguments,
		func(cmd *cobra.Command, _ []string) error {
			return writeTeamsPackage(m, config.Places, output, cmd.OutOrStdout())
		})
	f := c.Flags()
	f.SortFlags = false
	f.StringVar(&m.URL, "url", "", urlHelp)
	f.StringVar(&m.ID, "app-id", "", "Microsoft App `ID` of the bot: a GUID.")
	f.StringVarP(&output, "output", "o", "",
		"Zip `file` to write, for example meetbot.zip; standard output if left out.")
	f.StringVar(&m.Version, "app-version", "",
		"`Version` of the app, for example 1.0.1; it has to grow for Teams to take a changed package as an update. "+
			"That of this program if left out, or 1.0.0 if it has none.")
	f.StringVar(&m.Developer, "developer", "", "The `name` that the app's page gives as its maker, for example your "+
		"organization; Meetbot if left out.")
	f.StringVar(&m.Website, "website", "", "`Page` that the app's page links to for support; --url if left out.")
	f.StringVar(&m.Privacy, "privacy", "", "`Page` with the privacy statement; --website if left out.")
	f.StringVar(&m.Terms, "terms", "", "`Page` with the terms of use; --website if left out.")
	addSettings(f, config.TeamsManifestSettings())
	require(c, "url", "app-id")
	return c
}

// writeTeamsPackage writes the package to the file output, or to standard output if that is empty.
func writeTeamsPackage(m manifest.TeamsApp, places app.PlacesConfig, output string, std io.Writer) error {
	catalog, err := places.Catalog()
	if err != nil {
		return err
	}
	if m.Version == "" {
		m.Version = releaseVersion()
	}
	made, err := manifest.Teams(m, catalog)
	if err != nil {
		return err
	}
	if output == "" {
		if terminal(std) {
			return errors.New("a zip file is nothing to read: name a file with -o, for example -o meetbot.zip")
		}
		return made.WriteZip(std)
	}
	var packed bytes.Buffer
	if err := made.WriteZip(&packed); err != nil {
		return err
	}
	if err := os.WriteFile(output, packed.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the package: %w", err)
	}
	return nil
}

// terminal tells whether w is one, or another device that is no file and no pipe.
func terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
