package redistest_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"meetbot/internal/redistest"
)

// ask sends one inline command and returns the first line of the answer, or the error.
func ask(t *testing.T, s *redistest.Server, wait time.Duration, command string) (string, error) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", s.Addr(), wait)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(wait))
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSpace(line), err
}

func want(t *testing.T, s *redistest.Server, command, answer string) {
	t.Helper()
	got, err := ask(t, s, 5*time.Second, command)
	if err != nil || got != answer {
		t.Fatalf("%s: got %q, %v; want %q", command, got, err, answer)
	}
}

func TestServerKeepsItsDataWithAOF(t *testing.T) {
	s := redistest.Start(t, redistest.Options{AOF: true})
	want(t, s, "SET colour blue", "+OK")
	s.Kill()
	if got, err := ask(t, s, time.Second, "PING"); err == nil {
		t.Fatalf("a killed server answers %q", got)
	}
	s.Restart()
	want(t, s, "STRLEN colour", ":4")
}

func TestServerForgetsWithoutAOF(t *testing.T) {
	s := redistest.Start(t, redistest.Options{})
	want(t, s, "SET colour blue", "+OK")
	s.Restart()
	want(t, s, "STRLEN colour", ":0")
}

func TestServerFreezes(t *testing.T) {
	s := redistest.Start(t, redistest.Options{})
	s.Pause()
	if got, err := ask(t, s, 100*time.Millisecond, "PING"); err == nil {
		t.Fatalf("a frozen server answers %q", got)
	}
	s.Resume()
	want(t, s, "PING", "+PONG")
}
