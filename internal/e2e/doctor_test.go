//go:build integration

package e2e

import (
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/doctor"
	"meetbot/internal/sandbox/graphtest"
)

// administered starts a bot with a doctor and these administrators.
func (env *environment) administered(c app.Config, admins ...string) front {
	env.t.Helper()
	c.Policy.Admins = admins
	c.Policy.Organizer = "requester,service:nobody@contoso.example" // which is a mistake
	asked := doctor.New(c, doctor.Options{RootCAs: env.Entra.RootCAs()})
	return env.frontOf(env.start(c, app.Options{Doctor: asked}))
}

// An administrator of the bot asks what is wrong with it, and gets the findings alone. Who is one is proven as with
// askers, and everybody else is told who may ask.
func TestDoctorInTheChat(t *testing.T) {
	t.Parallel()
	for name, open := range openings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, c := open(t)
			f := env.administered(c, "ANN@contoso.example", benID)

			for _, admin := range []member{members.ann, members.ben} {
				got, _ := f.ask(asked{user: admin, command: "doctor"})
				if !got.alone || got.link != "" || !strings.Contains(got.words, "What is wrong, the worst first: ") ||
					!strings.Contains(got.words, "graph.organizer (nobody@contoso.example)") ||
					!strings.Contains(got.words, "Then correct ORGANIZER.") {
					t.Errorf("an administrator got %+v", got)
				}
				for _, secret := range []string{c.Slack.BotToken, c.Slack.SigningSecret, c.Entra.ClientSecret, c.Teams.AppSecret} {
					if secret != "" && strings.Contains(got.words, secret) {
						t.Errorf("the answer holds a secret: %s", got.words)
					}
				}
			}
			got, _ := f.ask(asked{user: members.caio, command: "doctor"})
			if !got.alone || strings.Contains(got.words, "redis") ||
				!strings.Contains(got.words, "Só os administradores deste bot") {
				t.Errorf("somebody else got %+v", got)
			}
			if log := env.logs.String(); !strings.Contains(log, "the doctor was asked by an administrator") ||
				!strings.Contains(log, "the doctor was asked by somebody who may not") {
				t.Error("the log does not say who asked")
			}
			if got, _ := f.ask(asked{user: members.caio, command: "help"}); !strings.Contains(got.words, "ADMIN") &&
				!strings.Contains(got.words, "administradores deste bot") {
				t.Errorf("help says nothing of it: %s", got.words)
			}
			env.wantMeetings(0)
		})
	}
}

// The primary e-mail of an administrator counts too, where it is another one than the user principal name; that of a
// guest does not, even where guests may make meetings.
func TestAdministratorsByMail(t *testing.T) {
	t.Parallel()
	env, c := openings["teams"](t)
	c.Policy.AllowGuests = "true"
	env.entraUser(graphtest.User{ID: annID, UPN: "a.one@contoso.example", Mail: "ann@contoso.example", DisplayName: "Ann"})
	env.entraUser(graphtest.User{
		ID: benID, UPN: "ben_fabrikam.example#EXT#@contoso.example", Mail: "boss@contoso.example", Guest: true,
	})
	f := env.administered(c, "ann@contoso.example", "boss@contoso.example")
	if got, _ := f.ask(asked{user: members.ann, command: "doctor"}); !strings.Contains(got.words, "What is wrong") {
		t.Errorf("an administrator got %+v", got)
	}
	if got, _ := f.ask(asked{user: members.ben, command: "doctor"}); !strings.Contains(got.words, "Only the administrators") {
		t.Errorf("a guest got %+v", got)
	}
}

// Without ADMINS nobody is told, help says nothing of it, and the word can still be a subject.
func TestNoAdministrators(t *testing.T) {
	t.Parallel()
	for name, open := range openings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, c := open(t)
			f := env.administered(c)
			got, _ := f.ask(asked{user: members.ann, command: "doctor"})
			if !got.alone || !strings.Contains(got.words, "told of no administrators") {
				t.Errorf("got %+v", got)
			}
			if got, _ := f.ask(asked{user: members.ann, command: "help"}); strings.Contains(got.words, "doctor") {
				t.Errorf("help: %s", got.words)
			}
			if got, _ := f.ask(asked{user: members.ann, command: `"doctor"`}); got.link == "" ||
				!strings.Contains(got.words, "doctor") {
				t.Errorf("as a subject: %+v", got)
			}
			env.wantMeetings(1)
			if got, _ := f.ask(asked{user: members.ben, command: "doctor"}); got.link != "" || !got.alone ||
				!strings.Contains(got.words, "told of no administrators") {
				t.Errorf("where there is a meeting: %+v", got)
			}
		})
	}
}
