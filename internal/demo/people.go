package demo

import (
	"strings"

	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// person is somebody in the demo: the same one in Slack, in Teams, and in the tenant.
type person struct {
	name  string
	slack slacktest.User
	teams teamstest.User
	entra *graphtest.User // nil: nobody in the tenant
}

// people are those whom /as names. Slack knows them by e-mail, Teams by Entra user.
func people() []person {
	ann := member("ann", "Ann Example", "en-US", graphtest.User{
		ID: "a1111111-0000-4000-8000-000000000001", UPN: "ann@contoso.example", DialIn: true})
	ben := member("ben", "Ben Sample", "en-GB", graphtest.User{
		ID: "b2222222-0000-4000-8000-000000000002", UPN: "ben.sample@contoso.example", Mail: "ben@contoso.example"})
	caio := member("caio", "Caio Exemplo", "pt-BR", graphtest.User{
		ID: "c3333333-0000-4000-8000-000000000003", UPN: "caio@contoso.example"})
	caio.slack.TZ, caio.teams.TZ = "America/Sao_Paulo", "America/Sao_Paulo"
	nora := member("nora", "Nora Nopolicy", "en-US", graphtest.User{
		ID: noPolicyID, UPN: "nora@contoso.example"})
	gus := member("gus", "Gus Guest", "en-US", graphtest.User{
		ID: "e5555555-0000-4000-8000-000000000005", UPN: "gus_fabrikam.example#EXT#@contoso.example",
		Mail: "gus@fabrikam.example", Guest: true})
	gus.slack.Restricted, gus.teams.Guest = true, true
	uma := member("uma", "Uma Unconfirmed", "en-US", graphtest.User{
		ID: "f6666666-0000-4000-8000-000000000006", UPN: "uma@contoso.example"})
	uma.slack.EmailConfirmed = false
	xena := member("xena", "Xena Unknown", "en-US", graphtest.User{
		ID: "97777777-0000-4000-8000-000000000007", UPN: "xena@elsewhere.example"})
	xena.entra, xena.teams.Tenant = nil, "12345678-0000-4000-8000-000000000009"
	return []person{ann, ben, caio, nora, gus, uma, xena}
}

// fullName is what the person is called who is that Entra user.
func fullName(id string) string {
	for _, p := range people() {
		if p.entra != nil && p.entra.ID == id {
			return p.entra.DisplayName
		}
	}
	return id
}

// noPolicyID is the Entra user without an application access policy.
const noPolicyID = "d4444444-0000-4000-8000-000000000004"

// member makes a person of an Entra user, whose e-mail is the UPN unless there is another.
func member(name, full, locale string, u graphtest.User) person {
	u.DisplayName = full
	if u.Mail == "" {
		u.Mail = u.UPN
	}
	return person{
		name: name,
		slack: slacktest.User{ID: "U0" + strings.ToUpper(name), Name: name, RealName: full, Email: u.Mail,
			EmailConfirmed: true, Locale: locale},
		teams: teamstest.User{ID: u.ID, Name: full, UPN: u.UPN, Locale: locale},
		entra: &u,
	}
}
