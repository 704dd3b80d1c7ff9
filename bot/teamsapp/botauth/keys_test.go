package botauth_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"meetbot/bot/teamsapp/botauth"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/teamstest"
)

// A new key is known without a restart; keys that are published no more go within a day.
func TestRotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.verify(t, teamstest.Token{}); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	if err := w.RotateKey(false); err != nil {
		t.Fatal(err)
	}
	if err := w.verify(t, teamstest.Token{}); err != nil {
		t.Errorf("the new key: %v", err)
	}
	if err := w.verify(t, teamstest.Token{Key: teamstest.KeyPrevious}); !errors.Is(err, botauth.ErrRefused) {
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
	if err := w.verify(t, teamstest.Token{Key: teamstest.KeyPrevious}); err != nil || w.fetches() != 2 {
		t.Errorf("a second before: %v, %d fetches", err, w.fetches())
	}
	w.pass(time.Second)
	if err := w.verify(t, teamstest.Token{Key: teamstest.KeyPrevious}); err != nil {
		t.Errorf("the key at hand: %v", err)
	}
	eventually(t, "the keys are read again", func() bool { return w.fetches() == 3 })
	if err := w.verify(t, teamstest.Token{}); err != nil {
		t.Errorf("the newest key: %v", err)
	}
	if n := w.fetches(); n != 3 {
		t.Errorf("%d fetches", n)
	}
}

// Somebody's junk key ID, sent shortly before a new key is published, delays the new key by a minute at most. The same
// junk has the keys read once an hour.
func TestJunkKeyBeforeANewKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.verify(t, teamstest.Token{}); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	junk := "junk"
	if err := w.verify(t, teamstest.Token{Kid: &junk}); !errors.Is(err, botauth.ErrRefused) {
		t.Errorf("junk: %v", err)
	}
	if err := w.RotateKey(false); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Minute)
	if err := w.verify(t, teamstest.Token{Kid: &junk}); !errors.Is(err, botauth.ErrRefused) || w.fetches() != 2 {
		t.Errorf("the same junk: %v, %d fetches", err, w.fetches())
	}
	if err := w.verify(t, teamstest.Token{}); err != nil {
		t.Errorf("the new key: %v", err)
	}
	if n := w.fetches(); n != 3 {
		t.Errorf("%d fetches", n)
	}
}

// However many tokens name keys that nobody knows, the keys are read at most once a minute for it.
func TestFloodOfUnknownKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.verify(t, teamstest.Token{}); err != nil {
		t.Fatal(err)
	}
	flood := func() {
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				id := rand.Text()
				if err := w.verify(t, teamstest.Token{Kid: &id}); !errors.Is(err, botauth.ErrRefused) {
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
	}
	for minute := range 3 {
		flood()
		w.pass(time.Minute - time.Second)
		flood()
		if n := w.fetches(); n != 1+minute {
			t.Errorf("minute %d: %d fetches", minute, n)
		}
		w.pass(time.Second)
	}
	if err := w.verify(t, teamstest.Token{}); err != nil {
		t.Errorf("the true one, after the flood: %v", err)
	}
}

// While the keys cannot be had no token can be judged: that is no refusal, and it passes.
func TestMetadataAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, fault := range map[string]faultserver.Fault{
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
				if err := w.verify(t, teamstest.Token{}); err == nil || errors.Is(err, botauth.ErrRefused) {
					t.Fatalf("%v", err)
				}
			}
			if after, _ := w.KeyFetches(); after != before+1 {
				t.Errorf("asked %d times within the same second", after-before)
			}
			w.ClearFaults()
			w.pass(10 * time.Second)
			if err := w.verify(t, teamstest.Token{}); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// Keys at hand outlive an outage of their publisher; of others nobody can tell.
func TestMetadataAwayLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.verify(t, teamstest.Token{}); err != nil {
		t.Fatal(err)
	}
	w.Fault(faultserver.Fault{Target: "metadata", Status: 503})
	w.pass(48 * time.Hour)
	for n := 2; n < 4; n++ {
		if err := w.verify(t, teamstest.Token{}); err != nil {
			t.Errorf("the key at hand: %v", err)
		}
		eventually(t, "the publisher is asked", func() bool { return w.fetches() == n })
		id := rand.Text()
		if err := w.verify(t, teamstest.Token{Kid: &id}); err == nil || errors.Is(err, botauth.ErrRefused) {
			t.Errorf("another key: %v", err)
		}
		if got := w.fetches(); got != n {
			t.Errorf("%d fetches, want %d", got, n)
		}
		w.pass(10 * time.Second)
	}
	w.ClearFaults()
	id := rand.Text()
	if err := w.verify(t, teamstest.Token{Kid: &id}); !errors.Is(err, botauth.ErrRefused) {
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
		"another port": trap.URL + "/keys", "https elsewhere": "https://keys.contoso.example/keys",
		"http elsewhere": "http://keys.contoso.example/keys",
		"a file":         "file:///etc/passwd", "no URL": "::", "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			p := newPublisher(t, key, func(p *publisher) {
				p.metadata = func(*publisher) string { return `{"jwks_uri":"` + address + `"}` }
			})
			if _, err := p.verifier(t).Verify(t.Context(), p.header(t, jwt.SigningMethodRS256, nil)); err == nil ||
				errors.Is(err, botauth.ErrRefused) {
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
	for _, address := range []string{
		"", "x", "http://login.contoso.example/x", "ftp://127.0.0.1/x", "https://", "\x00",
	} {
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
