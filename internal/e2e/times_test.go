//go:build integration

package e2e

import (
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// Times in Teams are written in the zone of whoever reads them: the asker's; for everybody, the maker's.
func TestTeamsTimes(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	for id, u := range map[string]teamstest.User{
		annID:  {Name: "Ann Example", TZ: "America/Sao_Paulo"},
		benID:  {Name: "Ben Example", TZ: "Asia/Kolkata", Locale: "en-GB"},
		caioID: {Name: "Caio Example", TZ: "No/Such_Zone", Locale: "pt-BR"},
	} {
		u.ID = id
		env.teamsUser(u)
	}
	r := env.start(env.teamsConfig(), app.Options{})
	env.callAnswered(r, annID, teamsChat, "", "meet Retro tomorrow at 15:00")
	for id, zone := range map[string]string{
		annID: "(UTC-3, Sao Paulo)", benID: "(UTC+5:30, Kolkata)", caioID: "(UTC-3, Sao Paulo)", // the maker's
	} {
		m := env.callAnswered(r, id, teamsChat, "", "show")
		wantTeamsCard(t, m, id)
		if !strings.Contains(m.Words(), zone) {
			t.Errorf("the card for %s lacks %q:\n%s", id, zone, m.Words())
		}
		if strings.Contains(string(m.Card), "{{") {
			t.Errorf("the card has a function: %s", m.Card)
		}
	}
}

// In Slack the reader's client writes times; what it shows instead where it cannot is in the asker's zone.
func TestSlackTimes(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Slack.AddUser(slacktest.User{ID: ann, Name: "ann", Email: "ann@contoso.example", EmailConfirmed: true,
		TZ: "America/Sao_Paulo"})
	env.Slack.AddUser(slacktest.User{ID: ben, Name: "ben", Email: "ben@contoso.example", EmailConfirmed: true,
		TZ: "Asia/Kolkata"})
	r := env.bot()
	env.meet(r, ann, general, "Retro tomorrow at 15:00")
	show := func(user, zone string) {
		t.Helper()
		m := env.meet(r, user, general, "show")
		if !strings.Contains(m.Text, "<!date^") || !strings.Contains(m.Text, zone+">") {
			t.Errorf("%s: the card lacks %q: %s", user, zone, m.Text)
		}
	}
	show(ann, "(UTC-3, Sao Paulo)")
	show(ben, "(UTC-3, Sao Paulo)") // the maker's, while nothing is known of Ben
	env.meet(r, ben, design, "Retro tomorrow at 15:00")
	show(ben, "(UTC+5:30, Kolkata)")
}
