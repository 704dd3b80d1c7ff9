package graphclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	abstractions "github.com/microsoft/kiota-abstractions-go"

	"meetbot/bot"
	"meetbot/internal/entra"
	"meetbot/internal/outbound"
)

// callTimeout bounds one call with all that belongs to it: the token and its second try included.
const callTimeout = 15 * time.Second

// record is what happened on the wire, beneath the SDK, during one call. The SDK hides it: its errors may have no
// status. One goroutine at a time makes a call, so there is no lock.
type record struct {
	op      string
	status  int        // of the last answer; 0 if there was none
	failure *bot.Error // what the last exchange amounts to; nil if it went well
}

// explain returns the error of a call that failed with err. ctx is the caller's.
func (r *record) explain(ctx context.Context, err error) *bot.Error {
	token, noToken := errors.AsType[*bot.Error](err)
	e := r.failure
	switch {
	case e != nil:
	case r.status != 0:
		// An answer that looked right and could not be read. The parser's own words may quote from it.
		err := fmt.Errorf("%s: the answer could not be read", r.op)
		e = &bot.Error{Code: bot.Unavailable, Status: r.status, Err: err}
	case noToken && !errors.Is(err, entra.ErrNoExchange):
		e = token
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || noToken:
		e = &bot.Error{Code: bot.Unavailable, Err: fmt.Errorf("%s: %w", r.op, entra.ErrNoExchange)}
	case errors.Is(err, errNoToken):
		e = &bot.Error{Code: bot.Unavailable, Err: fmt.Errorf("%s: %w", r.op, errNoToken)}
	default: // the SDK's own words may quote the link that it could not read
		e = &bot.Error{Code: bot.Unavailable, Err: fmt.Errorf("%s: the request could not be made", r.op)}
	}
	if e.Code == bot.Unavailable {
		e.Err = outbound.WithCause(ctx, e.Err)
	}
	return e
}

// bearer begins the Authorization header of a request with a token.
const bearer = "Bearer "

// authenticator gives every request to the Graph host its token. It implements the interface of the SDK.
type authenticator struct {
	host   string // of Graph, without port
	tokens *entra.Tokens
}

// AuthenticateRequest adds the token. A request to another host, such as the link to a next page may name, gets none,
// and [graphWire] does not send it.
func (a authenticator) AuthenticateRequest(
	ctx context.Context, r *abstractions.RequestInformation, _ map[string]any,
) error {
	u, err := r.GetUri()
	if err != nil {
		return err
	}
	if !strings.EqualFold(u.Hostname(), a.host) {
		return errNoToken
	}
	token, err := a.tokens.Token(ctx)
	if err != nil {
		return err
	}
	r.Headers.TryAdd("Authorization", bearer+token)
	return nil
}

// errNoToken is the error for a request that has no token and was therefore not sent.
var errNoToken = errors.New("request without a token was held back")

// graphWire stands between the SDK and Graph. It does not send a request without a token, and gives the SDK only an
// answer that it can use; what any other answer amounts to is in the record of the call.
type graphWire struct {
	next    http.RoundTripper
	secrets func() []string // which no error may tell, whatever Graph echoes
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the connections.
func (g *graphWire) CloseIdleConnections() { outbound.CloseIdle(g.next) }

// operation tells which call a request belongs to.
func operation(r *http.Request) string { return outbound.RecordOf[record](r.Context()).op }

// RoundTrip implements [http.RoundTripper].
func (g *graphWire) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := outbound.RecordOf[record](r.Context())
	rec.failure, rec.status = nil, 0
	authorization := r.Header.Get("Authorization")
	if authorization == "" {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, errNoToken
	}
	r, err := replayable(r)
	if err != nil {
		return nil, err
	}
	resp, body, status, err := outbound.RoundTrip(g.next, r)
	rec.status = status
	switch {
	case err != nil:
		rec.failure = &bot.Error{Code: bot.Unavailable, Status: status, Err: fmt.Errorf("%s: %w", rec.op, err)}
		return nil, err
	case status != http.StatusOK && status != http.StatusCreated:
		token := strings.TrimPrefix(authorization, bearer)
		rec.failure = classify(answer{
			op: rec.op, permitted: permits(token, rec.op), status: status, header: resp.Header, body: body,
		}, append([]string{token}, g.secrets()...)...)
		return nil, rec.failure
	case !outbound.IsJSONObject(resp.Header, body):
		rec.failure = &bot.Error{
			Code: bot.Unavailable, Status: status, Err: fmt.Errorf("%s: the answer is not Graph's JSON", rec.op),
		}
		return nil, rec.failure
	}
	return resp, nil
}

// replayable gives the body of the request a length, and a way to begin again if an idle connection turns out to be
// closed before anything was sent. The SDK sets neither.
func replayable(r *http.Request) (*http.Request, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return r, nil
	}
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read request body: %w", err)
	}
	r = r.Clone(r.Context()) // a RoundTripper must not change its request
	r.ContentLength = int64(len(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.Body, _ = r.GetBody()
	return r, nil
}
