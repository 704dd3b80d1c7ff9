package outbound_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"meetbot/internal/outbound"
)

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func get(t *testing.T, c *http.Client, raw string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return resp, err
}

// A client reaches the hosts that it was made for and no other, whatever an answer points to.
func TestHosts(t *testing.T) {
	var trapped atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { trapped.Add(1) }))
	defer trap.Close()
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, trap.URL, http.StatusTemporaryRedirect)
		}
	}))
	defer home.Close()
	c := outbound.Client(outbound.Options{}, parse(t, home.URL))

	if resp, err := get(t, c, home.URL+"/x"); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("the host itself: %v, %v", resp, err)
	}
	if resp, err := get(t, c, home.URL+"/away"); err != nil || resp.StatusCode != http.StatusTemporaryRedirect {
		t.Errorf("a redirect is to be handed back, not followed: %v, %v", resp, err)
	}
	for _, raw := range []string{
		trap.URL, "http://localhost:1/", strings.Replace(home.URL, "127.0.0.1", "localhost", 1),
		strings.Replace(home.URL, "http:", "https:", 1),
		"http://user@" + parse(t, trap.URL).Host, "http://169.254.169.254/latest",
	} {
		if resp, err := get(t, c, raw); !errors.Is(err, outbound.ErrHost) {
			t.Errorf("%s: %v, %v; want ErrHost", raw, resp, err)
		}
	}
	if n := trapped.Load(); n != 0 {
		t.Errorf("another host was called %d times", n)
	}
}

func TestSecure(t *testing.T) {
	for raw, ok := range map[string]bool{
		"https://graph.microsoft.com/v1.0": true, "http://127.0.0.1:1": true, "http://localhost:1": true,
		"http://[::1]:1":             true,
		"http://graph.microsoft.com": false, "http://127.0.0.1.evil.example": false,
		"http://localhost.evil.example": false,
		"ftp://127.0.0.1":               false, "http://0.0.0.0": false, "//127.0.0.1": false,
	} {
		if err := outbound.Secure(parse(t, raw)); (err == nil) != ok {
			t.Errorf("Secure(%s) = %v", raw, err)
		}
	}
}

// Neither a slow nor an endless answer holds a caller.
func TestBounds(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			select {
			case <-release:
			case <-r.Context().Done():
			}
			return
		}
		chunk := make([]byte, 1<<20)
		for range 8 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	defer close(release)
	c := outbound.Client(outbound.Options{Timeout: 200 * time.Millisecond}, parse(t, server.URL))
	if _, err := get(t, c, server.URL+"/slow"); err == nil {
		t.Error("a slow answer has no end")
	}
	c = outbound.Client(outbound.Options{}, parse(t, server.URL))
	resp, err := get(t, c, server.URL+"/long")
	if err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 1<<20)
	total := 0
	for {
		n, err := resp.Body.Read(buffer)
		total += n
		if err != nil {
			break
		}
	}
	if total != outbound.MaxAnswer {
		t.Errorf("%d bytes of an endless answer were read, want %d", total, outbound.MaxAnswer)
	}
}
