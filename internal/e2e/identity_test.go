//go:build integration

package e2e

import (
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
	"meetbot/internal/testenv"
)

// set changes settings by the names that an operator knows.
func (env *environment) set(c app.Config, settings map[string]string) app.Config {
	env.t.Helper()
	if err := c.Set(settings); err != nil {
		env.t.Fatal(err)
	}
	return c
}

// Which account of the directory somebody in Slack is: the one with that principal name, or else the one with that
// primary mail. An alias counts only where an operator says so.
func TestWhichAccount(t *testing.T) {
	t.Parallel()
	const (
		asker = "U0BOB"
		email = "bob@contoso.example"
	)
	bob := graphtest.User{ID: newGUID(), UPN: email, Mail: email, DisplayName: "Bob"}
	carol := graphtest.User{ID: newGUID(), UPN: "carol@contoso.example", Mail: "carol@contoso.example",
		DisplayName: "Carol", ProxyAddresses: []string{"SMTP:carol@contoso.example", "smtp:" + email}}
	dave := graphtest.User{ID: newGUID(), UPN: "dave@contoso.example", Mail: "Bob@Contoso.example",
		DisplayName: "Dave"}
	with := func(u graphtest.User, change func(*graphtest.User)) graphtest.User {
		u.ID = newGUID()
		change(&u)
		return u
	}
	left := with(bob, func(u *graphtest.User) { u.Disabled = true })
	old := with(dave, func(u *graphtest.User) { u.UPN, u.Disabled = "bob.old@contoso.example", true })
	guest := with(dave, func(u *graphtest.User) { u.UPN, u.Guest = "bob_contoso#EXT#@fabrikam.example", true })
	aliases := map[string]string{"MATCH_EMAIL_ALIASES": "true"}
	for name, tt := range map[string]struct {
		accounts  []graphtest.User
		settings  map[string]string
		organizer string // in whose name the meeting is made, or
		refused   string // what the asker reads
	}{
		"his address is an alias of his manager": {accounts: []graphtest.User{carol},
			refused: "nobody with the email address " + email},
		"an alias where an operator trusts them": {accounts: []graphtest.User{carol}, settings: aliases,
			organizer: carol.ID},
		"a disabled account is his, whoever has the alias": {accounts: []graphtest.User{carol, left},
			settings: aliases, refused: "account is disabled"},
		"the principal name wins":      {accounts: []graphtest.User{dave, bob, carol}, organizer: bob.ID},
		"the primary mail beats alias": {accounts: []graphtest.User{carol, dave}, settings: aliases, organizer: dave.ID},
		"one is left":                  {accounts: []graphtest.User{old, guest, dave}, organizer: dave.ID},
		"two are left": {refused: "More than one account", accounts: []graphtest.User{dave,
			with(dave, func(u *graphtest.User) { u.UPN = "bobby@contoso.example" })}},
		"a guest is left": {accounts: []graphtest.User{old, guest}, refused: "Guests cannot"},
		"a guest is left, who": {accounts: []graphtest.User{old, guest}, organizer: guest.ID,
			settings: map[string]string{"ALLOW_GUESTS": "true"}},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			env.Slack.AddUser(slacktest.User{ID: asker, Name: "bob", Email: email, EmailConfirmed: true})
			for _, u := range tt.accounts {
				env.entraUser(u)
			}
			r := env.start(env.set(env.config(), tt.settings), app.Options{})
			answer := env.meet(r, asker, general, "")
			if tt.refused != "" {
				wantWords(t, answer, asker, tt.refused)
				env.wantMeetings(0)
				return
			}
			wantCard(t, answer, "")
			if m := env.wantMeetings(1); len(m) == 1 && m[0].UserID != tt.organizer {
				t.Errorf("the organizer is %s, want %s", m[0].UserID, tt.organizer)
			}
		})
	}
}

// What Slack says of an e-mail: confirmed, not confirmed, or nothing.
func TestUnconfirmedEmail(t *testing.T) {
	t.Parallel()
	trust := map[string]string{"TRUST_UNCONFIRMED_EMAIL": "true"}
	for name, tt := range map[string]struct {
		said     slacktest.User
		settings map[string]string
		refused  string
	}{
		"unsaid":               {said: slacktest.User{EmailUnsaid: true}},
		"not confirmed":        {refused: "If you sign in with single sign-on"},
		"of identity provider": {settings: trust},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			u := tt.said
			u.ID, u.Name, u.Email = ann, "ann", "ann@contoso.example"
			env.Slack.AddUser(u)
			r := env.start(env.set(env.config(), tt.settings), app.Options{})
			answer := env.meet(r, ann, general, "")
			if tt.refused == "" {
				wantCard(t, answer, "")
				return
			}
			wantWords(t, answer, ann, tt.refused)
			env.wantMeetings(0)
		})
	}
}

// ALLOWED_EMAIL_DOMAINS binds guests in Teams as well, by their mail: their principal name is made up.
func TestTeamsGuestsOfAllowedDomains(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	guest := func(mail string) string {
		id := newGUID()
		env.entraUser(graphtest.User{ID: id, UPN: strings.ReplaceAll(mail, "@", "_") + "#EXT#@contoso.example",
			Mail: mail, DisplayName: "Guest", Guest: true})
		env.teamsUser(teamstest.User{ID: id, Name: "Guest", Guest: true})
		return id
	}
	allowed, other, none := guest("gus@fabrikam.example"), guest("gil@elsewhere.example"), guest("")
	r := env.start(env.set(env.teamsConfig(), map[string]string{
		"ALLOW_GUESTS": "true", "ALLOWED_EMAIL_DOMAINS": "contoso.example,fabrikam.example",
	}), app.Options{})
	wantTeamsWords(t, env.callAnswered(r, other, teamsChat, "", "meet"), other, "gil@elsewhere.example is not among")
	wantTeamsWords(t, env.callAnswered(r, none, teamsChat, "", "meet"), none, "is not among them")
	env.wantMeetings(0)
	wantTeamsCard(t, env.callAnswered(r, allowed, teamsChat, "", "meet"), "")
}

// A GUID in capitals is the same GUID: the same workspace, the same app, the same tenant.
func TestConfigurationInCapitals(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	small := env.everything()
	capitals := env.set(env.everything(), map[string]string{
		"TEAMS_TENANT_ID": " " + strings.ToUpper(testenv.TenantID), "TEAMS_APP_ID": strings.ToUpper(env.Teams.AppID()),
		"AZURE_TENANT_ID": strings.ToUpper(testenv.TenantID), "AZURE_CLIENT_ID": strings.ToUpper(testenv.ClientID) + "\n",
	})
	first := wantTeamsCard(t, env.callAnswered(env.start(small, app.Options{}), annID, teamsChat, "", "meet"), "")
	again := env.callAnswered(env.start(capitals, app.Options{}), benID, teamsChat, "", "meet")
	if wantTeamsCard(t, again, benID) != first {
		t.Error("two replicas, whose configuration differs in capitals, gave one chat two meetings")
	}
	env.wantMeetings(1)
}
