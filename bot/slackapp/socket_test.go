package slackapp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/bot/slackapp/socketmode"
)

// socketApp is fuzzApp in Socket Mode, with an API at this address.
func socketApp(t testing.TB, api string) *App {
	t.Helper()
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(Config{AppToken: "xapp-1", BotToken: fuzzToken, APIURL: api, Catalog: catalog, Language: bot.English,
		Throttles: noHolds{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	a.installed.Store(&installation{team: fuzzTeam, enterprise: "E1", botUser: fuzzBot, botName: "meetbot"})
	return a
}

// The bot connects to Slack and to nobody else, whatever the answer of apps.connections.open says.
func TestWhereToConnect(t *testing.T) {
	for _, tt := range []struct {
		api, where string
		want       string // empty: nowhere
	}{
		{publicAPI, "wss://wss-primary.slack.com/link/?ticket=1&app_id=2", "https://wss-primary.slack.com/link/?ticket=1&app_id=2"},
		{publicAPI, "wss://WSS-Backup.Slack.com/link/", "https://WSS-Backup.Slack.com/link/"},
		{"https://slack-gov.com/api/", "wss://wss-primary.slack-gov.com/link/", "https://wss-primary.slack-gov.com/link/"},
		{"https://slack-gov.com/api/", "wss://wss-primary.slack.com/link/", ""},
		{publicAPI, "wss://wss-primary.slack-gov.com/link/", ""},
		{publicAPI, "ws://wss-primary.slack.com/link/", ""},
		{publicAPI, "https://wss-primary.slack.com/link/", ""},
		{publicAPI, "wss://slack.com.evil.example/", ""},
		{publicAPI, "wss://evilslack.com/", ""},
		{publicAPI, "wss://wss.slack.com@evil.example/", ""},
		{publicAPI, "wss://wss-primary.slack.com:8443/", ""},
		{publicAPI, "wss://127.0.0.1/", ""},
		{publicAPI, "ws://127.0.0.1:80/", ""},
		{publicAPI, "", ""},
		{publicAPI, "wss:wss-primary.slack.com", ""},
		{publicAPI, "://", ""},
		{"https://proxy.contoso.example/api/", "wss://proxy.contoso.example/link/", "https://proxy.contoso.example/link/"},
		{"https://proxy.contoso.example/api/", "wss://wss-primary.slack.com/link/", ""},
		{"http://127.0.0.1:8080/api/", "ws://127.0.0.1:8080/link/", "http://127.0.0.1:8080/link/"},
		{"http://127.0.0.1:8080/api/", "ws://127.0.0.1:8081/link/", ""},
	} {
		u, err := socketApp(t, tt.api).checkSocketURL(tt.where)
		switch {
		case tt.want == "" && err == nil:
			t.Errorf("with the API at %s, %q leads to %s", tt.api, tt.where, u)
		case tt.want != "" && (err != nil || u.String() != tt.want):
			t.Errorf("with the API at %s, %q leads to %v, %v", tt.api, tt.where, u, err)
		case err != nil && (strings.Contains(err.Error(), "ticket") || strings.Contains(err.Error(), "evil")):
			t.Errorf("the error tells %v", err)
		}
	}
}

// An answer that is too large for an acknowledgement follows it, by the response_url.
func TestAnswerTooLargeForAnAcknowledgement(t *testing.T) {
	a := socketApp(t, "http://127.0.0.1:1/api/")
	var acks []string
	err := a.answerEnvelope(t.Context(), socketmode.Envelope{TakesAnswer: true}, "http://127.0.0.1:1/commands/x",
		bot.DidYouMeanReply(bot.English, bot.Command{}, bot.Help), func(answer []byte) error {
			acks = append(acks, string(answer))
			if len(answer) > 0 {
				return socketmode.ErrTooLarge
			}
			return nil
		})
	if len(acks) != 2 || acks[0] == "" || acks[1] != "" {
		t.Errorf("acknowledged with %q", acks)
	}
	if err == nil || !strings.Contains(err.Error(), "response_url") {
		t.Errorf("the error of the post to the response_url is %v", err)
	}
}

// FuzzEnvelope: what an envelope brings to the bot, and what the asker is told, is the same as if a signed request had
// brought it. What is not taken is not acknowledged, and nothing is acknowledged twice.
func FuzzEnvelope(f *testing.F) {
	for _, seed := range []struct{ kind, payload string }{
		{"slash_commands", `{"team_id":"T1","channel_id":"C1","user_id":"U1","command":"/meet","text":"Weekly","is_enterprise_install":"false"}`},
		{"slash_commands", `{"team_id":"T1","channel_id":"C1","user_id":"U1","command":"/meet","enterprise_id":"E1","is_enterprise_install":true}`},
		{"slash_commands", `{"team_id":"T9","channel_id":"C1","user_id":"U1","command":"/meet","text":null}`},
		{"slash_commands", `{"team_id":"T1","command":"/meet"}`}, {"slash_commands", `{"ssl_check":1}`}, {"slash_commands", `null`}, {"slash_commands", `[]`},
		{"events_api", `{"type":"event_callback","team_id":"T1","event_id":"Ev1","event":{"type":"app_mention","user":"U1","text":"<@U2> hi","ts":"1.2","channel":"C1"}}`},
		{"events_api", `{"type":"event_callback","team_id":"T9","event_id":"Ev1","event":{"type":"app_mention","user":"U1","ts":"1.2","channel":"C1"}}`},
		{"events_api", `{"type":"url_verification","challenge":"abc"}`}, {"events_api", `{"type":"event_callback","event":7}`},
		{"interactive", `{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1"},"container":{"message_ts":"1.2","thread_ts":"1.1","channel_id":"C1"},"actions":[{"action_id":"show"}]}`},
		{"interactive", `{"type":"view_submission"}`}, {"interactive", `[1]`}, {"hologram", `{}`},
	} {
		f.Add(seed.kind, []byte(seed.payload))
	}
	byRequest, bySocket := fuzzApp(f), socketApp(f, "http://127.0.0.1:1/api/")
	f.Fuzz(func(t *testing.T, kind string, payload []byte) {
		if !json.Valid(payload) || len(payload) > MaxBody/4 {
			t.Skip() // the client reads no other, and a form takes more room
		}
		var b heard
		bySocket.bot = &b
		acks, answer := 0, []byte(nil)
		bySocket.envelope(t.Context(), socketmode.Envelope{ID: "e", Type: kind, Payload: payload, TakesAnswer: true,
			Received: time.Now()}, func(body []byte) error { acks++; answer = body; return nil })
		for _, r := range b.requests {
			checkRequest(t, r)
		}
		var want heard
		status, body := 0, []byte(nil)
		switch kind {
		case commandEnvelope:
			form, err := formOf(payload)
			if err != nil {
				status = http.StatusBadRequest
				break
			}
			w := fuzzPost(byRequest, &want, CommandsPath, formType, []byte(form.Encode()))
			status, body = w.Code, w.Body.Bytes()
		case eventEnvelope:
			status = fuzzPost(byRequest, &want, EventsPath, jsonType, payload).Code
		case interactionEnvelope:
			form := url.Values{"payload": {string(payload)}}
			status = fuzzPost(byRequest, &want, InteractivityPath, formType, []byte(form.Encode())).Code
		}
		if (status == http.StatusOK) != (acks == 1) || acks > 1 {
			t.Errorf("a request is answered with %d, and the envelope acknowledged %d times", status, acks)
		}
		if acks == 1 && !bytes.Equal(answer, body) {
			t.Errorf("a request is answered with %s, the envelope with %s", body, answer)
		}
		if got, want := comparable(b), comparable(want); !reflect.DeepEqual(got, want) {
			t.Errorf("the envelope brings %+v, a request %+v", got, want)
		}
	})
}

// comparable is what the bot heard without that which differs each time.
func comparable(h heard) heard {
	for i := range h.requests {
		r := &h.requests[i]
		r.Trace, r.Received = "", time.Time{}
		if r.Alias == "" {
			r.ID = "" // of the envelope, or of the signature
		}
	}
	return h
}

// An envelope that comes again is the same request, and another one is not.
func TestEnvelopesAreTold(t *testing.T) {
	a := socketApp(t, "http://127.0.0.1:1/api/")
	var b heard
	a.bot = &b
	payload := `{"team_id":"T1","channel_id":"C1","user_id":"U1","command":"/meet"}`
	for _, id := range []string{"one", "two", "one"} {
		a.envelope(t.Context(), socketmode.Envelope{ID: id, Type: commandEnvelope, Payload: []byte(payload), TakesAnswer: true,
			Received: time.Now()}, func([]byte) error { return nil })
	}
	if ids := fmt.Sprint(len(b.requests), b.requests[0].ID == b.requests[2].ID, b.requests[0].ID == b.requests[1].ID); ids != "3 true false" {
		t.Errorf("%s: %+v", ids, b.requests)
	}
	// Where Slack does not wait any more, nothing is acknowledged.
	late, cancel := context.WithCancel(t.Context())
	cancel()
	a.envelope(late, socketmode.Envelope{ID: "three", Type: commandEnvelope, Payload: []byte(payload), TakesAnswer: true},
		func([]byte) error { t.Error("acknowledged too late"); return nil })
}
