package teamstest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// ChangeMember brings a person into a conversation or takes one out, and delivers the conversationUpdate that Teams
// sends a bot which is there. It is not redelivered. An error means that the sandbox was used wrongly, or that ctx
// ended.
func (t *Server) ChangeMember(ctx context.Context, botURL string, m Membership) ([]Delivery, error) {
	u, known := t.user(m.User)
	p, found := t.place(m.Conversation)
	by, knownBy := t.user(cmp.Or(m.By, m.User))
	var problem error
	switch {
	case !known, !knownBy:
		problem = errors.New("no such user")
	case !found || p.thread != "" || p.Kind == Personal:
		problem = fmt.Errorf("no channel or chat %q", m.Conversation)
	case p.has(u.ID) != m.Remove:
		problem = fmt.Errorf("%s is a member: %v", u.Name, p.has(u.ID))
	case by.ID != u.ID && !p.has(by.ID):
		problem = fmt.Errorf("%s is not a member", by.Name)
	}
	if problem != nil {
		return nil, fmt.Errorf("change the members: %w", problem)
	}
	t.setMember(u.ID, p, m.Remove)
	if p.BotAbsent || p.BotDisabled {
		return nil, nil
	}
	body, err := json.Marshal(t.memberEvent(u, by, p, m.Remove))
	if err != nil {
		return nil, fmt.Errorf("change the members: %w", err)
	}
	d, err := t.Deliver(ctx, botURL, body, Token{})
	return []Delivery{d}, err
}

// setMember changes who is in a conversation, and in every channel of its team.
func (t *Server) setMember(user string, p location, remove bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, c := range t.conversations {
		if id != p.ID && (p.Team == "" || c.Team != p.Team) {
			continue
		}
		if c.Members == nil { // everybody
			c.Members = t.order
		}
		c.Members = slices.DeleteFunc(slices.Clone(c.Members), func(id string) bool { return id == user })
		if !remove {
			c.Members = append(c.Members, user)
		}
		t.conversations[id] = c
	}
}

// memberEvent is the activity of a member coming or going: the document "Conversation events in your Teams bot". A
// team's event is of its General channel.
func (t *Server) memberEvent(u, by User, p location, remove bool) map[string]any {
	if p.Kind == Channel {
		p.ID = p.Team
	}
	a := t.bare("conversationUpdate", "f:"+uuid.NewString(), by, p)
	changed, what := "membersAdded", "teamMemberAdded"
	if remove {
		changed, what = "membersRemoved", "teamMemberRemoved"
	}
	member := map[string]any{"id": t.MemberID(u.ID)}
	if !u.Anonymous {
		member["aadObjectId"] = u.ID
	}
	a[changed] = []any{member}
	if p.Kind == Channel {
		t.describeTeam(a, p)["eventType"] = what
	}
	return a
}
