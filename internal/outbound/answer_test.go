package outbound_test

import (
	"strings"
	"testing"

	"meetbot/internal/outbound"
	"meetbot/internal/outbound/outboundtest"
)

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
