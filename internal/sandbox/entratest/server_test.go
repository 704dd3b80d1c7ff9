package entratest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"meetbot/internal/sandbox/faultserver"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	tenant   = "9f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e10"
	client   = "3b0e7a52-6c1f-4f0e-9a44-5d2c8f9b7a01"
	secret   = "sandbox~secret"
	audience = "http://127.0.0.1:1"
)

func startEntra(t *testing.T, o Options) (*Server, *http.Client) {
	t.Helper()
	o.TenantID, o.ClientID, o.ClientSecret = tenant, client, secret
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	e.AddAudience(audience)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: e.RootCAs()}}
	t.Cleanup(transport.CloseIdleConnections)
	return e, &http.Client{Transport: transport}
}

type answer struct {
	Status      int    `json:"-"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Codes       []int  `json:"error_codes"`
	Token       string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"`
}

func ask(t *testing.T, c *http.Client, tokenURL string, form url.Values) answer {
	t.Helper()
	resp, err := c.PostForm(tokenURL, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{Status: resp.StatusCode}
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatalf("answer %q: %v", body, err)
	}
	return a
}

func tokenForm() url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {secret},
		"scope": {audience + "/.default openid offline_access profile"},
	}
}

func TestGivesTokensThatCarryTheGrantedRoles(t *testing.T) {
	e, c := startEntra(t, Options{})
	resp, err := c.Get(e.URL() + tenant + "/v2.0/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var discovery struct {
		Issuer        string `json:"issuer"`
		TokenEndpoint string `json:"token_endpoint"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&discovery); err != nil {
		t.Fatal(err)
	}
	a := ask(t, c, discovery.TokenEndpoint, tokenForm())
	if a.Status != 200 || a.ExpiresIn != 3600 {
		t.Fatalf("got %+v", a)
	}
	claims, err := e.Verify(a.Token, audience, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if claims.Issuer != discovery.Issuer || claims.TenantID != tenant || claims.AppID != client ||
		strings.Join(claims.Roles, " ") != "OnlineMeetings.ReadWrite.All User.Read.All" {
		t.Errorf("claims %+v", claims)
	}
	if _, err := e.Verify(a.Token, "https://elsewhere.example", time.Now); err == nil {
		t.Error("a token for one entraAudience was good for another")
	}

	e.SetRoles("User.Read.All")
	e.SetLifetime(10 * time.Minute)
	a = ask(t, c, discovery.TokenEndpoint, tokenForm())
	claims, err = e.Verify(a.Token, audience, time.Now)
	if err != nil || len(claims.Roles) != 1 || a.ExpiresIn != 600 {
		t.Errorf("after a change: %+v, %v, %+v", claims, err, a)
	}
	if e.Requests() != 3 || e.Tokens() != 2 {
		t.Errorf("counted %d requests, %d tokens", e.Requests(), e.Tokens())
	}
}

func TestRefusals(t *testing.T) {
	set := func(name, value string) func(url.Values) { return func(f url.Values) { f.Set(name, value) } }
	for name, tt := range map[string]struct {
		tenant string
		change func(url.Values)
		arm    func(*Server)
		status int
		oauth  string
		code   int
	}{
		"wrong secret":     {change: set("client_secret", "wrong"), status: 401, oauth: "invalid_client", code: 7000215},
		"no secret":        {change: func(f url.Values) { f.Del("client_secret") }, status: 401, oauth: "invalid_client", code: 7000216},
		"expired secret":   {arm: (*Server).ExpireClientSecret, status: 401, oauth: "invalid_client", code: 7000222},
		"unknown app":      {change: set("client_id", tenant), status: 400, oauth: "unauthorized_client", code: 700016},
		"unknown tenant":   {tenant: client, status: 400, oauth: "invalid_request", code: 90002},
		"unknown resource": {change: set("scope", "https://elsewhere.example/.default"), status: 400, oauth: "invalid_resource", code: 500011},
		"narrow scope":     {change: set("scope", audience+"/User.Read.All"), status: 400, oauth: "invalid_scope", code: 1002012},
		"no scope":         {change: func(f url.Values) { f.Del("scope") }, status: 400, oauth: "invalid_request", code: 900144},
		"other grant":      {change: set("grant_type", "password"), status: 400, oauth: "unsupported_grant_type", code: 70003},
	} {
		t.Run(name, func(t *testing.T) {
			e, c := startEntra(t, Options{})
			form, tenant := tokenForm(), tenant
			if tt.change != nil {
				tt.change(form)
			}
			if tt.arm != nil {
				tt.arm(e)
			}
			if tt.tenant != "" {
				tenant = tt.tenant
			}
			a := ask(t, c, e.URL()+tenant+"/oauth2/v2.0/token", form)
			if a.Status != tt.status || a.Error != tt.oauth || len(a.Codes) != 1 || a.Codes[0] != tt.code {
				t.Errorf("got %+v, want %d %s %d", a, tt.status, tt.oauth, tt.code)
			}
			if strings.Contains(a.Description, secret) {
				t.Error("the answer repeats the secret")
			}
		})
	}
}

func TestFederatedAssertion(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, c := startEntra(t, Options{Federation: &Federation{
		Issuer: "https://cluster.example", Subject: "system:serviceaccount:bot:bot", Key: key.Public(),
	}})
	form := tokenForm()
	form.Del("client_secret")
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	ask := func(k *rsa.PrivateKey, subject string, expires time.Duration) answer {
		assertion, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
			Issuer: "https://cluster.example", Subject: subject, Audience: jwt.ClaimStrings{"api://AzureADTokenExchange"},
			ExpiresAt: jwt.NewNumericDate(time.Now().Add(expires)),
		}).SignedString(k)
		if err != nil {
			t.Fatal(err)
		}
		form.Set("client_assertion", assertion)
		return ask(t, c, e.TokenEndpoint(), form)
	}
	if a := ask(key, "system:serviceaccount:bot:bot", time.Hour); a.Status != 200 || a.Token == "" {
		t.Errorf("good assertion: %+v", a)
	}
	if a := ask(key, "system:serviceaccount:bot:other", time.Hour); a.Status != 401 || a.Codes[0] != 700211 {
		t.Errorf("other subject: %+v", a)
	}
	if a := ask(stranger, "system:serviceaccount:bot:bot", time.Hour); a.Status != 401 || a.Codes[0] != 700027 {
		t.Errorf("signed by a stranger: %+v", a)
	}
	if a := ask(key, "system:serviceaccount:bot:bot", -time.Hour); a.Status != 401 || a.Codes[0] != 700024 {
		t.Errorf("expired: %+v", a)
	}
}

func TestIsTrustedByItsOwnCAAlone(t *testing.T) {
	e, _ := startEntra(t, Options{})
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(e.CAPEM()) {
		t.Fatal("CAPEM is no PEM")
	}
	withCA := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer withCA.CloseIdleConnections()
	resp, err := withCA.Get(e.URL() + tenant + "/discovery/v2.0/keys")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp, err := (&http.Client{}).Get(e.URL()); err == nil {
		_ = resp.Body.Close()
		t.Error("a client with the system's roots connected")
	}
}

func TestFaults(t *testing.T) {
	e, c := startEntra(t, Options{})
	e.Fault(faultserver.Fault{Target: "token", Times: 1, Status: 503, RetryAfter: "7", ContentType: "application/json", Body: "{}"})
	if a := ask(t, c, e.TokenEndpoint(), tokenForm()); a.Status != 503 {
		t.Errorf("first: %+v", a)
	}
	if a := ask(t, c, e.TokenEndpoint(), tokenForm()); a.Status != 200 {
		t.Errorf("spent: %+v", a)
	}
	e.Fault(faultserver.Fault{Reset: true})
	if resp, err := c.PostForm(e.TokenEndpoint(), tokenForm()); err == nil {
		_ = resp.Body.Close()
		t.Error("an answer came through a cut connection")
	}
	e.ClearFaults()
	if a := ask(t, c, e.TokenEndpoint(), tokenForm()); a.Status != 200 {
		t.Errorf("cleared: %+v", a)
	}
}

func TestKnowsSeveralApps(t *testing.T) {
	const other = "5d1f0a77-2c4e-4a6b-8f3d-1e9b7c5a3d02"
	e, c := startEntra(t, Options{})
	if err := e.AddApp(App{ClientID: other, ClientSecret: "another secret"}); err != nil {
		t.Fatal(err)
	}
	for _, taken := range []string{strings.ToUpper(other), client} {
		if err := e.AddApp(App{ClientID: taken}); err == nil {
			t.Errorf("a second app with the client ID %s", taken)
		}
	}
	form := tokenForm()
	form.Set("client_id", other)
	if a := ask(t, c, e.TokenEndpoint(), form); a.Status != 401 || a.Codes[0] != 7000215 {
		t.Errorf("with the first app's secret: %+v", a)
	}
	form.Set("client_secret", "another secret")
	a := ask(t, c, e.TokenEndpoint(), form)
	claims, err := e.Verify(a.Token, audience, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if claims.AppID != other || len(claims.Roles) != 0 {
		t.Errorf("token is for app %q with roles %v", claims.AppID, claims.Roles)
	}
	e.ExpireSecretOf(other)
	if a := ask(t, c, e.TokenEndpoint(), form); a.Status != 401 || a.Codes[0] != 7000222 {
		t.Errorf("with an expired secret: %+v", a)
	}
	if a := ask(t, c, e.TokenEndpoint(), tokenForm()); a.Status != 200 {
		t.Errorf("the first app's secret has not expired: %+v", a)
	}
}
