package bot

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// OrganizerPolicy says in whose name meetings are made.
type OrganizerPolicy struct {
	Requester bool   // in the asker's; or, with a Service too, in the asker's unless Graph refuses them
	Service   string // UPN or object ID of one account for all meetings; empty for none
}

// ParseOrganizerPolicy reads "requester", "service:<UPN or object ID>" or "requester,service:<UPN or object ID>".
func ParseOrganizerPolicy(s string) (OrganizerPolicy, error) {
	var p OrganizerPolicy
	first, second, both := strings.Cut(s, ",")
	if strings.TrimSpace(first) == "requester" {
		p.Requester = true
		if !both {
			return p, nil
		}
		first = second
	} else if both {
		return OrganizerPolicy{}, errors.New(`only "requester" can be followed by another organizer`)
	}
	account, ok := strings.CutPrefix(strings.TrimSpace(first), "service:")
	account = strings.TrimSpace(account)
	if !ok || account == "" {
		return OrganizerPolicy{}, errors.New(`want "requester", "service:<account>" or "requester,service:<account>"`)
	}
	p.Service = account
	return p, nil
}

// fallsBack tells whether the service account steps in for an asker whom Graph refuses as an organizer.
func (p OrganizerPolicy) fallsBack() bool { return p.Requester && p.Service != "" }

// AskerPolicy says which chat users may make meetings.
type AskerPolicy struct {
	Domains []string // e-mail domains, in lower case; empty for any that the tenant knows
	Guests  bool     // guests of the workspace and of the tenant may
	Aliases bool     // an e-mail that is an alias in the directory names the account that has it
	// Unconfirmed says that an e-mail proves its user although the chat platform says that it is not confirmed: all
	// e-mails of the workspace come from the organization's identity provider.
	Unconfirmed bool
}

// Limits bound how many new meetings are made, so that nobody uses up Graph's quota for all. Joining what is there
// costs nothing. 0 is no limit.
type Limits struct {
	Window       time.Duration // the time over which is counted
	PerUser      int
	PerWorkspace int
}

// Limiter counts new meetings. A meeting is counted before it is made, so that no two claims at once exceed a limit,
// and the count is taken back if the claim comes to nothing.
type Limiter interface {
	// Spend counts the meeting of a claim against the limits, once for each claim. It returns 0, or after how long to
	// try again if a limit is reached; then nothing is counted.
	Spend(ctx context.Context, a Asker, claim string, l Limits) (time.Duration, error)
	// Refund takes back what was counted for a claim, if anything was.
	Refund(ctx context.Context, a Asker, claim string) error
}

// Profile is what a chat platform knows of a user.
type Profile struct {
	EntraID        string // where the platform itself proves it; then Email plays no part
	Email          string
	EmailConfirmed bool     // the platform says so, or says nothing
	Language       Language // empty if unknown
	Zone           Zone     // empty if unknown
	NotAPerson     bool     // a bot or a deleted account
	Outside        bool     // of another organization
	Guest          bool
}

// forAttendees is the policy for those who are invited: attending is not organizing, so whoever the tenant knows may
// attend, its guests too.
func (p AskerPolicy) forAttendees() AskerPolicy {
	p.Guests, p.Domains = true, nil
	return p
}

// admits judges the profile alone. It returns nil if the user may be looked up in the directory.
func (p AskerPolicy) admits(user Profile) *Error {
	switch {
	case user.NotAPerson:
		return &Error{Code: NotAPerson}
	case user.Outside:
		return &Error{Code: OutsideWorkspace}
	case user.Guest && !p.Guests:
		return &Error{Code: GuestAccount}
	case user.EntraID != "":
		return nil
	case user.Email == "":
		return &Error{Code: NoEmail}
	case !user.EmailConfirmed && !p.Unconfirmed:
		return &Error{Code: UnconfirmedEmail, Reason: user.Email}
	case !p.admitsDomain(user.Email):
		return &Error{Code: DomainNotAllowed, Reason: user.Email}
	default:
		return nil
	}
}

func (p AskerPolicy) admitsDomain(email string) bool {
	if len(p.Domains) == 0 {
		return true
	}
	_, domain, _ := strings.Cut(email, "@")
	return slices.Contains(p.Domains, strings.ToLower(domain))
}

// matchUser picks the one Entra user that a chat user with this e-mail is. An account whose user principal name is the
// e-mail comes first, then those whose primary e-mail it is, and last, if the policy trusts aliases, the others that
// were found. The weaker kind counts only where there is none of the stronger, whatever state the account is in: when
// somebody has left and a colleague gets their address, the account that they had still answers for them. Among
// several of one kind, disabled accounts are set aside, and then guests.
func (p AskerPolicy) matchUser(email string, found []DirectoryUser) (DirectoryUser, *Error) {
	kinds := []func(DirectoryUser) bool{
		func(u DirectoryUser) bool { return strings.EqualFold(u.UPN, email) },
		func(u DirectoryUser) bool { return strings.EqualFold(u.Mail, email) },
		func(DirectoryUser) bool { return p.Aliases },
	}
	for _, is := range kinds {
		all := only(found, is)
		enabled := only(all, func(u DirectoryUser) bool { return u.Enabled })
		members := only(enabled, func(u DirectoryUser) bool { return !u.Guest })
		switch {
		case len(all) == 0:
			continue
		case len(enabled) == 0:
			return DirectoryUser{}, &Error{Code: DisabledAccount}
		case len(enabled) == 1:
			return enabled[0], p.admitsAccount(enabled[0])
		case len(members) == 1:
			return members[0], p.admitsAccount(members[0])
		default:
			return DirectoryUser{}, &Error{Code: AmbiguousIdentity, Reason: email}
		}
	}
	return DirectoryUser{}, &Error{Code: NotInDirectory, Reason: email}
}

// only returns those users for whom the condition holds.
func only(users []DirectoryUser, holds func(DirectoryUser) bool) []DirectoryUser {
	var some []DirectoryUser
	for _, u := range users {
		if holds(u) {
			some = append(some, u)
		}
	}
	return some
}

// admitsProvenUser judges a directory user whom the chat platform itself proves. The user principal name must be in an
// allowed domain; of a guest the primary e-mail, since their principal name is made up:
// ben_fabrikam.com#EXT#@contoso.example.
func (p AskerPolicy) admitsProvenUser(user DirectoryUser) *Error {
	if refusal := p.admitsAccount(user); refusal != nil {
		return refusal
	}
	address := user.UPN
	if user.Guest {
		address = user.Mail
	}
	if !p.admitsDomain(address) {
		return &Error{Code: DomainNotAllowed, Reason: cmp.Or(address, user.UPN)}
	}
	return nil
}

// admitsAccount tells why a directory user is refused for what they are there.
func (p AskerPolicy) admitsAccount(user DirectoryUser) *Error {
	switch {
	case !user.Enabled:
		return &Error{Code: DisabledAccount}
	case user.Guest && !p.Guests:
		return &Error{Code: GuestAccount}
	default:
		return nil
	}
}
