//go:build integration

package e2e

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/slacktest"
)

// reference is the reference that a sentence asks a person to quote.
var reference = regexp.MustCompile(`reference: ([A-Z2-7]{8})\.`)

// logged waits for the line that the log has about an answered command whose request begins with the reference. It is
// written right after the answer.
func (env *environment) logged(ref string) (answered map[string]any) {
	env.t.Helper()
	eventually(env.t, "the log has an answered command whose request begins with "+ref, func() bool {
		answered = env.logLine(ref)
		return answered != nil
	})
	return answered
}

func (env *environment) logLine(ref string) map[string]any {
	for line := range strings.Lines(env.logs.String()) {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) != nil {
			continue
		}
		request, _ := entry["request"].(string)
		if entry["msg"] == "command answered" && strings.HasPrefix(request, ref) {
			return entry
		}
	}
	return nil
}

// What is refused is told in words that fit the cause, with a reference; the log has the cause by that reference.
func TestTheCauseOfARefusalIsKept(t *testing.T) {
	t.Parallel()
	aadsts := func(code int) func(*environment, *app.Config) {
		return func(env *environment, _ *app.Config) { env.Entra.RefuseTokens(code) }
	}
	for name, tt := range map[string]struct {
		break_ func(*environment, *app.Config)
		words  string   // that the person reads
		log    []string // that the operator finds
	}{
		"wrong tenant": {
			func(_ *environment, c *app.Config) { c.Entra.TenantID = "11111111-2222-4333-8444-555555555555" },
			"does not know the tenant", []string{"AADSTS90002", "status 400"}},
		"no tenant": {aadsts(900023), "does not know the tenant", []string{"AADSTS900023", "status 400"}},
		"unknown app": {
			func(_ *environment, c *app.Config) { c.Entra.ClientID = "11111111-2222-4333-8444-666666666666" },
			"does not know this bot's app (client ID 11111111-2222-4333-8444-666666666666)",
			[]string{"AADSTS700016", "status 400"}},
		"disabled app": {aadsts(7000112), "app is disabled", []string{"AADSTS7000112", "status 401"}},
		"wrong secret": {
			func(env *environment, _ *app.Config) { env.Entra.SetClientSecret("another") },
			"does not accept this bot's client secret", []string{"AADSTS7000215", "status 401"}},
		"expired secret": {
			func(env *environment, _ *app.Config) { env.Entra.ExpireClientSecret() },
			"client secret has expired", []string{"AADSTS7000222", "status 401"}},
		"certificate":        {aadsts(700027), "does not know this bot's certificate", []string{"AADSTS700027"}},
		"conditional access": {aadsts(53003), "Conditional Access", []string{"AADSTS53003", "status 400"}},
		"account risk":       {aadsts(530034), "Conditional Access", []string{"AADSTS530034", "status 400"}},
		"clock":              {aadsts(700024), "clock", []string{"AADSTS700024", "status 401"}},
		"no permission": {
			func(env *environment, _ *app.Config) { env.Entra.SetRoles("User.Read.All") },
			"admin consent", []string{"createOrGet: status 403 Forbidden, request "}},
		"no access policy": {
			func(env *environment, _ *app.Config) { env.Graph.SetPolicy(annID, false) },
			"New-CsApplicationAccessPolicy", []string{"createOrGet: status 403 Forbidden, request "}},
		"no licence": {
			func(env *environment, _ *app.Config) { env.refuseAnn(annRefused["no licence"]) },
			"license", []string{"createOrGet: status 403 Forbidden, request "}},
		"unknown to Teams": {
			func(env *environment, _ *app.Config) { env.refuseAnn(annRefused["unknown to Teams"]) },
			"license", []string{"createOrGet: status 404 NotFound, request "}},
		"service account": {
			func(_ *environment, c *app.Config) { c.Policy.Organizer = "service:gone@contoso.example" },
			"administrator of this bot", []string{"ORGANIZER", "missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			c := env.config()
			tt.break_(env, &c)
			refusal := env.meet(env.start(c, app.Options{}), ann, general, "")
			wantWords(t, refusal, ann, tt.words)
			if strings.Contains(refusal.Text, "ORGANIZER") {
				t.Errorf("a person is told the name of a variable: %s", refusal.Text)
			}
			ref := reference.FindStringSubmatch(refusal.Text)
			if ref == nil {
				t.Fatalf("no reference: %s", refusal.Text)
			}
			cause, _ := env.logged(ref[1])["cause"].(string)
			for _, want := range tt.log {
				if !strings.Contains(cause, want) {
					t.Errorf("the log's cause is %q, want it to hold %q", cause, want)
				}
			}
		})
	}
}
