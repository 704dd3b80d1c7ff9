package app

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/internal/golden"
)

const (
	sampleGUID   = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
	sampleApp    = "22222222-3333-4444-5555-666666666666"
	sampleSecret = "a-client-secret"
)

// valid is a configuration for Slack.
func valid() Config {
	c := Default()
	c.Slack.SigningSecret, c.Slack.BotToken = "8f742231b10e8888abcd99yyyzzz85a5", "xoxb-1-2-3"
	c.Entra.TenantID, c.Entra.ClientID, c.Entra.ClientSecret = sampleGUID, "0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9e01", sampleSecret
	return c
}

// Everything that is wrong is said at once, with the variable's name and an example.
func TestValidateListsEverything(t *testing.T) {
	if err := valid().Validate(); err != nil {
		t.Fatalf("a valid configuration: %v", err)
	}
	wrong := Config{
		HTTP:  HTTPConfig{Addr: ":70000", AdminAddr: "localhost:70000"},
		Redis: RedisConfig{URL: "redis://:hunter2@host:notaport/0"},
		Slack: SlackConfig{BotToken: "hunter2", APIURL: "http://slack.com/api", Bookmark: "maybe"},
		Teams: TeamsConfig{
			AppID: "hunter2", MetadataURL: "http://login.botframework.com/",
			ServiceHosts: []string{"https://smba.trafficmanager.net"},
		},
		Entra: EntraConfig{
			TenantID: "x", ClientID: "x", TokenCredentials: "AzureCLICredential", CertificatePath: "missing.pem",
			FederatedTokenFile: "missing", AuthorityHost: "http://login.microsoftonline.com/",
		},
		Graph: GraphConfig{BaseURL: "https://graph.microsoft.com"},
		Policy: PolicyConfig{
			Organizer: "boss", AllowedDomains: []string{"@contoso.example"}, AllowGuests: "maybe", MatchAliases: "maybe", TrustUnconfirmed: "maybe",
			PerUser: -1, PerWorkspace: -1, Locale: "fr",
		},
		Logging: LoggingConfig{Level: "loud", Format: "xml"},
		Links:   LinksConfig{PublicURL: "http://bot.example.com"},
		Meetings: MeetingConfig{
			Lobby: "nobody", Presenters: "roleIsPresenter", Chat: "off", Record: "maybe", Announce: "maybe",
			RemindBefore: "10",
		},
	}
	err := wrong.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret is quoted: %v", err)
	}
	golden.Check(t, "config-problems.txt", []byte(err.Error()+"\n"))
	golden.Check(t, "config-empty.txt", []byte(Config{}.Validate().Error()+"\n"))
}

// check validates a valid configuration with one change, and wants a problem with that variable, or none.
func check(t *testing.T, name, variable string, change func(*Config)) {
	t.Helper()
	c := valid()
	change(&c)
	err := c.Validate()
	switch {
	case variable == "" && err != nil:
		t.Errorf("%s: %v", name, err)
	case variable != "" && (err == nil || strings.Count(err.Error(), "\n") != 1 ||
		!strings.Contains(err.Error(), "  - "+variable+" ")):
		t.Errorf("%s: %v, want a problem with %s and no other", name, err, variable)
	}
}

func TestValidateHTTP(t *testing.T) {
	for _, tt := range []struct{ addr, admin, problem string }{
		{"127.0.0.1:0", "127.0.0.1:0", ""}, // any two free ports
		{"[::1]:8080", "localhost:9090", ""},
		{"8080", "localhost:9090", "HTTP_ADDR"},
		{":8080", "localhost", "ADMIN_ADDR"},
		{":http", "localhost:9090", "HTTP_ADDR"},
		{":8080", "localhost:8080", "ADMIN_ADDR"},
	} {
		check(t, tt.addr+" "+tt.admin, tt.problem, func(c *Config) { c.HTTP.Addr, c.HTTP.AdminAddr = tt.addr, tt.admin })
	}
	for delay, problem := range map[string]string{
		"0": "", "0s": "", "2s": "", "1m": "", "": "SHUTDOWN_DELAY", "5": "SHUTDOWN_DELAY", "-1s": "SHUTDOWN_DELAY",
		"1m1s": "SHUTDOWN_DELAY",
	} {
		check(t, "delay "+delay, problem, func(c *Config) { c.HTTP.ShutdownDelay = delay })
	}
}

func TestValidateRedis(t *testing.T) {
	for url, problem := range map[string]string{
		"redis://sentinel:26379/0?master_name=main": "",
		"rediss://node1:6379?addr=node2:6379":       "",
		"localhost:6379":                            "REDIS_URL",
	} {
		check(t, url, problem, func(c *Config) { c.Redis.URL = url })
	}
	const secure = "rediss://name.region.redis.azure.net:10000"
	for name, tt := range map[string]struct {
		problem string
		redis   RedisConfig
	}{
		"by a token":          {"", RedisConfig{URL: secure, Entra: "true"}},
		"by another's token":  {"", RedisConfig{URL: "rediss://ann@redis.example:6380", Entra: "true"}},
		"a token in clear":    {"REDIS_URL", RedisConfig{URL: "redis://redis.example:6379", Entra: "true"}},
		"token and password":  {"REDIS_URL", RedisConfig{URL: "rediss://:hunter2@redis.example:6380", Entra: "true"}},
		"perhaps a token":     {"REDIS_ENTRA", RedisConfig{URL: secure, Entra: "perhaps"}},
		"no such authority":   {"REDIS_CA_PATH", RedisConfig{URL: secure, Entra: "false", CAPath: "/nothing"}},
		"no authority at all": {"REDIS_CA_PATH", RedisConfig{URL: secure, Entra: "false", CAPath: "validate_test.go"}},
		"no certificate": {"REDIS_CLIENT_CERTIFICATE_PATH",
			RedisConfig{URL: secure, Entra: "false", CertificatePath: "validate_test.go"}},
		"one name for all": {"", RedisConfig{URL: secure + "?cluster=true&server_name=redis.example", Entra: "false"}},
		"a name without TLS": {"REDIS_URL",
			RedisConfig{URL: "redis://redis.example:6379?server_name=redis.example", Entra: "false"}},
	} {
		check(t, name, tt.problem, func(c *Config) {
			tt.redis.Prefix = c.Redis.Prefix
			c.Redis = tt.redis
		})
	}
}

func TestValidateSlack(t *testing.T) {
	check(t, "no token", "SLACK_BOT_TOKEN", func(c *Config) { c.Slack.BotToken = "" })
	check(t, "a user's token", "SLACK_BOT_TOKEN", func(c *Config) { c.Slack.BotToken = "xoxp-1-2-3" })
	check(t, "a token that rotates", "SLACK_BOT_TOKEN", func(c *Config) { c.Slack.BotToken = "xoxe.xoxb-1-2-3" })
	check(t, "a refresh token", "SLACK_BOT_TOKEN", func(c *Config) { c.Slack.BotToken = "xoxe-1-2-3" })
	check(t, "no secret", "SLACK_SIGNING_SECRET", func(c *Config) { c.Slack.SigningSecret = "" })
	check(t, "Socket Mode", "", func(c *Config) { c.Slack.SigningSecret, c.Slack.AppToken = "", "xapp-1-2" })
	check(t, "both ways to deliver", "SLACK_APP_TOKEN", func(c *Config) { c.Slack.AppToken = "xapp-1-2" })
	check(t, "a bot token twice", "SLACK_APP_TOKEN", func(c *Config) {
		c.Slack.SigningSecret, c.Slack.AppToken = "", c.Slack.BotToken
	})
	check(t, "Socket Mode without a bot token", "SLACK_BOT_TOKEN", func(c *Config) {
		c.Slack.SigningSecret, c.Slack.AppToken, c.Slack.BotToken = "", "xapp-1-2", ""
	})
	check(t, "no slash", "SLACK_API_URL", func(c *Config) { c.Slack.APIURL = "https://slack.com/api" })
	check(t, "bookmarks", "", func(c *Config) {
		c.Slack.Bookmark, c.Links.PublicURL = "true", "https://bot.example.com"
	})
	check(t, "bookmarks without an address", "PUBLIC_URL", func(c *Config) { c.Slack.Bookmark = "true" })
	check(t, "perhaps bookmarks", "SLACK_BOOKMARK", func(c *Config) { c.Slack.Bookmark = "perhaps" })
	check(t, "US Government", "", func(c *Config) { c.Slack.APIURL = "https://slack-gov.com/api/" })
}

func TestValidateTeams(t *testing.T) {
	for name, tt := range map[string]struct {
		problem string
		change  func(*Config)
	}{
		"beside Slack": {"", func(*Config) {}},
		"in a national cloud": {"", func(c *Config) {
			c.Teams.MetadataURL = "https://login.botframework.azure.us/v1/.well-known/openidconfiguration"
		}},
		"alone, by the app that calls Graph": {"", func(c *Config) {
			c.Slack.SigningSecret, c.Slack.BotToken = "", ""
			c.Teams.AppID, c.Teams.AppSecret = strings.ToUpper(c.Entra.ClientID), ""
		}},
		"another app without a secret": {"TEAMS_APP_SECRET", func(c *Config) { c.Teams.AppSecret = "" }},
		"no app":                       {"TEAMS_APP_ID", func(c *Config) { c.Teams.AppID = "" }},
		"Entra's tenant by domain":     {"TEAMS_TENANT_ID", func(c *Config) { c.Entra.TenantID = "contoso.example" }},
		"a tenant of its own": {"", func(c *Config) {
			c.Entra.TenantID, c.Teams.TenantID = "contoso.example", sampleGUID
		}},
		"a tenant of its own by domain": {"TEAMS_TENANT_ID", func(c *Config) { c.Teams.TenantID = "contoso.example" }},
		"a host with its port":          {"", func(c *Config) { c.Teams.ServiceHosts = []string{"127.0.0.1:443"} }},
		"a host with a path": {"TEAMS_SERVICE_HOSTS",
			func(c *Config) { c.Teams.ServiceHosts = []string{"smba.example/x"} }},
		"no host": {"TEAMS_SERVICE_HOSTS",
			func(c *Config) { c.Teams.ServiceHosts = []string{""} }},
		"keys in the clear": {"TEAMS_OPENID_METADATA_URL", func(c *Config) {
			c.Teams.MetadataURL = "http://login.botframework.com/"
		}},
	} {
		check(t, name, tt.problem, func(c *Config) {
			c.Teams.AppID, c.Teams.AppSecret = sampleApp, sampleSecret
			tt.change(c)
		})
	}
}

func TestValidateEntra(t *testing.T) {
	for name, tt := range map[string]struct {
		problem string
		change  func(*EntraConfig)
	}{
		"managed identity": {"", func(c *EntraConfig) {
			c.ClientSecret, c.TokenCredentials = "", "ManagedIdentityCredential"
		}},
		"workload identity": {"", func(c *EntraConfig) {
			c.ClientSecret, c.FederatedTokenFile = "", "validate_test.go"
		}},
		"tenant by domain": {"", func(c *EntraConfig) { c.TenantID = "contoso.example" }},
		"US Government":    {"", func(c *EntraConfig) { c.AuthorityHost = "https://login.microsoftonline.us/" }},
		"a client by name": {"AZURE_CLIENT_ID", func(c *EntraConfig) { c.ClientID = "meetbot" }},
		"no credential":    {"AZURE_CLIENT_SECRET", func(c *EntraConfig) { c.ClientSecret = "" }},
		"a file without a key": {"AZURE_CLIENT_CERTIFICATE_PATH",
			func(c *EntraConfig) { c.ClientSecret, c.CertificatePath = "", "validate_test.go" }},
		"two credentials": {"AZURE_CLIENT_SECRET",
			func(c *EntraConfig) { c.FederatedTokenFile = "validate_test.go" }},
		"when the secret expires": {"", func(c *EntraConfig) { c.ClientSecretExpires = "2027-11-23" }},
		"no date":                 {"AZURE_CLIENT_SECRET_EXPIRES", func(c *EntraConfig) { c.ClientSecretExpires = "23.11.2027" }},
		"the chain":               {"", func(c *EntraConfig) { c.SendCertificateChain = "1" }},
		"the chain, misspelt": {"AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", func(c *EntraConfig) {
			c.SendCertificateChain = "yes"
		}},
		"a token that is missing": {"AZURE_FEDERATED_TOKEN_FILE",
			func(c *EntraConfig) { c.ClientSecret, c.FederatedTokenFile = "", "missing" }},
	} {
		check(t, name, tt.problem, func(c *Config) { tt.change(&c.Entra) })
	}
}

func TestValidateGraph(t *testing.T) {
	for url, problem := range map[string]string{
		"https://graph.microsoft.us/v1.0":              "",
		"https://graph.microsoft.com/v1.0/":            "",
		"https://graph.microsoft.com/beta":             "GRAPH_BASE_URL",
		"https://microsoftgraph.chinacloudapi.cn/v1.0": "GRAPH_BASE_URL",
	} {
		check(t, url, problem, func(c *Config) { c.Graph.BaseURL = url })
	}
	c := valid()
	c.Graph.BaseURL = "https://microsoftgraph.chinacloudapi.cn/v1.0"
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "China") {
		t.Errorf("China cloud: %v", err)
	}
}

func TestValidatePolicy(t *testing.T) {
	check(t, "service account", "",
		func(c *Config) { c.Policy.Organizer = "requester,service:meetings@contoso.example" })
	check(t, "domains", "", func(c *Config) {
		c.Policy.AllowedDomains = []string{"Contoso.example", " fabrikam.example"}
	})
	check(t, "one wrong domain", "ALLOWED_EMAIL_DOMAINS", func(c *Config) {
		c.Policy.AllowedDomains = []string{"contoso.example", "ann@contoso.example"}
	})
	check(t, "guests", "", func(c *Config) { c.Policy.AllowGuests = "1" })
	check(t, "no limits", "", func(c *Config) { c.Policy.PerUser, c.Policy.PerWorkspace = 0, 0 })
	check(t, "Portuguese", "", func(c *Config) { c.Policy.Locale = "pt-br" })
	check(t, "another command", "", func(c *Config) { c.Places.CommandName = "/call" })
	check(t, "a command in capitals", "COMMAND_NAME", func(c *Config) { c.Places.CommandName = "/Call" })
	check(t, "a command of the bot's own", "COMMAND_NAME", func(c *Config) { c.Places.CommandName = "show" })
	c := valid()
	c.Policy.AllowedDomains, c.Policy.AllowGuests = []string{"Contoso.example", " fabrikam.example"}, "true"
	if p := c.Policy.askers(); !p.Guests || !slices.Equal(p.Domains, []string{"contoso.example", "fabrikam.example"}) {
		t.Errorf("policy %+v", p)
	}
}

func TestValidateLinks(t *testing.T) {
	for url, problem := range map[string]string{
		"":                                "",
		"https://bot.example.com":         "",
		"https://bot.example.com/":        "", // people copy it from a browser
		" https://Bot.Example.com/\n":     "",
		"https://bot.example.com:8443":    "",
		"https://192.0.2.7":               "",
		"https://[2001:db8::7]:8443/":     "",
		"http://localhost:8080":           "",
		"http://127.0.0.1:8080/":          "",
		"http://[::1]:8080":               "",
		"http://bot.example.com":          "PUBLIC_URL",
		"http://localhost.example.com":    "PUBLIC_URL",
		"bot.example.com":                 "PUBLIC_URL",
		"//bot.example.com":               "PUBLIC_URL",
		"https:bot.example.com":           "PUBLIC_URL",
		"https://":                        "PUBLIC_URL",
		"https:///":                       "PUBLIC_URL",
		"https://:8443":                   "PUBLIC_URL",
		"https://bot.example.com:":        "PUBLIC_URL",
		"https://bot.example.com:99999":   "PUBLIC_URL",
		"https://bot.example.com:https":   "PUBLIC_URL",
		"https://bot.example.com//":       "PUBLIC_URL",
		"https://bot.example.com/meetbot": "PUBLIC_URL",
		"https://bot.example.com/j/":      "PUBLIC_URL",
		"https://bot.example.com?":        "PUBLIC_URL",
		"https://bot.example.com/?a=b":    "PUBLIC_URL",
		"https://bot.example.com#":        "PUBLIC_URL",
		"https://bot.example.com/#top":    "PUBLIC_URL",
		"https://ann@bot.example.com":     "PUBLIC_URL",
		"https://ann:pw@bot.example.com/": "PUBLIC_URL",
		"https://@bot.example.com":        "PUBLIC_URL",
		"ftp://bot.example.com":           "PUBLIC_URL",
		"javascript://bot.example.com":    "PUBLIC_URL",
		"https://bot example.com":         "PUBLIC_URL",
		"https://bot.example.com\n/x":     "PUBLIC_URL",
	} {
		check(t, url, problem, func(c *Config) { c.Links.PublicURL = url })
	}
	c := valid()
	c.Links.PublicURL = " https://Bot.Example.com/\n"
	if got := c.normalized().Links.PublicURL; got != "https://bot.example.com" {
		t.Errorf("links begin with %q", got)
	}
}

func TestValidateMeetings(t *testing.T) {
	for variable, values := range map[string]struct {
		field  func(*MeetingConfig) *string
		option func(*bot.MeetingOptions) *string
		right  []string
		wrong  []string
		list   string // said of a wrong one
	}{
		"MEETING_LOBBY": {
			func(c *MeetingConfig) *string { return &c.Lobby }, func(o *bot.MeetingOptions) *string { return &o.Lobby },
			[]string{"", "organizer", "organization", "organizationAndFederated", "everyone", "invited",
				"organizationExcludingGuests"},
			[]string{"Everyone", "unknownFutureValue", "nobody", "everyone,invited"},
			"organizer, organization, organizationAndFederated, everyone, invited, organizationExcludingGuests",
		},
		"MEETING_PRESENTERS": {
			func(c *MeetingConfig) *string { return &c.Presenters },
			func(o *bot.MeetingOptions) *string { return &o.Presenters },
			[]string{"", "everyone", "organization", "organizer"},
			[]string{"roleIsPresenter", "unknownFutureValue", "ORGANIZER"}, "everyone, organization, organizer",
		},
		"MEETING_CHAT": {
			func(c *MeetingConfig) *string { return &c.Chat }, func(o *bot.MeetingOptions) *string { return &o.Chat },
			[]string{"", "enabled", "disabled", "limited"},
			[]string{"true", "unknownFutureValue", "off"}, "enabled, disabled, limited",
		},
		"MEETING_RECORD": {
			func(c *MeetingConfig) *string { return &c.Record }, func(o *bot.MeetingOptions) *string { return &o.Record },
			[]string{"", "true", "false"}, []string{"yes", "on"}, "neither true nor false",
		},
		"MEETING_ANNOUNCE": {
			func(c *MeetingConfig) *string { return &c.Announce },
			func(o *bot.MeetingOptions) *string { return &o.Announce },
			[]string{"", "true", "false"}, []string{"yes", "on"}, "neither true nor false",
		},
	} {
		for _, value := range values.right {
			check(t, variable+"="+value, "", func(c *Config) { *values.field(&c.Meetings) = value })
			c, want := MeetingConfig{}, bot.MeetingOptions{}
			*values.field(&c), *values.option(&want) = value, value
			if got := c.options(); got != want {
				t.Errorf("%s=%s: %+v", variable, value, got)
			}
		}
		for _, value := range values.wrong {
			check(t, variable+"="+value, variable, func(c *Config) { *values.field(&c.Meetings) = value })
			c := valid()
			*values.field(&c.Meetings) = value
			if err := c.Validate(); err == nil || !strings.Contains(err.Error(), values.list) {
				t.Errorf("%s=%s: %v, want the list of right values", variable, value, err)
			}
		}
	}
	if got := (MeetingConfig{Record: "1", Announce: "FALSE"}).options(); got.Record != "true" || got.Announce != "false" {
		t.Errorf("other forms of a truth value: %+v", got)
	}
}

func TestValidateReminders(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "1m": time.Minute, "10m": 10 * time.Minute, "1h30m": 90 * time.Minute, "24h": 24 * time.Hour,
	} {
		change := func(c *Config) { c.Meetings.RemindBefore = value }
		check(t, value, "", change)
		c := valid()
		change(&c)
		if got, err := c.Meetings.remindBefore(); got != want || err != nil {
			t.Errorf("%s is %v, %v", value, got, err)
		}
	}
	for _, value := range []string{"", "10", "59s", "-10m", "24h1s", "off", "1d", "9999999h"} {
		check(t, value, "REMIND_BEFORE", func(c *Config) { c.Meetings.RemindBefore = value })
	}
	if c := valid(); c.Meetings.RemindBefore != "10m" {
		t.Errorf("the default is %s", c.Meetings.RemindBefore)
	}
}

func TestValidateLogging(t *testing.T) {
	check(t, "debug, as text", "", func(c *Config) { c.Logging = LoggingConfig{"DEBUG", "text"} })
	check(t, "no level", "LOG_LEVEL", func(c *Config) { c.Logging.Level = "" })
	check(t, "no format", "LOG_FORMAT", func(c *Config) { c.Logging.Format = "" })
}

// The README's table has what everybody needs, with the defaults of the program, and names nothing else.
func TestReadmeNamesWhatEverybodyNeeds(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(readme)) {
		cells := strings.Split(line, "|")
		if len(cells) == 5 && variableCell.MatchString(cells[1]) {
			rows[strings.Trim(cells[1], " `")] = strings.TrimSpace(cells[3])
		}
	}
	c := Default()
	for _, s := range c.Settings() {
		cell, named := rows[s.Env]
		if def := s.Value.String(); named && def != "" && cell != "`"+def+"`" {
			t.Errorf("README says that the default of %s is %s, the program says %s", s.Env, cell, def)
		}
		if !named && s.Unset == required {
			t.Errorf("README does not name %s, which is required", s.Env)
		}
		delete(rows, s.Env)
	}
	for name := range rows {
		t.Errorf("README names %s, which the program does not know", name)
	}
}

var variableCell = regexp.MustCompile("^ `[A-Z_]+` $")

// A token that rotates is told with the way out.
func TestRotatingToken(t *testing.T) {
	c := valid()
	c.Slack.BotToken = "xoxe.xoxb-1-hunter2"
	err := c.Validate()
	if err == nil || !strings.Contains(err.Error(), "token rotation off") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

// The … of an example is no value, wherever it stands.
func TestExamplesAreNoValues(t *testing.T) {
	c := valid()
	c.Teams.AppID = sampleApp
	for name, value := range map[string]string{
		"SLACK_SIGNING_SECRET": "…", "SLACK_BOT_TOKEN": "xoxb-…", "AZURE_CLIENT_SECRET": "…", "TEAMS_APP_SECRET": "…",
	} {
		if err := c.Set(map[string]string{name: value}); err != nil {
			t.Fatal(err)
		}
	}
	err := c.Validate()
	if err == nil {
		t.Fatal("they pass")
	}
	for _, name := range []string{"SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", "AZURE_CLIENT_SECRET", "TEAMS_APP_SECRET"} {
		if !strings.Contains(err.Error(), "  - "+name+" holds the “…” of an example") {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}

// A value is taken without the line break of the file that it came from, and without blanks around it.
func TestValuesAreTrimmed(t *testing.T) {
	c := Default()
	if err := c.Set(map[string]string{
		"AZURE_CLIENT_SECRET": "secret\n", "SLACK_SIGNING_SECRET": "8f74\r\n", "SLACK_BOT_TOKEN": " xoxb-1\n",
		"TEAMS_APP_SECRET": "secret\n", "AZURE_CLIENT_CERTIFICATE_PASSWORD": " a b \n", "NEW_MEETINGS_PER_USER": "5\n",
		"ALLOWED_EMAIL_DOMAINS": "a.example, b.example\n",
	}); err != nil {
		t.Fatal(err)
	}
	if c.Entra.ClientSecret != "secret" || c.Slack.SigningSecret != "8f74" || c.Slack.BotToken != "xoxb-1" ||
		c.Teams.AppSecret != "secret" || c.Policy.PerUser != 5 {
		t.Errorf("set: %+v", c)
	}
	if c.Entra.CertificatePassword != " a b " { // a password may begin and end with blanks
		t.Errorf("the password is %q", c.Entra.CertificatePassword)
	}
	if !slices.Equal(c.Policy.AllowedDomains, []string{"a.example", "b.example"}) {
		t.Errorf("the list is %q", c.Policy.AllowedDomains)
	}
}

// A value is set in the configuration that its setting was asked of, and wrong ones are refused.
func TestSettings(t *testing.T) {
	c := Default()
	set := map[string]Setting{}
	for _, s := range c.Settings() {
		if _, twice := set[s.Env]; twice || s.Help == "" {
			t.Errorf("%s: there twice, or without help", s.Env)
		}
		set[s.Env] = s
	}
	if flag := set["ALLOWED_EMAIL_DOMAINS"].Flag(); flag != "allowed-email-domains" {
		t.Errorf("the flag is %q", flag)
	}
	for env, value := range map[string]string{"HTTP_ADDR": "", "NEW_MEETINGS_PER_USER": "0x10",
		"ALLOWED_EMAIL_DOMAINS": "a.example,b.example,"} {
		if err := set[env].Value.Set(value); err != nil {
			t.Errorf("%s=%s: %v", env, value, err)
		}
	}
	if c.HTTP.Addr != "" || c.Policy.PerUser != 16 || !slices.Equal(c.Policy.AllowedDomains,
		[]string{"a.example", "b.example"}) {
		t.Errorf("set: %+v", c)
	}
	if err := set["ALLOWED_EMAIL_DOMAINS"].Value.Set(""); err != nil || len(c.Policy.AllowedDomains) != 0 {
		t.Errorf("an empty list: %v, %v", c.Policy.AllowedDomains, err)
	}
	for _, value := range []string{"", "x", "1.5", "99999999999999999999"} {
		if err := set["NEW_MEETINGS_PER_USER"].Value.Set(value); err == nil || c.Policy.PerUser != 16 {
			t.Errorf("%q is a number: %v, %d", value, err, c.Policy.PerUser)
		}
	}
}

// What may be written in several forms is one thing in all of them.
func TestNormalized(t *testing.T) {
	c := valid()
	c.Teams = TeamsConfig{AppID: sampleApp, TenantID: sampleGUID, MetadataURL: defaultTeams.MetadataURL}
	other := c
	other.Entra.TenantID, other.Entra.ClientID = " "+strings.ToUpper(c.Entra.TenantID), strings.ToUpper(c.Entra.ClientID)+"\n"
	other.Teams.AppID, other.Teams.TenantID = strings.ToUpper(sampleApp), strings.ToUpper(sampleGUID)
	other.Teams.MetadataURL = "https://Login.BotFramework.com/v1/.well-known/openidconfiguration"
	other.Slack.APIURL, other.Graph.BaseURL = "https://SLACK.com/api/ ", "https://Graph.microsoft.com/v1.0"
	other.Entra.AuthorityHost = "https://login.MicrosoftOnline.com/"
	if got := other.normalized(); !reflect.DeepEqual(got, c) {
		t.Errorf("%+v\nwant %+v", got, c)
	}
	domain := c
	domain.Entra.TenantID = "Contoso.Example"
	if got := domain.normalized().Entra.TenantID; got != "contoso.example" {
		t.Errorf("the tenant's domain became %q", got)
	}
}
