package demo

import (
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"

	"meetbot/internal/sandbox/faultserver"
)

// address is the bot's public address, for browsers: whatever asks there is answered by one of the replicas. It
// outlives each of them, as a balancer does.
type address struct {
	server  *faultserver.Server
	replica atomic.Pointer[url.URL] // nil: none yet
}

func newAddress() (_ *address, err error) {
	a := &address{}
	proxy := &httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(a.replica.Load()) },
		ErrorLog: log.New(io.Discard, "", 0), // the browser is told
	}
	a.server, err = faultserver.Listen(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.replica.Load() == nil {
			http.Error(w, "no replica runs", http.StatusBadGateway)
			return
		}
		proxy.ServeHTTP(w, r)
	}), nil)
	return a, err
}

func (a *address) url() string { return "http://" + a.server.Addr }

// lead lets this replica answer from now on.
func (a *address) lead(replica string) error {
	u, err := url.Parse(replica)
	if err == nil {
		a.replica.Store(u)
	}
	return err
}

func (a *address) close() { a.server.Close() }
