package setup_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"meetbot/bot"
	"meetbot/bot/slackapp"
	"meetbot/graphclient"
	"meetbot/internal/app"
	"meetbot/internal/golden"
	"meetbot/internal/setup"
	"meetbot/manifest"
)

const (
	address = "https://bot.example.com"
	tenant  = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
	client  = "0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9e01"
	teams   = "22222222-3333-4444-5555-666666666666"
	group   = "d8ebfa45-0f28-4d2d-9bcc-b158a49e2d17"
)

// hostile is a value that every kind of quotation marks, and whatever they let through, has to hold.
const hostile = `/etc/meet bot/it's "$HOME" ` + "`id`" + ` $(id) ’ ${x} %{y} \ end.pem`

// government are the addresses of the US Government's cloud.
var government = setup.Entra{Authority: "https://login.microsoftonline.us/", GraphURL: "https://graph.microsoft.us/v1.0"}

// pages is everything that is written, by the name of its golden file.
func pages(t *testing.T) map[string]string {
	t.Helper()
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	slack := func(s setup.Slack) func(io.Writer) error {
		return func(w io.Writer) error { return s.Write(w, catalog) }
	}
	known := setup.Entra{TenantID: tenant, ClientID: client, User: "ana@contoso.example", Group: group}
	service, both := known, known
	service.User, service.Group, service.Service = "", "", "meetings@contoso.example"
	both.Group, both.Service, both.Fallback = "", service.Service, true
	gcc, dod := government, government
	gcc.TenantID = "contoso.example"
	dod.GraphURL = "https://dod-graph.microsoft.us/v1.0"
	awkward := setup.Entra{TenantID: tenant, ClientID: client, Certificate: hostile, User: "o'neil@contoso.example"}
	all := map[string]string{}
	for name, write := range map[string]func(io.Writer) error{
		"slack":            slack(setup.Slack{URL: address}),
		"slack-bookmarks":  slack(setup.Slack{URL: address + "/meet/", Uses: slackapp.Uses{Bookmarks: true}}),
		"slack-socket":     slack(setup.Slack{Socket: true}),
		"entra":            setup.Entra{}.Write,
		"entra-known":      known.Write,
		"entra-service":    service.Write,
		"entra-both":       both.Write,
		"entra-government": gcc.Write,
		"entra-dod":        dod.Write,
		"entra-quotes":     awkward.Write,
		"teams":            setup.Teams{URL: address}.Write,
		"teams-same-app":   setup.Teams{URL: address, TenantID: tenant, ClientID: client, Group: group}.Write,
		"teams-own-app":    setup.Teams{URL: address + "/", TenantID: tenant, ClientID: client, AppID: teams}.Write,
	} {
		var text bytes.Buffer
		if err := write(&text); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = text.String()
	}
	return all
}

func TestGolden(t *testing.T) {
	for name, text := range pages(t) {
		golden.Check(t, name+".md", []byte(text))
	}
}

// block is what can be pasted.
type block struct{ language, text string }

var fences = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)\n```$")

func blocks(page string) []block {
	var all []block
	for _, m := range fences.FindAllStringSubmatch(page, -1) {
		all = append(all, block{m[1], m[2]})
	}
	return all
}

// The link holds the manifest, whole, and is not too long for servers and browsers.
func TestSlackLink(t *testing.T) {
	for name, page := range pages(t) {
		if !strings.HasPrefix(name, "slack") {
			continue
		}
		all := blocks(page)
		link, text := all[0].text, all[len(all)-1]
		u, err := url.Parse(link)
		if err != nil || len(link) > 8000 || strings.ContainsAny(link, " +'\"") {
			t.Fatalf("%s: %v, %d characters: %s", name, err, len(link), link)
		}
		if u.Scheme+"://"+u.Host+u.Path != "https://api.slack.com/apps" || u.Query().Get("new_app") != "1" {
			t.Errorf("%s: the link leads elsewhere: %s", name, link)
		}
		var carried, printed manifest.SlackManifest
		if err := json.Unmarshal([]byte(u.Query().Get("manifest_json")), &carried); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(text.text), &printed); err != nil || text.language != "json" {
			t.Fatalf("%s: %v in %s", name, err, text)
		}
		one, _ := json.Marshal(carried)
		other, _ := json.Marshal(printed)
		if !bytes.Equal(one, other) || len(one) < 500 {
			t.Errorf("%s: the link carries\n%s\nand the page shows\n%s", name, one, other)
		}
	}
}

// Each way asks for every permission that is always needed, by the ID of its role, and for no other.
func TestPermissionsAreAskedFor(t *testing.T) {
	page := pages(t)["entra"]
	parts := strings.Split(page, "\n## ")
	for _, way := range []string{"Azure CLI", "Graph PowerShell", "Terraform"} {
		found := 0
		for _, part := range parts {
			if title, _, _ := strings.Cut(part, "\n"); !strings.Contains(title, way) {
				continue
			}
			found++
			for _, p := range graphclient.Permissions {
				if asks := strings.Contains(part, p.RoleID); asks != (p.Setting == "") {
					t.Errorf("%s asks for %s: %t", way, p.Name, asks)
				}
			}
		}
		if found != 1 {
			t.Errorf("%d parts about %s", found, way)
		}
	}
}

// Every variable that is named is one of the bot's, or one that the lines themselves set.
func TestVariablesExist(t *testing.T) {
	known := map[string]bool{}
	c := app.Default()
	for _, s := range c.Settings() {
		known[s.Env] = true
	}
	ours := regexp.MustCompile(`\b(?:AZURE|TEAMS|SLACK|ORGANIZER|PUBLIC|GRAPH)_[A-Z_]+\b`)
	found := map[string]bool{}
	for name, page := range pages(t) {
		for _, variable := range ours.FindAllString(page, -1) {
			found[variable] = true
			if !known[variable] && variable != "TEAMS_NO_INTERACTIVE" { // the Teams CLI's own
				t.Errorf("%s names %s, which there is not", name, variable)
			}
		}
	}
	for _, variable := range []string{"AZURE_CLIENT_CERTIFICATE_PATH", "SLACK_SIGNING_SECRET", "TEAMS_APP_SECRET"} {
		if !found[variable] {
			t.Errorf("%s is named nowhere", variable)
		}
	}
}

// What is not known is a placeholder, and the page lists it; what is known leaves none.
func TestPlaceholders(t *testing.T) {
	all := pages(t)
	placeholder := regexp.MustCompile(`\b[A-Z]+(?:@|-)(?:[A-Z]+-)*HERE\b`)
	for name, page := range all {
		head, _, _ := strings.Cut(page, "\n## ")
		for _, p := range placeholder.FindAllString(page, -1) {
			if p != "TENANT-ID-HERE" && p != "APP-ID-HERE" && !strings.Contains(head, "`"+p+"`") {
				t.Errorf("%s has %s, and does not say so at its beginning", name, p)
			}
		}
	}
	for _, name := range []string{"entra-known", "teams-same-app", "teams-own-app"} {
		if left := placeholder.FindAllString(all[name], -1); len(left) > 0 {
			t.Errorf("%s: everything is known, and %v is left", name, left)
		}
	}
	if n := len(placeholder.FindAllString(all["entra"], -1)); n < 5 {
		t.Errorf("only %d placeholders where nothing is known", n)
	}
}

func TestAddresses(t *testing.T) {
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"", "bot.example.com", "http://bot.example.com", "https://localhost", "https://x/?y"} {
		if err := (setup.Slack{URL: wrong}).Write(io.Discard, catalog); err == nil {
			t.Errorf("Slack at %q", wrong)
		}
		if err := (setup.Teams{URL: wrong}).Write(io.Discard); err == nil {
			t.Errorf("Teams at %q", wrong)
		}
	}
}
