package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// town is a chat platform, a directory and a memory with some people in them.
type town struct {
	Throttles
	Observer

	mu         sync.Mutex
	remembered map[string]Identity
	asked      []string // whom the platform was asked about
}

func (*town) ThrottledFor(context.Context, Upstream) (time.Duration, error) { return 0, nil }
func (*town) Throttle(context.Context, Upstream, time.Duration) error       { return nil }
func (*town) Identity(bool)                                                 {}
func (*town) Serves(string) bool                                            { return true }
func (*town) Deliver(context.Context, Job, Reply) (Posted, error)           { return Posted{}, nil }
func (*town) Outside(context.Context, Route, []string) ([]string, error)    { return nil, nil }
func (*town) UsersByEmail(_ context.Context, _ Tenant, email string, _ bool) ([]DirectoryUser, error) {
	u := DirectoryUser{ID: "id-" + email, UPN: "upn-" + email, Mail: email, Name: email, Enabled: true}
	switch {
	case strings.HasPrefix(email, "nobody"):
		return nil, nil
	case strings.HasPrefix(email, "off"):
		u.Enabled = false
	case strings.HasPrefix(email, "guest"):
		u.Guest = true
	case strings.HasPrefix(email, "two"):
		return []DirectoryUser{u, {ID: "other", Mail: email, Enabled: true}}, nil
	}
	return []DirectoryUser{u}, nil
}

func (*town) User(_ context.Context, _ Tenant, id string) (DirectoryUser, error) {
	return DirectoryUser{ID: id, UPN: "read-" + id, Enabled: true}, nil
}

func (w *town) Profile(_ context.Context, a Asker, at Route) (Profile, error) {
	w.mu.Lock()
	w.asked = append(w.asked, a.User)
	w.mu.Unlock()
	if at.User != a.User {
		return Profile{}, errors.New("the route names somebody else")
	}
	p := Profile{Email: strings.ToLower(a.User) + "@contoso.example", EmailConfirmed: true}
	switch a.User {
	case "ROBOT":
		p.NotAPerson = true
	case "FAR":
		p.Outside = true
	case "GUEST":
		p.Guest = true
	case "NOMAIL":
		p.Email = ""
	case "UNSURE":
		p.EmailConfirmed = false
	case "FABRIKAM":
		p.Email = "ben@fabrikam.example"
	case "AWAY":
		return p, &Error{Code: Unavailable}
	case "CLOSED":
		return p, &Error{Code: ChatCredentials}
	case "PANIC":
		panic("no such luck")
	}
	return p, nil
}

func (w *town) GroupMembers(_ context.Context, _, group string) ([]string, error) {
	switch group {
	case "CLOSED":
		return nil, &Error{Code: ChatCredentials}
	case "AWAY":
		return nil, &Error{Code: Unavailable}
	case "BIG":
		var all []string
		for i := range 60 {
			all = append(all, fmt.Sprint("U", i))
		}
		return all, nil
	}
	return []string{"ANN", "BEN", "CAIO"}, nil
}

// memory remembers people for a town.
type memory struct{ *town }

func (m memory) Identity(_ context.Context, a Asker) (*Identity, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id, ok := m.remembered[a.User]; ok {
		return &id, nil
	}
	return nil, nil
}

func (m memory) Remember(_ context.Context, a Asker, id Identity, _ time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remembered[a.User] = id
	return nil
}

// newTown is a service for a town, and a task of Ann's.
func newTown() (*town, *Service, task) {
	w := &town{remembered: map[string]Identity{}}
	s := &Service{slots: make(slots, 8)}
	s.Platforms, s.Identities, s.Observer = map[string]Platform{"slack": w}, memory{w}, w
	s.Log = slog.New(slog.DiscardHandler)
	s.graph = &graph{directory: w, throttles: w, slots: s.slots}
	t := task{Job: Job{Asker: Asker{Platform: "slack", User: "ANN"}, Route: Route{User: "ANN"}}}
	t.workspace.Askers = AskerPolicy{Domains: []string{"contoso.example"}}
	return w, s, t
}

// Who is an attendee, and why somebody is not.
func TestAttendees(t *testing.T) {
	for user, want := range map[string]struct {
		upn  string
		why  Code
		also bool // may make meetings too
	}{
		"BEN":      {"upn-ben@contoso.example", "", true},
		"GUEST":    {"upn-guest@contoso.example", "", false}, // attending is not organizing
		"FABRIKAM": {"upn-ben@fabrikam.example", "", false},
		"ROBOT":    {"", NotAPerson, false},
		"FAR":      {"", OutsideWorkspace, false},
		"NOMAIL":   {"", NoEmail, false},
		"UNSURE":   {"", UnconfirmedEmail, false},
		"NOBODY":   {"", NotInDirectory, false},
		"OFF":      {"", DisabledAccount, false},
		"TWO":      {"", AmbiguousIdentity, false},
		"CLOSED":   {"", ChatCredentials, false},
		"AWAY":     {"", Unavailable, false},
		"PANIC":    {"", Unavailable, false},
	} {
		w, s, task := newTown()
		for range 2 { // what is remembered is the same
			all, err := s.mapPeople(t.Context(), t.Context(), task, []Mention{{Kind: MentionPerson, ID: user}})
			if err != nil || len(all) != 1 {
				t.Fatal(all, err)
			}
			got, why := all[0], all[0].why
			if got.fault != nil {
				why = CodeOf(got.fault)
			}
			if got.attendee.UPN != want.upn || why != want.why || (got.fault != nil) != (want.why == Unavailable) {
				t.Errorf("%s: %+v, %v", user, got, got.fault)
			}
		}
		if may := w.remembered[user].ID != ""; may != want.also {
			t.Errorf("%s may make meetings: %v", user, may)
		}
	}
}

// An identity that is remembered is used again; one without a principal name costs one look at the directory.
func TestRememberedAttendees(t *testing.T) {
	w, s, task := newTown()
	w.remembered["BEN"] = Identity{ID: "ben", UPN: "ben@contoso.example"}
	w.remembered["OLD"] = Identity{ID: "old"}
	all, err := s.mapPeople(t.Context(), t.Context(), task, []Mention{{ID: "BEN"}, {ID: "OLD"}, {ID: "BEN"}})
	list := attendeesOf(all, "")
	want := []Attendee{{"ben", "ben@contoso.example"}, {"old", "read-old"}}
	if err != nil || !slices.Equal(list, want) || len(w.asked) != 0 {
		t.Errorf("%+v, %v; asked about %v", list, err, w.asked)
	}
	if list := attendeesOf(all, "BEN"); len(list) != 1 {
		t.Errorf("the organizer is among the attendees: %+v", list)
	}
}

// Whom a command invites: each once, at most fifty, neither its asker nor the bot, with the members of user groups.
func TestInvitation(t *testing.T) {
	person := func(id string) Mention { return Mention{Kind: MentionPerson, ID: id} }
	group := func(id string) Mention { return Mention{Kind: MentionGroup, ID: id} }
	for name, tt := range map[string]struct {
		named  []Mention
		people int
		first  string
		more   bool
		left   Code
	}{
		"nobody":           {},
		"each once":        {named: []Mention{person("BEN"), person("CAIO"), person("ben")}, people: 2, first: "BEN"},
		"oneself, the bot": {named: []Mention{person("ANN"), {Kind: MentionBot, ID: "B"}}},
		"a group":          {named: []Mention{group("TEAM"), person("CAIO")}, people: 2, first: "BEN"},
		"a closed group":   {named: []Mention{group("CLOSED"), person("BEN")}, people: 1, first: "BEN", left: ClosedGroup},
		"a large group":    {named: []Mention{person("BEN"), group("BIG")}, people: 50, first: "BEN", more: true},
		"an unknown name":  {named: []Mention{{Kind: MentionUnknown, ID: "zoe"}}, left: UnknownPerson},
	} {
		_, s, task := newTown()
		in, err := s.invitation(t.Context(), task, tt.named)
		if err != nil || len(in.people) != tt.people || in.more != tt.more || (len(in.left) > 0) != (tt.left != "") {
			t.Errorf("%s: %+v, %v", name, in, err)
			continue
		}
		if tt.people > 0 && in.people[0].ID != tt.first || tt.left != "" && in.left[0].Why != tt.left {
			t.Errorf("%s: %+v", name, in)
		}
	}
	_, s, task := newTown()
	if _, err := s.invitation(t.Context(), task, []Mention{group("AWAY")}); !Temporary(err) {
		t.Errorf("a group that nobody can read now: %v", err)
	}
}
