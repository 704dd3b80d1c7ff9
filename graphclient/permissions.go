package graphclient

import "slices"

// Permission is an application permission of Microsoft Graph that the client needs.
type Permission struct {
	Name   string
	RoleID string   // by which programs name it
	For    string   // what it is needed for: "to …"
	Within []string // others that include it
}

// What the client needs (documents "onlinemeeting-createorget", "user-get" and "permissions-reference").
var (
	MakeMeetings = Permission{
		Name: "OnlineMeetings.ReadWrite.All", RoleID: "b8bb2037-6e08-44ac-a4ea-4674e010e2a4", For: "to make meetings",
	}
	FindUsers = Permission{
		Name: "User.Read.All", RoleID: "df021288-bdef-4463-88db-98f22de89214",
		For:    "to find the people who ask for a meeting",
		Within: []string{"User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
	}
)

// ReadGroups is what [Client.IsMember] and [Client.GroupName] need besides (documents
// "directoryobject-checkmembergroups" and "group-get").
var ReadGroups = Permission{
	Name: "GroupMember.Read.All", RoleID: "98830695-27a2-44f7-8c18-0c3ebc9698f6",
	For: "to see who is in the group that ORGANIZERS_GROUP names",
	Within: []string{
		"GroupMember.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All",
	},
}

// Permissions are all that the client needs, but for groups.
var Permissions = []Permission{MakeMeetings, FindUsers}

// In tells whether roles, those of a token, give the permission.
func (p Permission) In(roles []string) bool {
	return slices.Contains(roles, p.Name) ||
		slices.ContainsFunc(p.Within, func(wider string) bool { return slices.Contains(roles, wider) })
}
