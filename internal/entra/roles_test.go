package entra_test

import (
	"testing"
	"time"

	"meetbot/internal/entra"
	"meetbot/internal/sandbox/entratest"
)

// The roles of a token are read from it; what cannot be read has none.
func TestHasRole(t *testing.T) {
	authority, err := entratest.New(entratest.Options{TenantID: tenantID, ClientID: clientID, ClientSecret: secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(authority.Close)
	mint := func(roles ...string) string {
		t.Helper()
		authority.SetRoles(roles...)
		token, err := authority.Mint(clientID, "https://graph.microsoft.com", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for name, tt := range map[string]struct {
		token string
		want  bool
	}{
		"it has it":     {mint("User.Read.All", "OnlineMeetings.ReadWrite.All"), true},
		"it lacks it":   {mint("User.Read.All"), false},
		"no roles":      {mint(), false},
		"another name":  {mint("onlinemeetings.readwrite.all"), false},
		"no token":      {"", false},
		"opaque":        {"EwBIA8l6BAAU", false},
		"three parts":   {"a.b.c", false},
		"roles: number": {"eyJhbGciOiJub25lIn0.eyJyb2xlcyI6NX0.", false},
	} {
		if got := entra.HasRole(tt.token, "OnlineMeetings.ReadWrite.All"); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
