package slackapp

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"meetbot/internal/inbound"
)

// MaxBody is the number of bytes that a request may have.
const MaxBody = 64 << 10

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// The reasons for which a request is refused that are Slack's own; see [inbound.Reasons].
const (
	NoSignature    = "no_signature"
	WrongSignature = "signature"
	WrongTime      = "timestamp"
)

// Refusals are all the reasons for which a request to the endpoints, or an envelope, may be refused.
var Refusals = slices.Concat(inbound.Reasons, []string{NoSignature, WrongSignature, WrongTime, UnknownEnvelope})

// signedHandler answers a request whose signature was checked: that of the body.
type signedHandler func(w http.ResponseWriter, r *http.Request, body []byte)

// verified lets a request through to next only if it is a POST of the given content type, bounded, and signed by Slack
// within the last five minutes. Source: Slack, "Verifying requests from Slack".
func (a *App) verified(contentType string, next signedHandler) http.Handler {
	guard := inbound.Guard{ContentType: contentType, MaxBody: MaxBody, What: "request", Requests: a.requests}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !guard.Head(w, r) {
			return
		}
		body, ok := guard.Body(w, r)
		if !ok {
			return
		}
		if err := a.verify(r.Header, body); err != nil {
			reason, hint := refusal(err, r.Header)
			a.requests.Refused(r.Context(), reason, hint)
			http.Error(w, "signature missing, stale or wrong", http.StatusUnauthorized)
			return
		}
		a.requests.Accepted()
		next(w, r, body)
	})
}

// verify checks the signature of a request, with the signing secret or the previous one.
func (a *App) verify(h http.Header, body []byte) error {
	secrets := a.secrets.Load()
	err := verifyWith(secrets.current, h, body)
	matched := Current
	if secrets.previous != "" && errors.Is(err, slack.ErrInvalidSignature) {
		err, matched = verifyWith(secrets.previous, h, body), Previous
	}
	if err == nil && a.signed != nil {
		a.signed(matched)
	}
	return err
}

func verifyWith(secret string, h http.Header, body []byte) error {
	verifier, err := slack.NewSecretsVerifier(h, secret)
	if err != nil {
		return err
	}
	_, _ = verifier.Write(body) // writing to a hash never fails
	return verifier.Ensure()
}

// refusal tells why a signature was not accepted, and what an operator may look at. It quotes nothing of the request
// but the age of its timestamp.
func refusal(err error, h http.Header) (reason, hint string) {
	if errors.Is(err, slack.ErrMissingHeaders) {
		return NoSignature, "X-Slack-Signature or X-Slack-Request-Timestamp is missing: does a proxy take headers away?"
	}
	sent, parsed := strconv.ParseInt(h.Get("X-Slack-Request-Timestamp"), 10, 64)
	if !errors.Is(err, slack.ErrExpiredTimestamp) && parsed == nil {
		return WrongSignature, "the signature does not match: is SLACK_SIGNING_SECRET this app's? " +
			"Does a proxy change the body?"
	}
	if parsed != nil {
		return WrongTime, "the timestamp is no number: does a proxy change headers?"
	}
	age, direction := int64(time.Since(time.Unix(sent, 0))/time.Second), "old"
	if age < 0 {
		age, direction = -age, "ahead"
	}
	return WrongTime, fmt.Sprintf("the timestamp is %d s %s: is this machine's clock right?", age, direction)
}

// signatureID names a request by its signature: whatever header spelling the same request is sent again with, it is
// the same name.
func signatureID(h http.Header) string {
	sum := sha256.Sum256([]byte(strings.ToLower(h.Get("X-Slack-Signature"))))
	return "slack:request:" + hex.EncodeToString(sum[:16])
}
