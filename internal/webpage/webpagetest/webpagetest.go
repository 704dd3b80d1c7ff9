// Package webpagetest has what the tests of public addresses share: a handler behind a server, with what it reports,
// and the headers that every answer has. Call [Serve] with a function that makes the handler. It imports bot and
// internal/inbound.
package webpagetest

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"meetbot/bot"
	"meetbot/internal/inbound"
)

// Hardened are the headers of every answer.
var Hardened = map[string]string{
	"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow",
	"X-Content-Type-Options":  "nosniff",
	"Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}

// Parts are what a handler is made of, besides what it looks up.
type Parts struct {
	Catalog         *bot.Catalog
	Refused, Failed *inbound.Requests
	Count           func(outcome string)
}

// Site is a handler behind a server, and what it reports. Its client follows no redirect.
type Site struct {
	*httptest.Server
	Log     *bytes.Buffer // to be read when all requests have been answered
	figures counts
	client  *http.Client
}

// Serve starts a server with the handler that make makes, under that path, until the test ends.
func Serve(t testing.TB, path string, make func(Parts) http.Handler) *Site {
	t.Helper()
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	s := &Site{Log: &bytes.Buffer{}, figures: counts{seen: map[string]int{}}}
	log := slog.New(slog.NewTextHandler(s.Log, nil))
	mux := http.NewServeMux()
	mux.Handle(path, make(Parts{
		Catalog: catalog,
		Refused: inbound.NewRequests("page", slog.LevelInfo, log, &s.figures),
		Failed:  inbound.NewRequests("page", slog.LevelWarn, log, &s.figures),
		Count:   s.figures.Refused,
	}))
	s.Server = httptest.NewServer(mux)
	s.client = s.Client()
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.Cleanup(s.Close)
	return s
}

// Ask sends a request with these headers, names and values in turn, and returns the answer and its body.
func (s *Site) Ask(t testing.TB, method, path string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// Counted is how often each outcome was counted so far.
func (s *Site) Counted() map[string]int {
	s.figures.mu.Lock()
	defer s.figures.mu.Unlock()
	seen := map[string]int{}
	for outcome, n := range s.figures.seen {
		seen[outcome] = n
	}
	return seen
}

// counts are figures.
type counts struct {
	mu   sync.Mutex
	seen map[string]int
}

// Accepted counts nothing.
func (c *counts) Accepted() {}

// Refused counts an outcome.
func (c *counts) Refused(outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[outcome]++
}
