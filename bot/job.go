package bot

import (
	"context"
	"errors"
	"time"
)

// JobKind says what a job is for, and so what its payload is. Its values stand in Redis.
type JobKind string

// The kinds of job that this release knows. A job of any other kind belongs to a later release: it stays in the queue.
const (
	JobCommand JobKind = "command" // a command of the table; the payload is Intent.Command
	JobUnclear JobKind = "unclear" // a near miss of a subcommand, asked back about; the payload is the whole Intent
	JobWelcome JobKind = "welcome" // the bot was brought into the conversation; no payload
	// JobAdvice is a word for something that the bot does not do, which gets a sentence; the payload is the whole
	// Intent.
	JobAdvice JobKind = "advice"
	// JobOffer is a mention with other words than a command: where there is no meeting, one is offered; the payload is
	// Intent.Command.
	JobOffer JobKind = "offer"
	// JobCard is the press of a button that shows more of a card's meeting; the payload is Intent.Action and
	// Intent.Generation.
	JobCard JobKind = "card"
	JobUndo JobKind = "undo" // the press of an Undo button; the payload is Intent.Generation
	// JobReveal is the press of the button that shows a meeting to everybody; the payload is Intent.Generation.
	JobReveal JobKind = "reveal"
	// JobRelink is the press of the button that replaces a lasting link; the payload is Intent.Link.
	JobRelink JobKind = "relink"

	// JobRedate is the press of a button that confirms a change of the date; the payload is Intent.Redate.
	JobRedate JobKind = "redate"

	JobQuiet JobKind = "quiet" // the press of a button against the reminder of a date; the payload is Intent.Redate

	// The jobs below are nobody's command. Their payload is Intent.Generation.

	// JobConfirm asks Graph about the conversation's meeting, and renews it. If an asker's `meet` started it, it
	// carries that command: if the link turns out not to work, the asker gets another one.
	JobConfirm JobKind = "confirm"
	JobOptions JobKind = "options" // applies the workspace's options to a new meeting
	JobCards   JobKind = "cards"   // changes posted cards that show what is no longer true
	// JobInvite invites those whom a command names. Its asker is the command's; the payload is Intent.Generation, and
	// the mentions in Intent.Command.Line.
	JobInvite JobKind = "invite"
	// JobTell sends somebody who was invited the card as a direct message. They are its asker; the payload is
	// Intent.Generation, and the name of the person who invites as Intent.Command.Subject.
	JobTell JobKind = "tell"
	// JobBookmark sets the bookmark of a channel to its lasting link.
	JobBookmark JobKind = "bookmark"
	JobRemind   JobKind = "remind" // posts the reminder of a date; the payload is Intent.Redate, too
)

// RequestsKnownFor is how long the ID of an accepted request is remembered at least: longer than any platform repeats a
// request, and than any job is tried.
const RequestsKnownFor = time.Hour

// Job is an accepted intent: everything that any replica needs to finish it.
type Job struct {
	Intent
	ID           string // the request's own: a message, or the hash of a command's signature
	Alias        string // see Request.Alias; it counts while the job is accepted, and is not kept
	Conversation Conversation
	Asker        Asker
	Seen         int      // the generation that the asker saw
	Language     Language // the asker's, where it is known
	Zone         Zone     // the asker's, where it is known
	Topic        string   // the channel's name where it is known and public
	Route        Route
	Accepted     time.Time
	Trace        string // the request ID that log lines carry
}

// location is where the answer is read. Who saw a card is a matter of the place: one in a thread was not seen in the
// channel, though both may be the same conversation.
func (j Job) location() Conversation {
	where := j.Conversation
	where.Thread = j.Route.Thread
	return where
}

// referenceLength is how many characters of a trace tell requests apart for a person who quotes them.
const referenceLength = 8

// Reference is what the asker can quote to an administrator, who finds the request in the log by it: the beginning of
// the trace. It is empty for a job without a trace.
func (j Job) Reference() string { return j.Trace[:min(len(j.Trace), referenceLength)] }

// Route says where an answer can go. Platforms fill in what they have.
type Route struct {
	Channel string
	Thread  string // answer inside this thread
	User    string
	Team    string // the ID of what the channel belongs to, on platforms whose channels belong to something
	Service string // the platform's endpoint, where it differs from one request to the next
	Message string // the message to answer, where an answer names it
	Private bool   // the request is the press of a button in a message that only the asker sees
	Alone   bool   // nobody but the asker reads the conversation
	Root    bool   // an answer to everybody begins a thread of its own
	Chat    bool   // no channel but a direct conversation or a group's: without a name, and its threads have no meeting
	// ResponseURL is a URL to which anybody who knows it may post (Slack's response_url). It is a secret: it goes to
	// no log and no dead letter.
	ResponseURL string
}

// Lease is a job that this replica may work on now.
type Lease struct {
	Job     Job
	Entry   string // the queue's own name for it
	Attempt int    // how often it has been handed out, this time included
	// Reclaimed tells whether the job was handed over, rather than accepted here.
	Reclaimed bool
	// Broken is how many attempts at a reclaimed job began before this one and have not ended: they panicked, their
	// process ended, or they are still under way somewhere.
	Broken int
	Age    time.Duration // how old the job was when the lease was given, by the queue's clock
	Given  time.Time     // when that was, by the clock of this process
	// mayBeSent says that an earlier attempt under this lease sent an answer that may have arrived.
	mayBeSent bool
	// tried says that an earlier attempt under this lease ended without an answer.
	tried bool
}

// again tells whether there was an attempt at the job before.
func (l Lease) again() bool { return l.tried || l.Attempt > 1 }

// age is how old the job is now. It compares no clocks of different machines.
func (l Lease) age() time.Duration { return l.Age + time.Since(l.Given) }

// DeadLetter is a job whose answer reached nobody.
type DeadLetter struct {
	Entry  string
	Job    Job // without its Route.ResponseURL
	Reason string
	At     time.Time
}

// Depth is how many jobs are in which state.
type Depth struct {
	Waiting     int           // accepted and not done, those being worked on included
	DeadLetters int           // dead letters
	Oldest      time.Duration // age of the oldest job that is not done; 0 without any
}

// ErrDuplicate says that a request with this ID was accepted before.
var ErrDuplicate = errors.New("request was accepted before")

// ErrNotOwner says that a job is done, or belongs to another replica by now.
var ErrNotOwner = errors.New("job belongs to another replica or is done")

// MaxUnfinished is how many jobs of one asker may be unfinished at a time, on all replicas together.
const MaxUnfinished = 30

// BusyError says that a request was not accepted: its asker waits for MaxUnfinished jobs.
type BusyError struct {
	First bool // nobody was told so in the last minute
}

func (BusyError) Error() string { return "asker waits for too many jobs" }

// Queue keeps accepted jobs until they are done, across replicas and crashes.
type Queue interface {
	// Accept stores the job and hands it to this replica in one step. It returns ErrDuplicate if a job with the same ID
	// or alias was accepted before, or a BusyError.
	Accept(ctx context.Context, j Job) (Lease, error)
	// Keep makes the time after which others may reclaim the job begin anew. It returns ErrNotOwner if the job is done,
	// or was handed out again since.
	Keep(ctx context.Context, l Lease) error
	// Reclaim hands over up to limit jobs that nobody has worked on for longer than an attempt may take. It asks want
	// about each first, with the job and Broken alone; what is not wanted stays for others, who find it no later for
	// that.
	Reclaim(ctx context.Context, limit int, want func(Lease) bool) ([]Lease, error)
	// GiveBack must be called when an attempt ends in order and without an answer, unless the job is another's by now.
	// With now, any replica finds the job at its next look; otherwise after the time that an attempt may take.
	GiveBack(ctx context.Context, l Lease, now bool) error
	// BeginSend must be called right before an answer is sent. It returns ErrNotOwner if the answer is no longer this
	// replica's to give, and tells whether an earlier attempt reached this point too, so that the answer may be the
	// second one.
	BeginSend(ctx context.Context, l Lease) (again bool, err error)
	// AbortSend takes Sending back: it is certain that the attempt's answer reached nobody.
	AbortSend(ctx context.Context, l Lease) error
	// Done forgets the job, and remembers that its request was answered.
	Done(ctx context.Context, l Lease) error
	// MoveToDeadLetters moves the job to the dead letters, without its secrets.
	MoveToDeadLetters(ctx context.Context, l Lease, reason string) error
	Throttles
}
