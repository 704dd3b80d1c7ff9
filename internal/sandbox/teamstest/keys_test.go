package teamstest

import (
	"context"
	"errors"
	"io"
	"meetbot/internal/sandbox/faultserver"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestForgeries(t *testing.T) {
	w := startTeams(t, Options{})
	app, heard := bot(t, w.Server, accept)
	activity, err := w.Activity(Post{User: ann, Conversation: plans, Text: w.Mention()})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.RotateKey(false); err != nil {
		t.Fatal(err)
	}
	basic, kid := "Basic bWVldDpib3Q=", "nobody's"
	claim := func(name string, value any) Token { return Token{Claims: map[string]any{name: value}} }
	past, future := time.Now().Add(-time.Hour).Unix(), time.Now().Add(time.Hour).Unix()
	for name, test := range map[string]struct {
		token Token
		why   string // of the refusal; empty: none
	}{
		"true":              {Token{}, ""},
		"absent":            {Token{Absent: true}, "no token"},
		"another scheme":    {Token{Header: &basic}, "no token"},
		"no signature":      {Token{Alg: "none"}, "signing method none is invalid"},
		"public key":        {Token{Alg: "HS256"}, "signing method HS256 is invalid"},
		"RS384":             {Token{Alg: "RS384"}, "signing method RS384 is invalid"},
		"RS512":             {Token{Alg: "RS512"}, "signing method RS512 is invalid"},
		"unpublished key":   {Token{Key: KeyUnpublished}, "verification error"},
		"dropped key":       {Token{Key: KeyPrevious}, "key is unknown"},
		"unknown kid":       {Token{Kid: &kid}, "key is unknown"},
		"unendorsed key":    {Token{Key: KeyUnendorsed}, "key is not endorsed"},
		"mangled":           {Token{Mangle: true}, "verification error"},
		"another issuer":    {claim("iss", "https://sts.windows.net/x/"), "invalid issuer"},
		"no issuer":         {claim("iss", nil), "invalid"},
		"another audience":  {claim("aud", otherTenant), "invalid audience"},
		"expired":           {claim("exp", past), "expired"},
		"never expires":     {claim("exp", nil), "exp claim is required"},
		"not yet":           {claim("nbf", future), "not valid yet"},
		"another service":   {claim("serviceurl", "https://elsewhere.example/"), "token is for the service"},
		"no service":        {claim("serviceurl", nil), "token is for the service"},
		"within the leeway": {claim("exp", time.Now().Add(-time.Minute).Unix()), ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(heard())
			d, err := w.Deliver(t.Context(), app, activity, test.token)
			if err != nil {
				t.Fatal(err)
			}
			if accepted := d.Attempts[0] == 200; accepted != (test.why == "") || !strings.Contains(string(d.Body), test.why) {
				t.Errorf("answered %v %s, want %q", d.Attempts, d.Body, test.why)
			}
			if (len(heard()) > before) != (test.why == "") {
				t.Errorf("heard %d", len(heard())-before)
			}
		})
	}
	for _, bad := range []Token{{Alg: "ES256"}, {Key: "another"}} {
		if _, err := w.Deliver(t.Context(), app, activity, bad); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
	d, err := w.Deliver(t.Context(), app, []byte("no JSON"), Token{})
	if err != nil || d.Attempts[0] != 401 || string(d.Activity) != "no JSON" {
		t.Errorf("anything can be sent as it is: %+v, %v", d, err)
	}
}

func TestKeyRotation(t *testing.T) {
	w := startTeams(t, Options{})
	app, _ := bot(t, w.Server, accept)
	activity, err := w.Activity(Post{User: ann, Conversation: plans, Text: w.Mention()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Deliver(t.Context(), app, activity, Token{Key: KeyPrevious}); err == nil {
		t.Error("a previous key before the first rotation")
	}
	deliver := func(key Key) int {
		t.Helper()
		d, err := w.Deliver(t.Context(), app, activity, Token{Key: key})
		if err != nil {
			t.Fatal(err)
		}
		return d.Attempts[0]
	}
	for _, keep := range []bool{true, false} {
		before, err := w.keys.get(KeyCurrent)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.RotateKey(keep); err != nil {
			t.Fatal(err)
		}
		if after, _ := w.keys.get(KeyCurrent); after.kid == before.kid || after.Equal(before.PrivateKey) {
			t.Error("the key is the same")
		}
		if status := deliver(KeyCurrent); status != 200 {
			t.Errorf("the new key: %d", status)
		}
		if status := deliver(KeyPrevious); (status == 200) != keep {
			t.Errorf("the old key, kept: %v: %d", keep, status)
		}
	}
	if metadata, keys := w.KeyFetches(); metadata != 4 || keys != 4 {
		t.Errorf("fetches: %d, %d", metadata, keys)
	}
}

func TestKeyPublisherFails(t *testing.T) {
	w := startTeams(t, Options{})
	w.Fault(faultserver.Fault{Target: "metadata", Times: 1, Status: 500})
	w.Fault(faultserver.Fault{Target: "keys", Times: 1, Status: 200, Body: "garbage"})
	for path, want := range map[string]string{metadataPath: "500 ", keysPath: "200 garbage"} {
		resp, err := http.Get(w.base + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if got := resp.Status[:4] + string(body); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	w.Fault(faultserver.Fault{Target: "metadata", Latency: time.Hour})
	ctx, giveUp := context.WithCancel(t.Context())
	hung := make(chan error, 1)
	go func() { hung <- readJSON(ctx, w.MetadataURL(), &struct{}{}) }()
	for metadata := 0; metadata < 2; metadata, _ = w.KeyFetches() {
		time.Sleep(time.Millisecond) // between two looks at the condition
	}
	giveUp()
	if err := <-hung; !errors.Is(err, context.Canceled) {
		t.Errorf("the metadata do not hang: %v", err)
	}
	w.ClearFaults()
	if err := readJSON(t.Context(), w.MetadataURL(), &struct{}{}); err != nil {
		t.Error(err)
	}
	if metadata, keys := w.KeyFetches(); metadata != 3 || keys != 1 {
		t.Errorf("fetches: %d, %d", metadata, keys)
	}
	if len(w.Calls()) > 0 {
		t.Error("reading keys is no call of the connector")
	}
}
