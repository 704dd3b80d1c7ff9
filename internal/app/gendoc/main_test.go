package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"meetbot/internal/app"
)

// The document is what the settings say now.
func TestDocumentIsFresh(t *testing.T) {
	written, err := os.ReadFile("../../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(document(), "\n")
	for i, line := range strings.Split(string(written), "\n") {
		if i >= len(want) || line != want[i] {
			t.Fatalf("line %d of docs/configuration.md differs; run make docs\n%s", i+1, line)
		}
	}
	if len(written) != len(document()) {
		t.Error("docs/configuration.md is too short; run make docs")
	}
}

// Each setting has what its row needs: a plain sentence, a default or an example, and a heading to read on at.
func TestEverySettingIsDescribed(t *testing.T) {
	config := app.Default()
	for _, s := range config.Settings() {
		if !strings.HasSuffix(s.Help, ".") || strings.ContainsAny(s.Help, "`[]") {
			t.Errorf("%s: %q is no plain sentence", s.Env, s.Help)
		}
		if s.Value.String() == "" && s.Example == "" && s.Kind != app.Password {
			t.Errorf("%s has neither a default nor an example", s.Env)
		}
		if s.More == "" {
			continue
		}
		path, heading, _ := strings.Cut(s.More, "#")
		text, err := os.ReadFile("../../../docs/" + path)
		if err != nil {
			t.Errorf("%s: %v", s.Env, err)
			continue
		}
		if !strings.Contains(anchors(string(text)), "#"+heading+"\n") {
			t.Errorf("%s: %s has no heading %s", s.Env, path, heading)
		}
	}
}

var notInAnchor = regexp.MustCompile(`[^a-z0-9 -]`)

// anchors are the headings of a document as GitHub makes links of them, one a line.
func anchors(text string) string {
	var all strings.Builder
	for line := range strings.Lines(text) {
		heading, is := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if is && strings.HasPrefix(line, "#") {
			plain := notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
			all.WriteString("#" + strings.ReplaceAll(plain, " ", "-") + "\n")
		}
	}
	return all.String()
}
