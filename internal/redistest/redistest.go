// Package redistest gives a test a real redis-server of its own, which it may stop, kill, restart and freeze. Without the
// binary the test fails: what these tests are about cannot be had from a stand-in.
package redistest

import (
	"bufio"
	"net"
	"os"
	"os/exec"
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
	AOF     bool // write every change to disk before it is answered, so that a killed server comes back with its data
	Cluster bool // run as a node of a cluster
}

// Server is a running redis-server on a port of its own on 127.0.0.1. It ends with the test. Its methods are for the
// test's own goroutine.
type Server struct {
	t       testing.TB
	o       Options
	dir     string
	port    int
	busPort int // cluster bus; 0 without a cluster

	cmd  *exec.Cmd     // nil while stopped
	done chan struct{} // closed when cmd ended and was waited for
}

// Start runs a server and waits until it accepts connections.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Fatalf("redis-server is needed (on Debian and Ubuntu: apt-get install redis-server): %v", err)
	}
	s := &Server{t: t, o: o, dir: t.TempDir()}
	t.Cleanup(s.Kill)
	var log string
	for range 5 { // another process may take the port between looking and listening
		s.port = freePort(t)
		if o.Cluster {
			s.busPort = freePort(t)
		}
		var ok bool
		if ok, log = s.run(); ok {
			return s
		}
	}
	t.Fatalf("redis-server does not start:\n%s", log)
	return nil
}

// Addr is the server's address, host:port.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

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
	s.Stop()
	if ok, log := s.run(); !ok {
		s.t.Fatalf("redis-server does not start again:\n%s", log)
	}
}

// Pause freezes the server: connections stay open and are even accepted, but nothing is answered.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume ends a pause. What arrived meanwhile is carried out now.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if s.cmd == nil {
		s.t.Fatalf("redis-server does not run")
	}
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatalf("%v to redis-server: %v", sig, err)
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
	s.cmd = nil
}

// run starts the process. If it does not get ready, it tells so and returns what the process said.
func (s *Server) run() (ok bool, log string) {
	s.t.Helper()
	args := []string{
		"--bind", "127.0.0.1", "--port", strconv.Itoa(s.port), "--dir", s.dir, "--save", "", "--daemonize", "no",
		"--appendonly", yes(s.o.AOF), "--appendfsync", "always", "--logfile", "",
	}
	if s.o.Cluster {
		args = append(args, "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(s.busPort), "--cluster-node-timeout", "5000")
	}
	cmd := exec.Command("redis-server", args...)
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
			if !told && strings.Contains(scan.Text(), "Ready to accept connections") {
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

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
