package entra

import (
	"net/http"
	"strings"
	"testing"

	"meetbot/bot"
)

// The AADSTS code tells the cause, and stands in the log with Entra's trace ID.
func TestCauses(t *testing.T) {
	const trace = "0f2a7c1d-6e10-4d53-8b59-4c3e9f1c2b1a"
	for code, want := range map[string]bot.Cause{
		"90002": bot.UnknownTenant, "900021": bot.UnknownTenant, "900023": bot.UnknownTenant,
		"700016": bot.UnknownApp, "7000229": bot.UnknownApp, "7000112": bot.DisabledApp,
		"7000215": bot.WrongSecret, "7000222": bot.ExpiredSecret, "700027": bot.UnknownCertificate,
		"700024": bot.WrongClock, "53003": bot.ConditionalAccess, "530032": bot.ConditionalAccess,
		"530034": bot.ConditionalAccess, "500011": "", "5300341": "", "70021": "",
	} {
		body := `{"error":"invalid_client","error_description":"AADSTS` + code + `: No. Trace ID: x","trace_id":"` + trace + `"}`
		e := classify(opToken, http.StatusUnauthorized, http.Header{}, []byte(body))
		if e.Code != bot.Credentials || e.Cause != want {
			t.Errorf("AADSTS%s is %s, cause %q, want %q", code, e.Code, e.Cause, want)
		}
		for _, told := range []string{"AADSTS" + code + " ", "status 401", "trace " + trace} {
			if !strings.Contains(e.Error(), told) {
				t.Errorf("the error lacks %q: %v", told, e)
			}
		}
	}
}
