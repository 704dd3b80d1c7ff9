package graphclient

import "slices"

// Permission is an application permission of Microsoft Graph that the client needs.
type Permission struct {
	Name   string
	For    string   // what it is needed for: "to …"
	Within []string // others that include it
}

// createPermission is the application permission that CreateOrGet needs.
const createPermission = "OnlineMeetings.ReadWrite.All"

// Permissions are all that the client needs (documents "onlinemeeting-createorget" and "user-get").
var Permissions = []Permission{
	{Name: createPermission, For: "to make meetings"},
	{
		Name: "User.Read.All", For: "to find the people who ask for a meeting",
		Within: []string{"User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
	},
}

// In tells whether roles, those of a token, give the permission.
func (p Permission) In(roles []string) bool {
	return slices.Contains(roles, p.Name) ||
		slices.ContainsFunc(p.Within, func(wider string) bool { return slices.Contains(roles, wider) })
}
