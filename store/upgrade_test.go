//go:build integration

package store_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
	"meetbot/internal/redistest"
	"meetbot/store"
)

// firstRelease is what the first release reads in the data that it left behind. See testdata/upgrade/README.md.
type firstRelease struct {
	States []struct {
		Asked   bot.Conversation
		Belongs bot.Conversation
		Meeting *struct {
			bot.Meeting
			Claim      string
			Generation int
		}
		Pending *bot.Claim
	}
	Identities map[string]bot.Identity
	Jobs       map[string]struct { // by the entry
		Attempts int
		Job      firstJob
	}
	Dead map[string]struct { // by the entry
		Reason string
		Job    firstJob
	}
}

// upgraded starts a server with the data of the first release, and returns what that release reads in it.
func upgraded(t *testing.T) (*redistest.Server, firstRelease) {
	t.Helper()
	server := redistest.Start(t, redistest.Options{})
	fill := server.Replay("testdata/upgrade/data.jsonl", map[string]string{
		"{slack}": "https://slack.example", "{teams}": "https://teams.example",
	})
	text, err := os.ReadFile("testdata/upgrade/read.json")
	no(t, err)
	text = []byte(strings.NewReplacer("{slack}", "https://slack.example", "{teams}", "https://teams.example").Replace(fill(string(text))))
	var want firstRelease
	no(t, json.Unmarshal(text, &want))
	return server, want
}

// meeting is the meeting that the first release read.
func (f firstRelease) meeting(i int) *bot.Meeting {
	read := f.States[i].Meeting
	if read == nil {
		return nil
	}
	m := read.Meeting
	m.ClaimID, m.Generation = read.Claim, read.Generation
	return &m
}

// firstJob is a job as the first release wrote it.
type firstJob struct {
	ID           string
	Conversation bot.Conversation
	Command      struct{ Kind, Subject, Meant string }
	Asker        bot.Asker
	Seen         int
	Language     bot.Language
	Topic        string
	Route        struct {
		Channel, Thread, User, Service, Message, Capability string
		Alone, Root                                         bool
	}
	Accepted time.Time
	Trace    string
}

// job is what this release makes of it.
func (f firstJob) job() bot.Job {
	j := bot.Job{
		ID: f.ID, Conversation: f.Conversation, Asker: f.Asker, Seen: f.Seen, Language: f.Language, Topic: f.Topic,
		Route: bot.Route{
			Channel: f.Route.Channel, Thread: f.Route.Thread, User: f.Route.User, Service: f.Route.Service, Message: f.Route.Message,
			Alone: f.Route.Alone, Root: f.Route.Root, ResponseURL: f.Route.Capability,
		},
		Accepted: f.Accepted, Trace: f.Trace,
	}
	switch f.Command.Kind {
	case "unclear":
		j.Intent = bot.Intent{Kind: bot.JobUnclear, Command: bot.Command{Kind: bot.Meet, Subject: f.Command.Subject}, Guess: bot.Kind(f.Command.Meant)}
	case "welcome":
		j.Intent = bot.Intent{Kind: bot.JobWelcome}
	default:
		j.Intent = bot.Intent{Kind: bot.JobCommand, Command: bot.Command{Kind: bot.Kind(f.Command.Kind), Subject: f.Command.Subject}}
	}
	return j
}

func TestConversationsOfTheFirstRelease(t *testing.T) {
	t.Parallel()
	server, want := upgraded(t)
	s := open(t, server.URL(), store.Options{Replica: "one"})
	meetings, pending := 0, 0
	for i, before := range want.States {
		st, err := s.Read(t.Context(), before.Asked, bot.Asker{})
		no(t, err)
		if st.Conversation != before.Belongs || !reflect.DeepEqual(st.Meeting, want.meeting(i)) || !reflect.DeepEqual(st.Pending, before.Pending) {
			t.Errorf("%s holds %+v with %+v and %+v,\nwant %+v with %+v and %+v",
				before.Asked, st.Conversation, st.Meeting, st.Pending, before.Belongs, want.meeting(i), before.Pending)
		}
		if st.Meeting != nil {
			meetings++
		}
		if st.Pending == nil || st.Conversation != before.Asked {
			continue
		}
		pending++
		st, err = s.Complete(t.Context(), *st.Pending, meetingFor(*st.Pending))
		no(t, err)
		if st.Pending != nil || st.Meeting == nil || st.Meeting.ClaimID != before.Pending.ID || st.Meeting.Generation != before.Pending.Generation {
			t.Errorf("%s: the pending claim completes to %+v with %+v", before.Asked, st.Meeting, st.Pending)
		}
	}
	if meetings < 10 || pending < 3 {
		t.Errorf("there were %d meetings and %d pending claims", meetings, pending)
	}
}

func TestShownMarksOfTheFirstRelease(t *testing.T) {
	t.Parallel()
	server, want := upgraded(t)
	s := open(t, server.URL(), store.Options{Replica: "one"})
	raw := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = raw.Close() })
	shown := 0
	for _, before := range want.States {
		if before.Meeting == nil || before.Asked != before.Belongs {
			continue
		}
		mark, _ := raw.Get(t.Context(), "mb:{"+before.Asked.ChannelKey()+"}:s:"+before.Asked.Thread).Result()
		_, by, marked := strings.Cut(mark, " ")
		st, err := s.Announce(t.Context(), before.Asked, "somebody else", bot.Asker{})
		no(t, err)
		if st.MayAnnounce == marked {
			t.Errorf("%s was shown as %q, and the next one may show it to everybody: %v", before.Asked, mark, st.MayAnnounce)
		}
		if !marked {
			continue
		}
		shown++
		if st, err = s.Announce(t.Context(), before.Asked, by, bot.Asker{}); err != nil || !st.MayAnnounce {
			t.Errorf("%s: the request that showed the card may not show it again: %+v, %v", before.Asked, st, err)
		}
	}
	if shown < 5 {
		t.Errorf("%d shown marks", shown)
	}
}

func TestJobsOfTheFirstRelease(t *testing.T) {
	t.Parallel()
	server, want := upgraded(t)
	s := open(t, server.URL(), store.Options{Replica: "one", Idle: 10 * time.Millisecond})
	if d := depth(t, s); d.Waiting != len(want.Jobs) || d.DeadLetters != len(want.Dead) {
		t.Errorf("depth is %+v, want %d jobs and %d dead letters", d, len(want.Jobs), len(want.Dead))
	}
	var leases []bot.Lease
	eventually(t, "taking over all jobs", func() bool {
		more, err := s.Reclaim(t.Context(), 3, all)
		no(t, err)
		leases = append(leases, more...)
		return len(leases) >= len(want.Jobs)
	})
	labels := map[string]bool{}
	capabilities, seen := 0, map[string]bool{}
	for _, l := range leases {
		if seen[l.Entry] {
			continue
		}
		seen[l.Entry] = true
		before, ok := want.Jobs[l.Entry]
		if !ok {
			t.Errorf("job %s was not there before", l.Entry)
			continue
		}
		if !reflect.DeepEqual(l.Job, before.Job.job()) {
			t.Errorf("job %s is %+v, want %+v", l.Entry, l.Job, before.Job.job())
		}
		if l.Attempt <= before.Attempts {
			t.Errorf("job %s is handed out for the %d. time, after %d times", l.Entry, l.Attempt, before.Attempts)
		}
		labels[l.Job.Label()] = true
		if l.Job.Route.ResponseURL != "" {
			capabilities++
		}
	}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, slices.Sorted(maps.Keys(want.Jobs))) {
		t.Errorf("took over %v", got)
	}
	for _, label := range []string{"meet", "new", "show", "help", "unclear", "welcome"} {
		if !labels[label] {
			t.Errorf("no job for %q", label)
		}
	}
	if capabilities < 3 {
		t.Errorf("%d jobs with a response URL", capabilities)
	}

	// Each can be answered once. A request that was accepted before is still known.
	for _, l := range leases {
		if _, err := s.Accept(t.Context(), l.Job); !errors.Is(err, bot.ErrDuplicate) {
			t.Errorf("%s is accepted once more: %v", l.Job.ID, err)
		}
	}
	for entry := range want.Jobs {
		i := slices.IndexFunc(leases, func(l bot.Lease) bool { return l.Entry == entry })
		for j, l := range leases {
			if l.Entry == entry && l.Attempt > leases[i].Attempt {
				i = j
			}
		}
		if _, err := s.BeginSend(t.Context(), leases[i]); err != nil {
			t.Errorf("answer of %s: %v", entry, err)
		}
		no(t, s.Done(t.Context(), leases[i]))
	}
	if d := depth(t, s); d.Waiting != 0 {
		t.Errorf("%d jobs are left", d.Waiting)
	}
}

func TestDeadLettersOfTheFirstRelease(t *testing.T) {
	t.Parallel()
	server, want := upgraded(t)
	patient := open(t, server.URL(), store.Options{Replica: "one", Idle: time.Hour}) // takes over what is retried, and nothing else
	letters, err := patient.DeadLetters(t.Context(), 100)
	no(t, err)
	if len(letters) != len(want.Dead) {
		t.Fatalf("%d dead letters, want %d", len(letters), len(want.Dead))
	}
	unreadable := 0
	for _, l := range letters {
		before := want.Dead[l.Entry]
		if l.Reason != before.Reason {
			t.Errorf("dead letter %s: reason %q, want %q", l.Entry, l.Reason, before.Reason)
		}
		if l.Job.Conversation == (bot.Conversation{}) {
			unreadable++
			if err := patient.Retry(t.Context(), l.Entry); !errors.Is(err, store.ErrNoDeadLetter) {
				t.Errorf("dead letter %s, which is no job, is tried again: %v", l.Entry, err)
			}
			continue
		}
		if !reflect.DeepEqual(l.Job, before.Job.job()) {
			t.Errorf("dead letter %s is %+v, want %+v", l.Entry, l.Job, before.Job.job())
		}
		no(t, patient.Retry(t.Context(), l.Entry))
		if again := takeover(t, patient); again.Job.ID != l.Job.ID || again.Attempt != 1 || again.Job.Command != l.Job.Command {
			t.Errorf("dead letter %s is tried again as %+v", l.Entry, again)
		}
	}
	if unreadable != 1 {
		t.Errorf("%d dead letters are no job, want 1", unreadable)
	}
}

func TestPeopleOfTheFirstRelease(t *testing.T) {
	t.Parallel()
	server, want := upgraded(t)
	s := open(t, server.URL(), store.Options{Replica: "one"})
	for user, before := range want.Identities {
		asker := bot.Asker{Platform: "slack", Workspace: "T024BE7LD", User: user}
		id, err := s.Identity(t.Context(), asker)
		no(t, err)
		if id == nil || !reflect.DeepEqual(*id, before) {
			t.Errorf("%s is %+v, want %+v", user, id, before)
		}
	}
	// Ann has made meetings within the hour. They count, and a job that was counted is not counted again.
	ann := bot.Asker{Platform: "slack", Workspace: "T024BE7LD", User: "U0ANN"}
	wait, err := s.Spend(t.Context(), ann, "one more", bot.Limits{Window: time.Hour, PerUser: 5})
	no(t, err)
	if wait < 50*time.Minute {
		t.Errorf("a sixth meeting within the hour has to wait for %v", wait)
	}
	for _, l := range want.Jobs {
		job := l.Job.job()
		if job.Asker != ann || job.Kind != bot.JobCommand || job.Command.Kind != bot.Meet {
			continue
		}
		if wait, err := s.Spend(t.Context(), ann, job.ID, bot.Limits{Window: time.Hour, PerUser: 5}); wait != 0 || err != nil {
			t.Errorf("job %s, which was counted, has to wait for %v, %v", job.ID, wait, err)
		}
	}
	if left, err := s.ThrottledFor(t.Context(), bot.Upstream{Name: "graph"}); err != nil || left <= 0 {
		t.Errorf("Graph is to be left alone for %v, %v", left, err)
	}
}
