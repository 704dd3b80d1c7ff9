package bot

import (
	"context"
	"log/slog"
)

// setBookmark sets the bookmark of a channel to its lasting link. Nobody waits for the answer, so it has none.
type setBookmark struct{ inBackground }

// execute sets the bookmark and clears TodoBookmark. A refusal for good clears it too. If the link is replaced
// meanwhile, the bookmark is set again: either the bit is set after it was cleared here, or the token read last is the
// new one.
func (setBookmark) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, err := s.standing(ctx, t, Asker{})
	if err != nil {
		return result{}, err
	}
	m := state.Meeting
	if m == nil || m.Todo&TodoBookmark == 0 {
		return silent(OutcomeObsolete)
	}
	done := func(outcome Outcome) (result, error) {
		_, err := s.Conversations.ChangeMeeting(ctx, state.Conversation, m.ClaimID, func(m *Meeting) {
			m.Todo &^= TodoBookmark
		})
		return result{outcome: outcome, silent: true}, err
	}
	bookmarker := s.bookmarker(t.workspace, state.Conversation)
	if bookmarker == nil {
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
			return silent(OutcomeGaveUp)
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

// bookmarker is what sets the conversation's bookmark; nil if it is to have none. It is to have one if it is a
// channel's, its platform can do that, and an administrator has switched bookmarks and lasting links on.
func (s *Service) bookmarker(w Workspace, c Conversation) Bookmarker {
	if !w.Bookmarks || s.PublicURL == "" || c.Thread != "" {
		return nil
	}
	able, _ := s.Platforms[c.Platform].(Bookmarker)
	return able
}

// bookmarkOf is TodoBookmark if the conversation is to have a bookmark, and otherwise nothing to do.
func (s *Service) bookmarkOf(w Workspace, c Conversation) Todo {
	if s.bookmarker(w, c) == nil {
		return 0
	}
	return TodoBookmark
}

// wantBookmark notes that the conversation's bookmark has to be set, where it is to have one, and starts that.
func (s *Service) wantBookmark(ctx context.Context, t task, state State) error {
	if state.Meeting == nil || s.bookmarker(t.workspace, state.Conversation) == nil {
		return nil
	}
	state, err := s.Conversations.ChangeMeeting(ctx, state.Conversation, state.Meeting.ClaimID, func(m *Meeting) {
		m.Todo |= TodoBookmark
	})
	if err != nil {
		return err
	}
	s.tend(state, t.Job, t.ID)
	return nil
}

// missBookmark is wantBookmark for a conversation that has no bookmark yet: bookmarks were switched on after its
// meeting was made, or the platform refused one.
func (s *Service) missBookmark(ctx context.Context, t task, state State) error {
	if s.bookmarker(t.workspace, state.Conversation) == nil {
		return nil
	}
	id, err := s.Links.Bookmark(ctx, state.Conversation)
	if err != nil || id != "" {
		return err
	}
	return s.wantBookmark(ctx, t, state)
}
