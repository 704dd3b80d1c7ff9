package entra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"meetbot/bot"
	"meetbot/internal/outbound"
)

// Operations, as [Config.Observe] and errors name them.
const (
	opToken     = "token"
	opDiscovery = "discovery"
)

// operation tells what a request to an authority asks for.
func operation(r *http.Request) string {
	if strings.HasSuffix(r.URL.Path, "/token") {
		return opToken
	}
	return opDiscovery
}

// record is what happened on the wire, beneath azidentity, during one call for a token. azidentity hides it: its errors
// unwrap to nothing. One goroutine at a time makes a call, so there is no lock.
type record struct {
	failure  *bot.Error // what the last exchange amounts to; nil if it went well
	gotToken bool       // the last exchange asked for a token, and its answer looked right
}

// explain returns the error of a call that failed with err. ctx is the caller's.
func (r *record) explain(ctx context.Context, err error) *bot.Error {
	e := r.failure
	switch {
	case e != nil:
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		e = &bot.Error{Code: bot.Unavailable, Err: fmt.Errorf("%s: %w", opToken, ErrNoExchange)}
	case r.gotToken:
		// The answer holds no token. azidentity's error quotes all of it.
		e = &bot.Error{Code: bot.Unavailable, Err: errors.New(opToken + ": the answer could not be read")}
	default:
		// No exchange took place: the credential itself cannot be used, for example a token file that does not exist.
		e = &bot.Error{Code: bot.Credentials, Err: errors.New("get a token: " + outbound.RedactText(err.Error()))}
	}
	if e.Code == bot.Unavailable {
		e.Err = outbound.WithCause(ctx, e.Err)
	}
	return e
}

// recorder stands between azidentity and Entra, or the endpoint of a managed identity. It gives every answer to
// azidentity, which then behaves as it is meant to, and records what the answer amounts to.
type recorder struct {
	next    http.RoundTripper
	secrets func() []string // which no error may tell
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the connections.
func (w *recorder) CloseIdleConnections() { outbound.CloseIdle(w.next) }

// RoundTrip implements [http.RoundTripper].
func (w *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	rec, op := outbound.RecordOf[record](r.Context()), operation(r)
	*rec = record{}
	resp, body, status, err := outbound.RoundTrip(w.next, r)
	switch {
	case err != nil:
		rec.failure = &bot.Error{Code: bot.Unavailable, Status: status, Err: fmt.Errorf("%s: %w", op, err)}
	case status != http.StatusOK:
		rec.failure = classify(op, status, resp.Header, body, w.secrets()...)
	case !outbound.IsJSONObject(resp.Header, body):
		cause := fmt.Errorf("%s: the answer is not JSON", op)
		rec.failure = &bot.Error{Code: bot.Unavailable, Status: status, Err: cause}
	default:
		rec.gotToken = op == opToken
	}
	return resp, err
}
