package outbound

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"meetbot/internal/guid"
)

// Bounds of the wait that [RetryAfter] returns. The wait may hold back every replica, so that a nonsensical one must
// not stop the service.
const (
	minWait = time.Second
	maxWait = 10 * time.Minute
)

// RetryAfter reads how long an answer asks to wait before the next request: Retry-After holds seconds or a date (RFC
// 9110, section 10.2.3), or seconds with a fraction, which some services send against the RFC. A date counts from the
// answer's own Date, so that the clocks need not agree; without one, from now. A fraction is rounded up to the next
// millisecond. The wait is between one second and ten minutes. asked is false, and the wait 0, if the answer has no
// Retry-After that can be read.
func RetryAfter(h http.Header) (wait time.Duration, asked bool) {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if strings.Trim(value, "0123456789.") == "" { // no sign, exponent or unit
		seconds, err := time.ParseDuration(value + "s")
		if err != nil {
			return 0, false
		}
		wait = (seconds + time.Millisecond - 1).Truncate(time.Millisecond)
	} else {
		at, err := http.ParseTime(value)
		if err != nil {
			return 0, false
		}
		now, err := http.ParseTime(h.Get("Date"))
		if err != nil {
			now = time.Now()
		}
		wait = at.Sub(now)
	}
	return min(max(wait, minWait), maxWait), true
}

// Words are the error codes of a service, by the characters that they consist of. A text with any other character is no
// code: it may be a name, an address or a secret.
type Words struct{ pattern *regexp.Regexp }

// The codes of the services that the program calls. A code has 64 characters at most.
var (
	LowerWords = Words{regexp.MustCompile(`^[a-z_]{1,64}$`)}         // Slack and OAuth: "invalid_client"
	PlainWords = Words{regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)}    // Bot Connector: "BotNotInConversationRoster"
	CodeWords  = Words{regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)} // Graph: "Authorization_RequestDenied", "9041"
)

// MayLog tells whether an error code of an upstream may stand in a log: it is one of these words, it does not look like
// a token, and it has nothing to do with the secrets that the request was sent with.
func (w Words) MayLog(code string, secrets ...string) bool {
	return w.pattern.MatchString(code) && !looksSecret(code) && !hasSecret(code, secrets)
}

// LoggedHost is the host of a URL, as it may stand in a log: "another host" if the text is not like the name of one,
// with or without a port.
func LoggedHost(u *url.URL) string {
	if u == nil || !hostName.MatchString(u.Host) {
		return "another host"
	}
	return u.Host
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9.:-]{1,100}$`)

// MayLogRequestID tells whether the ID that an upstream gave to a request may stand in a log: Microsoft's are GUIDs.
func MayLogRequestID(id string, secrets ...string) bool {
	return guid.Valid(id) && !hasSecret(id, secrets)
}

var (
	urls = regexp.MustCompile(`[A-Za-z]+://\S+`)
	long = regexp.MustCompile(`[A-Za-z0-9_.~+=-]{24,}`)
)

// looksSecret tells whether a long word looks like a token or a secret rather than like a word.
func looksSecret(word string) bool {
	return long.MatchString(word) && strings.ContainsAny(word, "0123456789~")
}

// hasSecret tells whether text contains one of the secrets, or is a part of one.
func hasSecret(text string, secrets []string) bool {
	for _, s := range secrets {
		if s != "" && (strings.Contains(text, s) || len(text) >= 8 && strings.Contains(s, text)) {
			return true
		}
	}
	return false
}

// maxText bounds the text that [RedactText] returns, in characters.
const maxText = 300

// RedactText makes one line of at most 300 characters of an upstream's text, without URLs, without words that look like
// a token, and without the secrets.
func RedactText(text string, secrets ...string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "…")
		}
	}
	text = urls.ReplaceAllString(text, "…")
	text = long.ReplaceAllStringFunc(text, func(word string) string {
		if looksSecret(word) {
			return "…"
		}
		return word
	})
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if r := []rune(text); len(r) > maxText {
		text = string(r[:maxText-1]) + "…"
	}
	return text
}

// IsJSONObject tells whether an answer is a JSON object, as every answer of Graph and of Entra is.
func IsJSONObject(h http.Header, body []byte) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && media == "application/json" &&
		bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && json.Valid(body)
}
