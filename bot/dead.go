package bot

import "context"

// revive finds out whether a meeting that counts as dead is alive after all: its organizer is back, or a call in Teams
// or an update has extended its life. One of the service account's is renewed first. An error is a passing fault.
func (s *Service) revive(ctx context.Context, t task, m Meeting) (alive bool, err error) {
	tenant, at, recorded := t.workspace.Tenant, s.graph.forCommand, m
	gone, err := s.graph.organizerGone(ctx, t.slot, at, tenant, m)
	if Temporary(err) {
		return false, err
	}
	if gone || m.ID == "" {
		return false, s.noteDead(ctx, t, m, gone)
	}
	found, err := s.graph.meeting(ctx, t.slot, at, tenant, m)
	switch {
	case Temporary(err):
		return false, err
	case err != nil: // it is not there, or the app may not look: what is recorded counts
		m.Orphaned = false
		if CodeOf(err) == MissingMeeting || !m.Alive(s.Clock()) {
			return false, nil
		}
		found = m.OnlineMeeting
	}
	now, wasRenewed := s.Clock(), false
	next := m.refreshed(found, now, false)
	if !next.Alive(now) && s.isServiceAccount(ctx, t, m.Organizer) {
		renewed, err := s.renew(ctx, t, next, at)
		if Temporary(err) {
			return false, err
		}
		// Whether an update brings an expired link back is not documented, so Graph has to say it.
		if err == nil && renewed.Expires.After(now) && s.saysAlive(ctx, t, renewed) {
			next, wasRenewed = renewed, true
		}
	}
	if !next.Alive(now) {
		return false, nil
	}
	state, err := s.recordFound(ctx, t, recorded, next, wasRenewed)
	return err == nil && state.Meeting != nil && state.Meeting.Alive(now), err
}

// saysAlive asks Graph for a time of expiry that lies ahead.
func (s *Service) saysAlive(ctx context.Context, t task, m Meeting) bool {
	found, err := s.graph.meeting(ctx, t.slot, s.graph.forCommand, t.workspace.Tenant, m)
	return err == nil && found.Expires.After(s.Clock())
}

// noteDead records that the organizer is gone, if that is news.
func (s *Service) noteDead(ctx context.Context, t task, m Meeting, gone bool) error {
	if !gone || m.Orphaned {
		return nil
	}
	_, err := s.Conversations.ChangeMeeting(ctx, t.Conversation, m.ClaimID, func(current *Meeting) {
		current.Orphaned = true
	})
	return err
}

// isServiceAccount tells whether the organizer is the workspace's service account.
func (s *Service) isServiceAccount(ctx context.Context, t task, o Organizer) bool {
	if t.workspace.Organizers.Service == "" {
		return false
	}
	account, err := s.accounts.get(ctx, s.graph, t)
	return err == nil && account.ID == o.ID
}

// replaceDead makes the next generation for the task's asker, in the place of a meeting that is dead.
func (s *Service) replaceDead(ctx context.Context, t task, dead Meeting) (result, error) {
	t = t.inPlaceOf(dead)
	asker, err := s.identify(ctx, t)
	asker.Language = t.workspace.language(&asker, t.Language)
	if err != nil {
		return s.refuse(ctx, t, asker.Language, err, Organizer{})
	}
	return s.ensureMeeting(ctx, t, asker)
}

// inPlaceOf is the task as one for a fresh meeting, which takes the place of a dead one, and its name.
func (t task) inPlaceOf(dead Meeting) task {
	t.fresh, t.Seen, t.replaces = true, dead.Generation, Replacement{Why: ReasonExpired}
	if t.Command.Subject == "" && t.Command.Line == "" {
		t.Command.Subject = dead.Subject
	}
	if dead.Orphaned {
		t.replaces = Replacement{Why: ReasonOrphaned, Organizer: dead.Organizer.Name}
	}
	return t
}
