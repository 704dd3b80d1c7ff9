package doctor

import (
	"testing"

	"meetbot/internal/app"
)

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "acb", 1},
		{"abc", "ab", 1}, {"ab", "abc", 1}, {"SECERT", "SECRET", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
	} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance of %q and %q: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestGuessName(t *testing.T) {
	var known []string
	c := app.Default()
	for _, s := range c.Settings() {
		known = append(known, s.Env)
	}
	for name, want := range map[string]guess{
		"SLACK_SIGNING_SECERT":      {ours: true, meant: "SLACK_SIGNING_SECRET"},
		"ORGANISER":                 {ours: true, meant: "ORGANIZER"},
		"organizer":                 {ours: true, meant: "ORGANIZER"},
		"ALLOWED_EMAIL_DOMAIN":      {ours: true, meant: "ALLOWED_EMAIL_DOMAINS"},
		"ALLOWED_DOMAINS":           {ours: true, meant: "ALLOWED_EMAIL_DOMAINS"},
		"ALLOW_GUEST":               {ours: true, meant: "ALLOW_GUESTS"},
		"AZURE_TENANTID":            {ours: true, meant: "AZURE_TENANT_ID"},
		"AZURE_CLIENTID":            {ours: true, meant: "AZURE_CLIENT_ID"},
		"SLACK_TOKEN":               {ours: true, meant: "SLACK_BOT_TOKEN"},
		"TEAMS_APPID":               {ours: true, meant: "TEAMS_APP_ID"},
		"REDIS_URI":                 {ours: true, meant: "REDIS_URL"},
		"SLACK_SIGNING_SECRET_FILE": {}, "LOG_LEVEL_FILE": {},
		"SLACK_SIGNING_SECERT_FILE": {ours: true, meant: "SLACK_SIGNING_SECRET_FILE"},
		"SLACK_WEBHOOK_URL":         {ours: true},
		"MEETBOT_COLOUR":            {ours: true},

		"REDIS_URL": {}, "PATH": {}, "HOME": {}, "LANG": {}, "LOCALE": {}, "HOSTNAME": {}, "HTTP_PROXY": {}, "LC_ALL": {},
		"REDIS_PORT": {}, "REDIS_SERVICE_HOST": {}, "REDIS_PORT_6379_TCP_ADDR": {}, "SLACK_SERVICE_PORT_HTTP": {},
		"AZURE_SUBSCRIPTION_ID": {}, "AZURE_CONFIG_DIR": {}, "AZURE_FEDERATED_TOKEN_FILE": {}, "POD_NAMESPACE": {},
		"LOG": {}, "DATABASE_URL": {}, "AZURE_STORAGE_ACCOUNT": {}, "HTTPS_PROXY": {}, "GOGC": {}, "SSL_CERT_FILE": {},
		"GITHUB_TOKEN": {}, "KUBERNETES_PORT": {}, "LOG_DIR": {}, "HTTP_HOST": {}, "USERNAME": {}, "LOGNAME": {},
	} {
		if got := guessName(name, known); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}
