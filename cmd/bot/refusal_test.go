package main

import (
	"crypto/rand"
	"encoding/hex"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"net/http"
	"strings"
	"testing"
	"time"
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
	member := slacktest.User{ID: asker, Name: "asker", Email: "asker@contoso.example", EmailConfirmed: true, Locale: "en-US"}
	entra := graphtest.User{ID: newGUID(), UPN: "asker@contoso.example", Mail: "asker@contoso.example", DisplayName: "Asker"}
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
		config func(*Config)
		want   string
	}{
		"bot":               {slack: with(func(u *slacktest.User) { u.Bot = true }), want: "Only people"},
		"deleted":           {slack: with(func(u *slacktest.User) { u.Deleted = true }), want: "Only people"},
		"stranger":          {slack: with(func(u *slacktest.User) { u.Stranger = true }), want: "another organization"},
		"other workspace":   {slack: with(func(u *slacktest.User) { u.Team = "T0OTHER" }), want: "another organization"},
		"guest":             {slack: with(func(u *slacktest.User) { u.Restricted = true }), want: "Guests may not"},
		"one-channel guest": {slack: with(func(u *slacktest.User) { u.UltraRestricted = true }), want: "Guests may not"},
		"no e-mail":         {slack: with(func(u *slacktest.User) { u.Email = "" }), want: "cannot see your e-mail"},
		"unconfirmed":       {slack: with(func(u *slacktest.User) { u.EmailConfirmed = false }), want: "asker@contoso.example is not confirmed"},
		"domain": {slack: member, entra: []graphtest.User{entra}, want: "asker@contoso.example is not among them",
			config: func(c *Config) { c.AllowedDomains = []string{"fabrikam.example"} }},
		"nobody": {slack: member, want: "nobody with the e-mail address asker@contoso.example"},
		"two": {slack: member, want: "More than one account", entra: []graphtest.User{
			{ID: newGUID(), UPN: "a1@contoso.example", Mail: "asker@contoso.example", DisplayName: "One"},
			{ID: newGUID(), UPN: "a2@contoso.example", ProxyAddresses: []string{"smtp:asker@contoso.example"}, DisplayName: "Two"},
		}},
		"disabled":    {slack: member, want: "account is disabled", entra: entraWith(func(u *graphtest.User) { u.Disabled = true })},
		"Entra guest": {slack: member, want: "Guests may not", entra: entraWith(func(u *graphtest.User) { u.Guest = true })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, slacktest.Options{})
			w.slack.AddUser(tt.slack)
			for _, u := range tt.entra {
				w.entraUser(u)
			}
			c := w.config()
			if tt.config != nil {
				tt.config(&c)
			}
			r := w.start(c, Surroundings{})
			for range 2 { // looked up, and remembered
				wantWords(t, w.meet(r, asker, general, ""), asker, tt.want)
			}
			w.wantMeetings(0)
			if tt.config == nil {
				wantCard(t, w.meet(r, ann, general, ""), "")
				// Whoever may not make a meeting may still be given the one that is there.
				wantCard(t, w.meet(r, asker, general, ""), asker)
			}
		})
	}
}

func TestGuestsMayWhereAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	w.slack.AddUser(slacktest.User{ID: "U0GUS", Name: "gus", Email: "gus@fabrikam.example", EmailConfirmed: true, Restricted: true})
	w.entraUser(graphtest.User{ID: newGUID(), UPN: "gus_fabrikam.example#EXT#@contoso.example", Mail: "gus@fabrikam.example", DisplayName: "Gus", Guest: true})
	c := w.config()
	c.AllowGuests = "true"
	wantCard(t, w.meet(w.start(c, Surroundings{}), "U0GUS", general, ""), "")
}

// Everything that Graph and Entra refuse for good: told at once, with the next step, and nothing is poisoned.
func TestRefusalsOfGraph(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		break_ func(*world)
		want   []string
	}{
		"no policy": {
			break_: func(w *world) { w.graph.SetPolicy(annID, false) },
			want: []string{
				`New-CsApplicationAccessPolicy -Identity Meetbot -AppIds "` + clientID + `"`,
				`Grant-CsApplicationAccessPolicy -PolicyName Meetbot -Identity "` + annID + `"`, "30 minutes",
			},
		},
		"no permission": {
			break_: func(w *world) { w.entra.SetRoles("User.Read.All") },
			want:   []string{"OnlineMeetings.ReadWrite.All", "admin consent", clientID},
		},
		"no permission to read users": {
			break_: func(w *world) { w.entra.SetRoles("OnlineMeetings.ReadWrite.All") },
			want:   []string{"User.Read.All", "admin consent"},
		},
		"secret": {
			break_: func(w *world) { w.entra.SetClientSecret("another") },
			want:   []string{"no longer accepts this bot's own credentials"},
		},
		"bad request": {
			break_: func(w *world) {
				w.graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: http.StatusBadRequest, ContentType: "application/json",
					Body: `{"error":{"code":"BadRequest","message":"The subject holds a word that is not allowed."}}`})
			},
			want: []string{"The subject holds a word that is not allowed."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, slacktest.Options{})
			tt.break_(w)
			r := w.bot()
			refusal := w.meet(r, ann, general, "Weekly")
			for _, want := range tt.want {
				wantWords(t, refusal, ann, want)
			}
			w.wantMeetings(0)
			w.entra.SetRoles(entratest.Roles...)
			w.entra.SetClientSecret(clientSecret)
			card := w.meet(r, ben, general, "Another")
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
	w := newWorld(t, slacktest.Options{})
	w.graph.SetPolicy(annID, false)
	w.graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 500 * time.Millisecond}) // Ann's claim stands while Ben asks
	r, s := w.bot(), w.bot()
	refused := make(chan slacktest.Answer, 1)
	go func() {
		a, err := w.slack.Command(t.Context(), r.URL(), slacktest.Command{User: ann, Channel: general})
		if err != nil {
			t.Error(err)
		}
		refused <- a
	}()
	eventually(t, "Ann's request is on its way", func() bool { return len(w.graph.Calls()) >= 1 })
	url := wantCard(t, w.meet(s, ben, general, ""), "")
	a := <-refused
	if a.Message == nil {
		t.Fatalf("Ann: %+v", a)
	}
	// By the time that Ann's refusal is in, Ben's meeting is there, and that is what she gets.
	if got := wantCard(t, *a.Message, ann); got != url {
		t.Errorf("Ann got %s, Ben %s", got, url)
	}
	if m := w.wantMeetings(1); len(m) == 1 && m[0].UserID != benID {
		t.Errorf("organizer is %s", m[0].UserID)
	}
}

func TestOrganizers(t *testing.T) {
	t.Parallel()
	account := graphtest.User{ID: serviceID, UPN: serviceUPN, Mail: serviceUPN, DisplayName: "Meetings"}
	setup := func(t *testing.T, organizer string) (*world, *replica) {
		w := newWorld(t, slacktest.Options{})
		w.entraUser(account)
		c := w.config()
		c.Organizer = organizer
		return w, w.start(c, Surroundings{})
	}
	organizer := func(t *testing.T, w *world, want string) {
		t.Helper()
		if m := w.wantMeetings(1); len(m) == 1 && m[0].UserID != want {
			t.Errorf("organizer is %s, want %s", m[0].UserID, want)
		}
	}
	t.Run("service", func(t *testing.T) {
		t.Parallel()
		w, r := setup(t, "service:"+serviceUPN)
		card := w.meet(r, ann, general, "")
		wantCard(t, card, "")
		if !strings.Contains(card.Text, "Organizer: Meetings") {
			t.Errorf("card: %s", card.Text)
		}
		organizer(t, w, serviceID)
	})
	t.Run("service, asker unknown", func(t *testing.T) {
		t.Parallel()
		w, r := setup(t, "service:"+serviceID)
		w.slack.AddUser(slacktest.User{ID: "U0X", Name: "x", Email: "x@elsewhere.example", EmailConfirmed: true})
		wantWords(t, w.meet(r, "U0X", general, ""), "U0X", "I found nobody")
		w.wantMeetings(0)
	})
	t.Run("service missing", func(t *testing.T) {
		t.Parallel()
		w, r := setup(t, "service:gone@contoso.example")
		wantWords(t, w.meet(r, ann, general, ""), ann, "ORGANIZER")
		w.wantMeetings(0)
	})
	t.Run("requester first", func(t *testing.T) {
		t.Parallel()
		w, r := setup(t, "requester,service:"+serviceUPN)
		wantCard(t, w.meet(r, ann, general, ""), "")
		organizer(t, w, annID)
	})
	t.Run("service as the fallback", func(t *testing.T) {
		t.Parallel()
		w, r := setup(t, "requester,service:"+serviceUPN)
		w.graph.SetPolicy(annID, false)
		wantCard(t, w.meet(r, ann, general, ""), "")
		organizer(t, w, serviceID)
	})
	t.Run("an emptied Redis gives back the service account's first meeting, and passes no old one off as new", func(t *testing.T) {
		t.Parallel()
		w, r := setup(t, "service:"+serviceUPN)
		first := wantCard(t, w.meet(r, ann, general, ""), "")
		fresh := wantCard(t, w.meet(r, ann, general, "new"), "")
		w.flush()
		card := w.meet(r, ben, general, "")
		if got := wantCard(t, card, ""); got != first {
			t.Errorf("after the loss: %s, want the first meeting %s", got, first)
		}
		if strings.Contains(card.Text, "New meeting") {
			t.Errorf("an old meeting is passed off as new: %s", card.Text)
		}
		if again := wantCard(t, w.meet(r, ben, general, "new"), ""); again == fresh || again == first {
			t.Error("new after the loss gave an old meeting")
		}
	})
}
