package bot

import "time"

// step is what comes next on the way to a conversation's meeting.
type step int

const (
	stepUnknown     step = iota
	stepMoveChannel      // the thread belongs to its channel: claim for the channel
	stepCreate           // carry the pending claim out
	stepClaim            // claim, with what stands now
	stepGiveWay          // release the pending claim, then claim, with what stands now
	stepTryLater         // leave the claim pending, and attempt the job again later
	stepFallBack         // claim in the name of the service account
	stepForget           // forget who the asker was in Entra, then refuse
	stepRefuse           // tell the asker why not
	stepShowMade         // show the meeting: this job made it
	stepShowJoined       // show the meeting: somebody else made it
)

// String names the step for a test's output.
func (s step) String() string {
	return [...]string{"unknown", "move to the channel", "create", "claim", "give way", "try later", "fall back",
		"forget and refuse", "refuse",
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
	case state.Pending == nil && t.fresh && !satisfies(t, state):
		return stepClaim // the store lost generations, of which the asker saw the last
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

// mayGiveWay tells whether the pending claim may give way to one in the name of organizer: it is old, and the call of
// Graph for the other organizer may succeed where the one that the claim asks for fails.
func mayGiveWay(state State, organizer Organizer, after time.Duration) bool {
	return state.PendingAge >= after && state.Pending.Organizer.ID != organizer.ID
}

// untilGivingWay is after how long the pending claim may give way to one in the name of organizer; 0 if it never does.
func untilGivingWay(state State, organizer Organizer, after time.Duration) time.Duration {
	if state.Pending.Organizer.ID == organizer.ID {
		return 0
	}
	return after - state.PendingAge
}

// failedClaim is a pending claim whose call of Graph failed in passing.
type failedClaim struct {
	state     State         // what the claim left: the pending claim, and its age
	asker     Identity      // of the task
	organizer Organizer     // in whose name the task would claim
	after     time.Duration // from which age on a claim gives way
}

// afterPassingFault decides what follows for the task.
func afterPassingFault(f failedClaim, policy OrganizerPolicy) step {
	switch {
	case mayGiveWay(f.state, f.organizer, f.after):
		return stepGiveWay
	case f.state.PendingAge >= f.after && policy.fallsBack() && f.organizer.ID == f.asker.ID:
		return stepFallBack // the claim is in the asker's own name
	default:
		return stepTryLater
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
	case refusedForAttendees(r.claim, r.refusal):
		return stepClaim // without them
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

// refusedForAttendees tells whether the attendees of a claim may be the reason for its refusal. Nobody's meeting fails
// for whom it invites.
func refusedForAttendees(c Claim, refusal error) bool {
	return CodeOf(refusal) == BadRequest && len(c.Request.Attendees) > 0
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
