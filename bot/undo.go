package bot

import (
	"context"
	"time"
)

// UndoInterval is how long the asker of a fresh meeting may take it back.
const UndoInterval = 10 * time.Minute

// Undo asks for the meeting before the current one.
type Undo struct {
	Generation int    // of the meeting to take back; it must be the current one
	User       string // who asks: the chat user for whom the meeting was made
	// of the generation that carries the earlier meeting, as a claim's ID names others; the same for every attempt
	ID string
}

// UndoResult is what came of an Undo. If the earlier meeting is the conversation's again, Done is true. Otherwise
// nothing was changed: Owner is the chat user who may undo, or empty if nobody may (any more).
type UndoResult struct {
	Done  bool
	Owner string
}

// undo gives the conversation its earlier meeting back, for the person who replaced it.
type undo struct{ byAttempt }

func (undo) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, undone, err := s.Conversations.Undo(ctx, t.Conversation, Undo{
		Generation: t.Generation, User: t.Asker.User, ID: shortHash(t.ID),
	})
	if err != nil {
		return result{}, err
	}
	if undone.Done {
		// In a large place, few have seen that the meeting was another one for a moment.
		return result{outcome: OutcomeUndone, show: true, restored: true, alone: s.withholds(ctx, t)}, nil
	}
	id, err := s.Identities.Identity(ctx, t.Asker)
	if err != nil {
		return result{}, err
	}
	lang := t.workspace.language(id, t.Language)
	switch {
	case undone.Owner != "":
		owner, err := s.Identities.Identity(ctx, Asker{Platform: t.Asker.Platform, Workspace: t.Asker.Workspace,
			User: undone.Owner})
		if err != nil {
			return result{}, err
		}
		return result{outcome: OutcomeNotUndone, reply: NotYoursReply(lang, owner)}, nil
	case state.Meeting == nil:
		return result{outcome: OutcomeNotUndone, reply: NoMeetingReply(lang)}, nil
	default:
		card := &Card{Meeting: *state.Meeting, TooLate: true, Of: state.Conversation, Chat: t.Route.Chat}
		return result{outcome: OutcomeNotUndone, reply: Reply{Audience: AudienceAsker, Language: lang, Card: card}}, nil
	}
}
