// Package verdict settles what an answer of Graph's or Entra's amounts to: a pure function of the answer, so it needs none
// of the SDK. It promises that nothing of an answer gets into an error's text but a status, a code and a request's ID, and
// into its Reason no URL, no token and nothing that the caller names as secret.
package verdict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"meetbot/bot"
)

// How long to wait when an upstream says "too many requests" without saying for how long, and the bounds of what is
// taken from it otherwise: the wait holds back every replica, so a nonsensical one must not stop the service.
const (
	defaultWait = 5 * time.Second
	minWait     = time.Second
	maxWait     = 10 * time.Minute
)

// answerKind is whose answer a body is.
type answerKind int

const (
	empty   answerKind = iota
	genuine            // the upstream's own error object
	foreign            // something else, such as the page of a proxy on the way
)

// Answer is an answer other than success.
type Answer struct {
	Op      string // what was asked, for the error's text
	Listing bool   // a list was asked for, which is always there: then 404 says nothing about the request
	Status  int
	Header  http.Header
	Body    []byte
}

// Graph settles what an answer of Graph's amounts to (document "errors"). secrets are what the request was sent with.
func Graph(a Answer, secrets ...string) *bot.Error {
	kind, code, message := graphError(a.Body)
	text := fmt.Sprintf("%s: status %d", a.Op, a.Status)
	if identifier.MatchString(code) && !opaque(code) && !secret(code, secrets) {
		text += " " + code
	}
	if id := a.Header.Get("request-id"); requestID.MatchString(id) && !secret(id, secrets) {
		text += ", request " + id // what Microsoft's support asks for
	}
	e := &bot.Error{Status: a.Status, Err: errors.New(text)}
	wait, asked := retryAfter(a.Header)
	switch {
	case a.Status == http.StatusTooManyRequests || a.Status >= 500 && asked:
		e.Code, e.Wait = bot.Throttled, wait
	case kind == foreign:
		e.Code = bot.Unavailable
	case a.Status == http.StatusUnauthorized:
		e.Code = bot.Credentials
	case a.Status == http.StatusForbidden && deniedByPolicy(message):
		e.Code = bot.NoAccessPolicy
	case a.Status == http.StatusForbidden:
		e.Code = bot.NoPermission
	case a.Status == http.StatusNotFound && !a.Listing:
		e.Code = bot.NoSuchUser
	case refused[a.Status]:
		e.Code, e.Reason = bot.BadRequest, Words(message, secrets...)
	default:
		e.Code = bot.Unavailable
	}
	return e
}

// refused are the statuses that say: not this request, however often.
var refused = map[int]bool{
	http.StatusBadRequest:            true,
	http.StatusNotAcceptable:         true,
	http.StatusLengthRequired:        true,
	http.StatusRequestEntityTooLarge: true,
	http.StatusRequestURITooLong:     true,
	http.StatusUnsupportedMediaType:  true,
	http.StatusUnprocessableEntity:   true,
}

// deniedByPolicy knows the missing application access policy by its message: the code that comes with it has changed
// over the years.
func deniedByPolicy(message string) bool {
	m := strings.ToLower(message)
	return strings.Contains(m, "no application access policy found") ||
		strings.Contains(m, "is not authorized to") && strings.Contains(m, "on behalf of user")
}

// graphError reads {"error":{"code":…,"message":…}}.
func graphError(body []byte) (kind answerKind, code, message string) {
	if len(bytes.TrimSpace(body)) == 0 {
		return empty, "", ""
	}
	var b struct {
		Error *struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &b) != nil || b.Error == nil {
		return foreign, "", ""
	}
	return genuine, b.Error.Code, b.Error.Message
}

// Entra settles what an answer of Entra's amounts to (RFC 6749, section 5.2; document "AADSTS error codes").
func Entra(a Answer, secrets ...string) *bot.Error {
	var b struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	oauth := json.Unmarshal(a.Body, &b) == nil && b.Error != ""
	text := fmt.Sprintf("%s: status %d", a.Op, a.Status)
	if aadsts := aadstsCode.FindString(b.Description); aadsts != "" {
		text += " " + aadsts
	}
	if oauth && oauthError.MatchString(b.Error) && !secret(b.Error, secrets) {
		text += " " + b.Error
	}
	e := &bot.Error{Status: a.Status, Err: errors.New(text)}
	wait, asked := retryAfter(a.Header)
	switch {
	case a.Status == http.StatusTooManyRequests || a.Status >= 500 && asked:
		e.Code, e.Wait = bot.Throttled, wait
	case a.Status >= 400 && a.Status < 500 && a.Status != http.StatusRequestTimeout && oauth && b.Error != "temporarily_unavailable":
		e.Code = bot.Credentials
	default:
		e.Code = bot.Unavailable
	}
	return e
}

var (
	aadstsCode = regexp.MustCompile(`\bAADSTS\d{4,8}\b`)
	oauthError = regexp.MustCompile(`^[a-z_]{1,64}$`)
	// identifier is what a code of Graph's looks like. Anything else might be somebody's name.
	identifier = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
	requestID  = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	urls       = regexp.MustCompile(`[A-Za-z]+://\S+`)
	long       = regexp.MustCompile(`[A-Za-z0-9_.~+=-]{24,}`)
)

// opaque tells whether a long word looks like a token or a secret rather than like a word.
func opaque(word string) bool {
	return long.MatchString(word) && strings.ContainsAny(word, "0123456789~")
}

// secret tells whether text is, or is a part of, one of the secrets, or has one in it.
func secret(text string, secrets []string) bool {
	for _, s := range secrets {
		if s != "" && (strings.Contains(text, s) || len(text) >= 8 && strings.Contains(s, text)) {
			return true
		}
	}
	return false
}

// Words makes one bounded line of an upstream's text, without URLs, without what looks like a token, and without the
// secrets.
func Words(text string, secrets ...string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "…")
		}
	}
	text = urls.ReplaceAllString(text, "…")
	text = long.ReplaceAllStringFunc(text, func(word string) string {
		if opaque(word) {
			return "…"
		}
		return word
	})
	return clean(text)
}

// retryAfter reads Retry-After, which is seconds or a date (RFC 9110, section 10.2.3); a date counts from the answer's
// own. The wait is meaningful whether or not it was asked for.
func retryAfter(h http.Header) (wait time.Duration, asked bool) {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		now, err := http.ParseTime(h.Get("Date"))
		if err != nil {
			now = time.Now()
		}
		wait = at.Sub(now)
	} else {
		return defaultWait, false
	}
	return min(max(wait, minWait), maxWait), true
}

// maxReason bounds Graph's words, in characters.
const maxReason = 300

// clean makes one bounded line of an upstream's text.
func clean(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if r := []rune(s); len(r) > maxReason {
		s = string(r[:maxReason-1]) + "…"
	}
	return s
}

// IsObject tells whether an answer is a JSON object, as every answer of Graph and of Entra is.
func IsObject(h http.Header, body []byte) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && media == "application/json" && bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && json.Valid(body)
}
