package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/store"
)

const (
	annID  = "a1111111-0000-4000-8000-000000000001"
	annUPN = "ann@contoso.example"
)

// everythingOf leaves traces of Ann of every kind, in Slack and in Teams, and some of others.
func everythingOf(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	inSlack := bot.Asker{Platform: "slack", Workspace: "T024BE7LD", User: "U0ANN"}
	no(t, s.Remember(ctx, inSlack, bot.Identity{ID: annID, UPN: annUPN, Name: "Ann Example"}, time.Hour))
	no(t, s.Remember(ctx, bot.Asker{Platform: "slack", Workspace: "T024BE7LD", User: "U0ANNA"},
		bot.Identity{ID: "b2222222-0000-4000-8000-000000000002", UPN: "joann@contoso.example"}, time.Hour))
	_, err := s.Spend(ctx, inSlack, "claim", bot.Limits{Window: time.Hour, PerUser: 5, PerWorkspace: 5})
	no(t, err)
	no(t, s.Throttle(ctx, bot.Upstream{Name: "graph", Part: "createOrGet:" + annID}, time.Minute))

	organized, started := channel(), channel()
	complete := func(c bot.Conversation, organizer string, change func(*bot.Meeting)) {
		t.Helper()
		claim := bot.NewClaim(c, 1, false)
		claim.Organizer.ID = organizer
		_, err := s.Claim(ctx, claim, false, 0)
		no(t, err)
		m := meetingFor(claim)
		change(&m)
		_, err = s.Complete(ctx, claim, m)
		no(t, err)
	}
	complete(organized, annID, func(m *bot.Meeting) { m.Organizer.Name = "Ann E." })
	complete(started, "service", func(m *bot.Meeting) {
		m.StartedBy, m.Dated, m.DatedBy = bot.Starter{User: "U0ANN", Name: "Ann Example"}, true, "U0ANN"
		m.Start, m.End = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
		m.Replaced = bot.Replacement{Why: bot.ReasonOrphaned, Organizer: "Ann E."}
	})
	complete(channel(), "service", func(m *bot.Meeting) { m.StartedBy = bot.Starter{User: "U0BEN", Name: "Ben"} })
	pending := bot.NewClaim(channel(), 1, false)
	pending.Organizer.ID = "service"
	pending.Request.Attendees = []bot.Attendee{{ID: annID, UPN: annUPN}}
	_, err = s.Claim(ctx, pending, false, 0)
	no(t, err)
	_, err = s.Invite(ctx, started, "x", bot.Invitation{Job: "j", Attendees: []bot.Attendee{
		{ID: annID, UPN: annUPN}, {ID: "ben", UPN: "ben@contoso.example"},
	}})
	no(t, err)

	chat := bot.Conversation{Platform: "teams", Workspace: "tenant", Channel: "19:" + annID + "_ben@unq.gbl.spaces"}
	complete(chat, "service", func(m *bot.Meeting) {})
	_, err = s.Link(ctx, chat, "token", "")
	no(t, err)
	no(t, s.SetDue(ctx, bot.Due{Kind: bot.DueConfirm, Conversation: chat, At: time.Now().Add(time.Hour)}))
	no(t, s.LinkThread(ctx, chat, "1.1"))
	no(t, s.KeepCard(ctx, chat, bot.PostedCard{Ref: "ref", Generation: 1, Language: "en"}))

	for i, by := range []bot.Asker{inSlack, {Platform: "teams", Workspace: "tenant", User: annID},
		{Platform: "slack", Workspace: "T024BE7LD", User: "U0BEN"}} {
		for j := range 2 {
			one := job(fmt.Sprint("job", i, j))
			one.Asker, one.Route.User, one.Route.ResponseURL = by, by.User, "https://hooks.slack.com/secret"
			one.Command.Line = "with <@U0ANN>"
			lease := accept(t, s, one)
			if j == 0 {
				no(t, s.MoveToDeadLetters(ctx, lease, "gone"))
			}
		}
	}
}

// Whatever a person left is found by any of their names, by a user with the rights of an operator, and erased; what is
// other people's stays.
func TestErase(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		everythingOf(t, b.open(t, "one"))
		if b.url != b.all {
			b.url = restrictTo(t, b, "operator", store.OperatorACL)
		}
		eraseAll(t, b.open(t, "operator"))
		var held strings.Builder
		for _, key := range b.raw.Keys(t.Context(), "*").Val() {
			value := any(b.raw.Get(t.Context(), key).Val())
			switch b.raw.Type(t.Context(), key).Val() {
			case "stream":
				value = b.raw.XRange(t.Context(), key, "-", "+").Val()
			case "zset":
				value = b.raw.ZRange(t.Context(), key, 0, -1).Val()
			case "set":
				value = b.raw.SMembers(t.Context(), key).Val()
			case "hash":
				value = b.raw.HGetAll(t.Context(), key).Val()
			}
			fmt.Fprintf(&held, "%s: %v\n", key, value)
		}
		text := held.String()
		for _, name := range []string{annID, " " + annUPN, `"` + annUPN, "U0ANN ", `U0ANN"`, "Ann E", "19%3A"} {
			if strings.Contains(text, name) {
				t.Errorf("Redis still holds %q:\n%s", name, text)
			}
		}
		for _, name := range []string{"U0ANNA", "joann@contoso.example", "ben@contoso.example", "U0BEN", "job2 1"} {
			if !strings.Contains(text, name) {
				t.Errorf("%s is gone:\n%s", name, text)
			}
		}
	})
}

// eraseAll looks for Ann and erases what is found.
func eraseAll(t *testing.T, s *store.Store) {
	t.Helper()
	person, traces, err := s.Find(t.Context(), store.Person{Users: []string{"U0ANN"}})
	no(t, err)
	if !slices.Contains(person.IDs, annID) || !slices.Contains(person.IDs, annUPN) {
		t.Errorf("the person is known as %+v", person)
	}
	count := map[string]int{}
	for _, trace := range traces {
		what := trace.What + ": " + trace.Role
		if trace.Stays != "" {
			what += ", stays"
		}
		count[what]++
		if strings.Contains(trace.Record, "hooks.slack.com") {
			t.Errorf("a secret in %s", trace.Record)
		}
		no(t, s.Erase(t.Context(), trace))
	}
	for what, n := range map[string]int{
		"identity: U0ANN": 1, "count of new meetings: asked for them": 1, "throttle of Graph: organizer": 2,
		"meeting: organizer": 1, "meeting: asked for it, set its date, organizer of the one before": 1,
		"meeting that is being made: invited": 1, "invitation: invited": 1,
		"conversation that is named after them: takes part": 4, "commands that they wait for: asked": 2,
		"command that is not done: asked": 2, "command that is not done: named in it, stays": 1,
		"dead letter: asked": 2, "dead letter: named in it": 1,
	} {
		if count[what] != n {
			t.Errorf("%s: %d, want %d", what, count[what], n)
		}
		delete(count, what)
	}
	if len(count) > 0 {
		t.Errorf("beyond that: %v", count)
	}
	_, traces, err = s.Find(t.Context(), person)
	no(t, err)
	for _, trace := range traces {
		if trace.Stays == "" {
			t.Errorf("found again: %s: %s", trace.What, trace.Role)
		}
	}
}
