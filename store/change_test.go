package store_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/store"
)

// Whoever changes a meeting at the same time as others loses nothing of what they changed.
func TestChangesOfAMeetingAddUp(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		c := channel()
		made := makeMeeting(t, b.open(t, "first"), c, false, 0).Meeting
		var wg sync.WaitGroup
		for i := range 8 {
			s := b.open(t, fmt.Sprint("replica", i))
			wg.Go(func() {
				st, err := s.ChangeMeeting(t.Context(), c, made.ClaimID, func(m *bot.Meeting) {
					m.Subject += "x"
					m.Todo |= 1 << i
					m.ClaimID, m.Generation = "another", 99 // which is not believed
				})
				if err != nil || st.Meeting == nil || st.Meeting.Todo&(1<<i) == 0 || st.Meeting.ClaimID != made.ClaimID {
					t.Errorf("changed to %+v, %v", st.Meeting, err)
				}
			})
		}
		wg.Wait()
		st, err := b.open(t, "last").Read(t.Context(), c, bot.Asker{})
		no(t, err)
		want := *made
		want.Subject += "xxxxxxxx"
		want.Todo = 255
		if *st.Meeting != want {
			t.Errorf("all changes leave %+v, want %+v", st.Meeting, want)
		}
	})
}

// Only the meeting that is meant changes; what is pending stays.
func TestChangeOfAnotherMeeting(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, c := b.open(t, "one"), channel()
		never := func(*bot.Meeting) { t.Error("a meeting is changed that is not meant") }
		st, err := s.ChangeMeeting(t.Context(), c, "x", never)
		if err != nil || st.Meeting != nil || st.Conversation != c {
			t.Errorf("without a meeting: %+v, %v", st, err)
		}
		first := makeMeeting(t, s, c, false, 0).Meeting
		second := makeMeeting(t, s, c, true, 1).Meeting
		if st, err = s.ChangeMeeting(t.Context(), c, first.ClaimID, never); err != nil || *st.Meeting != *second {
			t.Errorf("of the earlier meeting: %+v, %v", st, err)
		}
		claim := bot.NewClaim(c, 3, true)
		_, err = s.Claim(t.Context(), claim, true, 2)
		no(t, err)
		st, err = s.ChangeMeeting(t.Context(), c, second.ClaimID, func(m *bot.Meeting) { m.Orphaned = true })
		if err != nil || !st.Meeting.Orphaned || st.Pending == nil || st.Pending.ID != claim.ID {
			t.Errorf("beside a pending claim: %+v, %v", st, err)
		}
		if second.Orphaned {
			t.Error("the meeting that another call returned is changed")
		}
		if st, err = s.ChangeMeeting(t.Context(), c, second.ClaimID, func(m *bot.Meeting) { m.JoinURL = "" }); err == nil {
			t.Errorf("the link is taken away: %+v", st)
		}
		st, err = s.Complete(t.Context(), claim, meetingFor(claim))
		if err != nil || st.Generation() != 3 {
			t.Errorf("the claim became %+v, %v", st, err)
		}
	})
}

// A record of a later release is not touched, and what a later release added to one of today stays in it.
func TestChangeOfARecordOfALaterRelease(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, c := b.open(t, "one"), channel()
		unreadable := `7 ID {"v":1000,"u":["https://teams.example/join/later"]}`
		no(t, b.raw.Set(t.Context(), meetingOf(c), unreadable, 0).Err())
		st, err := s.ChangeMeeting(t.Context(), c, "ID", func(*bot.Meeting) { t.Error("it is changed") })
		if bot.CodeOf(err) != bot.UnreadableRecord || st.Generation() != 7 {
			t.Errorf("of an unreadable meeting: %+v, %v", st, err)
		}
		if got := b.raw.Get(t.Context(), meetingOf(c)).Val(); got != unreadable {
			t.Errorf("the record is %s", got)
		}
		later := `7 ID {"v":2,"u":"https://teams.example/join/later","s":"Weekly","o":{"i":"ann"},"later":{"x":[1]}}`
		no(t, b.raw.Set(t.Context(), meetingOf(c), later, 0).Err())
		st, err = s.ChangeMeeting(t.Context(), c, "ID", func(m *bot.Meeting) { m.Subject = "Daily" })
		if err != nil || st.Meeting.Subject != "Daily" {
			t.Errorf("changed to %+v, %v", st, err)
		}
		if got, want := b.raw.Get(t.Context(), meetingOf(c)).Val(), strings.Replace(later, "Weekly", "Daily", 1); got != want {
			t.Errorf("the record is %s, want %s", got, want)
		}
	})
}

// A change reaches the meeting under every name of the conversation, and through the threads of its channel.
func TestChangeUnderAllNames(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := openWithNames(t, b.url)
		for i := range 4 {
			all := renamed("")
			made := makeMeeting(t, b.open(t, "before"), all[i], false, 0).Meeting
			no(t, s.LinkThread(t.Context(), all[3], "1.1"))
			for n, c := range append(all, thread(all[3], "1.1"), thread(all[0], "1.1")) {
				subject := fmt.Sprint("subject ", n)
				st, err := s.ChangeMeeting(t.Context(), c, made.ClaimID, func(m *bot.Meeting) { m.Subject = subject })
				if err != nil || st.Meeting == nil || st.Meeting.Subject != subject || st.Conversation != all[i] {
					t.Errorf("under %v: %+v, %v", c, st, err)
				}
			}
		}
	})
}

// Others who change the meeting without end do not keep a change going without end.
func TestChangeEndsWithItsContext(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, other, c := b.open(t, "one"), b.open(t, "two"), channel()
		made := makeMeeting(t, s, c, false, 0).Meeting
		ctx, cancel := context.WithCancel(t.Context())
		tries := 0
		_, err := s.ChangeMeeting(ctx, c, made.ClaimID, func(m *bot.Meeting) {
			m.Subject = "mine"
			_, err := other.ChangeMeeting(t.Context(), c, made.ClaimID, func(m *bot.Meeting) { m.Subject += "x" })
			no(t, err)
			if tries++; tries == 5 {
				cancel()
			}
		})
		if err == nil || tries != 5 {
			t.Errorf("after %d tries: %v", tries, err)
		}
		st, err := s.Read(t.Context(), c, bot.Asker{})
		no(t, err)
		if want := made.Subject + "xxxxx"; st.Meeting.Subject != want {
			t.Errorf("the subject is %q, want %q", st.Meeting.Subject, want)
		}
	})
}

// replace makes the next meeting of a conversation for a user, who asked for a fresh one or not.
func replace(t *testing.T, s *store.Store, c bot.Conversation, seen int, user string, why bot.Replacement) *bot.Meeting {
	t.Helper()
	claim := bot.NewClaim(c, seen+1, true)
	claim.User, claim.Replaced = user, why
	st, err := s.Claim(t.Context(), claim, true, seen)
	no(t, err)
	if st.Pending == nil || st.Pending.Replaced != why {
		t.Fatalf("claimed %+v", st.Pending)
	}
	m := meetingFor(claim)
	m.Replaced = why
	st, err = s.Complete(t.Context(), claim, m)
	no(t, err)
	if st.Meeting == nil || st.Meeting.Replaced != why {
		t.Fatalf("completed to %+v", st.Meeting)
	}
	return st.Meeting
}

// A dead meeting that was replaced does not come back.
func TestUndoBringsNoDeadMeetingBack(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, c := b.open(t, "one"), channel()
		makeMeeting(t, s, c, false, 0)
		for i, why := range []bot.Reason{bot.ReasonExpired, bot.ReasonOrphaned, bot.ReasonLost} {
			m := replace(t, s, c, i+1, "ann", bot.Replacement{Why: why, Organizer: "Ben"})
			st, result, err := s.Undo(t.Context(), c, bot.Undo{Generation: i + 2, User: "ann", ID: fmt.Sprint("u", i)})
			no(t, err)
			if result != (bot.UndoResult{}) || *st.Meeting != *m {
				t.Errorf("%s: undone: %+v with %+v", why, result, st.Meeting)
			}
		}
		if n := b.raw.Exists(t.Context(), "mb:{"+c.ChannelKey()+"}:u:").Val(); n != 0 {
			t.Error("the dead meeting is kept")
		}
	})
}

// A meeting that comes back is what it was, with its posted cards to be updated, once.
func TestUndoneMeetingHasItsCardsUpdated(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, c := b.open(t, "one"), channel()
		first := makeMeeting(t, s, c, false, 0).Meeting
		st, err := s.ChangeMeeting(t.Context(), c, first.ClaimID, func(m *bot.Meeting) {
			m.Todo, m.Expires = bot.TodoOptions, time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
			m.StartedBy = bot.Starter{User: "U1", Name: "Ann"}
			m.Start, m.End = time.Date(2026, 12, 2, 3, 0, 0, 0, time.UTC), time.Date(2026, 12, 2, 4, 0, 0, 0, time.UTC)
			m.Dated, m.DatedBy, m.Quiet = true, "U1", true
		})
		no(t, err)
		want := *st.Meeting
		if !want.Dated || !want.Quiet || want.DatedBy != "U1" {
			t.Errorf("recorded as %+v", want)
		}
		key := meetingOf(c)
		no(t, b.raw.Set(t.Context(), key, strings.TrimSuffix(b.raw.Get(t.Context(), key).Val(), "}")+`,"later":1}`, 0).Err())
		second := replace(t, s, c, 1, "ann", bot.Replacement{})
		_, err = s.ChangeMeeting(t.Context(), c, second.ClaimID, func(m *bot.Meeting) { m.Todo = bot.TodoBookmark | bot.TodoOptions })
		no(t, err)

		st, result, err := s.Undo(t.Context(), c, bot.Undo{Generation: 2, User: "ann", ID: "u1"})
		no(t, err)
		want.ClaimID, want.Generation, want.Todo = "u1", 3, bot.TodoOptions|bot.TodoCards|bot.TodoBookmark|bot.TodoRemind
		if !result.Done || *st.Meeting != want {
			t.Errorf("undone: %+v with %+v, want %+v", result, st.Meeting, want)
		}
		if got := b.raw.Get(t.Context(), key).Val(); !strings.HasSuffix(got, `,"later":1}`) {
			t.Errorf("the record is %s", got)
		}
		_, err = s.ChangeMeeting(t.Context(), c, "u1", func(m *bot.Meeting) { m.Todo = 0 })
		no(t, err)
		st, result, err = s.Undo(t.Context(), c, bot.Undo{Generation: 2, User: "ann", ID: "u1"}) // whose answer was lost
		if err != nil || !result.Done || st.Meeting.Todo != 0 {
			t.Errorf("once more: %+v with %+v, %v", result, st.Meeting, err)
		}
	})
}
