package bot

import (
	"context"
	"crypto/rand"
	"strconv"
	"time"
)

// MeetingRequest is everything that Microsoft Graph is asked for when a meeting is made. It is recorded with the
// claim, so that every replica sends the same request.
type MeetingRequest struct {
	ExternalID string
	Subject    string
	Start      time.Time // zero: Graph takes the present
	End        time.Time // zero: an hour after the start; never without a start
	Attendees  []Attendee
}

// Attendee is somebody invited: an Entra object ID and the user principal name that belongs to it.
type Attendee struct {
	ID  string
	UPN string
}

// OnlineMeeting is what Graph answered: the truth about a meeting, whatever was asked for.
type OnlineMeeting struct {
	ID           string // Graph's own name for the meeting; opaque
	JoinURL      string
	Subject      string
	Created      time.Time
	Start, End   time.Time // zero if Graph does not say
	Expires      time.Time // when the link stops working, as Graph says; zero if it does not
	ChatThread   string    // the ID of the meeting's chat; empty if Graph does not say
	JoinID       string    // the number typed to join without the link
	Passcode     string    // empty when none is required
	TollNumber   string    // dial-in; empty without audio conferencing
	ConferenceID string    // typed after dialling in
}

// Organizer is the Entra user to whom a meeting belongs.
type Organizer struct {
	ID   string // Entra object ID
	Name string
}

// Claim is the settled intention to make one meeting for a conversation. Once recorded, any replica may carry it
// out, any number of times, with the same result.
type Claim struct {
	ID           string // random, never used again
	Job          string
	User         string // the chat user who asked
	Conversation Conversation
	Generation   int
	Organizer    Organizer
	Request      MeetingRequest
	Language     Language
	Zone         Zone        // of the asker; empty if it is not known
	Name         string      // of the asker; empty if it is not known
	Dated        bool        // the times of the request are a date that its asker has set
	Replaced     Replacement // why the meeting takes another one's place; zero if somebody asked for that
}

// Asker is the chat user who asked for the claim's meeting.
func (c Claim) Asker() Asker {
	return Asker{Platform: c.Conversation.Platform, Workspace: c.Conversation.Workspace, User: c.User}
}

// NewClaim prepares a claim of the given generation. The first meeting of a conversation has the conversation's
// own name as its external ID, so that it can be found again and traced; a fresh one (asked for with `new`) adds
// generation and claim ID, so that no earlier meeting can ever be passed off as new.
func NewClaim(c Conversation, generation int, fresh bool) Claim {
	claim := Claim{ID: rand.Text(), Conversation: c, Generation: generation}
	claim.Request.ExternalID = c.String()
	if fresh {
		claim.Request.ExternalID += "/" + strconv.Itoa(generation) + "/" + claim.ID
	}
	return claim
}

// Meeting is the meeting of a conversation, as everybody who asks there gets it.
type Meeting struct {
	OnlineMeeting
	ClaimID    string
	Generation int
	ExternalID string
	Organizer  Organizer
	Language   Language // of whoever made it: the language of cards for all
	Zone       Zone     // of whoever made it: of the times on cards for all; empty if it is not known
	StartedBy  Starter
	Dated      bool        // people have set its time; otherwise Start and End say when it was made or renewed
	DatedBy    string      // the chat user who set it
	Sequence   int         // how often its subject or its date has changed
	Quiet      bool        // somebody wants no reminder of its present date, for everybody
	Confirmed  time.Time   // when Graph was last asked about it, with or without success; zero: not since it was made
	Orphaned   bool        // the organizer is missing in Entra or disabled, so the link does not work
	Replaced   Replacement // why it took the place of the meeting before it, until the conversation was told
	// Withheld says that its card is for those who ask, each alone, until somebody shows it to everybody.
	Withheld bool
	ShownBy  string // names the job that showed it to everybody after that; empty if none did
	Todo     Todo   // what is still to be done about it, in the background
}

// Starter is the person who asked for a meeting, whoever organizes it.
type Starter struct {
	User string // chat user
	Name string // empty if it is not known
}

// Replacement says why a meeting took the place of the one before it, though nobody asked for that.
type Replacement struct {
	Why       Reason
	Organizer string // the name of the former organizer, where Why is ReasonOrphaned
}

// Reason is a reason for a new link. Its values stand in Redis.
type Reason string

// The reasons.
const (
	ReasonExpired  Reason = "expired"  // the earlier meeting had expired
	ReasonOrphaned Reason = "orphaned" // its organizer's account is no longer active
	ReasonLost     Reason = "lost"     // Graph has another meeting under the same external ID
)

// Todo is a set of things that are still to be done about a meeting. Each is done by a job of its own. Its values stand
// in Redis.
type Todo uint8

// The things to do.
const (
	TodoOptions  Todo = 1 << iota // the workspace's options have to be applied
	TodoCards                     // posted cards show what is no longer true
	TodoBookmark                  // the channel's bookmark has to be set
	TodoRemind                    // the reminder of the date has to be put into the schedule
)

// State is what a conversation holds after a store operation.
type State struct {
	Conversation Conversation // the one that is meant: a thread may belong to the conversation of its channel
	Meeting      *Meeting     // what everybody gets; nil if there is none
	Pending      *Claim       // the claim being carried out; nil if there is none
	// PendingAge is for how long the pending claim has stood, by the store's clock. Only Claim tells it.
	PendingAge  time.Duration
	MayAnnounce bool      // Announce: this request may show the card to everybody
	Identity    *Identity // what is remembered of the asker whose identity was read along; nil if nothing is
	// UnreadableGeneration is the generation of a meeting that is there and cannot be read; 0 if there is none such.
	UnreadableGeneration int
}

// Generation is the current meeting's generation; 0 without one.
func (s State) Generation() int {
	if s.Meeting == nil {
		return s.UnreadableGeneration
	}
	return s.Meeting.Generation
}

// AnnounceInterval is how long a card that was shown to everybody is given to further askers alone.
const AnnounceInterval = 30 * time.Second

// Conversations keeps which meeting each conversation has. Every method is atomic and safe to repeat.
//
// An error of code UnreadableRecord says that the meeting cannot be read, or, where there is none, the pending claim.
// The state returned with it holds everything else, and its Generation is right.
type Conversations interface {
	// Read returns what the conversation holds, and with it what is remembered of the asker; a zero asker is nobody. It
	// changes nothing.
	Read(ctx context.Context, c Conversation, asker Asker) (State, error)

	// Announce is Read for a request that is about to show the conversation's card. Where there is a meeting, and no
	// other request showed this generation of it to everybody in the last AnnounceInterval, this request takes that
	// right: State.MayAnnounce. A request that asks again keeps it.
	Announce(ctx context.Context, c Conversation, requestID string, asker Asker) (State, error)

	// LinkThread remembers that a thread under the message root of the channel belongs to the channel's conversation,
	// unless the thread has a meeting or a pending claim of its own.
	LinkThread(ctx context.Context, channel Conversation, root string) error

	// Claim records claim unless there is something better: a meeting (of another generation than seen, if fresh
	// is set), or a pending claim. The state returned holds what stands afterwards: if its Pending has claim's ID,
	// it was recorded. If the state's Conversation is another than the claim's, the thread turned out to belong to
	// its channel and nothing was recorded: claim again for that one. With fresh, a meeting and a pending claim that
	// cannot be read count as such, and give way.
	Claim(ctx context.Context, claim Claim, fresh bool, seen int) (State, error)

	// Complete makes m the meeting of the claim's conversation while the claim is still the pending one; otherwise
	// it changes nothing. The state returned is what stands afterwards: Meeting.ClaimID tells whose meeting it is.
	Complete(ctx context.Context, claim Claim, m Meeting) (State, error)

	// Undo makes the meeting before the current one the conversation's next generation, if the current one is of the
	// generation that is to be undone, took the place of that meeting within UndoInterval, for the same user, and no
	// claim is pending. Otherwise it changes nothing. The state returned is what stands afterwards.
	Undo(ctx context.Context, c Conversation, u Undo) (State, UndoResult, error)

	// ChangeMeeting lets change alter the current meeting if it is the one of this claim ID; otherwise it changes
	// nothing. change may run several times, and must not alter claim ID and generation. The state returned is what
	// stands afterwards.
	ChangeMeeting(ctx context.Context, c Conversation, claimID string, change func(*Meeting)) (State, error)

	// Release forgets the claim while it is still the pending one; otherwise it changes nothing.
	Release(ctx context.Context, claim Claim) (State, error)
}

// Meetings makes online meetings. Errors are of type *Error.
type Meetings interface {
	// CreateOrGet asks for the tenant's organizer's meeting with the request's external ID and tells whether it was
	// created by this call. It is safe to repeat.
	CreateOrGet(ctx context.Context, t Tenant, organizerID string, r MeetingRequest) (m OnlineMeeting, created bool,
		err error)

	// Meeting reads the organizer's meeting. MissingMeeting does not prove that it is gone.
	Meeting(ctx context.Context, t Tenant, organizerID, meetingID string) (OnlineMeeting, error)

	// ChangeMeeting changes the organizer's meeting, and returns it; what did not change may be left out. It is safe to
	// repeat.
	ChangeMeeting(ctx context.Context, t Tenant, organizerID, meetingID string, change MeetingChange) (OnlineMeeting,
		error)

	// Invite adds those attendees to the organizer's meeting who are not on its list yet; the others stay as they are.
	// It is safe to repeat. Of two calls for one meeting at the same moment, one may undo the other's.
	Invite(ctx context.Context, t Tenant, organizerID, meetingID string, attendees []Attendee) error
}
