// Package outboundtest has what the tests of the clients of other services share: answers to classify, and what must
// hold for every error that an answer amounts to. Call [Seeds] and [Check] from a fuzz target. It imports bot alone.
package outboundtest

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"meetbot/bot"
)

// What a request was sent with, and no error may tell.
const (
	ClientSecret = "a-client-secret-that-must-not-leak"
	Token        = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
)

// Observer counts the exchanges that a client tells it. The zero value is ready. It is safe for concurrent use.
type Observer struct {
	mu   sync.Mutex
	seen map[string]int
}

// Observe is told an exchange: the operation, and the HTTP status, 0 if there was no answer.
func (o *Observer) Observe(op string, status int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seen == nil {
		o.seen = map[string]int{}
	}
	o.seen[op]++
	if status == 0 {
		o.seen["none"]++
	}
}

// Exchanges returns how many exchanges each operation had, and under "none" how many had no answer.
func (o *Observer) Exchanges() map[string]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.seen)
}

// Check checks the error that an answer with this status amounts to: it has one of the codes and a wait that makes
// sense, and it holds nothing of the answer but what may be told.
func Check(t *testing.T, status int, e *bot.Error, codes ...bot.Code) {
	t.Helper()
	if !slices.Contains(codes, e.Code) || e.Status != status || e.Err == nil {
		t.Errorf("status %d is %+v", status, e)
	}
	inBounds := e.Wait >= time.Second && e.Wait <= 10*time.Minute
	if e.Code == bot.Throttled && !inBounds || e.Code != bot.Throttled && e.Wait != 0 {
		t.Errorf("a wait of %s for %s", e.Wait, e.Code)
	}
	if e.Reason != "" && e.Code != bot.BadRequest {
		t.Errorf("a reason for %s", e.Code)
	}
	for _, text := range []string{e.Error(), e.Reason} {
		for _, secret := range []string{ClientSecret, Token, "://"} {
			if strings.Contains(text, secret) {
				t.Errorf("the error tells %q", text)
			}
		}
		if !utf8.ValidString(text) || utf8.RuneCountInString(text) > 400 ||
			strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("text %q", text)
		}
	}
}

// Seeds adds answers of every kind to a fuzz target: bodies that are right, wrong and unkind, with several statuses.
func Seeds(add func(status int, retryAfter, date, id, body string)) {
	for _, body := range []string{
		"", " ", "null", "[]", "{}", `{"error":null}`, `{"error":{"code":5}}`,
		`{"error":{"code":"BadRequest","message":"The subject is too long."}}`,
		`{"error":{"code":"` + ClientSecret + `","message":"` + ClientSecret + ` ` + Token + `"}}`,
		`{"error":{"message":"no application access policy found for this app"}}`,
		`{"error":{"message":"App is not authorized to act on behalf of user"}}`,
		`{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret ` + ClientSecret + `"}`,
		`{"error":"` + ClientSecret + `"}`,
		`{"error":"temporarily_unavailable"}`, "<html>" + Token + "</html>",
		`{"error":{"message":"\u202e\u0000\ud800"}}`, strings.Repeat("[", 300),
		`{"error":{"message":"http` + "`" + `s://x"}}`,
		`{"error":{"message":"` + Token[:20] + `\n` + Token[20:] + `"}}`,
	} {
		for i, status := range []int{400, 401, 403, 404, 429, 500, 503, 302} {
			retry := []string{
				"", "3", "-1", "99999999999999999999", "Wed, 21 Oct 2026 07:28:00 GMT", "soon", "2147483647", " 5 ",
			}[i]
			add(status, retry, "Wed, 21 Oct 2026 07:27:00 GMT", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", body)
		}
		add(400, "", "", ClientSecret, body)
	}
}
