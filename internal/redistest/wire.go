package redistest

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
)

// Wire stands between a client and its server. It counts the client's turns to speak, and can lose an answer.
type Wire struct {
	addr  string
	turns atomic.Int64
	cut   atomic.Bool
}

// NewWire forwards connections to the server until the test ends.
func NewWire(t testing.TB, s *Server) *Wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
	})
	w := &Wire{addr: l.Addr().String()}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", s.Addr())
			if err != nil {
				_ = client.Close()
				continue
			}
			context.AfterFunc(ctx, func() {
				_ = client.Close()
				_ = server.Close()
			})
			w.forward(client, server)
		}
	}()
	return w
}

// URL is the wire's own address as a Redis URL of database 0.
func (w *Wire) URL() string { return "redis://" + w.addr + "/0" }

// Turns counts the round trips so far: how often a client spoke after its server had, or for the first time. A pipeline
// is one.
func (w *Wire) Turns() int { return int(w.turns.Load()) }

// CutNextAnswer loses the next answer, together with its connection.
func (w *Wire) CutNextAnswer() { w.cut.Store(true) }

// forward passes one connection's bytes both ways.
func (w *Wire) forward(client, server net.Conn) {
	var asked atomic.Bool // the client has spoken, and the server has not answered
	pass := func(from, to net.Conn, admit func() bool) {
		defer func() {
			_ = from.Close()
			_ = to.Close()
		}()
		buffer := make([]byte, 64<<10)
		for {
			n, err := from.Read(buffer)
			if err != nil || !admit() {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
	}
	go pass(client, server, func() bool {
		if asked.CompareAndSwap(false, true) {
			w.turns.Add(1)
		}
		return true
	})
	go pass(server, client, func() bool {
		asked.Store(false)
		return !w.cut.CompareAndSwap(true, false)
	})
}
