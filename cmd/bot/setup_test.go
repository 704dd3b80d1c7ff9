package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestSetup(t *testing.T) {
	const client = "0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9e01"
	for _, tt := range []struct {
		args []string
		vars map[string]string
		code int
		out  string
		err  string
	}{
		{args: []string{"setup"}, code: 2, err: `expected one of "slack", "entra", "teams"`},
		{args: []string{"setup", "github"}, code: 2, err: "unexpected argument github"},

		{args: []string{"setup", "slack"}, code: 2, err: "--url"},
		{args: []string{"setup", "slack", "--url", "https://bot.example.com"}, out: "manifest_json=%7B"},
		{args: []string{"setup", "slack", "--socket"}, out: "SLACK_APP_TOKEN"},
		{args: []string{"setup", "slack", "--socket", "--url", "https://bot.example.com"}, code: 2, err: "--socket"},
		{args: []string{"setup", "slack", "--url", "http://bot.example.com"}, code: 2, err: `--url: "http://bot.example.com"`},
		{args: []string{"setup", "slack", "--url", "https://localhost"}, code: 2, err: `--url: "https://localhost"`},
		{args: []string{"setup", "slack"}, vars: map[string]string{"PUBLIC_URL": "https://of.example.com"}, out: "https://of.example.com."},
		{args: []string{"setup", "slack", "--socket"}, vars: map[string]string{"PUBLIC_URL": "https://of.example.com"}, out: "SLACK_APP_TOKEN"},
		{args: []string{"setup", "slack"}, vars: map[string]string{"PUBLIC_URL": "x"}, code: 2, err: `PUBLIC_URL: "x"`},
		{args: []string{"setup", "slack", "--socket"}, vars: map[string]string{"SLACK_BOOKMARK": "maybe"}, code: 2, err: "SLACK_BOOKMARK"},

		{args: []string{"setup", "entra"}, out: "CLIENT-ID-HERE"},
		{args: []string{"setup", "entra"}, vars: map[string]string{"AZURE_CLIENT_ID": " " + strings.ToUpper(client) + "\n"}, out: "CLIENT_ID=" + client},
		{args: []string{"setup", "entra", "--group", "a@contoso.com", "--user", "b@contoso.com"}, out: "-Identity 'b@contoso.com'"},
		{args: []string{"setup", "entra", "--azure-client-id", "x"}, code: 2, err: `AZURE_CLIENT_ID: "x"`},
		{args: []string{"setup", "entra", "--azure-tenant-id", "x y"}, code: 2, err: `AZURE_TENANT_ID: "x y"`},
		{args: []string{"setup", "entra", "--graph-base-url", "x"}, code: 2, err: `GRAPH_BASE_URL: "x"`},
		{args: []string{"setup", "entra", "--organizer", "x"}, code: 2, err: `ORGANIZER: "x"`},
		{args: []string{"setup", "entra", "--organizer", "service:meetings@contoso.com"}, out: "-Identity 'meetings@contoso.com'"},
		{args: []string{"setup", "entra", "--user", "a\nb"}, code: 2, err: `--user: "a\nb"`},
		{args: []string{"setup", "entra", "--group", "a\x1b[2J"}, code: 2, err: "--group"},
		{args: []string{"setup", "entra", "--azure-client-certificate-path", "/not/made/yet.pem"}, out: "-keyout /not/made/yet.pem"},
		{args: []string{"setup", "entra", "--azure-client-certificate-path", "a\nb"}, code: 2, err: "AZURE_CLIENT_CERTIFICATE_PATH"},

		{args: []string{"setup", "teams"}, code: 2, err: "--url"},
		{args: []string{"setup", "teams", "--url", "https://bot.example.com"}, out: "--endpoint https://bot.example.com/api/messages"},
		{args: []string{"setup", "teams", "--url", "https://127.0.0.1"}, code: 2, err: "--url"},
		{args: []string{"setup", "teams", "--url", "https://bot.example.com", "--teams-app-id", "x"}, code: 2, err: `TEAMS_APP_ID: "x"`},
		{args: []string{"setup", "teams", "--url", "https://bot.example.com", "--group", "a\nb"}, code: 2, err: "--group"},
		{args: []string{"setup", "teams", "--url", "https://bot.example.com"}, vars: map[string]string{"AZURE_CLIENT_ID": client}, out: "APP_ID=" + client},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			for name, value := range tt.vars {
				t.Setenv(name, value)
			}
			var out, problems strings.Builder
			code := run(t.Context(), tt.args, streams{Out: &out, Err: &problems})
			if code != tt.code || !strings.Contains(out.String(), tt.out) || !strings.Contains(problems.String(), tt.err) {
				t.Errorf("code %d, out %q, err %q", code, out.String(), problems.String())
			}
			if (code != 0) != (out.Len() == 0) {
				t.Errorf("code %d, and %d bytes are printed", code, out.Len())
			}
		})
	}
}

// The commands of the bot that the documents and the pages of setup show are understood.
func TestCommandsThatAreShown(t *testing.T) {
	var texts []string
	for _, args := range [][]string{
		{"setup", "slack", "--url", "https://bot.example.com"}, {"setup", "slack", "--socket"}, {"setup", "entra"},
		{"setup", "teams", "--url", "https://bot.example.com"},
	} {
		var out strings.Builder
		if code := run(t.Context(), args, streams{Out: &out, Err: io.Discard}); code != 0 {
			t.Fatalf("%v: code %d", args, code)
		}
		texts = append(texts, out.String())
	}
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(documents, "../../README.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	shown := regexp.MustCompile("(?m)^(?:bin/)?bot ([^#`\n]+)")
	spans := regexp.MustCompile("`bot ([^`]+)`")
	found := 0
	for _, text := range texts {
		for _, m := range append(shown.FindAllStringSubmatch(text, -1), spans.FindAllStringSubmatch(text, -1)...) {
			found++
			words := strings.Fields(m[1])
			for i, word := range words { // what a placeholder stands for
				words[i] = strings.NewReplacer(`"$TEAMS_APP_ID"`, "00001111-aaaa-2222-bbbb-3333cccc4444", "'", "", `"`, "").Replace(word)
			}
			if words[len(words)-1] == "--user" { // a sentence about the flag
				words = append(words, "ana@contoso.com")
			}
			cmd, rest, err := rootCommand().Find(words)
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err == nil && cmd.Args != nil {
				err = cmd.Args(cmd, cmd.Flags().Args())
			}
			if err != nil {
				t.Errorf("bot %s: %v", m[1], err)
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d commands are shown", found)
	}
}
