package teamsapp_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/bot/teamsapp"
	"meetbot/bot/teamsapp/connector"
)

const (
	appID    = "22222222-3333-4444-8555-666666666666"
	tenantID = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
)

// holds notes how long which conversation is to be left alone, and leaves none alone.
type holds struct {
	waits map[string]time.Duration
	err   error // instead of an answer
}

func (h *holds) Throttle(_ context.Context, u bot.Upstream, wait time.Duration) error {
	h.waits[u.Name] = wait
	return nil
}

func (h *holds) ThrottledFor(context.Context, bot.Upstream) (time.Duration, error) { return 0, h.err }

// tokens gives one token, or an error, and counts.
type tokens struct {
	err     error
	renewed atomic.Int64
	asked   atomic.Int64
}

const accessToken = "eyJ-a-token-that-must-not-leak"

func (k *tokens) Token(context.Context) (string, error) {
	k.asked.Add(1)
	return accessToken, k.err
}
func (k *tokens) Renew() { k.renewed.Add(1) }

// newApp returns an app that answers through that host.
func newApp(t testing.TB, h bot.Throttles, k connector.Tokens, host string) *teamsapp.App {
	t.Helper()
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	app, err := teamsapp.New(teamsapp.Config{
		AppID: appID, TenantID: tenantID, Cloud: teamsapp.CloudOf(""), Hosts: []string{host}, Tokens: k,
		Catalog: catalog, Language: bot.English, Throttles: h, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// verdict is what a status of the connector means.
func verdict(status int) bot.Code {
	switch {
	case status/100 == 2:
		return ""
	case status == http.StatusTooManyRequests, status == http.StatusPreconditionFailed:
		return bot.Throttled
	case status == http.StatusUnauthorized:
		return bot.ChatCredentials
	case status == http.StatusRequestTimeout, status/100 == 3: // a box in between
		return bot.Unavailable
	case status == http.StatusNotImplemented, status < 500:
		return bot.Undeliverable
	default:
		return bot.Unavailable
	}
}

// Every HTTP status of the connector is delivered, tried again or given up as the table above says, for a message and
// for the change of one; and whatever it echoes, no secret gets into an error.
func TestEveryStatus(t *testing.T) {
	var status int
	var after string
	secrets := []string{accessToken, "ann@contoso.example", "meetup-join", "@thread.v2"}
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		w.WriteHeader(status)
		if status != http.StatusNoContent && status != http.StatusNotModified {
			_, _ = io.WriteString(w, `{"error":{"code":"`+strings.Join(secrets, " ")+`","message":"`+r.URL.Path+`"}}`)
		}
	}))
	defer service.Close()
	h, k := &holds{waits: map[string]time.Duration{}}, &tokens{}
	app := newApp(t, h, k, strings.TrimPrefix(service.URL, "http://"))
	chat := bot.Conversation{Platform: teamsapp.Platform, Workspace: tenantID, Channel: "19:chat@thread.v2"}
	job := bot.Job{ID: "j", Conversation: chat, Route: bot.Route{Channel: "19:chat@thread.v2;messageid=1", User: "29:1", Service: service.URL, Alone: true}}
	deliver := func() error {
		_, err := app.Deliver(t.Context(), job, bot.WorkingReply(bot.English))
		return err
	}
	update := func() error {
		return app.Update(t.Context(), chat, bot.MessageRef("1 "+service.URL+" 1 2"), bot.WorkingReply(bot.English))
	}
	for status = 200; status < 600; status++ {
		for i, do := range []func() error{deliver, deliver, update, update} {
			after = []string{"", "3"}[i%2]
			renewed := k.renewed.Load()
			clear(h.waits)
			err := do()
			if got := bot.CodeOf(err); got != verdict(status) {
				t.Errorf("%d: %q (%v), want %q", status, got, err, verdict(status))
			}
			if got := k.renewed.Load() - renewed; (got == 1) != (status == http.StatusUnauthorized) {
				t.Errorf("%d: the token was renewed %d times", status, got)
			}
			var wait time.Duration
			switch {
			case verdict(status) == bot.Throttled && after != "":
				wait = 3 * time.Second
			case status == http.StatusTooManyRequests:
				wait = 2 * time.Second
			}
			if got := h.waits["teams:19:chat@thread.v2"]; got != wait {
				t.Errorf("%d, Retry-After %q: the conversation is left alone for %s, want %s", status, after, got, wait)
			}
			for _, secret := range secrets {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("%d: the error holds %q: %v", status, secret, err)
				}
			}
		}
	}
}

// Without a token, or leave to speak, nothing was sent, which is not the same as an answer that may have been lost.
func TestNothingSent(t *testing.T) {
	job := bot.Job{ID: "j", Route: bot.Route{Channel: "19:chat@thread.v2", User: "29:1", Service: "https://smba.trafficmanager.net/emea/"}}
	for name, tt := range map[string]struct {
		err  error
		code bot.Code
		wait time.Duration
	}{
		"Entra away":       {&bot.Error{Code: bot.Unavailable}, bot.Throttled, 5 * time.Second},
		"Entra throttles":  {&bot.Error{Code: bot.Throttled, Wait: 20 * time.Second}, bot.Throttled, 20 * time.Second},
		"Entra refuses":    {&bot.Error{Code: bot.Credentials}, bot.ChatCredentials, 0},
		"something failed": {errors.New("read file"), bot.Throttled, 5 * time.Second},
	} {
		_, err := newApp(t, &holds{waits: map[string]time.Duration{}}, &tokens{err: tt.err}, "smba.contoso.example").Deliver(t.Context(), job, bot.WorkingReply(bot.English))
		e, ok := errors.AsType[*bot.Error](err)
		if !ok || e.Code != tt.code || e.Wait != tt.wait {
			t.Errorf("%s: %+v", name, err)
		}
	}
	_, err := newApp(t, &holds{err: errors.New("Redis away")}, &tokens{}, "smba.contoso.example").Deliver(t.Context(), job, bot.WorkingReply(bot.English))
	if bot.CodeOf(err) != bot.Throttled {
		t.Errorf("nobody knows whether to wait: %+v", err)
	}
}

// A host that is not Microsoft's is never dialled, even if a job names it.
func TestServiceElsewhere(t *testing.T) {
	var hits atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer trap.Close()
	app := newApp(t, &holds{waits: map[string]time.Duration{}}, &tokens{}, "smba.contoso.example")
	_, err := app.Deliver(t.Context(), bot.Job{Route: bot.Route{Channel: "19:chat@thread.v2", User: "29:1", Service: trap.URL}}, bot.WorkingReply(bot.English))
	if bot.CodeOf(err) != bot.Undeliverable || hits.Load() != 0 {
		t.Errorf("%v, with %d calls", err, hits.Load())
	}
}
