//go:build integration

package manifest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"meetbot/internal/teamskit"
	"meetbot/manifest"
)

// Microsoft's own validator has nothing against the package, and knows the limits that the words and the table have to
// keep: what is as long as allowed passes, one more does not.
func TestTeamsManifestIsValid(t *testing.T) {
	files := teamsFiles(t, manifest.TeamsApp{
		URL: "https://bot.contoso.example/meet/", ID: strings.ToUpper(appID), Version: "12.0.3", Developer: strings.Repeat("é", 32),
		Website: "https://contoso.example", Privacy: "https://contoso.example/privacy", Terms: "https://contoso.example/terms",
	})
	app, words := files["manifest.json"], files["pt-BR.json"]
	command := func(member string) []any { return []any{"bots", 0, "commandLists", 0, "commands", 0, member} }
	// Each group is checked in one document.
	limits := [][]struct {
		document []byte
		path     []any
		most     int // characters, or elements of a list
	}{
		{
			{app, []any{"name", "short"}, 30},
			{app, []any{"description", "short"}, 80},
			{app, []any{"description", "full"}, 4000},
			{app, []any{"developer", "name"}, 32},
			{app, command("title"), 128},
			{app, command("description"), 4000},
		},
		{{app, []any{"bots", 0, "commandLists", 0, "commands"}, 12}},
		{{app, []any{"bots", 0, "commandLists"}, 3}},
		{
			{words, []any{"name.short"}, 30},
			{words, []any{"description.short"}, 80},
			{words, []any{"description.full"}, 4000},
			{words, []any{"bots[0].commandLists[1].commands[3].description"}, 4000},
		},
	}
	broken := [][]struct {
		document []byte
		path     []any
		value    any    // nil takes away what was there
		want     string // in the problem
	}{
		{
			{app, []any{"id"}, "meetbot", "/id must match"},
			{app, []any{"bots", 0, "botId"}, "{" + appID + "}", "/bots/0/botId must match"},
			{app, []any{"bots", 0, "scopes"}, []any{"channel"}, "/bots/0/scopes/0 must be"},
			{app, []any{"bots", 0, "commandLists", 0, "triggers"}, []any{"backslash"}, "/bots/0/commandLists/0/triggers/0 must be"},
			{app, command("name"), "meet", "/bots/0/commandLists/0/commands/0 must NOT have additional properties"},
			{app, []any{"developer", "privacyUrl"}, "contoso.example/privacy", "/developer/privacyUrl must match"},
			{app, []any{"accentColor"}, "blue", "/accentColor must match"},
			{app, []any{"icons", "outline"}, nil, "/icons must have required property 'outline'"},
			{app, []any{"manifestVersion"}, "1.16", "/manifestVersion must be"},
			{app, []any{"colour"}, "blue", `"additionalProperty":"colour"`},
		},
		{
			{words, []any{"description.full"}, nil, "required property 'description.full'"},
			{words, []any{"bots[0].commandLists[0].commands[12].description"}, "x", "commands[12].description"},
		},
	}

	documents := [][]byte{app, words}
	for _, group := range limits {
		within, beyond := group[0].document, group[0].document
		for _, limit := range group {
			within = changed(t, within, limit.path, stretched(limit.most))
			beyond = changed(t, beyond, limit.path, stretched(limit.most+1))
		}
		documents = append(documents, within, beyond)
	}
	for _, group := range broken {
		document := group[0].document
		for _, b := range group {
			document = changed(t, document, b.path, func(any) any { return b.value })
		}
		documents = append(documents, document)
	}
	problems := teamskit.ManifestProblems(t, documents...)
	if len(problems[0]) > 0 || len(problems[1]) > 0 {
		t.Errorf("manifest: %q\nwords: %q", problems[0], problems[1])
	}
	problems = problems[2:]
	for _, group := range limits {
		within, beyond := problems[0], problems[1]
		problems = problems[2:]
		if len(within) > 0 {
			t.Errorf("within the limits: %q", within)
		}
		if len(beyond) != len(group) {
			t.Errorf("beyond %d limits: %q", len(group), beyond)
		}
		for _, limit := range group {
			place, number := "/"+strings.Trim(strings.ReplaceAll(fmt.Sprint(limit.path), " ", "/"), "[]")+" ", fmt.Sprintf(`{"limit":%d}`, limit.most)
			if !slices.ContainsFunc(beyond, func(p string) bool { return strings.HasPrefix(p, place) && strings.HasSuffix(p, number) }) {
				t.Errorf("beyond %v of %d: %q", limit.path, limit.most, beyond)
			}
		}
	}
	for i, group := range broken {
		if len(problems[i]) != len(group) {
			t.Errorf("%d things broken: %q", len(group), problems[i])
		}
		for _, b := range group {
			if !slices.ContainsFunc(problems[i], func(p string) bool { return strings.Contains(p, b.want) }) {
				t.Errorf("%v = %v: %q", b.path, b.value, problems[i])
			}
		}
	}
}
