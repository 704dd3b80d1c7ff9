package graphclient

import "slices"

// AppID is the ID that Microsoft Graph has as an app in every tenant (document "permissions-reference").
const AppID = "00000003-0000-0000-c000-000000000000"

// Permission is an application permission of Microsoft Graph that the client needs.
type Permission struct {
	Name    string
	RoleID  string   // by which programs name it
	For     string   // what it is needed for: "to …"
	Worst   string   // what a thief of the app's credential could do with it, bounded by whatever else bounds it
	Setting string   // environment variable that makes it needed; empty: it always is
	Within  []string // others that include it
}

// What the client needs (documents "onlinemeeting-createorget", "user-get" and "permissions-reference").
var (
	MakeMeetings = Permission{
		Name: "OnlineMeetings.ReadWrite.All", RoleID: "b8bb2037-6e08-44ac-a4ea-4674e010e2a4", For: "to make meetings",
		Worst: "read, make, change and delete the online meetings of the people whom the access policy covers, and " +
			"of nobody else; no calendar, chat, recording or transcript",
	}
	FindUsers = Permission{
		Name: "User.Read.All", RoleID: "df021288-bdef-4463-88db-98f22de89214",
		For:    "to find the people who ask for a meeting",
		Worst:  "read the full profile of every user of the tenant; change nothing",
		Within: []string{"User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
	}
	// ReadGroups is what [Client.IsMember] and [Client.GroupName] need besides (documents
	// "directoryobject-checkmembergroups" and "group-get").
	ReadGroups = Permission{
		Name: "GroupMember.Read.All", RoleID: "98830695-27a2-44f7-8c18-0c3ebc9698f6",
		For:     "to see who is in the group whose members may make meetings",
		Worst:   "read the names of all groups of the tenant, and who is in them; change nothing",
		Setting: "ORGANIZERS_GROUP",
		Within: []string{
			"GroupMember.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All",
			"Directory.ReadWrite.All",
		},
	}
)

// Permissions are all that the client may need.
var Permissions = []Permission{MakeMeetings, FindUsers, ReadGroups}

// Needed are those that the client needs, where set tells whether an environment variable has a value.
func Needed(set func(variable string) bool) []Permission {
	var needed []Permission
	for _, p := range Permissions {
		if p.Setting == "" || set(p.Setting) {
			needed = append(needed, p)
		}
	}
	return needed
}

// In tells whether roles, those of a token, give the permission.
func (p Permission) In(roles []string) bool {
	return slices.Contains(roles, p.Name) ||
		slices.ContainsFunc(p.Within, func(wider string) bool { return slices.Contains(roles, wider) })
}
