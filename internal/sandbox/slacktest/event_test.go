package slacktest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack/slackevents"
)

func TestMentionArrivesAsDocumented(t *testing.T) {
	s := startSlack(t, Options{Enterprise: "E0CONTOSO"})
	s.AddUser(User{ID: "U0CAM", Stranger: true, Team: "T0FABRIKAM"})
	var body []byte
	var header http.Header
	app := startApp(t, s, func(_ http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		header = r.Header
		if r.URL.Path != "/slack/events" || header.Get("Content-Type") != "application/json" {
			t.Errorf("%s, %s", r.URL.Path, header.Get("Content-Type"))
		}
	})
	for _, test := range []struct {
		mention      Mention
		userTeam     string
		bot          bool
		wantTeam     string
		wantEvent    string
		wantExternal bool
	}{
		{mention: Mention{User: "U0ANN", Channel: "C0DESIGN", Text: "<@U0MEETBOT> show"}, userTeam: "T024BE7LD", wantTeam: "T024BE7LD"},
		{mention: Mention{User: "U0CAM", Channel: "C0DESIGN", ThreadTS: "1712345678.000100", Text: "<@U0MEETBOT>", Shared: true, FromBot: true, EventID: "Ev0000000001", Team: "T0OTHER"},
			userTeam: "T0FABRIKAM", bot: true, wantTeam: "T0OTHER", wantEvent: "Ev0000000001", wantExternal: true},
	} {
		d, err := s.Mention(t.Context(), app, test.mention)
		if err != nil {
			t.Fatal(err)
		}
		if !equal(d.Attempts, []int{200}) || string(d.Envelope) != string(body) || (test.wantEvent != "" && d.EventID != test.wantEvent) {
			t.Errorf("delivery %+v", d)
		}
		if header.Get("X-Slack-Retry-Num") != "" {
			t.Error("the first delivery says that it is another")
		}
		event, err := slackevents.ParseEvent(body, slackevents.OptionNoVerifyToken())
		if err != nil {
			t.Fatal(err)
		}
		outer, ok := event.Data.(*slackevents.EventsAPICallbackEvent)
		if !ok {
			t.Fatalf("outer event is a %T", event.Data)
		}
		inner, ok := event.InnerEvent.Data.(*slackevents.AppMentionEvent)
		if !ok {
			t.Fatalf("inner event is a %T", event.InnerEvent.Data)
		}
		if outer.EventID != d.EventID || outer.TeamID != test.wantTeam || outer.EnterpriseID != "E0CONTOSO" || outer.APIAppID == "" ||
			outer.IsExtSharedChannel != test.wantExternal || len(outer.Authorizations) != 1 || outer.Authorizations[0].UserID != s.BotUser() {
			t.Errorf("outer %+v", outer)
		}
		if inner.User != test.mention.User || inner.Text != test.mention.Text || inner.TimeStamp != d.TS || inner.ThreadTimeStamp != test.mention.ThreadTS ||
			inner.Channel != "C0DESIGN" || inner.UserTeam != test.userTeam || (inner.BotID != "") != test.bot {
			t.Errorf("inner %+v", inner)
		}
	}
	m := s.Messages("C0DESIGN")
	if len(m) != 2 || m[0].Author != "U0ANN" || m[0].AuthorName != "ann" || m[0].Via != "user" || m[1].ThreadTS != "1712345678.000100" {
		t.Errorf("the mentions stand in the channel: %+v", m)
	}
}

func TestRedelivers(t *testing.T) {
	type delivery struct{ id, number, reason string }
	const timeout = time.Minute // as an answer: none in time
	tests := map[string]struct {
		answers []int // status of each answer in turn, the last one for ever; 0: none in time, -1: the connection is cut
		noRetry bool
		want    []int
		reasons []string
	}{
		"accepted at once":      {answers: []int{204}, want: []int{204}, reasons: []string{""}},
		"accepted in the end":   {answers: []int{503, 0, -1, 200}, want: []int{503, 0, 0, 200}, reasons: []string{"", "http_error", "http_timeout", "connection_failed"}},
		"never accepted":        {answers: []int{500}, want: []int{500, 500, 500, 500}, reasons: []string{"", "http_error", "http_error", "http_error"}},
		"wants no redelivery":   {answers: []int{400}, noRetry: true, want: []int{400}, reasons: []string{""}},
		"redirects are refused": {answers: []int{302, 200}, want: []int{302, 200}, reasons: []string{"", "http_error"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := startSlack(t, Options{RetryDelays: []time.Duration{0, time.Millisecond, time.Millisecond}, Deadline: 500 * time.Millisecond})
			var got []delivery
			app := startApp(t, s, func(w http.ResponseWriter, r *http.Request) {
				var envelope struct {
					EventID string `json:"event_id"`
				}
				if err := json.NewDecoder(r.Body).Decode(&envelope); err != nil {
					t.Error(err)
				}
				status := test.answers[min(len(got), len(test.answers)-1)]
				got = append(got, delivery{envelope.EventID, r.Header.Get("X-Slack-Retry-Num"), r.Header.Get("X-Slack-Retry-Reason")})
				switch {
				case status == 0:
					select {
					case <-r.Context().Done():
					case <-time.After(timeout):
					}
				case status < 0:
					panic(http.ErrAbortHandler)
				case test.noRetry:
					w.Header().Set("X-Slack-No-Retry", "1")
					fallthrough
				default:
					w.WriteHeader(status)
				}
			})
			d, err := s.Mention(t.Context(), app, Mention{User: "U0ANN", Channel: "C0DESIGN", Text: "<@U0MEETBOT>"})
			if err != nil {
				t.Fatal(err)
			}
			if !equal(d.Attempts, test.want) {
				t.Errorf("attempts %v, want %v", d.Attempts, test.want)
			}
			for i, reason := range test.reasons {
				want := delivery{d.EventID, []string{"", "1", "2", "3"}[i], reason}
				if i >= len(got) || got[i] != want {
					t.Errorf("delivery %d: %+v, want %+v", i, got, want)
				}
			}
			if len(s.Messages("C0DESIGN")) != 1 {
				t.Error("a redelivery is no new message")
			}
		})
	}
}

func TestRedeliveryEndsWithTheContext(t *testing.T) {
	s := startSlack(t, Options{}) // the real delays
	ctx, cancel := context.WithCancel(t.Context())
	count := 0
	app := startApp(t, s, func(w http.ResponseWriter, _ *http.Request) {
		if count++; count == 2 {
			defer cancel()
		}
		w.WriteHeader(503)
	})
	d, err := s.Mention(ctx, app, Mention{User: "U0ANN", Channel: "C0DESIGN", Text: "<@U0MEETBOT>"})
	if !errors.Is(err, context.Canceled) || d.Envelope == nil {
		t.Fatalf("%+v, %v", d, err)
	}
	// Whoever kept the envelope can deliver it again.
	status, err := s.Deliver(t.Context(), app, d.Envelope, 2, "http_error")
	if err != nil || status != 503 || count != 3 {
		t.Errorf("by hand: status %d, %v, %d deliveries", status, err, count)
	}
}

func TestSendsNoEventWhereTheAppIsNot(t *testing.T) {
	s := startSlack(t, Options{})
	app := startApp(t, s, func(http.ResponseWriter, *http.Request) { t.Error("an event was sent") })
	for _, channel := range []string{"C0ABSENT", "DU0ANN"} {
		d, err := s.Mention(t.Context(), app, Mention{User: "U0ANN", Channel: channel, Text: "<@U0MEETBOT>"})
		if err != nil || len(d.Attempts) != 0 || len(s.Messages(channel)) != 1 {
			t.Errorf("%s: %+v, %v", channel, d, err)
		}
	}
	for _, m := range []Mention{
		{User: "U0ANN", Channel: "C0DESIGN", Text: "meetbot, please"},
		{User: "U0NOBODY", Channel: "C0DESIGN", Text: "<@U0MEETBOT>"},
		{User: "U0ANN", Channel: "C0NOWHERE", Text: "<@U0MEETBOT>"},
	} {
		if _, err := s.Mention(t.Context(), app, m); err == nil {
			t.Errorf("%+v: no error", m)
		}
	}
}

func TestURLVerification(t *testing.T) {
	s := startSlack(t, Options{})
	tests := map[string]struct {
		answer func(w http.ResponseWriter, challenge string)
		ok     bool
	}{
		"plain":   {func(w http.ResponseWriter, c string) { _, _ = io.WriteString(w, c) }, true},
		"JSON":    {func(w http.ResponseWriter, c string) { _, _ = io.WriteString(w, `{"challenge":"`+c+`"}`) }, true},
		"form":    {func(w http.ResponseWriter, c string) { _, _ = io.WriteString(w, "challenge="+c) }, true},
		"another": {func(w http.ResponseWriter, _ string) { _, _ = io.WriteString(w, "challenge") }, false},
		"nothing": {func(http.ResponseWriter, string) {}, false},
		"refused": {func(w http.ResponseWriter, c string) { http.Error(w, c, http.StatusUnauthorized) }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			app := startApp(t, s, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				event, err := slackevents.ParseEvent(body, slackevents.OptionNoVerifyToken())
				if err != nil {
					t.Errorf("slack-go cannot read the handshake: %v", err)
					return
				}
				challenge, ok := event.Data.(*slackevents.EventsAPIURLVerificationEvent)
				if !ok {
					t.Errorf("event is a %T", event.Data)
					return
				}
				test.answer(w, challenge.Challenge)
			})
			err := s.URLVerification(t.Context(), app)
			if (err == nil) != test.ok {
				t.Errorf("got %v", err)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "verify the events URL: ") {
				t.Errorf("error %q does not say what was done", err)
			}
		})
	}
}
