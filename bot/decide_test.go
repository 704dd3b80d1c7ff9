package bot

import (
	"testing"
	"time"
)

// What follows each step on the way to a meeting, for every case that decide.go tells apart.
func TestDecisions(t *testing.T) {
	channel := Conversation{Platform: "slack", Workspace: "T1", Channel: "C1"}
	thread := channel
	thread.Thread = "1.1"
	ann, ben, account := Organizer{ID: "ann"}, Organizer{ID: "ben"}, Organizer{ID: "service"}
	both := OrganizerPolicy{Requester: true, Service: "service@contoso.example"}
	requester := OrganizerPolicy{Requester: true}

	meet := task{Job: Job{ID: "job", Conversation: channel}}
	renew := task{Job: Job{ID: "job", Conversation: channel, Seen: 2}, fresh: true}
	inThread := task{Job: Job{ID: "job", Conversation: thread}}
	own := Claim{ID: "own", Job: "job", Organizer: ann}
	others := Claim{ID: "others", Job: "other job", Organizer: ben}
	meeting := func(generation int, claim string) *Meeting { return &Meeting{Generation: generation, ClaimID: claim} }
	in := func(m *Meeting, pending *Claim) State {
		return State{Conversation: channel, Meeting: m, Pending: pending}
	}
	refusal := func(code Code) error { return &Error{Code: code} }
	annAsks := func(claim Claim, code Code, state State) refusedClaim {
		return refusedClaim{claim: claim, refusal: refusal(code), state: state, asker: Identity{ID: "ann"}, organizer: ann}
	}

	annFails := func(organizer Organizer, pending Claim, age time.Duration) failedClaim {
		state := in(nil, &pending)
		state.PendingAge = age
		return failedClaim{state: state, asker: Identity{ID: "ann"}, organizer: organizer, after: 45 * time.Second}
	}
	accounts := OrganizerPolicy{Service: "service@contoso.example"}
	of := func(claim Claim, organizer Organizer) Claim {
		claim.Organizer = organizer
		return claim
	}
	inviting := func(claim Claim) Claim {
		claim.Request.Attendees = []Attendee{{ID: "ben"}}
		return claim
	}
	const young, old = 44 * time.Second, 45 * time.Second

	for name, tt := range map[string]struct{ got, want step }{
		"claim: recorded":                         {afterClaim(meet, in(nil, &own)), stepCreate},
		"claim: another one is pending":           {afterClaim(meet, in(nil, &others)), stepCreate},
		"claim: there is a meeting":               {afterClaim(meet, in(meeting(1, "x"), nil)), stepShowJoined},
		"claim: a meeting, and a fresh one comes": {afterClaim(meet, in(meeting(1, "x"), &others)), stepShowJoined},
		"claim: a fresh one":                      {afterClaim(renew, in(meeting(2, "x"), &own)), stepCreate},
		"claim: a fresh one was made meanwhile":   {afterClaim(renew, in(meeting(3, "x"), nil)), stepShowJoined},
		"claim: below what the asker saw":         {afterClaim(renew, in(meeting(1, "x"), nil)), stepClaim},
		"claim: below, and another is pending":    {afterClaim(renew, in(meeting(1, "x"), &others)), stepCreate},
		"claim: the thread is its channel's":      {afterClaim(inThread, in(nil, nil)), stepMoveChannel},

		"complete: made": {afterComplete(meet, own, true, in(meeting(1, "own"), nil)), stepShowMade},
		"complete: made for another asker's claim":  {afterComplete(meet, others, true, in(meeting(1, "others"), nil)), stepShowMade},
		"complete: it existed":                      {afterComplete(meet, own, false, in(meeting(1, "own"), nil)), stepShowJoined},
		"complete: another claim's meeting stands":  {afterComplete(meet, own, true, in(meeting(1, "x"), nil)), stepShowJoined},
		"complete: the claim was released":          {afterComplete(meet, own, true, in(nil, nil)), stepClaim},
		"complete: fresh, its answer was lost once": {afterComplete(renew, own, false, in(meeting(3, "own"), nil)), stepShowMade},
		"complete: fresh, of another job":           {afterComplete(renew, others, false, in(meeting(3, "others"), nil)), stepShowJoined},
		"complete: fresh, but what stands is old":   {afterComplete(renew, own, true, in(meeting(2, "x"), nil)), stepClaim},

		"fails: young, of another":           {afterPassingFault(annFails(ann, others, young), requester), stepTryLater},
		"fails: old, of another":             {afterPassingFault(annFails(ann, others, old), requester), stepGiveWay},
		"fails: old, of another, fallback":   {afterPassingFault(annFails(ann, others, old), both), stepGiveWay},
		"fails: old, in the same name":       {afterPassingFault(annFails(ann, of(others, ann), old), requester), stepTryLater},
		"fails: old, own":                    {afterPassingFault(annFails(ann, own, old), requester), stepTryLater},
		"fails: young, own, with a fallback": {afterPassingFault(annFails(ann, own, young), both), stepTryLater},
		"fails: old, own, with a fallback":   {afterPassingFault(annFails(ann, own, old), both), stepFallBack},
		"fails: old, the account's, of another, with a fallback": {
			afterPassingFault(annFails(ann, of(others, account), old), both), stepGiveWay},
		"fails: old, the account's own, with a fallback": {
			afterPassingFault(annFails(account, of(own, account), old), both), stepTryLater},
		"fails: old, the account's, which is everybody's": {
			afterPassingFault(annFails(account, of(others, account), old), accounts), stepTryLater},

		"refused: another asker had luck": {afterRefusal(meet, annAsks(own, NoPermission, in(meeting(1, "x"), nil)), both), stepClaim},
		"refused: another asker is at it, after another's refusal": {
			afterRefusal(meet, annAsks(others, NoPermission, in(nil, &own)), both), stepClaim},
		"refused: another asker is at it, after its own refusal": {
			afterRefusal(meet, annAsks(own, NoPermission, in(nil, &others)), both), stepRefuse},
		"refused: it concerns the other asker": {afterRefusal(meet, annAsks(others, NoAccessPolicy, in(nil, nil)), both), stepClaim},
		"refused: it concerns the app":         {afterRefusal(meet, annAsks(others, Credentials, in(nil, nil)), both), stepRefuse},
		"refused: too many, of the other":      {afterRefusal(meet, annAsks(others, TooMany, in(nil, nil)), both), stepClaim},
		"refused: perhaps for its attendees":   {afterRefusal(meet, annAsks(inviting(own), BadRequest, in(nil, nil)), both), stepClaim},
		"refused: not for its attendees":       {afterRefusal(meet, annAsks(inviting(own), NoPermission, in(nil, nil)), both), stepRefuse},
		"refused: no policy, with a fallback":  {afterRefusal(meet, annAsks(own, NoAccessPolicy, in(nil, nil)), both), stepFallBack},
		"refused: no policy, without":          {afterRefusal(meet, annAsks(own, NoAccessPolicy, in(nil, nil)), requester), stepRefuse},
		"refused: no policy, in another's name": {afterRefusal(meet, refusedClaim{
			claim: Claim{Job: "job", Organizer: account}, refusal: refusal(NoAccessPolicy), state: in(nil, nil),
			asker: Identity{ID: "ann"}, organizer: account,
		}, both), stepRefuse},
		"refused: Graph refuses the other asker": {
			afterRefusal(meet, annAsks(others, OrganizerRefused, in(nil, nil)), both), stepClaim},
		"refused: Graph refuses the organizer that both have": {afterRefusal(meet, refusedClaim{
			claim: Claim{Job: "other job", Organizer: account}, refusal: refusal(OrganizerRefused), state: in(nil, nil),
			asker: Identity{ID: "ann"}, organizer: account,
		}, both), stepRefuse},
		"refused: Graph refuses the asker, with a fallback": {
			afterRefusal(meet, annAsks(own, OrganizerRefused, in(nil, nil)), both), stepFallBack},
		"refused: Graph refuses the asker, without": {
			afterRefusal(meet, annAsks(own, OrganizerRefused, in(nil, nil)), requester), stepRefuse},
		"refused: the app may not, with a fallback": {
			afterRefusal(meet, annAsks(own, NoPermission, in(nil, nil)), both), stepRefuse},
		"refused: the asker is gone":   {afterRefusal(meet, annAsks(own, NoSuchUser, in(nil, nil)), both), stepForget},
		"refused: the request is bad":  {afterRefusal(meet, annAsks(own, BadRequest, in(nil, nil)), both), stepRefuse},
		"refused: fresh, old one left": {afterRefusal(renew, annAsks(own, BadRequest, in(meeting(2, "x"), nil)), both), stepRefuse},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", name, tt.got, tt.want)
		}
	}
}
