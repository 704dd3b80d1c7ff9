package outbound_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"meetbot/internal/outbound"
)

// What is left of an error names the host alone, and says the rest in words that nobody else chose.
func TestRedact(t *testing.T) {
	const secret = "https://hooks.slack.com/commands/T1/2/secret"
	discard := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}
	dial := &net.OpError{Op: "dial", Net: "tcp", Addr: discard, Err: syscall.ECONNREFUSED}
	proxy := &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errors.New(secret)}
	lookup := &net.DNSError{Err: "no such host", Name: "hooks.slack.com", IsNotFound: true}
	quoting := fmt.Errorf("malformed HTTP response %q", secret)
	named := x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{secret}}, Host: "hooks.slack.com"}
	for name, tt := range map[string]struct {
		err  error
		want string
		is   error
	}{
		"refused": {
			&url.Error{Op: "Post", URL: secret, Err: dial},
			"Post hooks.slack.com: dial tcp 127.0.0.1:9: connection refused", syscall.ECONNREFUSED,
		},
		"proxy's own words": {
			&url.Error{Op: "Post", URL: secret, Err: proxy}, "Post hooks.slack.com: proxyconnect tcp: no usable answer",
			proxy,
		},
		"proxy wants credentials": {
			&url.Error{Op: "Post", URL: secret, Err: outbound.ErrProxyCredentials},
			"Post hooks.slack.com: the proxy wants another user or password than HTTPS_PROXY has",
			outbound.ErrProxyCredentials,
		},
		"proxy refuses": {
			&url.Error{Op: "Post", URL: secret, Err: outbound.ProxyRefusal(http.StatusForbidden)},
			"Post hooks.slack.com: the proxy does not connect to this host (HTTP status 403)",
			outbound.ProxyRefusal(http.StatusForbidden),
		},
		"no such host": {
			&url.Error{Op: "Post", URL: secret, Err: lookup},
			"Post hooks.slack.com: lookup hooks.slack.com: no such host", lookup,
		},
		"timed out": {
			&url.Error{Op: "Post", URL: secret, Err: context.DeadlineExceeded},
			"Post hooks.slack.com: context deadline exceeded", context.DeadlineExceeded,
		},
		"cut": {
			&url.Error{Op: "Post", URL: secret, Err: fmt.Errorf("%s: %w", secret, io.EOF)}, "Post hooks.slack.com: EOF",
			io.EOF,
		},
		"quoting": {
			&url.Error{Op: "Post", URL: secret, Err: quoting}, "Post hooks.slack.com: no usable answer", quoting,
		},
		"another's name": {
			&url.Error{Op: "Post", URL: secret, Err: named},
			"Post hooks.slack.com: the certificate is for another host", named,
		},
		"no URL": {
			&url.Error{Op: "Post", URL: "://", Err: dial},
			"Post unknown host: dial tcp 127.0.0.1:9: connection refused", syscall.ECONNREFUSED,
		},
		"of a body": {quoting, "no usable answer", quoting},
		"of a body cut short": {
			fmt.Errorf("%s: %w", secret, io.ErrUnexpectedEOF), "unexpected EOF", io.ErrUnexpectedEOF,
		},
	} {
		got := outbound.Redact(tt.err)
		if got.Error() != tt.want || !errors.Is(got, tt.is) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if err := outbound.Redact(nil); err != nil {
		t.Errorf("no error became %v", err)
	}
}

// Whatever a server writes in place of an answer, none of it is in the error.
func TestRedactQuotesNoAnswer(t *testing.T) {
	const echo = "xoxb-echoed-secret"
	for name, answer := range map[string]string{
		"no HTTP":           echo + "\r\n\r\n",
		"version":           "HTTP/" + echo + " 200 OK\r\n\r\n",
		"status":            "HTTP/1.1 " + echo + "\r\n\r\n",
		"header":            "HTTP/1.1 200 OK\r\n" + echo + "\r\n\r\n",
		"length":            "HTTP/1.1 200 OK\r\nContent-Length: " + echo + "\r\n\r\n",
		"two lengths":       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: " + echo + "\r\n\r\n",
		"transfer encoding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + echo + "\r\n\r\n",
		"chunk":             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + echo + "\r\n",
		"trailer": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n" +
			"0\r\n" + echo + "\r\n\r\n",
		"compression":         "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 18\r\n\r\n" + echo,
		"location":            "HTTP/1.1 302 Found\r\nLocation: https://" + echo + "/\r\nContent-Length: 0\r\n\r\n",
		"location of no kind": "HTTP/1.1 302 Found\r\nLocation: ://%zz" + echo + "\r\nContent-Length: 0\r\n\r\n",
		"cut":                 "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + echo,
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.WriteString(conn, answer)
				_ = conn.Close()
			}))
			defer server.Close()
			resp, err := get(t, outbound.Client(outbound.Options{}, parse(t, server.URL)), server.URL)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
			}
			if err == nil && !strings.HasPrefix(name, "location") {
				t.Fatal("the answer was read")
			}
			if err := outbound.Redact(err); err != nil && strings.Contains(err.Error(), "echoed") {
				t.Errorf("the error quotes the answer: %v", err)
			}
		})
	}
}

// The hosts that a client was made for are decided by the very URL that is dialled, however it is written.
func FuzzHosts(f *testing.F) {
	for _, seed := range []string{
		"https://hooks.slack.com/x", "https://hooks.slack.com:443/", "https://HOOKS.slack.com",
		"https://hooks.slack.com.evil.example/", "http://hooks.slack.com/",
		"https://hooks.slack.com@evil.example/", "https://evil.example#@hooks.slack.com/",
		"https://evil.example\\@hooks.slack.com/", "https://hooks.slack.com:443@evil.example:443",
		"https://[::1]:443/", "https://hooks.slack.com:0443/", "//hooks.slack.com", "https:hooks.slack.com",
		"https://hooks%2eslack.com/", "https://hooks.slack.com./",
		"https://hook\u017f.slack.com/", "https://hoo\u212as.slack.com/",
	} {
		f.Add(seed)
	}
	base := &url.URL{Scheme: "https", Host: "hooks.slack.com"}
	f.Fuzz(func(t *testing.T, raw string) {
		// The address that is dialled, as the transport makes it of the request; nothing ever leaves.
		dialled := ""
		stop := errors.New("stop")
		client := outbound.Client(outbound.Options{}, base)
		outbound.SetDial(client, func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = address
			return nil, stop
		})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, raw, nil)
		if err != nil {
			return
		}
		resp, err := client.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			t.Fatalf("%q was answered", raw)
		}
		if dialled != "" && !strings.EqualFold(dialled, "hooks.slack.com:443") {
			t.Errorf("%q leads to %s", raw, dialled)
		}
		if text := outbound.Redact(err).Error(); len(req.URL.Path) > 12 && strings.Contains(text, req.URL.Path) {
			t.Errorf("%q: the error quotes the path: %s", raw, text)
		}
	})
}
