package graphclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"meetbot/bot"
	"meetbot/internal/entra"
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
	op string // what was asked
	// permitted says that the request's token has the application permission for it, and that the request is for one
	// organizer: then 403 is about that person.
	permitted bool
	status    int
	header    http.Header
	body      []byte
}

// classify says what an answer of Graph's amounts to (document "errors"). It is a pure function. The text of the error
// holds the operation, the status, Graph's error code and the ID of the request, and nothing else of the answer; the
// Reason holds Graph's message, redacted. secrets are what the request was sent with.
func classify(a answer, secrets ...string) *bot.Error {
	kind, said := graphError(a.body)
	text := fmt.Sprintf("%s: status %d", a.op, a.status)
	if outbound.CodeWords.MayLog(said.Code, secrets...) {
		text += " " + said.Code
	}
	for _, id := range []string{a.header.Get("request-id"), said.Inner.RequestID} {
		if outbound.MayLogRequestID(id, secrets...) {
			text += ", request " + id // what Microsoft's support asks for
			break
		}
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
	case a.status == http.StatusForbidden && deniedByPolicy(said.Message):
		e.Code = bot.NoAccessPolicy
	case a.status == http.StatusForbidden && a.permitted:
		e.Code = bot.OrganizerRefused
	case a.status == http.StatusForbidden:
		e.Code = bot.NoPermission
	case a.status == http.StatusNotFound && missing[a.op] != "":
		e.Code = missing[a.op]
	case refused[a.status], a.status == http.StatusConflict && a.op == opChangeMeeting:
		e.Code, e.Reason = bot.BadRequest, reasonIn(said.Message, secrets...)
	default:
		e.Code = bot.Unavailable
	}
	return e
}

// missing is what 404 says, by operation. A list always exists, so 404 says nothing about the request. Of a meeting,
// Graph says so for many reasons in many words (its own user may be missing, or another one's be meant), so the words
// are not looked at.
var missing = map[string]bot.Code{
	opCreateOrGet:   bot.NoSuchUser,
	opUser:          bot.NoSuchUser,
	opLicence:       bot.NoSuchUser,
	opMember:        bot.NoSuchUser,
	opMeeting:       bot.MissingMeeting,
	opChangeMeeting: bot.MissingMeeting,
}

// permissions are the application permissions of which an operation for one organizer needs one (documents
// "onlinemeeting-createorget", "onlinemeeting-get" and "onlinemeeting-update").
var permissions = map[string][]string{
	opCreateOrGet:   {MakeMeetings.Name},
	opMeeting:       {MakeMeetings.Name, "OnlineMeetings.Read.All"},
	opChangeMeeting: {MakeMeetings.Name},
}

// permits tells whether the token has the permission for an operation for one organizer.
func permits(token, op string) bool {
	return slices.ContainsFunc(permissions[op], func(p string) bool { return entra.HasRole(token, p) })
}

// limitsApp tells whether Graph says that it limits all that the app does, in a tenant or everywhere, rather than calls
// for one user: by "<scope>/<limit>/<app ID>/<ID>" (document "throttling-limits", section "Identity and access").
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

// meaningless are messages that do not say what is wrong with a request. The number that some begin with is Graph's
// own.
var meaningless = regexp.MustCompile(
	`(?i)^(\d+:\s*)?(an (unknown |unexpected |internal )?error (has )?occurred|unknown error|bad ?request|` +
		`general ?exception)?\.?$`)

// reasonIn is what a message says about the request, for the asker: redacted, and empty if it says nothing.
func reasonIn(message string, secrets ...string) string {
	reason := outbound.RedactText(message, secrets...)
	if meaningless.MatchString(reason) {
		return ""
	}
	return reason
}

// deniedByPolicy tells whether Graph's message says that an application access policy is missing. The message tells,
// since the code that comes with it has changed over the years.
func deniedByPolicy(message string) bool {
	m := strings.ToLower(message)
	return strings.Contains(m, "no application access policy found") ||
		strings.Contains(m, "application is not allowed to perform operations on the user") ||
		strings.Contains(m, "is not authorized to") && strings.Contains(m, "on behalf of user")
}

// graphWords are the words of Graph's error object (document "errors").
type graphWords struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Inner   struct {
		RequestID string `json:"request-id"`
	} `json:"innerError"`
}

// graphError reads Graph's error object.
func graphError(body []byte) (bodyKind, graphWords) {
	if len(bytes.TrimSpace(body)) == 0 {
		return empty, graphWords{}
	}
	var b struct {
		Error *graphWords `json:"error"`
	}
	if json.Unmarshal(body, &b) != nil || b.Error == nil {
		return foreign, graphWords{}
	}
	return genuine, *b.Error
}
