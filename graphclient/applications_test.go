package graphclient_test

import (
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/graphclient"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/graphtest"
)

func TestAppSecrets(t *testing.T) {
	r := start(t, setup{})
	expires := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	r.graph.SetAppSecrets(clientID, graphtest.AppSecret{Name: "of March", Secret: secret, Expires: expires})
	_, err := r.AppSecrets(t.Context(), tenant, clientID)
	_ = wantCode(t, err, bot.NoPermission)
	r.entra.SetRoles(append([]string{graphclient.ReadApplications.Name}, entratest.Roles...)...)
	got, err := r.client(t).AppSecrets(t.Context(), tenant, clientID)
	if err != nil || len(got) != 1 || got[0].Name != "of March" || got[0].Hint != secret[:3] ||
		!got[0].Expires.Equal(expires) || got[0].ID == "" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := r.client(t).AppSecrets(t.Context(), tenant, annID); err == nil {
		t.Error("an app that there is not has secrets")
	}
	calls := len(r.graph.Calls())
	_, err = r.AppSecrets(t.Context(), tenant, "x')/owners")
	_ = wantCode(t, err, bot.BadRequest)
	_, err = r.AppSecrets(t.Context(), bot.Tenant{ID: annID}, clientID)
	_ = wantCode(t, err, bot.Unavailable)
	if len(r.graph.Calls()) != calls {
		t.Error("it was sent")
	}
}
