package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"meetbot/bot"
)

// The README's table of what one types is the command table.
func TestReadmeNamesEveryCommand(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range bot.Commands {
		want := "| `" + bot.DefaultCommandName.Line(spec.Word, "").Slash()
		if !strings.Contains(string(readme), want) {
			t.Errorf("README has no row that begins with %s", want)
		}
	}
}

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		out  string
		err  string
	}{
		{args: []string{"--help"}, out: "Answer the chat platforms."},
		{args: nil, code: 2, err: "expected one of"},
		{args: []string{"health", "--http-addr", "127.0.0.1:1"}, code: 1, err: "the bot does not answer"},
		{args: []string{"health", "--slack-bot-token", "x"}, code: 2, err: "unknown flag"},
		{args: []string{"fly"}, code: 2, err: "unexpected argument fly"},
		{args: []string{"manifest", "slack"}, code: 2, err: "--url"},
		{args: []string{"manifest", "slack", "--url", "https://bot.example.com", "--socket"}, code: 2, err: "--socket"},
		{args: []string{"manifest", "slack", "--socket"}, out: `"socket_mode_enabled": true`},
		{args: []string{"manifest", "slack", "--url", "http://bot.example.com"}, code: 1, err: "https"},
		{args: []string{"manifest", "slack", "--url", "https://bot.example.com"}, out: `"https://bot.example.com/slack/commands"`},
		{args: []string{"manifest", "teams", "--url", "https://bot.contoso.example"}, code: 2, err: "--app-id"},
		{args: []string{"manifest", "teams", "--url", "http://bot.contoso.example", "--app-id", "meetbot"}, code: 1, err: "wanted a GUID"},
		{args: []string{"manifest", "teams", "--url", "http://bot.contoso.example", "--app-id", "meetbot"}, code: 1, err: "https"},
		{args: []string{"serve", "--slack-bot-token", `"xoxb-1"`}, code: 1, err: "SLACK_BOT_TOKEN: The value begins and ends with a quotation mark"},
		{args: []string{"serve", "--redis-url", "x"}, code: 1, err: "SLACK_SIGNING_SECRET is missing"},
	} {
		var out, problems strings.Builder
		code := run(t.Context(), tt.args, streams{Out: &out, Err: &problems})
		if code != tt.code || !strings.Contains(out.String(), tt.out) || !strings.Contains(problems.String(), tt.err) {
			t.Errorf("bot %s: code %d, out %q, err %q", strings.Join(tt.args, " "), code, out.String(), problems.String())
		}
	}
}

// Every relative link of the documents leads somewhere.
func TestLinksOfTheDocuments(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)[)#]`)
	var documents []string
	for _, folder := range []string{"../../", "../../docs/", "../../docs/adr/"} {
		found, err := filepath.Glob(folder + "*.md")
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d documents, %v", folder, len(found), err)
		}
		documents = append(documents, found...)
	}
	found := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			found++
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), m[1])); err != nil {
				t.Errorf("%s: %v", document, err)
			}
		}
	}
	if found == 0 {
		t.Error("no link was found at all")
	}
}
