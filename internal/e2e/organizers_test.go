//go:build integration

package e2e

import (
	"net/http"
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
)

// organizersID is the group of those who may make meetings, and staffID a group in it.
const (
	organizersID = "cccccccc-2222-3333-4444-000000000001"
	staffID      = "cccccccc-2222-3333-4444-000000000002"
)

// organizers sets up the group, with Ann in it, and Ben by another group.
func (env *environment) organizers(c *app.Config) {
	env.t.Helper()
	env.Entra.SetRoles(append([]string{"GroupMember.Read.All"}, entratest.Roles...)...)
	env.Graph.AddGroup(graphtest.Group{ID: organizersID, DisplayName: "Meeting organizers", Members: []string{annID, staffID}})
	env.Graph.AddGroup(graphtest.Group{ID: staffID, DisplayName: "Staff", Members: []string{benID}})
	c.Policy.OrganizersGroup = strings.ToUpper(organizersID)
}

// Only members of the group make meetings; everybody joins, repeats and is shown them.
func TestOrganizersGroup(t *testing.T) {
	onEveryPlatform(t, map[string]func(*testing.T, *environment, app.Config){
		"members make, everybody joins": func(t *testing.T, env *environment, c app.Config) {
			env.organizers(&c)
			f := env.started(c)
			told(t, f, asked{user: members.caio, command: "meet"}, "Só membros do grupo “Meeting organizers” podem criar reuniões aqui.")
			env.wantMeetings(0)
			first := card(t, f, asked{user: members.ben, command: "meet Weekly"}, "Weekly", "Ben Example") // by a group in the group
			for _, command := range []string{"meet", "show", "meet tomorrow at 15:00"} {
				if got := card(t, f, asked{user: members.caio, command: command}); got.link != first.link {
					t.Errorf("%s: %+v", command, got)
				}
			}
			told(t, f, asked{user: members.caio, command: "new"}, "Só membros do grupo “Meeting organizers”")
			told(t, f, asked{user: members.caio, design: true, command: "meet Retro tomorrow at 15:00"}, "Só membros do grupo")
			env.wantMeetings(1)
			env.Graph.ResetCalls()
			card(t, f, asked{user: members.ben, command: "new"}, "Ben Example")
			if n := env.Graph.Counts()["member"]; n != 0 {
				t.Errorf("Graph was asked %d times about somebody who is known", n)
			}
		},
		"a service account organizes": func(t *testing.T, env *environment, c app.Config) {
			env.organizers(&c)
			env.entraUser(graphtest.User{ID: serviceID, UPN: serviceUPN, DisplayName: "Meetings"})
			c.Policy.Organizer = "service:" + serviceUPN
			f := env.started(c)
			told(t, f, asked{user: members.caio, command: "meet"}, "Só membros do grupo")
			card(t, f, asked{user: members.ann, command: "meet"}, "Organizer: Meetings")
		},
		"the permission is missing": func(t *testing.T, env *environment, c app.Config) {
			env.organizers(&c)
			env.Entra.SetRoles(entratest.Roles...)
			f := env.started(c)
			told(t, f, asked{user: members.ann, command: "meet"}, "GroupMember.Read.All", "quote this reference")
			env.wantMeetings(0)
		},
		"Graph fails in passing": func(t *testing.T, env *environment, c app.Config) {
			env.organizers(&c)
			env.Graph.Fault(faultserver.Fault{Target: "member", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: "1"})
			card(t, env.started(c), asked{user: members.ann, command: "meet"}, "Ann Example")
		},
		"nobody knows the group": func(t *testing.T, env *environment, c app.Config) {
			env.organizers(&c)
			c.Policy.OrganizersGroup = "cccccccc-2222-3333-4444-00000000000f"
			told(t, env.started(c), asked{user: members.ann, command: "meet"}, "Only members of one group may make meetings here")
			eventually(t, "the log tells", func() bool {
				return strings.Contains(env.logs.String(), "the group that ORGANIZERS_GROUP names")
			})
		},
	})
}
