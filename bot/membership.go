package bot

import (
	"context"
	"time"
)

// Groups tells about the groups of the Entra tenant. Errors are of type *Error; a lack of the app's permission is
// [NoPermission] with the cause [NoGroups].
type Groups interface {
	// IsMember tells whether a user belongs to a group, both by object ID: directly, or through other groups. Nobody is
	// a member of a group that is not there.
	IsMember(ctx context.Context, t Tenant, userID, groupID string) (bool, error)
	// GroupName is what people call a group.
	GroupName(ctx context.Context, t Tenant, groupID string) (string, error)
}

// How long it is remembered, in each replica, whether somebody is a member: a colleague who is let in need not wait
// long, and one who leaves may make a last meeting. And of how many people, those of late.
const (
	memberFor    = 10 * time.Minute
	notMemberFor = time.Minute
	keptMembers  = 8192
)

// nameWithin is how long a refusal waits for the name of the group.
const nameWithin = time.Second

// mayOrganize returns nil if meetings may be made for the asker. In whose name they are made does not matter: the group
// is of those who may ask for them. Everybody may join, and be shown, what is there. The error is a refusal or a
// passing fault.
func (s *Service) mayOrganize(ctx context.Context, t task, asker Identity) error {
	group := t.workspace.OrganizersGroup
	if group == "" {
		return nil
	}
	key := t.workspace.Tenant.ID + " " + group + " " + asker.ID
	member, known := s.members.get(key)
	if !known {
		var err error
		if member, err = s.graph.isMember(ctx, t.slot, t.workspace.Tenant, asker.ID, group); err != nil {
			return err
		}
		keep := memberFor
		if !member {
			keep = notMemberFor
		}
		s.members.keep(key, member, keep)
	}
	if member {
		return nil
	}
	return &Error{Code: NotOrganizer, Reason: s.groupName(ctx, t)}
}

// groupName is what people call the group of those who may make meetings; empty if Graph does not tell in time.
func (s *Service) groupName(ctx context.Context, t task) string {
	key := t.workspace.Tenant.ID + " " + t.workspace.OrganizersGroup
	if name, ok := s.groupNames.get(key); ok {
		return name
	}
	ctx, cancel := context.WithTimeout(ctx, nameWithin)
	defer cancel()
	var name string
	err := CallThrottled(ctx, s.graph.throttles, graphPart("group", ""), func(ctx context.Context) (err error) {
		name, err = s.Groups.GroupName(ctx, t.workspace.Tenant, t.workspace.OrganizersGroup)
		return err
	})
	keep := memberFor
	if err != nil {
		keep = notMemberFor
		s.Log.WarnContext(ctx, "cannot read the name of the group that ORGANIZERS_GROUP names", "request", t.Trace,
			"error", err)
	}
	s.groupNames.keep(key, name, keep)
	return name
}
