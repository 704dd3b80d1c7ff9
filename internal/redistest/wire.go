//go:build integration

package redistest

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
)

// Wire stands between a client and its server. It counts the client's turns to speak, and can lose an answer or break
// it.
type Wire struct {
	addr     string
	turns    atomic.Int64
	cut      atomic.Bool
	breaking atomic.Int64 // how many answers are still to be broken
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

// BreakAnswers ends the connections of the next n answers in the middle of them. With n 0 it stops doing so.
func (w *Wire) BreakAnswers(n int) { w.breaking.Store(int64(n)) }

// half returns how much of an answer of n bytes is passed on: all of it, or less if it is to be broken.
func (w *Wire) half(n int) int {
	if w.breaking.Load() > 0 && w.breaking.Add(-1) >= 0 {
		return n / 2
	}
	return n
}

// forward passes one connection's bytes both ways.
func (w *Wire) forward(client, server net.Conn) {
	var asked atomic.Bool // the client has spoken, and the server has not answered
	pass := func(from, to net.Conn, admit func(int) int) {
		defer func() {
			_ = from.Close()
			_ = to.Close()
		}()
		buffer := make([]byte, 64<<10)
		for {
			n, err := from.Read(buffer)
			if err != nil {
				return
			}
			admitted := admit(n)
			if _, err := to.Write(buffer[:admitted]); err != nil || admitted < n {
				return
			}
		}
	}
	go pass(client, server, func(n int) int {
		if asked.CompareAndSwap(false, true) {
			w.turns.Add(1)
		}
		return n
	})
	go pass(server, client, func(n int) int {
		asked.Store(false)
		if w.cut.CompareAndSwap(true, false) {
			return 0
		}
		return w.half(n)
	})
}
