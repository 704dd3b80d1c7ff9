//go:build integration

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
	return askAt(s.Addr(), wait, command)
}

func askAt(addr string, wait time.Duration, command string) (string, error) {
	conn, err := net.DialTimeout("tcp", addr, wait)
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

func TestCopyHasWhatWasAnswered(t *testing.T) {
	s := redistest.Start(t, redistest.Options{AOF: true})
	want(t, s, "SET colour blue", "+OK")
	s.Kill()
	dir := t.TempDir()
	if err := s.Copy(dir); err != nil {
		t.Fatal(err)
	}
	s.Restart()
	want(t, s, "SET colour green-or-so", "+OK")
	want(t, redistest.Start(t, redistest.Options{AOF: true, Dir: dir}), "STRLEN colour", ":4")
}

func TestServerAnswersWhileItLoads(t *testing.T) {
	s := redistest.Start(t, redistest.Options{AOF: true})
	want(t, s, `EVAL "for i = 1, 2000 do redis.call('SET', 'colour', 'blue') end return 1" 0`, ":1")
	done := make(chan bool)
	go func() {
		defer close(done)
		for range 1000 {
			if got, err := ask(t, s, time.Second, "PING"); err == nil && strings.HasPrefix(got, "-LOADING") {
				done <- true
				return
			}
			time.Sleep(time.Millisecond) // between two looks
		}
	}()
	s.RestartLoading(500 * time.Millisecond)
	if !<-done {
		t.Error("nobody was told that the server is loading")
	}
	want(t, s, "STRLEN colour", ":4")
}

func TestSentinelFailsOver(t *testing.T) {
	group := redistest.StartSentinel(t)
	old := group.Servers[0]
	want(t, old, "SET colour blue", "+OK")
	want(t, old, "WAIT 2 5000", ":2")
	old.Kill()
	deadline := time.Now().Add(30 * time.Second)
	named := group.Named(t.Context())
	for named[0] == nil || named[0] == old || named[1] != named[0] || named[2] != named[0] {
		if time.Now().After(deadline) {
			t.Fatal("there is no new primary")
		}
		time.Sleep(20 * time.Millisecond) // between two looks
		named = group.Named(t.Context())
	}
	want(t, named[0], "SET colour green", "+OK")
}

func TestWireBreaksAnswers(t *testing.T) {
	s := redistest.Start(t, redistest.Options{})
	w := redistest.NewWire(t, s)
	addr := strings.TrimSuffix(strings.TrimPrefix(w.URL(), "redis://"), "/0")
	w.BreakAnswers(2)
	for range 2 {
		if got, err := askAt(addr, 5*time.Second, "PING"); err == nil || got != "+PO" {
			t.Errorf("a broken answer came as %q, %v", got, err)
		}
	}
	if got, err := askAt(addr, 5*time.Second, "PING"); err != nil || got != "+PONG" {
		t.Errorf("afterwards the answer is %q, %v", got, err)
	}
}
