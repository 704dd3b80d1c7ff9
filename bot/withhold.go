package bot

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// In a place with more than ConfirmAbove people, the card of a new meeting is for those who ask, each alone, until
// somebody presses its button that shows it to everybody. The record of the meeting says so from its first moment, so a
// crash changes nothing about it, and a repeat needs no call. The press is a job, which notes in the record that it
// shows the meeting, and then posts the card: an attempt that breaks off in between is attempted again by the same job,
// which finds its own note.

// How long a new meeting waits to learn how many people are in its place, and how long it is remembered that nobody
// tells.
const (
	sizeWithin  = 1500 * time.Millisecond
	noSizeAgain = 30 * time.Second
)

// size is how many people are in a place, as far as it is known.
type size struct {
	people int
	known  bool
}

// withholds tells whether the card of a meeting that is made for the task now is for those who ask alone. A place whose
// size nobody tells counts as large: a card that is shown one press late disturbs nobody, and one that is shown to
// thousands cannot be taken back.
func (s *Service) withholds(ctx context.Context, t task) bool {
	most := t.workspace.ConfirmAbove
	if most <= 0 || t.Route.Alone {
		return false
	}
	key := t.Conversation.ChannelKey()
	found, remembered := s.placeSizes.get(key)
	if !remembered {
		ctx, cancel := context.WithTimeout(ctx, sizeWithin)
		defer cancel()
		people, err := s.placeSize(ctx, t, most)
		found = size{people, err == nil}
		keep := placesFor
		if err != nil {
			keep = noSizeAgain
			s.Log.WarnContext(ctx, "cannot see how many people are in a place; CONFIRM_ABOVE takes it for a large one",
				"request", t.Trace, "channel", t.Conversation.Channel, "error", err)
		}
		s.placeSizes.keep(key, found, keep)
	}
	return !found.known || found.people > most
}

// placeSize asks the platform how many people are in the task's place.
func (s *Service) placeSize(ctx context.Context, t task, most int) (int, error) {
	placer, ok := s.Platforms[t.Conversation.Platform].(Placer)
	if !ok {
		return 0, &Error{Code: Undeliverable, Err: errors.New("the platform tells nothing about places")}
	}
	return placer.PlaceSize(ctx, t.Conversation, t.Route, most+1)
}

// revealActions are the button that shows a withheld meeting to everybody.
func revealActions(m Meeting) []Action {
	return []Action{{ID: ActionReveal, Value: strconv.Itoa(m.Generation)}}
}

// reveal shows a withheld meeting to everybody. Of several who press, one does: the others get the card alone.
type reveal struct{ byAttempt }

func (reveal) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, err := s.Conversations.Read(ctx, t.location(), t.Asker)
	if err != nil {
		return result{}, err
	}
	lang := t.workspace.language(state.Identity, t.Language)
	own := shortHash(t.ID)
	if m := state.Meeting; m != nil && m.Generation == t.Generation && m.Alive(s.Clock()) {
		id := state.Identity
		state, err = s.Conversations.ChangeMeeting(ctx, state.Conversation, m.ClaimID, func(m *Meeting) {
			if m.Withheld {
				m.Withheld, m.ShownBy = false, own
			}
		})
		if err != nil {
			return result{}, err
		}
		state.Identity = id
	}
	switch m := state.Meeting; {
	case m == nil:
		return result{outcome: OutcomeKnown, reply: NoMeetingReply(lang)}, nil
	case !m.Alive(s.Clock()):
		return result{outcome: OutcomeKnown, reply: EndedReply(lang, *m)}, nil
	case m.Generation == t.Generation && m.ShownBy == own:
		return result{outcome: OutcomeRevealed, show: true, revealed: true}, nil
	default: // somebody else has shown it, or it is another one than the button's
		state.MayAnnounce = false
		return result{outcome: OutcomeKnown, reply: s.card(Command{Kind: Meet}, state, t.Route, lang, false)}, nil
	}
}
