//go:build integration

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
)

func isCard(m slacktest.Message) bool { return link(m) != "" }

// Graph limits one organizer. Nobody else waits.
func TestThrottlingOfOneOrganizer(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"429": http.StatusTooManyRequests, "503": http.StatusServiceUnavailable} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Whose: annID, Status: status, RetryAfter: "60"})
			r, s := env.bot(), env.bot()
			wantWords(t, env.meet(r, ann, general, ""), ann, "Setting up the meeting")
			var wg sync.WaitGroup
			for i := range 5 {
				user, channel := fmt.Sprintf("U0WELL%d", i), fmt.Sprintf("C0WELL%d", i)
				env.person(user, fmt.Sprintf("well%d", i), "en-US", fmt.Sprintf("d444444%d-0000-4000-8000-000000000004", i))
				env.Slack.AddChannel(slacktest.Channel{ID: channel})
				at := []*replica{r, s}[i%2]
				wg.Go(func() {
					if m, err := env.tryMeet(at, user, channel, ""); err != nil || link(m) == "" {
						t.Errorf("%s is answered with %q, %v; want a card at once", user, m.Text, err)
					}
				})
			}
			wg.Wait()
			calls := 0
			for _, c := range env.Graph.Calls() {
				if c.UserID == annID && c.Op == "createOrGet" {
					calls++
				}
			}
			if calls != 1 {
				t.Errorf("Graph was called %d times for Ann, want once: it asked to wait for a minute", calls)
			}
		})
	}
}

// Three organizers are throttled in a short time, or Graph says that it limits the app: then nobody calls.
func TestThrottlingOfTheApp(t *testing.T) {
	t.Parallel()
	t.Run("several organizers", func(t *testing.T) {
		t.Parallel()
		env := newEnv(t, slacktest.Options{})
		env.person("U0DORA", "dora", "en-US", "d4444444-0000-4000-8000-000000000004")
		env.Slack.AddChannel(slacktest.Channel{ID: "C0THIRD"})
		env.Slack.AddChannel(slacktest.Channel{ID: "C0FOURTH"})
		env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 3, Status: http.StatusTooManyRequests,
			RetryAfter: "60"})
		r := env.bot()
		for user, channel := range map[string]string{ann: general, ben: design, caio: "C0THIRD"} {
			wantWords(t, env.meet(r, user, channel, ""), user, "Setting up the meeting")
		}
		wantWords(t, env.meet(r, "U0DORA", "C0FOURTH", ""), "U0DORA", "Setting up the meeting")
		env.wantMeetings(0)
	})
	t.Run("Graph says so", func(t *testing.T) {
		t.Parallel()
		env := newEnv(t, slacktest.Options{})
		env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: http.StatusTooManyRequests,
			RetryAfter: "60", Header: http.Header{"X-Ms-Throttle-Scope": {"Tenant_Application/ReadWrite/app/tenant"}}})
		r := env.bot()
		wantWords(t, env.meet(r, ann, general, ""), ann, "Setting up the meeting")
		wantWords(t, env.meet(r, ben, design, ""), ben, "Setting up the meeting")
		env.wantMeetings(0)
	})
}

// A job whose organizer is throttled for longer than an attempt is attempted again when that ends: not before, and not
// only when the job has idled.
func TestJobWaitsForTheEndOfAThrottle(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: "4"})
	in := quick()
	in.Idle = time.Minute // a job that is left in the queue is not taken over in this test
	r := env.start(env.config(), in)
	wantWords(t, env.meet(r, ann, general, ""), ann, "Setting up the meeting")
	wantCard(t, env.next(general, nil, isCard), "")
	var asked []time.Time
	for _, c := range env.Graph.Calls() {
		if c.Op == "createOrGet" {
			asked = append(asked, c.At)
		}
	}
	if len(asked) != 2 || asked[1].Sub(asked[0]) < 3900*time.Millisecond {
		t.Errorf("createOrGet was called at %v, want twice, 4 s apart at least", asked)
	}
}

// givingWay are timings with which a claim gives way soon.
func givingWay() app.Options {
	in := quick()
	in.Timing.Attempt, in.Idle = 2*time.Second, 3*time.Second
	in.Timing.GiveWay = 3 * time.Second
	return in
}

// Graph's calls for Ann fail for good. Ben gets a meeting all the same, and Ann gets the same one afterwards.
func TestClaimThatFailsGivesWay(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]faultserver.Fault{
		"500":                {Status: http.StatusInternalServerError},
		"503 with a time":    {Status: http.StatusServiceUnavailable, RetryAfter: "8"},
		"no answer":          {Latency: time.Minute},
		"made, and not told": {Reset: true, Works: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			fault.Target, fault.Whose = "createOrGet", annID
			env.Graph.Fault(fault)
			r := env.start(env.config(), givingWay())
			wantWords(t, env.meet(r, ann, general, ""), ann, "Setting up the meeting")
			env.meet(r, ben, general, "")
			card := env.next(general, nil, isCard)
			if !strings.Contains(card.Text, "Ben Example") {
				t.Errorf("the meeting is not Ben's: %s", card.Text)
			}
			eventually(t, "a claim that gave way is counted", func() bool {
				_, metrics := get(t, r.AdminURL()+"/metrics")
				return strings.Contains(metrics, "meetbot_claims_gave_way_total 1")
			})
			if got := wantCard(t, env.meet(r, ann, general, ""), ann); got != link(card) {
				t.Errorf("Ann is shown %s, Ben has %s", got, link(card))
			}
			// Ann's first command is answered too, with the same meeting.
			eventually(t, "both commands are answered", func() bool {
				_, metrics := get(t, r.AdminURL()+"/metrics")
				return strings.Contains(metrics, `meetbot_jobs{state="unfinished"} 0`)
			})
			for _, m := range env.Slack.Messages(general) {
				if isCard(m) && link(m) != link(card) {
					t.Errorf("another link is shown: %s", m.Text)
				}
			}
		})
	}
}

// With a fallback the service account steps in for somebody whose own calls fail for good.
func TestFailingClaimFallsBack(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.entraUser(graphtest.User{ID: serviceID, UPN: serviceUPN, Mail: serviceUPN, DisplayName: "Meetings"})
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Whose: annID, Status: http.StatusInternalServerError})
	c := env.config()
	c.Policy.Organizer = "requester,service:" + serviceUPN
	r := env.start(c, givingWay())
	wantWords(t, env.meet(r, ann, general, ""), ann, "Setting up the meeting")
	wantCard(t, env.next(general, nil, isCard), "")
	if m := env.wantMeetings(1); m[0].UserID != serviceID {
		t.Errorf("the meeting is %s's, want the service account's", m[0].UserID)
	}
}

// Redis has lost the job of a claim, and Graph fails for its organizer: it blocks nobody.
func TestClaimWithoutAJob(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Whose: annID, Status: http.StatusInternalServerError})
	first := env.start(env.config(), givingWay())
	wantWords(t, env.meet(first, ann, general, ""), ann, "Setting up the meeting")
	first.Kill()
	client := redis.NewClient(&redis.Options{Addr: env.redis.Addr()})
	defer func() { _ = client.Close() }()
	if n, err := client.Del(t.Context(), "{mb:jobs}:stream").Result(); err != nil || n != 1 {
		t.Fatalf("the jobs are not lost: %d, %v", n, err)
	}
	r := env.start(env.config(), givingWay())
	a := env.command(r, ben, general, "")
	if link(*a.Message) == "" {
		wantWords(t, *a.Message, ben, "Setting up the meeting")
	}
	if card := env.next(general, nil, isCard); !strings.Contains(card.Text, "Ben Example") {
		t.Errorf("the meeting is not Ben's: %s", card.Text)
	}
}

// A fail-over loses the generation that the asker of a new meeting saw: they get a new one all the same.
func TestNewAfterLostGenerations(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	client := redis.NewClient(&redis.Options{Addr: env.redis.Addr()})
	defer func() { _ = client.Close() }()
	key := "mb:{slack:" + env.Slack.Team() + ":" + general + "}:m:"
	r := env.bot()
	first := wantCard(t, env.meet(r, ann, general, ""), "")
	old := client.Get(t.Context(), key).Val()
	second := wantCard(t, env.meet(r, ann, general, "new"), "")
	// Ben is not known yet: while Slack is asked who he is, his command is accepted and not yet carried out.
	env.Slack.Fault(faultserver.Fault{Target: "users.info", Times: 1, Struck: func() {
		if err := client.Set(t.Context(), key, old, 0).Err(); err != nil {
			t.Error(err)
		}
	}})
	third := wantCard(t, env.meet(r, ben, general, "new"), "")
	if third == first || third == second {
		t.Errorf("Ben asked for a new meeting and is given an old one, %s", third)
	}
	if record := client.Get(t.Context(), key).Val(); !strings.HasPrefix(record, "3 ") {
		t.Errorf("the new meeting has not the generation after the one that Ben saw: %s", record)
	}
}
