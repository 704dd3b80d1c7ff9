//go:build integration

package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"meetbot/bot/slackapp"
	"meetbot/internal/sandbox/slacktest"
)

// send posts a body to the bot and returns the status and the answer.
func send(t *testing.T, method, url, contentType string, header http.Header, body []byte) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
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

const (
	form     = "application/x-www-form-urlencoded"
	jsonBody = "application/json"
)

// Promise 4: what is not Slack's is refused before it is parsed, and nothing comes of it.
func TestRequestsThatAreNotSlacks(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	r := env.bot()
	command := url.Values{
		"team_id": {env.Slack.Team()}, "channel_id": {general}, "channel_name": {"general"}, "user_id": {ann},
		"command": {"/meet"},
		"text":    {""}, "response_url": {strings.TrimSuffix(env.Slack.APIURL(), "/api/") + "/commands/T024BE7LD/1/x"},
	}.Encode()
	event := `{"type":"event_callback","team_id":"T024BE7LD","event_id":"Ev1","event":{"type":"app_mention","user":"` + ann +
		`","text":"<@` + env.Slack.BotUser() + `>","ts":"1712345678.000100","channel":"` + general + `"}}`
	payload := url.Values{"payload": {`{"type":"block_actions"}`}}.Encode()

	sign := func(change func(h http.Header)) func([]byte) http.Header {
		return func(body []byte) http.Header {
			h := http.Header{}
			env.Slack.Sign(h, body, time.Now())
			if change != nil {
				change(h)
			}
			return h
		}
	}
	at := func(age time.Duration) func([]byte) http.Header {
		return func(body []byte) http.Header {
			h := http.Header{}
			env.Slack.Sign(h, body, time.Now().Add(-age))
			return h
		}
	}
	for _, endpoint := range []struct{ path, contentType, body string }{
		{slackapp.CommandsPath, form, command},
		{slackapp.EventsPath, jsonBody, event},
		{slackapp.InteractivityPath, form, payload},
	} {
		for _, tt := range []struct {
			name        string
			method      string
			contentType string
			header      func([]byte) http.Header
			body        []byte
			want        int
		}{
			{name: "unsigned", header: func([]byte) http.Header { return http.Header{} }, want: 401},
			{name: "no time stamp", header: sign(func(h http.Header) { h.Del("X-Slack-Request-Timestamp") }),
				want: 401},
			{name: "time stamp that is no number",
				header: sign(func(h http.Header) { h.Set("X-Slack-Request-Timestamp", "now") }), want: 401},
			{name: "no signature", header: sign(func(h http.Header) { h.Del("X-Slack-Signature") }), want: 401},
			{name: "empty signature", header: sign(func(h http.Header) { h.Set("X-Slack-Signature", "v0=") }),
				want: 401},
			{name: "not hexadecimal", header: sign(func(h http.Header) { h.Set("X-Slack-Signature", "v0=xyz") }),
				want: 401},
			{name: "another version", header: sign(func(h http.Header) {
				h.Set("X-Slack-Signature", "v1="+strings.TrimPrefix(h.Get("X-Slack-Signature"), "v0="))
			}), want: 401},
			{name: "cut signature", header: sign(func(h http.Header) {
				h.Set("X-Slack-Signature",
					h.Get("X-Slack-Signature")[:40])
			}), want: 401},
			{name: "stale", header: at(5*time.Minute + 10*time.Second), want: 401},
			{name: "from the future", header: at(-5*time.Minute - 10*time.Second), want: 401},
			{name: "time stamp exchanged", header: sign(func(h http.Header) {
				h.Set("X-Slack-Request-Timestamp",
					"1712345678")
			}), want: 401},
			{name: "signature of another body", header: func([]byte) http.Header { return sign(nil)([]byte("other")) },
				want: 401},
			{name: "too large", header: sign(nil), body: bytes.Repeat([]byte("a"), slackapp.MaxBody+1), want: 413},
			{name: "GET", method: http.MethodGet, header: sign(nil), want: 405},
			{name: "PUT", method: http.MethodPut, header: sign(nil), want: 405},
			{name: "no content type", contentType: "-", header: sign(nil), want: 415},
			{name: "other content type", contentType: "text/plain", header: sign(nil), want: 415},
			{name: "broken content type", contentType: ";;", header: sign(nil), want: 415},
		} {
			t.Run(endpoint.path+"/"+tt.name, func(t *testing.T) {
				body, method, contentType := []byte(endpoint.body), http.MethodPost, endpoint.contentType
				if tt.body != nil {
					body = tt.body
				}
				if tt.method != "" {
					method = tt.method
				}
				if tt.contentType != "" {
					contentType = strings.Trim(tt.contentType, "-")
				}
				env.wantNothingDone(func() {
					if status, answer := send(t, method, r.URL()+endpoint.path, contentType, tt.header(body),
						body); status != tt.want {
						t.Errorf("status %d, want %d; answer %q", status, tt.want, answer)
					}
				})
			})
		}
	}
	env.wantMeetings(0)
	// The same command, rightly signed, is served: the checks above refuse what is wrong, not everything.
	env.inPlace()
	h := http.Header{}
	env.Slack.Sign(h, []byte(command), time.Now())
	if status, answer := send(t, http.MethodPost, r.URL()+slackapp.CommandsPath, form, h,
		[]byte(command)); status != 200 || !strings.Contains(answer, "Microsoft Teams meeting") {
		t.Errorf("the right command: %d %s", status, answer)
	}
	env.wantMeetings(1)
}

// A captured request that is sent again changes nothing, in whatever spelling of its signature.
func TestReplay(t *testing.T) {
	t.Parallel()
	for via, prepare := range mayPost {
		t.Run(via, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			prepare(env)
			replay(t, env, map[string]string{"answer": "Microsoft Teams meeting"}[via])
		})
	}
}

// replay sends a command, whose first answer must say this, again and again.
func replay(t *testing.T, env *environment, says string) {
	r, s := env.bot(), env.bot()
	wantCard(t, env.meet(r, ann, general, ""), "")
	req, err := env.Slack.CommandRequest(t.Context(), r.URL(),
		slacktest.Command{User: ann, Channel: general, Text: "new"})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatal(err)
	}
	upper := req.Header.Clone()
	upper.Set("X-Slack-Signature", "v0="+strings.ToUpper(strings.TrimPrefix(req.Header.Get("X-Slack-Signature"),
		"v0=")))
	if status, answer := send(t, http.MethodPost, r.URL()+slackapp.CommandsPath, form, req.Header,
		body); status != 200 || !strings.Contains(answer, says) || says == "" && answer != "" {
		t.Fatalf("first: %d %s", status, answer)
	}
	before := len(env.Slack.Messages(general))
	for name, at := range map[string]struct {
		url    string
		header http.Header
	}{
		"same replica": {r.URL(), req.Header}, "other replica": {s.URL(), req.Header},
		"other spelling": {s.URL(), upper},
	} {
		status, answer := send(t, http.MethodPost, at.url+slackapp.CommandsPath, form, at.header, body)
		if status != 200 || !strings.Contains(answer, "Already on it") {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	if all := env.Slack.Messages(general); len(all) != before {
		t.Errorf("the replays brought messages: %s", texts(all[before:]))
	}
	env.wantMeetings(2)
}

// What is signed but not meant for this bot gets a sentence, or silence, and no work.
func TestMisaddressed(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	r := env.bot()
	for want, c := range map[string]slacktest.Command{
		"not set up for this workspace": {User: ann, Channel: general, Team: "T0OTHER"},
		"I do not know this command":    {User: ann, Channel: general, Command: "/other"},
	} {
		a, err := env.Slack.Command(t.Context(), r.URL(), c)
		if err != nil || a.Message == nil {
			t.Fatalf("%+v: %+v, %v", c, a, err)
		}
		wantWords(t, *a.Message, ann, want)
	}
	d, err := env.Slack.Mention(t.Context(), r.URL(), slacktest.Mention{User: ann, Channel: general, Text: "<@" +
		env.Slack.BotUser() + ">", Team: "T0OTHER"})
	if err != nil || !slices.Equal(d.Attempts, []int{200}) {
		t.Errorf("event of another workspace: %+v, %v", d, err)
	}
	for path, body := range map[string]string{
		slackapp.EventsPath:        `{"type":"event_callback","event_id":"Ev1","event":{"type":"message","text":"hi"}}`,
		slackapp.InteractivityPath: url.Values{"payload": {`{"type":"view_submission"}`}}.Encode(),
	} {
		h, contentType := http.Header{}, jsonBody
		if path == slackapp.InteractivityPath {
			contentType = form
		}
		env.Slack.Sign(h, []byte(body), time.Now())
		if status, answer := send(t, http.MethodPost, r.URL()+path, contentType, h, []byte(body)); status != 200 ||
			answer != "" {
			t.Errorf("%s: %d %q", path, status, answer)
		}
	}
	for path, body := range map[string]string{slackapp.EventsPath: `{"type":`,
		slackapp.InteractivityPath: "payload=%7B"} {
		h, contentType := http.Header{}, jsonBody
		if path == slackapp.InteractivityPath {
			contentType = form
		}
		env.Slack.Sign(h, []byte(body), time.Now())
		if status, _ := send(t, http.MethodPost, r.URL()+path, contentType, h, []byte(body)); status != 400 {
			t.Errorf("%s with a broken body: %d, want 400", path, status)
		}
	}
	env.wantMeetings(0)
}

// An organization-wide install is one workspace, whichever team a command comes from.
func TestOrganizationWideInstall(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{Enterprise: "E0CONTOSO", EnterpriseInstall: true})
	r := env.bot()
	url := wantCard(t, env.meet(r, ann, general, ""), "")
	a, err := env.Slack.Command(t.Context(), r.URL(), slacktest.Command{User: ben, Channel: general, Team: "T0SECOND"})
	if err != nil || a.Message == nil || link(*a.Message) != url {
		t.Errorf("from another team of the organization: %+v, %v", a, err)
	}
	if m := env.wantMeetings(1); len(m) == 1 && m[0].ExternalID != "slack:E0CONTOSO:"+general {
		t.Errorf("external ID is %q", m[0].ExternalID)
	}
}

// Text from users is what they meant by the time that it gets to Graph.
func TestSubjectInGraph(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	wantCard(t, env.meet(env.bot(), ann, general,
		"<!channel> with <@"+ben+"|ben> on <https://evil.example|the plan> &lt;b&gt; \u202e x"), "")
	if m := env.wantMeetings(1); len(m) == 1 && m[0].Subject != "@channel with @ben on the plan <b> x" {
		t.Errorf("subject is %q", m[0].Subject)
	}
}

// The bot works with the scopes of its manifest alone, and needs each that concerns the Web API.
func TestScopes(t *testing.T) {
	t.Parallel()
	missing := func(calls []slacktest.Call) bool {
		return slices.ContainsFunc(calls, func(c slacktest.Call) bool { return c.Error == "missing_scope" })
	}
	story := func(t *testing.T, scopes []string) []slacktest.Call {
		env := newEnv(t, slacktest.Options{Scopes: scopes, PostBurst: -1})
		r := env.bot()
		env.command(r, ann, general, "")
		env.mention(r, ben, general, "", "help")
		env.mention(r, ben, general, "", "new")
		eventually(t, "everything is answered, or something is not permitted", func() bool {
			_, metrics := get(t, r.AdminURL()+"/metrics")
			return strings.Contains(metrics, `meetbot_jobs{state="unfinished"} 0`) || missing(env.Slack.Calls())
		})
		return env.Slack.Calls()
	}
	all := slackapp.Scopes(slackapp.Uses{})
	if calls := story(t, all); missing(calls) {
		t.Errorf("with the manifest's scopes: %+v", calls)
	}
	for _, scope := range []string{"chat:write", "users:read"} {
		scopes := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == scope })
		if len(scopes) == len(all) {
			t.Errorf("%s is not among the scopes", scope)
		} else if calls := story(t, scopes); !missing(calls) {
			t.Errorf("%s is not needed: %+v", scope, calls)
		}
	}
	if calls := story(t, slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == "chat:write.public" })); missing(calls) {
		t.Errorf("without chat:write.public: %+v", calls)
	}
	env := newEnv(t, slacktest.Options{Scopes: slices.DeleteFunc(slices.Clone(all),
		func(s string) bool { return s == "users:read.email" })})
	wantWords(t, env.meet(env.bot(), ann, general, ""), ann, "users:read.email")
}
