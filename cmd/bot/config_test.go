package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"meetbot/bot"
	"meetbot/internal/golden"
)

func withCancel(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(context.Background())
}

// trap is a host that must never be called.
type trap struct {
	*httptest.Server
	count atomic.Int64
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	tr := &trap{}
	tr.Server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { tr.count.Add(1) }))
	t.Cleanup(tr.Close)
	return tr
}

func (tr *trap) hits() int64 { return tr.count.Load() }

func valid() Config {
	return Config{
		HTTPAddr: ":8080", AdminAddr: "localhost:9090", RedisURL: "redis://localhost:6379/0",
		SlackSigningSecret: "8f742231b10e8888abcd99yyyzzz85a5", SlackBotToken: "xoxb-1-2-3", SlackAPIURL: "https://slack.com/api/",
		TenantID: tenantID, ClientID: clientID, ClientSecret: clientSecret,
		AuthorityHost: "https://login.microsoftonline.com/", GraphBaseURL: "https://graph.microsoft.com/v1.0",
		Organizer: "requester", AllowGuests: "false", Locale: "en", LogLevel: "info", LogFormat: "json",
	}
}

// Everything that is wrong is said at once, with the variable's name and an example.
func TestCheckListsEverything(t *testing.T) {
	if err := valid().Check(); err != nil {
		t.Fatalf("a valid configuration: %v", err)
	}
	wrong := Config{
		HTTPAddr: ":70000", AdminAddr: "localhost:70000", RedisURL: "redis://:hunter2@host:notaport/0", SlackBotToken: "hunter2", SlackAPIURL: "http://slack.com/api",
		TeamsAppID: "hunter2", TeamsMetadataURL: "http://login.botframework.com/", TeamsServiceHosts: []string{"https://smba.trafficmanager.net"},
		TenantID: "x", ClientID: "x", TokenCredentials: "AzureCLICredential", CertificatePath: "missing.pem",
		AuthorityHost: "http://login.microsoftonline.com/", GraphBaseURL: "https://graph.microsoft.com", Organizer: "boss", AllowGuests: "maybe", PerUser: -1, PerWorkspace: -1, FederatedTokenFile: "missing",
		AllowedDomains: []string{"@contoso.example"}, Locale: "fr", LogLevel: "loud", LogFormat: "xml",
	}
	err := wrong.Check()
	if err == nil {
		t.Fatal("no error")
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret is quoted: %v", err)
	}
	golden.Check(t, "config-problems.txt", []byte(err.Error()+"\n"))
	golden.Check(t, "config-empty.txt", []byte(Config{}.Check().Error()+"\n"))
}

func TestCheckAlternatives(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"managed identity":  func(c *Config) { c.ClientSecret, c.TokenCredentials = "", "ManagedIdentityCredential" },
		"workload identity": func(c *Config) { c.ClientSecret, c.FederatedTokenFile = "", "config_test.go" },
		"US Government": func(c *Config) {
			c.AuthorityHost, c.GraphBaseURL = "https://login.microsoftonline.us/", "https://graph.microsoft.us/v1.0"
		},
		"tenant by domain": func(c *Config) { c.TenantID = "contoso.example" },
		"service account":  func(c *Config) { c.Organizer = "requester,service:meetings@contoso.example" },
		"Sentinel":         func(c *Config) { c.RedisURL = "redis://sentinel:26379/0?master_name=main" },
		"Cluster":          func(c *Config) { c.RedisURL = "rediss://node1:6379?addr=node2:6379" },
		"Teams as well": func(c *Config) {
			c.TeamsAppID, c.TeamsAppSecret, c.TeamsMetadataURL = "22222222-3333-4444-5555-666666666666", "secret", "https://login.botframework.azure.us/v1/.well-known/openidconfiguration"
		},
		"Teams alone, by the app that calls Graph": func(c *Config) {
			c.SlackSigningSecret, c.SlackBotToken = "", ""
			c.TeamsAppID, c.TeamsMetadataURL = c.ClientID, "https://login.botframework.com/v1/.well-known/openidconfiguration"
		},
		"domains": func(c *Config) { c.AllowedDomains = []string{"Contoso.example", " fabrikam.example"} },
	} {
		c := valid()
		change(&c)
		if err := c.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := valid()
	c.GraphBaseURL = "https://microsoftgraph.chinacloudapi.cn/v1.0"
	if err := c.Check(); err == nil || !strings.Contains(err.Error(), "China") {
		t.Errorf("China cloud: %v", err)
	}
}

// The README's table of variables is the configuration: every variable with its default, and no other.
func TestReadmeNamesEveryVariable(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(readme)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			continue
		}
		for _, name := range strings.Split(cells[1], ",") {
			rows[strings.Trim(name, " `")] = strings.TrimSpace(cells[3])
		}
	}
	config := reflect.TypeFor[Config]()
	for i := range config.NumField() {
		tag := config.Field(i).Tag
		name := tag.Get("env")
		cell, ok := rows[name]
		if !ok {
			t.Errorf("README does not name %s", name)
			continue
		}
		if def := tag.Get("default"); def != "" && cell != "`"+def+"`" {
			t.Errorf("README says that the default of %s is %s, the program says %s", name, cell, def)
		}
		if flag := tag.Get("name"); strings.ToUpper(strings.ReplaceAll(flag, "-", "_")) != name {
			t.Errorf("flag --%s does not go with %s", flag, name)
		}
		delete(rows, name)
	}
	for name := range rows {
		t.Errorf("README names %s, which the program does not know", name)
	}
}

// The README's table of what one types is the command table.
func TestReadmeNamesEveryCommand(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range bot.Commands {
		want := "| `" + bot.SlashCommand(spec.Word, "")
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
		{args: []string{"--help"}, out: "Try the bot in this terminal"},
		{args: nil, code: 2, err: "expected one of"},
		{args: []string{"fly"}, code: 2, err: "unexpected argument fly"},
		{args: []string{"manifest", "slack"}, code: 2, err: "--url"},
		{args: []string{"manifest", "slack", "--url", "http://bot.example.com"}, code: 1, err: "https"},
		{args: []string{"manifest", "slack", "--url", "https://bot.example.com"}, out: `"https://bot.example.com/slack/commands"`},
		{args: []string{"manifest", "teams", "--url", "https://bot.contoso.example"}, code: 2, err: "--app-id"},
		{args: []string{"manifest", "teams", "--url", "http://bot.contoso.example", "--app-id", "meetbot"}, code: 1, err: "wanted a GUID"},
		{args: []string{"manifest", "teams", "--url", "http://bot.contoso.example", "--app-id", "meetbot"}, code: 1, err: "https"},
		{args: []string{"serve", "--redis-url", "x"}, code: 1, err: "SLACK_SIGNING_SECRET is missing"},
	} {
		var out, problems strings.Builder
		code := run(t.Context(), tt.args, Streams{Out: &out, Err: &problems})
		if code != tt.code || !strings.Contains(out.String(), tt.out) || !strings.Contains(problems.String(), tt.err) {
			t.Errorf("bot %s: code %d, out %q, err %q", strings.Join(tt.args, " "), code, out.String(), problems.String())
		}
	}
}

// Every relative link of the documents leads somewhere.
func TestLinksOfTheDocuments(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)[)#]`)
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	documents = append(documents, "../../README.md", "../../CONTRIBUTING.md")
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
