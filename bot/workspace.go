package bot

import (
	"cmp"
	"fmt"
)

// Tenant is an Entra tenant, with the app through which its meetings are made. It comes with every call to Graph and to
// the directory.
type Tenant struct {
	ID       string // the tenant's GUID, or one of its domains
	ClientID string // of the Entra app, which an administrator must type
}

// Workspace is how one workspace of a chat platform is served.
type Workspace struct {
	Tenant     Tenant
	Organizers OrganizerPolicy
	Askers     AskerPolicy
	Places     PlacePolicy
	// ConfirmAbove is how many people may be in a place where the card of a new meeting is for everybody at once; 0:
	// any number.
	ConfirmAbove int
	// OrganizersGroup is the object ID of the group whose members meetings are made for; empty for everybody.
	OrganizersGroup string
	Limits          Limits
	Options         MeetingOptions // of new meetings
	Language        Language       // where nothing better is known
	// Administrators of the bot, who may ask what is wrong with it: object IDs, user principal names or primary e-mail
	// addresses in the tenant.
	Administrators []string
	Bookmarks      bool // channels have a bookmark with their lasting link, on platforms that can
}

// language is the asker's: what their platform remembers of them, or else what came with the request, or else the
// workspace's.
func (w Workspace) language(id *Identity, told Language) Language {
	if id != nil {
		told = cmp.Or(id.Language, told)
	}
	return cmp.Or(told, w.Language)
}

// Workspaces knows the workspaces that are served.
type Workspaces interface {
	// Get returns how a workspace of a platform is served. The error says that it is not served.
	Get(platform, workspace string) (Workspace, error)
}

// OneWorkspace serves every workspace in the same way. The front-ends admit only the workspace that they are installed
// in.
type OneWorkspace Workspace

// Get returns the one entry.
func (w OneWorkspace) Get(string, string) (Workspace, error) { return Workspace(w), nil }

// workspace is how the workspace of a job or a request is served. Its error is Unavailable: the job is for a replica
// that serves it.
func (s *Service) workspace(c Conversation) (Workspace, error) {
	w, err := s.Workspaces.Get(c.Platform, c.Workspace)
	if err != nil {
		return Workspace{}, &Error{Code: Unavailable,
			Err: fmt.Errorf("workspace %s of %s: %w", c.Workspace, c.Platform, err)}
	}
	return w, nil
}
