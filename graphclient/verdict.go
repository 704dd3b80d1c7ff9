package graphclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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

// graphVerdict settles what an answer of Graph's other than success amounts to (document "errors").
func graphVerdict(op string, status int, h http.Header, body []byte) *bot.Error {
	kind, code, message := graphError(body)
	text := fmt.Sprintf("%s: status %d", op, status)
	if code != "" {
		text += " " + code
	}
	if id := h.Get("request-id"); identifier.MatchString(id) {
		text += ", request " + id // what Microsoft's support asks for
	}
	e := &bot.Error{Status: status, Err: errors.New(text)}
	wait, asked := retryAfter(h)
	switch {
	case status == http.StatusTooManyRequests || status >= 500 && asked:
		e.Code, e.Wait = bot.Throttled, wait
	case kind == foreign:
		e.Code = bot.Unavailable
	case status == http.StatusUnauthorized:
		e.Code = bot.Credentials
	case status == http.StatusForbidden && deniedByPolicy(message):
		e.Code = bot.NoAccessPolicy
	case status == http.StatusForbidden:
		e.Code = bot.NoPermission
	case status == http.StatusNotFound && op != opUsers: // the list of users is always there: then the base URL is wrong
		e.Code = bot.NoSuchUser
	case refused[status]:
		e.Code, e.Reason = bot.BadRequest, clean(message)
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
	if identifier.MatchString(b.Error.Code) {
		code = b.Error.Code
	}
	return genuine, code, b.Error.Message
}

// entraVerdict settles what an answer of Entra's other than success amounts to (RFC 6749, section 5.2; document
// "AADSTS error codes").
func entraVerdict(op string, status int, h http.Header, body []byte) *bot.Error {
	var b struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	oauth := json.Unmarshal(body, &b) == nil && b.Error != ""
	text := fmt.Sprintf("%s: status %d", op, status)
	if aadsts := aadstsCode.FindString(b.Description); aadsts != "" {
		text += " " + aadsts
	}
	if oauth && identifier.MatchString(b.Error) {
		text += " " + b.Error
	}
	e := &bot.Error{Status: status, Err: errors.New(text)}
	wait, asked := retryAfter(h)
	switch {
	case status == http.StatusTooManyRequests || status >= 500 && asked:
		e.Code, e.Wait = bot.Throttled, wait
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout && oauth && b.Error != "temporarily_unavailable":
		e.Code = bot.Credentials
	default:
		e.Code = bot.Unavailable
	}
	return e
}

var (
	aadstsCode = regexp.MustCompile(`\bAADSTS\d{4,8}\b`)
	// identifier is what an error code or a request ID looks like. Anything else might be somebody's name.
	identifier = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
)

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

func jsonObject(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && json.Valid(body)
}
