package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"meetbot/bot/slackapp"
	"meetbot/internal/sandbox"
)

// Requests that are signed, and yet no request that Slack would send: the expected status, no crash, no work.
func TestSignedNonsense(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.SlackOptions{})
	r := w.bot()
	command := func(change func(url.Values)) string {
		v := url.Values{"team_id": {w.slack.Team()}, "channel_id": {general}, "user_id": {ann}, "command": {"/meet"}, "text": {"show"}}
		change(v)
		return v.Encode()
	}
	event := func(inner string) string {
		return `{"type":"event_callback","team_id":"` + w.slack.Team() + `","event_id":"Ev1","event":` + inner + `}`
	}
	deep := strings.Repeat("[", 30000) + strings.Repeat("]", 30000)
	for _, tt := range []struct {
		name, path, body string
		want             int
	}{
		{"empty form", slackapp.CommandsPath, "", 200}, // names no workspace: a sentence
		{"broken escapes", slackapp.CommandsPath, "team_id=%zz", 400},
		{"field twice", slackapp.CommandsPath, command(func(v url.Values) { v.Add("channel_id", design) }), 400},
		{"no channel", slackapp.CommandsPath, command(func(v url.Values) { v.Del("channel_id") }), 400},
		{"no user", slackapp.CommandsPath, command(func(v url.Values) { v.Del("user_id") }), 400},
		{"invalid UTF-8", slackapp.CommandsPath, command(func(v url.Values) { v.Set("text", "show\xff\xfe") }), 200},
		{"NUL in the channel", slackapp.CommandsPath, command(func(v url.Values) { v.Set("channel_id", "C\x00{x}:m:") }), 200},
		{"a text of 50 KiB", slackapp.CommandsPath, command(func(v url.Values) { v.Set("text", "show "+strings.Repeat("x", 50<<10)); v.Set("user_id", "U0NOBODY") }), 200},
		{"many fields", slackapp.CommandsPath, command(func(v url.Values) {
			for i := range 3000 {
				v.Set(fmt.Sprintf("f%d", i), "x")
			}
		}), 200},
		{"organization-wide without an organization", slackapp.CommandsPath, command(func(v url.Values) { v.Set("is_enterprise_install", "true") }), 200},
		{"ssl_check", slackapp.CommandsPath, "ssl_check=1", 200},

		{"no JSON", slackapp.EventsPath, "x", 400},
		{"empty", slackapp.EventsPath, "", 400},
		{"null", slackapp.EventsPath, "null", 200},
		{"a list", slackapp.EventsPath, "[]", 400},
		{"deep JSON", slackapp.EventsPath, deep, 400},
		{"deep JSON inside", slackapp.EventsPath, event(deep), 400},
		{"two values", slackapp.EventsPath, "{}{}", 400},
		{"event of the wrong type", slackapp.EventsPath, event(`"app_mention"`), 400},
		{"event without a type", slackapp.EventsPath, event(`{}`), 200},
		{"mention without a user", slackapp.EventsPath, event(`{"type":"app_mention","ts":"1.1","channel":"C1","text":"x"}`), 200},
		{"mention without a time stamp", slackapp.EventsPath, event(`{"type":"app_mention","user":"U1","channel":"C1","text":"x"}`), 200},
		{"mention with numbers", slackapp.EventsPath, event(`{"type":"app_mention","user":1,"ts":2,"channel":3}`), 400},
		{"mention of another workspace", slackapp.EventsPath, strings.Replace(event(`{"type":"app_mention","user":"U1","ts":"1.1","channel":"C1","text":"x"}`), w.slack.Team(), "T0OTHER", 1), 200},

		{"no payload", slackapp.InteractivityPath, "", 400},
		{"payload that is no JSON", slackapp.InteractivityPath, "payload=x", 400},
		{"payload null", slackapp.InteractivityPath, "payload=null", 200},
		{"deep payload", slackapp.InteractivityPath, "payload=" + deep, 400},
		{"press of another workspace", slackapp.InteractivityPath, url.Values{"payload": {`{"type":"block_actions","team":{"id":"T0OTHER"},"container":{"message_ts":"1.1","channel_id":"C1"}}`}}.Encode(), 200},
	} {
		t.Run(tt.path+"/"+tt.name, func(t *testing.T) {
			h, contentType := http.Header{}, form
			if tt.path == slackapp.EventsPath {
				contentType = jsonBody
			}
			w.slack.Sign(h, []byte(tt.body), time.Now())
			if status, answer := send(t, http.MethodPost, r.URL()+tt.path, contentType, h, []byte(tt.body)); status != tt.want {
				t.Errorf("status %d, want %d: %s", status, tt.want, answer)
			}
		})
	}
	if logs := w.logs.String(); strings.Contains(logs, "panic") {
		t.Errorf("something panicked:\n%s", logs)
	}
	wantWords(t, w.meet(r, ben, general, "show"), ben, "There is no meeting here yet")
	w.wantMeetings(0)
}

// Nobody holds a connection for long by sending slowly, nor memory by sending much.
func TestSlowAndLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.SlackOptions{})
	r := w.bot()
	address := strings.TrimPrefix(r.URL(), "http://")
	head := "POST /slack/commands HTTP/1.1\r\nHost: x\r\nContent-Type: " + form + "\r\n"
	for name, tt := range map[string]struct {
		text   string
		want   string // how the answer begins; empty: the connection is cut
		within time.Duration
	}{
		"headers that never end":      {head, "", 4 * time.Second},
		"body that never comes":       {head + "Content-Length: 100\r\n\r\n", "HTTP/1.1 400", 8 * time.Second},
		"chunks that never end":       {head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "HTTP/1.1 400", 8 * time.Second},
		"a header of a megabyte":      {head + "X: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", "HTTP/1.1 431", 4 * time.Second},
		"ten thousand headers":        {head + strings.Repeat("X: y\r\n", 10000) + "\r\n", "HTTP/1.1 431", 4 * time.Second},
		"a length that is a lie":      {head + "Content-Length: 99999999\r\n\r\n" + strings.Repeat("x", 70<<10), "HTTP/1.1 413", 4 * time.Second},
		"two lengths":                 {head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", "HTTP/1.1 400", 4 * time.Second},
		"not HTTP":                    {"\x16\x03\x01\x00\x00\x00\r\n\r\n", "HTTP/1.1 400", 4 * time.Second},
		"a path out of the endpoints": {"POST /slack/../../etc/passwd HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "HTTP/1.1 ", 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			began := time.Now()
			if err := conn.SetDeadline(began.Add(tt.within)); err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, tt.text) // may be cut off in the middle
			line, err := bufio.NewReader(conn).ReadString('\n')
			if tt.want != "" && !strings.HasPrefix(line, tt.want) {
				t.Errorf("answer %q, %v; want %s", line, err, tt.want)
			}
			if took := time.Since(began); took >= tt.within {
				t.Errorf("the connection was held for %s", took)
			}
		})
	}
}
