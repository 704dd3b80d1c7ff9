//go:build integration

package e2e

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
	"meetbot/internal/sandbox/slacktest"
)

// Requests that are signed, and yet no request that Slack would send: the expected status, no crash, no work.
func TestSignedNonsense(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	r := env.bot()
	command := func(change func(url.Values)) string {
		v := url.Values{"team_id": {env.Slack.Team()}, "channel_id": {general}, "user_id": {ann}, "command": {"/meet"},
			"text": {"show"}}
		change(v)
		return v.Encode()
	}
	event := func(inner string) string {
		return `{"type":"event_callback","team_id":"` + env.Slack.Team() + `","event_id":"Ev1","event":` + inner + `}`
	}
	press := func(team string) string {
		return `{"type":"block_actions","team":{"id":"` + team + `"},"container":{"message_ts":"1.1","channel_id":"C1"}}`
	}
	deep := strings.Repeat("[", 30000) + strings.Repeat("]", 30000)
	for _, tt := range []struct {
		name, path, body string
		want             int
		works            bool // a command like any other, if an odd one
	}{
		{"empty form", slackapp.CommandsPath, "", 200, false}, // names no workspace: a sentence
		{"broken escapes", slackapp.CommandsPath, "team_id=%zz", 400, false},
		{"field twice", slackapp.CommandsPath, command(func(v url.Values) { v.Add("channel_id", design) }), 400, false},
		{"no channel", slackapp.CommandsPath, command(func(v url.Values) { v.Del("channel_id") }), 400, false},
		{"no user", slackapp.CommandsPath, command(func(v url.Values) { v.Del("user_id") }), 400, false},
		{"invalid UTF-8", slackapp.CommandsPath, command(func(v url.Values) { v.Set("text", "show\xff\xfe") }), 200,
			false},
		{"NUL in the channel", slackapp.CommandsPath,
			command(func(v url.Values) { v.Set("channel_id", "C\x00{x}:m:") }), 200, false},
		{"a text of 50 KiB", slackapp.CommandsPath,
			command(func(v url.Values) {
				v.Set("text", "show "+strings.Repeat("x", 50<<10))
				v.Set("user_id", "U0NOBODY")
			}), 200, true},
		{"many fields", slackapp.CommandsPath, command(func(v url.Values) {
			for i := range 3000 {
				v.Set(fmt.Sprintf("f%d", i), "x")
			}
		}), 200, false},
		{"organization-wide without an organization", slackapp.CommandsPath,
			command(func(v url.Values) { v.Set("is_enterprise_install", "true") }), 200, false},
		{"another workspace", slackapp.CommandsPath, command(func(v url.Values) { v.Set("team_id", "T0OTHER") }), 200,
			false},
		{"another organization", slackapp.CommandsPath,
			command(func(v url.Values) { v.Set("is_enterprise_install", "true"); v.Set("enterprise_id", "E0OTHER") }),
			200, false},
		{"another command", slackapp.CommandsPath, command(func(v url.Values) { v.Set("command", "/other") }), 200,
			false},
		{"ssl_check", slackapp.CommandsPath, "ssl_check=1", 200, false},

		{"no JSON", slackapp.EventsPath, "x", 400, false},
		{"empty", slackapp.EventsPath, "", 400, false},
		{"null", slackapp.EventsPath, "null", 200, false},
		{"a list", slackapp.EventsPath, "[]", 400, false},
		{"deep JSON", slackapp.EventsPath, deep, 400, false},
		{"deep JSON inside", slackapp.EventsPath, event(deep), 400, false},
		{"two values", slackapp.EventsPath, "{}{}", 400, false},
		{"event of the wrong type", slackapp.EventsPath, event(`"app_mention"`), 400, false},
		{"a number beyond all bounds", slackapp.EventsPath,
			event(`{"type":"app_mention","user":"U1","ts":1e999999,"channel":"C1"}`), 400, false},
		{"invalid UTF-8 in an event", slackapp.EventsPath, event("{\"type\":\"message\",\"text\":\"\xff\xfe\"}"), 200,
			false},
		{"event without an ID", slackapp.EventsPath,
			strings.Replace(event(`{"type":"app_mention","user":"U1","ts":"1.1","channel":"C1","text":"x"}`), `"Ev1"`,
				`""`, 1), 200, false},
		{"mention by the bot itself", slackapp.EventsPath, event(`{"type":"app_mention","user":"` +
			env.Slack.BotUser() + `","ts":"1.1","channel":"C1","text":"x"}`), 200, false},
		{"mention by another app", slackapp.EventsPath,
			event(`{"type":"app_mention","bot_id":"B1","user":"U1","ts":"1.1","channel":"C1","text":"x"}`), 200, false},
		{"event without a type", slackapp.EventsPath, event(`{}`), 200, false},
		{"mention without a user", slackapp.EventsPath,
			event(`{"type":"app_mention","ts":"1.1","channel":"C1","text":"x"}`), 200, false},
		{"mention without a time stamp", slackapp.EventsPath,
			event(`{"type":"app_mention","user":"U1","channel":"C1","text":"x"}`), 200, false},
		{"mention with numbers", slackapp.EventsPath, event(`{"type":"app_mention","user":1,"ts":2,"channel":3}`), 400,
			false},
		{"mention of another workspace", slackapp.EventsPath,
			strings.Replace(event(`{"type":"app_mention","user":"U1","ts":"1.1","channel":"C1","text":"x"}`),
				env.Slack.Team(), "T0OTHER", 1), 200, false},

		{"no payload", slackapp.InteractivityPath, "", 400, false},
		{"payload that is no JSON", slackapp.InteractivityPath, "payload=x", 400, false},
		{"payload twice", slackapp.InteractivityPath,
			url.Values{"payload": {press(env.Slack.Team()), press(env.Slack.Team())}}.Encode(), 400, false},
		{"payload that is a command", slackapp.InteractivityPath, command(func(url.Values) {}), 400, false},
		{"payload null", slackapp.InteractivityPath, "payload=null", 200, false},
		{"deep payload", slackapp.InteractivityPath, "payload=" + deep, 400, false},
		{"press of another workspace", slackapp.InteractivityPath, url.Values{"payload": {press("T0OTHER")}}.Encode(),
			200, false},
	} {
		t.Run(tt.path+"/"+tt.name, func(t *testing.T) {
			h, contentType := http.Header{}, form
			if tt.path == slackapp.EventsPath {
				contentType = jsonBody
			}
			env.Slack.Sign(h, []byte(tt.body), time.Now())
			attack := func() {
				if status, answer := send(t, http.MethodPost, r.URL()+tt.path, contentType, h,
					[]byte(tt.body)); status != tt.want {
					t.Errorf("status %d, want %d: %s", status, tt.want, answer)
				}
			}
			if tt.works {
				attack()
				eventually(t, "the command's job is done", func() bool {
					_, metrics := get(t, r.AdminURL()+"/metrics")
					return strings.Contains(metrics, `meetbot_jobs{state="unfinished"} 0`)
				})
			} else {
				env.wantNothingDone(attack)
			}
		})
	}
	if logs := env.logs.String(); strings.Contains(logs, "panic") {
		t.Errorf("something panicked:\n%s", logs)
	}
	wantWords(t, env.meet(r, ben, general, "show"), ben, "There is no meeting here yet")
	env.wantMeetings(0)
}

// Nobody holds a connection for long by sending slowly, nor memory by sending much; and nothing comes of it.
func TestSlowAndLarge(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	r := env.bot()
	address := strings.TrimPrefix(r.URL(), "http://")
	head := "POST /slack/commands HTTP/1.1\r\nHost: x\r\nContent-Type: " + form + "\r\n"
	done := env.done()
	t.Run("attacks", func(t *testing.T) {
		for name, tt := range map[string]struct {
			text   string
			drip   string // sent again and again after that, ten times a second
			want   string // how the answer begins; empty: the connection is cut
			within time.Duration
		}{
			"nothing":                {"", "", "", 4 * time.Second},
			"headers that never end": {head, "", "", 4 * time.Second},
			"headers in drips":       {head, "X: y\r\n", "", 4 * time.Second},
			"body that never comes":  {head + "Content-Length: 100\r\n\r\n", "", "HTTP/1.1 400", 8 * time.Second},
			"body in drips": {head + "Content-Length: 10000\r\n\r\n", "x", "HTTP/1.1 400",
				8 * time.Second},
			"body that is only expected": {head + "Expect: 100-continue\r\nContent-Length: 100\r\n\r\n", "",
				"HTTP/1.1 100", 8 * time.Second},
			"chunks that never end": {head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "",
				"HTTP/1.1 400", 8 * time.Second},
			"chunks in drips": {head + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", "HTTP/1.1 400",
				8 * time.Second},
			"a chunk of the largest size": {head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "",
				"HTTP/1.1 400", 8 * time.Second},
			"a header of a megabyte": {head + "X: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", "", "HTTP/1.1 431",
				4 * time.Second},
			"ten thousand headers": {head + strings.Repeat("X: y\r\n", 10000) + "\r\n", "", "HTTP/1.1 431",
				4 * time.Second},
			"a path of a megabyte": {"POST /" + strings.Repeat("x", 1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n", "",
				"HTTP/1.1 431", 4 * time.Second},
			"a length that is a lie": {head + "Content-Length: 99999999\r\n\r\n" + strings.Repeat("x", 70<<10), "",
				"HTTP/1.1 413", 4 * time.Second},
			"two lengths": {head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", "",
				"HTTP/1.1 400", 4 * time.Second},
			"a length below zero": {head + "Content-Length: -1\r\n\r\n", "", "HTTP/1.1 400", 4 * time.Second},
			"an unknown encoding": {head + "Transfer-Encoding: gzip\r\n\r\n", "", "HTTP/1.1 501",
				4 * time.Second},
			"a header with a line break": {head + "X: a\rb\r\n\r\n", "", "HTTP/1.1 400", 4 * time.Second},
			"no host": {"POST /slack/commands HTTP/1.1\r\n\r\n", "", "HTTP/1.1 400",
				4 * time.Second},
			"not HTTP":                    {"\x16\x03\x01\x00\x00\x00\r\n\r\n", "", "HTTP/1.1 400", 4 * time.Second},
			"HTTP/2 without being asked":  {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", "HTTP/1.1 ", 4 * time.Second},
			"a path out of the endpoints": {"POST /slack/../../etc/passwd HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "", "HTTP/1.1 ", 4 * time.Second},
			"a tunnel": {"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", "",
				"HTTP/1.1 4", 4 * time.Second},
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
				if tt.drip != "" {
					stop := make(chan struct{})
					defer close(stop)
					go drip(conn, tt.drip, stop)
				}
				line, err := bufio.NewReader(conn).ReadString('\n')
				if tt.want != "" && !strings.HasPrefix(line, tt.want) {
					t.Errorf("answer %q, %v; want %s", line, err, tt.want)
				}
				if took := time.Since(began); took >= tt.within {
					t.Errorf("the connection was held for %s", took)
				}
			})
		}
	})
	if after := env.done(); after != done {
		t.Errorf("before:\n%s\nafter:\n%s", done, after)
	}
}

// drip writes a little again and again, until it is stopped or cut off.
func drip(conn net.Conn, text string, stop <-chan struct{}) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if _, err := io.WriteString(conn, text); err != nil {
				return
			}
		case <-stop:
			return
		}
	}
}

// A request that was captured whole is of no use within its five minutes either: not again, not at another replica or
// endpoint, not with anything added that the signature does not cover.
func TestCapturedRequests(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r, s := env.bot(), env.bot()
	card := env.meet(r, ann, general, "")
	wantCard(t, card, "")
	wantCard(t, env.asks(r, ann, general, "", "new"), "")

	commandOf := func(text string) (http.Header, []byte) {
		req, err := env.Slack.CommandRequest(t.Context(), r.URL(),
			slacktest.Command{User: ann, Channel: general, Text: text})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Fatal(err)
		}
		return req.Header, body
	}
	signed := func(body string) (http.Header, []byte) {
		h := http.Header{}
		env.Slack.Sign(h, []byte(body), time.Now())
		return h, []byte(body)
	}
	newHeader, newBody := commandOf("new")
	showHeader, showBody := commandOf("show")
	eventHeader, eventBody := signed(`{"type":"event_callback","team_id":"` + env.Slack.Team() +
		`","event_id":"EvCaptured","event":{"type":"app_mention","user":"` + ann +
		`","text":"<@` + env.Slack.BotUser() + `> new","ts":"1712345678.000100","channel":"` + general + `"}}`)
	pressHeader, pressBody := signed(url.Values{"payload": {`{"type":"block_actions","team":{"id":"` +
		env.Slack.Team() + `"},"container":{"message_ts":"` + card.TS + `","channel_id":"` + general + `"}}`}}.Encode())

	// Each is served once, as what it is. The command has its meeting before the mention asks for another one: of two that
	// ask at the same moment, the second joins the first.
	for _, request := range []struct {
		path, media string
		header      http.Header
		body        []byte
	}{
		{slackapp.CommandsPath, form, newHeader, newBody},
		{slackapp.EventsPath, jsonBody, eventHeader, eventBody},
		{slackapp.InteractivityPath, form, pressHeader, pressBody},
	} {
		status, answer := send(t, http.MethodPost, r.URL()+request.path, request.media, request.header, request.body)
		if status != http.StatusOK || answer != "" { // what comes of them are messages
			t.Fatalf("%s: %d %s", request.path, status, answer)
		}
	}
	eventually(t, "everything is answered", func() bool {
		_, metrics := get(t, r.AdminURL()+"/metrics")
		return strings.Contains(metrics, `meetbot_jobs{state="unfinished"} 0`) && len(env.Graph.Meetings()) >= 4
	})

	doubled := newHeader.Clone()
	doubled["X-Slack-Signature"] = []string{"v0=" + strings.Repeat("0", 64), newHeader.Get("X-Slack-Signature")}
	for _, tt := range []struct {
		name, path, media string
		header            http.Header
		body              []byte
		want              int
		says              string
	}{
		{"command again", slackapp.CommandsPath, form, newHeader, newBody, 200, "Already on it"},
		{"command as an event", slackapp.EventsPath, jsonBody, newHeader, newBody, 400, "cannot parse event"},
		{"command as a press", slackapp.InteractivityPath, form, newHeader, newBody, 400, "cannot parse interaction"},
		{"command with another text in the URL", slackapp.CommandsPath + "?text=show&user_id=" + ben + "&channel_id=" +
			design, form, newHeader, newBody, 200, "Already on it"},
		{"command with a press in the URL", slackapp.InteractivityPath + "?" + string(pressBody), form, newHeader,
			newBody, 400, "cannot parse interaction"},
		{"show with new in the URL", slackapp.CommandsPath + "?text=new", form, showHeader, showBody, 200,
			"Join in Microsoft Teams"},
		{"command with one more field", slackapp.CommandsPath, form, newHeader,
			append(newBody[:len(newBody):len(newBody)], "&text=x"...), 401, "signature"},
		{"command with two signatures", slackapp.CommandsPath, form, doubled, newBody, 401, "signature"},
		{"event again", slackapp.EventsPath, jsonBody, eventHeader, eventBody, 200, ""},
		{"event as a command", slackapp.CommandsPath, form, eventHeader, eventBody, 200,
			"not set up for this workspace"},
		{"event as a press", slackapp.InteractivityPath, form, eventHeader, eventBody, 400, "cannot parse interaction"},
		{"event with another body", slackapp.EventsPath, jsonBody, eventHeader,
			[]byte(strings.Replace(string(eventBody), "EvCaptured", "EvOther", 1)), 401, "signature"},
		{"press again", slackapp.InteractivityPath, form, pressHeader, pressBody, 200, ""},
		{"press as a command", slackapp.CommandsPath, form, pressHeader, pressBody, 200,
			"not set up for this workspace"},
		{"press as an event", slackapp.EventsPath, jsonBody, pressHeader, pressBody, 400, "cannot parse event"},
	} {
		for i, at := range []*replica{r, s} {
			t.Run(fmt.Sprintf("%s/%d", tt.name, i), func(t *testing.T) {
				env.wantNothingDone(func() {
					status, answer := send(t, http.MethodPost, at.URL()+tt.path, tt.media, tt.header, tt.body)
					if status != tt.want || !strings.Contains(answer, tt.says) || tt.says == "" && answer != "" {
						t.Errorf("%d %s, want %d %s", status, answer, tt.want, tt.says)
					}
				})
			})
		}
	}
	env.wantMeetings(4)
}

// What belongs to the operator is not on the public address, nor Slack's endpoints on the operator's.
func TestAddressesAreApart(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	r := env.bot()
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/goroutine", "/debug/pprof/heap", "/debug/pprof/profile", "/debug/pprof/cmdline", "/debug/vars", "/", "//metrics", "/healthz/../metrics", "/%6detrics"} {
		if status, body := get(t, r.URL()+path); status != http.StatusNotFound {
			t.Errorf("%s on the public address: %d %.100s", path, status, body)
		}
	}
	for _, path := range []string{slackapp.CommandsPath, slackapp.EventsPath, slackapp.InteractivityPath,
		"/debug/pprof/cmdline", "/"} {
		if status, body := get(t, r.AdminURL()+path); status != http.StatusNotFound {
			t.Errorf("%s on the operator's address: %d %.100s", path, status, body)
		}
	}
}
