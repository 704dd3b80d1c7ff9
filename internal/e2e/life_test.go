//go:build integration

package e2e

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
)

const day = 24 * time.Hour

// What a meeting's life looks like on every platform, on a clock that is moved.
func TestLifeOfAMeeting(t *testing.T) {
	onEveryFront(t, map[string]func(*testing.T, *environment, front){
		"used for 400 days":             usedMeeting,
		"unused for 400 days":           unusedMeeting,
		"its organizer leaves":          orphanedMeeting,
		"its organizer is away a while": returningOrganizer,
		"renamed":                       renamedMeeting,
		"cannot be renamed":             refusedRename,
		"held by its link alone":        heldMeeting,
		"another one in Graph":          lostMeeting,
		"without access policy":         keptMeeting,
	})
}

// joinable fails the test unless the card's link can be joined.
func joinable(t *testing.T, env *environment, s seen) string {
	t.Helper()
	if !env.Graph.Joinable(s.link) {
		t.Errorf("day %d: the link of %q cannot be joined", env.day(), s.words)
	}
	return s.link
}

// day is how far the clock was moved.
func (env *environment) day() int { return int(time.Until(env.Clock.Now()) / day) }

// settled waits until nothing is in the queue any more.
func (env *environment) settled() {
	env.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: env.redis.Addr()})
	defer func() { _ = client.Close() }()
	eventually(env.t, "the queue is empty", func() bool {
		return client.XLen(env.t.Context(), "{mb:jobs}:stream").Val() == 0
	})
}

// disable disables an account in Entra, or enables it again.
func (env *environment) disable(id, name string, disabled bool) {
	env.t.Helper()
	env.entraUser(graphtest.User{ID: id, UPN: name + "@contoso.example", Mail: name + "@contoso.example",
		DisplayName: strings.ToUpper(name[:1]) + name[1:] + " Example", DialIn: true, Disabled: disabled})
}

// A meeting that is used keeps its link: it is renewed while it is used.
func usedMeeting(t *testing.T, env *environment, f front) {
	first := joinable(t, env, card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting"))
	for range 400 / 20 {
		env.Clock.Move(20 * day)
		if again := joinable(t, env, card(t, f, asked{user: members.ben, command: "meet"})); again != first {
			t.Fatalf("day %d: another link", env.day())
		}
		env.wantGoodFor(14 * day) // the confirmation renews it where less is left
	}
	env.wantMeetings(1)
}

// A meeting that nobody uses lapses without any call. Whoever asks then gets a link that works, and everybody is told
// why, once.
func unusedMeeting(t *testing.T, env *environment, f front) {
	first := joinable(t, env, card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting"))
	env.settled()
	env.Graph.ResetCalls()
	for range 400 {
		env.Clock.Move(day)
	}
	if calls := env.Graph.Calls(); len(calls) != 0 {
		t.Errorf("an unused meeting cost %d calls of Graph", len(calls))
	}
	told(t, f, asked{user: members.ann, command: "show"}, "had expired", "creates a new one for everybody here")
	next := card(t, f, asked{user: members.ben, command: "meet"}, "The earlier meeting had expired")
	if joinable(t, env, next) == first || next.alone {
		t.Errorf("the card is %+v", next)
	}
	ended(t, f, first, next.link)
	if again := card(t, f, asked{user: members.caio, command: "meet"}); again.link != next.link ||
		strings.Contains(again.words, "had expired") || strings.Contains(again.words, "tinha expirado") {
		t.Errorf("the next asker reads %q", again.words)
	}
	third := card(t, f, asked{user: members.ann, command: "new"}) // the first card leads to that one, too
	ended(t, f, next.link, third.link)
}

// ended waits until no card that can be changed leads to the old link, and one leads to the new one.
func ended(t *testing.T, f front, old, current string) {
	t.Helper()
	eventually(t, "the earlier card points to the current meeting", func() bool {
		cards := f.cards()
		replaced := false
		for _, c := range cards {
			if c.link == old && !c.alone {
				return false
			}
			replaced = replaced || c.link == current && strings.Contains(c.words, "This meeting was replaced")
		}
		return replaced
	})
}

// The account of the organizer is removed. Ten people ask at that moment, and get one meeting that works.
func orphanedMeeting(t *testing.T, env *environment, f front) {
	first := joinable(t, env, card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting"))
	env.settled()
	env.Graph.RemoveUser(annID)
	env.Clock.Move(2 * day)
	// The first asker still gets what is known, and a moment later what works.
	asking := asked{user: members.ben, command: "meet"}
	card(t, f, asking)
	eventually(t, "a meeting that works", func() bool {
		cards := f.cards()
		return len(cards) > 0 && env.Graph.Joinable(cards[len(cards)-1].link)
	})
	cards := f.cards()
	next := cards[len(cards)-1]
	if !strings.Contains(next.words, "Ann Example's account is no longer active, so this is a new meeting, "+
		"organized by Ben Example.") {
		t.Errorf("the card reads %q", next.words)
	}
	ended(t, f, first, next.link)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() { f.askOnly(asked{user: members.caio, command: "meet"}) })
	}
	wg.Wait()
	env.settled()
	env.wantMeetings(2)
}

// An organizer who is disabled and comes back keeps the meeting, if nobody asked meanwhile.
func returningOrganizer(t *testing.T, env *environment, f front) {
	first := joinable(t, env, card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting"))
	env.settled()
	env.disable(annID, "ann", true)
	env.Clock.Move(2 * day)
	card(t, f, asked{user: members.ben, command: "show"}) // what is known; it is looked up meanwhile
	eventually(t, "the bot knows of it", func() bool {
		return strings.Contains(env.logs.String(), "the organizer of a meeting is missing or disabled")
	})
	told(t, f, asked{user: members.ben, command: "show"}, "Ann Example's account is no longer active")
	env.disable(annID, "ann", false)
	if again := card(t, f, asked{user: members.ben, command: "meet"}); joinable(t, env, again) != first {
		t.Errorf("another meeting: %q", again.words)
	}
	env.wantMeetings(1)
}

// A typing error is mended in place: the same link, and the card that stands in the channel shows the new name.
func renamedMeeting(t *testing.T, env *environment, f front) {
	told(t, f, asked{user: members.ann, command: "rename Retro"}, "There is no meeting here yet")
	first := card(t, f, asked{user: members.ann, command: "meet Rtero"}, "Microsoft Teams meeting")
	told(t, f, asked{user: members.ben, command: "rename"}, "What should the meeting be called?")
	told(t, f, asked{user: members.ben, command: "rename " + strings.Repeat("x", 121)}, "at most 120 characters")
	renamed := card(t, f, asked{user: members.ben, command: "rename Retro"}, "Retro", "Renamed.")
	if renamed.link != first.link || !renamed.alone {
		t.Errorf("the answer is %+v", renamed)
	}
	if m := env.wantMeetings(1); m[0].Subject != "Retro" {
		t.Errorf("in Graph the meeting is called %q", m[0].Subject)
	}
	eventually(t, "the card shows the new name", func() bool {
		for _, c := range f.cards() {
			if !c.alone && strings.Contains(c.words, "Rtero") {
				return false
			}
		}
		return true
	})
}

// A rename that Graph refuses costs nobody the link.
func refusedRename(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	env.settled()
	env.Graph.SetPolicy(annID, false)
	told(t, f, asked{user: members.ben, command: "rename Retro"}, "The meeting keeps its name and its link.")
	if again := card(t, f, asked{user: members.caio, command: "meet"}); joinable(t, env, again) != first.link {
		t.Errorf("another link: %q", again.words)
	}
	env.Graph.SetPolicy(annID, true)
	card(t, f, asked{user: members.ben, command: "rename Retro"}, "Renamed.")
	env.Clock.Move(61 * day)
	told(t, f, asked{user: members.ben, command: "rename Later"}, "had expired")
	env.wantMeetings(1)
}

// A meeting that people hold by its link, without asking, lives longer than the bot has seen. It is not replaced.
func heldMeeting(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	env.settled()
	for range 9 {
		env.Clock.Move(10 * day)
		if !env.Graph.StartSession(first.link) {
			t.Fatalf("day %d: the link cannot be joined", env.day())
		}
		env.Graph.EndSession(first.link)
	}
	if again := card(t, f, asked{user: members.ben, command: "meet"}); joinable(t, env, again) != first.link {
		t.Errorf("another meeting: %q", again.words)
	}
	env.wantMeetings(1)
}

// Graph has lost the meeting, and has another one under its external ID: that one becomes the conversation's.
func lostMeeting(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	env.settled()
	env.Graph.DeleteMeeting(first.link)
	env.Clock.Move(2 * day)
	card(t, f, asked{user: members.ben, command: "meet"})
	eventually(t, "a meeting that works", func() bool {
		cards := f.cards()
		return len(cards) > 0 && env.Graph.Joinable(cards[len(cards)-1].link)
	})
	cards := f.cards()
	if next := cards[len(cards)-1]; !strings.Contains(next.words, "no longer has the earlier meeting") {
		t.Errorf("the card reads %q", next.words)
	}
}

// An organizer who lost the policy or the licence keeps the link: it can be joined.
func keptMeeting(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	env.settled()
	env.Graph.SetPolicy(annID, false)
	for i := range 5 {
		env.Clock.Move(10 * day)
		if again := card(t, f, asked{user: members.ben, command: "meet"}); joinable(t, env, again) != first.link {
			t.Fatalf("day %d: another link", env.day())
		}
		eventually(t, "the operator is told", func() bool {
			return strings.Count(env.logs.String(), "Graph refuses to read or change a meeting") > i
		})
		env.settled()
	}
	env.Clock.Move(61 * day) // it could not be renewed
	if next := card(t, f, asked{user: members.ben, command: "meet"}, "had expired"); joinable(t, env, next) == first.link {
		t.Error("the link that expired")
	}
}

// A command with a date finds the meeting dead, and is attempted again after it has made another one: its card says why
// the link is another one, beside the date.
func TestExpiredAndDated(t *testing.T) {
	t.Parallel()
	env, f := slackPeople(t)
	wantCard(t, env.meet(f.bot, ann, general, "Retro"), "")
	env.Clock.Move(61 * day)
	env.Slack.Fault(faultserver.Fault{Target: "chat.postMessage", Times: 1, Status: http.StatusServiceUnavailable})
	env.mention(f.bot, ben, general, "", "meet tomorrow at 15:00")
	m := env.next(general, nil, func(m slacktest.Message) bool { return !startOn(m.Text).IsZero() })
	if !strings.Contains(m.Text, "The earlier meeting had expired, so this is a new one · ") || strings.Contains(m.Text, "The link is the same.") {
		t.Errorf("the card says\n%s", m.Text)
	}
}

// Redis has lost a conversation whose first meeting has expired since. Graph still has it under the same external ID: it
// is not given to anybody.
func TestExpiredAndForgotten(t *testing.T) {
	t.Parallel()
	env, f := slackPeople(t)
	first := wantCard(t, env.meet(f.bot, ann, general, "Retro"), "")
	env.Clock.Move(61 * day)
	env.flush()
	m := env.meet(f.bot, ann, general, "Retro")
	if again := wantCard(t, m, ""); again == first || !env.Graph.Joinable(again) ||
		!strings.Contains(m.Text, "The earlier meeting had expired, so this is a new one.") {
		t.Errorf("the card says\n%s", m.Text)
	}
	env.wantMeetings(2)
}
