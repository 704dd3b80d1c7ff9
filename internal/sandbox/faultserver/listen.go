package faultserver

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Server serves a handler on a random port of 127.0.0.1.
type Server struct {
	Addr string // host:port
	http *http.Server
	done chan struct{}
}

// Listen starts a server; with a TLS configuration it speaks https.
func Listen(h http.Handler, tlsConfig *tls.Config) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a server that a test starts has nothing to wait for
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	s := &Server{Addr: l.Addr().String(), done: make(chan struct{})}
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

// Close cuts every connection and waits until the server has stopped accepting.
func (s *Server) Close() {
	_ = s.http.Close()
	<-s.done
}
