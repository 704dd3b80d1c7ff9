//go:build integration

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
	"meetbot/bot/slackapp"
	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/testenv"
)

// secrets are what nothing that leaves the process may hold, by what they are. Addresses and links are for cards alone.
func (env *environment) secrets(cards bool) map[string]string {
	all := map[string]string{
		"bot token": env.Slack.BotToken(), "signing secret": env.Slack.SigningSecret(),
		"client secret": testenv.ClientSecret,
		"response_url":  "/commands/T", "access token": "eyJ",
	}
	if !cards {
		all["link"], all["e-mail"], all["other e-mail"] = "meetup-join", "@contoso.example", "@elsewhere.example"
		for i, m := range env.Graph.Meetings() {
			all[fmt.Sprintf("passcode %d", i)] = m.Passcode
		}
	}
	return all
}

// wantNoSecret fails the test if text holds a secret.
func (env *environment) wantNoSecret(where, text string, cards bool) {
	env.t.Helper()
	for what, secret := range env.secrets(cards) {
		if i := strings.Index(text, secret); secret != "" && i >= 0 {
			env.t.Errorf("%s: a %s: …%s…", where, what, text[max(0, i-200):min(len(text), i+80)])
		}
	}
}

// wantNoSecretAnywhere looks at everything that leaves the process: the log, the figures, what is posted, and the list
// of dead letters.
func (env *environment) wantNoSecretAnywhere(replicas ...*replica) {
	env.t.Helper()
	for _, r := range replicas {
		_, metrics := get(env.t, r.AdminURL()+"/metrics")
		env.wantNoSecret("the figures", metrics, false)
	}
	env.wantNoSecret("the list of dead letters", env.deadLetters(), false)
	for _, m := range env.Slack.AllMessages() {
		if m.Via != "user" {
			env.wantNoSecret("a message in "+m.Channel, m.Text+string(m.Blocks), true)
		}
	}
	env.wantNoSecret("the log", env.logs.String(), false)
}

// Promise 4: nothing secret and nobody's address reaches a log, at any level and in either format, whatever fails on
// the way.
func TestLogsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	for format, line := range map[string]string{
		"json": `"msg":"command answered","request":"[A-Z2-7]{26}"`,
		"text": `msg="command answered" request=[A-Z2-7]{26} `,
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{PostBurst: -1})
			c := env.config()
			c.Logging.Format = format
			r := env.start(c, quick())
			wantCard(t, env.meet(r, ann, general, "Weekly"), "")
			env.asks(r, ben, general, "", "show")
			env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 2, Reset: true})
			env.Graph.Fault(faultserver.Fault{Target: "users", Times: 1, Status: http.StatusBadGateway,
				Body: "<html>ann@contoso.example</html>"})
			env.Slack.Fault(faultserver.Fault{Target: "users.info", Times: 1, Reset: true})
			env.Slack.Fault(faultserver.Fault{Target: "response_url", Times: 1, Reset: true})
			seen := env.Slack.Messages(design)
			env.command(r, caio, design, "")
			wantCard(t, env.next(design, seen, func(m slacktest.Message) bool { return link(m) != "" }), "")
			env.Slack.AddUser(slacktest.User{ID: "U0X", Name: "x", Email: "x@elsewhere.example", EmailConfirmed: true})
			env.command(r, "U0X", "C0GENERAL", "new")
			env.wantNoSecretAnywhere(r)
			env.Entra.SetClientSecret("another")
			env.redis.Stop()
			env.command(r, ann, general, "new")
			if err := r.stop(); err != nil {
				t.Error(err)
			}
			logs := env.logs.String()
			if !strings.Contains(logs, "command answered") || !strings.Contains(logs, "attempt failed") {
				t.Fatalf("the story is not in the log:\n%s", logs)
			}
			env.wantNoSecret("the log", logs, false)
			// A request's ID follows its job: the line about the answer has one.
			if !regexp.MustCompile(line).MatchString(logs) {
				t.Error("the line about an answer names no request")
			}
		})
	}
}

// echoes are the answers of an upstream that sends back whatever it knows: in every field of its own error bodies, in
// pages, in the words beside a status, in headers, in where it redirects to, and in what is no HTTP at all.
func (env *environment) echoes(elsewhere string) []string {
	secrets := []string{
		env.Slack.BotToken(), env.Slack.SigningSecret(), testenv.ClientSecret, "{token}", "ann@contoso.example",
		"https://hooks.slack.com{path}", env.Slack.APIURL()[:len(env.Slack.APIURL())-5] + "{path}",
	}
	all := strings.Join(secrets, " ")
	answer := func(status, header, media, body string) string {
		return fmt.Sprintf("HTTP/1.1 %s\r\n%sContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
			status, header, media, 1<<16, body) + strings.Repeat(" ", 1<<16-len(body))
	}
	const plain, page = "application/json", "text/html"
	object := func(v any) string {
		body, err := json.Marshal(v)
		if err != nil {
			env.t.Fatal(err)
		}
		return string(body)
	}
	// Each upstream reads its own of these fields and leaves the others.
	fields := func(code any) string {
		return object(map[string]any{"ok": false, "error": code, "error_description": "AADSTS7000215: " + all,
			"response_metadata": map[string]any{"messages": []string{all}}})
	}
	var list []string
	for _, s := range secrets {
		list = append(list,
			answer("200 OK", "", plain, fields(s)),
			answer("400 Bad Request", "", plain, fields(s)),
			answer("400 Bad Request", "request-id: "+s+"\r\n", plain,
				fields(map[string]any{"code": s, "message": "Refused: " + all})),
			answer("403 Forbidden", "", plain, fields(map[string]any{"code": s, "message": all})),
			answer("500 "+s, "", plain, fields(map[string]any{"code": s, "message": all})),
		)
	}
	return append(list,
		answer("502 Bad Gateway", "", page, "<html>"+all+"</html>"),
		answer("503 "+all, "", page, all),
		answer("429 "+all, "Retry-After: "+all+"\r\n", plain, fields("ratelimited")),
		answer("429 Slow down", "Retry-After: 1\r\n", page, all),
		answer("302 Found", "Location: "+elsewhere+"/?"+strings.ReplaceAll(all, " ", "+")+"\r\n", page, all),
		answer("307 Temporary Redirect", "Location: https://"+env.Slack.BotToken()+".example/\r\n", page, all),
		answer("307 Temporary Redirect", "Location: ://%zz"+testenv.ClientSecret+"\r\n", page, all),
		answer("500 Oops", "WWW-Authenticate: Bearer error=\""+all+"\"\r\nX-"+testenv.ClientSecret+": x\r\n", all, all),
		answer("200 OK", "", page, all), answer("200 OK", "", plain, all),
		answer("200 OK", "Content-Encoding: gzip\r\n", plain, all),
		answer("200 OK", "Transfer-Encoding: "+testenv.ClientSecret+"\r\n", plain, all),
		"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\nContent-Type: application/json\r\n\r\n{\""+all,
		"HTTP/1.1 200 OK\r\nContent-Length: "+testenv.ClientSecret+"\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"+env.Slack.BotToken()+"\r\n",
		"HTTP/1.1 200 OK\r\n"+testenv.ClientSecret+"\r\n\r\n", "HTTP/1.1 "+env.Slack.BotToken()+"\r\n\r\n",
		env.Slack.SigningSecret()+" {token} {path}\r\n\r\n",
	)
}

// Whatever an upstream echoes of what it knows, none of it leaves the process: not in the log, at debug and in both
// formats, nor in a card, a figure, or a dead letter. Nor is anybody spoken to that an answer points to.
func TestNoEchoGetsOut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		target  string
		mention bool // answered by a post alone, for want of a response_url
		arm     func(*environment, faultserver.Fault)
		left    func(*environment) int
	}{
		{"users.info", false, func(env *environment, f faultserver.Fault) { env.Slack.Fault(f) },
			func(env *environment) int { return env.Slack.ArmedFaults() }},
		{"chat.postMessage", true, func(env *environment, f faultserver.Fault) { env.Slack.Fault(f) },
			func(env *environment) int { return env.Slack.ArmedFaults() }},
		{"chat.postMessage", false, func(env *environment, f faultserver.Fault) { env.Slack.Fault(f) },
			func(env *environment) int { return env.Slack.ArmedFaults() }},
		{"response_url", false, func(env *environment, f faultserver.Fault) { env.Slack.Fault(f) },
			func(env *environment) int { return env.Slack.ArmedFaults() }},
		{"createOrGet", false, func(env *environment, f faultserver.Fault) { env.Graph.Fault(f) },
			func(env *environment) int { return env.Graph.ArmedFaults() }},
		{"user", false, func(env *environment, f faultserver.Fault) { env.Graph.Fault(f) },
			func(env *environment) int { return env.Graph.ArmedFaults() }},
		{"users", false, func(env *environment, f faultserver.Fault) { env.Graph.Fault(f) },
			func(env *environment) int { return env.Graph.ArmedFaults() }},
		{"token", false, func(env *environment, f faultserver.Fault) { env.Entra.Fault(f) },
			func(env *environment) int { return env.Entra.ArmedFaults() }},
	} {
		t.Run(tt.target, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{PostBurst: -1})
			if tt.target == "response_url" {
				env.inPlace()
			}
			elsewhere := newTrap(t)
			in := quick()
			in.Timing.Answer = 1 // whatever takes longer is delivered, rather than answered in place
			both := []*replica{nil, nil}
			for i, format := range []string{"json", "text"} {
				c := env.config()
				c.Logging.Format = format
				both[i] = env.start(c, in)
			}
			for _, raw := range env.echoes(elsewhere.URL) {
				tt.arm(env, faultserver.Fault{Target: tt.target, Times: 1, Raw: raw})
			}
			// Everybody asks once, in a channel of their own, and is answered; until every echo was heard.
			answered := func() bool {
				_, metrics := get(t, both[0].AdminURL()+"/metrics")
				return strings.Contains(metrics, `meetbot_jobs{state="unfinished"} 0`)
			}
			for asker := 0; tt.left(env) > 0; {
				if asker > 400 {
					t.Fatalf("%d echoes are not heard by %d commands", tt.left(env), asker)
				}
				for range min(tt.left(env), 30) {
					asker++
					name := fmt.Sprintf("x%d", asker)
					user, channel := "U0X"+name, "C0X"+name
					env.person(user, name, "en-US", newGUID())
					env.Slack.AddChannel(slacktest.Channel{ID: channel, Name: name, BotAbsent: tt.target == "response_url"})
					if r := both[asker%2]; tt.mention {
						env.mention(r, user, channel, "", "meet Weekly")
					} else {
						env.command(r, user, channel, "Weekly")
					}
				}
				eventually(t, "everybody is answered", answered)
			}
			if n := elsewhere.hits(); n != 0 {
				t.Errorf("another host was called %d times", n)
			}
			if len(env.Graph.Meetings()) == 0 || !strings.Contains(env.logs.String(), tt.target+": ") {
				t.Errorf("nothing of it is in the log:\n%s", env.logs.String())
			}
			env.wantNoSecretAnywhere(both...)
			for _, r := range both {
				if err := r.stop(); err != nil {
					t.Error(err)
				}
			}
			env.wantNoSecret("the log", env.logs.String(), false)
		})
	}
}

// The error that ends the process for a refused token quotes nothing either.
func TestRefusalOfTheTokenQuotesNothing(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Slack.Fault(faultserver.Fault{Target: "auth.test", Status: http.StatusOK, ContentType: "application/json",
		Body: `{"ok":false,"error":"` + env.Slack.BotToken() + `"}`})
	err := env.listen(env.config(), app.Options{}).Run(t.Context())
	if !errors.Is(err, slackapp.ErrToken) {
		t.Fatalf("Run returned %v", err)
	}
	env.wantNoSecret("the error", err.Error(), false)
	env.wantNoSecret("the log", env.logs.String(), false)
}

// What Redis keeps, and for how long, is what the table in docs/operating.md says; and no secret is among it.
func TestWhatRedisKeeps(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	c := env.config()
	c.Links.PublicURL = publicURL
	r := env.start(c, app.Options{})
	wantCard(t, env.meet(r, ann, general, "Weekly tomorrow at 15:00 with <@U0BEN|ben>"), "")
	wantCard(t, env.meet(r, ann, general, "calendar"), ann)
	wantCard(t, env.meet(r, ann, general, ""), ann)
	wantCard(t, env.asks(r, ben, general, "", "new"), "")
	env.Slack.AddUser(slacktest.User{ID: "U0X", Name: "x", Email: "x@elsewhere.example", EmailConfirmed: true})
	env.meet(r, "U0X", design, "")
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: http.StatusTooManyRequests,
		RetryAfter: "5"})
	env.command(r, caio, design, "")
	eventually(t, "everything is answered", func() bool {
		_, metrics := get(t, r.AdminURL()+"/metrics")
		return strings.Contains(metrics, `meetbot_jobs{state="unfinished"} 0`)
	})
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}

	const forever = -1
	table := map[*regexp.Regexp]time.Duration{
		regexp.MustCompile(`^mb:\{slack:[^}]+\}:m:$`):                  forever,
		regexp.MustCompile(`^mb:\{slack:[^}]+\}:r$`):                   90 * 24 * time.Hour,
		regexp.MustCompile(`^mb:\{slack:[^}]+\}:s:$`):                  30 * time.Second,
		regexp.MustCompile(`^mb:\{slack:[^}]+\}:n:$`):                  2 * time.Hour,
		regexp.MustCompile(`^mb:\{slack:[^}]+\}:c:$`):                  90 * 24 * time.Hour,
		regexp.MustCompile(`^mb:\{slack:[^}]+\}:l:$`):                  forever,
		regexp.MustCompile(`^mb:\{slack:[^}]+\}:i:[A-Za-z0-9_-]{11}$`): time.Hour,
		regexp.MustCompile(`^mb:link:[A-Za-z0-9_-]{22}$`):              forever,
		regexp.MustCompile(`^mb:\{requests:slack\}:last$`):             forever,
		regexp.MustCompile(`^mb:\{requests:slack\}:hour$`):             time.Hour,
		regexp.MustCompile(`^mb:calendar$`):                            forever,
		regexp.MustCompile(`^mb:\{due:[0-9]+\}:(confirm|remind)$`):     forever,
		regexp.MustCompile(`^mb:id:slack:T024BE7LD:U0(ANN|BEN|CAIO)$`): time.Hour,
		regexp.MustCompile(`^mb:id:slack:T024BE7LD:U0X$`):              time.Minute,
		regexp.MustCompile(`^mb:\{new:slack:[^}]+\}:(user:.*|all)$`):   time.Hour,
		regexp.MustCompile(`^mb:hold:`):                                10 * time.Minute,
		regexp.MustCompile(`^\{mb:hold:graph\}:(of:.*|lately)$`):       10 * time.Minute,
		regexp.MustCompile(`^\{mb:jobs\}:mark:`):                       time.Hour,
		regexp.MustCompile(`^mb:\{slack:[^}]+\}:u:$`):                  bot.UndoInterval,
		regexp.MustCompile(`^\{mb:jobs\}:of:`):                         time.Hour,
		regexp.MustCompile(`^\{mb:jobs\}:told:`):                       time.Minute,
		regexp.MustCompile(`^\{mb:jobs\}:stream$`):                     forever,
	}
	client := redis.NewClient(&redis.Options{Addr: env.redis.Addr()})
	defer func() { _ = client.Close() }()
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil || !slices.Contains(keys, "mb:calendar") {
		t.Fatalf("%v, %v", keys, err)
	}
	for _, key := range keys {
		left, err := client.TTL(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		known := false
		for pattern, limit := range table {
			if pattern.MatchString(key) {
				known = true
				if left > limit && limit != forever || limit != forever && left == forever {
					t.Errorf("%s is kept for %s more, want at most %s", key, left, limit)
				}
			}
		}
		if !known && left != -2 {
			t.Errorf("%s is not in the table", key)
		}
	}
	if n, err := client.XLen(t.Context(), "{mb:jobs}:stream").Result(); err != nil || n != 0 {
		t.Errorf("%d jobs are kept, %v", n, err)
	}
	kept := env.done()
	env.wantNoSecret("Redis", kept, true)
}
