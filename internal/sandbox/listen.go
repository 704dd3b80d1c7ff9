package sandbox

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// loopbackServer serves a handler on a random port of 127.0.0.1.
type loopbackServer struct {
	addr string // host:port
	http *http.Server
	done chan struct{}
}

// listenLoopback starts a server; with a TLS configuration it speaks https.
func listenLoopback(h http.Handler, tlsConfig *tls.Config) (*loopbackServer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a server that a test starts has nothing to wait for
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	s := &loopbackServer{addr: l.Addr().String(), done: make(chan struct{})}
	if tlsConfig != nil {
		l = tls.NewListener(l, tlsConfig)
	}
	s.http = &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		// Connections cut by a fault or a client that gives up are part of the play, not worth a log line.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // always ends with an error: Close
	}()
	return s, nil
}

// close cuts every connection and waits until the server has stopped accepting.
func (s *loopbackServer) close() {
	_ = s.http.Close()
	<-s.done
}
