package slackapp_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"meetbot/bot"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// Who is outside is read page by page. Where Slack does not let the bot know, everybody is.
func TestOutside(t *testing.T) {
	slack, app := newAppIn(t, slacktest.Options{}, true)
	var members []string
	for i := range 1500 {
		members = append(members, fmt.Sprintf("U%04d", i))
	}
	slack.AddChannel(slacktest.Channel{ID: "C0LARGE", Members: members})
	slack.AddChannel(slacktest.Channel{ID: "G0CLOSED", Private: true, BotAbsent: true})
	named := []string{"U9999", "U0001", "U1499"}
	outside := func(channel string) string {
		found, err := app.Outside(t.Context(), bot.Route{Channel: channel}, named)
		if err != nil {
			return string(bot.CodeOf(err))
		}
		return fmt.Sprint(found)
	}
	everybody := fmt.Sprint(named)
	for channel, want := range map[string]string{
		"C0LARGE": "[U9999]", "G0CLOSED": everybody, "C0NONE": everybody, "DU0ANN": everybody,
	} {
		if got := outside(channel); got != want {
			t.Errorf("%s: %s, want %s", channel, got, want)
		}
	}
	if !slices.Equal(named, []string{"U9999", "U0001", "U1499"}) {
		t.Errorf("the list of its caller became %v", named)
	}
	slack.Fault(faultserver.Fault{Target: "conversations.members", Times: 1, Status: http.StatusServiceUnavailable})
	if got := outside("C0LARGE"); got != string(bot.Unavailable) {
		t.Errorf("while Slack is away: %s", got)
	}
	slack.SetScopes("chat:write")
	if got := outside("C0LARGE"); got != everybody {
		t.Errorf("without the scope: %s", got)
	}
}

// A user group that cannot be read is a refusal, and no passing fault.
func TestGroupMembers(t *testing.T) {
	slack, app := newAppIn(t, slacktest.Options{}, true)
	slack.AddUserGroup(slacktest.UserGroup{ID: "S0TEAM", Users: []string{"U0ANN"}})
	if got, err := app.GroupMembers(t.Context(), "", "S0TEAM"); err != nil || !slices.Equal(got, []string{"U0ANN"}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := app.GroupMembers(t.Context(), "", "S0NONE"); err == nil || bot.Temporary(err) {
		t.Errorf("a group that is not there: %v", err)
	}
	slack.SetScopes("chat:write")
	if _, err := app.GroupMembers(t.Context(), "", "S0TEAM"); err == nil || bot.Temporary(err) {
		t.Errorf("without the scope: %v", err)
	}
}
