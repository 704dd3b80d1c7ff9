//go:build integration

package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/slacktest"
)

// publicURL is where the lasting links of the tests begin. The tests follow them at the bot's own address.
const publicURL = "https://bot.example.com"

// linkFronts are the platforms, with a bot that has a public address.
var linkFronts = map[string]func(*testing.T) (*environment, front, *replica){
	"slack": func(t *testing.T) (*environment, front, *replica) {
		env := newEnv(t, slacktest.Options{PostBurst: -1})
		c := env.config()
		c.Links.PublicURL = publicURL + "/"
		r := env.start(c, app.Options{})
		return env, &slackFront{environment: env, bot: r}, r
	},
	"teams": func(t *testing.T) (*environment, front, *replica) {
		env := newTeamsEnv(t)
		c := env.teamsConfig()
		c.Links.PublicURL = publicURL
		r := env.start(c, app.Options{})
		return env, &teamsFront{environment: env, bot: r}, r
	},
}

// lastingLink is a lasting link among other words.
var lastingLink = regexp.MustCompile(regexp.QuoteMeta(publicURL) + `/j/[A-Z2-7]{26}\b`)

// linkIn returns the path of the lasting link in an answer, which must be for the asker alone and say this.
func linkIn(t *testing.T, s seen, says string) string {
	t.Helper()
	found := lastingLink.FindString(s.words)
	if found == "" || !s.alone || s.link != "" || !strings.Contains(s.words, says) {
		t.Fatalf("%+v; want a lasting link for the asker alone, and %q", s, says)
	}
	return strings.TrimPrefix(found, publicURL)
}

// follow opens a path of the bot as a browser does, without going on to where it leads.
func follow(t testing.TB, r *replica, method, path string) (status int, location, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.URL()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var page strings.Builder
	if err := resp.Write(&page); err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
	} {
		if got := resp.Header.Get(header); got != want {
			t.Errorf("%s %s: %s is %q", method, path, header, got)
		}
	}
	return resp.StatusCode, resp.Header.Get("Location"), page.String()
}

// wantLeads wants a link to lead to this meeting.
func wantLeads(t testing.TB, r *replica, path, to string) {
	t.Helper()
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		if status, location, _ := follow(t, r, method, path); status != http.StatusFound || location != to {
			t.Errorf("%s of the link is answered with %d and leads to %q, want %q", method, status, location, to)
		}
	}
}

// wantNowhere wants a link to lead nowhere.
func wantNowhere(t testing.TB, r *replica, path string) {
	t.Helper()
	if status, location, page := follow(t, r, http.MethodGet, path); status != http.StatusNotFound || location != "" ||
		!strings.Contains(page, "This link does not work") {
		t.Errorf("the link is answered with %d, %q:\n%s", status, location, page)
	}
}

// A conversation's lasting link leads to the meeting that it has at that moment, for everybody, until it is replaced.
func TestLastingLink(t *testing.T) {
	t.Parallel()
	for platform, open := range linkFronts {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			env, f, r := open(t)
			told(t, f, asked{user: members.ann, command: "link"}, "There is no meeting here yet")
			env.wantMeetings(0)

			first := card(t, f, asked{user: members.ann, command: "meet Weekly"})
			// Slack tells nobody's language before they make a meeting.
			if other := card(t, f, asked{user: members.caio, design: true, command: "meet"}); other.link == first.link {
				t.Error("two channels share a meeting")
			}
			ask := func(user member, command string) seen {
				s, _ := f.ask(asked{user: user, command: command})
				return s
			}
			path := linkIn(t, ask(members.ann, "link"), "This link always leads to the current meeting")
			wantLeads(t, r, path, first.link)
			if same := linkIn(t, ask(members.caio, "meet link"), "Este link leva sempre"); same != path {
				t.Errorf("Caio's link is %s, Ann's %s", same, path)
			}
			s, _ := f.ask(asked{user: members.ben, design: true, command: "link"})
			if other := linkIn(t, s, "always leads"); other == path {
				t.Error("two channels share a link")
			}

			fresh := card(t, f, asked{user: members.ben, command: "new Retro"})
			wantLeads(t, r, path, fresh.link)

			// The button of the last message with it, which Caio read in Portuguese, and Ann's older one.
			replaced := linkIn(t, f.press(members.caio, "Substituir este link"), "O link anterior não funciona mais")
			wantNowhere(t, r, path)
			wantLeads(t, r, replaced, fresh.link)
			if still := linkIn(t, f.press(members.ann, "Replace this link"),
				"had been replaced before"); still != replaced {
				t.Errorf("the button of an old message made %s of %s", still, replaced)
			}
			wantLeads(t, r, replaced, fresh.link)
			env.wantMeetings(3)

			for _, wrong := range []string{"/j/", "/j/x", replaced + "A", strings.ToLower(replaced),
				"/j/AAAAAAAAAAAAAAAAAAAAAAAAAA"} {
				wantNowhere(t, r, wrong)
			}
			if status, _, _ := follow(t, r, http.MethodPost, replaced); status != http.StatusMethodNotAllowed {
				t.Errorf("POST is answered with %d", status)
			}
			if log := env.logs.String(); strings.Contains(log, path[3:]) || strings.Contains(log, replaced[3:]) {
				t.Error("the log has a token")
			}
			if n := strings.Count(env.logs.String(), `"reason":"malformed"`); n != 1 {
				t.Errorf("malformed links were logged %d times", n)
			}
			_, metrics := get(t, r.AdminURL()+"/metrics")
			for _, want := range []string{
				`meetbot_link_requests_total{outcome="malformed"} 4`, `meetbot_link_requests_total{outcome="unknown"} 2`,
				`meetbot_link_requests_total{outcome="method"} 1`, `meetbot_link_requests_total{outcome="busy"} 0`,
			} {
				if !strings.Contains(metrics, want) {
					t.Errorf("the metrics lack %s", want)
				}
			}

			env.redis.Stop()
			status, location, page := follow(t, r, http.MethodGet, replaced)
			if status != http.StatusServiceUnavailable || location != "" ||
				!strings.Contains(page, "try again in a minute") {
				t.Errorf("with Redis away: %d, %q\n%s", status, location, page)
			}
			wantNowhere(t, r, "/j/x") // costs no look-up
		})
	}
}

// A slash command is answered in place, and without a public address with what an administrator has to do.
func TestLastingLinkBySlashCommand(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	off := env.bot()
	c := env.config()
	c.Links.PublicURL = publicURL
	on := env.start(c, app.Options{})
	url := wantCard(t, env.meet(off, ann, general, "Weekly"), "")
	wantWords(t, env.meet(off, ann, general, "link"), ann, "the administrator of this bot has not set them up")
	m := env.meet(on, ann, general, "link")
	wantWords(t, m, ann, "This link always leads to the current meeting")
	if m.Via != "answer" {
		t.Errorf("the link came by %s, want it in the answer", m.Via)
	}
	path := strings.TrimPrefix(lastingLink.FindString(m.Text), publicURL)
	wantLeads(t, on, path, url)
	if status, body := get(t, off.URL()+path); status != http.StatusNotFound || strings.Contains(body, "<html") {
		t.Errorf("without a public address: %d %s", status, body)
	}
	old := m
	m = env.presses(on, slacktest.Press{User: ann, Message: old, ActionID: "relink"})
	wantWords(t, m, ann, "The earlier link no longer works")
	wantNowhere(t, on, path)
	wantLeads(t, on, strings.TrimPrefix(lastingLink.FindString(m.Text), publicURL), url)
}

// A channel that the bot is a member of has a bookmark with its lasting link, which changes with the link. In any other
// channel the refusal costs nothing.
func TestBookmarkInSlack(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	c := env.config()
	c.Links.PublicURL, c.Slack.Bookmark = publicURL, "true"
	env.Slack.SetScopes(append(env.Slack.Scopes(), "bookmarks:write")...)
	r := env.start(c, app.Options{})
	bookmark := func(channel string) string {
		all := env.Slack.Bookmarks(channel)
		if len(all) != 1 || all[0].Title != "Join in Microsoft Teams" {
			return ""
		}
		return strings.TrimPrefix(all[0].Link, publicURL)
	}
	url := wantCard(t, env.meet(r, ann, general, "Weekly"), "")
	eventually(t, "there is a bookmark", func() bool { return bookmark(general) != "" })
	wantLeads(t, r, bookmark(general), url)

	m := env.meet(r, ann, general, "link")
	if shown := lastingLink.FindString(m.Text); shown != publicURL+bookmark(general) {
		t.Errorf("the link is %s, the bookmark leads to %s", shown, bookmark(general))
	}
	env.presses(r, slacktest.Press{User: ann, Message: m, ActionID: "relink"})
	eventually(t, "the bookmark has the new link", func() bool {
		status, location, _ := follow(t, r, http.MethodGet, bookmark(general))
		return status == http.StatusFound && location == url
	})

	if err := env.Slack.SetBotMember(design, false); err != nil {
		t.Fatal(err)
	}
	url = wantCard(t, env.meet(r, ben, design, ""), "")
	eventually(t, "the refusal is noted", func() bool {
		return strings.Contains(env.logs.String(), "the channel's bookmark was not set")
	})
	m = env.meet(r, ben, design, "link")
	wantLeads(t, r, strings.TrimPrefix(lastingLink.FindString(m.Text), publicURL), url)
	if all := env.Slack.Bookmarks(design); len(all) != 0 {
		t.Errorf("bookmarks %+v", all)
	}
}
