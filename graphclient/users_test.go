package graphclient_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"meetbot/bot"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
)

var (
	ann = bot.DirectoryUser{ID: annID, UPN: "ann@contoso.example", Mail: "ann@contoso.example", Name: "Ann",
		Enabled: true}
	brian = bot.DirectoryUser{ID: brianID, UPN: "brian.o'neil@contoso.example",
		Mail: "brian.o'neil@contoso.example", Name: "Brian"}
	gus = bot.DirectoryUser{
		ID: gusID, UPN: "gus_fabrikam.example#EXT#@contoso.example", Mail: "gus@fabrikam.example", Name: "Gus", Guest: true, Enabled: true,
	}
)

func TestUser(t *testing.T) {
	r := start(t, setup{})
	for by, want := range map[string]bot.DirectoryUser{
		annID:                          ann,
		"ANN@contoso.example":          ann,
		"brian.o'neil@contoso.example": brian,
		gus.UPN:                        gus,
	} {
		if got, err := r.User(t.Context(), tenant, by); err != nil || got != want {
			t.Errorf("%s: %+v, %v", by, got, err)
		}
	}
	_, err := r.User(t.Context(), tenant, "nobody@contoso.example")
	if e := wantCode(t, err, bot.NoSuchUser); e.Status != 404 || strings.Contains(e.Error(), "nobody") {
		t.Errorf("got status %d: %v", e.Status, e)
	}
}

// What is no name of a user must not become the name of another resource.
func TestUserNamesCannotWander(t *testing.T) {
	r := start(t, setup{})
	for _, name := range []string{
		"", "delta", "$count", "..", "../groups", "me-token-to-replace", "ann @contoso.example",
		"ann@contoso.example\n",
	} {
		_, err := r.User(t.Context(), tenant, name)
		_ = wantCode(t, err, bot.NoSuchUser)
	}
	if n := len(r.graph.Calls()); n != 0 {
		t.Errorf("%d calls", n)
	}
	for _, name := range []string{"x/../" + annID + "@", "@/onlineMeetings", "@?$select=id", "@%2Fx", "..%2Fgroups@"} {
		_, err := r.User(t.Context(), tenant, name)
		_ = wantCode(t, err, bot.NoSuchUser)
		calls := r.graph.Calls()
		if last := calls[len(calls)-1]; last.Op != "user" || last.UserID != name {
			t.Errorf("%q reached Graph as %s %s", name, last.Op, last.UserID)
		}
	}
}

func TestUsersByEmail(t *testing.T) {
	r := start(t, setup{})
	for email, want := range map[string][]bot.DirectoryUser{
		"ann@contoso.example":                  {ann},
		"Ann@Contoso.Example":                  {ann},
		"a.first@contoso.example":              {ann}, // alias
		"brian.o'neil@contoso.example":         {brian},
		"gus@fabrikam.example":                 {gus},
		"nobody@contoso.example":               nil,
		"x@' or mail eq 'gus@fabrikam.example": nil, // a blank: no e-mail
		"x@'or'1'eq'1":                         nil,
		"no address":                           nil,
		"":                                     nil,
	} {
		for _, aliases := range []bool{true, false} {
			if email == "a.first@contoso.example" && !aliases {
				want = nil
			}
			got, err := r.UsersByEmail(t.Context(), tenant, email, aliases)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%q, aliases %v: %+v, %v", email, aliases, got, err)
			}
		}
	}
}

// Whoever shares an e-mail is found whole, whatever the page they are on, and once.
func TestSharedEmails(t *testing.T) {
	users := []graphtest.User{
		{ID: annID, UPN: "team@contoso.example", Mail: "team@contoso.example"},
		{ID: brianID, UPN: "brian@contoso.example", Mail: "team@contoso.example"},
		{ID: evaID, UPN: "eva@contoso.example", ProxyAddresses: []string{"smtp:Team@contoso.example"}},
	}
	for _, size := range []int{1, 2, 100} {
		r := start(t, setup{graph: graphtest.Options{Users: users, PageSize: size}})
		got, err := r.UsersByEmail(t.Context(), tenant, "team@contoso.example", true)
		if err != nil || len(got) != 3 || got[0].ID != annID || got[1].ID != brianID || got[2].ID != evaID {
			t.Errorf("pages of %d: %+v, %v", size, got, err)
		}
		for _, c := range r.graph.Calls() {
			if q, err := url.ParseQuery(c.Query); err != nil ||
				q.Get("$select") != "id,displayName,mail,userPrincipalName,userType,accountEnabled" {
				t.Errorf("%s asked for %s", c.Op, q.Get("$select"))
			}
		}
	}
}

// A client serves many callers at once, each with a request of its own.
func TestManyCallersAtOnce(t *testing.T) {
	r := start(t, setup{graph: graphtest.Options{PageSize: 1}})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				got, err := r.UsersByEmail(t.Context(), tenant, "gus@fabrikam.example", true)
				if err != nil || len(got) != 1 || got[0] != gus {
					t.Errorf("by e-mail: %+v, %v", got, err)
				}
				if got, err := r.User(t.Context(), tenant, annID); err != nil || got != ann {
					t.Errorf("by ID: %+v, %v", got, err)
				}
				_, _, err = r.CreateOrGet(t.Context(), tenant, annID, bot.MeetingRequest{ExternalID: "x"})
				if err != nil {
					t.Errorf("createOrGet: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

func TestUsersByEmailFailsWhole(t *testing.T) {
	for _, target := range []string{"user", "users"} {
		r := start(t, setup{})
		r.graph.Fault(faultserver.Fault{Target: target, Status: 503, RetryAfter: "9"})
		got, err := r.UsersByEmail(t.Context(), tenant, "ann@contoso.example", true)
		_ = wantCode(t, err, bot.Throttled)
		if got != nil {
			t.Errorf("%s failed, and yet %+v", target, got)
		}
	}
	r := start(t, setup{})
	r.entra.SetRoles()
	_, err := r.UsersByEmail(t.Context(), tenant, "ann@contoso.example", true)
	_ = wantCode(t, err, bot.NoPermission)

	// An e-mail that no principal name can be is still looked for among the others.
	r = start(t, setup{})
	const invalid = `{"error":{"code":"Request_BadRequest","message":"Invalid UPN."}}`
	r.graph.Fault(faultserver.Fault{Target: "user", Status: 400, Body: invalid})
	if got, err := r.UsersByEmail(t.Context(), tenant, "a.first@contoso.example", true); err != nil || len(got) != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}
