package historycheck

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var limits = Limits{Within: 30 * time.Second, Overtaking: 10 * time.Second}

// at is so many seconds into a history.
func at(seconds float64) time.Time {
	return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
}

func asked(s float64, request, user string) Event {
	return Event{At: at(s), Kind: Asked, Request: request, User: user, Place: "C1", Conversation: "c1"}
}

func fresh(s float64, request, user string) Event {
	e := asked(s, request, user)
	e.Fresh = true
	return e
}

func acknowledged(s float64, request string) Event {
	return Event{At: at(s), Kind: Acknowledged, Request: request}
}

// shown is what a user sees, or, if that is empty, everybody; an answer in words if the link is empty.
func shown(s float64, user, link string) Event {
	return Event{At: at(s), Kind: Shown, User: user, Place: "C1", Link: link}
}

// answer is what a request was certainly answered with, for all to see.
func answer(s float64, request, link string) Event {
	return Event{At: at(s), Kind: Shown, Request: request, Place: "C1", Link: link}
}

func made(s float64, link string, generation int, organizer string) Event {
	return Event{At: at(s), Kind: Made, Link: link, Conversation: "c1", Generation: generation, Organizer: organizer}
}

func refused(s float64, generation int, organizer string) Event {
	return Event{At: at(s), Kind: Refused, Conversation: "c1", Generation: generation, Organizer: organizer}
}

func lost(s float64, generation int) Event {
	return Event{At: at(s), Kind: Lost, Conversation: "c1", Generation: generation}
}

func lostRequest(s float64, request string) Event {
	return Event{At: at(s), Kind: Lost, Request: request}
}

func in(place, conversation string, e Event) Event {
	e.Place = place
	if e.Kind == Asked {
		e.Conversation = conversation
	}
	return e
}

func died(s float64, link string, known bool) Event {
	return Event{At: at(s), Kind: Died, Link: link, Known: known}
}

func revived(s float64, link string) Event { return Event{At: at(s), Kind: Revived, Link: link} }

func why(e Event) Event {
	e.Why = true
	return e
}

func calm(s float64) Event { return Event{At: at(s), Kind: Calm} }

func TestCheck(t *testing.T) {
	t.Parallel()
	checks(t, []history{
		{name: "nothing happened"},
		{name: "answered at once", events: []Event{asked(0, "1", "ann"), made(1, "x", 1, "ann"), answer(2, "1", "x")}},
		{
			name: "each of three gets an answer: one for all, one alone, one in words as a direct message",
			events: []Event{
				asked(0, "1", "ann"), asked(0, "2", "ben"), asked(0, "3", "eve"),
				acknowledged(1, "1"), acknowledged(1, "2"), acknowledged(1, "3"), made(2, "x", 1, "ann"),
				shown(3, "", "x"), shown(3, "ben", "x"),
				{At: at(3), Kind: Shown, User: "eve", Place: "Deve"}, calm(3),
			},
		},
		{
			name:   "acknowledged while the faults still go on",
			events: []Event{calm(0), asked(1, "1", "ann"), acknowledged(2, "1")},
		},
		{
			name:   "not acknowledged, so nothing is owed",
			events: []Event{asked(0, "1", "ann"), calm(1)},
		},
		{
			name:   "an acknowledged command is lost",
			events: []Event{asked(0, "1", "ann"), acknowledged(1, "1"), calm(5)},
			want:   "request 1 of ann in C1 was acknowledged at 09:00:01.000 and not answered by 09:00:35.000",
		},
		{
			name: "nothing is left to do, so a later card is no answer",
			events: []Event{
				asked(0, "1", "ann"), acknowledged(1, "1"), calm(2), {At: at(3), Kind: Idle},
				made(4, "x", 1, "ben"), asked(4, "2", "ben"), shown(5, "", "x"),
			},
			want: "request 1 of ann in C1 was acknowledged at 09:00:01.000 and not answered by 09:00:03.000",
		},
		{
			name: "somebody else's card hides nothing",
			events: []Event{
				asked(0, "1", "ann"), asked(0, "2", "ben"), acknowledged(1, "1"), acknowledged(1, "2"),
				made(2, "x", 1, "ann"), answer(3, "1", "x"), calm(4),
			},
			want: "request 2 of ben in C1 was acknowledged at 09:00:01.000 and not answered",
		},
		{
			name: "one card for all is no answer to two",
			events: []Event{
				asked(0, "1", "ann"), asked(0, "2", "ben"), acknowledged(1, "1"), acknowledged(1, "2"),
				made(2, "x", 1, "ann"), shown(3, "", "x"), calm(4),
			},
			want: "request 2 of ben in C1 was acknowledged",
		},
		{
			name: "a card from before is no answer",
			events: []Event{
				made(0, "x", 1, "ann"), asked(0, "0", "eve"), shown(1, "", "x"),
				asked(2, "1", "ben"), acknowledged(3, "1"), calm(4),
			},
			want: "request 1 of ben in C1 was acknowledged",
		},
		{
			name: "a card elsewhere is no answer",
			events: []Event{
				asked(0, "1", "ann"), acknowledged(1, "1"), made(2, "x", 1, "ann"),
				{At: at(3), Kind: Shown, Place: "C1/7", Link: "x"}, calm(4),
			},
			want: "request 1 of ann in C1 was acknowledged", repeats: 1,
		},
		{
			name: "the owed answer is not spent on whoever is owed none",
			events: []Event{asked(0, "1", "ann"), asked(0, "2", "ben"), acknowledged(1, "2"), made(2, "x", 1, "ann"),
				shown(3, "", "x"), calm(4)},
		},
		{
			name: "answers are given so that they last",
			events: []Event{
				asked(0, "1", "ann"), made(2, "x", 1, "ann"), shown(3, "", "x"),
				asked(5, "2", "ben"), shown(6, "", "x"), acknowledged(1, "1"), acknowledged(5, "2"), calm(7),
			},
		},
		{
			name:   "answered too late",
			events: []Event{asked(0, "1", "ann"), acknowledged(1, "1"), calm(5), shown(36, "ann", "")},
			want:   "request 1 of ann in C1 was answered at 09:00:36.000, due by 09:00:35.000",
		},
		{
			name: "two links in one generation",
			events: []Event{
				asked(0, "1", "ann"), asked(0, "2", "ben"), made(1, "x", 1, "ann"), made(1, "y", 1, "ben"),
				answer(2, "1", "x"), answer(2, "2", "y"),
			},
			want: "generation 1 of c1 was shown with two links: x and y",
		},
		{
			name:   "a second meeting that nobody saw",
			events: []Event{asked(0, "1", "ann"), made(1, "x", 1, "ann"), made(1, "y", 1, "ben"), answer(2, "1", "x")},
			want:   "generation 1 of c1 has a second meeting, of an organizer who was not refused: shown x, other y",
		},
		{
			name: "a second meeting of somebody who was refused afterwards",
			events: []Event{
				asked(0, "1", "ann"), made(1, "y", 1, "ben"), refused(2, 1, "ben"), made(3, "x", 1, "ann"),
				answer(4, "1", "x"),
			},
		},
		{
			name: "the refusal of another excuses nothing",
			events: []Event{
				asked(0, "1", "ann"), made(1, "y", 1, "ben"), refused(2, 1, "eve"), made(3, "x", 1, "ann"),
				answer(4, "1", "x"),
			},
			want: "generation 1 of c1 has a second meeting",
		},
		{
			name: "nor does a refusal of the same organizer in another generation",
			events: []Event{
				asked(0, "1", "ann"), made(1, "y", 1, "ben"), refused(2, 2, "ben"), made(3, "x", 1, "ann"),
				answer(4, "1", "x"),
			},
			want: "generation 1 of c1 has a second meeting",
		},
		{
			name:   "a link that leads nowhere",
			events: []Event{asked(0, "1", "ann"), answer(1, "1", "z")},
			want:   "C1 showed a link that no meeting has: z",
		},
		{
			name: "another conversation's meeting",
			events: []Event{
				asked(0, "1", "ann"), answer(2, "1", "x"),
				{At: at(1), Kind: Made, Link: "x", Conversation: "c2", Generation: 1},
			},
			want: "C1 showed the meeting of c2, want that of c1",
		},
		{
			name: "back to the old meeting",
			events: []Event{
				asked(0, "1", "ann"), fresh(0, "2", "ben"), asked(0, "3", "eve"), made(0, "x", 1, "ann"),
				made(1, "y", 2, "ben"),
				answer(1, "1", "x"), answer(2, "2", "y"), answer(13, "3", "x"),
			},
			want: "C1 showed generation 1 of c1, 11s after generation 2",
		},
		{
			name: "overtaken on the way",
			events: []Event{
				asked(0, "1", "ann"), fresh(0, "2", "ben"), asked(0, "3", "eve"), made(0, "x", 1, "ann"),
				made(1, "y", 2, "ben"),
				answer(1, "1", "x"), answer(2, "2", "y"), answer(3, "3", "x"),
			},
		},
		{
			name: "an old meeting for somebody who asked when the new one had been seen",
			events: []Event{
				asked(0, "1", "ann"), fresh(0, "2", "ben"), made(0, "x", 1, "ann"), made(1, "y", 2, "ben"),
				answer(1, "1", "x"), answer(2, "2", "y"), asked(3, "3", "eve"), shown(4, "eve", "x"),
			},
			want: "request 3 was given generation 1 of c1, though 2 had been shown before it asked",
		},
		{
			name: "an old meeting, while two servers answered",
			events: []Event{
				asked(0, "1", "ann"), fresh(0, "2", "ben"), made(0, "x", 1, "ann"), made(1, "y", 2, "ben"),
				answer(1, "1", "x"), {At: at(1.5), Kind: Split, Until: at(5)}, answer(2, "2", "y"), asked(3, "3", "eve"),
				shown(4, "eve", "x"),
			},
		},
		{
			name: "an old meeting, after two servers had answered",
			events: []Event{
				asked(0, "1", "ann"), fresh(0, "2", "ben"), made(0, "x", 1, "ann"), made(1, "y", 2, "ben"),
				answer(1, "1", "x"), {At: at(1.5), Kind: Split, Until: at(2.5)}, answer(2, "2", "y"), asked(3, "3", "eve"),
				shown(4, "eve", "x"),
			},
			want: "request 3 was given generation 1 of c1, though 2 had been shown before it asked",
		},
		{
			name: "an old meeting for somebody who wanted a new one while two servers answered",
			events: []Event{
				asked(0, "1", "ann"), made(0, "x", 1, "ann"), answer(1, "1", "x"), {At: at(1.5), Kind: Split, Until: at(2.5)},
				fresh(2, "2", "ben"), shown(3, "ben", "x"),
			},
		},
		{
			name: "no meeting, while two servers answered",
			events: []Event{
				asked(0, "1", "ann"), made(0, "x", 1, "ann"), answer(1, "1", "x"), {At: at(1.5), Kind: Split, Until: at(5)},
				asked(2, "2", "ben"), {At: at(3), Kind: Shown, User: "ben", Place: "C1", None: true},
			},
		},
		{
			name: "an old meeting for somebody whose new one was lost",
			events: []Event{
				asked(0, "1", "ann"), made(0, "x", 1, "ann"), answer(1, "1", "x"), fresh(2, "2", "ben"),
				shown(3, "ben", "x"), lost(3.5, 2),
			},
		},
		{
			name: "an old meeting for somebody who wanted a new one, of which another was lost before",
			events: []Event{
				asked(0, "1", "ann"), made(0, "x", 1, "ann"), answer(1, "1", "x"), lost(1.5, 2), fresh(2, "2", "ben"),
				shown(3, "ben", "x"),
			},
			want: "request 2 wanted a new meeting of c1 and was given generation 1",
		},
		{
			name: "an old meeting for somebody who wanted a new one",
			events: []Event{
				asked(0, "1", "ann"), made(0, "x", 1, "ann"), answer(1, "1", "x"), fresh(2, "2", "ben"),
				shown(3, "ben", "x"),
			},
			want: "request 2 wanted a new meeting of c1 and was given generation 1",
		},
		{
			name: "told that there is none",
			events: []Event{
				asked(0, "1", "ann"), made(0, "x", 1, "ann"), answer(1, "1", "x"), asked(2, "2", "ben"),
				{At: at(3), Kind: Shown, User: "ben", Place: "C1", None: true},
			},
			want: "request 2 was told that c1 has no meeting, though generation 1 had been shown",
		},
		{
			name:   "answered twice, in place and by post",
			events: []Event{asked(0, "1", "ann"), made(1, "x", 1, "ann"), answer(2, "1", "x"), shown(3, "", "x")},
			want:   "1 answers were repeated, and the bot reports 0",
		},
		{
			name:   "answered twice, alone",
			events: []Event{asked(0, "1", "ann"), made(1, "x", 1, "ann"), shown(2, "ann", "x"), shown(3, "ann", "x")},
			want:   "1 answers were repeated, and the bot reports 0",
		},
		{
			name:    "answered twice, and said so",
			events:  []Event{asked(0, "1", "ann"), made(1, "x", 1, "ann"), shown(2, "", "x"), shown(3, "", "x")},
			repeats: 1,
		},
		{
			name: "somebody asks in two places, and the answers come the other way round",
			events: []Event{
				asked(0, "1", "ann"), in("C2", "c2", asked(1, "2", "ann")), acknowledged(1, "1"), acknowledged(1, "2"),
				in("C2", "", shown(2, "ann", "")), shown(3, "ann", ""), calm(4),
			},
		},
		{
			name: "of somebody's two requests, one is lost",
			events: []Event{
				asked(0, "1", "ann"), in("C2", "c2", asked(1, "2", "ann")), acknowledged(1, "1"), acknowledged(1, "2"),
				in("C2", "", shown(2, "ann", "")), calm(4),
			},
			want: "request 1 of ann in C1 was acknowledged",
		},
		{
			name: "of somebody's two requests in one place, one is lost",
			events: []Event{
				asked(0, "1", "ann"), asked(1, "2", "ann"), acknowledged(1, "1"), acknowledged(1, "2"),
				shown(2, "ann", ""), calm(4),
			},
			want: "request 2 of ann in C1 was acknowledged",
		},
		{
			name: "of somebody's two requests in one place, only the later was taken",
			events: []Event{
				asked(0, "1", "ann"), asked(1, "2", "ann"), shown(2, "ann", ""), acknowledged(3, "2"), calm(4),
			},
		},
		{
			name: "an answer is not to what was asked before all was done",
			events: []Event{
				asked(0, "1", "ann"), calm(1), {At: at(2), Kind: Idle}, asked(3, "2", "ann"), acknowledged(4, "2"),
				shown(5, "ann", ""), calm(6),
			},
		},
		{
			name:   "a lost acceptance excuses the want of an answer",
			events: []Event{asked(0, "1", "ann"), acknowledged(1, "1"), lostRequest(2, "1"), calm(5)},
		},
		{
			name:   "but of no other",
			events: []Event{asked(0, "1", "ann"), acknowledged(1, "1"), lostRequest(2, "2"), calm(5)},
			want:   "request 1 of ann in C1 was acknowledged",
		},
		{
			name: "a lost mark excuses a second answer",
			events: []Event{asked(0, "1", "ann"), made(1, "x", 1, "ann"), shown(2, "ann", "x"), lostRequest(3, "1"),
				shown(20, "ann", "x")},
		},
		{
			name: "a lost meeting is made again, and none is known in between",
			events: []Event{
				asked(0, "1", "ann"), made(1, "x", 1, "ann"), answer(2, "1", "x"), lost(3, 1),
				asked(4, "2", "ben"), {At: at(5), Kind: Shown, User: "ben", Place: "C1", None: true},
				asked(6, "3", "eve"), made(7, "y", 1, "eve"), answer(8, "3", "y"),
			},
		},
		{
			name: "but not a third time",
			events: []Event{
				asked(0, "1", "ann"), made(1, "x", 1, "ann"), answer(2, "1", "x"), lost(3, 1),
				asked(6, "3", "eve"), made(7, "y", 1, "eve"), answer(8, "3", "y"),
				asked(9, "4", "dan"), made(10, "z", 1, "dan"), answer(11, "4", "z"),
			},
			want: "generation 1 of c1 was shown with two links: x and z",
		},
		{
			name: "nor in an earlier generation than the lost one",
			events: []Event{
				asked(0, "1", "ann"), made(1, "x", 1, "ann"), answer(2, "1", "x"), lost(3, 2),
				asked(6, "3", "eve"), made(7, "y", 1, "eve"), answer(8, "3", "y"),
			},
			want: "generation 1 of c1 was shown with two links: x and y",
		},
		{
			name: "a lost new meeting gives way to the one before it",
			events: []Event{
				asked(0, "1", "ann"), made(0, "x", 1, "ann"), answer(1, "1", "x"), fresh(2, "2", "ben"),
				made(3, "y", 2, "ben"),
				answer(4, "2", "y"), lost(5, 2), asked(30, "3", "eve"), answer(31, "3", "x"),
			},
		},
		{
			name: "what was made since is binding",
			events: []Event{
				asked(0, "1", "ann"), made(0, "x", 1, "ann"), answer(1, "1", "x"), lost(2, 2), fresh(3, "2", "ben"),
				made(4, "y", 2, "ben"),
				answer(5, "2", "y"), asked(7, "3", "eve"), answer(8, "3", "x"),
			},
			want: "request 3 was given generation 1 of c1, though 2 had been shown before it asked",
		},
		{
			name:   "an answer that nobody asked for",
			events: []Event{shown(1, "ann", "")},
			want:   "ann was shown an answer in C1 without having asked",
		},
		{
			name:   "an acknowledgement of nothing",
			events: []Event{acknowledged(1, "7")},
			want:   "request 7 was acknowledged and never asked",
		},
	})
}

func TestFigures(t *testing.T) {
	t.Parallel()
	got := Check([]Event{
		lostRequest(0, "5"), lost(0, 2), asked(0, "5", "fay"), acknowledged(1, "5"), made(8, "w", 2, "fay"),
		asked(0, "1", "ann"), acknowledged(1, "1"), asked(1, "2", "ben"), calm(2),
		made(2, "y", 1, "eve"), refused(3, 1, "eve"), made(3, "x", 1, "ann"), shown(4, "", "x"), answer(5, "2", "x"),
		shown(6, "ben", "x"),
		fresh(6, "3", "eve"), made(7, "z", 2, "eve"), answer(8, "3", "z"), asked(7, "4", "dan"), answer(9, "4", "x"),
	}, Limits{Within: 30 * time.Second, Overtaking: 10 * time.Second, Repeated: 1})
	want := Report{Requests: 5, Acknowledged: 2, Answers: 5, Repeated: 1, Orphans: 2, Overtaken: 1, Unanswered: 1,
		Doubled: 1, Slowest: 2 * time.Second}
	if len(got.Violations) > 0 {
		t.Errorf("violations: %q", got.Violations)
	}
	got.Violations = nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("report is %+v, want %+v", got, want)
	}
}

// What becomes of links that stop working.
func TestLives(t *testing.T) {
	t.Parallel()
	first := []Event{asked(0, "1", "ann"), made(1, "x", 1, "ann"), answer(2, "1", "x")}
	idle := Event{At: at(99), Kind: Idle}
	for _, tt := range []struct {
		name   string
		events []Event
		want   string
	}{
		{
			name: "a link that nobody knows to be dead is given, then another, and that is told",
			events: []Event{
				died(10, "x", false), asked(20, "2", "ben"), answer(21, "2", "x"), made(22, "y", 2, "ben"),
				why(shown(23, "ben", "y")), idle,
			},
		},
		{
			name:   "a link is given that is known to be dead",
			events: []Event{died(10, "x", true), asked(20, "2", "ben"), answer(21, "2", "x"), idle},
			want:   "request 2 was given x of c1, which had expired before it asked",
		},
		{
			name:   "a link has just died",
			events: []Event{died(19.5, "x", true), asked(20, "2", "ben"), answer(21, "2", "x"), idle},
		},
		{
			name:   "a link works again",
			events: []Event{died(10, "x", true), revived(15, "x"), asked(20, "2", "ben"), answer(21, "2", "x"), idle},
		},
		{
			name: "nobody is told why",
			events: []Event{
				died(10, "x", true), asked(20, "2", "ben"), made(21, "y", 2, "ben"), answer(22, "2", "y"), idle,
			},
			want: "generation 2 of c1 replaced a link that had stopped working, and nobody was told why",
		},
		{
			name: "a link that died is replaced by somebody who wanted a new one anyhow",
			events: []Event{
				died(10, "x", true), fresh(20, "2", "ben"), made(21, "y", 2, "ben"), answer(22, "2", "y"), idle,
			},
		},
		{
			name: "two who ask for a dead link make two generations",
			events: []Event{
				died(10, "x", true), asked(20, "2", "ben"), asked(20, "3", "eve"), made(21, "y", 2, "ben"),
				why(answer(22, "2", "y")), made(23, "z", 3, "eve"), answer(24, "3", "z"), idle,
			},
			want: "generation 3 of c1 was made although nobody asked for it and the link before it worked",
		},
		{
			name:   "a link that works is replaced",
			events: []Event{asked(20, "2", "ben"), made(21, "y", 2, "ben"), answer(22, "2", "y"), idle},
			want:   "generation 2 of c1 was made although nobody asked for it and the link before it worked",
		},
		{
			name: "an edit of a request wants a new one",
			events: []Event{
				asked(20, "2", "ben"), {At: at(20), Kind: Wished, Conversation: "c1"}, made(21, "y", 2, "ben"),
				answer(22, "2", "y"), idle,
			},
		},
		{
			name: "a card that is changed is no answer, and shows the meeting of its place",
			events: []Event{
				fresh(20, "2", "ben"), made(21, "y", 2, "ben"), answer(22, "2", "y"),
				{At: at(23), Kind: Changed, Place: "C1", Link: "y"}, idle,
			},
		},
		{
			name: "a card is changed back",
			events: []Event{
				fresh(20, "2", "ben"), made(21, "y", 2, "ben"), answer(22, "2", "y"),
				{At: at(43), Kind: Changed, Place: "C1", Link: "x"}, idle,
			},
			want: "C1 showed generation 1 of c1, 21s after generation 2",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := limits
			l.Notice, l.Unasked = time.Second, 1
			report := Check(append(slices.Clip(first), tt.events...), l)
			switch {
			case tt.want == "" && len(report.Violations) > 0:
				t.Errorf("violations %q", report.Violations)
			case tt.want != "" && (len(report.Violations) != 1 || !strings.Contains(report.Violations[0], tt.want)):
				t.Errorf("violations %q, want %q", report.Violations, tt.want)
			}
		})
	}
}
