package slacktest

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// UserGroup is a user group of the workspace.
type UserGroup struct {
	ID       string // "S…", as mentions name it: <!subteam^S…|@handle>
	Disabled bool   // as a group is that was deleted
	Users    []string
}

// AddUserGroup adds a user group, or changes the one with this ID.
func (s *Server) AddUserGroup(g UserGroup) {
	g.Users = slices.Clone(g.Users)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups[g.ID] = g
}

// usergroupsUsersList lists the users of a user group: the documentation of usergroups.users.list. What becomes of a
// disabled group without include_disabled is not documented: here there is no such group.
func (s *Server) usergroupsUsersList(args callArgs) reply {
	s.mu.Lock()
	g, ok := s.groups[args["usergroup"]]
	s.mu.Unlock()
	if !ok || g.Disabled && !args.is("include_disabled") {
		return refuse("no_such_subteam", nil)
	}
	return agree(map[string]any{"users": append([]string{}, g.Users...)})
}

// Pages of conversations.members, by its documentation.
const (
	membersByDefault = 100
	membersAtMost    = 999
)

// conversationsMembers lists the members of a channel, page by page: the documentation of conversations.members. The
// scope is that of the kind of channel. That an app which is not in a private channel does not find it, is that of
// conversations.info.
func (s *Server) conversationsMembers(args callArgs) reply {
	channel, ok := s.channel(args["channel"])
	if !ok {
		return refuse("channel_not_found", nil)
	}
	if refusal := s.refuseReading(channel); refusal != nil {
		return *refusal
	}
	limit, from := membersByDefault, 0
	if asked := args["limit"]; asked != "" {
		n, err := strconv.Atoi(asked)
		if err != nil || n < 1 || n > membersAtMost {
			return refuse("invalid_limit", nil)
		}
		limit = n
	}
	members := s.membersOf(channel)
	if cursor := args["cursor"]; cursor != "" {
		after, err := base64.StdEncoding.DecodeString(cursor)
		at := slices.Index(members, strings.TrimPrefix(string(after), "user:"))
		if err != nil || at < 0 {
			return refuse("invalid_cursor", nil)
		}
		from = at
	}
	to, next := min(from+limit, len(members)), ""
	if to < len(members) {
		next = base64.StdEncoding.EncodeToString([]byte("user:" + members[to]))
	}
	return agree(map[string]any{
		"members": append([]string{}, members[from:to]...), "response_metadata": map[string]any{"next_cursor": next},
	})
}

// refuseReading refuses a call that reads about a channel without the scope for its kind, or about a private channel
// that the app is not in; nil if the call may go on.
func (s *Server) refuseReading(channel Channel) *reply {
	needed := "channels:read"
	switch {
	case channel.direct():
		needed = "im:read"
	case channel.group():
		needed = "mpim:read"
	case channel.Private:
		needed = "groups:read"
	}
	var refusal reply
	switch scopes := s.Scopes(); {
	case !slices.Contains(scopes, needed):
		refusal = refuse("missing_scope", map[string]any{"needed": needed, "provided": strings.Join(scopes, ",")})
	case channel.Private && channel.BotAbsent:
		refusal = refuse("channel_not_found", nil)
	default:
		return nil
	}
	return &refusal
}

// conversationsInfo tells about a channel: the documentation of conversations.info.
func (s *Server) conversationsInfo(args callArgs) reply {
	channel, ok := s.channel(args["channel"])
	if !ok {
		return refuse("channel_not_found", nil)
	}
	if refusal := s.refuseReading(channel); refusal != nil {
		return *refusal
	}
	about := map[string]any{
		"id": channel.ID, "name": channel.Name, "is_private": channel.Private, "is_mpim": channel.group(),
		"is_im": channel.direct(), "is_archived": channel.Archived,
	}
	if args.is("include_num_members") {
		about["num_members"] = len(s.membersOf(channel))
	}
	return agree(map[string]any{"channel": about})
}

// membersOf lists a channel's members, in an order that stays.
func (s *Server) membersOf(c Channel) []string {
	members := slices.Clone(c.Members)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Members == nil { // everybody
		for id, u := range s.users {
			if !u.Deleted && (id != botUser || !c.BotAbsent) {
				members = append(members, id)
			}
		}
	}
	slices.Sort(members)
	return members
}

// cannotMessage is Slack's word for why the app cannot write a direct message to a user; empty if it can: the
// documentation of chat.postMessage and of conversations.open.
func cannotMessage(u User) string {
	switch {
	case u.Bot:
		return "cannot_dm_bot"
	case u.Deleted:
		return "user_disabled"
	default:
		return ""
	}
}
