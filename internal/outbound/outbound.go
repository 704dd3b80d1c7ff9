// Package outbound makes the HTTP clients through which everything leaves the process. Such a client connects to
// exactly the hosts that it was made for, over https (plain http on loopback only), follows no redirect, and
// bounds both the time and the size of an answer.
package outbound

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ErrHost is returned, before anything is dialled, for a request to a host that the client was not made for.
var ErrHost = errors.New("host is not among those configured")

// MaxAnswer is the number of bytes after which an answer is cut off.
const MaxAnswer = 4 << 20

// Options tune a client. The zero value is right for production.
type Options struct {
	RootCAs *x509.CertPool // nil: the system's
	Timeout time.Duration  // of one exchange, body included; 0: 10 s
	// Observe is told the outcome of every exchange: the request and its status, 0 if there was none.
	Observe func(r *http.Request, status int)
}

// Client returns a client that reaches the hosts of the given base URLs and no others. A base URL has a scheme and a
// host, with a port where it is not the scheme's own.
func Client(o Options, bases ...*url.URL) *http.Client {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.DialContext = (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	base.TLSHandshakeTimeout = 3 * time.Second
	base.MaxIdleConnsPerHost = 32
	if o.RootCAs != nil {
		base.TLSClientConfig.RootCAs = o.RootCAs
	}
	t := &transport{base: base, origins: make(map[string]bool, len(bases)), observe: o.Observe}
	for _, b := range bases {
		t.origins[origin(b)] = true
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	return &http.Client{
		Transport:     t,
		Timeout:       o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type transport struct {
	base    *http.Transport
	origins map[string]bool
	observe func(*http.Request, int)
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.admit(r.URL); err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // a RoundTripper closes the body on every path
		}
		return nil, err
	}
	resp, err := t.base.RoundTrip(r)
	if t.observe != nil {
		status := 0
		if err == nil {
			status = resp.StatusCode
		}
		t.observe(r, status)
	}
	if err != nil {
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, MaxAnswer), resp.Body}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the connections.
func (t *transport) CloseIdleConnections() { t.base.CloseIdleConnections() }

func (t *transport) admit(u *url.URL) error {
	if !t.origins[origin(u)] {
		return ErrHost // without its name, which an upstream may have made up: of a secret, say
	}
	return Secure(u)
}

// Secure returns an error unless u is https, or plain http to a loopback address or localhost.
func Secure(u *url.URL) error {
	switch {
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && Loopback(u.Hostname()):
		return nil
	default:
		return fmt.Errorf("%s://%s: must be https", u.Scheme, u.Host)
	}
}

// Loopback tells whether a host (without port) is this machine by its very name.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// origin is scheme, host and port, with the scheme's own port spelled out.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}
