package app

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// An app that is told to stop is not ready at once, answers until the delay is over, and then takes no connection.
func TestShutdownDelay(t *testing.T) {
	const delay = time.Second
	red := newChat("red")
	r := runWith(t, delay.String(), red)
	r.readyz(t, http.StatusOK, "ready\n")

	asked := time.Now()
	go r.stop()
	r.readyz(t, http.StatusServiceUnavailable, "not ready: stopping\n")
	if noticed := time.Since(asked); noticed > delay/2 {
		t.Errorf("it was ready for another %v", noticed)
	}
	answered := asked
	for {
		answer, err := http.Get(r.URL() + "/healthz")
		if err != nil {
			break
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK || string(body) != "ok\n" || err != nil {
			t.Errorf("healthz: %d %q, %v", answer.StatusCode, body, err)
		}
		answered = time.Now()
		time.Sleep(5 * time.Millisecond)
	}
	if lasted := answered.Sub(asked); lasted < delay*9/10 {
		t.Errorf("it answered for %v only", lasted)
	}
	if err := <-r.ended; err != nil {
		t.Errorf("Run returned %v", err)
	}
	if ready := strings.Index(r.log.String(), "not ready any more"); ready < 0 ||
		ready > strings.Index(r.log.String(), "msg=stopping") {
		t.Errorf("log: %s", r.log)
	}
}

// An app that nobody can use does not wait until it ends.
func TestNoDelayWithoutAPlatform(t *testing.T) {
	red := newChat("red")
	r := runWith(t, "1m", red)
	r.readyz(t, http.StatusOK, "ready\n")
	red.refuse <- errors.New("RED_TOKEN: refused")
	select {
	case err := <-r.ended:
		if err == nil || err.Error() != "RED_TOKEN: refused" {
			t.Errorf("Run returned %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the app goes on without a platform")
	}
}

// Whoever asks about health reaches the bot that listens on the address, and takes nothing else for it.
func TestHealth(t *testing.T) {
	r := run(t, newChat("red"))
	_, port, err := net.SplitHostPort(r.public.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{":" + port, "0.0.0.0:" + port, "127.0.0.1:" + port, "localhost:" + port} {
		if err := (HTTPConfig{Addr: addr}).Health(t.Context()); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}

	waiting := errors.New("red sleeps")
	red := newChat("red")
	red.waiting.Store(&waiting)
	unready := run(t, red)
	_, other, _ := net.SplitHostPort(unready.public.listener.Addr().String())
	if err := (HTTPConfig{Addr: ":" + other}).Health(t.Context()); err != nil {
		t.Errorf("a bot that lives and is not ready: %v", err)
	}

	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<html>"))
	}))
	defer page.Close()
	_, stranger, _ := net.SplitHostPort(page.Listener.Addr().String())
	r.stop()
	for addr, want := range map[string]string{
		":" + port:     "the bot does not answer",
		":" + stranger: "is not the bot",
		":0":           "HTTP_ADDR: port 0",
		"8080":         "HTTP_ADDR: ",
	} {
		if err := (HTTPConfig{Addr: addr}).Health(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", addr, err, want)
		}
	}
}

func TestWhereTheBotIsReachedHere(t *testing.T) {
	for addr, want := range map[string]string{
		":8080": "127.0.0.1:8080", "0.0.0.0:8080": "127.0.0.1:8080", "[::]:8080": "[::1]:8080",
		"192.0.2.7:8080": "192.0.2.7:8080", "[2001:db8::1]:80": "[2001:db8::1]:80", "bot.internal:80": "bot.internal:80",
	} {
		if got, err := (HTTPConfig{Addr: addr}).here(); got != want || err != nil {
			t.Errorf("%s: %s, %v, want %s", addr, got, err, want)
		}
	}
}
