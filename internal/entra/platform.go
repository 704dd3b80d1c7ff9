package entra

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"meetbot/internal/outbound"
)

// platformClient returns the HTTP client for the endpoint of a managed identity. It is the one way out of the process
// that is plain http and not loopback, by necessity: the endpoint is http://169.254.169.254 on virtual machines and a
// loopback or link-local address elsewhere, as the platform's environment says (document "how-to-use-vm-token"). So it
// reaches addresses of these two kinds, which no router forwards, and nothing else: no name, no proxy, no redirect.
func platformClient(observe func(*http.Request, int)) *http.Client {
	return &http.Client{
		Timeout: 10 * time.Second,
		Transport: &platformWire{
			next: &http.Transport{
				DialContext:         (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
				MaxIdleConnsPerHost: 1,
				IdleConnTimeout:     30 * time.Second,
			},
			observe: observe,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type platformWire struct {
	next    *http.Transport
	observe func(*http.Request, int)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the connections.
func (p *platformWire) CloseIdleConnections() { p.next.CloseIdleConnections() }

func (p *platformWire) RoundTrip(r *http.Request) (*http.Response, error) {
	host := r.URL.Hostname()
	ip := net.ParseIP(host)
	if !outbound.Loopback(host) && (ip == nil || !ip.IsLinkLocalUnicast()) {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, fmt.Errorf("managed identity at %s: %w", r.URL.Host, outbound.ErrHost)
	}
	resp, err := p.next.RoundTrip(r)
	if p.observe != nil {
		status := 0
		if err == nil {
			status = resp.StatusCode
		}
		p.observe(r, status)
	}
	if err != nil {
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, outbound.MaxAnswer), resp.Body}
	return resp, nil
}
