//go:build !race

package modelcheck

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"meetbot/bot"
)

// The claim protocol, checked exhaustively for small cases. Two or three attempts run the bot's own code against the
// store's own scripts, on the embedded Redis, and a tiny Graph; every order is gone through in which their calls can
// come to Redis and to Graph. A step is one call with what follows it up to the next; the card or the sentence is taken
// as delivered in the step of the last call before it. Sending and finishing a job are not in question here, so the
// queue is none of the model's, except that an answer can be given again when a crash comes between giving it and
// saying so.
//
// Covered, up to the figures of each scenario:
//
//   - `meet` and `new`, in a channel without a meeting and in one that has its first; what an asker has seen is what is
//     there when the command is accepted, which is a step too, so that generations up to 5 come up;
//   - faults, so many in all and wherever they may hit: a crash before any call, after which the job is attempted again
//     from the start, with time left or as one to give up; and a lost answer, after which the client makes the call again;
//   - Graph: idempotent for each organizer and external ID, serving or refusing an organizer, or refusing a number of
//     calls and serving the others; its meeting may be made although the answer never came (that is a crash, too);
//   - calls of Graph that fail in passing, for good or now and then, with the meeting made or not: the claim is young, or
//     old enough to give way, in every order of both; and a claim whose job is lost;
//   - every organizer policy, the limit on new meetings, and an attempt that goes on while another one has taken over its
//     job;
//   - Undo, pressed once the card of a fresh meeting is there, by its asker and by somebody else, while others ask;
//   - in every state that is reached: what becomes of a visitor, then of one who asks for a new meeting, and of a third,
//     if all the others stand still there for good.
//
// Not covered: threads that turn out to belong to their channel, which the randomized test goes through; commands that
// are answered in place; passing of the time for which a card counts as shown, or a meeting may be taken back; attempts
// that share one call to Graph within a replica; a Redis that forgets.
//
// Attempts take turns here, so that the race detector, which would take minutes, has nothing to find.
//
// States are told apart by what Redis holds, what Graph holds, where each attempt stands and what was shown last. A
// claim's random ID is replaced by a name that says who makes it, in which attempt and which round.

// asking are people who all type the same.
func asking(kind bot.Kind, names ...string) []person {
	var people []person
	for _, name := range names {
		people = append(people, person{name: name, kind: kind})
	}
	return people
}

func and(some ...[]person) (all []person) {
	for _, people := range some {
		all = append(all, people...)
	}
	return all
}

func with(rule graphRule, organizers ...string) map[string]graphRule {
	rules := map[string]graphRule{}
	for _, o := range organizers {
		rules[o] = rule
	}
	return rules
}

// undoing are people who press Undo on the card of somebody's fresh meeting.
func undoing(whose string, pressers ...string) []person {
	var people []person
	for i, as := range pressers {
		people = append(people, person{name: fmt.Sprintf("%s's press %d", as, i), undoes: whose, as: as})
	}
	return people
}

var (
	requester = bot.OrganizerPolicy{Requester: true}
	service   = bot.OrganizerPolicy{Service: serviceAccount}
	fallback  = bot.OrganizerPolicy{Requester: true, Service: serviceAccount}
)

var scenarios = []scenario{
	{name: "two meet", people: asking(bot.Meet, "ann", "ben"), policy: requester, faults: 3, giveUp: true},
	{
		name: "two meet, one of them refused", people: asking(bot.Meet, "ann", "ben"), policy: requester,
		graph: with(refuses, "ann"), faults: 2, giveUp: true,
	},
	{
		name: "two meet, both refused", people: asking(bot.Meet, "ann", "ben"), policy: requester,
		graph: with(refuses, "ann", "ben"), faults: 1, giveUp: true,
	},
	{
		name: "two meet, Graph wavers", people: asking(bot.Meet, "ann", "ben"), policy: requester,
		graph: with(wavers, "ann", "ben"), refusals: 2, faults: 1, giveUp: true,
	},
	{
		name: "meet and new from nothing", people: and(asking(bot.Meet, "ann"), asking(bot.New, "ben")),
		policy: requester,
		graph:  with(wavers, "ann"), refusals: 1, faults: 1, giveUp: true,
	},
	{
		name: "meet and new", met: true, people: and(asking(bot.Meet, "ann"), asking(bot.New, "ben")),
		policy: requester,
		graph:  with(refuses, "ben"), faults: 2, giveUp: true,
	},
	{name: "two new", met: true, people: asking(bot.New, "ann", "ben"), policy: requester, faults: 2, giveUp: true},
	{
		name: "two new, Graph wavers", met: true, people: asking(bot.New, "ann", "ben"), policy: requester,
		graph: with(wavers, "ann", "ben"), refusals: 1, faults: 2, giveUp: true,
	},
	{name: "three meet", people: asking(bot.Meet, "ann", "ben", "cleo"), policy: requester, faults: 1, giveUp: true},
	{
		name: "three meet, one of them refused", people: asking(bot.Meet, "ann", "ben", "cleo"), policy: requester,
		graph: with(refuses, "ann"),
	},
	{
		name: "three new, one of them refused", met: true, people: asking(bot.New, "ann", "ben", "cleo"),
		policy: requester,
		graph:  with(refuses, "ann"),
	},
	{
		name: "two new and a meet from nothing", people: and(asking(bot.New, "ann", "ben"), asking(bot.Meet, "cleo")),
		policy: requester, faults: 1,
	},
	{
		name: "one job, two attempts", people: and(asking(bot.New, "ann"),
			[]person{{name: "ann2", kind: bot.New, same: "ann"}}, asking(bot.New, "ben")),
		met: true, policy: requester, graph: with(wavers, "ann"), refusals: 1,
	},
	{
		name: "service account", people: and(asking(bot.Meet, "ann"), asking(bot.New, "ben")), policy: service,
		graph: with(wavers, serviceAccount), refusals: 2, faults: 1, giveUp: true,
	},
	{
		name: "fallback", people: asking(bot.Meet, "ann", "ben"), policy: fallback,
		graph: with(refuses, "ann"), faults: 1, giveUp: true,
	},
	{
		name: "two meet, one of them fails", people: asking(bot.Meet, "ann", "ben"), policy: requester,
		graph: with(fails, "ann"), failures: 2, faults: 1, giveUp: true,
	},
	{
		name: "two meet, Graph falters", people: asking(bot.Meet, "ann", "ben"), policy: requester,
		graph: with(falters, "ann", "ben"), failures: 2, faults: 1, giveUp: true,
	},
	{
		name: "two new, Graph falters", met: true, people: asking(bot.New, "ann", "ben"), policy: requester,
		graph: with(falters, "ann", "ben"), failures: 2, faults: 1, giveUp: true,
	},
	{
		name: "meet and new from nothing, Graph falters", people: and(asking(bot.Meet, "ann"), asking(bot.New, "ben")),
		policy: requester, graph: with(falters, "ann", "ben"), failures: 2, giveUp: true,
	},
	{
		name: "three meet, one of them fails", people: asking(bot.Meet, "ann", "ben", "cleo"), policy: requester,
		graph: with(fails, "ann"), failures: 1,
	},
	{
		name: "fallback from one who fails", people: asking(bot.Meet, "ann", "ben"), policy: fallback,
		graph: with(fails, "ann"), failures: 2, faults: 1, giveUp: true,
	},
	{
		name: "claim without a job", left: true, people: asking(bot.Meet, "ann", "ben"), policy: requester,
		graph: with(fails, "founder"), failures: 1, faults: 1, giveUp: true,
	},
	{
		name: "two meet, one of them without a licence", people: asking(bot.Meet, "ann", "ben"), policy: requester,
		graph: with(rejects, "ann"), faults: 1, giveUp: true,
	},
	{
		name: "fallback for one without a licence", people: asking(bot.Meet, "ann", "ben"), policy: fallback,
		graph: with(rejects, "ann"), faults: 1, giveUp: true,
	},
	{
		name: "new and its undo, and a meet", met: true, policy: requester, faults: 3, giveUp: true,
		people: and(asking(bot.New, "ann"), undoing("ann", "ann"), asking(bot.Meet, "ben")),
	},
	{
		name: "new and its undo, and another new", met: true, policy: requester, faults: 2, giveUp: true,
		people: and(asking(bot.New, "ann"), undoing("ann", "ann"), asking(bot.New, "ben")),
		graph:  with(wavers, "ben"), refusals: 1,
	},
	{
		name: "new from nothing and its undo, and a meet", policy: requester, faults: 1,
		people: and(asking(bot.New, "ann"), undoing("ann", "ann"), asking(bot.Meet, "ben")),
	},
	{
		name: "new and two undos", met: true, policy: requester, faults: 3,
		people: and(asking(bot.New, "ann"), undoing("ann", "ann", "ben")),
	},
	{
		name: "new undone twice", met: true, policy: requester, faults: 3,
		people: and(asking(bot.New, "ann"), undoing("ann", "ann", "ann")),
	},
	{
		name: "limit reached", people: and([]person{{name: "ann", kind: bot.Meet, spent: true}},
			asking(bot.Meet, "ben")),
		policy: requester, faults: 2, giveUp: true,
	},
}

// looking are jobs that confirm the meeting, in the background, each of which carries the `meet` of somebody or nobody.
func looking(carries ...string) []person {
	var people []person
	for i, as := range carries {
		people = append(people, person{name: fmt.Sprintf("look-%d", i), upkeep: bot.JobConfirm, as: as})
	}
	return people
}

// changing are jobs that change cards.
func changing(n int) []person {
	var people []person
	for i := range n {
		people = append(people, person{name: fmt.Sprintf("change-%d", i), upkeep: bot.JobCards})
	}
	return people
}

// lifetimes are the scenarios of a meeting's life.
var lifetimes = []scenario{
	{name: "three meet, expired", met: true, fate: expired, people: asking(bot.Meet, "ann", "ben", "cleo"), policy: requester},
	{name: "two meet, expired", met: true, fate: expired, people: asking(bot.Meet, "ann", "ben"), policy: requester,
		faults: 2, giveUp: true},
	{name: "its organizer and another meet, expired", met: true, fate: expired, people: asking(bot.Meet, founder, "ben"),
		policy: requester, faults: 1},
	{name: "meet and new, expired", met: true, fate: expired, people: and(asking(bot.Meet, "ann"), asking(bot.New, "ben")),
		policy: requester, faults: 1, graph: with(refuses, "ann")},
	{name: "two meet, expired of the service account", met: true, fate: expired, people: asking(bot.Meet, "ann", "ben"),
		policy: service, faults: 1},
	{name: "two meet, expired and extended", met: true, fate: extended, people: asking(bot.Meet, "ann", "ben"),
		policy: requester, faults: 2, giveUp: true},
	{name: "two meet, orphaned, who comes back", met: true, fate: orphaned, returns: true,
		people: asking(bot.Meet, "ann", "ben"), policy: requester, faults: 1, giveUp: true},
	{name: "three meet, orphaned", met: true, fate: orphaned, people: asking(bot.Meet, "ann", "ben", "cleo"), policy: requester},
	{name: "confirm for an asker, orphaned", met: true, fate: unseen, people: and(looking("ann"), asking(bot.Meet, "ben")),
		policy: requester, faults: 2},
	{name: "two confirm, orphaned, who comes back", met: true, fate: unseen, returns: true,
		people: looking("ann", ""), policy: requester, faults: 2},
	{name: "two confirm and a new, orphaned", met: true, fate: unseen, people: and(looking("ann", ""), asking(bot.New, "ben")),
		policy: requester, faults: 1},
	{name: "confirm, and a rename, orphaned", met: true, fate: unseen, people: and(looking(""), asking(bot.Rename, "ben")),
		policy: requester, faults: 2},
	{name: "confirm finds it expired", met: true, fate: lapsed, people: and(looking(""), asking(bot.Meet, "ben", "cleo")),
		policy: requester, faults: 1},
	{name: "two confirm, another one in Graph", met: true, fate: missing, people: looking("ann", ""), policy: requester,
		faults: 2},
	{name: "confirm and a new, another one in Graph", met: true, fate: missing, people: and(looking(""),
		asking(bot.New, "ann"), asking(bot.Meet, "ben")), policy: requester, faults: 1},
	{name: "two confirm, to be renewed", met: true, fate: due, people: looking("", "ann"), policy: requester, faults: 2,
		failures: 1},
	{name: "confirm, a meet and a new, to be renewed", met: true, fate: due, people: and(looking(""),
		asking(bot.Meet, "ann"), asking(bot.New, "ben")), policy: requester, faults: 1},
	{name: "rename and confirm", met: true, fate: due, people: and(asking(bot.Rename, "ann"), looking("")),
		policy: requester, faults: 2, failures: 1},
	{name: "rename, new and cards", met: true, cards: true, people: and(asking(bot.Rename, "ann"), asking(bot.New, "ben"),
		changing(1)), policy: requester, faults: 1},
	{name: "two new and cards", met: true, cards: true, people: and(asking(bot.New, "ann"), changing(2)),
		policy: requester, faults: 1},
	{name: "new, rename and two cards", met: true, cards: true, people: and(asking(bot.New, "ann"), asking(bot.Rename, "ben"),
		changing(2)), policy: requester},
	{name: "rename and cards", met: true, cards: true, people: and(asking(bot.Rename, "ann"), changing(2)), policy: requester,
		faults: 2},
	{name: "new and options", met: true, options: bot.MeetingOptions{Lobby: "everyone"}, people: and(asking(bot.New, "ann"),
		asking(bot.Meet, "ben")), policy: requester, faults: 2},
}

func TestEveryOrderOfCallsKeepsThePromises(t *testing.T) {
	var moments, steps int
	var schedules float64
	began := time.Now()
	for _, sc := range slices.Concat(scenarios, lifetimes) {
		t.Run(sc.name, func(t *testing.T) {
			x := newExplorer(t, sc)
			began := time.Now()
			if err := x.explore(); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d states, %d steps, %.2g schedules, %d states of visitors; %d different calls to the store; "+
				"at most %d claims by one attempt, %d meetings that nobody got; %d times told of a refusal right after the store had shown a meeting; %v",
				len(x.moments), x.steps(), x.schedules(), len(x.alone), x.scripts, x.rounds, x.orphans, x.heedless, time.Since(began).Round(time.Millisecond))
			moments, steps, schedules = moments+len(x.moments)+len(x.alone), steps+x.steps(), schedules+x.schedules()
		})
	}
	t.Logf("%d states, %d steps, %.2g schedules in %v", moments, steps, schedules,
		time.Since(began).Round(time.Millisecond))
}
