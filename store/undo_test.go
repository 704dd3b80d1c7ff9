package store_test

import (
	"testing"

	"meetbot/bot"
)

// Who may undo what, and what stands afterwards.
func TestUndo(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		c := channel()
		link := func(m *bot.Meeting) string {
			if m == nil {
				return ""
			}
			return m.JoinURL
		}
		make := func(user string, seen int) bot.State {
			t.Helper()
			claim := bot.NewClaim(c, seen+1, seen > 0)
			claim.Job, claim.User, claim.Organizer = "job", user, bot.Organizer{ID: user}
			_, err := s.Claim(t.Context(), claim, seen > 0, seen)
			no(t, err)
			st, err := s.Complete(t.Context(), claim, meetingFor(claim))
			no(t, err)
			return st
		}
		undo := func(generation int, user, id string) (bot.State, bot.UndoResult) {
			t.Helper()
			st, result, err := s.Undo(t.Context(), c, bot.Undo{Generation: generation, User: user, ID: id})
			no(t, err)
			return st, result
		}
		unchanged := func(what string, st bot.State, result bot.UndoResult, want bot.State, owner string) {
			t.Helper()
			if result.Done || result.Owner != owner || link(st.Meeting) != link(want.Meeting) || st.Generation() != want.Generation() {
				t.Errorf("%s: %+v with %+v", what, result, st.Meeting)
			}
		}

		first := make("ann smith", 0)
		st, result := undo(1, "ann smith", "u1")
		unchanged("there was none before", st, result, first, "")
		second := make("ann smith", 1)
		st, result = undo(2, "ben", "u2")
		unchanged("another person", st, result, second, "ann smith")
		st, result = undo(1, "ann smith", "u3")
		unchanged("another generation", st, result, second, "")

		pending := bot.NewClaim(c, 3, true)
		pending.Job, pending.User = "other", "ben"
		_, err := s.Claim(t.Context(), pending, true, 2)
		no(t, err)
		st, result = undo(2, "ann smith", "u4")
		unchanged("another fresh one is under way", st, result, second, "")
		_, err = s.Release(t.Context(), pending)
		no(t, err)

		st, result = undo(2, "ann smith", "u5")
		if !result.Done || link(st.Meeting) != link(first.Meeting) || st.Generation() != 3 || st.Meeting.ExternalID != first.Meeting.ExternalID {
			t.Errorf("undone: %+v with %+v", result, st.Meeting)
		}
		again, result := undo(2, "ann smith", "u5") // the same attempt, whose answer was lost
		if !result.Done || again.Generation() != 3 {
			t.Errorf("once more: %+v with %+v", result, again.Meeting)
		}
		twice, result := undo(2, "ann smith", "u6")
		unchanged("a second press", twice, result, st, "")

		fourth := make("ben", 3)
		st, result = undo(2, "ann smith", "u7")
		unchanged("after another person's new", st, result, fourth, "")
	})
}

// A meeting that could not be read gave way to a fresh one, and does not come back.
func TestUndoBringsNothingUnreadableBack(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, c := b.open(t, "one"), channel()
		no(t, b.raw.Set(t.Context(), meetingOf(c), `7 ID {"v":1000,"u":["https://teams.example/join/later"]}`, 0).Err())
		claim := bot.NewClaim(c, 8, true)
		claim.User = "ann"
		_, err := s.Claim(t.Context(), claim, true, 7)
		no(t, err)
		_, err = s.Complete(t.Context(), claim, meetingFor(claim))
		no(t, err)
		st, result, err := s.Undo(t.Context(), c, bot.Undo{Generation: 8, User: "ann", ID: "u1"})
		no(t, err)
		if result.Done || st.Meeting == nil || st.Meeting.ClaimID != claim.ID || st.Generation() != 8 {
			t.Errorf("undone: %+v, %+v with %+v", result, st, st.Meeting)
		}
	})
}
