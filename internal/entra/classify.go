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
		Trace       string `json:"trace_id"`
	}
	oauth := json.Unmarshal(body, &answer) == nil && answer.Error != ""
	text := fmt.Sprintf("%s: status %d", op, status)
	aadsts := aadstsCode.FindString(answer.Description)
	if aadsts != "" {
		text += " " + aadsts
	}
	if oauth && outbound.LowerWords.MayLog(answer.Error, secrets...) {
		text += " " + answer.Error
	}
	if outbound.MayLogRequestID(answer.Trace, secrets...) {
		text += ", trace " + answer.Trace // what Microsoft's support asks for
	}
	e := &bot.Error{Status: status, Err: errors.New(text)}
	wait, asked := outbound.RetryAfter(h)
	switch {
	case asked && (status == http.StatusTooManyRequests || status >= http.StatusInternalServerError):
		e.Code, e.Wait = bot.Throttled, wait
	case status == http.StatusTooManyRequests:
		e.Code, e.Wait = bot.Throttled, defaultWait
	case oauth && refuses(status) && answer.Error != "temporarily_unavailable":
		e.Code, e.Cause = bot.Credentials, causeOf(aadsts)
	default:
		e.Code = bot.Unavailable
	}
	return e
}

// causes are the causes of a refusal that have a sentence of their own, by AADSTS code (document "AADSTS error codes").
var causes = map[string]bot.Cause{
	"AADSTS90002":   bot.UnknownTenant,
	"AADSTS900021":  bot.UnknownTenant,
	"AADSTS900023":  bot.UnknownTenant,
	"AADSTS700016":  bot.UnknownApp,
	"AADSTS7000229": bot.UnknownApp, // the app exists, and is not installed in the tenant
	"AADSTS7000112": bot.DisabledApp,
	"AADSTS7000215": bot.WrongSecret,
	"AADSTS7000222": bot.ExpiredSecret,
	"AADSTS700027":  bot.UnknownCertificate,
	"AADSTS700024":  bot.WrongClock,
}

// conditionalAccess is how the codes for what a policy of the tenant blocks look: 53003, 530034 and others.
var conditionalAccess = regexp.MustCompile(`^AADSTS530\d{2,3}$`)

// causeOf is the cause that an AADSTS code stands for; empty if it has no sentence of its own.
func causeOf(aadsts string) bot.Cause {
	if conditionalAccess.MatchString(aadsts) {
		return bot.ConditionalAccess
	}
	return causes[aadsts]
}

// refuses tells whether a status says that the same request will be refused again.
func refuses(status int) bool {
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError &&
		status != http.StatusRequestTimeout
}
