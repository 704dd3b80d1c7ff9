package slacktest

import (
	"encoding/json"
	"errors"
	"io"
	"meetbot/internal/sandbox/faultserver"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func newClient(s *Server) *slack.Client {
	return slack.New(s.BotToken(), slack.OptionAPIURL(s.APIURL()))
}

func TestWebAPIWithItsOwnClient(t *testing.T) {
	s := startSlack(t, Options{Enterprise: "E0CONTOSO"})
	client := newClient(s)
	auth, err := client.AuthTestContext(t.Context())
	if err != nil || auth.TeamID != s.Team() || auth.UserID != s.BotUser() || auth.EnterpriseID != "E0CONTOSO" || auth.BotID == "" {
		t.Errorf("auth.test: %+v, %v", auth, err)
	}
	u, err := client.GetUserInfoContext(t.Context(), "U0ANN")
	if err != nil || u.Profile.Email != "ann@contoso.example" || !u.IsEmailConfirmed || u.Locale != "pt-BR" || u.TZ != "America/Sao_Paulo" ||
		u.TeamID != s.Team() || u.RealName != "Ann Archer" || u.Deleted || u.IsBot || u.IsRestricted || u.IsStranger {
		t.Errorf("users.info: %+v, %v", u, err)
	}
	s.AddUser(User{ID: "U0CAM", Deleted: true, Bot: true, UltraRestricted: true, Stranger: true, Team: "T0FABRIKAM"})
	if u, err = client.GetUserInfoContext(t.Context(), "U0CAM"); err != nil || !u.Deleted || !u.IsBot || !u.IsRestricted ||
		!u.IsUltraRestricted || !u.IsStranger || u.TeamID != "T0FABRIKAM" || u.Profile.Email != "" || u.IsEmailConfirmed {
		t.Errorf("users.info: %+v, %v", u, err)
	}

	header := slack.MsgOptionBlocks(slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, "Design", false, false)))
	channel, ts, err := client.PostMessageContext(t.Context(), "C0DESIGN", slack.MsgOptionText("card", false), header, slack.MsgOptionTS("1712345678.000100"))
	if err != nil || channel != "C0DESIGN" {
		t.Fatalf("chat.postMessage: %s, %v", channel, err)
	}
	m := s.Messages("C0DESIGN")[0]
	if m.TS != ts || m.Text != "card" || m.ThreadTS != "1712345678.000100" || m.Via != "chat.postMessage" || m.To != "" ||
		RenderMessage(m, 40) != "╭─ meetbot · in a thread\n│ Design\n│ ══════\n╰─\n" {
		t.Errorf("posted %+v", m)
	}
	if ts, err = client.PostEphemeralContext(t.Context(), "G0BOARD", "U0ANN", slack.MsgOptionText("psst", false)); err != nil {
		t.Fatal(err)
	}
	if m = s.Messages("G0BOARD")[0]; m.TS != ts || m.To != "U0ANN" || m.Via != "chat.postEphemeral" {
		t.Errorf("posted %+v", m)
	}
	if channel, _, err = client.PostMessageContext(t.Context(), "U0ANN", slack.MsgOptionText("dm", false)); err != nil || channel != "DU0ANN" {
		t.Errorf("direct message: %s, %v", channel, err)
	}
	if m := s.Messages("DU0ANN"); len(m) != 1 || m[0].Text != "dm" {
		t.Errorf("posted %+v", m)
	}
	var methods []string
	for _, c := range s.Calls() {
		if c.Status != 200 || c.Error != "" || c.At.IsZero() {
			t.Errorf("call %+v", c)
		}
		methods = append(methods, c.Method)
	}
	if got := strings.Join(methods, " "); got != "auth.test users.info users.info chat.postMessage chat.postEphemeral chat.postMessage" {
		t.Errorf("calls: %s", got)
	}
}

func TestWebAPIRefusals(t *testing.T) {
	none := []string{}
	members := []string{"chat:write"} // where the app has to be a member
	tests := []struct {
		name, method, body string
		scopes             []string // nil: the usual ones
		want               string
	}{
		{"unknown method", "chat.shout", ``, nil, "unknown_method"},
		{"unknown user", "users.info", `{"user":"U0NOBODY"}`, nil, "user_not_found"},
		{"no user", "users.info", ``, nil, "user_not_found"},
		{"unknown channel", "chat.postMessage", `{"channel":"C0NOWHERE","text":"hi"}`, nil, "channel_not_found"},
		{"app is no member", "chat.postMessage", `{"channel":"C0ABSENT","text":"hi"}`, members, "not_in_channel"},
		{"app is no member but may", "chat.postMessage", `{"channel":"C0ABSENT","text":"hi"}`, nil, ""},
		{"private and app is no member", "chat.postMessage", `{"channel":"G0SECRET","text":"hi"}`, nil, "channel_not_found"},
		{"archived", "chat.postMessage", `{"channel":"C0OLD","text":"hi"}`, nil, "is_archived"},
		{"nothing to say", "chat.postMessage", `{"channel":"C0DESIGN"}`, nil, "no_text"},
		{"no blocks either", "chat.postMessage", `{"channel":"C0DESIGN","blocks":[]}`, nil, "no_text"},
		{"blocks alone", "chat.postMessage", `{"channel":"C0DESIGN","blocks":[{"type":"divider"}]}`, nil, ""},
		{"blocks as a string", "chat.postMessage", `{"channel":"C0DESIGN","blocks":"[{\"type\":\"divider\"}]"}`, nil, ""},
		{"longest text", "chat.postMessage", `{"channel":"C0DESIGN","text":"` + strings.Repeat("é", 40_000) + `"}`, nil, ""},
		{"too long", "chat.postMessage", `{"channel":"C0DESIGN","text":"` + strings.Repeat("é", 40_001) + `"}`, nil, "msg_too_long"},
		{"invalid blocks", "chat.postMessage", `{"channel":"C0DESIGN","blocks":[{"type":"x"}]}`, nil, "invalid_blocks"},
		{"blocks of another kind", "chat.postMessage", `{"channel":"C0DESIGN","blocks":"x"}`, nil, "invalid_blocks_format"},
		{"no JSON", "chat.postMessage", `{`, nil, "invalid_json"},
		{"ephemeral to nobody", "chat.postEphemeral", `{"channel":"C0DESIGN","text":"hi"}`, nil, "user_not_in_channel"},
		{"ephemeral to another", "chat.postEphemeral", `{"channel":"G0BOARD","user":"U0BEN","text":"hi"}`, nil, "user_not_in_channel"},
		{"ephemeral, app is no member", "chat.postEphemeral", `{"channel":"C0ABSENT","user":"U0BEN","text":"hi"}`, nil, "not_in_channel"},
		{"ephemeral, archived", "chat.postEphemeral", `{"channel":"C0OLD","user":"U0BEN","text":"hi"}`, nil, "is_archived"},
		{"ephemeral, unknown channel", "chat.postEphemeral", `{"channel":"C0NOWHERE","user":"U0BEN","text":"hi"}`, nil, "channel_not_found"},
		{"ephemeral, invalid blocks", "chat.postEphemeral", `{"channel":"C0DESIGN","user":"U0BEN","blocks":[{"type":"x"}]}`, nil, "invalid_blocks"},
		{"scope of users", "users.info", `{"user":"U0ANN"}`, none, "missing_scope"},
		{"scope of messages", "chat.postMessage", `{"channel":"C0DESIGN","text":"hi"}`, none, "missing_scope"},
		{"scope of direct messages", "conversations.open", `{"users":"U0ANN"}`, nil, "missing_scope"},
		{"with the scope", "conversations.open", `{"users":"U0ANN"}`, []string{"im:write"}, ""},
		{"open with nobody", "conversations.open", `{"users":"U0NOBODY"}`, []string{"im:write"}, "user_not_found"},
		{"needs no scope", "auth.test", ``, none, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := startSlack(t, Options{Scopes: test.scopes})
			status, answer := call(t, s, test.method, "application/json", test.body, s.BotToken())
			if status != 200 || answer["ok"] != (test.want == "") || (test.want != "" && answer["error"] != test.want) {
				t.Errorf("%d %v", status, answer)
			}
			calls := s.Calls()
			if len(calls) != 1 || calls[0].Method != test.method || calls[0].Error != test.want {
				t.Errorf("recorded %+v", calls)
			}
			posted := len(s.Messages("C0DESIGN")) + len(s.Messages("C0ABSENT")) + len(s.Messages("G0BOARD"))
			if want := test.want == "" && strings.HasPrefix(test.method, "chat."); (posted == 1) != want {
				t.Errorf("%d messages", posted)
			}
		})
	}
}

// call calls a Web API method; without a token there is no header.
func call(t *testing.T, s *Server, method, media, body, token string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.APIURL()+method, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", media)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return resp.StatusCode, answer
}

func TestTokens(t *testing.T) {
	const form, object = "application/x-www-form-urlencoded", "application/json"
	s := startSlack(t, Options{BotToken: "xoxb-1"})
	for _, test := range []struct{ name, media, body, bearer, want string }{
		{"bearer", form, "", "xoxb-1", ""},
		{"argument", form, "token=xoxb-1", "", ""},
		{"none", form, "", "", "not_authed"},
		{"wrong", form, "", "xoxb-2", "invalid_auth"},
		{"wrong argument", form, "token=xoxb-2", "", "invalid_auth"},
		{"within JSON", object, `{"token":"xoxb-1"}`, "", "not_authed"},
		{"another media type", "text/plain", "token=xoxb-1", "", "invalid_post_type"},
	} {
		_, answer := call(t, s, "auth.test", test.media, test.body, test.bearer)
		if word, _ := answer["error"].(string); word != test.want {
			t.Errorf("%s: %v", test.name, answer)
		}
	}
}

func TestTellsWhatIsWrongWithBlocks(t *testing.T) {
	s := startSlack(t, Options{Scopes: []string{"chat:write"}})
	_, answer := call(t, s, "chat.postMessage", "application/json", `{"channel":"C0DESIGN","text":"hi","blocks":[{"type":"divider"},{"type":"x"}]}`, s.BotToken())
	got, _ := json.Marshal([]any{answer["errors"], answer["response_metadata"]})
	if want := `[["unsupported type: x [json-pointer:/blocks/1/type]"],{"messages":["[ERROR] unsupported type: x [json-pointer:/blocks/1/type]"]}]`; string(got) != want {
		t.Errorf("got %s", got)
	}
	_, answer = call(t, s, "users.info", "application/json", `{"user":"U0ANN"}`, s.BotToken())
	if answer["needed"] != "users:read" || answer["provided"] != "chat:write" {
		t.Errorf("got %v", answer)
	}
}

func TestHidesTheEmailWithoutItsScope(t *testing.T) {
	s := startSlack(t, Options{Scopes: []string{"users:read"}})
	_, answer := call(t, s, "users.info", "application/json", `{"user":"U0ANN"}`, s.BotToken())
	raw, _ := json.Marshal(answer)
	if answer["ok"] != true || strings.Contains(string(raw), "ann@contoso.example") || strings.Contains(string(raw), `"locale"`) {
		t.Errorf("got %s", raw)
	}
	_, answer = call(t, s, "users.info", "application/x-www-form-urlencoded", "user=U0ANN&include_locale=true", s.BotToken())
	if raw, _ = json.Marshal(answer); !strings.Contains(string(raw), `"locale":"pt-BR"`) {
		t.Errorf("got %s", raw)
	}
}

func TestHoldsMessagesToOneASecond(t *testing.T) {
	clock := faultserver.NewClock(time.Unix(1_700_000_000, 0))
	s := startSlack(t, Options{PostBurst: 2, Now: clock.Now})
	client := newClient(s)
	say := func(channel string) error {
		_, _, err := client.PostMessageContext(t.Context(), channel, slack.MsgOptionText("hi", false))
		return err
	}
	for i := range 2 {
		if err := say("C0DESIGN"); err != nil {
			t.Errorf("message %d of the burst: %v", i+1, err)
		}
	}
	var limited *slack.RateLimitedError
	if err := say("C0DESIGN"); !errors.As(err, &limited) || limited.RetryAfter != time.Second {
		t.Errorf("beyond the burst: %v", err)
	}
	if err := say("DU0ANN"); err != nil {
		t.Errorf("another channel: %v", err)
	}
	clock.Move(time.Second)
	if err := say("C0DESIGN"); err != nil {
		t.Errorf("a second later: %v", err)
	}
	if err := say("C0DESIGN"); !errors.As(err, &limited) {
		t.Errorf("the second of a second: %v", err)
	}
	if calls := s.Calls(); calls[2].Status != 429 || calls[2].Error != "ratelimited" {
		t.Errorf("recorded %+v", calls[2])
	}

	unlimited := startSlack(t, Options{PostBurst: -1, Now: clock.Now})
	client = newClient(unlimited)
	for range 20 {
		if err := say("C0DESIGN"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFaultsStrikeAMethod(t *testing.T) {
	s := startSlack(t, Options{})
	client := newClient(s)
	s.Fault(faultserver.Fault{Target: "users.info", Status: 429, RetryAfter: "7"})
	_, err := client.GetUserInfoContext(t.Context(), "U0ANN")
	var limited *slack.RateLimitedError
	if !errors.As(err, &limited) || limited.RetryAfter != 7*time.Second {
		t.Errorf("got %v", err)
	}
	if _, err := client.AuthTestContext(t.Context()); err != nil {
		t.Errorf("another method: %v", err)
	}
	s.ClearFaults()
	if _, err := client.GetUserInfoContext(t.Context(), "U0ANN"); err != nil {
		t.Errorf("after clearing: %v", err)
	}
}

func TestBoundsRequests(t *testing.T) {
	s := startSlack(t, Options{})
	if status, _ := post(t, s.APIURL()+"auth.test", strings.Repeat(" ", maxRequest+1)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d", status)
	}
}
