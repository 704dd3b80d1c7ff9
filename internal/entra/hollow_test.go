package entra_test

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"meetbot/bot"
	"meetbot/internal/entra"
)

// An answer of Entra's that says success and is no token passes, and none of it is in the error: azidentity would
// quote it whole, with the secret that it may echo.
func TestHollowTokens(t *testing.T) {
	for name, body := range map[string]string{
		"no token":    `{"error_description":"` + secret + `"}`,
		"empty token": `{"token_type":"Bearer","expires_in":3600,"access_token":"","echo":"` + secret + `"}`,
		"numbers":     `{"access_token":5,"expires_in":"` + secret + `"}`,
		"error":       `{"error":"` + secret + `","error_description":"AADSTS7000215: ` + secret + `"}`,
		"page":        `<html>` + secret + `</html>`,
	} {
		t.Run(name, func(t *testing.T) {
			var authority *httptest.Server
			authority = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if strings.HasSuffix(r.URL.Path, "/token") {
					_, _ = w.Write([]byte(body))
					return
				}
				const discovery = `{"issuer":"X/t/v2.0","authorization_endpoint":"X/a","token_endpoint":"X/token"}`
				_, _ = w.Write([]byte(strings.ReplaceAll(discovery, "X", authority.URL)))
			}))
			defer authority.Close()
			roots := x509.NewCertPool()
			roots.AddCert(authority.Certificate())
			cred, err := entra.NewCredential(entra.Config{
				TenantID: tenantID, ClientID: clientID, ClientSecret: secret, AuthorityHost: authority.URL,
				RootCAs: roots,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer cred.Close()
			_, err = cred.Tokens("https://graph.microsoft.com/.default").Token(t.Context())
			if e := wantCode(t, err, bot.Unavailable); strings.Contains(e.Error(), secret) ||
				strings.Contains(e.Error(), "AADSTS") {
				t.Errorf("the error quotes the answer: %v", e)
			}
		})
	}
}
