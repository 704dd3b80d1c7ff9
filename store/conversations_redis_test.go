//go:build integration

package store_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/internal/redistest"
	"meetbot/store"
)

func TestManyAskersSettleOnOneClaim(t *testing.T) {
	b := backendAt(t, redistest.Start(t, redistest.Options{}).URL())
	replicas := []*store.Store{b.open(t, "one"), b.open(t, "two"), b.open(t, "three")}
	c := channel()
	links := make([]string, 150)
	var wg sync.WaitGroup
	for i := range links {
		wg.Go(func() {
			s := replicas[i%len(replicas)]
			st, err := s.Claim(t.Context(), bot.NewClaim(c, 1, false), false, 0)
			if err == nil && st.Pending != nil {
				st, err = s.Complete(t.Context(), *st.Pending, meetingFor(*st.Pending))
			}
			if err != nil || st.Meeting == nil {
				t.Errorf("asker %d: %+v, %v", i, st, err)
				return
			}
			links[i] = st.Meeting.JoinURL
		})
	}
	wg.Wait()
	for i, link := range links {
		if link != links[0] {
			t.Fatalf("asker %d got %s, the first one %s", i, link, links[0])
		}
	}
}

func TestAnnounceIsOneRoundTrip(t *testing.T) {
	server := redistest.Start(t, redistest.Options{})
	b := backendAt(t, server.URL())
	w := redistest.NewWire(t, server)
	s := open(t, w.URL(), store.Options{Replica: "one"})
	c, ann := channel(), bot.Asker{Platform: "slack", Workspace: "T024BE7LD", User: "U1"}
	no(t, s.Remember(t.Context(), ann, bot.Identity{ID: "ann"}, time.Hour))
	claim := bot.NewClaim(c, 1, false)
	_, err := s.Claim(t.Context(), claim, false, 0)
	no(t, err)
	_, err = s.Complete(t.Context(), claim, meetingFor(claim))
	no(t, err)
	announce := func() {
		t.Helper()
		st, err := s.Announce(t.Context(), c, "r1", ann)
		no(t, err)
		if st.Meeting == nil || st.Identity == nil || st.Identity.ID != "ann" || !st.MayAnnounce {
			t.Fatalf("Announce found %+v", st)
		}
	}
	_, err = open(t, b.url, store.Options{Replica: "zero"}).Announce(t.Context(), c, "r1", ann) // Redis learns the script
	no(t, err)
	announce()
	no(t, b.raw.ConfigResetStat(t.Context()).Err())
	before := w.Turns()
	announce()
	if got := w.Turns() - before; got != 1 {
		t.Errorf("Announce is %d round trips, want 1", got)
	}
	if got := calls(t, b.raw, "evalsha") + calls(t, b.raw, "eval"); got != 0 {
		t.Errorf("Announce in a conversation that was read lately runs %d scripts, want none", got)
	}

	// A store that has not read the conversation yet.
	s = open(t, w.URL(), store.Options{Replica: "two"})
	no(t, s.Ping(t.Context()))
	no(t, b.raw.ConfigResetStat(t.Context()).Err())
	before = w.Turns()
	announce()
	if got := w.Turns() - before; got != 1 {
		t.Errorf("the first Announce is %d round trips, want 1", got)
	}
	if got := calls(t, b.raw, "evalsha"); got != 1 {
		t.Errorf("the first Announce runs %d scripts, want 1", got)
	}
	if got := calls(t, b.raw, "eval"); got != 0 {
		t.Errorf("the first Announce sends the script's source %d times", got)
	}

	no(t, b.raw.ScriptFlush(t.Context()).Err())
	s = open(t, w.URL(), store.Options{Replica: "three"})
	announce() // a server that lost the scripts is taught them again
}

func TestMeetingIsSmall(t *testing.T) {
	b := backendAt(t, redistest.Start(t, redistest.Options{}).URL())
	s := b.open(t, "one")
	c := bot.Conversation{Platform: "slack", Workspace: "T024BE7LD", Channel: "C2147483705"}
	claim := bot.NewClaim(c, 1, false)
	claim.Organizer = bot.Organizer{ID: "6e4d3b6c-0000-4c1a-9d6e-1f1f1f1f1f1f", Name: "Ann Example"}
	claim.Language = bot.English
	_, err := s.Claim(t.Context(), claim, false, 0)
	no(t, err)
	m := meetingFor(claim)
	m.OnlineMeeting = bot.OnlineMeeting{
		JoinURL: "https://teams.example/l/meetup-join/" + strings.Repeat("x", 214), Subject: "Design review",
		Created: time.Date(2026, 11, 23, 15, 30, 14, 123456700, time.UTC), JoinID: "123 456 789 012", Passcode: "aB3dE6",
		TollNumber: "+1 323-555-0166", ConferenceID: "123456789",
	}
	_, err = s.Complete(t.Context(), claim, m)
	no(t, err)
	key := "mb:{" + c.ChannelKey() + "}:m:"
	bytes, err := b.raw.MemoryUsage(t.Context(), key).Result()
	no(t, err)
	value, err := b.raw.Get(t.Context(), key).Result()
	no(t, err)
	t.Logf("a meeting takes %d bytes, %d of them its record", bytes, len(value))
	if bytes > 600 {
		t.Errorf("a meeting takes %d bytes in Redis, want at most 600", bytes)
	}
}

// With everything that Graph tells of it, a meeting takes little more: its long texts stand in it once.
func TestWholeMeetingIsSmall(t *testing.T) {
	b := backendAt(t, redistest.Start(t, redistest.Options{}).URL())
	s := b.open(t, "one")
	c := bot.Conversation{Platform: "slack", Workspace: "T024BE7LD", Channel: "C2147483705"}
	made := makeMeeting(t, s, c, false, 0).Meeting
	const chat = "19:meeting_NDk3NTkwNTktZWM2Mi00NmQzLTkxNTYtNTJjYzAwY2YyNjlm@thread.v2"
	organizer := bot.Organizer{ID: "6e4d3b6c-0000-4c1a-9d6e-1f1f1f1f1f1f", Name: "Ann Example"}
	at := time.Date(2026, 11, 23, 15, 30, 14, 0, time.UTC)
	st, err := s.ChangeMeeting(t.Context(), c, made.ClaimID, func(m *bot.Meeting) {
		m.OnlineMeeting = bot.OnlineMeeting{
			ID: base64.StdEncoding.EncodeToString([]byte("1*" + organizer.ID + "*0**" + chat)), ChatThread: chat,
			JoinURL: "https://teams.microsoft.com/l/meetup-join/" + url.QueryEscape(chat) +
				"/0?context=%7B%22Oid%22%3A%22" + organizer.ID + "%22%2C%22Tid%22%3A%228eaef023-2b34-4da1-9baa-8bc8c9d6a490%22%7D",
			Subject: "Design review", Created: at, Start: at, End: at.Add(time.Hour), Expires: at.AddDate(0, 2, 0),
			JoinID: "2633824262085", Passcode: "3ZVEVSKW", TollNumber: "+1 323-555-0166", ConferenceID: "123456789",
		}
		m.Organizer, m.StartedBy, m.Confirmed = organizer, bot.Starter{User: "U024BE7LH", Name: organizer.Name}, at.AddDate(0, 0, 7)
		m.Language, m.Zone, m.Todo = bot.English, "Europe/Berlin", bot.TodoOptions
	})
	no(t, err)
	if st.Meeting.ChatThread != chat || st.Meeting.ID == "" || st.Meeting.StartedBy.Name != organizer.Name {
		t.Errorf("the meeting is %+v", st.Meeting)
	}
	bytes, err := b.raw.MemoryUsage(t.Context(), "mb:{"+c.ChannelKey()+"}:m:").Result()
	no(t, err)
	t.Logf("a whole meeting takes %d bytes", bytes)
	if bytes > 800 {
		t.Errorf("a whole meeting takes %d bytes in Redis, want at most 800", bytes)
	}
}
