//go:build integration

package e2e

import (
	"testing"
	"time"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
)

// annRefused are the ways in which Graph refuses one person alone, though the app has its permissions.
var annRefused = map[string]func(*graphtest.User){
	"no licence":       func(u *graphtest.User) { u.Unlicensed = true },
	"meeting policy":   func(u *graphtest.User) { u.NoMeetings = true },
	"unknown to Teams": func(u *graphtest.User) { u.Unprovisioned = true },
}

// serviceUser is the account of a service organizer.
var serviceUser = graphtest.User{ID: serviceID, UPN: serviceUPN, Mail: serviceUPN, DisplayName: "Meetings"}

// refuseAnn has Graph refuse Ann alone.
func (env *environment) refuseAnn(how func(*graphtest.User)) {
	env.t.Helper()
	u := graphtest.User{ID: annID, UPN: "ann@contoso.example", Mail: "ann@contoso.example", DisplayName: "Ann Example"}
	how(&u)
	if err := env.Graph.AddUser(u); err != nil {
		env.t.Fatal(err)
	}
}

// A person whom Graph refuses hears of it in words about their account, and nobody else is refused.
func TestARefusedPersonIsRefusedAlone(t *testing.T) {
	t.Parallel()
	for name, how := range annRefused {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			env.refuseAnn(how)
			r := env.bot()
			refusal := env.meet(r, ann, general, "Weekly")
			wantWords(t, refusal, ann, "does not let Ann Example organize meetings")
			wantWords(t, refusal, ann, "license")
			wantWords(t, refusal, ann, "meeting policy")
			wantCard(t, env.meet(r, ben, general, ""), "")
			wantCard(t, env.meet(r, ann, general, ""), ann)
			if m := env.wantMeetings(1); len(m) == 1 && m[0].UserID != benID {
				t.Errorf("organizer is %s", m[0].UserID)
			}
		})
	}
}

// A colleague who joined the claim of a refused person gets a meeting in the colleague's own name.
func TestAColleagueGoesOnAfterARefusal(t *testing.T) {
	t.Parallel()
	for name, how := range annRefused {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			env.refuseAnn(how)
			// Ann's claim stands while Ben asks.
			env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 500 * time.Millisecond})
			r, s := env.bot(), env.bot()
			asked := make(chan slacktest.Answer, 1)
			go func() {
				a, err := env.Slack.Command(t.Context(), r.URL(), slacktest.Command{User: ann, Channel: general})
				if err != nil {
					t.Error(err)
				}
				asked <- a
			}()
			eventually(t, "Ann's claim is being carried out", func() bool { return env.Graph.ArmedFaults() == 0 })
			wantCard(t, env.meet(s, ben, general, ""), "")
			<-asked
			if m := env.wantMeetings(1); len(m) == 1 && m[0].UserID != benID {
				t.Errorf("organizer is %s", m[0].UserID)
			}
		})
	}
}

// The service account steps in for a person whom Graph refuses.
func TestTheServiceAccountStepsInForARefusedPerson(t *testing.T) {
	t.Parallel()
	for name, how := range annRefused {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			env.entraUser(serviceUser)
			env.refuseAnn(how)
			c := env.config()
			c.Policy.Organizer = "requester,service:" + serviceUPN
			wantCard(t, env.meet(env.start(c, app.Options{}), ann, general, ""), "")
			if m := env.wantMeetings(1); len(m) == 1 && m[0].UserID != serviceID {
				t.Errorf("organizer is %s", m[0].UserID)
			}
		})
	}
}

// What the app lacks is told to everybody, whoever asks, and the service account cannot step in.
func TestWhatTheAppLacksIsNobodysOwn(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.entraUser(serviceUser)
	env.Entra.SetRoles("User.Read.All")
	c := env.config()
	c.Policy.Organizer = "requester,service:" + serviceUPN
	wantWords(t, env.meet(env.start(c, app.Options{}), ann, general, ""), ann, "admin consent")
	env.wantMeetings(0)
}
