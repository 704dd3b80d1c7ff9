//go:build integration

package store_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
	"meetbot/internal/redistest"
	"meetbot/store"
)

// upgradedFromBefore starts a server with the data of the release before, and returns what that release reads in it. See
// testdata/upgrade/README.md.
func upgradedFromBefore(t *testing.T) (*redistest.Server, []bot.State) {
	t.Helper()
	server := redistest.Start(t, redistest.Options{})
	server.Replay("testdata/upgrade/6f03602/data.jsonl", map[string]string{
		"{slack}": "https://slack.example", "{teams}": "https://teams.example",
	})
	text, err := os.ReadFile("testdata/upgrade/6f03602/read.json")
	no(t, err)
	var want []bot.State
	no(t, json.Unmarshal(text, &want))
	return server, want
}

// What the release before wrote is read as that release reads it, can be changed, and its claims can be completed.
func TestConversationsOfTheReleaseBefore(t *testing.T) {
	t.Parallel()
	server, want := upgradedFromBefore(t)
	s := open(t, server.URL(), store.Options{Replica: "one"})
	meetings, pending := 0, 0
	for _, before := range want {
		c := before.Conversation
		st, err := s.Read(t.Context(), c, bot.Asker{})
		no(t, err)
		if !reflect.DeepEqual(st, before) {
			t.Errorf("%s holds %+v with %+v,\nwant %+v with %+v", c, st.Meeting, st.Pending, before.Meeting, before.Pending)
		}
		if before.Meeting != nil {
			meetings++
			changed := *before.Meeting
			changed.Expires, changed.StartedBy = time.Date(2027, 1, 26, 3, 8, 41, 0, time.UTC), bot.Starter{User: "U0ANN"}
			st, err := s.ChangeMeeting(t.Context(), c, changed.ClaimID, func(m *bot.Meeting) {
				m.Expires, m.StartedBy = changed.Expires, changed.StartedBy
			})
			if err != nil || *st.Meeting != changed || !reflect.DeepEqual(st.Pending, before.Pending) {
				t.Errorf("%s is changed to %+v, %v", c, st.Meeting, err)
			}
		}
		if claim := before.Pending; claim != nil {
			pending++
			st, err := s.Complete(t.Context(), *claim, meetingFor(*claim))
			if err != nil || st.Meeting == nil || st.Meeting.ClaimID != claim.ID || st.Generation() != claim.Generation {
				t.Errorf("%s: the pending claim completes to %+v, %v", c, st.Meeting, err)
			}
		}
	}
	if meetings < 10 || pending < 3 {
		t.Errorf("there were %d meetings and %d pending claims", meetings, pending)
	}
}

// A fresh meeting of the release before can be taken back, and what was begun there is carried on.
func TestUndoAndJobsOfTheReleaseBefore(t *testing.T) {
	t.Parallel()
	server, want := upgradedFromBefore(t)
	s := open(t, server.URL(), store.Options{Replica: "one", Idle: 10 * time.Millisecond})
	raw := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = raw.Close() })
	undone := 0
	for _, before := range want {
		kept, err := raw.Get(t.Context(), "mb:{"+before.Conversation.ChannelKey()+"}:u:"+before.Conversation.Thread).Result()
		if err != nil {
			continue
		}
		undone++
		user := strings.Fields(kept)[1]
		u := bot.Undo{Generation: before.Meeting.Generation, User: user, ID: "u1"}
		st, result, err := s.Undo(t.Context(), before.Conversation, u)
		no(t, err)
		if !result.Done || st.Meeting.JoinURL == before.Meeting.JoinURL || !strings.Contains(kept, st.Meeting.JoinURL) ||
			st.Meeting.ID == "" || st.Meeting.Todo != bot.TodoCards || st.Generation() != before.Meeting.Generation+1 {
			t.Errorf("%s: undone: %+v with %+v", before.Conversation, result, st.Meeting)
		}
	}
	if undone < 2 {
		t.Errorf("%d meetings may be undone", undone)
	}
	got := map[string]bool{}
	eventually(t, "taking over all jobs", func() bool {
		leases, err := s.Reclaim(t.Context(), 10, all)
		no(t, err)
		for _, l := range leases {
			if l.Job.Kind != bot.JobCommand || l.Job.Command.Subject == "" || l.Job.Conversation == (bot.Conversation{}) {
				t.Errorf("job %+v", l.Job)
			}
			got[l.Job.Command.Subject] = true
		}
		return len(got) >= 3
	})
	for _, subject := range []string{"Planning", "Outra", "Lunch"} {
		if !got[subject] {
			t.Errorf("there is no job for %q: %v", subject, got)
		}
	}
}
