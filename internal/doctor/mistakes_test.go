package doctor

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/testenv"
	"meetbot/manifest"
)

// mistake is one that an administrator makes, and where it shows.
type mistake struct {
	areas string // commas between
	slack slacktest.Options
	make  func(t *testing.T, w *world)
}

// set makes the mistake of these values in the environment.
func set(pairs ...string) func(*testing.T, *world) {
	return func(_ *testing.T, w *world) {
		for i := 0; i < len(pairs); i += 2 {
			w.vars[pairs[i]] = pairs[i+1]
		}
	}
}

// rename gives a variable another name.
func rename(from, to string) func(*testing.T, *world) {
	return func(_ *testing.T, w *world) {
		w.vars[to] = w.vars[from]
		delete(w.vars, from)
	}
}

// secretFile gives the client secret by a file: this path, or a file with this content.
func secretFile(path string, content []byte) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		if path == "" {
			path = w.file(t, "azure-client-secret", content)
		}
		delete(w.vars, "AZURE_CLIENT_SECRET")
		w.vars["AZURE_CLIENT_SECRET_FILE"] = path
	}
}

// user names somebody to try, after a change.
func user(who string, change func(t *testing.T, w *world)) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		w.o.Users = []string{who}
		change(t, w)
	}
}

// is replaces Ann, or the service account.
func is(u graphtest.User) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		if u.ID == "" {
			u.ID, u.UPN, u.Mail = annID, ann, ann
		}
		w.person(t, u)
	}
}

// today is when the tests about dates take place.
var today = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// certificate is a PEM file with a key and a certificate that is valid for so many days from today.
func certificate(t *testing.T, days int) []byte {
	t.Helper()
	file, _, err := entratest.ClientCertificate(today.AddDate(-1, 0, 0), today.AddDate(0, 0, days))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// withCertificate proves the app by a certificate that is valid for so many days.
func withCertificate(days int) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		delete(w.vars, "AZURE_CLIENT_SECRET")
		w.vars["AZURE_CLIENT_CERTIFICATE_PATH"] = w.file(t, "client.pem", certificate(t, days))
	}
}

// slackSays has auth.test answer with an error.
func slackSays(word string) func(*testing.T, *world) {
	return func(_ *testing.T, w *world) {
		w.Slack.Fault(faultserver.Fault{
			Target: "auth.test", Status: http.StatusOK, ContentType: "application/json",
			Body: `{"ok":false,"error":"` + word + `"}`,
		})
	}
}

// settings configures the Slack app by its manifest, after a change, and gives the doctor a configuration token.
func settings(change func(*manifest.SlackManifest)) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		t.Helper()
		catalog, err := bot.NewCatalog()
		no(t, err)
		m, err := manifest.Slack(manifest.SlackApp{URL: "https://bot.example.com"}, catalog)
		no(t, err)
		change(m)
		exported, err := json.Marshal(m)
		no(t, err)
		w.Slack.SetManifest(exported)
		w.vars["SLACK_CONFIG_TOKEN"], w.vars["PUBLIC_URL"] = w.Slack.ConfigToken(), "https://bot.example.com"
	}
}

// mistakes are those that need no Redis. Those of mistakes_redis_test.go and requests_test.go come beside them.
var mistakes = map[string]mistake{
	"config-name-misspelt":     {"config", slacktest.Options{}, rename("SLACK_SIGNING_SECRET", "SLACK_SIGNING_SECERT")},
	"config-organiser":         {"config", slacktest.Options{}, set("ORGANISER", "service:"+meetings)},
	"config-domain-singular":   {"config", slacktest.Options{}, set("ALLOWED_EMAIL_DOMAIN", "contoso.example")},
	"config-secret-file":       {"config", slacktest.Options{}, rename("AZURE_CLIENT_SECRET", "AZURE_CLIENT_SECRET_FILE")},
	"config-secret-file-away":  {"config", slacktest.Options{}, secretFile("/run/secrets/meetbot/azure", nil)},
	"config-secret-file-empty": {"config", slacktest.Options{}, secretFile("", []byte("\n"))},
	"config-secret-twice":      {"config", slacktest.Options{}, set("SLACK_BOT_TOKEN_FILE", "/run/secrets/slack")},
	"redis-no-token":           {"redis", slacktest.Options{}, set("REDIS_URL", "rediss://127.0.0.1:1", "REDIS_ENTRA", "true")},
	"slack-previous-equal": {"slack", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.vars["SLACK_SIGNING_SECRET_PREVIOUS"] = w.vars["SLACK_SIGNING_SECRET"]
	}},
	"config-prefix-of-ours":     {"config", slacktest.Options{}, set("SLACK_WEBHOOK_URL", "https://hooks.slack.com/x")},
	"config-both-names":         {"config", slacktest.Options{}, set("ALLOW_GUEST", "true", "ALLOW_GUESTS", "false")},
	"config-quotes":             {"config", slacktest.Options{}, set("AZURE_CLIENT_SECRET", `"a-client-secret"`)},
	"config-blank-in-secret":    {"config", slacktest.Options{}, set("AZURE_CLIENT_SECRET", "a-client secret")},
	"config-example":            {"config", slacktest.Options{}, set("AZURE_CLIENT_SECRET", "…")},
	"config-secret-id":          {"config", slacktest.Options{}, set("AZURE_CLIENT_SECRET", "8eaef023-2b34-4da1-9baa-8bc8c9d6a4ff")},
	"config-verification-token": {"config", slacktest.Options{}, set("SLACK_SIGNING_SECRET", "Xk2p9QwErTyUiOpAsDfGhJkL")},
	"config-half-slack":         {"config", slacktest.Options{}, set("SLACK_SIGNING_SECRET", "")},
	"config-half-teams":         {"config", slacktest.Options{}, set("TEAMS_APP_ID", "")},
	"config-app-token":          {"config", slacktest.Options{SocketMode: true}, set("SLACK_APP_TOKEN", "xoxb-1-2-3")},
	"config-both-deliveries":    {"config", slacktest.Options{SocketMode: true}, set("SLACK_SIGNING_SECRET", "0123456789abcdef0123456789abcdef")},
	"config-user-token":         {"config", slacktest.Options{}, set("SLACK_BOT_TOKEN", "xoxp-1-2-3")},
	"config-rotating-token":     {"config", slacktest.Options{}, set("SLACK_BOT_TOKEN", "xoxe.xoxb-1-2-3")},
	"config-two-credentials":    {"config", slacktest.Options{}, set("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")},
	"config-admin-everywhere":   {"config", slacktest.Options{}, set("ADMIN_ADDR", "0.0.0.0:9090")},
	"config-admin-address":      {"config", slacktest.Options{}, set("ADMIN_ADDR", "10.1.2.3:9090")},
	"config-secret-as-flag": {"config", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.o.Flags = []string{"AZURE_CLIENT_SECRET", "HTTP_ADDR"}
	}},

	"network-proxy-down": {"network,entra", slacktest.Options{}, set("HTTPS_PROXY", "http://ann:hunter2@127.0.0.1:1")},
	"network-proxy-url":  {"network,entra", slacktest.Options{}, set("https_proxy", "http://:3128")},
	"network-intercepted": {"network,entra", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.o.RootCAs = nil
	}},
	"network-public-url-elsewhere": {"network", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.vars["PUBLIC_URL"] = strings.TrimSuffix(w.Slack.APIURL(), "/api/")
	}},
	"network-public-url-away": {"network", slacktest.Options{}, set("PUBLIC_URL", "http://127.0.0.1:1")},
	"network-public-url-certificate": {"network", slacktest.Options{}, func(t *testing.T, w *world) {
		elsewhere := httptest.NewTLSServer(http.NotFoundHandler())
		t.Cleanup(elsewhere.Close)
		elsewhere.Config.ErrorLog = log.New(io.Discard, "", 0)
		w.vars["PUBLIC_URL"] = elsewhere.URL
	}},
	"network-slack-away": {"slack", slacktest.Options{}, set("SLACK_API_URL", "http://127.0.0.1:1/api/")},

	"entra-tenant":  {"entra", slacktest.Options{}, set("AZURE_TENANT_ID", "8eaef023-2b34-4da1-9baa-8bc8c9d6a4ff")},
	"entra-client":  {"entra", slacktest.Options{}, set("AZURE_CLIENT_ID", "0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9eff")},
	"entra-secret":  {"entra", slacktest.Options{}, set("AZURE_CLIENT_SECRET", "of-another-app")},
	"entra-expired": {"entra", slacktest.Options{}, func(_ *testing.T, w *world) { w.Entra.ExpireClientSecret() }},
	"entra-secret-expires": {"entra", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.vars["AZURE_CLIENT_SECRET_EXPIRES"] = "2026-12-20"
		w.o.Now = func() time.Time { return today }
	}},
	"entra-secret-date-past": {"entra", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.vars["AZURE_CLIENT_SECRET_EXPIRES"] = "2026-11-20"
		w.o.Now = func() time.Time { return today }
	}},
	"entra-secret-expires-by-graph": {"entra", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.Entra.SetRoles(append([]string{"Application.Read.All"}, entratest.Roles...)...)
		w.o.Now = func() time.Time { return today }
		w.Graph.SetAppSecrets(testenv.ClientID,
			graphtest.AppSecret{Name: "of last year", Secret: testenv.ClientSecret, Expires: today.AddDate(0, -1, 0)},
			graphtest.AppSecret{Name: "of this year", Secret: testenv.ClientSecret, Expires: today.AddDate(0, 0, 10)},
			graphtest.AppSecret{Name: "another", Secret: "xyz", Expires: today.AddDate(0, 0, 2)})
		w.Graph.SetAppSecrets(teamsApp, graphtest.AppSecret{Secret: w.Teams.AppSecret(), Expires: today.AddDate(0, 0, 5)})
	}},
	"entra-secret-date-wrong": {"entra", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.Entra.SetRoles(append([]string{"Application.Read.All"}, entratest.Roles...)...)
		w.o.Now = func() time.Time { return today }
		w.vars["AZURE_CLIENT_SECRET_EXPIRES"] = "2028-11-26"
		w.Graph.SetAppSecrets(testenv.ClientID,
			graphtest.AppSecret{Secret: testenv.ClientSecret, Expires: today.AddDate(1, 0, 0)})
	}},
	"entra-unknown-certificate": {"entra", slacktest.Options{}, withCertificate(90)},
	"entra-certificate-expired": {"entra", slacktest.Options{}, withCertificate(-3)},
	"entra-conditional-access": {"entra", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.Entra.RefuseTokens(53003)
	}},
	"entra-disabled": {"entra", slacktest.Options{}, func(_ *testing.T, w *world) { w.Entra.RefuseTokens(7000112) }},
	"entra-no-consent": {"entra,graph", slacktest.Options{},
		user(ann, func(_ *testing.T, w *world) { w.Entra.SetRoles() })},
	"entra-one-role-missing": {"entra,graph", slacktest.Options{},
		user(ann, func(_ *testing.T, w *world) { w.Entra.SetRoles("User.Read.All") })},

	"entra-groups-role-missing": {"entra", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.vars["ORGANIZERS_GROUP"] = "cccccccc-2222-3333-4444-000000000001"
	}},

	"graph-away": {"graph", slacktest.Options{}, func(_ *testing.T, w *world) { w.Graph.Close() }},
	"graph-another-cloud": {"graph", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.vars["GRAPH_BASE_URL"] = strings.Replace(w.Slack.APIURL(), "/api/", "/v1.0", 1)
	}},
	"graph-clock": {"graph", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.o.Now = func() time.Time { return time.Now().Add(10 * time.Minute) }
	}},
	"graph-clock-drifts": {"graph", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.o.Now = func() time.Time { return time.Now().Add(-3 * time.Minute) }
	}},
	"graph-no-access-policy": {"graph", slacktest.Options{},
		user(ann, func(_ *testing.T, w *world) { w.Graph.SetGlobalPolicy(false) })},
	"graph-no-licence":     {"graph", slacktest.Options{}, user(ann, is(graphtest.User{Unlicensed: true}))},
	"graph-meeting-policy": {"graph", slacktest.Options{}, user(ann, is(graphtest.User{NoMeetings: true}))},
	"graph-option-refused": {"graph", slacktest.Options{}, user(ann, func(_ *testing.T, w *world) {
		w.vars["MEETING_LOBBY"], w.vars["MEETING_RECORD"] = "everyone", "true"
		w.Graph.Fault(faultserver.Fault{
			Target: "changeMeeting", Status: http.StatusBadRequest, Times: 1,
			Body: `{"error":{"code":"BadRequest","message":"The lobby of this meeting is set by its sensitivity label."}}`,
		})
	})},
	"graph-options-forbidden": {"graph", slacktest.Options{}, user(ann, func(_ *testing.T, w *world) {
		w.vars["MEETING_CHAT"] = "disabled"
		w.Graph.Fault(faultserver.Fault{
			Target: "changeMeeting", Status: http.StatusForbidden,
			Body: `{"error":{"code":"Forbidden","message":"Forbidden"}}`,
		})
	})},
	"graph-admins": {"graph", slacktest.Options{}, func(t *testing.T, w *world) {
		w.vars["ADMINS"] = ann + ",anna@contoso.example," + twoID
		w.person(t, graphtest.User{ID: twoID, UPN: "two@contoso.example", Disabled: true})
	}},
	"graph-not-in-teams": {"graph", slacktest.Options{}, user(ann, is(graphtest.User{Unprovisioned: true}))},
	"graph-disabled":     {"graph", slacktest.Options{}, user(ann, is(graphtest.User{Disabled: true}))},
	"graph-guest":        {"graph", slacktest.Options{}, user(ann, is(graphtest.User{Guest: true}))},
	"graph-nobody":       {"graph", slacktest.Options{}, user("nobody@contoso.example", set())},
	"graph-two-people": {"graph", slacktest.Options{}, user("team@contoso.example", func(t *testing.T, w *world) {
		is(graphtest.User{ID: annID, UPN: ann, Mail: "team@contoso.example"})(t, w)
		is(graphtest.User{ID: twoID, UPN: "two@contoso.example", Mail: "team@contoso.example"})(t, w)
	})},
	"graph-alias": {"graph", slacktest.Options{}, user("a.first@contoso.example", is(graphtest.User{
		ID: annID, UPN: ann, Mail: ann, ProxyAddresses: []string{"smtp:a.first@contoso.example"},
	}))},
	"graph-domain": {"graph", slacktest.Options{}, user(ann, set("ALLOWED_EMAIL_DOMAINS", "fabrikam.example"))},
	"graph-service-account-by-mail": {"graph", slacktest.Options{}, func(t *testing.T, w *world) {
		w.vars["ORGANIZER"] = "service:" + meetings
		w.person(t, graphtest.User{ID: twoID, UPN: "svc-meetings@contoso.example", Mail: meetings})
	}},
	"graph-service-account-unknown": {"graph", slacktest.Options{}, set("ORGANIZER", "service:"+meetings)},
	"graph-service-account-disabled": {"graph", slacktest.Options{}, func(t *testing.T, w *world) {
		w.vars["ORGANIZER"] = "requester,service:" + meetings
		w.person(t, graphtest.User{ID: twoID, UPN: meetings, Disabled: true})
	}},

	"slack-app-token":       {"slack", slacktest.Options{SocketMode: true}, set("SLACK_APP_TOKEN", "xapp-1-of-another-app")},
	"slack-app-token-scope": {"slack", slacktest.Options{SocketMode: true, AppScopes: []string{"authorizations:read"}}, set()},
	"slack-app-token-away": {"slack", slacktest.Options{SocketMode: true}, func(_ *testing.T, w *world) {
		w.Slack.Fault(faultserver.Fault{Target: "apps.connections.open", Status: http.StatusServiceUnavailable})
	}},
	"slack-socket":        {"slack", slacktest.Options{SocketMode: true}, set()}, // no mistake
	"slack-token":         {"slack", slacktest.Options{}, set("SLACK_BOT_TOKEN", "xoxb-of-another-app")},
	"slack-removed":       {"slack", slacktest.Options{}, slackSays("account_inactive")},
	"slack-token-expired": {"slack", slacktest.Options{}, slackSays("token_expired")},
	"slack-scope-missing": {"slack", slacktest.Options{
		Scopes: []string{"commands", "app_mentions:read", "users:read"},
	}, set()},
	"slack-settings": {"slack", slacktest.Options{}, settings(func(m *manifest.SlackManifest) {
		m.Features.SlashCommands[0].ShouldEscape = false
		m.Features.SlashCommands[0].Url = "https://bot.example.com/slack/command"
		m.Settings.EventSubscriptions.RequestUrl = "https://old.example.com/slack/events"
		m.Settings.Interactivity.IsEnabled = false
		m.OAuthConfig.Scopes.Bot = m.OAuthConfig.Scopes.Bot[:5]
	})},
	"slack-no-command": {"slack", slacktest.Options{}, settings(func(m *manifest.SlackManifest) {
		m.Features.SlashCommands, m.Settings.EventSubscriptions = nil, nil
		m.Settings.SocketModeEnabled, m.Settings.TokenRotationEnabled = true, true
	})},
	"slack-config-token-expired": {"slack", slacktest.Options{}, func(t *testing.T, w *world) {
		settings(func(*manifest.SlackManifest) {})(t, w)
		w.Slack.ExpireConfigToken()
	}},
	"slack-config-token-wrong": {"slack", slacktest.Options{}, set("SLACK_CONFIG_TOKEN", "xoxe-1-of-another")},
	"slack-config-token-of-another": {"slack", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.vars["SLACK_CONFIG_TOKEN"] = w.Slack.ConfigToken()
	}},
	"slack-scope-superfluous": {"slack", slacktest.Options{
		Scopes: append(slacktest.Scopes(), "channels:history", "files:read"),
	}, set()},

	"teams-secret":           {"teams", slacktest.Options{}, set("TEAMS_APP_SECRET", "of-another-app")},
	"teams-app-of-no-tenant": {"teams", slacktest.Options{}, set("TEAMS_APP_ID", "22222222-3333-4444-5555-6666666666ff")},
	"teams-metadata": {"teams", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.Teams.Fault(faultserver.Fault{Target: "metadata", Status: http.StatusNotFound})
	}},
	"teams-another-cloud": {"teams", slacktest.Options{}, func(_ *testing.T, w *world) {
		w.Teams.Fault(faultserver.Fault{
			Target: "metadata", Status: http.StatusOK, ContentType: "application/json",
			Body: `{"issuer":"https://api.botframework.us","jwks_uri":"` + w.keys() + `"}`,
		})
	}},
	"teams-service-away": {"teams", slacktest.Options{}, set("TEAMS_SERVICE_HOSTS", "127.0.0.1:1")},
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, m := range mistakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, m.slack)
			m.make(t, w)
			w.check(t, name, w.examine(t, strings.Split(m.areas, ",")...))
		})
	}
}

// A certificate that is good for some days yet is a warning.
func TestCertificateExpiresSoon(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	withCertificate(10)(t, w)
	for _, r := range w.examine(t, areaEntra).Checks {
		if r.Check == "entra.expiry" && (r.Status != Warn ||
			r.Detail != "The certificate expires in 10 days, on 2026-12-06. From then on no meeting is made.") {
			t.Errorf("%+v", r)
		}
	}
}
