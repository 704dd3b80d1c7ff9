package bot

import (
	"context"
	"log/slog"
)

// setBookmark sets the bookmark of a channel to its lasting link. Nobody waits for the answer, so it has none.
type setBookmark struct{}

func (setBookmark) announces() bool { return false }

func (setBookmark) answer(*Service, Intent, Route, *State, Language) (Reply, Outcome) {
	return Reply{}, ""
}

// execute sets the bookmark and clears TodoBookmark. A refusal for good clears it too. If the link is replaced
// meanwhile, the bookmark is set again: either the bit is set after it was cleared here, or the token read last is the
// new one.
func (setBookmark) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, err := s.Conversations.Read(ctx, t.Conversation, Asker{})
	if CodeOf(err) == UnreadableRecord { // there is nobody to be told
		s.noteUnreadable(ctx, t, err)
		return result{outcome: OutcomeObsolete, silent: true}, nil
	}
	if err != nil {
		return result{}, err
	}
	m := state.Meeting
	if m == nil || m.Todo&TodoBookmark == 0 {
		return result{outcome: OutcomeObsolete, silent: true}, nil
	}
	done := func(outcome Outcome) (result, error) {
		_, err := s.Conversations.ChangeMeeting(ctx, state.Conversation, m.ClaimID, func(m *Meeting) {
			m.Todo &^= TodoBookmark
		})
		return result{outcome: outcome, silent: true}, err
	}
	bookmarker, ok := s.Platforms[t.Conversation.Platform].(Bookmarker)
	if !ok || !s.bookmarks(t.workspace, state.Conversation) {
		return done(OutcomeObsolete)
	}
	title := s.Catalog.PlainText(m.Language, Card{}.JoinLabel())
	token, err := s.Links.Link(ctx, state.Conversation, newLinkToken(), "")
	if err != nil {
		return result{}, err
	}
	for {
		id, err := s.Links.Bookmark(ctx, state.Conversation)
		if err != nil {
			return result{}, err
		}
		set, err := bookmarker.SetBookmark(ctx, state.Conversation, id, title, s.linkURL(token))
		switch {
		case err != nil && t.lease.age() >= s.Timing.GiveUp: // the next use of the conversation finds the bit
			s.noteBookmark(ctx, t, err)
			return result{outcome: OutcomeGaveUp, silent: true}, nil
		case Temporary(err), CodeOf(err) == ChatCredentials: // an administrator may mend that meanwhile
			return result{}, err
		case err != nil:
			s.noteBookmark(ctx, t, err)
			return done(OutcomeRefused(CodeOf(err)))
		}
		if set != id {
			if err := s.Links.SetBookmark(ctx, state.Conversation, set); err != nil {
				return result{}, err
			}
		}
		marked, err := done(OutcomeBookmarked)
		if err != nil {
			return marked, err
		}
		now, err := s.Links.Link(ctx, state.Conversation, newLinkToken(), "")
		if err != nil || now == token {
			return marked, err
		}
		token = now
	}
}

// noteBookmark tells the operator that a bookmark was not set. Nobody else needs to know: the link works without it.
func (s *Service) noteBookmark(ctx context.Context, t task, err error) {
	s.Log.LogAttrs(ctx, slog.LevelInfo, "the channel's bookmark was not set", slog.String("request", t.Trace),
		slog.String("channel", t.Conversation.Channel), slog.Any("cause", err))
}

// bookmarks tells whether this conversation is to have a bookmark: it is a channel's, and an administrator has switched
// bookmarks and lasting links on.
func (s *Service) bookmarks(w Workspace, c Conversation) bool {
	return w.Bookmarks && s.PublicURL != "" && c.Thread == ""
}

// wantBookmark notes that the conversation's bookmark has to be set, where it is to have one.
func (s *Service) wantBookmark(ctx context.Context, w Workspace, state State) error {
	if state.Meeting == nil || !s.bookmarks(w, state.Conversation) {
		return nil
	}
	_, err := s.Conversations.ChangeMeeting(ctx, state.Conversation, state.Meeting.ClaimID, func(m *Meeting) {
		m.Todo |= TodoBookmark
	})
	return err
}
