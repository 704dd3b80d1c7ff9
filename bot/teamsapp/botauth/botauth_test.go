package botauth_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"meetbot/bot/teamsapp/botauth"
	"meetbot/internal/sandbox"
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
	*sandbox.Teams
	*clock
	verifier *botauth.Verifier
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{clock: newClock()}
	entra, err := sandbox.NewEntra(sandbox.EntraOptions{
		TenantID: "8eaef023-2b34-4da1-9baa-8bc8c9d6a490", ClientID: "0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9e01", ClientSecret: "secret",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(entra.Close)
	if w.Teams, err = sandbox.NewTeams(sandbox.TeamsOptions{Entra: entra, Now: w.now}); err != nil {
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
func (w *world) header(t *testing.T, token sandbox.TeamsToken) http.Header {
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
func (w *world) verify(t *testing.T, token sandbox.TeamsToken) error {
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

// Whatever differs from a true token is refused, and what differs in writing alone is not.
func TestForgeries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.RotateKey(false); err != nil {
		t.Fatal(err)
	}
	kid, empty, long := "nobody's", "", strings.Repeat("k", 300)
	claim := func(name string, value any) sandbox.TeamsToken {
		return sandbox.TeamsToken{Claims: map[string]any{name: value}}
	}
	for name, tt := range map[string]struct {
		token sandbox.TeamsToken
		good  bool
	}{
		"true": {sandbox.TeamsToken{}, true},

		"none at all":              {sandbox.TeamsToken{Absent: true}, false},
		"alg none":                 {sandbox.TeamsToken{Alg: "none"}, false},
		"HS256 by the public key":  {sandbox.TeamsToken{Alg: "HS256"}, false},
		"RS384":                    {sandbox.TeamsToken{Alg: "RS384"}, false},
		"RS512":                    {sandbox.TeamsToken{Alg: "RS512"}, false},
		"another key, known kid":   {sandbox.TeamsToken{Key: sandbox.TeamsKeyUnpublished}, false},
		"a key published no more":  {sandbox.TeamsToken{Key: sandbox.TeamsKeyPrevious}, false},
		"a key of other channels":  {sandbox.TeamsToken{Key: sandbox.TeamsKeyUnendorsed}, false},
		"unknown kid":              {sandbox.TeamsToken{Kid: &kid}, false},
		"empty kid":                {sandbox.TeamsToken{Kid: &empty}, false},
		"endless kid":              {sandbox.TeamsToken{Kid: &long}, false},
		"mangled signature":        {sandbox.TeamsToken{Mangle: true}, false},
		"another issuer":           {claim("iss", "https://sts.windows.net/x/"), false},
		"issuer of another cloud":  {claim("iss", "https://api.botframework.us"), false},
		"issuer with a slash":      {claim("iss", issuer+"/"), false},
		"no issuer":                {claim("iss", nil), false},
		"issuer that is a list":    {claim("iss", []string{issuer}), false},
		"another audience":         {claim("aud", "11111111-2222-4333-8444-555555555555"), false},
		"no audience":              {claim("aud", nil), false},
		"audience that is a part":  {claim("aud", w.AppID()[:35]), false},
		"one audience of two":      {claim("aud", []string{"other", w.AppID()}), true},
		"never expires":            {claim("exp", nil), false},
		"expiry that is no number": {claim("exp", "tomorrow"), false},
		"expired, within the skew": {claim("exp", w.in(-299*time.Second)), true},
		"expired, at the edge":     {claim("exp", w.in(-300*time.Second)), false},
		"expired long ago":         {claim("exp", w.in(-24*time.Hour)), false},
		"valid since never":        {claim("nbf", nil), false},
		"valid soon, at the edge":  {claim("nbf", w.in(300*time.Second)), true},
		"valid too late":           {claim("nbf", w.in(301*time.Second)), false},
		"issued in the future":     {claim("iat", w.in(time.Hour)), false},
		"another service":          {claim("serviceurl", "https://elsewhere.example/"), false},
		"a service below":          {claim("serviceurl", w.ServiceURL()+"v3/"), false},
		"a service above":          {claim("serviceurl", strings.TrimSuffix(w.ServiceURL(), "emea/")), false},
		"no service":               {claim("serviceurl", nil), false},
		"an empty service":         {claim("serviceurl", ""), false},
		"a service that is a list": {claim("serviceurl", []string{w.ServiceURL()}), false},
		"a service without slash":  {claim("serviceurl", strings.TrimRight(w.ServiceURL(), "/")), true},
		"a service in capitals":    {claim("serviceurl", strings.ToUpper(w.ServiceURL())), true},
	} {
		t.Run(name, func(t *testing.T) {
			err := w.verify(t, tt.token)
			if tt.good && err != nil {
				t.Errorf("refused: %v", err)
			}
			if !tt.good && !errors.Is(err, botauth.ErrRefused) {
				t.Errorf("not refused: %v", err)
			}
		})
	}
}

// The header has one form, in which the scheme's letters may be small.
func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := strings.TrimPrefix(w.header(t, sandbox.TeamsToken{}).Get("Authorization"), "Bearer ")
	for name, tt := range map[string]struct {
		values []string
		good   bool
	}{
		"as usual":          {[]string{"Bearer " + token}, true},
		"small letters":     {[]string{"bearer " + token}, true},
		"capitals":          {[]string{"BEARER " + token}, true},
		"no header":         {nil, false},
		"empty":             {[]string{""}, false},
		"scheme alone":      {[]string{"Bearer"}, false},
		"scheme and space":  {[]string{"Bearer "}, false},
		"token alone":       {[]string{token}, false},
		"another scheme":    {[]string{"Basic " + token}, false},
		"two spaces":        {[]string{"Bearer  " + token}, false},
		"a tab":             {[]string{"Bearer\t" + token}, false},
		"a space behind":    {[]string{"Bearer " + token + " "}, false},
		"a line break":      {[]string{"Bearer " + token + "\n"}, false},
		"twice in one":      {[]string{"Bearer " + token + ", Bearer " + token}, false},
		"two headers":       {[]string{"Bearer " + token, "Bearer " + token}, false},
		"a bad one behind":  {[]string{"Bearer " + token, "Basic eA=="}, false},
		"a bad one before":  {[]string{"Basic eA==", "Bearer " + token}, false},
		"padded":            {[]string{"Bearer " + token + "=="}, false},
		"four parts":        {[]string{"Bearer " + token + ".x"}, false},
		"two parts":         {[]string{"Bearer " + token[:strings.LastIndexByte(token, '.')]}, false},
		"no parts":          {[]string{"Bearer .."}, false},
		"as JSON":           {[]string{`Bearer {"payload":"e30","signatures":[{"protected":"e30","signature":"AA.."}]}`}, false},
		"parts of nonsense": {[]string{"Bearer AAAA.AAAA.AAAA"}, false},
		"too long":          {[]string{"Bearer " + token + strings.Repeat("A", 16<<10)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			if tt.values != nil {
				h["Authorization"] = tt.values
			}
			err := w.judge(t, h)
			if tt.good && err != nil || !tt.good && !errors.Is(err, botauth.ErrRefused) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A token brings no key, no place to fetch one from, and no algorithm.
func TestTokensThatBringTheirOwnKey(t *testing.T) {
	t.Parallel()
	p, forger := newPublisher(t, newKey(t), nil), newPublisher(t, newKey(t), nil)
	v := p.verifier(t)
	var jwk map[string]any
	if err := json.Unmarshal([]byte(forger.jwk(nil)), &jwk); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), p.header(t, jwt.SigningMethodRS256, nil)); err != nil {
		t.Errorf("the true one: %v", err)
	}
	for name, h := range map[string]http.Header{
		"jwk":           forger.header(t, jwt.SigningMethodRS256, map[string]any{"jwk": jwk}),
		"jku":           forger.header(t, jwt.SigningMethodRS256, map[string]any{"jku": forger.URL + "/keys"}),
		"x5u":           forger.header(t, jwt.SigningMethodRS256, map[string]any{"x5u": forger.URL + "/keys"}),
		"PS256":         p.header(t, jwt.SigningMethodPS256, nil),
		"no kid":        p.header(t, jwt.SigningMethodRS256, map[string]any{"kid": nil}),
		"kid, a number": p.header(t, jwt.SigningMethodRS256, map[string]any{"kid": 1}),
		"crit":          p.header(t, jwt.SigningMethodRS256, map[string]any{"crit": []string{"fresh"}, "fresh": true}),
	} {
		if _, err := v.Verify(t.Context(), h); !errors.Is(err, botauth.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := forger.asked.Load(); n != 0 {
		t.Errorf("the forger was asked %d times", n)
	}
}

// One key that is odd costs the others nothing, and is itself of no use.
func TestOddKeys(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	for name, tt := range map[string]struct {
		key  map[string]any // what is odd about the publisher's key
		more string         // published before it
		good bool
	}{
		"as usual":                    {nil, "", true},
		"names its algorithm":         {map[string]any{"alg": "RS256"}, "", true},
		"names no use":                {map[string]any{"use": nil}, "", true},
		"for any channel":             {map[string]any{"endorsements": nil}, "", true},
		"of no list of channels":      {map[string]any{"endorsements": []string{}}, "", true},
		"channel in capitals":         {map[string]any{"endorsements": []string{"MSTEAMS"}}, "", true},
		"for encryption":              {map[string]any{"use": "enc"}, "", false},
		"for another algorithm":       {map[string]any{"alg": "RS512"}, "", false},
		"for other channels":          {map[string]any{"endorsements": []string{"webchat"}}, "", false},
		"channels that are no list":   {map[string]any{"endorsements": "webchat"}, "", false},
		"channels that are no names":  {map[string]any{"endorsements": []int{1}}, "", false},
		"without an ID":               {map[string]any{"kid": nil}, "", false},
		"beside an elliptic one":      {nil, `{"kty":"EC","crv":"P-256","kid":"e","x":"AA","y":"AA"},`, true},
		"beside one of a new kind":    {nil, `{"kty":"LATTICE","kid":"l"},`, true},
		"beside one that is no key":   {nil, `{"kty":"RSA","kid":"r"},`, true},
		"beside a secret of its name": {nil, `{"kty":"oct","kid":"` + kid + `","k":"AAAA"},`, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPublisher(t, key, func(p *publisher) {
				p.set = func(p *publisher) string { return `{"keys":[` + tt.more + p.jwk(tt.key) + `]}` }
			})
			grant, err := p.verifier(t).Verify(t.Context(), p.header(t, jwt.SigningMethodRS256, nil))
			if err == nil {
				err = grant.Covers(teams, "https://smba.example/emea")
			}
			if (err == nil) != tt.good {
				t.Errorf("%v", err)
			}
		})
	}
}

// A new key is known without a restart; keys that are published no more go within a day.
func TestRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.verify(t, sandbox.TeamsToken{}); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	if err := w.RotateKey(false); err != nil {
		t.Fatal(err)
	}
	if err := w.verify(t, sandbox.TeamsToken{}); err != nil {
		t.Errorf("the new key: %v", err)
	}
	if err := w.verify(t, sandbox.TeamsToken{Key: sandbox.TeamsKeyPrevious}); !errors.Is(err, botauth.ErrRefused) {
		t.Errorf("the old key: %v", err)
	}
	if n := w.fetches(); n != 2 {
		t.Errorf("%d fetches", n)
	}
	// A day later the keys are read again, while the one at hand still serves.
	if err := w.RotateKey(true); err != nil {
		t.Fatal(err)
	}
	w.pass(24*time.Hour - time.Second)
	if err := w.verify(t, sandbox.TeamsToken{Key: sandbox.TeamsKeyPrevious}); err != nil || w.fetches() != 2 {
		t.Errorf("a second before: %v, %d fetches", err, w.fetches())
	}
	w.pass(time.Second)
	if err := w.verify(t, sandbox.TeamsToken{Key: sandbox.TeamsKeyPrevious}); err != nil {
		t.Errorf("the key at hand: %v", err)
	}
	eventually(t, "the keys are read again", func() bool { return w.fetches() == 3 })
	if err := w.verify(t, sandbox.TeamsToken{}); err != nil {
		t.Errorf("the newest key: %v", err)
	}
	if n := w.fetches(); n != 3 {
		t.Errorf("%d fetches", n)
	}
}

// However many tokens name keys that nobody knows, the keys are read at most once an hour for it.
func TestFloodOfUnknownKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.verify(t, sandbox.TeamsToken{}); err != nil {
		t.Fatal(err)
	}
	flood := func() {
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				id := rand.Text()
				if err := w.verify(t, sandbox.TeamsToken{Kid: &id}); !errors.Is(err, botauth.ErrRefused) {
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
	}
	for hour := range 3 {
		flood()
		w.pass(time.Hour - time.Second)
		flood()
		if n := w.fetches(); n != 1+hour {
			t.Errorf("hour %d: %d fetches", hour, n)
		}
		w.pass(time.Second)
	}
	if err := w.verify(t, sandbox.TeamsToken{}); err != nil {
		t.Errorf("the true one, after the flood: %v", err)
	}
}

// While the keys cannot be had no token can be judged: that is no refusal, and it passes.
func TestMetadataAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, fault := range map[string]sandbox.Fault{
		"metadata 500":        {Target: "metadata", Status: 500},
		"metadata moved":      {Target: "metadata", Status: 302},
		"metadata garbage":    {Target: "metadata", Status: 200, Body: "garbage"},
		"metadata empty":      {Target: "metadata", Status: 200},
		"metadata of nothing": {Target: "metadata", Status: 200, Body: "{}"},
		"connection cut":      {Target: "metadata", Reset: true},
		"keys 404":            {Target: "keys", Status: 404},
		"keys garbage":        {Target: "keys", Status: 200, Body: "garbage"},
		"keys null":           {Target: "keys", Status: 200, Body: "null"},
		"no keys":             {Target: "keys", Status: 200, Body: `{"keys":[]}`},
		"keys that hang":      {Target: "keys", Latency: time.Hour},
		"keys without end":    {Target: "keys", Status: 200, Body: `{"keys":[` + strings.Repeat(" ", 5<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			w.verifier = newVerifier(t, w.MetadataURL(), w.AppID(), w.now)
			before, _ := w.KeyFetches()
			w.Fault(fault)
			for range 5 {
				if err := w.verify(t, sandbox.TeamsToken{}); err == nil || errors.Is(err, botauth.ErrRefused) {
					t.Fatalf("%v", err)
				}
			}
			if after, _ := w.KeyFetches(); after != before+1 {
				t.Errorf("asked %d times within the same second", after-before)
			}
			w.ClearFaults()
			w.pass(10 * time.Second)
			if err := w.verify(t, sandbox.TeamsToken{}); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// Keys at hand outlive an outage of their publisher; of others nobody can tell.
func TestMetadataAwayLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.verify(t, sandbox.TeamsToken{}); err != nil {
		t.Fatal(err)
	}
	w.Fault(sandbox.Fault{Target: "metadata", Status: 503})
	w.pass(48 * time.Hour)
	for n := 2; n < 4; n++ {
		if err := w.verify(t, sandbox.TeamsToken{}); err != nil {
			t.Errorf("the key at hand: %v", err)
		}
		eventually(t, "the publisher is asked", func() bool { return w.fetches() == n })
		id := rand.Text()
		if err := w.verify(t, sandbox.TeamsToken{Kid: &id}); err == nil || errors.Is(err, botauth.ErrRefused) {
			t.Errorf("another key: %v", err)
		}
		if got := w.fetches(); got != n {
			t.Errorf("%d fetches, want %d", got, n)
		}
		w.pass(10 * time.Second)
	}
	w.ClearFaults()
	id := rand.Text()
	if err := w.verify(t, sandbox.TeamsToken{Kid: &id}); !errors.Is(err, botauth.ErrRefused) {
		t.Errorf("another key, when all is well: %v", err)
	}
}

// The keys come from the host of the metadata, whatever the metadata say.
func TestKeysOnAnotherHost(t *testing.T) {
	t.Parallel()
	var hits atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer trap.Close()
	key := newKey(t)
	for name, address := range map[string]string{
		"another port": trap.URL + "/keys", "https elsewhere": "https://keys.contoso.example/keys", "http elsewhere": "http://keys.contoso.example/keys",
		"a file": "file:///etc/passwd", "no URL": "::", "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			p := newPublisher(t, key, func(p *publisher) {
				p.metadata = func(*publisher) string { return `{"jwks_uri":"` + address + `"}` }
			})
			if _, err := p.verifier(t).Verify(t.Context(), p.header(t, jwt.SigningMethodRS256, nil)); err == nil || errors.Is(err, botauth.ErrRefused) {
				t.Errorf("%v", err)
			}
		})
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("the other host was asked %d times", n)
	}
}

// All who wait share one fetch, and who goes away leaves it to the others.
func TestOneFetchForAll(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	p := newPublisher(t, newKey(t), func(p *publisher) { p.hold = hold })
	v := p.verifier(t)
	h := p.header(t, jwt.SigningMethodRS256, nil)

	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := v.Verify(ctx, h)
		left <- err
	}()
	eventually(t, "the metadata are asked for", func() bool { return p.asked.Load() == 1 })
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := v.Verify(t.Context(), h); err != nil {
				t.Errorf("%v", err)
			}
		})
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) || errors.Is(err, botauth.ErrRefused) {
		t.Errorf("who went away: %v", err)
	}
	close(hold)
	wg.Wait()
	if n := p.asked.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}

// What is wrong with the configuration is said at once.
func TestConfig(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "x", "http://login.contoso.example/x", "ftp://127.0.0.1/x", "https://", "\x00"} {
		if _, err := botauth.New(botauth.Config{MetadataURL: address, Issuer: issuer, AppID: app}); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
	p := newPublisher(t, newKey(t), nil)
	v := newVerifier(t, p.URL+"/metadata", strings.ToUpper(app), nil)
	if _, err := v.Verify(t.Context(), p.header(t, jwt.SigningMethodRS256, nil)); err != nil {
		t.Errorf("an app ID in capitals: %v", err)
	}
}
