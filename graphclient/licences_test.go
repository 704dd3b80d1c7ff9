package graphclient_test

import (
	"testing"

	"meetbot/bot"
	"meetbot/graphclient"
	"meetbot/internal/sandbox/graphtest"
)

// A plan for Teams counts while it is switched on.
func TestHasTeams(t *testing.T) {
	r := start(t, setup{})
	for _, licensed := range []bool{true, false} {
		r.ann(t, func(u *graphtest.User) { u.Unlicensed = !licensed })
		if got, err := r.HasTeams(t.Context(), tenant, annID); err != nil || got != licensed {
			t.Errorf("licensed %v: %v, %v", licensed, got, err)
		}
	}
	_, err := r.HasTeams(t.Context(), tenant, evaID)
	_ = wantCode(t, err, bot.NoSuchUser)
	_, err = r.HasTeams(t.Context(), tenant, "ann@contoso.example")
	_ = wantCode(t, err, bot.NoSuchUser)
	r.entra.SetRoles()
	_, err = r.client(t).HasTeams(t.Context(), tenant, annID)
	_ = wantCode(t, err, bot.NoPermission)
}

// A permission is there by its own name, or by that of one that includes it.
func TestPermissions(t *testing.T) {
	for _, tt := range []struct {
		roles       []string
		make, finds bool
	}{
		{nil, false, false},
		{[]string{"OnlineMeetings.Read.All", "User.ReadBasic.All"}, false, false},
		{[]string{"OnlineMeetings.ReadWrite.All", "User.Read.All"}, true, true},
		{[]string{"Directory.Read.All"}, false, true},
	} {
		if graphclient.MakeMeetings.In(tt.roles) != tt.make || graphclient.FindUsers.In(tt.roles) != tt.finds {
			t.Errorf("%v", tt.roles)
		}
	}
}
