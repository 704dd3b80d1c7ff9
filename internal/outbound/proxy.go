package outbound

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// ErrProxyCredentials says that the proxy of HTTPS_PROXY wants a user and a password, or does not accept those that the
// variable has (407, RFC 9110, section 15.5.8).
var ErrProxyCredentials = errors.New("the proxy wants another user or password than HTTPS_PROXY has")

// ProxyRefusal says that the proxy lets nobody through to a host, with its HTTP status.
type ProxyRefusal int

// Error tells the status, and nothing that the proxy wrote.
func (r ProxyRefusal) Error() string {
	return fmt.Sprintf("the proxy does not connect to this host (HTTP status %d)", int(r))
}

// connected looks at the answer of a proxy to CONNECT. net/http would make an error of the proxy's own words.
func connected(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	switch answer.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusProxyAuthRequired:
		return ErrProxyCredentials
	default:
		return ProxyRefusal(answer.StatusCode)
	}
}
