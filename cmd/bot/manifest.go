package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime/debug"

	"meetbot/bot"
	"meetbot/manifest"
)

type slackManifestCmd struct {
	URL string `name:"url" required:"" help:"Public https address of this bot, for example https://bot.example.com."`
}

// Run prints the manifest.
func (c *slackManifestCmd) Run(std Streams) error {
	catalog, err := bot.NewCatalog()
	if err != nil {
		return err
	}
	m, err := manifest.Slack(c.URL, catalog)
	if err != nil {
		return err
	}
	return manifest.WriteJSON(std.Out, m)
}

type teamsManifestCmd struct {
	URL        string `name:"url" required:"" help:"Public https address of this bot, for example https://bot.example.com."`
	AppID      string `name:"app-id" required:"" help:"Microsoft App ID of the bot: a GUID."`
	Output     string `name:"output" short:"o" placeholder:"FILE" help:"Zip file to write, for example meetbot.zip; standard output if left out."`
	AppVersion string `name:"app-version" help:"Version of the app, for example 1.0.1; it has to grow for Teams to take a changed package as an update. That of this program if left out, or 1.0.0 if it has none."`
	Developer  string `name:"developer" help:"Who the app's page names as its maker, for example your organization; Meetbot if left out."`
	Website    string `name:"website" help:"Page that the app's page links to for support; --url if left out."`
	Privacy    string `name:"privacy" help:"Page with the privacy statement; --website if left out."`
	Terms      string `name:"terms" help:"Page with the terms of use; --website if left out."`
}

// Run writes the package.
func (c *teamsManifestCmd) Run(std Streams) error {
	catalog, err := bot.NewCatalog()
	if err != nil {
		return err
	}
	version := c.AppVersion
	if version == "" {
		version = releaseVersion()
	}
	app, err := manifest.Teams(manifest.TeamsApp{
		URL: c.URL, ID: c.AppID, Version: version,
		Developer: c.Developer, Website: c.Website, Privacy: c.Privacy, Terms: c.Terms,
	}, catalog)
	if err != nil {
		return err
	}
	if c.Output == "" {
		if terminal(std.Out) {
			return errors.New("a zip file is nothing to read: name a file with -o, for example -o meetbot.zip")
		}
		return app.WriteZip(std.Out)
	}
	var packed bytes.Buffer
	if err := app.WriteZip(&packed); err != nil {
		return err
	}
	if err := os.WriteFile(c.Output, packed.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the package: %w", err)
	}
	return nil
}

var release = regexp.MustCompile(`^v([0-9]+\.[0-9]+\.[0-9]+)$`)

// releaseVersion is the version that this program was built as, without the v; empty unless it is a release.
func releaseVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	if m := release.FindStringSubmatch(info.Main.Version); m != nil {
		return m[1]
	}
	return ""
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
