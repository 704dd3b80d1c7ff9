//go:build integration

package e2e

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/testenv"
)

// patience is how long a test waits for what must come; it bounds a failure, not a success.
const patience = 30 * time.Second

func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

// Every reason for which a chat user is not served: a sentence for them alone, no meeting, and the next asker gets one.
func TestRefusedAskers(t *testing.T) {
	t.Parallel()
	const asker = "U0ASKER"
	member := slacktest.User{ID: asker, Name: "asker", Email: "asker@contoso.example", EmailConfirmed: true,
		Locale: "en-US"}
	entra := graphtest.User{ID: newGUID(), UPN: "asker@contoso.example", Mail: "asker@contoso.example",
		DisplayName: "Asker"}
	with := func(change func(*slacktest.User)) slacktest.User {
		u := member
		change(&u)
		return u
	}
	entraWith := func(change func(*graphtest.User)) []graphtest.User {
		u := entra
		change(&u)
		return []graphtest.User{u}
	}
	for name, tt := range map[string]struct {
		slack  slacktest.User
		entra  []graphtest.User
		config func(*app.Config)
		want   string
	}{
		"bot":      {slack: with(func(u *slacktest.User) { u.Bot = true }), want: "Only people"},
		"deleted":  {slack: with(func(u *slacktest.User) { u.Deleted = true }), want: "Only people"},
		"stranger": {slack: with(func(u *slacktest.User) { u.Stranger = true }), want: "another organization"},
		"other workspace": {slack: with(func(u *slacktest.User) { u.Team = "T0OTHER" }),
			want: "another organization"},
		"guest": {slack: with(func(u *slacktest.User) { u.Restricted = true }), want: "Guests cannot"},
		"one-channel guest": {slack: with(func(u *slacktest.User) { u.UltraRestricted = true }),
			want: "Guests cannot"},
		"no e-mail": {slack: with(func(u *slacktest.User) { u.Email = "" }), want: "cannot see your email"},
		"unconfirmed": {slack: with(func(u *slacktest.User) { u.EmailConfirmed = false }),
			want: "asker@contoso.example is not confirmed"},
		"domain": {slack: member, entra: []graphtest.User{entra}, want: "asker@contoso.example is not among them",
			config: func(c *app.Config) { c.Policy.AllowedDomains = []string{"fabrikam.example"} }},
		"nobody": {slack: member, want: "nobody with the email address asker@contoso.example"},
		"two": {slack: member, want: "More than one account", entra: []graphtest.User{
			{ID: newGUID(), UPN: "a1@contoso.example", Mail: "asker@contoso.example", DisplayName: "One"},
			{ID: newGUID(), UPN: "a2@contoso.example", Mail: "asker@contoso.example", DisplayName: "Two"},
		}},
		"disabled": {slack: member, want: "account is disabled",
			entra: entraWith(func(u *graphtest.User) { u.Disabled = true })},
		"Entra guest": {slack: member, want: "Guests cannot",
			entra: entraWith(func(u *graphtest.User) { u.Guest = true })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			env.Slack.AddUser(tt.slack)
			for _, u := range tt.entra {
				env.entraUser(u)
			}
			c := env.config()
			if tt.config != nil {
				tt.config(&c)
			}
			r := env.start(c, app.Options{})
			for range 2 { // looked up, and remembered
				wantWords(t, env.meet(r, asker, general, ""), asker, tt.want)
			}
			env.wantMeetings(0)
			if tt.config == nil {
				wantCard(t, env.meet(r, ann, general, ""), "")
				// Whoever may not make a meeting may still be given the one that is there.
				wantCard(t, env.meet(r, asker, general, ""), asker)
			}
		})
	}
}

func TestGuestsMayWhereAllowed(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Slack.AddUser(slacktest.User{ID: "U0GUS", Name: "gus", Email: "gus@fabrikam.example", EmailConfirmed: true,
		Restricted: true})
	env.entraUser(graphtest.User{ID: newGUID(), UPN: "gus_fabrikam.example#EXT#@contoso.example",
		Mail: "gus@fabrikam.example", DisplayName: "Gus", Guest: true})
	c := env.config()
	c.Policy.AllowGuests = "true"
	wantCard(t, env.meet(env.start(c, app.Options{}), "U0GUS", general, ""), "")
}

// Everything that Graph and Entra refuse for good: told at once, with the next step, and nothing is poisoned.
func TestRefusalsOfGraph(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		break_ func(*environment)
		want   []string
	}{
		"no policy": {
			break_: func(env *environment) { env.Graph.SetPolicy(annID, false) },
			want: []string{
				`New-CsApplicationAccessPolicy -Identity Meetbot -AppIds "` + testenv.ClientID + `"`,
				`Grant-CsApplicationAccessPolicy -PolicyName Meetbot -Identity "` + annID + `"`, "30 minutes",
				`Get-CsUserPolicyAssignment -Identity "` + annID + `"`,
				`Set-CsApplicationAccessPolicy -Identity "NAME" -AppIds @{Add="` + testenv.ClientID + `"}`,
				"takes away what another app may do", "-Global reaches only people without a policy of their own",
			},
		},
		"no policy, in newer words": {
			break_: func(env *environment) {
				env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: http.StatusForbidden,
					ContentType: "application/json",
					Body: `{"error":{"code":"Forbidden","message":"Application is not allowed to perform operations on the ` +
						`user '` + annID + `'."}}`})
			},
			want: []string{"New-CsApplicationAccessPolicy"},
		},
		"no meaning": {
			break_: func(env *environment) {
				env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: http.StatusBadRequest,
					ContentType: "application/json",
					Body:        `{"error":{"code":"BadRequest","message":"1026: An error has occurred."}}`})
			},
			want: []string{"could not create this meeting now, and did not say why", "again in a few minutes", "reference: "},
		},
		"no permission": {
			break_: func(env *environment) { env.Entra.SetRoles("User.Read.All") },
			want:   []string{"OnlineMeetings.ReadWrite.All", "admin consent", testenv.ClientID},
		},
		"no permission to read users": {
			break_: func(env *environment) { env.Entra.SetRoles("OnlineMeetings.ReadWrite.All") },
			want:   []string{"User.Read.All", "admin consent"},
		},
		"secret": {
			break_: func(env *environment) { env.Entra.SetClientSecret("another") },
			want:   []string{"does not accept this bot's client secret", testenv.ClientID},
		},
		"bad request": {
			break_: func(env *environment) {
				env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: http.StatusBadRequest,
					ContentType: "application/json",
					Body:        `{"error":{"code":"BadRequest","message":"The subject holds a word that is not allowed."}}`})
			},
			want: []string{"The subject holds a word that is not allowed."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newEnv(t, slacktest.Options{})
			tt.break_(env)
			r := env.bot()
			refusal := env.meet(r, ann, general, "Weekly")
			for _, want := range tt.want {
				wantWords(t, refusal, ann, want)
			}
			env.wantMeetings(0)
			env.Entra.SetRoles(entratest.Roles...)
			env.Entra.SetClientSecret(testenv.ClientSecret)
			card := env.meet(r, ben, general, "Another")
			wantCard(t, card, "")
			if !strings.Contains(card.Text, "Another") || !strings.Contains(card.Text, "Ben Example") {
				t.Errorf("the next asker did not start afresh: %s", card.Text)
			}
		})
	}
}

// A refusal is told to whoever it concerns: two askers at once, one without a policy, and the other gets a meeting.
func TestOnlyTheRefusedHearOfIt(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Graph.SetPolicy(annID, false)
	// Ann's claim stands while Ben asks
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 500 * time.Millisecond})
	r, s := env.bot(), env.bot()
	refused := make(chan slacktest.Answer, 1)
	go func() {
		a, err := env.Slack.Command(t.Context(), r.URL(), slacktest.Command{User: ann, Channel: general})
		if err != nil {
			t.Error(err)
		}
		refused <- a
	}()
	eventually(t, "Ann's request is on its way", func() bool { return len(env.Graph.Calls()) >= 1 })
	url := wantCard(t, env.meet(s, ben, general, ""), "")
	a := <-refused
	if a.Message == nil {
		t.Fatalf("Ann: %+v", a)
	}
	// By the time that Ann's refusal is in, Ben's meeting is there, and that is what she gets.
	if got := wantCard(t, *a.Message, ann); got != url {
		t.Errorf("Ann got %s, Ben %s", got, url)
	}
	if m := env.wantMeetings(1); len(m) == 1 && m[0].UserID != benID {
		t.Errorf("organizer is %s", m[0].UserID)
	}
}

func TestOrganizers(t *testing.T) {
	t.Parallel()
	setup := func(t *testing.T, organizer string) (*environment, *replica) {
		env := newEnv(t, slacktest.Options{})
		env.entraUser(serviceUser)
		c := env.config()
		c.Policy.Organizer = organizer
		return env, env.start(c, app.Options{})
	}
	organizer := func(t *testing.T, env *environment, want string) {
		t.Helper()
		if m := env.wantMeetings(1); len(m) == 1 && m[0].UserID != want {
			t.Errorf("organizer is %s, want %s", m[0].UserID, want)
		}
	}
	t.Run("service", func(t *testing.T) {
		t.Parallel()
		env, r := setup(t, "service:"+serviceUPN)
		card := env.meet(r, ann, general, "")
		wantCard(t, card, "")
		if !strings.Contains(card.Text, "Organizer: Meetings") {
			t.Errorf("card: %s", card.Text)
		}
		organizer(t, env, serviceID)
	})
	t.Run("service, asker unknown", func(t *testing.T) {
		t.Parallel()
		env, r := setup(t, "service:"+serviceID)
		env.Slack.AddUser(slacktest.User{ID: "U0X", Name: "x", Email: "x@elsewhere.example", EmailConfirmed: true})
		wantWords(t, env.meet(r, "U0X", general, ""), "U0X", "I found nobody")
		env.wantMeetings(0)
	})
	t.Run("service missing", func(t *testing.T) {
		t.Parallel()
		env, r := setup(t, "service:gone@contoso.example")
		wantWords(t, env.meet(r, ann, general, ""), ann, "account that creates the meetings here is missing")
		env.wantMeetings(0)
	})
	t.Run("requester first", func(t *testing.T) {
		t.Parallel()
		env, r := setup(t, "requester,service:"+serviceUPN)
		wantCard(t, env.meet(r, ann, general, ""), "")
		organizer(t, env, annID)
	})
	t.Run("service as the fallback", func(t *testing.T) {
		t.Parallel()
		env, r := setup(t, "requester,service:"+serviceUPN)
		env.Graph.SetPolicy(annID, false)
		wantCard(t, env.meet(r, ann, general, ""), "")
		organizer(t, env, serviceID)
	})
	t.Run("an emptied Redis gives back the service account's first meeting, and passes no old one off as new",
		func(t *testing.T) {
			t.Parallel()
			env, r := setup(t, "service:"+serviceUPN)
			first := wantCard(t, env.meet(r, ann, general, ""), "")
			fresh := wantCard(t, env.meet(r, ann, general, "new"), "")
			env.flush()
			card := env.meet(r, ben, general, "")
			if got := wantCard(t, card, ""); got != first {
				t.Errorf("after the loss: %s, want the first meeting %s", got, first)
			}
			if strings.Contains(card.Text, "Microsoft Teams meeting") {
				t.Errorf("an old meeting is passed off as new: %s", card.Text)
			}
			if again := wantCard(t, env.meet(r, ben, general, "new"), ""); again == fresh || again == first {
				t.Error("new after the loss gave an old meeting")
			}
		})
}
