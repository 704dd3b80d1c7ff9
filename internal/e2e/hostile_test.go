//go:build integration

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"meetbot/bot/slackapp"
	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
)

// hostileTexts try to be more than text: markup, mentions, links, code, characters that a terminal obeys, that turn
// around what is read, that end a line, or that show nothing.
var hostileTexts = []string{
	"<!channel>", "<!here|here> <!everyone>", "<@U0BEN>", "<#C0DESIGN>", "<https://evil.example|the plan>",
	"https://evil.example/", "<mailto:ann@evil.example|x>",
	"`/meet new`", "``` x ```", "*bold* _it_ ~no~", "> quote", "&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;",
	"<!date^0^{date}^https://evil.example|now>",
	"two\nlines", "two\r\nlines", "a\u2028b\u2029c", "a\u0085b\vc\fd", "\x00nul", "\x1b[31mred\x1b[0m", "\u009b31mred",
	"bell\a\b\x7f",
	"\u202egnp.exe", "\u2066\u2067x\u2069", "\u200f\u061c", "zero\u200bwidth\ufeff", "\u00ad\u034f", "tag\U000e0041",
	"\ue000", "Z" + strings.Repeat("\u0335\u0300", 60),
	`{"level":"ERROR","msg":"forged"}`, "level=ERROR msg=forged", `" request="x`, "{{.Meet}}", "%s%n", "\xff\xfe",
	strings.Repeat("x", 5000), strings.Repeat("<", 2000), "\u200d", "\u3164",
}

// ownMarkup is what the bot itself puts into its sentences: a moment, a channel, and the one person whom a text mentions
// so that Slack knows it, in the line for that alone.
var ownMarkup = regexp.MustCompile(
	`(?m)<(!date\^\d+\^(\{date_short_pretty\} \{time\}|\{date_pretty\}|\{time\})\|[^<>|]+|#[A-Z0-9]+)>|^With <@U0BEN>\.$`)

// wantTame fails the test unless nothing in a message does anything but what the bot itself put there.
func wantTame(t *testing.T, from, text string, blocks json.RawMessage) {
	t.Helper()
	check := func(text string, marked bool) {
		if marked && strings.ContainsAny(ownMarkup.ReplaceAllString(text, ""), "<>") {
			t.Errorf("%.80q: markup in %.300q", from, text)
		}
		if marked && strings.Count(text, "`")%2 != 0 {
			t.Errorf("%.80q: open code in %.300q", from, text)
		}
		for _, r := range text {
			if r != '\n' && r != '\u200d' && !unicode.IsPrint(r) || r == utf8.RuneError {
				t.Errorf("%.80q: %U in %.300q", from, r, text)
			}
		}
	}
	check(text, true)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if s, ok := v["text"].(string); ok {
				check(s, v["type"] == "mrkdwn")
			}
			if v["type"] == "link" || v["type"] == "user" || v["type"] == "broadcast" || v["type"] == "mrkdwn" && v["verbatim"] != true {
				t.Errorf("%.80q: an element of type %v", from, v["type"])
			}
			if url, ok := v["url"].(string); ok && !strings.HasPrefix(url, "https://teams.microsoft.com/") {
				t.Errorf("%.80q: a button leads to %s", from, url)
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	var all any
	if blocks != nil {
		if err := json.Unmarshal(blocks, &all); err != nil {
			t.Fatal(err)
		}
	}
	walk(all)
}

// wantTameLog fails the test unless every line of the log is one record in the format, and mere text.
func wantTameLog(t *testing.T, format, logs string) {
	t.Helper()
	record := regexp.MustCompile(`^time=\S+ level=(DEBUG|INFO|WARN) msg=("([^"\\]|\\.)*"|\S+)( [a-z]+=("([^"\\]|\\.)*"|[^\s"=]*))*\n$`)
	for line := range strings.Lines(logs) {
		if strings.ContainsFunc(line, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Errorf("a line holds more than text: %q", line)
		}
		var parsed struct{ Level, Msg string }
		switch {
		case format == "text" && !record.MatchString(line):
			t.Errorf("a line is no record: %s", line)
		case format == "json" && (json.Unmarshal([]byte(line), &parsed) != nil || parsed.Level == "ERROR" || parsed.Msg == "forged"):
			t.Errorf("a line is no record: %s", line)
		}
	}
}

// Text from users and from Graph does nothing, wherever it comes from: not in a card, in a sentence, in a notification,
// nor in a line of the log, in either format.
func TestHostileText(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "text"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{PostBurst: -1})
			c := env.config()
			c.Logging.Format, c.Policy.PerUser = format, 0
			r := env.start(c, app.Options{})
			meant := func(s string) string { return strings.ToValidUTF8(s, "") } // as JSON carries it
			for i, text := range hostileTexts {
				user, channel := fmt.Sprintf("U0H%d", i), fmt.Sprintf("C0H%d", i)
				env.Slack.AddChannel(slacktest.Channel{ID: channel, Name: "x" + text})
				env.Slack.AddUser(slacktest.User{ID: user, Name: "h", Email: fmt.Sprintf("h%d@contoso.example", i), EmailConfirmed: true, Locale: "en-US"})
				env.entraUser(graphtest.User{ID: newGUID(), UPN: fmt.Sprintf("h%d@contoso.example", i), DisplayName: "Ann" + meant(text)})

				var all []slacktest.Message
				all = append(all, env.meet(r, user, channel, ""))              // channel and display name
				all = append(all, env.meet(r, user, channel, "new "+text))     // subject, escaped by nobody
				all = append(all, env.meet(r, ben, channel, "Other"+text))     // the subject that stays
				all = append(all, env.asks(r, user, channel, "", "help"+text)) // by mention
				all = append(all, env.meet(r, user, channel, "hlep"))          // asked back
				env.Slack.AddUser(slacktest.User{ID: user + "E", Name: "h", Email: "x" + meant(text) + "@contoso.example", EmailConfirmed: true, Locale: "pt-BR"})
				all = append(all, env.meet(r, user+"E", channel, "new")) // e-mail
				body, err := json.Marshal(map[string]any{"error": map[string]any{"code": meant(text), "message": "It said: " + meant(text)}})
				if err != nil {
					t.Fatal(err)
				}
				env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: http.StatusBadRequest, ContentType: "application/json", Body: string(body)})
				all = append(all, env.meet(r, user, channel, "new")) // Graph's reason
				for _, m := range all {
					wantTame(t, text, m.Text, m.Blocks)
				}
				// Names that Slack itself gives, and never in such a form.
				for _, v := range []string{"channel_id", "user_id", "team_id", "channel_name", "response_url"} {
					values := url.Values{"team_id": {env.Slack.Team()}, "channel_id": {channel}, "user_id": {user}, "command": {"/meet"}, "text": {"show"}}
					values.Set(v, "x"+text)
					body := []byte(values.Encode())
					h := http.Header{}
					env.Slack.Sign(h, body, time.Now())
					if status, answer := send(t, http.MethodPost, r.URL()+slackapp.CommandsPath, form, h, body); status != http.StatusOK {
						t.Errorf("%s of %.80q: %d %s", v, text, status, answer)
					}
				}
			}
			if err := r.stop(); err != nil {
				t.Error(err)
			}
			wantTameLog(t, format, env.logs.String())
		})
	}
}
