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

// satisfies tells whether the conversation's meeting is what the job asks for: any meeting, or for a fresh one a later
// generation than its asker saw.
func satisfies(j Job, state State) bool {
	return state.Meeting != nil && (!j.fresh() || state.Generation() > j.Seen)
}

// afterClaim decides what follows a claim of the job, whose result is state.
func afterClaim(j Job, state State) step {
	switch {
	case state.Conversation != j.Conversation:
		return stepMoveChannel
	case state.Pending == nil, state.Meeting != nil && !j.fresh():
		return stepShowJoined
	default:
		return stepCreate
	}
}

// afterComplete decides what follows when the pending claim was carried out and completed, which left state. created
// tells whether this job's call made the meeting in Graph.
func afterComplete(j Job, pending Claim, created bool, state State) step {
	switch {
	case !satisfies(j, state):
		return stepClaim // the claim was released meanwhile
	case state.Meeting.ClaimID == pending.ID && (created || j.fresh() && pending.Job == j.ID):
		// Where an answer of Graph was lost, the next call finds the meeting. If this job asked for it as a fresh one, it
		// is new all the same.
		return stepShowMade
	default:
		return stepShowJoined
	}
}

// refused is a claim that was refused for good, and released.
type refusedClaim struct {
	claim     Claim
	refusal   error
	state     State     // what the release left
	asker     Identity  // of the job
	organizer Organizer // in whose name the job would claim
}

// afterRefusal decides what follows for the job.
func afterRefusal(j Job, r refusedClaim, policy OrganizerPolicy) step {
	own := r.claim.Job == j.ID
	askersName := r.claim.Organizer.ID == r.asker.ID
	switch {
	case satisfies(j, r.state):
		return stepClaim // another asker had better luck
	case !own && r.state.Pending != nil:
		return stepClaim // another asker is at it. After a refusal of its own claim, a job does not follow others
	case !own && !appliesTo(r.refusal, r.claim, r.organizer):
		return stepClaim // the refusal concerns the other asker alone
	case askersName && CodeOf(r.refusal) == NoAccessPolicy && policy.fallsBack():
		return stepFallBack
	case askersName && CodeOf(r.refusal) == NoSuchUser:
		return stepForget
	default:
		return stepRefuse
	}
}

// appliesTo tells whether the refusal of a claim would meet a claim in the name of organizer too: because it concerns the
// app, or because the organizer is the same.
func appliesTo(refusal error, of Claim, organizer Organizer) bool {
	switch CodeOf(refusal) {
	case NoPermission, Credentials:
		return true
	case NoAccessPolicy, NoSuchUser:
		return of.Organizer.ID == organizer.ID
	default:
		return false
	}
}
