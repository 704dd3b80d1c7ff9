package manifest_test

import (
	"bytes"
	"regexp"
	"testing"

	"meetbot/bot"
	"meetbot/manifest"
)

// The manifests of a bot that is called by another name offer that name, and nowhere the usual one.
func TestManifestsOfAnotherName(t *testing.T) {
	catalog, err := bot.NewCatalogFor("call")
	if err != nil {
		t.Fatal(err)
	}
	usual := regexp.MustCompile(`\bmeet\b`)
	check := func(name string, content []byte, want string) {
		if usual.Match(content) || !bytes.Contains(content, []byte(want)) {
			t.Errorf("%s: %s", name, content)
		}
	}
	slack, err := manifest.Slack(manifest.SlackApp{URL: "https://bot.example.com"}, catalog)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := manifest.WriteJSON(&out, slack); err != nil {
		t.Fatal(err)
	}
	check("Slack", out.Bytes(), `"/call"`)
	teams, err := manifest.Teams(teamsApp(), catalog)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range teams {
		switch file.Name {
		case "manifest.json":
			check(file.Name, file.Content, `"call new"`)
		case "pt-BR.json":
			check(file.Name, file.Content, "commandLists")
		}
	}
}
