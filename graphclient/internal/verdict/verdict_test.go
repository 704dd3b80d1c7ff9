package verdict_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"meetbot/bot"
	"meetbot/graphclient/internal/verdict"
)

const (
	clientSecret = "a-client-secret-that-must-not-leak"
	token        = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
)

// What Graph says is told to the asker as it is, but for what nobody should read.
func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"The subject holds a word that is not allowed.":   "The subject holds a word that is not allowed.",
		"API requires one of 'OnlineMeetings.ReadWrite'.": "API requires one of 'OnlineMeetings.ReadWrite'.",
		"two\nlines\u2028and \u202e\x1b[31mmore\xff":      "two lines and [31mmore",
		"see https://graph.microsoft.com/v1.0/users/ann":  "see …",
		"Bearer " + token + " is bad":                     "Bearer … is bad",
		"secret '" + clientSecret + "'":                   "secret '…'",
		"xoxb-2345678901-2345678901234-abcdefghijklmnop":  "…",
		strings.Repeat("long ", 100):                      strings.TrimSpace(strings.Repeat("long ", 60)[:299]) + "…",
		"":                                                "",
	} {
		if got := verdict.Words(text, clientSecret); got != want {
			t.Errorf("Words(%q) = %q, want %q", text, got, want)
		}
	}
}

// A code stands in the error, and what only looks like one does not.
func TestCodes(t *testing.T) {
	for code, told := range map[string]bool{
		"Authorization_RequestDenied": true, "9041": true, "ErrorInvalidLicenseForMeeting": true, "BadRequest": true,
		clientSecret: false, token: false, token[:40]: false, clientSecret[2:20]: false, "ann@contoso.example": false, "a b": false, "": false,
	} {
		e := verdict.Graph(verdict.Answer{Op: "user", Status: 400, Body: []byte(`{"error":{"code":"` + code + `","message":"x"}}`)}, clientSecret)
		if got := code != "" && strings.Contains(e.Error(), code); got != told {
			t.Errorf("code %q: %v", code, e)
		}
	}
}

// check holds for every verdict: one of the known codes, a wait that makes sense, and nothing of the answer but what may
// be told.
func check(t *testing.T, a verdict.Answer, e *bot.Error, codes ...bot.Code) {
	t.Helper()
	known := false
	for _, c := range codes {
		known = known || e.Code == c
	}
	if !known || e.Status != a.Status || e.Err == nil {
		t.Errorf("%+v is %+v", a, e)
	}
	if throttled := e.Code == bot.Throttled; throttled != (e.Wait != 0) || throttled && (e.Wait < time.Second || e.Wait > 10*time.Minute) {
		t.Errorf("%+v: a wait of %s", a, e.Wait)
	}
	if e.Reason != "" && e.Code != bot.BadRequest {
		t.Errorf("%+v: a reason for %s", a, e.Code)
	}
	for _, text := range []string{e.Error(), e.Reason} {
		for _, secret := range []string{clientSecret, token, "://"} {
			if strings.Contains(text, secret) {
				t.Errorf("%+v: tells %q", a, text)
			}
		}
		if !utf8.ValidString(text) || utf8.RuneCountInString(text) > 400 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%+v: text %q", a, text)
		}
	}
}

func seeds(add func(status int, retryAfter, date, id, body string)) {
	for _, body := range []string{
		"", " ", "null", "[]", "{}", `{"error":null}`, `{"error":{"code":5}}`, `{"error":{"code":"BadRequest","message":"The subject is too long."}}`,
		`{"error":{"code":"` + clientSecret + `","message":"` + clientSecret + ` ` + token + `"}}`, `{"error":{"message":"no application access policy found for this app"}}`,
		`{"error":{"message":"App is not authorized to act on behalf of user"}}`, `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret ` + clientSecret + `"}`,
		`{"error":"` + clientSecret + `"}`, `{"error":"temporarily_unavailable"}`, "<html>" + token + "</html>", `{"error":{"message":"\u202e\u0000\ud800"}}`, strings.Repeat("[", 300),
		`{"error":{"message":"http` + "`" + `s://x"}}`, `{"error":{"message":"` + token[:20] + `\n` + token[20:] + `"}}`,
	} {
		for i, status := range []int{400, 401, 403, 404, 429, 500, 503, 302} {
			retry := []string{"", "3", "-1", "99999999999999999999", "Wed, 21 Oct 2026 07:28:00 GMT", "soon", "2147483647", " 5 "}[i]
			add(status, retry, "Wed, 21 Oct 2026 07:27:00 GMT", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", body)
		}
		add(400, "", "", clientSecret, body)
	}
}

func FuzzGraph(f *testing.F) {
	seeds(func(status int, retryAfter, date, id, body string) { f.Add(status, retryAfter, date, id, body, false) })
	f.Fuzz(func(t *testing.T, status int, retryAfter, date, id, body string, listing bool) {
		a := verdict.Answer{Op: "user", Listing: listing, Status: status, Header: http.Header{}, Body: []byte(body)}
		a.Header.Set("Retry-After", retryAfter)
		a.Header.Set("Date", date)
		a.Header.Set("request-id", id)
		e := verdict.Graph(a, token, clientSecret)
		check(t, a, e, bot.Throttled, bot.Unavailable, bot.Credentials, bot.NoAccessPolicy, bot.NoPermission, bot.NoSuchUser, bot.BadRequest)
		if e.Code == bot.NoSuchUser && listing {
			t.Errorf("a list says that there is no such user: %+v", a)
		}
		_ = verdict.IsObject(a.Header, a.Body)
	})
}

func FuzzEntra(f *testing.F) {
	seeds(func(status int, retryAfter, date, _, body string) { f.Add(status, retryAfter, date, body) })
	f.Fuzz(func(t *testing.T, status int, retryAfter, date, body string) {
		a := verdict.Answer{Op: "token", Status: status, Header: http.Header{}, Body: []byte(body)}
		a.Header.Set("Retry-After", retryAfter)
		a.Header.Set("Date", date)
		check(t, a, verdict.Entra(a, clientSecret), bot.Throttled, bot.Unavailable, bot.Credentials)
	})
}
