package graphclient_test

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/graphclient"
	"meetbot/internal/entra"
)

const bareToken = "header.payload~of~the~token.signature"

// bare is a client whose Graph is any handler: for answers that no Graph gives.
func bare(t *testing.T, h http.HandlerFunc) *graphclient.Client {
	t.Helper()
	graph := httptest.NewServer(h)
	t.Cleanup(graph.Close)
	return bareAt(t, graph.URL+"/v1.0")
}

func bareAt(t *testing.T, base string) *graphclient.Client {
	t.Helper()
	var authority *httptest.Server
	authority = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/token") {
			_, _ = fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3600,"access_token":%q}`, bareToken)
			return
		}
		_, _ = fmt.Fprintf(w,
			`{"issuer":"%[1]s/t/v2.0","authorization_endpoint":"%[1]s/a","token_endpoint":"%[1]s/token"}`,
			authority.URL)
	}))
	t.Cleanup(authority.Close)
	roots := x509.NewCertPool()
	roots.AddCert(authority.Certificate())
	cred, err := entra.NewCredential(entra.Config{
		TenantID: tenantID, ClientID: clientID, ClientSecret: secret, AuthorityHost: authority.URL, RootCAs: roots,
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := graphclient.New(graphclient.Config{TenantID: tenantID, Credential: cred, BaseURL: base})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every status that there is, with every kind of body, for every operation.
func TestEveryStatus(t *testing.T) {
	var (
		status int
		body   string
		media  string
	)
	c := bare(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+bareToken {
			t.Errorf("authorization %q", r.Header.Get("Authorization"))
		}
		w.Header().Set("Content-Type", media)
		w.Header().Set("request-id", "ann@contoso.example")
		// kiota would answer this with a request of its own, and cannot read the second.
		w.Header().Add("WWW-Authenticate", `Bearer realm="", error="insufficient_claims", claims="e30="`)
		w.Header().Add("WWW-Authenticate", `Bearer claims=e30`)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
	leaks := "ann@contoso.example " + secret + " " + bareToken + " /v1.0/users/" + annID
	graphError, err := json.Marshal(map[string]any{"error": map[string]any{
		"code": leaks, "message": leaks, "innerError": map[string]any{"request-id": leaks},
	}})
	if err != nil {
		t.Fatal(err)
	}
	bodies := []struct{ name, media, body string }{
		{"json", "application/json; charset=utf-8", string(graphError)},
		{"html", "text/html", "<html><body>" + leaks + "</body></html>"},
		{"empty", "", ""},
	}
	operations := map[string]func() error{
		"createOrGet": func() error {
			_, _, err := c.CreateOrGet(t.Context(), tenant, annID, bot.MeetingRequest{ExternalID: "x"})
			return err
		},
		"user":    func() error { _, err := c.User(t.Context(), tenant, "ann@contoso.example"); return err },
		"meeting": func() error { _, err := c.Meeting(t.Context(), tenant, annID, "MSo1"); return err },
		"changeMeeting": func() error {
			_, err := c.ChangeMeeting(t.Context(), tenant, annID, "MSo1", bot.MeetingChange{Subject: "x"})
			return err
		},
	}
	for status = 200; status < 600; status++ {
		for _, b := range bodies {
			body, media = b.body, b.media
			for op, run := range operations {
				err := run()
				name := fmt.Sprintf("%s %d %s", op, status, b.name)
				e, ok := err.(*bot.Error)
				if !ok {
					t.Fatalf("%s: %T %v", name, err, err)
				}
				if want := codeFor(op, status, b.name); e.Code != want || e.Status != status {
					t.Errorf("%s: code %s, status %d; want %s", name, e.Code, e.Status, want)
				}
				if (e.Code == bot.Throttled) != (e.Wait > 0) {
					t.Errorf("%s: waits %v", name, e.Wait)
				}
				if e.Code != bot.BadRequest && e.Reason != "" {
					t.Errorf("%s: reason %q", name, e.Reason)
				}
				for _, leak := range []string{"contoso.example", secret, bareToken, "/users", annID} {
					if strings.Contains(e.Error(), leak) {
						t.Errorf("%s: the error tells %q: %v", name, leak, e)
					}
				}
			}
		}
	}
}

// codeFor is what an answer without Retry-After means to a token that tells no roles.
func codeFor(op string, status int, body string) bot.Code {
	aboutMeeting := op == "meeting" || op == "changeMeeting"
	if status == 429 {
		return bot.Throttled
	}
	if body == "html" { // not Graph's own answer
		return bot.Unavailable
	}
	switch {
	case status == 404 && aboutMeeting:
		return bot.MissingMeeting
	case status == 409 && op == "changeMeeting":
		return bot.BadRequest
	}
	switch status {
	case 400, 406, 411, 413, 414, 415, 422:
		return bot.BadRequest
	case 401:
		return bot.Credentials
	case 403:
		return bot.NoPermission
	case 404:
		return bot.NoSuchUser
	default:
		return bot.Unavailable
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC) // the server's clock is far from ours
	for _, tt := range []struct {
		status int
		value  string
		want   bot.Code
		wait   time.Duration
	}{
		{429, "12", bot.Throttled, 12 * time.Second},
		{429, "2.128", bot.Throttled, 2128 * time.Millisecond},
		{503, "2.128", bot.Throttled, 2128 * time.Millisecond},
		{429, "", bot.Throttled, 5 * time.Second},
		{429, "soon", bot.Throttled, 5 * time.Second},
		{429, "-3", bot.Throttled, 5 * time.Second},
		{429, "0", bot.Throttled, time.Second},
		{429, "86400", bot.Throttled, 10 * time.Minute},
		{429, "99999999999999999999", bot.Throttled, 5 * time.Second},
		{429, now.Add(90 * time.Second).Format(http.TimeFormat), bot.Throttled, 90 * time.Second},
		{429, now.Add(-time.Hour).Format(http.TimeFormat), bot.Throttled, time.Second},
		{503, "30", bot.Throttled, 30 * time.Second},
		{504, now.Add(time.Minute).Format(http.TimeFormat), bot.Throttled, time.Minute},
		{500, "3", bot.Throttled, 3 * time.Second},
		{503, "", bot.Unavailable, 0},
		{503, "soon", bot.Unavailable, 0},
	} {
		c := bare(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", now.Format(http.TimeFormat))
			if tt.value != "" {
				w.Header().Set("Retry-After", tt.value)
			}
			w.WriteHeader(tt.status)
		})
		_, _, err := c.CreateOrGet(t.Context(), tenant, annID, bot.MeetingRequest{ExternalID: "x"})
		if e := wantCode(t, err, tt.want); e.Wait != tt.wait {
			t.Errorf("%d %q: waits %v, want %v", tt.status, tt.value, e.Wait, tt.wait)
		}
	}
}

// Graph says whether it limits the whole app, or calls for one user.
func TestThrottleScope(t *testing.T) {
	for scope, everything := range map[string]bool{
		"": false, "User/ReadWrite/app/user": false, "Resource/Read/app/resource": false, "/": false,
		"Tenant_Application/ReadWrite/app/tenant": true, "Application/ReadWrite/app/tenant": true, "tenant": true,
	} {
		for _, retryAfter := range []string{"", "7"} {
			c := bare(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("x-ms-throttle-scope", scope)
				if retryAfter != "" {
					w.Header().Set("Retry-After", retryAfter)
				}
				w.WriteHeader(http.StatusTooManyRequests)
			})
			_, _, err := c.CreateOrGet(t.Context(), tenant, annID, bot.MeetingRequest{ExternalID: "x"})
			if e := wantCode(t, err, bot.Throttled); e.Everything != everything {
				t.Errorf("%q: concerns everything %v, want %v", scope, e.Everything, everything)
			}
		}
	}
}

// An answer that says success and is not one makes no meeting and no user.
func TestHollowAnswers(t *testing.T) {
	for name, body := range map[string]string{
		"no link":     `{"id":"1","subject":"x"}`,
		"null link":   `{"joinWebUrl":null}`,
		"number":      `{"joinWebUrl":5,"id":5}`,
		"object":      `{"joinWebUrl":{},"id":[]}`,
		"script":      `{"joinWebUrl":"javascript:alert(1)"}`,
		"plain link":  `{"joinWebUrl":"http://contoso.example/join"}`,
		"half":        `{"joinWebUrl":"https://contoso.exam`,
		"list":        `[{"joinWebUrl":"https://contoso.example/join"}]`,
		"null":        `null`,
		"text":        `"https://contoso.example/join"`,
		"nothing":     ``,
		"wrong times": `{"joinWebUrl":"https://contoso.example/join","creationDateTime":"yesterday","value":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, status := range []int{200, 201} {
				c := bare(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(status)
					_, _ = w.Write([]byte(body))
				})
				_, _, err := c.CreateOrGet(t.Context(), tenant, annID, bot.MeetingRequest{ExternalID: "x"})
				if e := wantCode(t, err, bot.Unavailable); e.Status != status ||
					strings.Contains(e.Error(), "contoso") {
					t.Errorf("status %d: %v", e.Status, e)
				}
				_, err = c.User(t.Context(), tenant, annID)
				_ = wantCode(t, err, bot.Unavailable)
				_, err = c.UsersByEmail(t.Context(), tenant, "ann@contoso.example", true)
				_ = wantCode(t, err, bot.Unavailable)
			}
		})
	}
}

func TestAnAnswerCutShort(t *testing.T) {
	for _, status := range []int{201, 400} {
		c := bare(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"joinWebUrl":"https://contoso.example/join"}`))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		_, _, err := c.CreateOrGet(t.Context(), tenant, annID, bot.MeetingRequest{ExternalID: "x"})
		if e := wantCode(t, err, bot.Unavailable); e.Status != status {
			t.Errorf("status %d, want %d", e.Status, status)
		}
	}
}

// Whatever Graph answers, no other host is ever spoken to: not by a redirect, not by the link to a next page.
func TestNoOtherHostIsReached(t *testing.T) {
	var strayed atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		c := bare(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, status)
		})
		_, _, err := c.CreateOrGet(t.Context(), tenant, annID, bot.MeetingRequest{ExternalID: "x"})
		_ = wantCode(t, err, bot.Unavailable)
		_, err = c.User(t.Context(), tenant, annID)
		_ = wantCode(t, err, bot.Unavailable)
	}
	for _, next := range []string{
		elsewhere.URL + "/v1.0/users", strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1) + "/v1.0/users",
	} {
		c := bare(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if !strings.HasSuffix(r.URL.Path, "/users") {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"value": []any{}, "@odata.nextLink": next})
		})
		_, err := c.UsersByEmail(t.Context(), tenant, "ann@contoso.example", true)
		_ = wantCode(t, err, bot.Unavailable)
	}
	if n := strayed.Load(); n != 0 {
		t.Errorf("%d requests strayed", n)
	}
}

// The SDK leaves the token out, without an error, for hosts that it was not told of. Whatever the base URL, a request
// arrives with one.
func TestEveryRequestCarriesItsToken(t *testing.T) {
	var with, without atomic.Int32
	graph := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer "+bareToken {
			with.Add(1)
		} else {
			without.Add(1)
		}
		if !strings.HasPrefix(r.URL.Path, "/v1.0/users/") {
			t.Errorf("path %s", r.URL.Path)
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	defer graph.Close()
	for _, base := range []string{
		graph.URL + "/v1.0", graph.URL + "/v1.0/",
		strings.Replace(graph.URL, "127.0.0.1", "localhost", 1) + "/v1.0",
		strings.Replace(graph.URL, "127.0.0.1", "LocalHost", 1) + "/v1.0",
	} {
		_, err := bareAt(t, base).User(t.Context(), tenant, annID)
		_ = wantCode(t, err, bot.NoSuchUser)
	}
	if with.Load() != 4 || without.Load() != 0 {
		t.Errorf("%d requests with the token, %d without", with.Load(), without.Load())
	}
}
