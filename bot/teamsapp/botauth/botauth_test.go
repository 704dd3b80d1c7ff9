package botauth_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"meetbot/bot/teamsapp/botauth"
	"meetbot/internal/sandbox/teamstest"
)

// Whatever differs from a true token is refused, and what differs in writing alone is not.
func TestForgeries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.RotateKey(false); err != nil {
		t.Fatal(err)
	}
	kid, empty, long := "nobody's", "", strings.Repeat("k", 300)
	claim := func(name string, value any) teamstest.Token {
		return teamstest.Token{Claims: map[string]any{name: value}}
	}
	for name, tt := range map[string]struct {
		token teamstest.Token
		good  bool
	}{
		"true": {teamstest.Token{}, true},

		"none at all":              {teamstest.Token{Absent: true}, false},
		"alg none":                 {teamstest.Token{Alg: "none"}, false},
		"HS256 by the public key":  {teamstest.Token{Alg: "HS256"}, false},
		"RS384":                    {teamstest.Token{Alg: "RS384"}, false},
		"RS512":                    {teamstest.Token{Alg: "RS512"}, false},
		"another key, known kid":   {teamstest.Token{Key: teamstest.KeyUnpublished}, false},
		"a key published no more":  {teamstest.Token{Key: teamstest.KeyPrevious}, false},
		"a key of other channels":  {teamstest.Token{Key: teamstest.KeyUnendorsed}, false},
		"unknown kid":              {teamstest.Token{Kid: &kid}, false},
		"empty kid":                {teamstest.Token{Kid: &empty}, false},
		"endless kid":              {teamstest.Token{Kid: &long}, false},
		"mangled signature":        {teamstest.Token{Mangle: true}, false},
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
	token := strings.TrimPrefix(w.header(t, teamstest.Token{}).Get("Authorization"), "Bearer ")
	for name, tt := range map[string]struct {
		values []string
		good   bool
	}{
		"as usual":         {[]string{"Bearer " + token}, true},
		"small letters":    {[]string{"bearer " + token}, true},
		"capitals":         {[]string{"BEARER " + token}, true},
		"no header":        {nil, false},
		"empty":            {[]string{""}, false},
		"scheme alone":     {[]string{"Bearer"}, false},
		"scheme and space": {[]string{"Bearer "}, false},
		"token alone":      {[]string{token}, false},
		"another scheme":   {[]string{"Basic " + token}, false},
		"two spaces":       {[]string{"Bearer  " + token}, false},
		"a tab":            {[]string{"Bearer\t" + token}, false},
		"a space behind":   {[]string{"Bearer " + token + " "}, false},
		"a line break":     {[]string{"Bearer " + token + "\n"}, false},
		"twice in one":     {[]string{"Bearer " + token + ", Bearer " + token}, false},
		"two headers":      {[]string{"Bearer " + token, "Bearer " + token}, false},
		"a bad one behind": {[]string{"Bearer " + token, "Basic eA=="}, false},
		"a bad one before": {[]string{"Basic eA==", "Bearer " + token}, false},
		"padded":           {[]string{"Bearer " + token + "=="}, false},
		"four parts":       {[]string{"Bearer " + token + ".x"}, false},
		"two parts":        {[]string{"Bearer " + token[:strings.LastIndexByte(token, '.')]}, false},
		"no parts":         {[]string{"Bearer .."}, false},
		"as JSON": {
			[]string{`Bearer {"payload":"e30","signatures":[{"protected":"e30","signature":"AA.."}]}`}, false,
		},
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
