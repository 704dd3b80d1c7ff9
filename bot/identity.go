package bot

import (
	"cmp"
	"context"
	"time"
)

// Asker is a chat user, as a verified request names them.
type Asker struct {
	Platform  string
	Workspace string
	User      string
}

// DirectoryUser is a user of the Entra tenant.
type DirectoryUser struct {
	ID      string // object ID
	UPN     string // user principal name
	Mail    string // primary e-mail; empty for an account without one
	Name    string
	Guest   bool
	Enabled bool
}

// Directory finds users of the Entra tenant. Errors are of type *Error; a user that is not there is NoSuchUser.
type Directory interface {
	// User reads one user by object ID or user principal name.
	User(ctx context.Context, t Tenant, idOrUPN string) (DirectoryUser, error)
	// UsersByEmail finds every distinct user whose user principal name or primary e-mail is this one, in any case of
	// letters; with aliases, also those who have it as one of their other addresses.
	UsersByEmail(ctx context.Context, t Tenant, email string, aliases bool) ([]DirectoryUser, error)
}

// Identity is what is remembered of a chat user: either who they are in Entra, or why they are refused.
type Identity struct {
	ID       string   `json:"id,omitempty"`  // Entra object ID; empty if refused
	UPN      string   `json:"upn,omitempty"` // user principal name; empty if it was not remembered
	Name     string   `json:"name,omitempty"`
	Language Language `json:"language,omitempty"`
	Zone     Zone     `json:"zone,omitempty"`
	Refusal  *Error   `json:"refusal,omitempty"`
}

// zone is the asker's: the one that came with the request, or else what is remembered of them.
func (id *Identity) zone(told Zone) Zone {
	if id == nil {
		return told
	}
	return cmp.Or(told, id.Zone)
}

// How long an identity is remembered: long for somebody known, short for somebody refused, so that a mended
// account works soon.
const (
	IdentityTTL = time.Hour
	RefusalTTL  = time.Minute
)

// Identities remembers who chat users are.
type Identities interface {
	// Identity returns nil if nothing is remembered.
	Identity(ctx context.Context, a Asker) (*Identity, error)
	// Remember keeps id for the given time; 0 forgets whoever was remembered.
	Remember(ctx context.Context, a Asker, id Identity, keep time.Duration) error
}
