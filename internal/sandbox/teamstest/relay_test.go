package teamstest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRelay(t *testing.T) {
	w := startTeams(t, Options{})
	app, heard := bot(t, w.Server, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json; charset=utf-8")
		rw.WriteHeader(http.StatusAccepted)
		_, _ = rw.Write([]byte(`{"statusCode":200}`))
	})
	relay := w.Relay(app)
	ask := func(from, method, media, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/api/messages", strings.NewReader(body))
		r.RemoteAddr = from
		r.Header.Set("Content-Type", media)
		r.Header.Set("X-Ms-Agents-Playground", "true")
		rec := httptest.NewRecorder()
		relay.ServeHTTP(rec, r)
		return rec
	}
	activity := func(kind, id, conversation, service string) string {
		return `{"type":"` + kind + `","id":"` + id + `","conversation":{"id":"` + conversation + `"},"serviceUrl":"` + service + `","text":"a & b"}`
	}
	const here, media, service = "127.0.0.1:5", "application/json; charset=utf-8", "http://localhost:56150/_connector"
	thread := "19:x@thread.tacv2;messageid=77"
	for _, test := range []struct {
		name, body, id string
	}{
		{"the post that opens a thread", activity("message", "guid-1", thread, service), "77"},
		{"a reply", activity("message", "guid-2", thread, service), "guid-2"},
		{"a chat", activity("message", "guid-3", "19:y@thread.v2", service), "guid-3"},
		{"a button in a thread", activity("invoke", "guid-4", "19:x@thread.tacv2;messageid=78", service), "guid-4"},
	} {
		rec := ask("[::1]:5", "POST", media, test.body)
		if rec.Code != 202 || rec.Body.String() != `{"statusCode":200}` || rec.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s: the bot's answer arrives as %d %s", test.name, rec.Code, rec.Body)
			continue
		}
		all := heard()
		if h := all[len(all)-1]; h.at("id") != test.id || h.at("text") != "a & b" || h.at("serviceUrl") != service || h.header.Get("X-Ms-Agents-Playground") != "" {
			t.Errorf("%s: the bot gets %s", test.name, h.raw)
		}
	}
	before := len(heard())
	good := activity("message", "1", "19:y@thread.v2", service)
	for name, test := range map[string]struct {
		from, method, media, body string
		status                    int
	}{
		"from elsewhere":        {"192.0.2.7:5", "POST", media, good, 403},
		"from nowhere":          {"", "POST", media, good, 403},
		"by GET":                {here, "GET", media, good, 400},
		"a form":                {here, "POST", "text/plain", good, 400},
		"no JSON":               {here, "POST", media, "x", 400},
		"no service":            {here, "POST", media, "{}", 400},
		"a service elsewhere":   {here, "POST", media, activity("message", "1", "x", "https://elsewhere.example/"), 400},
		"an address like local": {here, "POST", media, activity("message", "1", "x", "http://localhost.elsewhere.example/"), 400},
		"too big":               {here, "POST", media, strings.Repeat(" ", maxRequest) + good, 400},
	} {
		if rec := ask(test.from, test.method, test.media, test.body); rec.Code != test.status {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	if len(heard()) != before {
		t.Error("the bot heard what the relay refused")
	}
	rec := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/", strings.NewReader(good))
	r.RemoteAddr = here
	r.Header.Set("Content-Type", media)
	w.Relay("http://127.0.0.1:1").ServeHTTP(rec, r)
	if rec.Code != http.StatusBadGateway {
		t.Errorf("no bot: %d", rec.Code)
	}
}
