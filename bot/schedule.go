package bot

import (
	"context"
	"errors"
	"time"
)

// DueKind says what a conversation is due for. Its values stand in Redis.
type DueKind string

// What there is to do.
const (
	DueConfirm DueKind = "confirm" // to confirm the conversation's meeting, and to renew it
	DueRemind  DueKind = "remind"  // to remind the conversation of the date of its meeting
)

// Due is something that is to be done about a conversation at a time.
type Due struct {
	Kind         DueKind
	Conversation Conversation
	At           time.Time // kept to the millisecond
}

// DueLease is for how long nobody else gets what TakeDue returned.
const DueLease = 5 * time.Minute

// Schedule keeps what is due when, for all replicas. Every method is atomic and safe to repeat.
type Schedule interface {
	// SetDue sets the time. A conversation has one for each kind, the last that was set.
	SetDue(ctx context.Context, d Due) error
	// TakeDue returns up to limit of those kinds whose time has come by now, the oldest first, and puts each off by
	// DueLease. At of each is the time that it was put off to, the end of the lease. Who took something calls DropDue
	// or SetDue when it is done. Other kinds are left alone. With an error, what was taken before is returned, too.
	TakeDue(ctx context.Context, kinds []DueKind, now time.Time, limit int) ([]Due, error)
	// DropDue forgets what TakeDue returned, if its time is still At. Otherwise another time was set since, or it was
	// taken again after the lease: then DropDue changes nothing.
	DropDue(ctx context.Context, d Due) error
}

// Links keeps the lasting links of conversations: each is a random token, of which a conversation has one at most.
type Links interface {
	// Link returns the conversation's token. If it has none, or if it is the one named by replaces, that becomes
	// proposed. Every earlier token leads nowhere then. A proposed token must be random, and proposed for no other
	// conversation.
	Link(ctx context.Context, c Conversation, proposed, replaces string) (token string, err error)
	// Follow returns what the conversation of a token holds, and ErrNoLink if the token is no conversation's, or none
	// any more.
	Follow(ctx context.Context, token string) (State, error)
	// Token returns the conversation's token; empty if it has none. It changes nothing.
	Token(ctx context.Context, c Conversation) (string, error)
	// Bookmark returns the platform's ID of the bookmark that holds the conversation's link; empty if there is none.
	Bookmark(ctx context.Context, c Conversation) (string, error)
	// SetBookmark remembers the ID of the bookmark; an empty one forgets it.
	SetBookmark(ctx context.Context, c Conversation, id string) error
}

// ErrNoLink says that a token belongs to no conversation.
var ErrNoLink = errors.New("no conversation has this token")
