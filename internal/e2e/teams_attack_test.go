//go:build integration

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/bot/teamsapp"
	"meetbot/internal/app"
	"meetbot/internal/sandbox/teamstest"
	"meetbot/internal/testenv"
)

// activity is a mention of the bot in the channel's conversation, not yet sent.
func (env *environment) activity(user, text string) json.RawMessage {
	env.t.Helper()
	a, err := env.Teams.Activity(teamstest.Post{User: user, Conversation: teamsChat, Text: env.Teams.Mention() + " " +
		text})
	if err != nil {
		env.t.Fatal(err)
	}
	return a
}

// changed is the activity with its members changed.
func changed(t *testing.T, activity json.RawMessage, change func(a map[string]any)) []byte {
	t.Helper()
	var a map[string]any
	if err := json.Unmarshal(activity, &a); err != nil {
		t.Fatal(err)
	}
	change(a)
	body, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// inner is an object within an activity.
func inner(a map[string]any, name string) map[string]any {
	m, _ := a[name].(map[string]any)
	return m
}

// deliver sends a body under a token, and returns the status and the answer.
func (env *environment) deliver(t *testing.T, r *replica, body []byte, token teamstest.Token) (int, string) {
	t.Helper()
	d, err := env.Teams.Deliver(t.Context(), r.URL(), body, token)
	if err != nil {
		t.Fatal(err)
	}
	return d.Attempts[0], string(d.Body)
}

// wantQuietLogs fails the test if the log tells of a panic, or holds a token.
func (env *environment) wantQuietLogs() {
	env.t.Helper()
	logs := env.logs.String()
	for _, bad := range []string{"panic", "eyJ"} {
		if i := strings.Index(logs, bad); i >= 0 {
			env.t.Errorf("the log holds %q: …%s…", bad, logs[max(0, i-200):min(len(logs), i+200)])
		}
	}
}

// Promise 4: what is not from Teams is refused before it is read, and nothing comes of it.
func TestTeamsForgeries(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	if err := env.Teams.RotateKey(false); err != nil {
		t.Fatal(err)
	}
	trap := newTrap(t)
	r := env.start(env.teamsConfig(), app.Options{})
	body := env.activity(annID, "meet")
	claim := func(name string, value any) teamstest.Token {
		return teamstest.Token{Claims: map[string]any{name: value}}
	}
	header := func(value string) teamstest.Token { return teamstest.Token{Header: &value} }
	valid, err := env.Teams.Token(teamstest.Token{})
	if err != nil {
		t.Fatal(err)
	}
	nobodys, past := "nobody's", time.Now().Add(-6*time.Minute).Unix()
	for name, token := range map[string]teamstest.Token{
		"no token":               {Absent: true},
		"alg none":               {Alg: "none"},
		"HS256 by a public key":  {Alg: "HS256"},
		"RS384":                  {Alg: "RS384"},
		"another key":            {Key: teamstest.KeyUnpublished},
		"a key of yesterday":     {Key: teamstest.KeyPrevious},
		"a key of other channel": {Key: teamstest.KeyUnendorsed},
		"unknown kid":            {Kid: &nobodys},
		"mangled":                {Mangle: true},
		"another issuer":         claim("iss", "https://sts.windows.net/"+testenv.TenantID+"/"),
		"no issuer":              claim("iss", nil),
		"another audience":       claim("aud", testenv.ClientID),
		"no audience":            claim("aud", nil),
		"expired":                claim("exp", past),
		"never expires":          claim("exp", nil),
		"not yet":                claim("nbf", time.Now().Add(6*time.Minute).Unix()),
		"another service":        claim("serviceurl", trap.URL+"/"),
		"no service":             claim("serviceurl", nil),
		"a password":             header("Basic bWVldDpib3Q="),
		"garbage":                header("Bearer x.y.z"),
		"twice":                  header(valid + ", " + valid),
		"too long":               header("Bearer " + strings.Repeat("A", 15<<10)),
	} {
		t.Run(name, func(t *testing.T) {
			env.wantNothingDone(func() {
				if status, answer := env.deliver(t, r, body, token); status != http.StatusUnauthorized || answer != "" {
					t.Errorf("%d %q", status, answer)
				}
			})
		})
	}
	for name, tt := range map[string]struct {
		method, contentType string
		header              http.Header
		body                []byte
		want                int
	}{
		"GET":                 {http.MethodGet, jsonBody, http.Header{"Authorization": {valid}}, nil, 405},
		"PUT":                 {http.MethodPut, jsonBody, http.Header{"Authorization": {valid}}, body, 405},
		"no content type":     {http.MethodPost, "", http.Header{"Authorization": {valid}}, body, 415},
		"a form":              {http.MethodPost, form, http.Header{"Authorization": {valid}}, body, 415},
		"a broken type":       {http.MethodPost, ";;", http.Header{"Authorization": {valid}}, body, 415},
		"two tokens":          {http.MethodPost, jsonBody, http.Header{"Authorization": {valid, valid}}, body, 401},
		"Playground's header": {http.MethodPost, jsonBody, http.Header{"X-Ms-Agents-Playground": {"true"}}, body, 401},
		"too large, unsigned": {http.MethodPost, jsonBody, nil, bytes.Repeat([]byte(" "), teamsapp.MaxBody+1), 401},
		"too large": {http.MethodPost, jsonBody, http.Header{"Authorization": {valid}},
			bytes.Repeat([]byte(" "), teamsapp.MaxBody+1), 413},
		"an endless header": {http.MethodPost, jsonBody,
			http.Header{"Authorization": {"Bearer " + strings.Repeat("A", 64<<10)}}, body, 431},
	} {
		t.Run(name, func(t *testing.T) {
			env.wantNothingDone(func() {
				if status, answer := send(t, tt.method, r.URL()+teamsapp.MessagesPath, tt.contentType, tt.header,
					tt.body); status != tt.want {
					t.Errorf("%d %q, want %d", status, answer, tt.want)
				}
			})
		})
	}
	if n := trap.hits(); n != 0 {
		t.Errorf("the trap was called %d times", n)
	}
	env.wantQuietLogs()
	// The same activity under a true token is served: the checks above refuse what is wrong, not everything.
	if status, answer := env.deliver(t, r, body, teamstest.Token{}); status != http.StatusOK || answer != "" {
		t.Errorf("the true one: %d %q", status, answer)
	}
	wantTeamsCard(t, env.answer(teamsChat, nil, nil), "")
	env.wantMeetings(1)
}

// What comes under a valid token, and is not for this bot to act on: the expected status, no crash, no work.
func TestTeamsSignedNonsense(t *testing.T) {
	t.Parallel()
	const other = "99999999-0000-4000-8000-000000000009"
	env := newTeamsEnv(t)
	trap := newTrap(t)
	r := env.start(env.teamsConfig(), app.Options{})
	base := env.activity(annID, "meet")
	body := func(change func(a map[string]any)) []byte { return changed(t, base, change) }
	// with appends members, which may be there already, as they are.
	with := func(members string) []byte {
		return []byte(strings.TrimSuffix(string(base), "}") + "," + members + "}")
	}
	tenants := func(channelData, conversation any) []byte {
		return body(func(a map[string]any) {
			for _, tenant := range []struct {
				object map[string]any
				name   string
				value  any
			}{{inner(inner(a, "channelData"), "tenant"), "id", channelData}, {inner(a, "conversation"), "tenantId",
				conversation}} {
				if tenant.object[tenant.name] = tenant.value; tenant.value == nil {
					delete(tenant.object, tenant.name)
				}
			}
		})
	}
	// typed is an activity of another type, with more members.
	typed := func(kind, members string) []byte {
		a := body(func(a map[string]any) { a["type"] = kind; delete(a, "text") })
		return []byte(strings.TrimSuffix(string(a), "}") + members + "}")
	}
	without := func(path ...string) []byte {
		return body(func(a map[string]any) {
			for _, name := range path[:len(path)-1] {
				a = inner(a, name)
			}
			delete(a, path[len(path)-1])
		})
	}
	deep := strings.Repeat("[", 30000) + strings.Repeat("]", 30000)
	elsewhere := teamstest.Token{Claims: map[string]any{"serviceurl": trap.URL + "/"}}
	for _, tt := range []struct {
		name  string
		body  []byte
		token teamstest.Token
		want  int
	}{
		{"another tenant", tenants(other, other), teamstest.Token{}, 401},
		{"another tenant in channelData", tenants(other, testenv.TenantID), teamstest.Token{}, 401},
		{"another tenant in conversation", tenants(testenv.TenantID, other), teamstest.Token{}, 401},
		{"another tenant in channelData alone", tenants(other, nil), teamstest.Token{}, 401},
		{"another tenant in conversation alone", tenants(nil, other), teamstest.Token{}, 401},
		{"no tenant", tenants(nil, nil), teamstest.Token{}, 401},
		{"empty tenants", tenants("", ""), teamstest.Token{}, 401},
		{"a tenant that is a number", tenants(testenv.TenantID, 1), teamstest.Token{}, 400},
		{"a tenant that is a part", tenants(testenv.TenantID[:35], testenv.TenantID), teamstest.Token{}, 401},
		{"another tenant, said later", with(`"conversation":{"tenantId":"` + other + `"}`), teamstest.Token{}, 401},

		{"a service elsewhere, with a token for it", body(func(a map[string]any) { a["serviceUrl"] = trap.URL + "/" }),
			elsewhere, 401},
		{"a service elsewhere, said later", with(`"serviceUrl":"` + trap.URL + `/"`), teamstest.Token{}, 401},
		{"a service elsewhere, in other letters", with(`"ServiceURL":"` + trap.URL + `/"`), teamstest.Token{}, 401},
		{"a service elsewhere, said later, with a token for it", with(`"serviceUrl":"` + trap.URL + `/"`), elsewhere,
			401},
		{"no service", without("serviceUrl"), teamstest.Token{}, 401},

		{"another channel that the key vouches for", body(func(a map[string]any) { a["channelId"] = "webchat" }),
			teamstest.Token{}, 401},
		{"another channel", body(func(a map[string]any) { a["channelId"] = "emulator" }), teamstest.Token{}, 401},
		{"the channel in capitals", body(func(a map[string]any) { a["channelId"] = "MSTEAMS" }), teamstest.Token{},
			401},
		{"no channel", without("channelId"), teamstest.Token{}, 401},

		{"empty", nil, teamstest.Token{}, 400},
		{"no JSON", []byte("x"), teamstest.Token{}, 400},
		{"null", []byte("null"), teamstest.Token{}, 401}, // of no tenant
		{"a list", []byte("[]"), teamstest.Token{}, 400},
		{"two activities", append(slices.Clone([]byte(base)), base...), teamstest.Token{}, 400},
		{"half an activity", base[:len(base)/2], teamstest.Token{}, 400},
		{"deep", []byte(deep), teamstest.Token{}, 400},
		{"deep inside", with(`"value":` + deep), teamstest.Token{}, 400},
		{"numbers for texts", with(`"text":1`), teamstest.Token{}, 400},
		{"a list for an object", with(`"conversation":[]`), teamstest.Token{}, 400},
		{"too large", with(`"x":"` + strings.Repeat("x", teamsapp.MaxBody) + `"`), teamstest.Token{}, 413},

		{"nobody", without("from"), teamstest.Token{}, 400},
		{"nobody's member ID", without("from", "id"), teamstest.Token{}, 400},
		{"nowhere", without("conversation", "id"), teamstest.Token{}, 400},
		{"no conversation", without("conversation"), teamstest.Token{}, 400},
		{"a thread of no channel", body(func(a map[string]any) {
			c := inner(a, "conversation")
			c["id"], c["conversationType"] = ";messageid=17", "channel"
		}), teamstest.Token{}, 400},
		{"no ID", without("id"), teamstest.Token{}, 400},
		{"a bot's words", body(func(a map[string]any) { inner(a, "from")["id"] = env.Teams.BotID() }),
			teamstest.Token{}, 200},

		{"typing", typed("typing", ""), teamstest.Token{}, 200},
		{"no type", without("type"), teamstest.Token{}, 200},
		{"a type in capitals", typed("MESSAGE", ""), teamstest.Token{}, 200},
		{"a reaction", typed("messageReaction", ""), teamstest.Token{}, 200},
		{"an edited message", typed("messageUpdate", ""), teamstest.Token{}, 200},
		{"somebody joins", typed("conversationUpdate", `,"membersAdded":[{"id":"29:1x"}]`), teamstest.Token{}, 200},
		{"the bot leaves", typed("installationUpdate", `,"action":"remove"`), teamstest.Token{}, 200},
		{"the bot comes to nowhere", body(func(a map[string]any) {
			a["type"], a["action"] = "installationUpdate", "add"
			delete(inner(a, "conversation"), "id")
		}), teamstest.Token{}, 400},
		{"an unknown invoke", typed("invoke", `,"name":"task/fetch"`), teamstest.Token{}, 501},
		{"a button without a value", typed("invoke", `,"name":"adaptiveCard/action"`), teamstest.Token{}, 200},
		{"a button of no card", typed("invoke", `,"name":"adaptiveCard/action","value":{"action":{"verb":"drop"}}`),
			teamstest.Token{}, 200},
		{"a button that is a list", typed("invoke", `,"name":"adaptiveCard/action","value":[]`), teamstest.Token{},
			200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env.wantNothingDone(func() {
				status, answer := env.deliver(t, r, tt.body, tt.token)
				if status != tt.want {
					t.Errorf("%d %q, want %d", status, answer, tt.want)
				}
				if status == http.StatusUnauthorized && answer != "" {
					t.Errorf("the sender reads why: %q", answer)
				}
				if strings.HasPrefix(tt.name, "a button") && !strings.Contains(answer, `"statusCode":400`) {
					t.Errorf("the button's answer is %q", answer)
				}
			})
		})
	}
	if n := trap.hits(); n != 0 {
		t.Errorf("the trap was called %d times", n)
	}
	env.wantQuietLogs()
}

// What is odd and yet somebody's command is answered.
func TestTeamsOddCommands(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r := env.start(env.teamsConfig(), app.Options{})
	seen := env.Teams.Messages(teamsChat)
	sent := func(body []byte) teamstest.Message {
		t.Helper()
		if status, answer := env.deliver(t, r, body, teamstest.Token{}); status != http.StatusOK || answer != "" {
			t.Fatalf("%d %q", status, answer)
		}
		m := env.answer(teamsChat, seen, nil)
		seen = append(seen, m)
		return m
	}
	// Whoever Teams does not place in Entra is refused with a sentence, and Graph is not asked about them.
	for name, id := range map[string]any{
		"no GUID": "ann", "in braces": "{" + annID + "}",
		"with a prefix":   "urn:uuid:" + annID,
		"without hyphens": strings.ReplaceAll(annID, "-", ""), "a path": annID + "/../" + benID,
	} {
		body := changed(t, env.activity(annID, "meet"), func(a map[string]any) {
			inner(a, "from")["aadObjectId"] = id
		})
		m := sent(body)
		wantTeamsWords(t, m, annID, "another organization")
		if calls := env.Graph.Calls(); len(calls) != 0 {
			t.Errorf("%s: Graph was asked %v", name, calls)
		}
	}
	env.wantMeetings(0)
	// The same person in other letters is the same person; text that is no UTF-8 is text with gaps.
	body := changed(t, env.activity(annID, "meet Café XX"),
		func(a map[string]any) { inner(a, "from")["aadObjectId"] = strings.ToUpper(annID) })
	body = bytes.ReplaceAll(body, []byte("XX"), []byte("\xff\xfe"))
	card := sent(body)
	wantTeamsCard(t, card, "")
	if !strings.Contains(card.Words(), "Café") || !strings.Contains(card.Words(), "started by Ann Example") {
		t.Errorf("the card reads\n%s", card.Words())
	}
	wantTeamsCard(t, sent(env.activity(annID, "show")), annID)
	env.wantMeetings(1)
	env.wantQuietLogs()
}

// A captured request that is sent again, to whichever replica and by how many, changes nothing.
func TestTeamsReplay(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r, s := env.start(env.teamsConfig(), app.Options{}), env.start(env.teamsConfig(), app.Options{})
	wantTeamsCard(t, env.callAnswered(r, annID, teamsChat, "", "meet"), "")
	token, err := env.Teams.Token(teamstest.Token{})
	if err != nil {
		t.Fatal(err)
	}
	seen, body := env.Teams.Messages(teamsChat), env.activity(annID, "new Retrospective")
	var wg sync.WaitGroup
	for i := range 20 {
		at := []*replica{r, s}[i%2]
		wg.Go(func() {
			if status, answer := send(t, http.MethodPost, at.URL()+teamsapp.MessagesPath, jsonBody,
				http.Header{"Authorization": {token}}, body); status != 200 || answer != "" {
				t.Errorf("%d %q", status, answer)
			}
		})
	}
	wg.Wait()
	wantTeamsCard(t, env.answer(teamsChat, seen, nil), "")
	// And once more, when all is done; under another token too.
	env.wantRepeated(r, 0)
	env.wantNothingDone(func() {
		for _, at := range []*replica{r, s} {
			if status, answer := env.deliver(t, at, body,
				teamstest.Token{Claims: map[string]any{"iat": time.Now().Unix()}}); status != 200 || answer != "" {
				t.Errorf("%d %q", status, answer)
			}
		}
	})
	if n := len(env.Teams.Messages(teamsChat)); n != len(seen)+1 {
		t.Errorf("%d messages, want %d and one more", n, len(seen))
	}
	env.wantMeetings(2)
}

// Who sends slowly holds no connection for long, and who has no token is not waited for.
func TestTeamsSlowBodies(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r := env.start(env.teamsConfig(), app.Options{})
	token, err := env.Teams.Token(teamstest.Token{})
	if err != nil {
		t.Fatal(err)
	}
	head := "POST " + teamsapp.MessagesPath + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	signed := head + "Authorization: " + token + "\r\n"
	for name, tt := range map[string]struct{ text, want string }{
		"a body that never comes": {signed + "Content-Length: 100\r\n\r\n", "HTTP/1.1 400"},
		"chunks that never end": {signed + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"x\":\r\n",
			"HTTP/1.1 400"},
		"a length that is a lie": {signed + "Content-Length: 99999999\r\n\r\n" +
			strings.Repeat(" ", teamsapp.MaxBody+10), "HTTP/1.1 413"},
		"a body that never comes, unsigned": {head + "Content-Length: 100\r\n\r\n", "HTTP/1.1 401"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", strings.TrimPrefix(r.URL(), "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, tt.text) // may be cut off in the middle
			if line, err := bufio.NewReader(conn).ReadString('\n'); !strings.HasPrefix(line, tt.want) {
				t.Errorf("answer %q, %v; want %s", line, err, tt.want)
			}
		})
	}
}
