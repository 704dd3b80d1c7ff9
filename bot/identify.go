package bot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// chatUser is somebody who is looked up, by a pace of calls to Graph. at is the route of the request that names them,
// with them as its user.
type chatUser struct {
	Asker
	at   Route
	pace pace
}

// identify finds out who the task's asker is in Entra. The error is a refusal, told in the language of the identity
// returned beside it, or a passing fault.
func (s *Service) identify(ctx context.Context, t task) (Identity, error) {
	id, err := s.remembered(ctx, t, chatUser{t.Asker, t.Route, s.graph.forCommand})
	if err == nil && id.Refusal != nil {
		return id, id.Refusal
	}
	return id, err
}

// remembered finds out who a chat user is in Entra, and whether they may make meetings, and remembers that. An error
// says nothing about them.
func (s *Service) remembered(ctx context.Context, t task, u chatUser) (Identity, error) {
	remembered, err := s.Identities.Identity(ctx, u.Asker)
	if err != nil {
		return Identity{}, err
	}
	s.Observer.Identity(remembered != nil)
	if remembered != nil {
		return *remembered, nil
	}
	id, err := s.lookUp(ctx, t, u, t.workspace.Askers)
	if err != nil {
		return id, err
	}
	keep := IdentityTTL
	if id.Refusal != nil {
		keep = RefusalTTL
	}
	return id, s.Identities.Remember(ctx, u.Asker, id, keep)
}

// lookUp asks the chat platform and the directory who a chat user is. A refusal by the policy, for what they are, is
// part of the identity returned; an error says nothing about them.
func (s *Service) lookUp(ctx context.Context, t task, u chatUser, policy AskerPolicy) (Identity, error) {
	platform, ok := s.Platforms[u.Platform]
	if !ok {
		return Identity{}, &Error{Code: Unavailable, Err: fmt.Errorf("platform %q is not configured", u.Platform)}
	}
	var profile Profile
	err := retryThrottled(ctx, t.slot, func() (err error) {
		profile, err = platform.Profile(ctx, u.Asker, u.at)
		return err
	})
	if err != nil {
		return Identity{}, err
	}
	id := Identity{Language: profile.Language, Zone: profile.Zone}
	if refusal := policy.admits(profile); refusal != nil {
		id.Refusal = refusal
		return id, nil
	}
	user, refusal, err := s.person(ctx, t, u.pace, profile, policy)
	if err != nil {
		return id, err
	}
	if refusal != nil {
		id.Refusal = refusal
		return id, nil
	}
	id.ID, id.UPN, id.Name = user.ID, user.UPN, user.Name
	return id, nil
}

// person finds the one Entra user that the profile belongs to, or why that user is refused.
func (s *Service) person(ctx context.Context, t task, at pace, p Profile, policy AskerPolicy) (DirectoryUser, *Error,
	error) {
	if p.EntraID == "" {
		found, err := s.graph.usersByEmail(ctx, t.slot, at, t.workspace.Tenant, p.Email, policy.Aliases)
		if err != nil {
			return DirectoryUser{}, nil, err
		}
		user, refusal := policy.matchUser(p.Email, found)
		return user, refusal, nil
	}
	user, err := s.graph.user(ctx, t.slot, at, t.workspace.Tenant, p.EntraID)
	if CodeOf(err) == NoSuchUser {
		return DirectoryUser{}, &Error{Code: OutsideWorkspace}, nil // the ID is proven, so it is another tenant's
	}
	if err != nil {
		return DirectoryUser{}, nil, err
	}
	return user, policy.admitsProvenUser(user), nil
}

// organizer is the user in whose name the asker's meeting is made, or tried first.
func (s *Service) organizer(ctx context.Context, t task, asker Identity) (Organizer, error) {
	if t.workspace.Organizers.Requester {
		return Organizer{ID: asker.ID, Name: asker.Name}, nil
	}
	return s.accounts.get(ctx, s.graph, t)
}

// serviceAccounts remembers who the service accounts are.
type serviceAccounts struct {
	mu       sync.Mutex
	accounts map[serviceAccountKey]serviceAccount
}

// serviceAccountKey is a service account as a configuration names it.
type serviceAccountKey struct {
	tenant  Tenant
	idOrUPN string
}

type serviceAccount struct {
	organizer Organizer
	until     time.Time
}

// get reads the service account of the task's workspace from the directory, at most once in IdentityTTL.
func (a *serviceAccounts) get(ctx context.Context, g *graph, t task) (Organizer, error) {
	key := serviceAccountKey{t.workspace.Tenant, t.workspace.Organizers.Service}
	a.mu.Lock()
	known := a.accounts[key]
	a.mu.Unlock()
	if time.Now().Before(known.until) {
		return known.organizer, nil
	}
	user, err := g.user(ctx, t.slot, g.forCommand, key.tenant, key.idOrUPN)
	switch {
	case CodeOf(err) == NoSuchUser:
		cause := fmt.Errorf("the account that ORGANIZER names is missing in Entra: %w", err)
		return Organizer{}, &Error{Code: ServiceAccount, Err: cause}
	case err != nil:
		return Organizer{}, err
	case !user.Enabled:
		cause := errors.New("the account that ORGANIZER names is disabled in Entra")
		return Organizer{}, &Error{Code: ServiceAccount, Err: cause}
	}
	known = serviceAccount{Organizer{ID: user.ID, Name: user.Name}, time.Now().Add(IdentityTTL)}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.accounts == nil {
		a.accounts = map[serviceAccountKey]serviceAccount{}
	}
	a.accounts[key] = known
	return known.organizer, nil
}
