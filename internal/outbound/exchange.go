package outbound

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// RoundTrip sends a request through next and reads the whole answer, so that an answer that is cut short is an error
// here and not in the parser of an SDK. The body of the response can be read again. The error is fit for a log; status
// is then the status of the answer that was cut short, or 0 if there was no answer.
func RoundTrip(next http.RoundTripper, r *http.Request) (resp *http.Response, body []byte, status int, err error) {
	resp, err = next.RoundTrip(r)
	if err != nil {
		return nil, nil, 0, Redact(err)
	}
	body, err = io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, nil, resp.StatusCode, fmt.Errorf("read answer: %w", Redact(err))
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, body, resp.StatusCode, nil
}

// recordKey is the key of a record of type T in a context.
type recordKey[T any] struct{}

// WithRecord returns a context that carries a record of the exchange, in which a transport beneath an SDK writes down
// what the SDK does not tell. T is a type of the package that reads the record.
func WithRecord[T any](ctx context.Context, record *T) context.Context {
	return context.WithValue(ctx, recordKey[T]{}, record)
}

// RecordOf returns the record of type T in the context, or a new one if there is none.
func RecordOf[T any](ctx context.Context) *T {
	if record, ok := ctx.Value(recordKey[T]{}).(*T); ok {
		return record
	}
	return new(T)
}

// CloseIdle closes the idle connections beneath a transport that wraps another one.
func CloseIdle(next http.RoundTripper) { (&http.Client{Transport: next}).CloseIdleConnections() }

// WithCause adds the reason why ctx ended to err, unless ctx goes on or err tells the reason already.
func WithCause(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return err
}
