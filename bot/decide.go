package bot

// step is what comes next on the way to a conversation's meeting.
type step int

const (
	stepUnknown     step = iota
	stepMoveChannel      // the thread belongs to its channel: claim for the channel
	stepCreate           // carry the pending claim out
	stepClaim            // claim, with what stands now
	stepFallBack         // claim in the name of the service account
	stepForget           // forget who the asker was in Entra, then refuse
	stepRefuse           // tell the asker why not
	stepShowMade         // show the meeting: this job made it
	stepShowJoined       // show the meeting: somebody else made it
)

// String names the step for a test's output.
func (s step) String() string {
	return [...]string{"unknown", "move to the channel", "create", "claim", "fall back", "forget and refuse", "refuse",
		"show as made", "show as joined"}[s]
}

// satisfies tells whether the conversation's meeting is what the task asks for: any meeting, or, if it asks for a fresh
// one, a later generation than its asker saw.
func satisfies(t task, state State) bool {
	return state.Meeting != nil && (!t.fresh || state.Generation() > t.Seen)
}

// afterClaim decides what follows a claim of the task, whose result is state.
func afterClaim(t task, state State) step {
	switch {
	case state.Conversation != t.Conversation:
		return stepMoveChannel
	case state.Pending == nil, state.Meeting != nil && !t.fresh:
		return stepShowJoined
	default:
		return stepCreate
	}
}

// afterComplete decides what follows when the pending claim was carried out and completed, which left state. created
// tells whether this job's call made the meeting in Graph.
func afterComplete(t task, pending Claim, created bool, state State) step {
	switch {
	case !satisfies(t, state):
		return stepClaim // the claim was released meanwhile
	case state.Meeting.ClaimID == pending.ID && (created || t.fresh && pending.Job == t.ID):
		// Where an answer of Graph was lost, the next call finds the meeting. If this job asked for it as a fresh one,
		// it is new all the same.
		return stepShowMade
	default:
		return stepShowJoined
	}
}

// refusedClaim is a claim that was refused for good, and released.
type refusedClaim struct {
	claim     Claim
	refusal   error
	state     State     // what the release left
	asker     Identity  // of the task
	organizer Organizer // in whose name the task would claim
}

// afterRefusal decides what follows for the task.
func afterRefusal(t task, r refusedClaim, policy OrganizerPolicy) step {
	own := r.claim.Job == t.ID
	askersName := r.claim.Organizer.ID == r.asker.ID
	switch {
	case satisfies(t, r.state):
		return stepClaim // another asker had better luck
	case !own && r.state.Pending != nil:
		return stepClaim // another asker is at it. After a refusal of its own claim, a job does not follow others
	case !own && !appliesTo(r.refusal, r.claim, r.organizer):
		return stepClaim // the refusal concerns the other asker alone
	case askersName && policy.fallsBack() &&
		(CodeOf(r.refusal) == NoAccessPolicy || CodeOf(r.refusal) == OrganizerRefused):
		return stepFallBack
	case askersName && CodeOf(r.refusal) == NoSuchUser:
		return stepForget
	default:
		return stepRefuse
	}
}

// appliesTo tells whether the refusal of a claim would meet a claim in the name of organizer too: because it concerns
// the app, or because the organizer is the same.
func appliesTo(refusal error, of Claim, organizer Organizer) bool {
	switch CodeOf(refusal) {
	case NoPermission, Credentials:
		return true
	case NoAccessPolicy, OrganizerRefused, NoSuchUser:
		return of.Organizer.ID == organizer.ID
	default:
		return false
	}
}
