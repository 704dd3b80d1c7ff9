package telemetry

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"meetbot/bot"
)

// scraped is what the metrics say.
func scraped(m *Metrics) string {
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return answer.Body.String()
}

// A counter that begins at 1 raises no alert, so what failures count in is there at 0 from the start.
func TestFailuresAreCountedFromZero(t *testing.T) {
	m := New(func(context.Context) (bot.Depth, error) { return bot.Depth{}, nil })
	m.SecretWatched("AZURE_CLIENT_SECRET")
	said := scraped(m)
	series := []string{
		`meetbot_failures_total{outcome="gave_up"}`, `meetbot_failures_total{outcome="broken"}`,
		`meetbot_failures_total{outcome="unreachable"}`, `meetbot_answers_undeliverable_total`,
		`meetbot_unreadable_records_total`, `meetbot_claims_gave_way_total`,
		`meetbot_secret_file_refused{variable="AZURE_CLIENT_SECRET"}`,
		`meetbot_secret_changes_total{result="refused",variable="AZURE_CLIENT_SECRET"}`,
	}
	for _, code := range bot.Codes {
		series = append(series, `meetbot_refusals_total{code="`+string(code)+`"}`)
	}
	for _, name := range series {
		if !strings.Contains(said, "\n"+name+" 0\n") {
			t.Errorf("%s is not there", name)
		}
	}

	m.Command("slack", "meet", bot.OutcomeRefused(bot.Credentials), time.Second)
	m.Command("slack", "meet", bot.OutcomeGaveUp, time.Second)
	m.Command("slack", "meet", bot.OutcomeMade, time.Second)
	said = scraped(m)
	for _, want := range []string{
		`meetbot_refusals_total{code="credentials"} 1`, `meetbot_refusals_total{code="no_permission"} 0`,
		`meetbot_failures_total{outcome="gave_up"} 1`, `meetbot_failures_total{outcome="broken"} 0`,
	} {
		if !strings.Contains(said, "\n"+want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
}
