package graphclient_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/graphclient"
	"meetbot/internal/entra"
	"meetbot/internal/outbound/outboundtest"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
)

const (
	tenantID = "9f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e10"
	clientID = "3b0e7a52-6c1f-4f0e-9a44-5d2c8f9b7a01"
	secret   = "client~secret~0123456789"

	annID   = "5f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e11"
	brianID = "5f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e12"
	gusID   = "5f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e13"
	evaID   = "5f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e14"
)

// tenant is the one that the client is for.
var tenant = bot.Tenant{ID: tenantID, ClientID: clientID}

// rig is a client against the sandbox, and what it told its observer.
type rig struct {
	*graphclient.Client
	entra *entratest.Server
	graph *graphtest.Server
	app   entra.Config
	cfg   graphclient.Config

	outboundtest.Observer
}

type setup struct {
	graph graphtest.Options
	cfg   func(*graphclient.Config)
}

func start(t *testing.T, s setup) *rig {
	t.Helper()
	authority, err := entratest.New(entratest.Options{TenantID: tenantID, ClientID: clientID, ClientSecret: secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(authority.Close)
	s.graph.Entra = authority
	if s.graph.Users == nil {
		s.graph.Users = []graphtest.User{
			{ID: annID, UPN: "ann@contoso.example", Mail: "ann@contoso.example", DisplayName: "Ann",
				ProxyAddresses: []string{"SMTP:ann@contoso.example", "smtp:a.first@contoso.example"}, DialIn: true},
			{
				ID: brianID, UPN: "brian.o'neil@contoso.example", Mail: "brian.o'neil@contoso.example",
				DisplayName: "Brian", Disabled: true,
			},
			{
				ID: gusID, UPN: "gus_fabrikam.example#EXT#@contoso.example", Mail: "gus@fabrikam.example",
				DisplayName: "Gus", Guest: true,
			},
		}
	}
	graph, err := graphtest.New(s.graph)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(graph.Close)
	r := &rig{entra: authority, graph: graph}
	r.app = entra.Config{
		TenantID: tenantID, ClientID: clientID, ClientSecret: secret,
		AuthorityHost: authority.URL(), RootCAs: authority.RootCAs(), Observe: r.Observe,
	}
	r.cfg = graphclient.Config{
		TenantID: tenantID, BaseURL: graph.BaseURL(), RootCAs: authority.RootCAs(), Observe: r.Observe,
	}
	if s.cfg != nil {
		s.cfg(&r.cfg)
	}
	r.Client = r.client(t)
	return r
}

// client is another client of the same configuration, with a credential of its own.
func (r *rig) client(t *testing.T) *graphclient.Client {
	t.Helper()
	cred, err := entra.NewCredential(r.app)
	if err != nil {
		t.Fatal(err)
	}
	cfg := r.cfg
	cfg.Credential = cred
	c, err := graphclient.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ann changes Ann in the directory.
func (r *rig) ann(t *testing.T, change func(*graphtest.User)) {
	t.Helper()
	u := graphtest.User{ID: annID, UPN: "ann@contoso.example", Mail: "ann@contoso.example", DisplayName: "Ann"}
	change(&u)
	if err := r.graph.AddUser(u); err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, want bot.Code) *bot.Error {
	t.Helper()
	e, ok := errors.AsType[*bot.Error](err)
	if !ok || e.Code != want {
		t.Fatalf("got %#v (%v), want code %s", err, err, want)
	}
	return e
}

func TestConfigurationIsChecked(t *testing.T) {
	cred, err := entra.NewCredential(entra.Config{TenantID: tenantID, ClientID: clientID, ClientSecret: secret})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := graphclient.New(graphclient.Config{Credential: cred}); err != nil {
		t.Fatalf("the defaults: %v", err)
	}
	for name, base := range map[string]string{
		"plain Graph":       "http://graph.contoso.example/v1.0",
		"no host":           "graph.contoso.example",
		"URL with a secret": "https://u:" + secret + "@contoso.example/",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := graphclient.New(graphclient.Config{Credential: cred, BaseURL: base})
			if err == nil || !strings.Contains(err.Error(), "BaseURL") || strings.Contains(err.Error(), secret) {
				t.Errorf("got %v, want one about BaseURL", err)
			}
		})
	}
}

// A refusal by Entra is the error of the call, and Graph is not asked. The scope follows the base URL: localhost is the
// same machine, and not the resource that tokens are given for.
func TestCredentialsThatEntraRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg    func(*graphclient.Config)
		arm    func(*entratest.Server)
		status int
		want   string
	}{
		"expired secret": {nil, (*entratest.Server).ExpireClientSecret, 401, "AADSTS7000222"},
		"unknown resource": {func(c *graphclient.Config) {
			c.BaseURL = strings.Replace(c.BaseURL, "127.0.0.1", "localhost", 1)
		}, nil, 400, "AADSTS500011"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, setup{cfg: tt.cfg})
			if tt.arm != nil {
				tt.arm(r.entra)
			}
			_, err := r.User(t.Context(), tenant, annID)
			e := wantCode(t, err, bot.Credentials)
			if e.Status != tt.status || !strings.Contains(e.Error(), tt.want) || strings.Contains(e.Error(), secret) ||
				!strings.HasPrefix(e.Error(), "credentials: token: status ") {
				t.Errorf("got status %d: %v", e.Status, e)
			}
			if n := len(r.graph.Calls()); n != 0 {
				t.Errorf("Graph saw %d calls", n)
			}
		})
	}
}

// Graph's refusal of a token tells no cause. If Entra refuses the app by now, its cause is told.
func TestTheCauseOfARefusedToken(t *testing.T) {
	r := start(t, setup{})
	if _, err := r.User(t.Context(), tenant, annID); err != nil {
		t.Fatal(err)
	}
	r.graph.Fault(faultserver.Fault{Status: 401, Body: `{"error":{"code":"InvalidAuthenticationToken","message":"x"}}`})
	r.entra.ExpireClientSecret()
	_, err := r.User(t.Context(), tenant, annID)
	e := wantCode(t, err, bot.Credentials)
	if e.Cause != bot.ExpiredSecret || !strings.Contains(e.Error(), "AADSTS7000222") {
		t.Errorf("cause %q: %v", e.Cause, e)
	}

	r = start(t, setup{})
	r.graph.Fault(faultserver.Fault{Status: 401, Body: `{"error":{"code":"InvalidAuthenticationToken","message":"x"}}`})
	_, err = r.User(t.Context(), tenant, annID)
	e = wantCode(t, err, bot.Credentials)
	if e.Cause != "" || !strings.Contains(e.Error(), "InvalidAuthenticationToken") {
		t.Errorf("cause %q: %v", e.Cause, e)
	}
}

func TestAMendedCredentialWorksAtOnce(t *testing.T) {
	r := start(t, setup{})
	r.entra.SetRoles("User.Read.All")
	_, _, err := r.CreateOrGet(t.Context(), tenant, annID, bot.MeetingRequest{ExternalID: "x"})
	_ = wantCode(t, err, bot.NoPermission)
	r.entra.SetRoles(entratest.Roles...) // an administrator consents; the old token would be good for an hour
	if _, _, err := r.CreateOrGet(t.Context(), tenant, annID, bot.MeetingRequest{ExternalID: "x"}); err != nil {
		t.Errorf("after the consent: %v", err)
	}
	if n := r.entra.Tokens(); n != 2 {
		t.Errorf("%d tokens were asked for", n)
	}

	// While it stays refused, Entra is not asked anew each time.
	r.entra.SetRoles()
	r2 := r.client(t)
	for range 5 {
		_, err := r2.User(t.Context(), tenant, annID)
		_ = wantCode(t, err, bot.NoPermission)
	}
	if n := r.entra.Tokens(); n != 4 {
		t.Errorf("%d tokens in all", n)
	}
}

// A hanging Entra must not keep anybody longer than they will wait, also those in the queue for the same token.
func TestACallEndsWithItsContext(t *testing.T) {
	r := start(t, setup{})
	r.entra.Fault(faultserver.Fault{Latency: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begun := time.Now()
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			_, err := r.User(ctx, tenant, annID)
			if bot.CodeOf(err) != bot.Unavailable || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("took %v", took)
	}
	r.entra.ClearFaults()

	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, _, err := r.CreateOrGet(ctx, tenant, annID, bot.MeetingRequest{ExternalID: "x"})
	if bot.CodeOf(err) != bot.Unavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
	if _, err := r.User(t.Context(), tenant, annID); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	r.graph.Fault(faultserver.Fault{Latency: time.Hour})
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := r.User(ctx, tenant, annID); bot.CodeOf(err) != bot.Unavailable ||
		!errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a hanging Graph: %v", err)
	}
}

func TestOneTokenServesManyCalls(t *testing.T) {
	r := start(t, setup{})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := r.User(t.Context(), tenant, annID); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := r.entra.Tokens(); n != 1 {
		t.Errorf("%d tokens", n)
	}
	if seen := r.Exchanges(); seen["token"] != 1 || seen["discovery"] != 1 || seen["user"] != 20 || len(seen) != 3 {
		t.Errorf("observed %v", seen)
	}
}

// A client is for one tenant: a call for another one leaves the process never.
func TestCallsForAnotherTenantAreNotSent(t *testing.T) {
	r := start(t, setup{})
	other := bot.Tenant{ID: annID}
	_, _, made := r.CreateOrGet(t.Context(), other, annID, bot.MeetingRequest{ExternalID: "x"})
	_, read := r.User(t.Context(), other, annID)
	_, found := r.UsersByEmail(t.Context(), other, "ann@contoso.example", true)
	_, meeting := r.Meeting(t.Context(), other, annID, "MSo1")
	_, changed := r.ChangeMeeting(t.Context(), other, annID, "MSo1", bot.MeetingChange{Subject: "x"})
	for doing, err := range map[string]error{
		"createOrGet": made, "user": read, "users": found, "meeting": meeting, "changeMeeting": changed,
	} {
		if bot.CodeOf(err) != bot.Unavailable {
			t.Errorf("%s: %v", doing, err)
		}
	}
	if calls := r.graph.Calls(); len(calls) != 0 {
		t.Errorf("Graph was called: %+v", calls)
	}
}
