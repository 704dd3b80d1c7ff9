package bot

import (
	"strings"
	"time"
)

// Outcome says how a command ended, for the operator: in logs and as a label of metrics. A refusal's outcome is made
// from its code by [OutcomeRefused].
type Outcome string

// The outcomes.
const (
	OutcomeKnown        Outcome = "known"        // answered from what the conversation already had
	OutcomeWords        Outcome = "words"        // answered with words alone: help, a question, a greeting
	OutcomeMade         Outcome = "made"         // this command made the meeting
	OutcomeJoined       Outcome = "joined"       // another command made the meeting meanwhile
	OutcomeAcknowledged Outcome = "acknowledged" // accepted; the answer follows, and is counted on its own
	OutcomeDuplicate    Outcome = "duplicate"    // the same request was accepted before
	OutcomeUnreachable  Outcome = "unreachable"  // Redis did not answer, so nothing was accepted
	OutcomeUndone       Outcome = "undone"       // the earlier meeting is the conversation's again
	OutcomeNotUndone    Outcome = "not_undone"   // an Undo that came too late, or from another person
	OutcomeRenamed      Outcome = "renamed"      // the meeting has another subject
	OutcomeRedated      Outcome = "redated"      // the meeting has another date, or none any more
	OutcomeQuieted      Outcome = "quieted"      // there will be no reminder of the meeting's date
	OutcomeRevealed     Outcome = "revealed"     // a withheld meeting was shown to everybody
	OutcomeRelinked     Outcome = "relinked"     // the conversation has another lasting link
	OutcomeExamined     Outcome = "examined"     // an administrator was told what is wrong with the bot
	OutcomeGaveUp       Outcome = "gave_up"      // tried for Timing.GiveUp in vain
	OutcomeBroken       Outcome = "broken"       // attempts broke off so often that it is not tried again

	// Of jobs that are nobody's command.
	OutcomeObsolete   Outcome = "obsolete"   // there is nothing to do any more
	OutcomeConfirmed  Outcome = "confirmed"  // Graph has the meeting, and it is not to be renewed yet
	OutcomeRenewed    Outcome = "renewed"    // Graph has the meeting, and its life was extended
	OutcomeOrphaned   Outcome = "orphaned"   // the organizer is missing or disabled
	OutcomeAdopted    Outcome = "adopted"    // Graph has another meeting, which is the conversation's now
	OutcomeConfigured Outcome = "configured" // the options of a new meeting were applied
	OutcomeUpdated    Outcome = "updated"    // posted cards show what is true
	OutcomeInvited    Outcome = "invited"    // the people whom a command names were invited
	OutcomeTold       Outcome = "told"       // somebody got an invitation as a direct message
	OutcomeBookmarked Outcome = "bookmarked" // the channel's bookmark was set
	OutcomeReminded   Outcome = "reminded"   // the reminder of a date was posted
)

// OutcomeRefused is the outcome of a command that was refused for good, by the refusal's code.
func OutcomeRefused(c Code) Outcome { return Outcome("refused_" + string(c)) }

// Refusal is the code of a refusal's outcome; false for any other outcome.
func (o Outcome) Refusal() (Code, bool) {
	code, ok := strings.CutPrefix(string(o), "refused_")
	return Code(code), ok
}

// Observer is told what happens, for the operator's figures.
type Observer interface {
	// Command is called when a command got its answer, or was acknowledged, with the time since it was received. intent
	// is the command's or the job's [Intent.Label].
	Command(platform, intent string, outcome Outcome, took time.Duration)
	// Identity is called when somebody's identity was needed: from memory, or looked up.
	Identity(remembered bool)
	// PossibleDuplicate is called before an answer that may be the second one to the same command.
	PossibleDuplicate()
	// DeadLettered is called when an answer reached nobody.
	DeadLettered()
	// GaveWay is called when a claim that failed in passing was released for another organizer's. A meeting that Graph
	// made for it without an answer is an orphan.
	GaveWay()
	// UnreadableRecord is called when an attempt finds a record of the conversation that cannot be read.
	UnreadableRecord()
}
