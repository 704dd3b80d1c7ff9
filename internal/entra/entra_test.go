package entra_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"meetbot/bot"
	"meetbot/internal/entra"
	"meetbot/internal/outbound/outboundtest"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
)

const (
	tenantID = "9f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e10"
	clientID = "3b0e7a52-6c1f-4f0e-9a44-5d2c8f9b7a01"
	annID    = "5f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e11"
	secret   = "client~secret~0123456789"
)

// rig is the tokens of an app, from the sandbox, and what the credential told its observer.
type rig struct {
	*entra.Tokens
	entra    *entratest.Server
	resource string
	cfg      entra.Config

	outboundtest.Observer
}

type setup struct {
	entra entratest.Options
	cfg   func(*entra.Config)
}

func start(t *testing.T, s setup) *rig {
	t.Helper()
	s.entra.TenantID, s.entra.ClientID = tenantID, clientID
	if s.entra.Certificate == nil && s.entra.Federation == nil {
		s.entra.ClientSecret = secret
	}
	authority, err := entratest.New(s.entra)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(authority.Close)
	graph, err := graphtest.New(graphtest.Options{Entra: authority}) // the resource that tokens are given for
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(graph.Close)
	r := &rig{entra: authority, resource: strings.TrimSuffix(graph.BaseURL(), "/v1.0")}
	r.cfg = entra.Config{
		TenantID: tenantID, ClientID: clientID, ClientSecret: secret,
		AuthorityHost: authority.URL(), RootCAs: authority.RootCAs(), Observe: r.Observe,
	}
	if s.cfg != nil {
		s.cfg(&r.cfg)
	}
	r.Tokens = r.tokens(t, r.cfg)
	return r
}

// tokens are those of a credential of its own.
func (r *rig) tokens(t *testing.T, cfg entra.Config) *entra.Tokens {
	t.Helper()
	cred, err := entra.NewCredential(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cred.Close)
	return cred.Tokens(r.resource + "/.default")
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
	good := entra.Config{TenantID: tenantID, ClientID: clientID, ClientSecret: secret}
	if _, err := entra.NewCredential(good); err != nil {
		t.Fatalf("the defaults: %v", err)
	}
	for name, tt := range map[string]struct {
		change func(*entra.Config)
		want   string
	}{
		"no credential":   {func(c *entra.Config) { c.ClientSecret = "" }, "exactly one of"},
		"two credentials": {func(c *entra.Config) { c.ManagedIdentity = true }, "exactly one of"},
		"no tenant":       {func(c *entra.Config) { c.TenantID = "" }, "TenantID"},
		"no client":       {func(c *entra.Config) { c.ClientID = "" }, "ClientID"},
		"authority with a secret": {
			func(c *entra.Config) { c.AuthorityHost = "https://u:" + secret + "@contoso.example/" }, "AuthorityHost",
		},
		"plain authority": {func(c *entra.Config) { c.AuthorityHost = "http://127.0.0.1:1/" }, "AuthorityHost"},
		"no certificate": {
			func(c *entra.Config) { c.ClientSecret, c.CertificatePath = "", "/nowhere.pem" }, "CertificatePath",
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good
			tt.change(&cfg)
			_, err := entra.NewCredential(cfg)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), secret) {
				t.Errorf("got %v, want one about %s", err, tt.want)
			}
		})
	}
}

func TestCredentialsThatEntraRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg    func(*entra.Config)
		arm    func(*entratest.Server)
		status int
		want   string
	}{
		"wrong secret":     {func(c *entra.Config) { c.ClientSecret = "another~" + secret }, nil, 401, "AADSTS7000215"},
		"expired secret":   {nil, (*entratest.Server).ExpireClientSecret, 401, "AADSTS7000222"},
		"unknown app":      {func(c *entra.Config) { c.ClientID = annID }, nil, 400, "AADSTS700016"},
		"unknown tenant":   {func(c *entra.Config) { c.TenantID = annID }, nil, 400, "AADSTS90002"},
		"unknown resource": {nil, nil, 400, "AADSTS500011"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, setup{cfg: tt.cfg})
			if tt.arm != nil {
				tt.arm(r.entra)
			}
			if name == "unknown resource" {
				r.resource += "0"
				r.Tokens = r.tokens(t, r.cfg)
			}
			_, err := r.Token(t.Context())
			e := wantCode(t, err, bot.Credentials)
			if e.Status != tt.status || !strings.Contains(e.Error(), tt.want) || strings.Contains(e.Error(), secret) {
				t.Errorf("got status %d: %v", e.Status, e)
			}
		})
	}
}

func TestEntraTrouble(t *testing.T) {
	page := func(f faultserver.Fault) faultserver.Fault {
		f.ContentType, f.Body = "text/html", "<h1>ann@contoso.example</h1>"
		return f
	}
	for name, tt := range map[string]struct {
		fault faultserver.Fault
		want  bot.Code
		wait  time.Duration
	}{
		"throttled": {
			faultserver.Fault{
				Target: "token", Status: 429, RetryAfter: "30", ContentType: "application/json", Body: "{}",
			},
			bot.Throttled, 30 * time.Second,
		},
		"a fraction": {
			faultserver.Fault{Target: "token", Status: 429, RetryAfter: "2.128"}, bot.Throttled,
			2128 * time.Millisecond,
		},
		"busy": {
			faultserver.Fault{Target: "token", Status: 503, RetryAfter: "60"}, bot.Throttled, time.Minute,
		},
		"down":            {page(faultserver.Fault{Status: 502}), bot.Unavailable, 0},
		"a proxy refuses": {page(faultserver.Fault{Status: 403}), bot.Unavailable, 0},
		"a portal":        {page(faultserver.Fault{Target: "token", Status: 200}), bot.Unavailable, 0},
		"a transient refusal": {
			faultserver.Fault{Target: "token", Status: 400, ContentType: "application/json", Body: `{
				"error":"temporarily_unavailable","error_description":"AADSTS90033: A transient error has occurred."}`},
			bot.Unavailable, 0,
		},
		"cut": {faultserver.Fault{Reset: true}, bot.Unavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, setup{})
			r.entra.Fault(tt.fault)
			_, err := r.Token(t.Context())
			e := wantCode(t, err, tt.want)
			if e.Wait != tt.wait || e.Status != tt.fault.Status || strings.Contains(e.Error(), "contoso.example") ||
				strings.Contains(e.Error(), "/v2.0") {
				t.Errorf("got status %d, wait %v: %v", e.Status, e.Wait, e)
			}
			r.entra.ClearFaults()
			if _, err := r.Token(t.Context()); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
	t.Run("for a moment", func(t *testing.T) {
		r := start(t, setup{})
		r.entra.Fault(faultserver.Fault{Target: "token", Times: 1, Status: 503})
		if _, err := r.Token(t.Context()); err != nil {
			t.Errorf("one bad answer was not got over: %v", err)
		}
	})
}

// A context that ends ends the call of everybody, also of those who wait for the exchange of another call.
func TestACallEndsWithItsContext(t *testing.T) {
	r := start(t, setup{})
	r.entra.Fault(faultserver.Fault{Latency: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begun := time.Now()
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			_, err := r.Token(ctx)
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
	if _, err := r.Token(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// One token serves many calls, until a service refuses it: then a new one is asked for, once a minute at most.
func TestTokensAreKept(t *testing.T) {
	r := start(t, setup{})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := r.Token(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if seen := r.Exchanges(); seen["token"] != 1 || seen["discovery"] != 1 || len(seen) != 2 {
		t.Errorf("observed %v", seen)
	}
	for range 5 {
		r.Renew()
		if _, err := r.Token(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := r.entra.Tokens(); n != 2 {
		t.Errorf("%d tokens", n)
	}
}

func TestCertificate(t *testing.T) {
	data, cert, err := entratest.ClientCertificate(time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "bot.pem")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	withFile := func(c *entra.Config) { c.ClientSecret, c.CertificatePath = "", file }
	r := start(t, setup{entra: entratest.Options{Certificate: cert}, cfg: withFile})
	if _, err := r.Token(t.Context()); err != nil {
		t.Errorf("registered: %v", err)
	}
	r = start(t, setup{cfg: withFile})
	_, err = r.Token(t.Context())
	if e := wantCode(t, err, bot.Credentials); !strings.Contains(e.Error(), "AADSTS700027") {
		t.Errorf("not registered: %v", e)
	}
}

// Another client secret is used for the next token, without a new credential. A token that was handed out goes on.
func TestAnotherSecretIsTaken(t *testing.T) {
	r := start(t, setup{})
	cred, err := entra.NewCredential(r.cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cred.Close)
	tokens := cred.Tokens(r.resource + "/.default")
	first, err := tokens.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const next = "client~secret~9876543210"
	r.entra.SetClientSecret(next) // and the secret of before is refused
	if again, err := tokens.Token(t.Context()); err != nil || again != first {
		t.Fatalf("the token at hand: %v", err)
	}
	fresh := r.cfg
	fresh.ClientSecret = next
	if err := cred.Update(fresh); err != nil {
		t.Fatal(err)
	}
	if second, err := tokens.Token(t.Context()); err != nil || second == first {
		t.Errorf("after the change: %v, the same token: %t", err, second == first)
	}
	if got := cred.Secrets(); !slices.Equal(got, []string{secret, next}) {
		t.Errorf("secrets %q", got)
	}
	fresh.ClientSecret, fresh.CertificatePath = "", "/nothing"
	if err := cred.Update(fresh); err == nil {
		t.Error("a certificate that is not there was taken")
	}
	if _, err := tokens.Token(t.Context()); err != nil {
		t.Errorf("after a wrong change: %v", err)
	}
	if _, err := r.Token(t.Context()); bot.CodeOf(err) != bot.Credentials {
		t.Errorf("a credential with the secret of before: %v", err)
	}
}

func TestWorkloadIdentity(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "token")
	r := start(t, setup{
		entra: entratest.Options{
			Federation: &entratest.Federation{Issuer: "https://cluster.example", Subject: "bot", Key: key.Public()},
		},
		cfg: func(c *entra.Config) { c.ClientSecret, c.FederatedTokenFile = "", file },
	})
	_, err = r.Token(t.Context())
	_ = wantCode(t, err, bot.Credentials) // the platform has not written the file yet
	assertion, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: "https://cluster.example", Subject: "bot", Audience: jwt.ClaimStrings{"api://AzureADTokenExchange"},
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	}).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(assertion), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Token(t.Context()); err != nil {
		t.Error(err)
	}
}

// The platform of an app service hands out tokens on loopback, as its environment says.
func TestManagedIdentity(t *testing.T) {
	r := start(t, setup{})
	var asked url.Values
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked = req.URL.Query()
		hc := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: r.entra.RootCAs()}}}
		resp, err := hc.PostForm(r.entra.URL()+tenantID+"/oauth2/v2.0/token", url.Values{
			"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret},
			"scope": {asked.Get("resource") + "/.default"},
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer resp.Body.Close()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	}))
	defer endpoint.Close()
	t.Setenv("IDENTITY_ENDPOINT", endpoint.URL+"/msi/token")
	t.Setenv("IDENTITY_HEADER", "header~secret")
	cfg := r.cfg
	cfg.ClientSecret, cfg.TenantID, cfg.ManagedIdentity = "", "", true
	if _, err := r.tokens(t, cfg).Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	if asked.Get("client_id") != clientID || asked.Get("resource") != r.resource {
		t.Errorf("the platform was asked for %v", asked)
	}

	t.Setenv("IDENTITY_ENDPOINT", "http://identity.contoso.example/msi/token")
	cfg.ClientID = annID // a client of its own: tokens of managed identities are cached for the process
	if _, err := r.tokens(t, cfg).Token(t.Context()); err == nil ||
		!strings.Contains(err.Error(), "not among those configured") {
		t.Errorf("an endpoint far away: %v", err)
	}
}
