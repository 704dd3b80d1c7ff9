package slacktest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

// The members of user groups and channels, with the scopes and errors that are documented.
func TestGroupsAndMembers(t *testing.T) {
	s := startSlack(t, Options{})
	client := newClient(s)
	s.AddUserGroup(UserGroup{ID: "S0TEAM", Users: []string{"U0ANN", "U0BEN"}})
	s.AddUserGroup(UserGroup{ID: "S0OLD", Users: []string{"U0ANN"}, Disabled: true})
	group := func(id string) string {
		users, err := client.GetUserGroupMembersContext(t.Context(), id)
		return fmt.Sprint(users, err)
	}
	for id, want := range map[string]string{
		"S0TEAM": "[U0ANN U0BEN] <nil>", "S0OLD": "[] no_such_subteam", "S0NONE": "[] no_such_subteam",
	} {
		if got := group(id); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	var all []string
	for i := range 7 {
		all = append(all, fmt.Sprint("U", i))
	}
	s.AddChannel(Channel{ID: "C0SMALL", Members: all})
	s.AddChannel(Channel{ID: "G0CLOSED", Private: true, BotAbsent: true, Members: all})
	members := func(channel, cursor string, limit int) ([]string, string, string) {
		found, next, err := client.GetUsersInConversationContext(t.Context(),
			&slack.GetUsersInConversationParameters{ChannelID: channel, Cursor: cursor, Limit: limit})
		if err != nil {
			return nil, "", err.Error()
		}
		return found, next, ""
	}
	var read []string
	for cursor, pages := "", 0; pages < 5; pages++ {
		found, next, word := members("C0SMALL", cursor, 3)
		if read = append(read, found...); word != "" || next == "" {
			break
		}
		cursor = next
	}
	if !slices.Equal(read, all) {
		t.Errorf("read %v page by page", read)
	}
	for _, test := range []struct {
		channel, cursor string
		limit           int
		want            string
	}{
		{"C0SMALL", "x", 3, "invalid_cursor"}, {"C0SMALL", "", 1000, "invalid_limit"},
		{"C0NONE", "", 3, "channel_not_found"}, {"G0CLOSED", "", 3, "channel_not_found"}, {"DU0ANN", "", 3, "missing_scope"},
	} {
		if _, _, word := members(test.channel, test.cursor, test.limit); word != test.want {
			t.Errorf("%+v: %s", test, word)
		}
	}
	s.SetScopes("groups:read")
	if _, _, word := members("C0SMALL", "", 3); word != "missing_scope" || !strings.HasSuffix(group("S0TEAM"), "missing_scope") {
		t.Errorf("without the scopes: %s, %s", word, group("S0TEAM"))
	}
	if found, _, word := members("G0BOARD", "", 0); word != "" || len(found) == 0 {
		t.Errorf("the members of a private channel: %v, %s", found, word)
	}
}

// The app cannot write to bots and to deleted people.
func TestDirectMessagesThatSlackRefuses(t *testing.T) {
	s := startSlack(t, Options{})
	s.AddUser(User{ID: "U0ROBOT", Bot: true})
	s.AddUser(User{ID: "U0GONE", Deleted: true})
	for user, want := range map[string]string{"U0ROBOT": "cannot_dm_bot", "U0GONE": "user_disabled"} {
		_, _, err := newClient(s).PostMessageContext(t.Context(), user, slack.MsgOptionText("dm", false))
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", user, err, want)
		}
	}
}
