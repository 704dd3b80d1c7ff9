package bot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// identify finds out who the asker is in Entra. The error is a refusal, told in the language of the identity
// returned beside it, or a passing fault.
func (s *Service) identify(ctx context.Context, a Asker) (Identity, error) {
	remembered, err := s.Identities.Identity(ctx, a)
	if err != nil {
		return Identity{}, err
	}
	s.Observer.Identity(remembered != nil)
	var id Identity
	if remembered != nil {
		id = *remembered
	} else {
		id, err = s.lookUp(ctx, a)
		if err != nil {
			return id, err
		}
		keep := IdentityTTL
		if id.Refusal != nil {
			keep = RefusalTTL
		}
		if err := s.Identities.Remember(ctx, a, id, keep); err != nil {
			return id, err
		}
	}
	if id.Refusal != nil {
		return id, id.Refusal
	}
	return id, nil
}

// lookUp asks the chat platform and the directory who the asker is. A refusal for what they are is part of the identity
// returned; an error says nothing about them.
func (s *Service) lookUp(ctx context.Context, a Asker) (Identity, error) {
	platform, ok := s.Platforms[a.Platform]
	if !ok {
		return Identity{}, &Error{Code: Unavailable, Err: fmt.Errorf("platform %q is not configured", a.Platform)}
	}
	var profile Profile
	err := retryThrottled(ctx, func() (err error) {
		profile, err = platform.Profile(ctx, a)
		return err
	})
	if err != nil {
		return Identity{}, err
	}
	id := Identity{Language: profile.Language}
	if refusal := s.Askers.admits(profile); refusal != nil {
		id.Refusal = refusal
		return id, nil
	}
	user, refusal, err := s.person(ctx, profile)
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
func (s *Service) person(ctx context.Context, p Profile) (DirectoryUser, *Error, error) {
	if p.EntraID == "" {
		found, err := s.graph.usersByEmail(ctx, p.Email)
		if err != nil {
			return DirectoryUser{}, nil, err
		}
		user, refusal := s.Askers.matchUser(p.Email, found)
		return user, refusal, nil
	}
	user, err := s.graph.user(ctx, p.EntraID)
	if CodeOf(err) == NoSuchUser {
		return DirectoryUser{}, &Error{Code: OutsideWorkspace}, nil // the ID is proven, so it is another tenant's
	}
	if err != nil {
		return DirectoryUser{}, nil, err
	}
	return user, s.Askers.admitsProvenUser(user), nil
}

// organizer is the one in whose name the asker's meeting is made, or tried first.
func (s *Service) organizer(ctx context.Context, asker Identity) (Organizer, error) {
	if s.Organizers.Requester {
		return Organizer{ID: asker.ID, Name: asker.Name}, nil
	}
	return s.service.get(ctx, s.graph, s.Organizers.Service)
}

// serviceAccount remembers who the service account is.
type serviceAccount struct {
	mu      sync.Mutex
	account Organizer
	until   time.Time
}

// get reads the account from the directory once an hour.
func (a *serviceAccount) get(ctx context.Context, g *graph, idOrUPN string) (Organizer, error) {
	a.mu.Lock()
	account, fresh := a.account, time.Now().Before(a.until)
	a.mu.Unlock()
	if fresh {
		return account, nil
	}
	user, err := g.user(ctx, idOrUPN)
	if CodeOf(err) == NoSuchUser || err == nil && !user.Enabled {
		return Organizer{}, &Error{Code: ServiceAccount, Err: errors.New("the service account is missing or disabled")}
	}
	if err != nil {
		return Organizer{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.account, a.until = Organizer{ID: user.ID, Name: user.Name}, time.Now().Add(IdentityTTL)
	return a.account, nil
}
