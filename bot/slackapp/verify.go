package slackapp

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/slack-go/slack"

	"meetbot/internal/inbound"
)

// MaxBody is the number of bytes that a request may have.
const MaxBody = 64 << 10

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// signedHandler answers a request whose signature was checked: that of the body.
type signedHandler func(w http.ResponseWriter, r *http.Request, body []byte)

// verified lets a request through to next only if it is a POST of the given content type, bounded, and signed by Slack
// within the last five minutes. Source: Slack, "Verifying requests from Slack".
func (a *App) verified(contentType string, next signedHandler) http.Handler {
	guard := inbound.Guard{ContentType: contentType, MaxBody: MaxBody, What: "request"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !guard.Head(w, r) {
			return
		}
		body, ok := guard.Body(w, r)
		if !ok {
			return
		}
		verifier, err := slack.NewSecretsVerifier(r.Header, a.secret)
		if err == nil {
			_, _ = verifier.Write(body) // writing to a hash never fails
			err = verifier.Ensure()
		}
		if err != nil {
			http.Error(w, "signature missing, stale or wrong", http.StatusUnauthorized)
			return
		}
		next(w, r, body)
	})
}

// signatureID names a request by its signature: whatever header spelling the same request is sent again with, it is
// the same name.
func signatureID(h http.Header) string {
	sum := sha256.Sum256([]byte(strings.ToLower(h.Get("X-Slack-Signature"))))
	return "slack:request:" + hex.EncodeToString(sum[:16])
}

// setForm makes the body the request's form, for slack-go's parsers. Package http would read the body once more, and
// copy the form for the case that the URL has a query, which Slack's do not.
func setForm(r *http.Request, body []byte) error {
	form, err := parseForm(string(body))
	if err != nil {
		return err
	}
	r.PostForm = form
	if r.URL.RawQuery == "" {
		r.Form = form
	}
	return nil
}

// commandFields is about how many fields a slash command has.
const commandFields = 16

// parseForm is url.ParseQuery with room for the fields of a slash command made at once. Every command is parsed, and
// making room as the fields come is half of what that costs.
func parseForm(text string) (url.Values, error) {
	if strings.Count(text, "&") > 4*commandFields {
		return url.ParseQuery(text) // which has a limit
	}
	form, values := make(url.Values, commandFields), make([]string, 0, commandFields)
	for text != "" {
		var pair string
		pair, text, _ = strings.Cut(text, "&")
		if strings.Contains(pair, ";") {
			return nil, errSemicolon
		}
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, err
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, err
		}
		if earlier, twice := form[name]; twice {
			form[name] = append(earlier, value)
			continue
		}
		values = append(values, value)
		form[name] = values[len(values)-1 : len(values) : len(values)]
	}
	return form, nil
}

// errSemicolon says that a form has a semicolon, which some would take for the end of a field.
var errSemicolon = errors.New("semicolon in a form")
