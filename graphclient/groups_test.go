package graphclient_test

import (
	"testing"

	"meetbot/bot"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/graphtest"
)

// Membership counts through groups in groups, and needs a permission of its own.
func TestGroups(t *testing.T) {
	const (
		outer   = "cccccccc-2222-3333-4444-000000000001"
		inner   = "cccccccc-2222-3333-4444-000000000002"
		empty   = "cccccccc-2222-3333-4444-000000000003"
		missing = "cccccccc-2222-3333-4444-000000000004"
	)
	r := start(t, setup{})
	r.graph.AddGroup(graphtest.Group{ID: outer, DisplayName: "Organizers", Members: []string{inner}})
	r.graph.AddGroup(graphtest.Group{ID: inner, DisplayName: "Staff", Members: []string{annID}})
	r.graph.AddGroup(graphtest.Group{ID: empty})
	_, err := r.IsMember(t.Context(), tenant, annID, outer)
	if e := wantCode(t, err, bot.NoPermission); e.Cause != bot.NoGroups {
		t.Errorf("cause %q", e.Cause)
	}
	r.entra.SetRoles(append([]string{"GroupMember.Read.All"}, entratest.Roles...)...)
	c := r.client(t)
	for group, want := range map[string]bool{outer: true, inner: true, empty: false, missing: false} {
		if got, err := c.IsMember(t.Context(), tenant, annID, group); err != nil || got != want {
			t.Errorf("%s: %t, %v", group, got, err)
		}
	}
	_, err = c.IsMember(t.Context(), tenant, evaID, outer)
	_ = wantCode(t, err, bot.NoSuchUser)
	_, err = c.IsMember(t.Context(), tenant, "ann@contoso.example", outer)
	_ = wantCode(t, err, bot.NoSuchUser)
	if name, err := c.GroupName(t.Context(), tenant, outer); err != nil || name != "Organizers" {
		t.Errorf("%q, %v", name, err)
	}
	for group, code := range map[string]bot.Code{empty: bot.Unavailable, missing: bot.Unavailable, "x": bot.BadRequest} {
		_, err := c.GroupName(t.Context(), tenant, group)
		_ = wantCode(t, err, code)
	}
}
