package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"go.uber.org/goleak"

	"meetbot/bot"
)

// No goroutine outlives what started it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// chat is a platform that is as ready as the test says.
type chat struct {
	bot.Platform
	name    string
	waiting atomic.Pointer[error] // what Ready returns
	refuse  chan error            // ends Run
	closed  atomic.Int32
}

func newChat(name string) *chat { return &chat{name: name, refuse: make(chan error, 1)} }

func (c *chat) Name() string                     { return c.name }
func (c *chat) Register(*http.ServeMux, bot.Bot) {}
func (c *chat) Close()                           { c.closed.Add(1) }

func (c *chat) Ready() error {
	if err := c.waiting.Load(); err != nil {
		return *err
	}
	return nil
}

func (c *chat) Run(ctx context.Context) error {
	select {
	case err := <-c.refuse:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// running is an app with these platforms and nothing else, and its Redis.
type running struct {
	*App
	redis *miniredis.Miniredis
	ended chan error // what Run returned
	stop  func()
	log   *strings.Builder // to be read when the app has ended
}

func run(t *testing.T, chats ...*chat) *running {
	t.Helper()
	return runWith(t, "0", chats...)
}

// runWith is run with a delay before the app stops.
func runWith(t *testing.T, delay string, chats ...*chat) *running {
	t.Helper()
	r := &running{redis: miniredis.RunT(t), ended: make(chan error, 1), log: &strings.Builder{}}
	c := valid()
	c.HTTP.Addr, c.HTTP.AdminAddr = "127.0.0.1:0", "127.0.0.1:0"
	c.HTTP.ShutdownDelay = delay
	c.Redis.URL = "redis://" + r.redis.Addr() + "/0"
	var err error
	if r.App, err = New(c, Options{}, slog.New(slog.NewTextHandler(r.log, nil))); err != nil {
		t.Fatal(err)
	}
	r.platforms = nil
	for _, c := range chats {
		r.platforms, r.idle = append(r.platforms, &platform{Frontend: c}), append(r.idle, c)
	}
	if err := r.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { r.ended <- r.Run(ctx) })
	r.stop = func() {
		http.DefaultClient.CloseIdleConnections() // Run waits for those that were never used
		cancel()
		wg.Wait()
	}
	t.Cleanup(r.stop)
	return r
}

// readyz asks until the answer is the wanted one: what a platform has told is heard a moment later.
func (r *running) readyz(t *testing.T, status int, body string) {
	t.Helper()
	var gotStatus int
	var got []byte
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		resp, err := http.Get(r.URL() + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		gotStatus = resp.StatusCode
		got, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err == nil && gotStatus == status && string(got) == body {
			return
		}
	}
	t.Errorf("readyz: %d %q, want %d %q", gotStatus, got, status, body)
}

// Readiness is judged for each platform: the app is ready while one is.
func TestReadiness(t *testing.T) {
	red, blue := newChat("red"), newChat("blue")
	r := run(t, red, blue)
	r.readyz(t, http.StatusOK, "ready\n")

	waiting := errors.New("red sleeps")
	red.waiting.Store(&waiting)
	r.readyz(t, http.StatusOK, "ready\nred: red sleeps\n")

	away := errors.New("blue is away")
	blue.waiting.Store(&away)
	r.readyz(t, http.StatusServiceUnavailable, "not ready: red sleeps, blue is away\n")

	red.waiting.Store(nil)
	r.readyz(t, http.StatusOK, "ready\nblue: blue is away\n")

	r.redis.SetError("LOADING Redis is loading the dataset in memory")
	r.readyz(t, http.StatusOK, "ready\nblue: blue is away\nredis: does not answer, so no command is carried out\n")

	blue.waiting.Store(nil)
	r.readyz(t, http.StatusOK, "ready\nredis: does not answer, so no command is carried out\n")

	r.redis.SetError("")
	r.readyz(t, http.StatusOK, "ready\n")

	r.stop()
	if err := <-r.ended; err != nil {
		t.Errorf("Run returned %v", err)
	}
	if red.closed.Load() != 1 || blue.closed.Load() != 1 {
		t.Errorf("closed: %d times, %d times", red.closed.Load(), blue.closed.Load())
	}
	if strings.Contains(r.log.String(), "ERROR") {
		t.Errorf("log: %s", r.log)
	}
}

// A platform that refuses the configuration stops no other. When the last one does, the app ends, and says why.
func TestRefusedPlatforms(t *testing.T) {
	red, blue := newChat("red"), newChat("blue")
	r := run(t, red, blue)
	r.readyz(t, http.StatusOK, "ready\n")
	red.refuse <- errors.New("RED_TOKEN: refused")
	r.readyz(t, http.StatusOK, "ready\nred: RED_TOKEN: refused\n")

	blue.refuse <- errors.New("BLUE_TOKEN: refused")
	select {
	case err := <-r.ended:
		if err == nil || err.Error() != "RED_TOKEN: refused\nBLUE_TOKEN: refused" {
			t.Errorf("Run returned %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the app goes on without a platform")
	}
	if log := r.log.String(); strings.Count(log, "level=ERROR") != 1 || !strings.Contains(log, "platform=red") ||
		!strings.Contains(log, "RED_TOKEN: refused") {
		t.Errorf("log: %s", log)
	}
}

// New opens nothing, and an app that was never run gives everything back.
func TestAppThatIsNotRun(t *testing.T) {
	c := valid()
	c.HTTP.Addr, c.HTTP.AdminAddr = "127.0.0.1:0", "256.0.0.1:0"
	c.Redis.URL = "redis://" + miniredis.RunT(t).Addr() + "/0" // which Close takes leave of
	a, err := New(c, Options{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if a.public.listener != nil || a.admin.listener != nil {
		t.Error("New has opened a listener")
	}
	if err := a.Listen(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "ADMIN_ADDR: ") {
		t.Errorf("Listen returned %v", err)
	}
	if err := a.Close(); err != nil {
		t.Errorf("Close returned %v", err)
	}
	if _, err := http.Get(a.URL() + "/healthz"); err == nil {
		t.Error("a closed app listens")
	}
	if err := a.Close(); err != nil {
		t.Errorf("the second Close returned %v", err)
	}
}
