package slackapp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"meetbot/bot"
)

const (
	fuzzSecret = "8f742231b10e8888abcd99yyyzzz85a5"
	fuzzToken  = "xoxb-2345678901-2345678901234-abcdefghijkl"
	fuzzTeam   = "T1"
	fuzzBot    = "U2"
)

// heard is a Bot that keeps what it is asked.
type heard struct {
	requests []bot.Request
	hung     []bot.Conversation
	roots    []string
}

func (h *heard) Ask(_ context.Context, r bot.Request) bot.Answer {
	h.requests = append(h.requests, r)
	return bot.Answer{Reply: bot.DidYouMeanReply(bot.English, r.Command, bot.Help), Given: func(error) {}}
}

func (h *heard) Accept(_ context.Context, r bot.Request) error {
	h.requests = append(h.requests, r)
	return nil
}

func (h *heard) LinkThread(_ context.Context, c bot.Conversation, root string) error {
	h.hung, h.roots = append(h.hung, c), append(h.roots, root)
	return nil
}

func (h *heard) nothing() bool { return len(h.requests) == 0 && len(h.hung) == 0 }

// noHolds is a world in which nobody asked to be left alone.
type noHolds struct{}

func (noHolds) Throttle(context.Context, bot.Upstream, time.Duration) error       { return nil }
func (noHolds) ThrottledFor(context.Context, bot.Upstream) (time.Duration, error) { return 0, nil }

// fuzzApp is an app that knows its workspace.
func fuzzApp(f testing.TB) *App {
	f.Helper()
	catalog, err := bot.NewCatalog()
	if err != nil {
		f.Fatal(err)
	}
	a, err := New(Config{
		SigningSecret: fuzzSecret, BotToken: fuzzToken, APIURL: "http://127.0.0.1:1/api/", Catalog: catalog, Language: bot.English, Throttles: noHolds{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.Fatal(err)
	}
	a.installed.Store(&installation{team: fuzzTeam, enterprise: "E1", botUser: fuzzBot, botName: "meetbot"})
	return a
}

func fuzzSign(stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(fuzzSecret))
	_, _ = io.WriteString(mac, "v0:"+stamp+":")
	_, _ = mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// fuzzPost sends a signed body to one endpoint of the app.
func fuzzPost(a *App, b bot.Bot, path, contentType string, body []byte) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	a.Register(mux, b)
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(body)))
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", fuzzSign(stamp, body))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w
}

// checkRequest fails the test unless the request is one that the bot may work on: of this workspace, complete, clean and
// bounded.
func checkRequest(t *testing.T, r bot.Request) {
	t.Helper()
	workspace := r.Conversation.Workspace
	switch {
	case workspace != fuzzTeam && workspace != "E1", r.Asker.Workspace != workspace:
		t.Errorf("workspace of %+v", r)
	case r.Conversation.Platform != Platform || r.Asker.Platform != Platform:
		t.Errorf("platform of %+v", r)
	case r.Conversation.Channel == "" || r.Asker.User == "" || r.Asker.User == fuzzBot || r.Trace == "":
		t.Errorf("something is missing in %+v", r)
	case !strings.HasPrefix(r.ID, "slack:"), r.Route.Channel != r.Conversation.Channel, r.Route.User != r.Asker.User:
		t.Errorf("answer goes astray in %+v", r)
	case r.Conversation.Thread != r.Route.Thread:
		t.Errorf("asked in thread %q, answered in %q", r.Conversation.Thread, r.Route.Thread)
	case bot.CleanText(r.Command.Subject) != r.Command.Subject, utf8.RuneCountInString(r.Command.Subject) > bot.MaxSubject:
		t.Errorf("subject %q", r.Command.Subject)
	case bot.CleanText(r.Topic) != r.Topic, utf8.RuneCountInString(r.Topic) > 1+maxName:
		t.Errorf("topic %q", r.Topic)
	}
}

// Nothing gets in but by the right signature over this very body and time stamp, however the headers are written; and
// the same request has the same ID in every spelling.
func FuzzSignature(f *testing.F) {
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	body := "team_id=T1&channel_id=C1&user_id=U1&command=%2Fmeet"
	right := fuzzSign(stamp, []byte(body))
	f.Add(right, stamp, body)
	f.Add(strings.ToUpper(right), stamp, body)
	f.Add("v0="+strings.ToUpper(right[3:]), stamp, body)
	f.Add(right+"=00", stamp, body)
	f.Add(right, "+"+stamp, body)
	f.Add(right, stamp, body+"&text=new")
	f.Add("v0=", "", "")
	f.Add("v0=00", "9223372036854775807", "")
	f.Add("v0="+strings.Repeat("0", 64), "-9223372036854775808", "x")
	a := fuzzApp(f)
	f.Fuzz(func(t *testing.T, signature, stamp, body string) {
		reached := false
		h := a.verified(formType, func(http.ResponseWriter, *http.Request, []byte) { reached = true })
		r := httptest.NewRequest(http.MethodPost, CommandsPath, strings.NewReader(body))
		r.Header.Set("Content-Type", formType)
		r.Header.Set("X-Slack-Request-Timestamp", stamp)
		r.Header.Set("X-Slack-Signature", signature)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)

		at, err := strconv.ParseInt(stamp, 10, 64)
		age := time.Since(time.Unix(at, 0)).Abs()
		want := fuzzSign(stamp, []byte(body))
		right := strings.EqualFold(signature, want) && strings.HasPrefix(signature, "v0=") && err == nil && age < 5*time.Minute && len(body) <= MaxBody
		if reached != right {
			t.Errorf("signature %q at %q for %q: let through %t, status %d", signature, stamp, body, reached, w.Code)
		}
		if !reached && w.Code != http.StatusUnauthorized && w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("refused with %d", w.Code)
		}
		if reached && signatureID(r.Header) != signatureID(http.Header{"X-Slack-Signature": {want}}) {
			t.Errorf("%q has another ID than %q", signature, want)
		}
	})
}

// A signed command is answered with JSON, refused, or none of the bot's; and only a whole one of this workspace gets to it.
func FuzzCommands(f *testing.F) {
	form := func(pairs ...string) []byte {
		v := url.Values{"team_id": {fuzzTeam}, "channel_id": {"C1"}, "user_id": {"U1"}, "command": {"/meet"}}
		for i := 0; i < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
		}
		return []byte(v.Encode())
	}
	for _, seed := range [][]byte{
		nil, []byte("%zz"), []byte("payload={}"), []byte(`{"type":"event_callback"}`), form(), form("text", "<!channel> \u202e"), form("text", "\xff`new`"),
		form("channel_id", "C2"), form("channel_name", strings.Repeat("x", 300)), form("channel_name", "privategroup"), form("ssl_check", "1"),
		form("is_enterprise_install", "true", "enterprise_id", "E1"), form("response_url", "https://hooks.slack.com/commands/T1/2/x"),
		[]byte("team_id=T9&channel_id=C1&user_id=U1&command=%2Fmeet"), []byte("team_id=T1&user_id=U1&command=%2Fmeet"), []byte("team_id=T1&channel_id=C1&user_id=U1&command=%2Fother"),
	} {
		f.Add(seed)
	}
	a := fuzzApp(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		var b heard
		w := fuzzPost(a, &b, CommandsPath, formType, body)
		switch w.Code {
		case http.StatusOK:
			if w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
				t.Errorf("answer is no JSON: %s", w.Body)
			}
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
			if !b.nothing() {
				t.Errorf("refused, and yet the bot got %+v", b)
			}
		default:
			t.Errorf("status %d", w.Code)
		}
		for _, r := range b.requests {
			checkRequest(t, r)
		}
		if w.Body.Len() > 20000 {
			t.Errorf("an answer of %d bytes", w.Body.Len())
		}
	})
}

func FuzzEvents(f *testing.F) {
	for _, seed := range []string{
		`{"type":"url_verification","challenge":"abc"}`,
		`{"type":"event_callback","team_id":"T1","event_id":"Ev1","event":{"type":"app_mention","user":"U1","text":"<@U2> hi","ts":"1.2","channel":"C1"}}`,
		`{"type":"event_callback","team_id":"T1","event_id":"Ev1","event":{"type":"app_mention","user":"U1","text":"a <@U2|x> new <b|\u202e>","ts":"1.3","thread_ts":"1.2","parent_user_id":"U2","channel":"C1"}}`,
		`{"type":"event_callback","team_id":"T9","authorizations":[{"team_id":"T1","enterprise_id":"E1","is_enterprise_install":true}],"event_id":"Ev1","event":{"type":"app_mention","user":"U1","ts":"1.2","channel":"C1"}}`,
		`{"type":"event_callback","team_id":"T9","event_id":"Ev1","event":{"type":"app_mention","user":"U1","ts":"1.2","channel":"C1"}}`,
		`{"type":"event_callback","team_id":"T1","event_id":"Ev1","event":{"type":"app_mention","bot_id":"B1","user":"U1","ts":"1.2","channel":"C1"}}`,
		`{"type":"event_callback","team_id":"T1","event_id":"Ev1","enterprise_id":null,"event":{"type":"app_mention","user":"U1","text":"<@U2> :tada: *new*","ts":"1.2","channel":"C1","edited":{"ts":1},"blocks":[{"type":5}],"files":[{"size":"1"}],"attachments":[{"fields":[{"value":512}]}]}}`,
		`{"type":"event_callback","event":null}`, `{"type":"event_callback","event":[]}`, `[]`, `null`, `{"event":{"type":1}}`, `{`, strings.Repeat("[", 200),
	} {
		f.Add([]byte(seed))
	}
	a := fuzzApp(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		var b heard
		w := fuzzPost(a, &b, EventsPath, jsonType, body)
		if w.Code != http.StatusOK && (w.Code != http.StatusBadRequest && w.Code != http.StatusRequestEntityTooLarge || !b.nothing()) {
			t.Errorf("status %d, and the bot got %+v", w.Code, b)
		}
		for _, r := range b.requests {
			checkRequest(t, r)
			if r.Alias == "slack:event:" || strings.HasSuffix(r.ID, ":") {
				t.Errorf("no ID: %+v", r)
			}
			if (r.Conversation.Thread == "") != (r.Root != "") && r.Root != r.Conversation.Thread {
				t.Errorf("root %q in thread %q", r.Root, r.Conversation.Thread)
			}
		}
		// What is echoed is what was sent, as text that no browser takes for a page.
		if w.Body.Len() > 0 && w.Code == http.StatusOK && !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
			t.Errorf("echo of type %q", w.Header().Get("Content-Type"))
		}
		if w.Body.Len() > 3*len(body)+20 { // bytes that are no UTF-8 become three each
			t.Errorf("%d bytes are answered with %d", len(body), w.Body.Len())
		}
	})
}

func FuzzInteractivity(f *testing.F) {
	for _, seed := range []string{
		`{"type":"block_actions","team":{"id":"T1"},"container":{"message_ts":"1.1","channel_id":"C1"}}`,
		`{"type":"block_actions","team":{"id":"T1"},"container":{"message_ts":"1.1","channel_id":"C1","is_ephemeral":true}}`,
		`{"type":"block_actions","team":{"id":"T1"},"container":{"message_ts":"1.2","thread_ts":"1.1","channel_id":"C1"}}`,
		`{"type":"block_actions","team":{"id":"T9"},"enterprise":{"id":"E1"},"is_enterprise_install":true,"container":{"message_ts":"1.1","channel_id":"C1"}}`,
		`{"type":"block_actions","team":{"id":"T9"},"container":{"message_ts":"1.1","channel_id":"C1"}}`, `{"type":"view_submission"}`, `{}`, `null`, `[]`, `{`,
		`{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1"},"container":{"message_ts":"1.1","channel_id":"C1"},"actions":[{"action_id":"create","value":"\u202ex"}]}`,
		`{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1"},"container":{"message_ts":"1.2","thread_ts":"1.1","channel_id":"C1"},"actions":[{"action_id":"show"}]}`,
		`{"type":"block_actions","actions":[{"type":"button","value":1}],"state":{"values":{"a":{"b":{}}}},"view":{"blocks":[{"type":"x"}]}}`,
	} {
		f.Add(seed)
	}
	a := fuzzApp(f)
	f.Fuzz(func(t *testing.T, payload string) {
		var b heard
		w := fuzzPost(a, &b, InteractivityPath, formType, []byte(url.Values{"payload": {payload}}.Encode()))
		if w.Code != http.StatusOK && (w.Code != http.StatusBadRequest && w.Code != http.StatusRequestEntityTooLarge || !b.nothing()) {
			t.Errorf("status %d, and the bot got %+v", w.Code, b)
		}
		for _, r := range b.requests {
			checkRequest(t, r)
		}
		for i, c := range b.hung {
			if c.Workspace != fuzzTeam && c.Workspace != "E1" || c.Channel == "" || c.Thread != "" || c.Platform != Platform || b.roots[i] == "" {
				t.Errorf("root %q of %+v", b.roots[i], c)
			}
		}
	})
}

// What somebody typed comes out as they typed it, once Slack has escaped it; and markup never grows.
func FuzzPlain(f *testing.F) {
	for _, seed := range []string{"<@U1|x>", "<!date^1^{d}|x>", "<", "<|", "&lt;", "&amp;lt;", "<<>>", "\xff<a|\xff>", "<#C1|>", "<!subteam^S1|@devs>", "a & b"} {
		f.Add(seed)
	}
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	a := &App{parser: newParser(f)}
	f.Fuzz(func(t *testing.T, text string) {
		if got := plain(escape.Replace(text), nobody); got != text {
			t.Errorf("%q is read as %q", text, got)
		}
		if got := plain(text, nobody); len(got) > len(text)+1+strings.Count(text, "<") {
			t.Errorf("plain(%q) grew to %q", text, got)
		}
		c := a.mentioned("<@"+fuzzBot+"> "+text, fuzzBot, nobody).Command
		if bot.CleanText(c.Subject) != c.Subject || utf8.RuneCountInString(c.Subject) > bot.MaxSubject {
			t.Errorf("mention of %q has subject %q", text, c.Subject)
		}
	})
}
