package bot

import (
	"errors"
	"strings"
	"time"
)

// Code says what kind of failure an error is, for whoever must decide what to do about it. Each code that a person
// can meet has its sentence in the message catalogue, under "refusal." and its name.
type Code string

// What Microsoft Graph and Entra refuse.
const (
	NoAccessPolicy Code = "no_access_policy" // no application access policy for this app covers the organizer
	// OrganizerRefused says that Graph refuses this one organizer though the app may make meetings: for want of a
	// licence, or by the organizer's meeting policy. What it is exactly, Graph does not tell.
	OrganizerRefused Code = "organizer_refused"
	NoPermission     Code = "no_permission" // the app lacks an application permission or its consent
	NoSuchUser       Code = "no_such_user"  // the organizer is not in the tenant
	// Graph, or we in its name, refuse the request; Reason says why, where Graph does
	BadRequest     Code = "bad_request"
	Credentials    Code = "credentials"     // Entra refuses the app's own credentials
	ServiceAccount Code = "service_account" // the account that ORGANIZER names is missing or disabled
)

// BadTime says that the times of a command cannot be meant so.
const BadTime Code = "bad_time"

// ChatCredentials is the chat platform's refusal of the bot's own token, or of a permission that it lacks; Reason is
// the platform's word for it.
const ChatCredentials Code = "chat_credentials"

// Cause says which of several causes an error of one code has, where different people or steps mend them. It is the end
// of the sentence's ID in the catalogue.
type Cause string

// The causes of [Credentials]. Entra tells others too: then the cause is empty, and the log has Entra's code.
const (
	UnknownTenant      Cause = "tenant"             // no tenant has the configured ID
	UnknownApp         Cause = "app"                // the tenant has no app with the configured client ID
	DisabledApp        Cause = "app_disabled"       // an administrator has disabled the app
	WrongSecret        Cause = "secret"             // the client secret is not the app's
	ExpiredSecret      Cause = "secret_expired"     // the client secret was the app's
	UnknownCertificate Cause = "certificate"        // the certificate is not the app's
	ConditionalAccess  Cause = "conditional_access" // a policy of the tenant blocks the app
	WrongClock         Cause = "clock"              // the machine's clock makes the signed assertion invalid
)

// NoGroups is a cause of [NoPermission]: the app may not see who is in a group.
const NoGroups Cause = "groups"

// What passes: the same request may succeed later.
const (
	Throttled   Code = "throttled"   // asked to wait: Wait
	Unavailable Code = "unavailable" // no usable answer
)

// Why a chat user is not served. They are explained to, and may not make a meeting.
const (
	NotAPerson        Code = "not_a_person"       // a bot or a deleted account
	OutsideWorkspace  Code = "outside_workspace"  // from another organization
	GuestAccount      Code = "guest_account"      // a guest, and guests are not allowed
	NoEmail           Code = "no_email"           // the chat platform gives no e-mail
	UnconfirmedEmail  Code = "unconfirmed_email"  // the e-mail proves nothing
	DomainNotAllowed  Code = "domain_not_allowed" // ALLOWED_EMAIL_DOMAINS
	NotInDirectory    Code = "not_in_directory"   // no Entra user has this e-mail
	AmbiguousIdentity Code = "ambiguous_identity" // several have
	DisabledAccount   Code = "disabled_account"   // the Entra account may not sign in
	NotOrganizer      Code = "not_organizer"      // ORGANIZERS_GROUP; Reason is the group's name, if it is known
	TooMany           Code = "too_many"           // so many new meetings lately that the next must wait: Wait
)

// Why nobody is served in a place.
const (
	PlaceDenied  Code = "place_denied"  // CHANNELS_ALLOWED, CHANNELS_DENIED
	PlaceUnknown Code = "place_unknown" // those settings name it by a name that the platform does not tell
)

// TooManyAtOnce says that the asker waits for MaxUnfinished jobs.
const TooManyAtOnce Code = "too_many_at_once"

// UnreadableRecord says that the store holds a conversation's meeting, or the claim that is to become it, in a form
// that this release cannot read: it is damaged, or of a later release. A fresh meeting takes its place.
const UnreadableRecord Code = "unreadable_record"

// Undeliverable means that an answer cannot be given by any route that is left.
const Undeliverable Code = "undeliverable"

// Codes are all codes that an outcome may have: what counts refusals begins each of them at 0.
var Codes = []Code{
	NoAccessPolicy, OrganizerRefused, NoPermission, NoSuchUser, BadRequest, Credentials, ServiceAccount, BadTime,
	ChatCredentials, Throttled, Unavailable, NotAPerson, OutsideWorkspace, GuestAccount, NoEmail, UnconfirmedEmail,
	DomainNotAllowed, NotInDirectory, AmbiguousIdentity, DisabledAccount, TooMany, TooManyAtOnce, UnreadableRecord,
	PlaceDenied, PlaceUnknown, NotOrganizer, Undeliverable, MissingMeeting, NotAdministrator, UnknownPerson,
	ClosedGroup, otherReason,
}

// Error is a failure that somebody must decide about. It never holds a secret, an e-mail or a join link other than
// in Reason, which is shown to the asker alone and never logged.
type Error struct {
	Code  Code          `json:"code"`
	Cause Cause         `json:"cause,omitempty"` // Credentials: why; empty if it is not known
	Wait  time.Duration `json:"wait,omitempty"`  // Throttled: how long the upstream asked to wait
	// Everything: Throttled, and the upstream says that it limits the whole app rather than this kind of call.
	Everything bool   `json:"-"`
	Reason     string `json:"reason,omitempty"` // detail for the asker: Graph's words, the e-mail concerned
	Status     int    `json:"status,omitempty"` // HTTP status of the upstream; 0 if there was no answer
	Err        error  `json:"-"`                // the cause, for the log
	// Unsent says that the request certainly did not take effect, though the same one may later: no connection was
	// made.
	Unsent bool `json:"-"`
}

// Error describes the failure for the log.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(string(e.Code), "_", " "))
	if e.Wait > 0 {
		b.WriteString(" for " + e.Wait.String())
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first *Error in err's chain. Anything else that failed is Unavailable: it may
// work later. It is empty for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Unavailable
}

// refusalOf returns the refusal that err is: an *Error that no repetition mends. It is nil for a passing fault, and for
// none.
func refusalOf(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok && !Temporary(err) {
		return e
	}
	return nil
}

// Unsent tells whether the request certainly did not take effect, though the same one may later.
func Unsent(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Unsent
}

// Temporary tells whether the same request may succeed later.
func Temporary(err error) bool {
	code := CodeOf(err)
	return code == Unavailable || code == Throttled
}
