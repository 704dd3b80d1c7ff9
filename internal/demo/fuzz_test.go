package demo

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"meetbot/bot"
)

// deaf is a replica that takes everything and does nothing.
type deaf struct{ *httptest.Server }

func (d deaf) URL() string { return d.Server.URL }
func (d deaf) Kill()       {}

// Whatever is typed: the demo says what is wrong with it, or does it in a channel, as a person and with a fault that
// exist.
func FuzzLine(f *testing.F) {
	for _, seed := range []string{
		"", "# note", "/as ben", "/as @BEN", "/as", "/in #design", "/in nowhere", "/thread hello <!channel>", "/thread",
		"/leave", "/join", "/fault", "/fault graph-429", "/fault crash",
		"/fault clear", "/fault x", "/meetings", "/expect x", "/?", "/quit", "/meet", "/meet new \u202e", "hello",
		"/unknown", "\x00", "/in  #GENERAL ", "/as ann ben", "@meetbotx", "/in teams:General", "/in teams:chat",
		"/install", "/press", "/press Undo", "/open", "/open x", "/open http://127.0.0.1:1/j/x", "/clock", "/clock +61d",
		"/clock +3h", "/clock -1d", "/clock 99999d", "/fault organizer-gone",
		"/meet Retro tomorrow at 15:00 with @ben @design-team @nobody a@ben.example", "/press Outlook",
		"/open https://calendar.google.com/calendar/render?action=TEMPLATE", "/clock +1h55m",
	} {
		f.Add(seed)
	}
	env, err := newEnvironment()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(env.close)
	catalog, err := bot.NewCatalog()
	if err != nil {
		f.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	f.Cleanup(server.Close)
	f.Fuzz(func(t *testing.T, line string) {
		var out strings.Builder
		d, err := newDemo(Options{Out: &out, Script: true}, env, catalog)
		if err != nil {
			t.Fatal(err)
		}
		d.replicas = []Replica{deaf{server}}
		line = strings.TrimSpace(line)
		if word, _, _ := strings.Cut(line, " "); word == "@meetbot" || word == "/wait" { // they wait for an answer
			return
		}
		err = d.line(context.Background(), line)
		if err == nil && line != "" && !strings.HasPrefix(line, "/") && !strings.HasPrefix(line, "# ") {
			t.Errorf("%q was understood", line)
		}
		if err != nil && err.Error() == "" {
			t.Errorf("%q: an error without words", line)
		}
		if !slices.Contains(d.at.platform.places(), d.at.place) {
			t.Errorf("%q leads to %+v", line, d.at.place)
		}
		if !slices.ContainsFunc(people(), func(p person) bool { return p.name == d.at.who.name }) {
			t.Errorf("%q makes one %+v", line, d.at.who)
		}
		if out.Len() > 10000+3*len(line) {
			t.Errorf("%q makes %d bytes", line, out.Len())
		}
		if err := d.fault(context.Background(), "clear"); err != nil {
			t.Fatal(err)
		}
	})
}
