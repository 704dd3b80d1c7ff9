//go:build integration

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// slackCalls are the calls of one method of Slack's.
func (env *environment) slackCalls(method string) (calls []slacktest.Call) {
	for _, c := range env.Slack.Calls() {
		if c.Method == method {
			calls = append(calls, c)
		}
	}
	return calls
}

// A replica that serves one platform alone neither carries out the other's jobs nor makes them wait.
func TestReplicaLeavesJobsOfAnotherPlatform(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		other  func(*environment) app.Config // of the replica that does not serve the platform
		ask    func(*environment, *replica)
		answer func(*environment)
	}{
		"Teams": {
			func(env *environment) app.Config { return env.config() },
			func(env *environment, r *replica) { env.call(r, annID, teamsChat, "", "meet") },
			func(env *environment) {
				wantTeamsCard(env.t, env.answer(teamsChat, nil, isTeamsCard), "")
			},
		},
		"Slack": {
			func(env *environment) app.Config { return env.teamsConfig() },
			func(env *environment, r *replica) { env.mention(r, ann, general, "", "meet") },
			func(env *environment) { wantCard(env.t, env.next(general, nil, nil), "") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newTeamsEnv(t)
			called := make(chan struct{})
			env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: time.Minute,
				Struck: func() { close(called) }})
			in := quick()
			first := env.start(env.everything(), in)
			tt.ask(env, first)
			<-called
			first.Kill()

			other := env.start(tt.other(env), in)
			// Long enough for the other replica to have had the job in its hands twice.
			const watch = 4 * time.Second
			for until := time.Now().Add(watch); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
				if letters := env.deadLetters(); !strings.HasPrefix(letters, "No dead letters") {
					t.Fatalf("a replica that cannot do it made it a dead letter:\n%s", letters)
				}
			}
			_, metrics := get(t, other.AdminURL()+"/metrics")
			if !strings.Contains(metrics, `meetbot_jobs{state="unfinished"} 1`) {
				t.Error("the job of another platform is not counted")
			}
			began := time.Now()
			env.start(env.everything(), in)
			tt.answer(env)
			if took := time.Since(began); took > in.Idle {
				t.Errorf("the card came after %s, want it at the first look", took)
			}
		})
	}
}

// Two deployments on one Redis, with prefixes of their own, know nothing of each other.
func TestTwoDeploymentsOnOneRedis(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	called := make(chan struct{})
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: time.Minute,
		Struck: func() { close(called) }})
	one, two := env.config(), env.config()
	if err := two.Set(map[string]string{"REDIS_PREFIX": "second"}); err != nil {
		t.Fatal(err)
	}
	first := env.start(one, quick())
	env.mention(first, ann, general, "", "")
	<-called
	first.Kill()

	second := env.start(two, quick())
	link := wantCard(t, env.meet(second, ben, general, ""), "") // no claim of Ann's is pending there
	const watch = 3 * time.Second                               // twice as long as the job must idle
	for until := time.Now().Add(watch); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		if n := len(env.Graph.Meetings()); n != 1 {
			t.Fatalf("Graph holds %d meetings: the second deployment carried out a job of the first", n)
		}
	}
	again := env.start(one, quick())
	env.next(general, env.Slack.Messages(general), nil)
	if got := wantCard(t, env.meet(again, caio, general, "show"), caio); got == link {
		t.Error("both deployments have the same meeting")
	}
	env.wantMeetings(2)
}

// A job that ends the process whenever it is attempted ends a few of them and no more: its author is told, and it is a dead
// letter.
func TestJobThatEndsTheProcess(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	in := app.Options{
		Timing: bot.Timing{Attempt: 300 * time.Millisecond, SlotWait: 100 * time.Millisecond, Reclaim: 50 * time.Millisecond},
		Idle:   500 * time.Millisecond,
	}
	var alive atomic.Pointer[replica]
	died := make(chan struct{}, 1)
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Struck: func() {
		alive.Load().Kill()
		died <- struct{}{}
	}, Latency: time.Second, Reset: true})
	next := func() *replica {
		r := env.start(env.config(), in)
		alive.Store(r)
		return r
	}
	env.mention(next(), ann, general, "", "")
	deaths := 0
	told := func() bool {
		for _, m := range env.Slack.Messages("D" + ann) {
			if strings.Contains(m.Text, "fails each time") {
				return true
			}
		}
		return false
	}
	for deadline := time.After(patience); !told(); {
		select {
		case <-died:
			if deaths++; deaths > 6 {
				t.Fatalf("the job has ended %d processes", deaths)
			}
			next()
		case <-time.After(20 * time.Millisecond):
		case <-deadline:
			t.Fatalf("Ann was not told; %d processes have ended", deaths)
		}
	}
	eventually(t, "the job is a dead letter", func() bool {
		return strings.Contains(env.deadLetters(), "attempts at this job break off")
	})
	env.Graph.ClearFaults()
	wantCard(t, env.meet(alive.Load(), ben, design, ""), "")
}

// One person waits for so many commands and no more. They are told, before anything is accepted; others are served.
func TestManyCommandsOfOnePerson(t *testing.T) {
	t.Parallel()
	const more = 10
	hang := faultserver.Fault{Target: "createOrGet", Latency: time.Minute}
	t.Run("Slack", func(t *testing.T) {
		t.Parallel()
		env := newEnv(t, slacktest.Options{PostBurst: -1})
		env.Graph.Fault(hang)
		r := env.bot()
		var accepted, refused atomic.Int64
		var wg sync.WaitGroup
		for i := range bot.MaxUnfinished + more {
			wg.Go(func() {
				a, err := env.Slack.Command(t.Context(), r.URL(), slacktest.Command{User: ann, Channel: general,
					Text: fmt.Sprint("new ", i)})
				switch {
				case err != nil || a.Message == nil:
					t.Errorf("%+v, %v", a, err)
				case strings.Contains(a.Message.Text, "Setting up the meeting"):
					accepted.Add(1)
				case strings.Contains(a.Message.Text, "still working on 30 requests of yours"):
					refused.Add(1)
				default:
					t.Errorf("answered with %s", a.Message.Text)
				}
			})
		}
		wg.Wait()
		if accepted.Load() != bot.MaxUnfinished || refused.Load() != more {
			t.Errorf("%d accepted, %d refused", accepted.Load(), refused.Load())
		}
		env.Graph.ClearFaults()
		wantCard(t, env.meet(r, ben, design, ""), "")
	})
	t.Run("Teams", func(t *testing.T) {
		t.Parallel()
		env := newTeamsEnv(t)
		env.Graph.Fault(hang)
		r := env.start(env.teamsConfig(), app.Options{})
		for i := range bot.MaxUnfinished + more {
			env.call(r, annID, teamsChat, "", fmt.Sprint("new ", i))
		}
		busy := func(m teamstest.Message) bool {
			return strings.Contains(m.Words(), "still working on 30 requests of yours")
		}
		env.answer(teamsChat, nil, busy)
		_, metrics := get(t, r.AdminURL()+"/metrics")
		if !strings.Contains(metrics, `meetbot_jobs{state="unfinished"} 30`) {
			t.Error("more was accepted than one person may wait for")
		}
		env.Graph.ClearFaults()
		wantTeamsCard(t, env.callAnswered(r, benID, teamsMeeting, "", "meet"), "")
		told := 0
		for _, m := range env.Teams.Messages(teamsChat) {
			if busy(m) {
				told++
			}
		}
		if told != 1 {
			t.Errorf("Ann was told %d times, want once", told)
		}
	})
}

// On an orderly stop, what cannot be finished in time is another replica's at once.
func TestOrderlyStopHandsOver(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	called := make(chan struct{})
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: time.Minute,
		Struck: func() { close(called) }})
	in := app.Options{Timing: bot.Timing{Attempt: time.Minute}, Idle: time.Hour}
	first, second := env.start(env.config(), in), env.start(env.config(), in)
	env.mention(first, ann, general, "", "")
	<-called
	if err := first.stop(); err != nil { // waits for the grace period
		t.Fatal(err)
	}
	began := time.Now()
	wantCard(t, env.next(general, nil, nil), "")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the card came %s after the stop", took)
	}
	if status, body := get(t, second.URL()+"/readyz"); status != http.StatusOK {
		t.Errorf("readyz: %d %s", status, body)
	}
}

// rewriteJobs replaces the records of all jobs that are waiting, as another machine would have written them.
func (env *environment) rewriteJobs(change func(record string) string) {
	env.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: env.redis.Addr()})
	defer func() { _ = client.Close() }()
	const stream, group = "{mb:jobs}:stream", "bots"
	ctx := env.t.Context()
	entries, err := client.XRange(ctx, stream, "-", "+").Result()
	for _, e := range entries {
		record, _ := e.Values["job"].(string)
		if err == nil {
			err = client.XAdd(ctx, &redis.XAddArgs{Stream: stream, Values: []any{"id", e.Values["id"], "job", change(record)}}).Err()
		}
		if err == nil {
			err = client.XDel(ctx, stream, e.ID).Err()
		}
	}
	if err == nil {
		err = client.XReadGroup(ctx, &redis.XReadGroupArgs{Group: group, Consumer: "gone", Streams: []string{stream, ">"}}).Err()
	}
	if err != nil {
		env.t.Fatal(err)
	}
}

// A job of a machine whose clock is years behind is neither given up nor a dead letter: its age is counted by Redis' clock.
func TestClocksApart(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	called := make(chan struct{})
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: time.Minute,
		Struck: func() { close(called) }})
	first := env.start(env.config(), quick())
	env.mention(first, ann, general, "", "")
	<-called
	first.Kill()
	env.rewriteJobs(func(record string) string {
		year := fmt.Sprintf(`"accepted":"%d-`, time.Now().UTC().Year())
		if !strings.Contains(record, year) {
			t.Fatalf("job: %s", record)
		}
		return strings.Replace(record, year, `"accepted":"2020-`, 1)
	})
	env.start(env.config(), quick())
	wantCard(t, env.next(general, nil, nil), "")
}
