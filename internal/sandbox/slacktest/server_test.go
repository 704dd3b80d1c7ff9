package slacktest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

// startSlack starts a workspace with two people and a channel of each kind.
func startSlack(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.AddUser(User{ID: "U0ANN", Name: "ann", RealName: "Ann Archer", Email: "ann@contoso.example", EmailConfirmed: true, Locale: "pt-BR", TZ: "America/Sao_Paulo"})
	s.AddUser(User{ID: "U0BEN", Name: "ben"})
	s.AddChannel(Channel{ID: "C0DESIGN", Name: "design"})
	s.AddChannel(Channel{ID: "C0ABSENT", Name: "absent", BotAbsent: true})
	s.AddChannel(Channel{ID: "C0OLD", Name: "old", Archived: true})
	s.AddChannel(Channel{ID: "G0BOARD", Name: "board", Private: true, Members: []string{"U0ANN"}})
	s.AddChannel(Channel{ID: "G0SECRET", Name: "secret", Private: true, BotAbsent: true})
	return s
}

// startApp serves an app that checks every signature with slack-go before it answers.
func startApp(t *testing.T, s *Server, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read the request: %v", err)
		}
		if err := verify(r.Header, body, s.SigningSecret()); err != nil {
			t.Errorf("%s: slack-go refuses the signature: %v", r.URL.Path, err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func verify(h http.Header, body []byte, secret string) error {
	v, err := slack.NewSecretsVerifier(h, secret)
	if err != nil {
		return err
	}
	if _, err := v.Write(body); err != nil {
		return err
	}
	return v.Ensure()
}

// says is an app that answers everything with this JSON.
func says(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	}
}

func TestCommandArrivesAsDocumented(t *testing.T) {
	s := startSlack(t, Options{Enterprise: "E0CONTOSO", EnterpriseInstall: true})
	var got slack.SlashCommand
	var method, path, media string
	app := startApp(t, s, func(_ http.ResponseWriter, r *http.Request) {
		method, path, media = r.Method, r.URL.Path, r.Header.Get("Content-Type")
		var err error
		if got, err = slack.SlashCommandParse(r); err != nil {
			t.Errorf("slack-go cannot read the command: %v", err)
		}
	})
	answer, err := s.Command(t.Context(), app, Command{User: "U0ANN", Channel: "C0DESIGN", Text: Escape("R&D <now>")})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != 200 || answer.Message != nil || answer.Problem != "" || answer.TimedOut {
		t.Errorf("an empty 200 posts nothing and is no problem: %+v", answer)
	}
	if method != "POST" || path != "/slack/commands" || media != "application/x-www-form-urlencoded" {
		t.Errorf("got %s %s %s", method, path, media)
	}
	if !regexp.MustCompile(`^` + strings.TrimSuffix(s.APIURL(), "/api/") + `/commands/T024BE7LD/\d+/[0-9a-f]+$`).MatchString(got.ResponseURL) {
		t.Errorf("response_url %q", got.ResponseURL)
	}
	if got.TriggerID == "" || got.Token == "" {
		t.Errorf("trigger_id %q, token %q", got.TriggerID, got.Token)
	}
	got.ResponseURL, got.TriggerID, got.Token = "", "", ""
	want := slack.SlashCommand{
		TeamID: "T024BE7LD", TeamDomain: "contoso", EnterpriseID: "E0CONTOSO", EnterpriseName: "Contoso", IsEnterpriseInstall: true,
		ChannelID: "C0DESIGN", ChannelName: "design", UserID: "U0ANN", UserName: "ann", Command: "/meet",
		Text: "R&amp;D &lt;now&gt;", APIAppID: "A0MEETBOT",
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestCommandChannelNamesAndForgeries(t *testing.T) {
	s := startSlack(t, Options{})
	for _, test := range []struct {
		command                Command
		name, team, enterprise string
	}{
		{Command{User: "U0ANN", Channel: "C0DESIGN"}, "design", "T024BE7LD", ""},
		{Command{User: "U0ANN", Channel: "G0BOARD"}, "privategroup", "T024BE7LD", ""},
		{Command{User: "U0ANN", Channel: "DU0ANN"}, "directmessage", "T024BE7LD", ""},
		{Command{User: "U0ANN", Channel: "C0DESIGN", Team: "T0OTHER", Enterprise: "E0OTHER"}, "design", "T0OTHER", "E0OTHER"},
	} {
		r, err := s.CommandRequest(t.Context(), "http://app.example", test.command)
		if err != nil {
			t.Fatal(err)
		}
		got, err := slack.SlashCommandParse(r)
		if err != nil {
			t.Fatal(err)
		}
		if got.ChannelName != test.name || got.TeamID != test.team || got.EnterpriseID != test.enterprise || got.IsEnterpriseInstall {
			t.Errorf("%+v: got %+v", test.command, got)
		}
	}
	for _, c := range []Command{{User: "U0NOBODY", Channel: "C0DESIGN"}, {User: "U0ANN", Channel: "C0NOWHERE"}, {User: "U0ANN", Channel: "DU0NOBODY"}} {
		if _, err := s.Command(t.Context(), "http://app.example", c); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
}

func TestPostsTheAnswer(t *testing.T) {
	const section = `[{"type":"section","text":{"type":"mrkdwn","text":"hello"}}]`
	tests := map[string]struct {
		media, body string
		want        *Message
		problem     string
	}{
		"in_channel":      {"application/json", `{"response_type":"in_channel","text":"hi","blocks":` + section + `}`, &Message{Text: "hi", Blocks: json.RawMessage(section)}, ""},
		"ephemeral":       {"application/json; charset=utf-8", `{"response_type":"ephemeral","text":"hi"}`, &Message{To: "U0ANN", Text: "hi"}, ""},
		"no type":         {"application/json", `{"text":"hi","blocks":null}`, &Message{To: "U0ANN", Text: "hi"}, ""},
		"plain text":      {"text/plain", `hi`, &Message{To: "U0ANN", Text: "hi"}, ""},
		"nothing to say":  {"application/json", `{"response_type":"in_channel"}`, nil, ""},
		"broken JSON":     {"application/json", `{"text":`, nil, "invalid_command_response"},
		"invalid blocks":  {"application/json", `{"text":"hi","blocks":[{"type":"header"}]}`, nil, "invalid_blocks: missing required field: text [json-pointer:/blocks/0]"},
		"blocks no array": {"application/json", `{"text":"hi","blocks":{}}`, nil, "invalid_blocks_format"},
		"too long":        {"application/json", `{"text":"` + strings.Repeat("é", 40_001) + `"}`, nil, "msg_too_long"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := startSlack(t, Options{})
			app := startApp(t, s, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", test.media)
				_, _ = io.WriteString(w, test.body)
			})
			answer, err := s.Command(t.Context(), app, Command{User: "U0ANN", Channel: "C0DESIGN"})
			if err != nil {
				t.Fatal(err)
			}
			if answer.Problem != test.problem && (test.problem == "" || !strings.HasPrefix(answer.Problem, test.problem+":")) {
				t.Errorf("problem %q, want %q", answer.Problem, test.problem)
			}
			messages := s.Messages("C0DESIGN")
			if test.want == nil {
				if answer.Message != nil || len(messages) > 0 {
					t.Fatalf("posted %+v, %+v", answer.Message, messages)
				}
				return
			}
			if answer.Message == nil || len(messages) != 1 || messages[0].TS != answer.Message.TS {
				t.Fatalf("answer %+v, channel %+v", answer.Message, messages)
			}
			m := messages[0]
			if m.To != test.want.To || m.Text != test.want.Text || string(m.Blocks) != string(test.want.Blocks) ||
				m.Author != s.BotUser() || m.AuthorName != "meetbot" || m.Via != "answer" {
				t.Errorf("got %+v", m)
			}
		})
	}
}

func TestShowsWhyACommandFailed(t *testing.T) {
	s, hurried := startSlack(t, Options{}), startSlack(t, Options{Deadline: 20 * time.Millisecond})
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	release := make(chan struct{})
	slow := startApp(t, hurried, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	failing := startApp(t, s, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "oops", http.StatusInternalServerError) })
	moved := startApp(t, s, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	for _, test := range []struct {
		from         *Server
		app, problem string
		status       int
		timedOut     bool
	}{
		{hurried, slow, "operation_timeout", 0, true},
		{s, gone.URL, "dispatch_failed", 0, false},
		{s, failing, "dispatch_failed", 500, false},
		{s, moved, "dispatch_failed", 302, false},
	} {
		answer, err := test.from.Command(t.Context(), test.app, Command{User: "U0ANN", Channel: "C0DESIGN"})
		if err != nil {
			t.Fatal(err)
		}
		if answer.Problem != test.problem || answer.Status != test.status || answer.TimedOut != test.timedOut || answer.Message != nil {
			t.Errorf("got %+v, want %+v", answer, test)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Command(ctx, failing, Command{User: "U0ANN", Channel: "C0DESIGN"}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

func TestSignature(t *testing.T) {
	s := startSlack(t, Options{})
	// The example of Slack's documentation of verifying requests.
	example := &Server{o: Options{SigningSecret: "8f742231b10e8888abcd99yyyzzz85a5"}}
	h := http.Header{}
	example.Sign(h, []byte("token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"), time.Unix(1531420618, 0))
	if got, want := h.Get("X-Slack-Signature"), "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}

	body := []byte(`{"a":1}`)
	for _, test := range []struct {
		name string
		at   time.Time
		body []byte
		ok   bool
	}{
		{"fresh", time.Now(), body, true},
		{"stale", time.Now().Add(-6 * time.Minute), body, false},
		{"other body", time.Now(), []byte(`{"a":2}`), false},
	} {
		h := http.Header{}
		s.Sign(h, body, test.at)
		if err := verify(h, test.body, s.SigningSecret()); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestCommandRequestCanBeReplayed(t *testing.T) {
	s := startSlack(t, Options{})
	var bodies []string
	app := startApp(t, s, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body)+r.Header.Get("X-Slack-Signature"))
	})
	r, err := s.CommandRequest(t.Context(), app, Command{User: "U0ANN", Channel: "C0DESIGN"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		again := r.Clone(t.Context())
		if again.Body, err = r.GetBody(); err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(again)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	if len(bodies) != 2 || bodies[0] != bodies[1] {
		t.Errorf("got %q", bodies)
	}
}

func TestWaitFor(t *testing.T) {
	s := startSlack(t, Options{})
	app := startApp(t, s, says(`{"text":"hi"}`))
	isHi := func(m Message) bool { return m.Text == "hi" }
	found := make(chan Message, 1)
	patient, give := context.WithTimeout(t.Context(), 10*time.Second)
	defer give()
	go func() {
		m, err := s.WaitFor(patient, "C0DESIGN", isHi)
		if err != nil {
			t.Errorf("wait: %v", err)
		}
		found <- m
	}()
	answer, err := s.Command(t.Context(), app, Command{User: "U0ANN", Channel: "C0DESIGN"})
	if err != nil {
		t.Fatal(err)
	}
	if m := <-found; m.TS != answer.Message.TS {
		t.Errorf("woke with %+v", m)
	}
	if m, err := s.WaitFor(t.Context(), "C0DESIGN", isHi); err != nil || m.TS != answer.Message.TS {
		t.Errorf("what is there already: %+v, %v", m, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := s.WaitFor(ctx, "C0DESIGN", func(Message) bool { return false }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("what never comes: %v", err)
	}
}

func TestKeepsWhatItIsToldToKeep(t *testing.T) {
	for _, test := range []struct{ keep, messages, calls int }{{3, 3, 3}, {-1, 0, 0}, {0, 5, 5}} {
		s := startSlack(t, Options{Keep: test.keep, PostBurst: -1})
		client := slack.New(s.BotToken(), slack.OptionAPIURL(s.APIURL()))
		for _, text := range []string{"1", "2", "3", "4", "5"} {
			if _, _, err := client.PostMessageContext(t.Context(), "C0DESIGN", slack.MsgOptionText(text, false)); err != nil {
				t.Fatal(err)
			}
		}
		messages := s.Messages("C0DESIGN")
		if len(messages) != test.messages || len(s.Calls()) != test.calls {
			t.Errorf("keep %d: %d messages, %d calls", test.keep, len(messages), len(s.Calls()))
		}
		for i, m := range messages {
			if i > 0 && m.TS <= messages[i-1].TS {
				t.Errorf("time stamps %s, %s do not rise", messages[i-1].TS, m.TS)
			}
		}
		if test.keep == 3 && messages[0].Text != "3" {
			t.Errorf("the oldest kept is %q", messages[0].Text)
		}
	}
}

// What a load test pays for the sandbox: a command to an app that answers with a card.
func BenchmarkCommand(b *testing.B) {
	s, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	s.AddUser(User{ID: "U0ANN"})
	s.AddChannel(Channel{ID: "C0DESIGN"})
	app := httptest.NewServer(says(`{"response_type":"in_channel","text":"card","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"card"}}]}`))
	defer app.Close()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if answer, err := s.Command(b.Context(), app.URL, Command{User: "U0ANN", Channel: "C0DESIGN"}); err != nil || answer.Message == nil {
				b.Errorf("%+v, %v", answer, err)
				return
			}
		}
	})
}

// responseURL runs a command and returns the response_url that the app got.
func responseURL(t *testing.T, s *Server, channel string) string {
	t.Helper()
	r, err := s.CommandRequest(t.Context(), "http://app.example", Command{User: "U0ANN", Channel: channel})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		t.Fatal(err)
	}
	return form.Get("response_url")
}

// post posts JSON and returns status and body.
func post(t *testing.T, address, body string) (int, string) {
	t.Helper()
	resp, err := http.Post(address, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}
