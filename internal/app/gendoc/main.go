// Command gendoc writes docs/configuration.md from the settings of package app:
//
//	go run ./internal/app/gendoc docs/configuration.md
//
// It imports internal/app and no other package of the program. A test compares the document with what it writes.
package main

import (
	"fmt"
	"os"
	"strings"

	"meetbot/internal/app"
)

func main() {
	if len(os.Args) != 2 {
		_, _ = fmt.Fprintln(os.Stderr, "gendoc: want the file to write, such as docs/configuration.md")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], []byte(document()), 0o644); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "gendoc:", err)
		os.Exit(1)
	}
}

// preface is what stands above the tables, with ” in place of the mark of code.
const preface = `# Configuration

<!-- Written by "make docs" from the settings of internal/app. Change them there. -->

Each setting is an environment variable and a flag of ”bot serve”: ”HTTP_ADDR” is ”--http-addr”. A flag counts before
the variable. Give secrets as variables or files, not as flags: everybody on a machine sees the flags of its processes.

The value of each may stand in a file instead: ”SLACK_BOT_TOKEN_FILE=/run/secrets/slack-bot-token”. The line break at
the end of the file is no part of it. Of a setting, give the variable or the file, not both. A secret whose file changes
counts within half a minute, without a restart; [how to change each](operating.md#changing-credentials).

Redis, the Entra app and one chat platform have to be configured; everything else has a default. ”bot doctor --only
config” finds what is missing or misspelt.

Beside these, ”HTTPS_PROXY”, ”NO_PROXY” and ”SSL_CERT_FILE” count, which belong to the environment:
[a proxy on the way out](operating.md#a-proxy-on-the-way-out).
`

// document is the whole of docs/configuration.md.
func document() string {
	config := app.Default()
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(preface, "”", "`"))
	for _, concern := range config.Concerns() {
		fmt.Fprintf(&b, "\n## %s\n\n", concern.Name)
		b.WriteString("| variable | kind | what it is for | default | example | since |\n")
		b.WriteString("| --- | --- | --- | --- | --- | --- |\n")
		for _, s := range concern.Settings {
			b.WriteString(row(s))
		}
	}
	return b.String()
}

// row is the line of a setting. What it would be without a value stands where others have their default.
func row(s app.Setting) string {
	kind, since := s.Kind, s.Since
	if kind == "" {
		kind = app.Text
	}
	if since == "" {
		since = "unreleased"
	}
	value := escaped(s.Unset)
	if def := s.Value.String(); def != "" {
		value = code(def)
	}
	help := escaped(s.Help)
	if s.More != "" {
		help += " [More](" + s.More + ")."
	}
	return "| " + strings.Join([]string{code(s.Env), string(kind), help, value, code(s.Example), since}, " | ") + " |\n"
}

// code is text as code; nothing for nothing.
func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

// escaped is plain text as Markdown.
func escaped(text string) string { return markdown.Replace(text) }

var markdown = strings.NewReplacer("|", `\|`, "*", `\*`, "_", `\_`, "<", "&lt;", "`", "\\`")
