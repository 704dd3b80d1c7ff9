package graphclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"meetbot/bot"
	"meetbot/internal/outbound"
)

// defaultWait is how long to wait if Graph says "too many requests" and not for how long.
const defaultWait = 5 * time.Second

// bodyKind tells who wrote the body of an answer.
type bodyKind int

const (
	empty   bodyKind = iota
	genuine          // Graph's own error object
	foreign          // something else, such as the page of a proxy on the way
)

// answer is an answer other than success.
type answer struct {
	op     string // what was asked, for the error's text
	list   bool   // a list was asked for, which always exists: then 404 says nothing about the request
	status int
	header http.Header
	body   []byte
}

// classify says what an answer of Graph's amounts to (document "errors"). It is a pure function. The text of the error
// holds the operation, the status, Graph's error code and the ID of the request, and nothing else of the answer; the
// Reason holds Graph's message, redacted. secrets are what the request was sent with.
func classify(a answer, secrets ...string) *bot.Error {
	kind, code, message := graphError(a.body)
	text := fmt.Sprintf("%s: status %d", a.op, a.status)
	if outbound.CodeWords.MayLog(code, secrets...) {
		text += " " + code
	}
	if id := a.header.Get("request-id"); outbound.MayLogRequestID(id, secrets...) {
		text += ", request " + id // what Microsoft's support asks for
	}
	e := &bot.Error{Status: a.status, Err: errors.New(text)}
	wait, asked := outbound.RetryAfter(a.header)
	switch {
	case asked && (a.status == http.StatusTooManyRequests || a.status >= http.StatusInternalServerError):
		e.Code, e.Wait, e.Everything = bot.Throttled, wait, limitsApp(a.header)
	case a.status == http.StatusTooManyRequests:
		e.Code, e.Wait, e.Everything = bot.Throttled, defaultWait, limitsApp(a.header)
	case kind == foreign:
		e.Code = bot.Unavailable
	case a.status == http.StatusUnauthorized:
		e.Code = bot.Credentials
	case a.status == http.StatusForbidden && deniedByPolicy(message):
		e.Code = bot.NoAccessPolicy
	case a.status == http.StatusForbidden:
		e.Code = bot.NoPermission
	case a.status == http.StatusNotFound && !a.list:
		e.Code = bot.NoSuchUser
	case refused[a.status]:
		e.Code, e.Reason = bot.BadRequest, outbound.RedactText(message, secrets...)
	default:
		e.Code = bot.Unavailable
	}
	return e
}

// limitsApp tells whether Graph says that it limits all that the app does, in a tenant or everywhere, rather than calls for
// one user: by "<scope>/<limit>/<app ID>/<ID>" (document "throttling-limits", section "Identity and access").
func limitsApp(h http.Header) bool {
	scope, _, _ := strings.Cut(h.Get("x-ms-throttle-scope"), "/")
	switch strings.ToLower(scope) {
	case "application", "tenant", "tenant_application":
		return true
	default:
		return false
	}
}

// refused are the statuses that say that Graph will refuse the same request again.
var refused = map[int]bool{
	http.StatusBadRequest:            true,
	http.StatusNotAcceptable:         true,
	http.StatusLengthRequired:        true,
	http.StatusRequestEntityTooLarge: true,
	http.StatusRequestURITooLong:     true,
	http.StatusUnsupportedMediaType:  true,
	http.StatusUnprocessableEntity:   true,
}

// deniedByPolicy tells whether Graph's message says that an application access policy is missing. The message tells,
// since the code that comes with it has changed over the years.
func deniedByPolicy(message string) bool {
	m := strings.ToLower(message)
	return strings.Contains(m, "no application access policy found") ||
		strings.Contains(m, "is not authorized to") && strings.Contains(m, "on behalf of user")
}

// graphError reads {"error":{"code":…,"message":…}}.
func graphError(body []byte) (kind bodyKind, code, message string) {
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
