package connector_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"meetbot/bot/teamsapp/connector"
)

const (
	secret = "eyJ-a-token-that-must-not-leak"
	// plainSecret looks like a token and has no character that an error code has not.
	plainSecret = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9"
	thread      = "19:general@thread.tacv2;messageid=1712345678901"
	ann         = "29:1ann-_x"
	tenant      = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
)

// tokens gives one token, or an error, and counts.
type tokens struct {
	err            error
	asked, renewed atomic.Int64
}

func (k *tokens) Token(context.Context) (string, error) {
	k.asked.Add(1)
	return secret, k.err
}

func (k *tokens) Renew() { k.renewed.Add(1) }

// service is a connector that writes down what it is asked, and answers as it is told.
type service struct {
	*httptest.Server
	hits   atomic.Int64
	last   *http.Request
	body   string
	status int
	header http.Header
	answer string
}

func newService(t *testing.T, status int, answer string) *service {
	t.Helper()
	s := &service{status: status, answer: answer, header: http.Header{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.hits.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.last, s.body = r, string(body)
		for name, values := range s.header {
			w.Header()[name] = values
		}
		w.WriteHeader(s.status)
		_, _ = io.WriteString(w, s.answer)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) host() string { return strings.TrimPrefix(s.URL, "http://") }

func newClient(t *testing.T, k *tokens, hosts ...string) *connector.Client {
	t.Helper()
	c, err := connector.New(connector.Config{Tokens: k, Hosts: hosts})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every call has the method, the address and the body that the service documents, and reads its answer.
func TestCalls(t *testing.T) {
	s := newService(t, http.StatusCreated, "")
	c := newClient(t, &tokens{}, s.host())
	ctx, at := t.Context(), s.URL+"/emea/"
	hello := connector.Activity{Type: "message", Text: "hello", ReplyTo: "17"}
	const escaped = "/emea/v3/conversations/19%3Ageneral%40thread.tacv2%3Bmessageid%3D1712345678901"
	for _, tt := range []struct {
		name, answer          string
		call                  func() (any, error)
		method, address, body string
		want                  any
	}{
		{
			"reply", `{"id":"18"}`, func() (any, error) { return c.Reply(ctx, at, thread, hello) },
			"POST", escaped + "/activities", `{"type":"message","text":"hello","replyToId":"17"}`, "18",
		},
		{
			"targeted", `{"id":"19"}`, func() (any, error) {
				return c.SendTargeted(ctx, at, thread, connector.Account{ID: ann}, hello)
			},
			"POST", escaped + "/activities?isTargetedActivity=true",
			`{"type":"message","recipient":{"id":"29:1ann-_x","isTargeted":true},"text":"hello","replyToId":"17"}`,
			"19",
		},
		{
			"chat", `{"id":"a:1x"}`, func() (any, error) { return c.Chat(ctx, at, tenant, ann) }, "POST",
			"/emea/v3/conversations",
			`{"isGroup":false,"members":[{"id":"29:1ann-_x"}],"tenantId":"` + tenant + `",` +
				`"channelData":{"tenant":{"id":"` + tenant + `"}}}`,
			"a:1x",
		},
		{
			"member", `{"id":"29:1ann-_x","objectId":"a","tenantId":"t","userRole":"user"}`, func() (any, error) {
				return c.Member(ctx, at, "19:general@thread.tacv2", ann)
			},
			"GET", "/emea/v3/conversations/19%3Ageneral%40thread.tacv2/members/29%3A1ann-_x", "",
			connector.Member{ObjectID: "a", TenantID: "t"},
		},
		{
			"member by its other name", `{"aadObjectId":"a"}`, func() (any, error) { return c.Member(ctx, at, "19:x", ann) },
			"GET", "/emea/v3/conversations/19%3Ax/members/29%3A1ann-_x", "", connector.Member{ObjectID: "a"},
		},
		{
			"update", `{"id":"18"}`, func() (any, error) { return nil, c.Update(ctx, at, thread, "18", hello) },
			"PUT", escaped + "/activities/18", `{"type":"message","id":"18","text":"hello","replyToId":"17"}`, nil,
		},
		{
			"update without an answer", "", func() (any, error) { return nil, c.Update(ctx, at, thread, "18", hello) },
			"PUT", escaped + "/activities/18", `{"type":"message","id":"18","text":"hello","replyToId":"17"}`, nil,
		},
		{
			"reply without an answer", "", func() (any, error) { return c.Reply(ctx, at, thread, hello) },
			"POST", escaped + "/activities", `{"type":"message","text":"hello","replyToId":"17"}`, "",
		},
		{
			"reply whose answer is odd", "<html>", func() (any, error) { return c.Reply(ctx, at, thread, hello) },
			"POST", escaped + "/activities", `{"type":"message","text":"hello","replyToId":"17"}`, "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.answer = tt.answer
			got, err := tt.call()
			if err != nil || got != tt.want {
				t.Errorf("%#v, %v; want %#v", got, err, tt.want)
			}
			if s.last.Method != tt.method || s.last.RequestURI != tt.address || s.body != tt.body {
				t.Errorf("got %s %s %s\nwant %s %s %s", s.last.Method, s.last.RequestURI, s.body, tt.method, tt.address,
					tt.body)
			}
			if got := s.last.Header.Get("Authorization"); got != "Bearer "+secret {
				t.Errorf("authorization %q", got)
			}
			if got := s.last.Header.Get("Content-Type"); tt.body != "" && got != "application/json; charset=utf-8" {
				t.Errorf("content type %q", got)
			}
		})
	}
	for _, answer := range []string{"", "{}", `{"id":""}`, "<html>"} {
		s.answer = answer
		if id, err := c.Chat(ctx, at, tenant, ann); err == nil {
			t.Errorf("a chat without an ID: %q", id)
		}
		if m, err := c.Member(ctx, at, thread, ann); m != (connector.Member{}) {
			t.Errorf("a member out of %q: %+v, %v", answer, m, err)
		}
	}
}

// An ID is one segment of the path, whatever it is.
func TestEscaping(t *testing.T) {
	s := newService(t, http.StatusCreated, "{}")
	c := newClient(t, &tokens{}, s.host())
	for _, id := range []string{
		thread, "a/b", "../../members", "..", ".", "a?b=c", "a#b", "a%2Fb", "a b+c", "é\n\x00", `a\b`,
	} {
		if _, err := c.Reply(t.Context(), s.URL, id, connector.Activity{Type: "message"}); err != nil {
			t.Errorf("%q: %v", id, err)
			continue
		}
		segments := strings.Split(s.last.RequestURI, "/")
		if len(segments) != 5 || segments[4] != "activities" || strings.ContainsAny(s.last.RequestURI, "?#;=") ||
			segments[3] == ".." || segments[3] == "." {
			t.Errorf("%q became %s", id, s.last.RequestURI)
			continue
		}
		if got, err := url.PathUnescape(segments[3]); err != nil || got != id {
			t.Errorf("%q arrives as %q, %v", id, got, err)
		}
	}
}

// What an update names is one segment of the path each.
func TestUpdateNamesOneMessage(t *testing.T) {
	s := newService(t, http.StatusOK, `{"id":"18"}`)
	c := newClient(t, &tokens{}, s.host())
	for _, activity := range []string{"1712345678901", "a/b", "..", "f:1-_x", "a?b#c"} {
		if err := c.Update(t.Context(), s.URL, thread, activity, connector.Activity{Type: "message"}); err != nil {
			t.Errorf("%q: %v", activity, err)
			continue
		}
		segments := strings.Split(s.last.RequestURI, "/")
		if len(segments) != 6 || strings.ContainsAny(s.last.RequestURI, "?#") || segments[5] == ".." {
			t.Errorf("%q became %s", activity, s.last.RequestURI)
		}
	}
}

// The token goes to the hosts of the configuration and Microsoft's, and nowhere else.
func TestHosts(t *testing.T) {
	c := newClient(t, &tokens{}, "smba.contoso.example", "127.0.0.1:3978", "localhost:3978")
	for _, address := range []string{
		"https://smba.trafficmanager.net/emea/", "https://smba.trafficmanager.net/amer",
		"https://smba.trafficmanager.net",
		"https://SMBA.TrafficManager.net/emea/", "https://smba.infra.gcc.teams.microsoft.com/gcc/",
		"https://smba.infra.gov.teams.microsoft.us/gcch/", "https://smba.infra.dod.teams.microsoft.us/dod/",
		"https://smba.contoso.example/", "http://127.0.0.1:3978/", "https://127.0.0.1:3978/",
		"http://localhost:3978/_connector",
	} {
		if !c.Allows(address) {
			t.Errorf("%s is refused", address)
		}
	}
	for _, address := range []string{
		"", "/", "x", "smba.trafficmanager.net/emea/", "//smba.trafficmanager.net/emea/",
		"https:smba.trafficmanager.net", "https:///emea/",
		"http://smba.trafficmanager.net/emea/", "http://smba.contoso.example/", "ftp://smba.trafficmanager.net/",
		"HTTP://SMBA.TRAFFICMANAGER.NET/",
		"https://smba.trafficmanager.net:444/", "https://smba.trafficmanager.net./",
		"https://x.smba.trafficmanager.net/",
		"https://smba.trafficmanager.net.contoso.example/", "https://contoso.example/smba.trafficmanager.net/",
		"https://smba.trafficmanager.net@contoso.example/", "https://ann@smba.trafficmanager.net/",
		"https://ann:x@smba.trafficmanager.net/",
		"https://contoso.example\\@smba.trafficmanager.net/", "https://smba.trafficmanager.net%2Econtoso.example/",
		"https://smba.trafficmanager.net/?x=", "https://smba.trafficmanager.net/?",
		"https://smba.trafficmanager.net/#x", "https://smba.trafficmanager.net/#",
		"https://smba.trafficmanager.net\n.contoso.example/", " https://smba.trafficmanager.net/",
		"http://127.0.0.1:3979/", "http://127.0.0.1/", "http://127.0.0.2:3978/", "https://evil.example/",
	} {
		if c.Allows(address) {
			t.Errorf("%s is admitted", address)
		}
	}
	for _, host := range []string{"", "a/b", "https://a", "ann@a", "a?b", "a#b", " a", ":80", "a:b", "a\n"} {
		if _, err := connector.New(connector.Config{Tokens: &tokens{}, Hosts: []string{host}}); err == nil {
			t.Errorf("host %q is taken", host)
		}
	}
}

// A service URL that leads elsewhere costs not even a token, and a redirect is not followed.
func TestTokenGoesNowhereElse(t *testing.T) {
	trap := newService(t, http.StatusCreated, `{"id":"1"}`)
	s := newService(t, http.StatusTemporaryRedirect, "")
	s.header.Set("Location", trap.URL+"/v3/conversations")
	k := &tokens{}
	c := newClient(t, k, s.host())
	_, err := c.Reply(t.Context(), trap.URL, thread, connector.Activity{})
	if !errors.Is(err, connector.ErrService) || k.asked.Load() != 0 {
		t.Errorf("%v, with %d tokens", err, k.asked.Load())
	}
	_, err = c.Reply(t.Context(), s.URL, thread, connector.Activity{})
	if refused, ok := errors.AsType[*connector.Error](err); !ok || refused.Status != http.StatusTemporaryRedirect {
		t.Errorf("redirect: %v", err)
	}
	if err := c.Update(t.Context(), trap.URL, thread, "18", connector.Activity{}); !errors.Is(err, connector.ErrService) {
		t.Errorf("update: %v", err)
	}
	err = c.Update(t.Context(), s.URL, thread, "18", connector.Activity{})
	if refused, ok := errors.AsType[*connector.Error](err); !ok || refused.Status != http.StatusTemporaryRedirect {
		t.Errorf("redirect of an update: %v", err)
	}
	if n := trap.hits.Load(); n != 0 {
		t.Errorf("the trap was called %d times", n)
	}
}

// Of a refusal are known the status, the service's own word and how long to wait, and nothing that it echoes.
func TestRefusals(t *testing.T) {
	s := newService(t, http.StatusForbidden, "")
	k := &tokens{}
	c := newClient(t, k, s.host())
	future := time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)
	past := time.Now().Add(-time.Minute).UTC().Format(http.TimeFormat)
	for name, tt := range map[string]struct {
		status   int
		body     string
		after    string
		code     string
		least    time.Duration
		most     time.Duration
		renewals int64
	}{
		"a word": {
			403, `{"error":{"code":"BotNotInConversationRoster","message":"` + secret + `"}}`, "",
			"BotNotInConversationRoster", 0, 0, 0,
		},
		"no word":               {403, `{"message":"` + secret + `"}`, "", "", 0, 0, 0},
		"a page":                {502, "<html>" + secret + "</html>", "", "", 0, 0, 0},
		"a sentence for a word": {400, `{"error":{"code":"no ` + secret + `"}}`, "", "", 0, 0, 0},
		"a number for a word":   {400, `{"error":{"code":7}}`, "", "", 0, 0, 0},
		"the token for a word":  {403, `{"error":{"code":"` + plainSecret + `"}}`, "", "", 0, 0, 0},
		"an endless word":       {400, `{"error":{"code":"` + strings.Repeat("x", 65) + `"}}`, "", "", 0, 0, 0},
		"token refused":         {401, "", "", "", 0, 0, 1},
		"throttled": {
			429, `{"error":{"code":"Throttled"}}`, "7", "Throttled", 7 * time.Second, 7 * time.Second, 0,
		},
		"throttled until":          {429, "", future, "", 50 * time.Second, time.Minute, 0},
		"throttled for a fraction": {429, "", "2.128", "", 2128 * time.Millisecond, 2128 * time.Millisecond, 0},
		"throttled until long ago": {429, "", past, "", time.Second, time.Second, 0},
		"throttled for ages":       {429, "", "99999999", "", 10 * time.Minute, 10 * time.Minute, 0},
		"throttled beyond numbers": {429, "", "99999999999999999999", "", 0, 0, 0},
		"throttled backwards":      {429, "", "-5", "", 0, 0, 0},
		"throttled somehow":        {429, "", "soon", "", 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s.status, s.answer, s.header = tt.status, tt.body, http.Header{}
			if tt.after != "" {
				s.header.Set("Retry-After", tt.after)
			}
			before := k.renewed.Load()
			_, err := c.Reply(t.Context(), s.URL, thread, connector.Activity{})
			refused, ok := errors.AsType[*connector.Error](err)
			if !ok || refused.Status != tt.status || refused.Code != tt.code || refused.Wait < tt.least ||
				refused.Wait > tt.most {
				t.Fatalf("%+v", err)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error holds a secret: %v", err)
			}
			if n := k.renewed.Load() - before; n != tt.renewals {
				t.Errorf("%d renewals", n)
			}
		})
	}
}

// Of an update that is refused is known what Microsoft documents, for the caller to decide.
func TestRefusedUpdates(t *testing.T) {
	s := newService(t, 0, "")
	c := newClient(t, &tokens{}, s.host())
	for _, tt := range []struct {
		status int
		code   string
	}{
		{400, "BadArgument"}, {403, "BotNotInConversationRoster"}, {403, "ConversationBlockedByUser"},
		{403, "ForbiddenOperationException"}, {403, "NotEnoughPermissions"}, {404, "ActivityNotFoundInConversation"},
		{404, "ConversationNotFound"}, {405, "BadArgument"}, {412, "PreconditionFailed"}, {413, "MessageSizeTooBig"},
		{429, "Throttled"}, {502, "ServiceError"}, {504, "GatewayTimeout"},
	} {
		s.status, s.answer = tt.status, `{"error":{"code":"`+tt.code+`","message":"`+thread+`"}}`
		err := c.Update(t.Context(), s.URL, thread, "18", connector.Activity{Type: "message"})
		refused, ok := errors.AsType[*connector.Error](err)
		if !ok || refused.Status != tt.status || refused.Code != tt.code || strings.Contains(err.Error(), "general") {
			t.Errorf("%d %s: %v", tt.status, tt.code, err)
		}
	}
}

// What comes to no answer says so, without the address, which names the conversation.
func TestNoAnswer(t *testing.T) {
	s := newService(t, http.StatusCreated, "{}")
	c := newClient(t, &tokens{}, s.host())
	s.Close()
	_, err := c.Reply(t.Context(), s.URL, thread, connector.Activity{})
	if refused, ok := errors.AsType[*connector.Error](err); !ok || refused.Status != 0 ||
		strings.Contains(err.Error(), "general") {
		t.Errorf("%v", err)
	}
	away := errors.New("Entra is away")
	c = newClient(t, &tokens{err: away}, s.host())
	_, err = c.Reply(t.Context(), s.URL, thread, connector.Activity{})
	if _, ok := errors.AsType[*connector.Error](err); ok || !errors.Is(err, away) {
		t.Errorf("without a token: %v", err)
	}
	hung := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client is gone
		<-r.Context().Done()
	}))
	defer hung.Close()
	c, err = connector.New(connector.Config{
		Tokens: &tokens{}, Hosts: []string{strings.TrimPrefix(hung.URL, "http://")}, Timeout: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Chat(t.Context(), hung.URL, tenant, ann)
	if refused, ok := errors.AsType[*connector.Error](err); !ok || refused.Status != 0 {
		t.Errorf("a service that hangs: %v", err)
	}
}

// Nothing that the bot never sets is written.
func TestActivityIsSmall(t *testing.T) {
	raw, err := json.Marshal(connector.Activity{Type: "message"})
	if err != nil || string(raw) != `{"type":"message"}` {
		t.Errorf("%s, %v", raw, err)
	}
}
