package manifest_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"meetbot/bot"
	"meetbot/internal/golden"
	"meetbot/manifest"
	"meetbot/manifest/icons"
)

const appID = "00001111-aaaa-2222-bbbb-3333cccc4444"

func teamsApp() manifest.TeamsApp {
	return manifest.TeamsApp{URL: "https://bot.contoso.example", ID: appID}
}

// teamsFiles makes the package and returns its files by name.
func teamsFiles(t *testing.T, app manifest.TeamsApp) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, file := range teamsPackage(t, app) {
		files[file.Name] = file.Content
	}
	return files
}

func teamsPackage(t *testing.T, app manifest.TeamsApp) manifest.Package {
	t.Helper()
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	p, err := manifest.Teams(app, catalog)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTeamsGolden(t *testing.T) {
	files := teamsFiles(t, teamsApp())
	golden.Check(t, "teams/manifest.json", files["manifest.json"])
	golden.Check(t, "teams/pt-BR.json", files["pt-BR.json"])
}

// What is packed is a zip file with exactly the files that the manifest names, and the same bytes every time.
func TestTeamsPackage(t *testing.T) {
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		if err := teamsPackage(t, teamsApp()).WriteZip(out); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same package is other bytes")
	}
	archive, err := zip.NewReader(bytes.NewReader(first.Bytes()), int64(first.Len()))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	var names []string
	for _, file := range archive.File {
		in, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[file.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
		if year := file.Modified.Year(); year != 1980 {
			t.Errorf("%s is from %d", file.Name, year)
		}
		names = append(names, file.Name)
	}
	if want := []string{"color.png", "manifest.json", "outline.png", "pt-BR.json"}; !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
	m := parse(t, files["manifest.json"])
	named := []string{"manifest.json", at(m, "icons", "color").(string), at(m, "icons", "outline").(string)}
	for i, language := range at(m, "localizationInfo", "additionalLanguages").([]any) {
		named = append(named, at(language, "file").(string))
		if got, want := at(language, "languageTag"), string(bot.Languages[i+1]); got != want {
			t.Errorf("language %v, want %s", got, want)
		}
	}
	if slices.Sort(named); !slices.Equal(named, names) {
		t.Errorf("the manifest names %v, the package holds %v", named, names)
	}
	if !bytes.Equal(files["color.png"], icons.Color) || !bytes.Equal(files["outline.png"], icons.Outline) {
		t.Error("the icons are not the bot's")
	}
}

// The commands that Teams offers are the table, wherever the bot can be, each with a description in every language. Under
// the slash they stand where Teams has targeted messages, and a mention offers all of them.
func TestTeamsCommandsAreTheTable(t *testing.T) {
	files := teamsFiles(t, teamsApp())
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	parser := bot.NewParser(catalog)
	m := parse(t, files["manifest.json"])
	translated := parse(t, files["pt-BR.json"]).(map[string]any)
	theBot := at(m, "bots", 0)
	if at(theBot, "botId") != appID || at(m, "id") != appID {
		t.Errorf("bot %v of app %v", at(theBot, "botId"), at(m, "id"))
	}
	if at(theBot, "supportsTargetedMessages") != true {
		t.Error("no targeted messages, so no slash")
	}
	offered := map[string]string{} // scope to triggers
	for i, list := range at(theBot, "commandLists").([]any) {
		for _, scope := range at(list, "scopes").([]any) {
			if before, ok := offered[scope.(string)]; ok {
				t.Errorf("%s has a second list; the first is for %s", scope, before)
			}
			offered[scope.(string)] = fmt.Sprint(at(list, "triggers"))
		}
		commands := at(list, "commands").([]any)
		if len(commands) != len(bot.Offered()) {
			t.Fatalf("list %d has %d commands, want %d", i, len(commands), len(bot.Offered()))
		}
		for j, spec := range bot.Offered() {
			title, _ := at(commands[j], "title").(string)
			// The text of a title, after the bot's own word, is what the parser takes for this command.
			word, rest, _ := strings.Cut(title, " ")
			if word != string(bot.DefaultCommandName) || parser.Parse(rest).Command.Kind != spec.Kind {
				t.Errorf("%q is not what one types for %s", title, spec.Kind)
			}
			english, _ := at(commands[j], "description").(string)
			other, _ := translated[fmt.Sprintf("bots[0].commandLists[%d].commands[%d].description", i, j)].(string)
			if english == "" || other == "" || english == other || strings.HasPrefix(english, "manifest.") {
				t.Errorf("%s reads %q in English and %q in Portuguese", title, english, other)
			}
		}
	}
	want := map[string]string{"team": "[mention slash]", "groupChat": "[mention slash]", "personal": "[mention]"}
	if !maps.Equal(offered, want) {
		t.Errorf("offered %v, want %v", offered, want)
	}
	var scopes []string
	for _, scope := range at(theBot, "scopes").([]any) {
		scopes = append(scopes, scope.(string))
	}
	if slices.Sort(scopes); !slices.Equal(scopes, slices.Sorted(maps.Keys(want))) {
		t.Errorf("scopes %v", scopes)
	}
	for _, permission := range []string{"authorization", "permissions", "devicePermissions", "webApplicationInfo", "validDomains"} {
		if asked := at(m, permission); asked != nil {
			t.Errorf("the app asks for %s %v, which the bot does not need", permission, asked)
		}
	}
}

func TestTeamsFillsInWhatIsLeftOut(t *testing.T) {
	const contoso = "https://contoso.example"
	for _, tt := range []struct {
		change func(*manifest.TeamsApp)
		want   map[string]string // by path
	}{
		{func(*manifest.TeamsApp) {}, map[string]string{"version": "1.0.0", "developer.name": "Meetbot",
			"developer.websiteUrl": "https://bot.contoso.example", "developer.privacyUrl": "https://bot.contoso.example", "developer.termsOfUseUrl": "https://bot.contoso.example"}},
		{func(app *manifest.TeamsApp) { app.URL += "/meet/" }, map[string]string{"developer.websiteUrl": "https://bot.contoso.example/meet"}},
		{func(app *manifest.TeamsApp) { app.Website = contoso }, map[string]string{"developer.websiteUrl": contoso, "developer.privacyUrl": contoso, "developer.termsOfUseUrl": contoso}},
		{func(app *manifest.TeamsApp) { app.Privacy = contoso + "/privacy" }, map[string]string{"developer.websiteUrl": "https://bot.contoso.example", "developer.privacyUrl": contoso + "/privacy"}},
		{func(app *manifest.TeamsApp) { app.Terms = contoso + "/terms" }, map[string]string{"developer.privacyUrl": "https://bot.contoso.example", "developer.termsOfUseUrl": contoso + "/terms"}},
		{func(app *manifest.TeamsApp) { app.Version, app.Developer = "2.10.0", "Contoso" }, map[string]string{"version": "2.10.0", "developer.name": "Contoso"}},
		{func(app *manifest.TeamsApp) { app.ID = strings.ToUpper(appID) }, map[string]string{"id": appID}},
	} {
		app := teamsApp()
		tt.change(&app)
		m := parse(t, teamsFiles(t, app)["manifest.json"])
		for path, want := range tt.want {
			parent, name, nested := strings.Cut(path, ".")
			got := at(m, parent)
			if nested {
				got = at(got, name)
			}
			if got != want {
				t.Errorf("%+v: %s is %v, want %v", app, path, got, want)
			}
		}
	}
}

func TestTeamsRefuses(t *testing.T) {
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		change func(*manifest.TeamsApp)
		want   string
	}{
		{func(app *manifest.TeamsApp) { app.URL = "" }, "is not a URL"},
		{func(app *manifest.TeamsApp) { app.URL = "http://bot.contoso.example" }, "public https"},
		{func(app *manifest.TeamsApp) { app.URL = "https://localhost:8080" }, "public https"},
		{func(app *manifest.TeamsApp) { app.URL += "?x=1" }, "at most a path"},
		{func(app *manifest.TeamsApp) { app.ID = "" }, "wanted a GUID"},
		{func(app *manifest.TeamsApp) { app.ID = "meetbot" }, "wanted a GUID"},
		{func(app *manifest.TeamsApp) { app.ID += "0" }, "wanted a GUID"},
		{func(app *manifest.TeamsApp) { app.ID = "00000000-0000-0000-0000-000000000000" }, "wanted a GUID"},
		{func(app *manifest.TeamsApp) { app.Version = "1.0" }, "three numbers"},
		{func(app *manifest.TeamsApp) { app.Version = "v1.0.0" }, "three numbers"},
		{func(app *manifest.TeamsApp) { app.Version = "1.0.01" }, "three numbers"},
		{func(app *manifest.TeamsApp) { app.Developer = strings.Repeat("é", 33) }, "at most 32"},
		{func(app *manifest.TeamsApp) { app.Website = "http://contoso.example" }, "website"},
		{func(app *manifest.TeamsApp) { app.Privacy = "contoso.example" }, "privacy"},
		{func(app *manifest.TeamsApp) { app.Terms = "https://" }, "terms"},
		{func(app *manifest.TeamsApp) { app.ID, app.Terms = "x", "y" }, "terms"}, // all that is wrong at once
		{func(app *manifest.TeamsApp) { app.ID, app.Terms = "x", "y" }, "GUID"},
	} {
		app := teamsApp()
		tt.change(&app)
		if _, err := manifest.Teams(app, catalog); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Teams(%+v): %v, want %q", app, err, tt.want)
		}
	}
}

func parse(t *testing.T, document []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(document, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// at is what stands at a path of names and indexes, or nil.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			members, _ := v.(map[string]any)
			v = members[step]
		case int:
			v = v.([]any)[step]
		}
	}
	return v
}

// changed returns the document with what stands at the path replaced; nil takes it away.
func changed(t *testing.T, document []byte, path []any, change func(any) any) []byte {
	t.Helper()
	v := parse(t, document)
	parent, last := at(v, path[:len(path)-1]...), path[len(path)-1]
	members := parent.(map[string]any)
	if value := change(at(parent, last)); value == nil {
		delete(members, last.(string))
	} else {
		members[last.(string)] = value
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// stretched makes a text or a list exactly so long.
func stretched(length int) func(any) any {
	return func(v any) any {
		if list, ok := v.([]any); ok {
			return slices.Repeat(list[:1], length)
		}
		return strings.Repeat("é", length)
	}
}
