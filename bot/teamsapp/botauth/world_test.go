package botauth_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"meetbot/bot/teamsapp/botauth"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/teamstest"
)

const (
	issuer = "https://api.botframework.com"
	teams  = "msteams"
)

// clock is a time that a test moves.
type clock struct{ seconds atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.seconds.Store(time.Date(2026, 3, 12, 15, 4, 5, 0, time.UTC).Unix())
	return c
}

func (c *clock) now() time.Time         { return time.Unix(c.seconds.Load(), 0) }
func (c *clock) pass(d time.Duration)   { c.seconds.Add(int64(d / time.Second)) }
func (c *clock) in(d time.Duration) any { return c.now().Add(d).Unix() }

// world is a Bot Framework and a verifier of its tokens, at the same time of day.
type world struct {
	*teamstest.Server
	*clock
	verifier *botauth.Verifier
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{clock: newClock()}
	entra, err := entratest.New(entratest.Options{
		TenantID: "8eaef023-2b34-4da1-9baa-8bc8c9d6a490", ClientID: "0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9e01",
		ClientSecret: "secret",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(entra.Close)
	if w.Server, err = teamstest.New(teamstest.Options{Entra: entra, Now: w.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	w.verifier = newVerifier(t, w.MetadataURL(), w.AppID(), w.now)
	return w
}

func newVerifier(t testing.TB, metadata, appID string, now func() time.Time) *botauth.Verifier {
	t.Helper()
	v, err := botauth.New(botauth.Config{MetadataURL: metadata, Issuer: issuer, AppID: appID, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// header makes the headers of an activity with this token.
func (w *world) header(t *testing.T, token teamstest.Token) http.Header {
	t.Helper()
	value, err := w.Token(token)
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	if value != "" {
		h.Set("Authorization", value)
	}
	return h
}

// verify judges an activity with this token, as the endpoint does.
func (w *world) verify(t *testing.T, token teamstest.Token) error {
	t.Helper()
	return w.judge(t, w.header(t, token))
}

func (w *world) judge(t *testing.T, h http.Header) error {
	t.Helper()
	grant, err := w.verifier.Verify(t.Context(), h)
	if err == nil {
		err = grant.Covers(teams, w.ServiceURL())
	}
	wantNoToken(t, h, err)
	return err
}

// wantNoToken fails the test if the error holds a part of the token.
func wantNoToken(t *testing.T, h http.Header, err error) {
	t.Helper()
	for _, value := range h.Values("Authorization") {
		_, token, _ := strings.Cut(value, " ")
		for part := range strings.SplitSeq(token, ".") {
			if err != nil && len(part) > 8 && strings.Contains(err.Error(), part) {
				t.Errorf("the error holds a part of the token: %v", err)
			}
		}
	}
}

func (w *world) fetches() int {
	metadata, keys := w.KeyFetches()
	return max(metadata, keys)
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
		time.Sleep(time.Millisecond) // between two looks at the condition
	}
}

// publisher publishes a key of the test's own, in whatever form.
type publisher struct {
	*httptest.Server
	key      *rsa.PrivateKey
	metadata func(p *publisher) string
	set      func(p *publisher) string
	hold     chan struct{} // metadata are given out once it is closed; nil: at once
	asked    atomic.Int64  // for metadata
}

func newKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newPublisher(t testing.TB, key *rsa.PrivateKey, change func(*publisher)) *publisher {
	t.Helper()
	p := &publisher{
		key:      key,
		metadata: func(p *publisher) string { return `{"jwks_uri":"` + p.URL + `/keys"}` },
		set:      func(p *publisher) string { return `{"keys":[` + p.jwk(nil) + `]}` },
	}
	if change != nil {
		change(p)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/metadata", func(w http.ResponseWriter, _ *http.Request) {
		p.asked.Add(1)
		if p.hold != nil {
			<-p.hold
		}
		_, _ = w.Write([]byte(p.metadata(p)))
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(p.set(p))) })
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// kid and app are the names of the publisher's key, and of the bot that its tokens are for.
const (
	kid = "key-of-today"
	app = "0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9e01"
)

// jwk is the publisher's key as it is published, changed: a nil value takes a member away.
func (p *publisher) jwk(change map[string]any) string {
	b64 := base64.RawURLEncoding.EncodeToString
	members := map[string]any{
		"kty": "RSA", "use": "sig", "kid": kid, "n": b64(p.key.N.Bytes()), "e": b64(big.NewInt(int64(p.key.E)).Bytes()),
		"endorsements": []string{teams},
	}
	for name, value := range change {
		if members[name] = value; value == nil {
			delete(members, name)
		}
	}
	out, _ := json.Marshal(members)
	return string(out)
}

// header signs a token with the publisher's key, under a header changed like this.
func (p *publisher) header(t testing.TB, method jwt.SigningMethod, change map[string]any) http.Header {
	t.Helper()
	token := jwt.NewWithClaims(method, jwt.MapClaims{
		"serviceurl": "https://smba.example/emea/", "iss": issuer, "aud": app,
		"nbf": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	})
	token.Header["kid"] = kid
	for name, value := range change {
		if token.Header[name] = value; value == nil {
			delete(token.Header, name)
		}
	}
	signed, err := token.SignedString(p.key)
	if err != nil {
		t.Fatal(err)
	}
	return http.Header{"Authorization": {"Bearer " + signed}}
}

func (p *publisher) verifier(t testing.TB) *botauth.Verifier {
	t.Helper()
	return newVerifier(t, p.URL+"/metadata", app, nil)
}
