//go:build integration

// Package redistest gives a test a real redis-server of its own, which it may stop, kill, restart and freeze. Without
// the binary the test fails: what these tests are about cannot be had from a stand-in.
package redistest

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startWithin is how long a server may take to get ready.
const startWithin = 20 * time.Second

// Options tune a server. The zero value is an ordinary one that keeps nothing on disk.
type Options struct {
	// AOF writes every change to disk before it is answered, so that a killed server comes back with its data.
	AOF       bool
	Cluster   bool    // run as a node of a cluster
	ReplicaOf *Server // begin as a replica of this one
	Dir       string  // where its files are; empty: a directory of its own, without any
	TLS       *TLS    // listen for TLS too, on a port of its own; nil for not
	watch     *Server // run as a sentinel that watches this primary
}

// TLS says how a server speaks TLS. The files are PEM.
type TLS struct {
	Host        string // address that it listens on too, and that it announces in a cluster; empty for 127.0.0.1
	Certificate string // file of the server's certificate and key
	CA          string // file of who vouches for clients
	Clients     bool   // clients must have a certificate
}

// Server is a running redis-server on a port of its own on 127.0.0.1. It ends with the test. Its methods are for one
// goroutine at a time, and those that can fail the test for the test's own.
type Server struct {
	t       testing.TB
	o       Options
	dir     string
	port    int
	busPort int // cluster bus; 0 without a cluster
	tlsPort int // for TLS; 0 without it

	cmd    *exec.Cmd     // nil while stopped
	done   chan struct{} // closed when cmd ended and was waited for
	frozen bool
}

// Start runs a server and waits until it accepts connections.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Fatalf("redis-server is needed (on Debian and Ubuntu: apt-get install redis-server): %v", err)
	}
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	s := &Server{t: t, o: o, dir: o.Dir}
	t.Cleanup(s.Kill)
	var log string
	for range 5 { // another process may take the port between looking and listening
		s.port = FreePort(t)
		if s.o.Cluster {
			s.busPort = FreePort(t)
		}
		if s.o.TLS != nil {
			s.tlsPort = FreePort(t)
		}
		s.configure()
		var ok bool
		if ok, log = s.run(); ok {
			return s
		}
	}
	t.Fatalf("redis-server does not start:\n%s", log)
	return nil
}

// configure writes the server's configuration. It is a file because the server itself has to write down what role a
// sentinel gave it.
func (s *Server) configure() {
	s.t.Helper()
	lines := []string{"bind 127.0.0.1", "port " + strconv.Itoa(s.port), "dir " + s.dir, "daemonize no", `logfile ""`}
	switch {
	case s.o.watch != nil:
		lines = append(lines, sentinelLines(s.o.watch)...)
	default:
		lines = append(lines, `save ""`, "appendonly "+yes(s.o.AOF), "appendfsync always",
			"auto-aof-rewrite-min-size 8mb",
			"repl-diskless-sync yes", "repl-diskless-sync-delay 0", "enable-debug-command yes")
	}
	if s.o.Cluster {
		lines = append(lines, "cluster-enabled yes", "cluster-port "+strconv.Itoa(s.busPort),
			"cluster-node-timeout 2000")
	}
	if tls := s.o.TLS; tls != nil {
		lines = append(lines, "tls-port "+strconv.Itoa(s.tlsPort), "tls-cert-file "+tls.Certificate,
			"tls-key-file "+tls.Certificate, "tls-ca-cert-file "+tls.CA, "tls-auth-clients "+yes(tls.Clients),
			"tls-cluster "+yes(s.o.Cluster))
		if tls.Host != "" && tls.Host != "127.0.0.1" {
			lines = append(lines, "bind 127.0.0.1 "+tls.Host, "cluster-announce-ip "+tls.Host)
		}
	}
	if s.o.ReplicaOf != nil {
		lines = append(lines, "replicaof 127.0.0.1 "+strconv.Itoa(s.o.ReplicaOf.port))
	}
	if err := os.WriteFile(s.config(), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		s.t.Fatalf("redis-server: %v", err)
	}
}

func (s *Server) config() string { return filepath.Join(s.dir, "redis.conf") }

// Addr is the server's address, host:port.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// TLSAddr is where it speaks TLS.
func (s *Server) TLSAddr() string {
	host := "127.0.0.1"
	if s.o.TLS.Host != "" {
		host = s.o.TLS.Host
	}
	return net.JoinHostPort(host, strconv.Itoa(s.tlsPort))
}

// URL is the server's address as a Redis URL of database 0.
func (s *Server) URL() string { return "redis://" + s.Addr() + "/0" }

// Port is the port for clients, BusPort that for the other nodes of a cluster.
func (s *Server) Port() int    { return s.port }
func (s *Server) BusPort() int { return s.busPort }

// Stop ends the server in an orderly way. Its data is lost unless it has an AOF.
func (s *Server) Stop() { s.end(syscall.SIGTERM) }

// Kill ends the server as a crash does. It does nothing to one that does not run.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Restart runs the server again on the same port, with the same data if it has an AOF. A server that still runs is
// stopped first.
func (s *Server) Restart() {
	s.t.Helper()
	s.restart()
}

// RestartLoading is Restart for a server that takes about so long to read its data, as a big one does, and meanwhile
// answers everything with LOADING. It must have an AOF.
func (s *Server) RestartLoading(about time.Duration) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	go func() {
		select {
		case <-time.After(about):
		case <-ctx.Done():
			return
		}
		for ctx.Err() == nil { // it looks up from its data every 1024 commands
			if _, err := asked(ctx, s, "CONFIG", "SET", "key-load-delay", "0"); err == nil {
				return
			}
		}
	}()
	s.restart("--key-load-delay", "300") // microseconds for each command
}

func (s *Server) restart(args ...string) {
	s.t.Helper()
	s.Stop()
	if ok, log := s.run(args...); !ok {
		s.t.Fatalf("redis-server does not start again:\n%s", log)
	}
}

// Copy copies the server's files, to see later what it knew: a server with this directory starts with its data. That is
// all that it ever answered, if it has an AOF and is killed or frozen meanwhile.
func (s *Server) Copy(to string) error {
	from := filepath.Join(s.dir, "appendonlydir")
	to = filepath.Join(to, "appendonlydir")
	if err := os.MkdirAll(to, 0o700); err != nil {
		return fmt.Errorf("copy a Redis: %w", err)
	}
	files, err := os.ReadDir(from)
	if err != nil {
		return fmt.Errorf("copy a Redis: %w", err)
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(from, f.Name())) //nolint:gosec // in a directory of the test's
		if err != nil {
			return fmt.Errorf("copy a Redis: %w", err)
		}
		if err := os.WriteFile(filepath.Join(to, f.Name()), data, 0o600); err != nil {
			return fmt.Errorf("copy a Redis: %w", err)
		}
	}
	return nil
}

// Pause freezes the server: connections stay open and are even accepted, but nothing is answered.
func (s *Server) Pause() {
	s.t.Helper()
	s.signal(syscall.SIGSTOP)
	s.frozen = true
}

// Resume ends a pause. What arrived meanwhile is carried out now.
func (s *Server) Resume() {
	s.t.Helper()
	s.signal(syscall.SIGCONT)
	s.frozen = false
}

// Running tells whether the server is neither stopped nor frozen.
func (s *Server) Running() bool { return s.cmd != nil && !s.frozen }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if s.cmd == nil {
		s.t.Errorf("%v to a redis-server that does not run", sig)
	} else if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Errorf("%v to redis-server: %v", sig, err)
	}
}

func (s *Server) end(sig syscall.Signal) {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(sig)
	_ = s.cmd.Process.Signal(syscall.SIGCONT) // a frozen process takes note of nothing else but SIGKILL
	select {
	case <-s.done:
	case <-time.After(startWithin):
		_ = s.cmd.Process.Kill()
		<-s.done
	}
	s.cmd, s.frozen = nil, false
}

// run starts the process. If it does not get ready, it tells so and returns what the process said.
func (s *Server) run(more ...string) (ok bool, log string) {
	s.t.Helper()
	args, word := append([]string{s.config()}, more...), "Ready to accept connections"
	if s.o.watch != nil {
		args, word = append(args, "--sentinel"), "+monitor master"
	}
	cmd := exec.Command("redis-server", args...) //nolint:gosec // our own arguments
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatalf("redis-server: %v", err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("redis-server: %v", err)
	}
	s.cmd, s.done = cmd, make(chan struct{})
	ready := make(chan struct{})
	var mu sync.Mutex
	var lines []string
	go func(done chan struct{}) {
		told := false
		for scan := bufio.NewScanner(out); scan.Scan(); {
			mu.Lock()
			lines = append(lines, scan.Text())
			mu.Unlock()
			if !told && strings.Contains(scan.Text(), word) {
				told = true
				close(ready)
			}
		}
		_ = cmd.Wait() // its output is at an end, so it may be waited for
		close(done)
	}(s.done)

	select {
	case <-ready:
		return true, ""
	case <-s.done:
	case <-time.After(startWithin):
		s.Kill()
	}
	s.cmd = nil
	mu.Lock()
	defer mu.Unlock()
	return false, strings.Join(lines, "\n")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// FreePort returns a port on 127.0.0.1 on which nobody listens. It lies below the range from which outgoing connections
// get theirs on Linux (32768 and up): a server that stops and starts again must not find its port taken by one of
// those.
func FreePort(t testing.TB) int {
	t.Helper()
	for range 1000 {
		port := 10_000 + rand.IntN(22_000) //nolint:gosec // no secret
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		_ = l.Close()
		return port
	}
	t.Fatal("there is no free port")
	return 0
}
