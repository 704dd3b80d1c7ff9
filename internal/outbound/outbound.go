// Package outbound is how the program calls other services over HTTP, and how it reads what every service may answer.
//
// Call [Client] first: it makes an HTTP client that connects to exactly the hosts that it was made for, over https
// (plain http on loopback only), follows no redirect, and bounds the time and the size of an answer; what comes by a
// connection that the other side switches to another protocol is bounded by whoever speaks that. [ParseBase]
// checks a configured base URL. [RoundTrip] reads a whole answer, beneath an SDK. [RetryAfter] says how long a
// service asks to wait. [Redact], [RedactText] and [Words] make of an error, a text and an error code what may stand
// in a log.
//
// It imports internal/guid and no other package of the program. It promises that no error of its own holds a secret, a
// path of a URL, or anything that another service wrote.
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

// ErrHost is the error for a request to a host that the client was not made for. Nothing was dialled.
var ErrHost = errors.New("host is not among those configured")

// MaxAnswer is the number of bytes after which an answer is cut off.
const MaxAnswer = 4 << 20

// Options tune a client. The zero value is right for production.
type Options struct {
	RootCAs *x509.CertPool // nil: the system's
	Timeout time.Duration  // of one exchange, body included; 0: 10 s
	// Observe is told the outcome of every exchange: the request and the HTTP status, 0 if there was no answer.
	Observe func(r *http.Request, status int)
}

// ObserveAs returns an observer for [Options] that tells observe the name of the operation, which op reads from the
// request, and the status. It is nil if observe is nil.
func ObserveAs(observe func(op string, status int), op func(*http.Request) string) func(*http.Request, int) {
	if observe == nil {
		return nil
	}
	return func(r *http.Request, status int) { observe(op(r), status) }
}

// Client returns a client that reaches the hosts of the given base URLs and no others. A base URL has a scheme and a
// host, with a port where it is not the scheme's own.
func Client(o Options, bases ...*url.URL) *http.Client {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.DialContext = (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	base.TLSHandshakeTimeout = 3 * time.Second
	base.MaxIdleConnsPerHost = 32
	base.OnProxyConnectResponse = connected
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
	if err := t.checkHost(r.URL); err != nil {
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
	if resp.StatusCode == http.StatusSwitchingProtocols { // no answer any more but a connection, which goes both ways
		return resp, nil
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, MaxAnswer), resp.Body}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the connections.
func (t *transport) CloseIdleConnections() { t.base.CloseIdleConnections() }

// checkHost returns an error unless the client may call u.
func (t *transport) checkHost(u *url.URL) error {
	if !t.origins[origin(u)] {
		return ErrHost // without the name of the host: an upstream may have made that up from a secret
	}
	return Secure(u)
}

// ParseBase reads the base URL of a service from the setting with this name. A base URL has a scheme, a host and a
// path, and nothing else; it must be https, or plain http to loopback. The error names the setting and gives the
// example. It does not quote the value, which may be a secret that was put there by mistake.
func ParseBase(name, value, example string) (*url.URL, error) {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Hostname() == "":
		return nil, fmt.Errorf("%s is no URL such as %s", name, example)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s must be scheme, host and path alone, such as %s", name, example)
	}
	if err := Secure(u); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return u, nil
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

// Loopback tells whether a host (without port) is localhost or a loopback address. It asks no name server.
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
