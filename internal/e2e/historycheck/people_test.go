package historycheck

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// naming is a request of Ann's that names Max, who does not read the channel, Eve, who does, and Nil, who is nobody.
func naming(s float64) Event {
	e := asked(s, "1", "ann")
	e.Marks, e.Named, e.Outside, e.Unknown = []string{"max", "eve", "nil"}, []string{"max", "eve"}, []string{"max"},
		[]string{"nil"}
	return e
}

func mentions(e Event, marks ...string) Event {
	e.Marks = marks
	return e
}

func invited(s float64, user, link string) Event {
	return Event{At: at(s), Kind: Invited, User: user, Link: link}
}

func leftOut(s float64, user string, named ...string) Event {
	return Event{At: at(s), Kind: LeftOut, User: user, Place: "C1", Named: named}
}

func rest(s float64, link string, named ...string) Event {
	return Event{At: at(s), Kind: Rest, Conversation: "c1", Link: link, Named: named}
}

// checks runs a check of each of some histories.
func checks(t *testing.T, all []history) {
	t.Helper()
	for _, tt := range all {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := limits
			l.Repeated = tt.repeats
			got := Check(tt.events, l).Violations
			if tt.want == "" && len(got) == 0 || len(got) == 1 && tt.want != "" && strings.Contains(got[0], tt.want) {
				return
			}
			t.Errorf("violations are %q, want one that says %q", got, tt.want)
		})
	}
}

// history is a history and what the only violation of it says; nothing if there is none.
type history struct {
	name    string
	events  []Event
	want    string
	repeats int // as the bot reports them
}

// What becomes of people whom requests name.
func TestPeople(t *testing.T) {
	t.Parallel()
	card := mentions(shown(2, "", "x"), "max", "eve", "nil")
	first := []Event{naming(0), acknowledged(0.5, "1"), made(1, "x", 1, "ann"), card}
	after := func(events ...Event) []Event { return append(slices.Clip(first), events...) }
	told, left := invited(3, "max", "x"), leftOut(4, "ann", "nil")
	checks(t, []history{
		{name: "all is well", events: after(told, left, rest(5, "x", "max", "eve"), rest(6, "x", "max", "eve", "ann"))},
		{
			name:   "the card mentions not everybody",
			events: []Event{naming(0), made(1, "x", 1, "ann"), mentions(shown(2, "", "x"), "max", "eve")},
			want:   "request 1 names max eve nil, and no card of its answer mentions all of them",
		},
		{
			name: "a card that mentions nobody is no answer",
			events: []Event{
				naming(0), acknowledged(0.5, "1"), made(1, "x", 1, "ann"), shown(2, "", "x"), {At: at(5), Kind: Calm},
				{At: at(6), Kind: Idle},
			},
			want: "request 1 of ann in C1 was acknowledged", repeats: 1,
		},
		{
			name:   "the asker is asked first, or refused",
			events: []Event{naming(0), acknowledged(0.5, "1"), shown(2, "ann", ""), rest(5, "x")},
		},
		{
			name:   "somebody is not on the list",
			events: after(told, left, rest(5, "x", "max")),
			want:   "request 1 names eve, who is not on the list of x",
		},
		{
			name:   "nobody is on the list, and the asker was told so",
			events: after(told, leftOut(4, "ann"), rest(5, "x")),
		},
		{
			name:   "the list is not complete yet",
			events: after(told, left, rest(1.5, "x"), rest(5, "x", "max", "eve")),
		},
		{
			name:   "the list of a meeting that was replaced does not matter",
			events: after(fresh(3, "2", "ben"), made(4, "y", 2, "ben"), answer(4.5, "2", "y"), rest(5, "y")),
		},
		{name: "nor that of one whose link is dead", events: after(died(3, "x", false), rest(5, "x"))},
		{
			name:   "nobody tells the asker who is left out",
			events: after(told, rest(5, "x", "max", "eve")),
			want:   "request 1 names nil, who is on no list, and ann was not told so",
		},
		{
			name:   "somebody disappears from the list",
			events: []Event{rest(5, "x", "max", "eve"), rest(6, "x", "eve")},
			want:   "max was on the list of x at 09:00:05.000, and is not at 09:00:06.000",
		},
		{
			name:   "no invitation",
			events: after(left, rest(5, "x", "max", "eve")),
			want:   "request 1 names max, who has no invitation to x",
		},
		{
			name:   "two invitations",
			events: after(told, told, left, rest(5, "x", "max", "eve")),
			want:   "1 answers were repeated, and the bot reports 0",
		},
		{
			name:   "two invitations, and the bot says so",
			events: after(told, told, left, rest(5, "x", "max", "eve")), repeats: 1,
		},
		{
			name:   "an invitation to another meeting",
			events: after(left, made(2, "y", 2, "ben"), Event{At: at(1.5), Kind: Wished, Conversation: "c1"}, invited(3, "max", "y")),
			want:   "max, whom request 1 names, was invited to y, and the card shows x",
		},
		{
			name: "an invitation to a meeting that was replaced before a card could be shown",
			events: []Event{
				asked(0, "0", "ann"), made(0, "x", 1, "ann"), answer(0, "0", "x"), naming(1), invited(2, "max", "x"),
				fresh(3, "2", "ben"), made(3, "y", 2, "ben"), answer(3, "2", "y"), mentions(shown(4, "", "y"), "max", "eve", "nil"),
				invited(5, "max", "y"), leftOut(5, "ann", "nil"), rest(6, "y", "max", "eve"),
			},
		},
		{
			name:   "an invitation of somebody who reads the channel",
			events: after(told, left, invited(3, "eve", "x"), rest(5, "x", "max", "eve")),
			want:   "eve got an invitation, and nobody had named them as somebody who needs one",
		},
		{
			name:   "somebody is told of people whom they did not name",
			events: []Event{asked(0, "1", "ann"), leftOut(1, "ann", "max")},
			want:   "ann was told who is not on a meeting's list, and had named nobody",
		},
		{
			name: "answered again, when the meeting had been replaced",
			events: after(told, left, fresh(3, "2", "ben"), made(4, "y", 2, "ben"), answer(4.5, "2", "y"),
				mentions(shown(5, "", "y"), "max", "eve", "nil"), invited(5, "max", "y"), rest(6, "y", "max", "eve")),
			repeats: 1,
		},
		{
			name: "answered again, and nobody is invited to the meeting that replaced the other",
			events: after(told, left, fresh(3, "2", "ben"), made(4, "y", 2, "ben"), answer(4.5, "2", "y"),
				mentions(shown(5, "", "y"), "max", "eve", "nil"), invited(5, "max", "y"), rest(6, "y", "max")),
			repeats: 1, want: "request 1 names eve, who is not on the list of y",
		},
		{name: "what a fail-over lost", events: after(lostRequest(3, "1"), rest(5, "x"))},
		{name: "the meeting was lost", events: after(lost(3, 1), rest(5, "x"))},
	})
}

// start is the date of the tests, and reminded a reminder of it that comes so long before. It can be begun from second 20
// on.
var start = at(620)

func dated(e Event) Event {
	e.Start = start
	return e
}

func reminded(s float64, link string, left time.Duration) Event {
	return Event{At: at(s), Kind: Reminded, Place: "C1", Link: link, Start: start, Left: left, Since: at(20)}
}

func due(well bool) Event {
	return Event{At: at(60), Kind: Due, Conversation: "c1", Start: start, Well: well}
}

// What becomes of dates.
func TestReminders(t *testing.T) {
	t.Parallel()
	first := []Event{asked(0, "1", "ann"), made(1, "x", 1, "ann"), dated(answer(2, "1", "x"))}
	after := func(events ...Event) []Event { return append(slices.Clip(first), events...) }
	once := reminded(25, "x", 9*time.Minute)
	press := dated(asked(5, "2", "ben"))
	press.Link = "x"
	quiet := shown(6, "ben", "")
	quiet.Quiet = true
	unsure := Event{At: at(30), Kind: Unsure, Conversation: "c1"}
	checks(t, []history{
		{name: "once", events: after(once, due(true))},
		{name: "not at all", events: after(due(false)), want: "c1 was not reminded of x"},
		{name: "not at all, and the bot says so", events: after(unsure, due(false))},
		{name: "it says so of another", events: after(Event{At: at(30), Kind: Unsure, Conversation: "c2"}, due(false)),
			want: "c1 was not reminded of x"},
		{name: "it says so though nothing was in the way", events: after(unsure, due(true)), want: "c1 was not reminded of x"},
		{name: "twice", events: after(once, reminded(26, "x", 9*time.Minute)), want: "C1 was reminded twice of x"},
		{name: "after the start", events: after(reminded(25, "x", -time.Second)),
			want: "C1 was reminded of x 1s after its start"},
		{name: "of a link that no meeting has", events: after(reminded(25, "z", time.Minute)),
			want: "C1 was reminded of a link that no meeting has: z"},
		{name: "of a meeting whose link has expired", events: after(died(10, "x", true), once),
			want: "C1 was reminded of x, which had expired before"},
		{
			name:   "of a date that was cancelled",
			events: after(asked(5, "2", "ann"), answer(6, "2", "x"), once),
			want:   "C1 was reminded of x at 09:10:20.000, though request 2 had been told otherwise",
		},
		{
			name:   "of a date that was cancelled, as everybody was told",
			events: after(asked(5, "2", "ann"), shown(6, "", "x"), once),
			want:   "C1 was reminded of x at 09:10:20.000, though request 2 had been told otherwise",
		},
		{name: "none of a date that was cancelled", events: after(asked(5, "2", "ann"), answer(6, "2", "x"), due(true))},
		{name: "none of one that was cancelled, as everybody was told",
			events: after(asked(5, "2", "ann"), shown(6, "", "x"), due(true))},
		{
			name: "cancelled and set again",
			events: after(asked(5, "2", "ann"), answer(6, "2", "x"), asked(7, "3", "ann"), dated(answer(8, "3", "x")),
				once),
		},
		{
			name:   "cancelled when the reminder is under way",
			events: after(asked(21, "2", "ann"), answer(22, "2", "x"), once),
		},
		{
			name:   "cancelled by somebody who asked before the date was shown",
			events: after(asked(1.5, "2", "ben"), answer(6, "2", "x"), once),
		},
		{
			name:   "of a date that was moved",
			events: after(asked(5, "2", "ann"), func(e Event) Event { e.Start = at(9000); return e }(answer(6, "2", "x")), once),
			want:   "though request 2 had been told otherwise",
		},
		{
			name:   "of a meeting that was replaced",
			events: after(fresh(5, "2", "ben"), made(5.5, "y", 2, "ben"), shown(6, "", "y"), once),
			want:   "though request 2 had been told otherwise",
		},
		{name: "that nobody wants", events: after(press, quiet, once), want: "though request 2 had been told otherwise"},
		{name: "none that nobody wants", events: after(press, quiet, due(true))},
		{name: "a fail-over lost that it was cancelled",
			events: after(asked(5, "2", "ann"), answer(6, "2", "x"), Event{At: at(10), Kind: Lost}, once)},
		{name: "a fail-over lost the date", events: after(Event{At: at(10), Kind: Lost}, due(true))},
		{name: "a fail-over lost that it was posted",
			events: after(once, Event{At: at(25.5), Kind: Lost}, reminded(26, "x", 9*time.Minute))},
		{name: "none of a meeting that is dead", events: after(died(10, "x", false), due(true))},
	})
}

// The figures of people and dates.
func TestFiguresOfPeopleAndDates(t *testing.T) {
	t.Parallel()
	got := Check([]Event{
		naming(0), made(1, "x", 1, "ann"), dated(mentions(shown(2, "", "x"), "max", "eve", "nil")), invited(3, "max", "x"),
		invited(3, "max", "x"), leftOut(4, "ann", "nil"), rest(5, "x", "max", "eve"), reminded(25, "x", time.Minute),
		fresh(30, "2", "ben"), made(30.5, "y", 2, "ben"), dated(answer(31, "2", "y")),
		{At: at(50), Kind: Unsure, Conversation: "c1"}, due(false),
	}, Limits{Within: time.Second, Overtaking: time.Second, Repeated: 1})
	if len(got.Violations) > 0 || got.Attending != 2 || got.Invitations != 2 || got.Retold != 1 || got.Reminders != 1 ||
		got.Unreminded != 1 {
		t.Errorf("the report is %+v", got)
	}
}
