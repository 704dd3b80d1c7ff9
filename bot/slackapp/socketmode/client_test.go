package socketmode_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"meetbot/bot/slackapp/socketmode"
	"meetbot/internal/logbook"
	"meetbot/internal/sandbox/slacktest"
)

// No goroutine outlives what started it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a Slack, and a client that is connected to it.
type world struct {
	t      *testing.T
	slack  *slacktest.Server
	client *socketmode.Client
	stop   func() // and waits for Run
	log    *logbook.Book
	ended  *sync.Map // reasons
}

// Open and Ended make world an observer.
func (w *world) Open(int)            {}
func (w *world) Ended(reason string) { w.ended.Store(reason, true) }

func connect(t *testing.T, handle func(context.Context, socketmode.Envelope, func([]byte) error)) *world {
	t.Helper()
	slack, err := slacktest.New(slacktest.Options{SocketMode: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(slack.Close)
	slack.AddUser(slacktest.User{ID: "U0ANN"})
	slack.AddChannel(slacktest.Channel{ID: "C0GENERAL"})
	w := &world{t: t, slack: slack, log: &logbook.Book{}, ended: &sync.Map{}}
	w.client = socketmode.New(socketmode.Config{
		Open: w.open,
		Check: func(where string) (*url.URL, error) {
			return url.Parse(strings.Replace(where, "ws", "http", 1))
		},
		Handle: handle, Unreadable: func(context.Context, error) {},
		Log: slog.New(slog.NewTextHandler(w.log, nil)), Observer: w,
		Timing: socketmode.Timing{Pause: time.Millisecond, LongestPause: 20 * time.Millisecond,
			Linger: 50 * time.Millisecond},
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.client.Run(ctx)
	}()
	w.stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(w.stop)
	w.eventually("the client is connected", func() bool { return w.client.Ready() == nil })
	return w
}

// open calls apps.connections.open.
func (w *world) open(ctx context.Context) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.slack.APIURL()+"apps.connections.open", http.NoBody)
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", "Bearer "+w.slack.AppToken())
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		URL string `json:"url"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return "", err
	}
	return answer.URL, nil
}

func (w *world) eventually(what string, holds func() bool) {
	w.t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("not within 10s: %s\n%s", what, w.log)
		}
	}
}

// command runs a slash command and returns what Slack shows.
func (w *world) command(text string) slacktest.Answer {
	a, err := w.slack.Command(w.t.Context(), "", slacktest.Command{User: "U0ANN", Channel: "C0GENERAL", Text: text})
	if err != nil {
		w.t.Error(err)
	}
	return a
}

// answer acknowledges with a text.
func answer(text string) []byte { return fmt.Appendf(nil, `{"text":%q}`, text) }

// A handler that panics harms nobody but its envelope.
func TestHandlerPanics(t *testing.T) {
	var calls atomic.Int64
	w := connect(t, func(_ context.Context, e socketmode.Envelope, ack func([]byte) error) {
		if calls.Add(1) == 1 {
			panic("boom")
		}
		_ = ack(answer("well"))
	})
	first := make(chan slacktest.Answer, 1)
	go func() { first <- w.command("one") }()
	w.eventually("the panic is logged", func() bool { return strings.Contains(w.log.String(), "panic=boom") })
	if a := w.command("two"); a.Message == nil || a.Message.Text != "well" {
		t.Errorf("the next one: %+v", a)
	}
	if a := <-first; !a.TimedOut {
		t.Errorf("the first one: %+v", a)
	}
}

// A client that is to stop goes on taking envelopes until it has none in hand, and then none.
func TestRunEndsInOrder(t *testing.T) {
	hold := make(chan struct{})
	var handled atomic.Int64
	w := connect(t, func(_ context.Context, e socketmode.Envelope, ack func([]byte) error) {
		handled.Add(1)
		if strings.Contains(string(e.Payload), "slow") {
			<-hold
		}
		if err := ack(answer("well")); err != nil {
			t.Error(err)
		}
	})
	slow := make(chan slacktest.Answer, 1)
	go func() { slow <- w.command("slow") }()
	w.eventually("one is in hand", func() bool { return handled.Load() == 1 })
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		w.stop()
	}()
	for range 5 {
		if a := w.command("quick"); a.Message == nil {
			t.Errorf("meanwhile: %+v", a)
		}
	}
	close(hold)
	if a := <-slow; a.Message == nil {
		t.Errorf("the one in hand: %+v", a)
	}
	<-stopped
	if w.client.Ready() == nil {
		t.Error("the client says that it is connected")
	}
	w.eventually("Slack has no connection", func() bool { return w.slack.Connections() == 0 })
}

// A handler that does not end holds the client up for no longer than Slack would wait.
func TestRunEndsInTime(t *testing.T) {
	started := make(chan struct{})
	w := connect(t, func(ctx context.Context, _ socketmode.Envelope, _ func([]byte) error) {
		close(started)
		<-ctx.Done()
	})
	go func() { _ = w.command("never") }()
	<-started
	begin := time.Now()
	w.stop()
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("stopping took %s", took)
	}
}

// A killed client says nothing more.
func TestKill(t *testing.T) {
	started := make(chan struct{})
	w := connect(t, func(ctx context.Context, _ socketmode.Envelope, ack func([]byte) error) {
		close(started)
		<-ctx.Done()
		if ack(nil) == nil {
			t.Error("acknowledged by a dead client")
		}
	})
	got := make(chan slacktest.Answer, 1)
	go func() { got <- w.command("") }()
	<-started
	w.client.Kill()
	if a := <-got; a.Status != 0 {
		t.Errorf("%+v", a)
	}
	w.stop()
}

// An answer that Slack would drop is refused, and a smaller one may follow.
func TestAnswerTooLarge(t *testing.T) {
	w := connect(t, func(_ context.Context, _ socketmode.Envelope, ack func([]byte) error) {
		if err := ack(answer(strings.Repeat("x", socketmode.MaxAck))); !errors.Is(err, socketmode.ErrTooLarge) {
			t.Errorf("a large answer: %v", err)
		}
		if err := ack(answer("small")); err != nil {
			t.Error(err)
		}
	})
	if a := w.command(""); a.Message == nil || a.Message.Text != "small" {
		t.Errorf("%+v", a)
	}
}

// Whatever happens to connections, the client has one in the end.
func TestManyDisconnects(t *testing.T) {
	w := connect(t, func(_ context.Context, _ socketmode.Envelope, ack func([]byte) error) { _ = ack(nil) })
	var busy sync.WaitGroup
	for range 3 {
		busy.Go(func() {
			for range 20 {
				_ = w.command("") // some get no answer: their connection is gone
			}
		})
	}
	for i := range 20 {
		switch i % 4 {
		case 0:
			w.slack.CutConnections()
		case 1:
			w.slack.Disconnect("refresh_requested", 10*time.Millisecond)
		case 2:
			w.slack.SendRaw([]byte(`{"type":"disconnect","reason":"warning"}`))
		case 3:
			w.slack.SendRaw(bytes.Repeat([]byte("x"), 2<<20))
		}
		time.Sleep(20 * time.Millisecond)
	}
	busy.Wait()
	w.eventually("there is one connection, by which commands are answered", func() bool {
		return w.slack.Connections() == 1 && w.client.Ready() == nil && w.command("").Status == http.StatusOK
	})
	for _, reason := range []string{socketmode.Lost, socketmode.Refresh, socketmode.TooLarge} {
		if _, ok := w.ended.Load(reason); !ok {
			t.Errorf("the observer was not told of %q", reason)
		}
	}
}
