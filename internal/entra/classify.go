package entra

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"meetbot/bot"
	"meetbot/internal/outbound"
)

// defaultWait is how long to wait if Entra says "too many requests" and not for how long.
const defaultWait = 5 * time.Second

// aadstsCode is the code that every refusal by Entra has in its description.
var aadstsCode = regexp.MustCompile(`\bAADSTS\d{4,8}\b`)

// classify says what an answer of Entra's other than success amounts to (RFC 6749, section 5.2; document "AADSTS error
// codes"). It is a pure function. The text of the error holds the operation, the status, the AADSTS code and the error
// code of the answer, and nothing else of it. secrets are what the request was sent with.
func classify(op string, status int, h http.Header, body []byte, secrets ...string) *bot.Error {
	var answer struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	oauth := json.Unmarshal(body, &answer) == nil && answer.Error != ""
	text := fmt.Sprintf("%s: status %d", op, status)
	if aadsts := aadstsCode.FindString(answer.Description); aadsts != "" {
		text += " " + aadsts
	}
	if oauth && outbound.LowerWords.MayLog(answer.Error, secrets...) {
		text += " " + answer.Error
	}
	e := &bot.Error{Status: status, Err: errors.New(text)}
	wait, asked := outbound.RetryAfter(h)
	switch {
	case asked && (status == http.StatusTooManyRequests || status >= http.StatusInternalServerError):
		e.Code, e.Wait = bot.Throttled, wait
	case status == http.StatusTooManyRequests:
		e.Code, e.Wait = bot.Throttled, defaultWait
	case oauth && refuses(status) && answer.Error != "temporarily_unavailable":
		e.Code = bot.Credentials
	default:
		e.Code = bot.Unavailable
	}
	return e
}

// refuses tells whether a status says that the same request will be refused again.
func refuses(status int) bool {
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError &&
		status != http.StatusRequestTimeout
}
