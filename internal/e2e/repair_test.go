//go:build integration

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// forget makes Redis forget who everybody is, as an hour's passing does.
func (env *environment) forget() {
	env.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: env.redis.Addr()})
	defer func() { _ = client.Close() }()
	keys, err := client.Keys(env.t.Context(), "mb:id:*").Result()
	if err != nil || len(keys) == 0 {
		env.t.Fatalf("identities: %v, %v", keys, err)
	}
	if err := client.Del(env.t.Context(), keys...).Err(); err != nil {
		env.t.Fatal(err)
	}
}

// Whoever is refused leaves no claim behind: the next asker's meeting is never made in their name.
func TestRefusedLeavesNoClaim(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Status: http.StatusServiceUnavailable})
	r := env.start(env.config(), quick())
	wantWords(t, env.meet(r, ann, general, "Hers"), ann, "Setting up the meeting") // her claim stands
	env.Slack.AddUser(slacktest.User{ID: ann, Name: "ann", Deleted: true})
	env.forget()
	told := env.next(general, env.Slack.Messages(general)[:1], nil)
	wantWords(t, told, ann, "Only people")
	env.Graph.ClearFaults()
	card := env.meet(r, ben, general, "His")
	wantCard(t, card, "")
	if m := env.wantMeetings(1); len(m) == 1 && (m[0].UserID != benID || m[0].Subject != "His") {
		t.Errorf("the next asker's meeting: %+v", m[0])
	}
}

// A meeting that was made while Slack was away is brought when Slack is back, however late; nobody reads that nothing
// was made.
func TestMadeButNotDelivered(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 2500 * time.Millisecond, Works: true})
	for _, target := range []string{"response_url", "chat.postMessage"} {
		env.Slack.Fault(faultserver.Fault{Target: target, Status: http.StatusServiceUnavailable})
	}
	in := quick()
	in.Timing.Attempt, in.Idle = 4*time.Second, 5*time.Second
	in.Timing.GiveUp = 4 * time.Second
	r := env.start(env.config(), in)
	wantWords(t, env.meet(r, ann, general, ""), ann, "Setting up the meeting")
	accepted := time.Now()
	eventually(t, "the time to give up has passed", func() bool { return time.Since(accepted) > in.Timing.GiveUp })
	env.Slack.ClearFaults()
	wantCard(t, env.next(general, env.Slack.Messages(general)[:1], nil), "")
}

// What Slack asks to wait is kept, beyond one attempt too.
func TestSlackThrottling(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	env.Slack.Fault(faultserver.Fault{Target: "chat.postMessage", Times: 1, Status: http.StatusTooManyRequests,
		RetryAfter: "4"})
	r := env.start(env.config(), quick())
	env.mention(r, ann, general, "", "")
	wantCard(t, env.next(general, nil, nil), "")
	var posts []slacktest.Call
	eventually(t, "both posts are on record", func() bool {
		posts = slices.DeleteFunc(env.Slack.Calls(),
			func(c slacktest.Call) bool { return c.Method != "chat.postMessage" })
		return len(posts) >= 2
	})
	if len(posts) != 2 || posts[1].At.Sub(posts[0].At) < 3900*time.Millisecond {
		t.Errorf("posts: %+v; want a second one after 4 s", posts)
	}
	env.wantRepeated(r, 0) // Slack had refused the first
}

// An answer that may have been delivered is given again rather than lost, and counted.
func TestAnswerPerhapsDelivered(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	env.Slack.Fault(faultserver.Fault{Target: "chat.postMessage", Times: 1, Status: http.StatusBadGateway, Works: true})
	r := env.start(env.config(), quick())
	env.mention(r, ann, general, "", "")
	first := env.next(general, nil, nil)
	second := env.next(general, []slacktest.Message{first}, nil)
	if a, b := wantCard(t, first, ""), wantCard(t, second, ""); a != b {
		t.Errorf("the second card leads to %s, the first to %s", b, a)
	}
	env.wantRepeated(r, 1)
}

// wantRepeated fails the test unless the replica has answered all, and counts so many answers as perhaps repeated.
func (env *environment) wantRepeated(r *replica, n int) {
	env.t.Helper()
	var metrics string
	eventually(env.t, "all is answered", func() bool {
		_, metrics = get(env.t, r.AdminURL()+"/metrics")
		return strings.Contains(metrics, `meetbot_jobs{state="unfinished"} 0`)
	})
	if !strings.Contains(metrics, fmt.Sprintf("\nmeetbot_answers_repeated_total %d\n", n)) {
		env.t.Errorf("want %d answers counted as repeated:\n%s", n, metrics)
	}
}

// A bot token that is renewed in time loses no answer.
func TestTokenRenewed(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r := env.start(env.config(), quick())
	wantCard(t, env.meet(r, ann, general, ""), "")
	// Both routes of the first attempt: in the channel, and the direct message.
	env.Slack.Fault(faultserver.Fault{Times: 2, Status: http.StatusOK, ContentType: "application/json",
		Body: `{"ok":false,"error":"invalid_auth"}`})
	seen := env.Slack.Messages(general)
	env.mention(r, ben, general, "", "show")
	wantCard(t, env.next(general, seen, nil), ben)
	env.wantRepeated(r, 0)
}

// What was shown in a thread was not seen in the channel.
func TestCardInThreadIsNewsToTheChannel(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r := env.bot()
	d := env.mention(r, ann, general, "", "")
	wantCard(t, env.next(general, nil, nil), "")
	fresh := env.asks(r, ann, general, d.TS, "new") // the thread belongs to the channel
	url := wantCard(t, fresh, "")
	if fresh.ThreadTS != d.TS {
		t.Fatalf("answered in thread %q", fresh.ThreadTS)
	}
	if got := wantCard(t, env.meet(r, ben, general, ""), ""); got != url {
		t.Errorf("the channel got %s, want %s", got, url)
	}
}

// Somebody whose account was made anew is refused once, and then known anew.
func TestRecreatedAccount(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	r := env.bot()
	wantCard(t, env.meet(r, ann, general, ""), "")
	env.Graph.RemoveUser(annID)
	env.person(ann, "ann", "en-US", newGUID())
	wantWords(t, env.meet(r, ann, design, ""), ann, "does not know Ann Example")
	wantCard(t, env.meet(r, ann, design, ""), "")
}

// The first day: nobody has a policy, many ask at once, and each reads what their own administrator has to do.
func TestManyRefused(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	env.Graph.SetGlobalPolicy(false)
	r, s := env.bot(), env.bot()
	ids := map[string]string{}
	for range 40 {
		user, id := "U"+token()[:8], newGUID()
		env.person(user, "asker"+strings.ToLower(token()[:8]), "en-US", id)
		ids[user] = id
	}
	var wg sync.WaitGroup
	n := 0
	for user := range ids {
		at := []*replica{r, s}[n%2]
		n++
		wg.Go(func() {
			if _, err := env.Slack.Command(t.Context(), at.URL(),
				slacktest.Command{User: user, Channel: general}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	told := func() map[string]bool {
		found := map[string]bool{}
		for _, m := range env.Slack.Messages(general) {
			if strings.Contains(m.Text, "Grant-CsApplicationAccessPolicy") && strings.Contains(m.Text, ids[m.To]) {
				found[m.To] = true
			}
		}
		return found
	}
	eventually(t, "everybody was told, with their own ID", func() bool { return len(told()) == len(ids) })
	env.wantMeetings(0)
}

// Cards for all are in the language of whoever made the meeting; words for one person in theirs, or in LOCALE.
func TestLanguages(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	c := env.config()
	c.Policy.Locale = "pt-BR"
	r := env.start(c, app.Options{})
	if m := env.meet(r, ann, general, "help"); !strings.Contains(m.Text, "Cada canal tem a sua reunião") {
		t.Errorf("help for somebody unknown: %s", m.Text)
	}
	if m := env.meet(r, ann, design, ""); !strings.Contains(m.Text, "Microsoft Teams meeting") {
		t.Errorf("card made by Ann: %s", m.Text)
	}
	if m := env.meet(r, ann, general, "help"); !strings.Contains(m.Text, "Every channel has one Microsoft Teams meeting") {
		t.Errorf("help for Ann: %s", m.Text)
	}
	if m := env.meet(r, caio, general, ""); !strings.Contains(m.Text, "Reunião do Microsoft Teams") {
		t.Errorf("card made by Caio: %s", m.Text)
	}
	m := env.meet(r, ann, general, "")
	if wantCard(t, m, ann); !strings.Contains(m.Text, "meeting since") {
		t.Errorf("Ann's own card of Caio's meeting: %s", m.Text)
	}
}

// Nobody makes new meetings without end; joining is free, and others are not concerned.
func TestLimits(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	c := env.config()
	c.Policy.PerUser, c.Policy.PerWorkspace = 2, 3
	r := env.start(c, app.Options{})
	wantCard(t, env.meet(r, ann, general, ""), "")
	url := wantCard(t, env.meet(r, ann, general, "new"), "")
	wantWords(t, env.meet(r, ann, general, "new Third"), ann, "type `/meet new Third` again in 60 min")
	wantWords(t, env.meet(r, ann, design, ""), ann, "as many new meetings as one person may")
	if got := wantCard(t, env.meet(r, ann, general, ""), ann); got != url {
		t.Errorf("joining gave %s, want %s", got, url)
	}
	wantCard(t, env.meet(r, ben, design, ""), "")
	wantWords(t, env.meet(r, caio, general, "new"), caio, "tantas reuniões novas quantas uma pessoa pode")
	env.wantMeetings(3)
}

// What keeps a replica from starting is one sentence with the variable's name.
func TestStartErrors(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	r := env.bot()
	taken := strings.TrimPrefix(r.URL(), "http://")
	for want, change := range map[string]func(*app.Config){
		"HTTP_ADDR: ":  func(c *app.Config) { c.HTTP.Addr = taken },
		"ADMIN_ADDR: ": func(c *app.Config) { c.HTTP.AdminAddr = taken },
	} {
		c := env.config()
		change(&c)
		a, err := app.New(c, app.Options{}, app.NewLogger(c.Logging, env.logs))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Listen(t.Context()); err == nil || !strings.HasPrefix(err.Error(), want) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("Listen returned %v, want one line that begins with %q", err, want)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}
