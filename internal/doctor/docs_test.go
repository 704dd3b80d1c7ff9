package doctor

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the document quotes from the chat is what the bot says, and the areas that it names there are.
func TestTroubleshooting(t *testing.T) {
	read := func(path string) string {
		t.Helper()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	document, catalogue := read("../../docs/troubleshooting.md"), read("../../bot/catalogue/en.toml")
	quoted := regexp.MustCompile(`(?m)^\| “([^”]*)” \|`).FindAllStringSubmatch(document, -1)
	if len(quoted) < 15 {
		t.Errorf("only %d sentences are quoted", len(quoted))
	}
	for _, m := range quoted {
		if said := strings.TrimRight(m[1], " …"); !strings.Contains(catalogue, said) {
			t.Errorf("the bot does not say %q", said)
		}
	}
	for _, m := range regexp.MustCompile("--only ([a-z,]+)").FindAllStringSubmatch(document, -1) {
		for area := range strings.SplitSeq(m[1], ",") {
			if !slices.Contains(Areas, area) {
				t.Errorf("there is no area %q", area)
			}
		}
	}
}

// The checks that the documents name are made.
func TestChecksOfTheDocuments(t *testing.T) {
	named := regexp.MustCompile("`(?:ok  )?((?:" + strings.Join(Areas, "|") + `)\.[a-z_]+)` + "`")
	for _, path := range []string{"../../docs/install.md", "../../docs/operating.md", "../../docs/troubleshooting.md"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found := named.FindAllStringSubmatch(string(text), -1)
		if strings.HasSuffix(path, "install.md") && len(found) < 8 {
			t.Errorf("%s names only %d checks", path, len(found))
		}
		for _, m := range found {
			if m[1] == "redis.conf" || m[1] == "slack.com" || slices.ContainsFunc(table, func(c check) bool { return c.id() == m[1] }) {
				continue
			}
			t.Errorf("%s names the check %s, which there is not", path, m[1])
		}
	}
}
