package main

import (
	"fmt"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// forget makes Redis forget who everybody is, as an hour's passing does.
func (w *world) forget() {
	w.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: w.redis.Addr()})
	defer func() { _ = client.Close() }()
	keys, err := client.Keys(w.t.Context(), "mb:id:*").Result()
	if err != nil || len(keys) == 0 {
		w.t.Fatalf("identities: %v, %v", keys, err)
	}
	if err := client.Del(w.t.Context(), keys...).Err(); err != nil {
		w.t.Fatal(err)
	}
}

// Whoever is refused leaves no claim behind: the next asker's meeting is never made in their name.
func TestRefusedLeavesNoClaim(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	w.graph.Fault(faultserver.Fault{Target: "createOrGet", Status: http.StatusServiceUnavailable})
	r := w.start(w.config(), quick())
	wantWords(t, w.meet(r, ann, general, "Hers"), ann, "I have your request") // her claim stands
	w.slack.AddUser(slacktest.User{ID: ann, Name: "ann", Deleted: true})
	w.forget()
	told := w.next(general, w.slack.Messages(general)[:1], nil)
	wantWords(t, told, ann, "Only people")
	w.graph.ClearFaults()
	card := w.meet(r, ben, general, "His")
	wantCard(t, card, "")
	if m := w.wantMeetings(1); len(m) == 1 && (m[0].UserID != benID || m[0].Subject != "His") {
		t.Errorf("the next asker's meeting: %+v", m[0])
	}
}

// A meeting that was made while Slack was away is brought when Slack is back, however late; nobody reads that nothing was made.
func TestMadeButNotDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{PostBurst: -1})
	w.graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 2500 * time.Millisecond, Works: true})
	for _, target := range []string{"response_url", "chat.postMessage"} {
		w.slack.Fault(faultserver.Fault{Target: target, Status: http.StatusServiceUnavailable})
	}
	in := quick()
	in.Timing.Attempt, in.Idle = 4*time.Second, 5*time.Second
	in.Timing.GiveUp = 4 * time.Second
	r := w.start(w.config(), in)
	wantWords(t, w.meet(r, ann, general, ""), ann, "I have your request")
	accepted := time.Now()
	eventually(t, "the time to give up has passed", func() bool { return time.Since(accepted) > in.Timing.GiveUp })
	w.slack.ClearFaults()
	wantCard(t, w.next(general, w.slack.Messages(general)[:1], nil), "")
}

// What Slack asks to wait is kept, beyond one attempt too.
func TestSlackThrottling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{PostBurst: -1})
	w.slack.Fault(faultserver.Fault{Target: "chat.postMessage", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: "4"})
	r := w.start(w.config(), quick())
	w.mention(r, ann, general, "", "")
	wantCard(t, w.next(general, nil, nil), "")
	var posts []slacktest.Call
	eventually(t, "both posts are on record", func() bool {
		posts = slices.DeleteFunc(w.slack.Calls(), func(c slacktest.Call) bool { return c.Method != "chat.postMessage" })
		return len(posts) >= 2
	})
	if len(posts) != 2 || posts[1].At.Sub(posts[0].At) < 3900*time.Millisecond {
		t.Errorf("posts: %+v; want a second one after 4 s", posts)
	}
	w.wantRepeated(r, 0) // Slack had refused the first
}

// An answer that may have been delivered is given again rather than lost, and counted.
func TestAnswerPerhapsDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{PostBurst: -1})
	w.slack.Fault(faultserver.Fault{Target: "chat.postMessage", Times: 1, Status: http.StatusBadGateway, Works: true})
	r := w.start(w.config(), quick())
	w.mention(r, ann, general, "", "")
	first := w.next(general, nil, nil)
	second := w.next(general, []slacktest.Message{first}, nil)
	if a, b := wantCard(t, first, ""), wantCard(t, second, ""); a != b {
		t.Errorf("the second card leads to %s, the first to %s", b, a)
	}
	w.wantRepeated(r, 1)
}

// wantRepeated fails the test unless the replica has answered all, and counts so many answers as perhaps repeated.
func (w *world) wantRepeated(r *replica, n int) {
	w.t.Helper()
	var metrics string
	eventually(w.t, "all is answered", func() bool {
		_, metrics = get(w.t, r.AdminURL()+"/metrics")
		return strings.Contains(metrics, `meetbot_jobs{state="unfinished"} 0`)
	})
	if !strings.Contains(metrics, fmt.Sprintf("\nmeetbot_answers_repeated_total %d\n", n)) {
		w.t.Errorf("want %d answers counted as repeated:\n%s", n, metrics)
	}
}

// A bot token that is renewed in time loses no answer.
func TestTokenRenewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{PostBurst: -1})
	r := w.start(w.config(), quick())
	wantCard(t, w.meet(r, ann, general, ""), "")
	w.slack.Fault(faultserver.Fault{Status: http.StatusOK, ContentType: "application/json", Body: `{"ok":false,"error":"invalid_auth"}`})
	seen := w.slack.Messages(general)
	w.mention(r, ben, general, "", "show")
	eventually(t, "Slack has refused the token", func() bool { return len(w.slack.Calls()) >= 3 })
	w.slack.ClearFaults()
	wantCard(t, w.next(general, seen, nil), ben)
	w.wantRepeated(r, 0)
}

// What was shown in a thread was not seen in the channel.
func TestCardInThreadIsNewsToTheChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{PostBurst: -1})
	r := w.bot()
	d := w.mention(r, ann, general, "", "")
	wantCard(t, w.next(general, nil, nil), "")
	fresh := w.asks(r, ann, general, d.TS, "new") // the thread belongs to the channel
	url := wantCard(t, fresh, "")
	if fresh.ThreadTS != d.TS {
		t.Fatalf("answered in thread %q", fresh.ThreadTS)
	}
	if got := wantCard(t, w.meet(r, ben, general, ""), ""); got != url {
		t.Errorf("the channel got %s, want %s", got, url)
	}
}

// Somebody whose account was made anew is refused once, and then known anew.
func TestRecreatedAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	r := w.bot()
	wantCard(t, w.meet(r, ann, general, ""), "")
	w.graph.RemoveUser(annID)
	w.person(ann, "ann", "en-US", newGUID())
	wantWords(t, w.meet(r, ann, design, ""), ann, "does not know Ann Example")
	wantCard(t, w.meet(r, ann, design, ""), "")
}

// The first day: nobody has a policy, many ask at once, and each reads what their own administrator has to do.
func TestManyRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{PostBurst: -1})
	w.graph.SetGlobalPolicy(false)
	r, s := w.bot(), w.bot()
	ids := map[string]string{}
	for range 40 {
		user, id := "U"+token()[:8], newGUID()
		w.person(user, "asker"+strings.ToLower(token()[:8]), "en-US", id)
		ids[user] = id
	}
	var wg sync.WaitGroup
	n := 0
	for user := range ids {
		at := []*replica{r, s}[n%2]
		n++
		wg.Go(func() {
			if _, err := w.slack.Command(t.Context(), at.URL(), slacktest.Command{User: user, Channel: general}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	told := func() map[string]bool {
		found := map[string]bool{}
		for _, m := range w.slack.Messages(general) {
			if strings.Contains(m.Text, "Grant-CsApplicationAccessPolicy") && strings.Contains(m.Text, ids[m.To]) {
				found[m.To] = true
			}
		}
		return found
	}
	eventually(t, "everybody was told, with their own ID", func() bool { return len(told()) == len(ids) })
	w.wantMeetings(0)
}

// Cards for all are in the language of whoever made the meeting; words for one person in theirs, or in LOCALE.
func TestLanguages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{PostBurst: -1})
	c := w.config()
	c.Locale = "pt-BR"
	r := w.start(c, Surroundings{})
	if m := w.meet(r, ann, general, "help"); !strings.Contains(m.Text, "Uma reunião para cada conversa") {
		t.Errorf("help for somebody unknown: %s", m.Text)
	}
	if m := w.meet(r, ann, design, ""); !strings.Contains(m.Text, "New meeting.") {
		t.Errorf("card made by Ann: %s", m.Text)
	}
	if m := w.meet(r, ann, general, "help"); !strings.Contains(m.Text, "One meeting for each conversation") {
		t.Errorf("help for Ann: %s", m.Text)
	}
	if m := w.meet(r, caio, general, ""); !strings.Contains(m.Text, "Nova reunião.") {
		t.Errorf("card made by Caio: %s", m.Text)
	}
	m := w.meet(r, ann, general, "")
	if wantCard(t, m, ann); !strings.Contains(m.Text, "This conversation's meeting since") {
		t.Errorf("Ann's own card of Caio's meeting: %s", m.Text)
	}
}

// Nobody makes new meetings without end; joining is free, and others are not concerned.
func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	c := w.config()
	c.PerUser, c.PerWorkspace = 2, 3
	r := w.start(c, Surroundings{})
	wantCard(t, w.meet(r, ann, general, ""), "")
	url := wantCard(t, w.meet(r, ann, general, "new"), "")
	wantWords(t, w.meet(r, ann, general, "new Third"), ann, "type `/meet new Third` again in 60 min")
	wantWords(t, w.meet(r, ann, design, ""), ann, "has to wait")
	if got := wantCard(t, w.meet(r, ann, general, ""), ann); got != url {
		t.Errorf("joining gave %s, want %s", got, url)
	}
	wantCard(t, w.meet(r, ben, design, ""), "")
	wantWords(t, w.meet(r, caio, general, "new"), caio, "precisa esperar")
	w.wantMeetings(3)
}

// What keeps a replica from starting is one sentence with the variable's name.
func TestStartErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	r := w.bot()
	taken := strings.TrimPrefix(r.URL(), "http://")
	for want, change := range map[string]func(*Config){
		"HTTP_ADDR: ":  func(c *Config) { c.HTTPAddr = taken },
		"ADMIN_ADDR: ": func(c *Config) { c.AdminAddr = taken },
	} {
		c := w.config()
		change(&c)
		var out, problems strings.Builder
		err := serve(t.Context(), c, Surroundings{RootCAs: w.entra.RootCAs()}, Streams{Out: &out, Err: &problems})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("serve returned %v, want one line with %q", err, want)
		}
	}
}
