package outbound_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"meetbot/internal/outbound"
	"meetbot/internal/outbound/outboundtest"
)

func TestRetryAfter(t *testing.T) {
	const none = time.Duration(0)
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC) // the service's clock, which need not agree with ours
	at := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for value, want := range map[string]time.Duration{
		// Seconds.
		"1": time.Second, "12": 12 * time.Second, "012": 12 * time.Second, " 5 ": 5 * time.Second,
		"600": 10 * time.Minute,
		// With a fraction, which is rounded up to milliseconds.
		"2.128": 2128 * time.Millisecond, "2.1280001": 2129 * time.Millisecond, "2.0": 2 * time.Second,
		"1.0000000001": time.Second,
		"1.000000001":  1001 * time.Millisecond, "7.": 7 * time.Second,
		// A date.
		at(90 * time.Second): 90 * time.Second, "Sunday, 01-Mar-26 10:00:03 GMT": 3 * time.Second,
		"Sun Mar  1 10:00:04 2026": 4 * time.Second,
		// Out of bounds.
		"0": time.Second, "0.3": time.Second, ".3": time.Second, at(0): time.Second, at(-time.Hour): time.Second,
		"601": 10 * time.Minute, "86400": 10 * time.Minute, "2147483648": 10 * time.Minute,
		at(time.Hour):                   10 * time.Minute,
		"Fri, 01 Jan 9999 10:00:00 GMT": 10 * time.Minute,
		// Not readable.
		"": none, " ": none, ".": none, "soon": none, "-3": none, "+3": none, "1e3": none, "0x10": none, "1_000": none,
		"1m": none, "3s": none,
		"3 s": none, "3,5": none, "1.2.3": none, "Inf": none, "NaN": none, "99999999999999999999": none, "\u0663": none,
		"12;13":                         none,
		"Sun, 01 Mar 2026 10:00:00 CET": none,
	} {
		h := http.Header{"Date": {now.Format(http.TimeFormat)}, "Retry-After": {value}}
		wait, asked := outbound.RetryAfter(h)
		if wait != want || asked != (want != none) {
			t.Errorf("%q: %s, %t; want %s", value, wait, asked, want)
		}
	}
	if wait, asked := outbound.RetryAfter(http.Header{}); asked || wait != 0 {
		t.Errorf("no header: %s, %t", wait, asked)
	}
	for _, date := range []string{"", "today"} { // then a date counts from now
		h := http.Header{"Date": {date}, "Retry-After": {time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)}}
		if wait, asked := outbound.RetryAfter(h); !asked || wait < 50*time.Second || wait > time.Minute {
			t.Errorf("without a usable Date: %s, %t", wait, asked)
		}
	}
}

// Whatever the headers hold, the wait is within the bounds, or nothing is asked.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{
		"", "3", "2.128", "-1", "0", ".", "1e9", "99999999999999999999", "Wed, 21 Oct 2026 07:28:00 GMT", "soon", " 5 ",
		"1.2.3", "2147483648.999999999999",
	} {
		f.Add(seed, "Wed, 21 Oct 2026 07:27:00 GMT")
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, value, date string) {
		wait, asked := outbound.RetryAfter(http.Header{"Retry-After": {value}, "Date": {date}})
		if asked && (wait < time.Second || wait > 10*time.Minute) || !asked && wait != 0 {
			t.Errorf("%q, %q: %s, %t", value, date, wait, asked)
		}
	})
}

// An error code may be logged, and what only looks like one may not.
func TestWords(t *testing.T) {
	const token, secret = outboundtest.Token, outboundtest.ClientSecret
	for code, want := range map[string][3]bool{ // lower, plain, code
		"invalid_client": {true, false, true}, "ratelimited": {true, true, true},
		"BotNotInConversationRoster":  {false, true, true},
		"Authorization_RequestDenied": {false, false, true}, "9041": {false, true, true},
		"v1.0-x": {false, false, true},
		"":       {}, " ": {}, "a b": {}, "a\n": {}, "\u0430": {}, "ann@contoso.example": {}, "https://x": {},
		token: {}, token[:36]: {}, secret: {}, secret[2:20]: {}, strings.Repeat("x", 65): {},
		strings.Repeat("x", 64): {true, true, true},
	} {
		for i, words := range []outbound.Words{outbound.LowerWords, outbound.PlainWords, outbound.CodeWords} {
			if got := words.MayLog(code, secret, ""); got != want[i] {
				t.Errorf("%q of kind %d: %t", code, i, got)
			}
		}
	}
	const id = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
	if !outbound.MayLogRequestID(id, secret) || outbound.MayLogRequestID(id, "x"+id) ||
		outbound.MayLogRequestID(secret) {
		t.Error("the ID of a request")
	}
}

// The text of an upstream is told as it is, except what nobody may read.
func TestRedactText(t *testing.T) {
	for text, want := range map[string]string{
		"The subject holds a word that is not allowed.":   "The subject holds a word that is not allowed.",
		"API requires one of 'OnlineMeetings.ReadWrite'.": "API requires one of 'OnlineMeetings.ReadWrite'.",
		"two\nlines\u2028and \u202e\x1b[31mmore\xff":      "two lines and [31mmore",
		"see https://graph.microsoft.com/v1.0/users/ann":  "see …",
		"Bearer " + outboundtest.Token + " is bad":        "Bearer … is bad",
		"secret '" + outboundtest.ClientSecret + "'":      "secret '…'",
		"xoxb-2345678901-2345678901234-abcdefghijklmnop":  "…",
		strings.Repeat("long ", 100):                      strings.TrimSpace(strings.Repeat("long ", 60)[:299]) + "…",
		"":                                                "",
	} {
		if got := outbound.RedactText(text, outboundtest.ClientSecret); got != want {
			t.Errorf("RedactText(%q) = %q, want %q", text, got, want)
		}
	}
}
