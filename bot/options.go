package bot

import "context"

// applyOptions applies the workspace's options to a new meeting. Whatever Graph makes of that, the meeting and its link
// stay.
type applyOptions struct{ inBackground }

func (applyOptions) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, err := s.standing(ctx, t, Asker{})
	if err != nil {
		return result{}, err
	}
	m := state.Meeting
	if m == nil || m.Generation != t.Generation || m.Todo&TodoOptions == 0 {
		return silent(OutcomeObsolete)
	}
	outcome := OutcomeConfigured
	if options := t.workspace.Options; options != (MeetingOptions{}) {
		change := MeetingChange{Options: options}
		_, err = s.graph.change(ctx, t.slot, s.graph.inBackground, t.workspace.Tenant, *m, change)
		refusal := refusalOf(err)
		switch {
		case err != nil && t.lease.age() >= s.Timing.GiveUp:
			return silent(OutcomeGaveUp) // the next use tries again
		case refusal != nil:
			s.noteRefusedUpkeep(ctx, t, refusal)
			outcome = OutcomeRefused(refusal.Code)
		case err != nil:
			return result{}, err
		}
	}
	_, err = s.Conversations.ChangeMeeting(ctx, t.Conversation, m.ClaimID, func(current *Meeting) {
		current.Todo &^= TodoOptions
	})
	if err != nil {
		return result{}, err
	}
	return silent(outcome)
}
