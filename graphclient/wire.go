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

	"meetbot/bot"
	"meetbot/graphclient/internal/verdict"
	"meetbot/internal/outbound"
)

// callTimeout bounds one call with all that belongs to it: the token and its second try included.
const callTimeout = 15 * time.Second

// trail records, beneath the SDKs, what happened on the wire during one call. They hide it: azidentity's errors unwrap
// to nothing, the Graph SDK's may have no status. A call is one goroutine at a time, so there is no lock.
type trail struct {
	op     string
	status int        // of the last answer; 0 if there was none
	fail   *bot.Error // what the last exchange amounts to; nil if it went well
	token  bool       // an answer to the request for a token came, and looked right
}

type trailKey struct{}

func withTrail(ctx context.Context, t *trail) context.Context {
	return context.WithValue(ctx, trailKey{}, t)
}

// trailOf returns the context's trail, or one that nobody will read.
func trailOf(ctx context.Context) *trail {
	if t, ok := ctx.Value(trailKey{}).(*trail); ok {
		return t
	}
	return &trail{}
}

// explain returns the error of a call that failed. ctx is the caller's.
func (t *trail) explain(ctx context.Context, err error) *bot.Error {
	e := t.fail
	switch {
	case e != nil:
	case t.status != 0:
		// An answer that looked right and could not be read. The parser's own words may quote from it.
		e = &bot.Error{Code: bot.Unavailable, Status: t.status, Err: fmt.Errorf("%s: the answer could not be read", t.op)}
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		e = &bot.Error{Code: bot.Unavailable, Err: fmt.Errorf("%s: no answer in time", t.op)}
	case errors.Is(err, errNoToken):
		e = &bot.Error{Code: bot.Unavailable, Err: fmt.Errorf("%s: %w", t.op, errNoToken)}
	case t.token:
		// It was no token. The library's own words quote all of it.
		e = &bot.Error{Code: bot.Unavailable, Err: fmt.Errorf("%s: the answer could not be read", opToken)}
	default:
		// No exchange took place: the credential itself is not usable, such as a token file that is not there.
		e = &bot.Error{Code: bot.Credentials, Err: errors.New("get a token: " + verdict.Words(err.Error()))}
	}
	if cause := ctx.Err(); cause != nil && e.Code == bot.Unavailable && !errors.Is(e, cause) {
		e.Err = fmt.Errorf("%w: %w", e.Err, cause)
	}
	return e
}

// errNoToken guards against the SDK's silence where it has no token for a host.
var errNoToken = errors.New("request without a token was held back")

// graphWire is the last thing before the wire on the way to Graph, and the first on the way back: what is not a usable
// answer goes no further.
type graphWire struct {
	next    http.RoundTripper
	secrets []string // which no error may tell, whatever Graph echoes
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the connections.
func (g *graphWire) CloseIdleConnections() { closeIdle(g.next) }

func closeIdle(next http.RoundTripper) { (&http.Client{Transport: next}).CloseIdleConnections() }

func graphOp(r *http.Request) string { return trailOf(r.Context()).op }

func (g *graphWire) RoundTrip(r *http.Request) (*http.Response, error) {
	t := trailOf(r.Context())
	t.fail, t.status = nil, 0
	if r.Header.Get("Authorization") == "" {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, errNoToken
	}
	r, err := replayable(r)
	if err != nil {
		return nil, err
	}
	resp, body, err := exchange(g.next, r, t)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		t.fail = verdict.Graph(verdict.Answer{
			Op: t.op, Listing: t.op == opUsers, Status: resp.StatusCode, Header: resp.Header, Body: body,
		}, append([]string{strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")}, g.secrets...)...)
		return nil, t.fail
	}
	if !verdict.IsObject(resp.Header, body) {
		t.fail = &bot.Error{Code: bot.Unavailable, Status: resp.StatusCode, Err: fmt.Errorf("%s: the answer is not Graph's JSON", t.op)}
		return nil, t.fail
	}
	return resp, nil
}

// replayable gives the request's body a length, and a way to begin again should an idle connection turn out dead
// before anything was sent. The SDK sets neither.
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

// exchange sends a request and reads the whole answer, so that one cut short is noticed here. The response returned
// has its body still to be read.
func exchange(next http.RoundTripper, r *http.Request, t *trail) (*http.Response, []byte, error) {
	none := func(status int, err error) error {
		t.fail = &bot.Error{Code: bot.Unavailable, Status: status, Err: fmt.Errorf("%s: %w", t.op, err)}
		return err
	}
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, nil, none(0, outbound.Plain(err))
	}
	t.status = resp.StatusCode
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, nil, none(resp.StatusCode, fmt.Errorf("read answer: %w", outbound.Plain(err)))
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, body, nil
}

// entraWire stands between azidentity and Entra, or the endpoint of a managed identity. It lets every answer through,
// so that the library behaves as it is meant to, and keeps what it amounts to.
type entraWire struct {
	next    http.RoundTripper
	secrets []string
}

// CloseIdleConnections is as for graphWire.
func (w *entraWire) CloseIdleConnections() { closeIdle(w.next) }

func entraOp(r *http.Request) string {
	if strings.HasSuffix(r.URL.Path, "/token") {
		return opToken
	}
	return opDiscovery
}

func (w *entraWire) RoundTrip(r *http.Request) (*http.Response, error) {
	t := trailOf(r.Context())
	t.fail, t.status = nil, 0
	at := &trail{op: entraOp(r)} // an exchange of its own, though part of the call
	resp, body, err := exchange(w.next, r, at)
	switch {
	case err != nil:
	case resp.StatusCode != http.StatusOK:
		at.fail = verdict.Entra(verdict.Answer{Op: at.op, Status: resp.StatusCode, Header: resp.Header, Body: body}, w.secrets...)
	case !verdict.IsObject(resp.Header, body):
		at.fail = &bot.Error{Code: bot.Unavailable, Status: resp.StatusCode, Err: fmt.Errorf("%s: the answer is not JSON", at.op)}
	}
	t.fail, t.token = at.fail, at.op == opToken && at.fail == nil && err == nil
	return resp, err
}
