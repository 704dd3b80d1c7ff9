//go:build integration

package e2e

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/testenv"
)

// TestConformance holds what a person sees against every platform.
func TestConformance(t *testing.T) {
	onEveryFront(t, map[string]func(*testing.T, *environment, front){
		"one meeting for a channel":    oneMeeting,
		"a fresh meeting":              freshMeeting,
		"words for the asker alone":    wordsAlone,
		"threads":                      threads,
		"the asker's language":         languages,
		"refusals":                     refusals,
		"only the refused hear of it":  refusedAlone,
		"a person whom Graph refuses":  refusedPerson,
		"Graph asks to wait":           graphWaits,
		"Graph limits one organizer":   graphLimits,
		"Graph's answer is lost":       graphLost,
		"a request delivered again":    deliveredAgain,
		"a subject that means to harm": hostile,
		"talk is no command":           talk,
		"words that people try":        triedWords,
		"punctuation and formatting":   punctuated,
		"a fresh meeting taken back":   undone,
	})
}

// card asks, and fails the test unless a card comes back with all these words.
func card(t *testing.T, f front, a asked, words ...string) seen {
	t.Helper()
	s, _ := f.ask(a)
	if s.link == "" {
		t.Fatalf("%+v brought no card:\n%s", a, s.words)
	}
	for _, want := range words {
		if !strings.Contains(s.words, want) {
			t.Errorf("%+v: the card lacks %q:\n%s", a, want, s.words)
		}
	}
	return s
}

// told asks, and fails the test unless all these words come back for the asker alone, and no link.
func told(t *testing.T, f front, a asked, words ...string) {
	t.Helper()
	s, _ := f.ask(a)
	if s.link != "" || !s.alone {
		t.Errorf("%+v: link %q, for the asker alone: %v\n%s", a, s.link, s.alone, s.words)
	}
	for _, want := range words {
		if !strings.Contains(s.words, want) {
			t.Errorf("%+v: the answer lacks %q:\n%s", a, want, s.words)
		}
	}
}

// The asker of a fresh meeting can take it back, and nobody else can.
func undone(t *testing.T, env *environment, f front) {
	if env.Teams != nil { // the card keeps its button, so that it can be pressed a second time
		env.Teams.Fault(faultserver.Fault{Target: "update", Status: http.StatusForbidden})
	}
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Weekly")
	second := card(t, f, asked{user: members.ann, command: "new hires"}, "hires", "It replaces the earlier one.")
	if second.link == first.link || second.alone {
		t.Fatalf("the fresh meeting's card: %+v", second)
	}
	if s := f.press(members.ben, "Undo"); s.link != "" || !s.alone || !strings.Contains(s.words, "Only Ann Example can undo this.") {
		t.Errorf("Ben, whose meeting it is not, is told %+v", s)
	}
	if got := card(t, f, asked{user: members.ben, command: "show"}); got.link != second.link {
		t.Errorf("Ben's press changed the meeting: %+v", got)
	}
	back := f.press(members.ann, "Undo")
	if back.link != first.link || back.alone || !strings.Contains(back.words, "The earlier meeting is back") {
		t.Errorf("Ann's press brought %+v, want the first meeting for everybody", back)
	}
	late := f.press(members.ann, "Undo")
	if late.link != first.link || !late.alone || !strings.Contains(late.words, "can no longer be undone") {
		t.Errorf("the second press brought %+v, want the current meeting for Ann alone", late)
	}
	if got := card(t, f, asked{user: members.caio, command: "meet"}); got.link != first.link {
		t.Errorf("Caio got %+v, want the first meeting", got)
	}
	// What comes next is a later generation than all of these.
	third := card(t, f, asked{user: members.ben, command: "new Retro"}, "Retro")
	if third.link == first.link || third.link == second.link {
		t.Errorf("the third meeting is an earlier one: %+v", third)
	}
	env.wantMeetings(3)
}

func oneMeeting(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet Design review"}, "Design review",
		"Microsoft Teams meeting · started by Ann Example", "Join in Microsoft Teams", "Add to calendar", "More")
	if first.alone {
		t.Error("a new meeting's card is for all")
	}
	again := card(t, f, asked{user: members.ben, command: "meet"}, "Design review", "meeting since ",
		"Everybody saw this card a moment ago, so this copy is for you only.")
	if again.link != first.link || !again.alone {
		t.Errorf("the second asker got %+v, want the same link, for him alone: everybody saw it just now", again)
	}
	kept := card(t, f, asked{user: members.ben, command: "meet Budget"}, "Design review",
		"already has a meeting, “Design review”, so I kept it. To start another one: ", "new Budget")
	if kept.link != first.link {
		t.Error("another subject made another meeting")
	}
	if other := card(t, f, asked{user: members.ben, design: true, command: "meet"},
		"Ben Example"); other.link == first.link {
		t.Error("two channels share a meeting")
	}
	env.wantMeetings(2)
}

func freshMeeting(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet"})
	fresh := card(t, f, asked{user: members.ben, command: "new Retrospective"}, "New Microsoft Teams meeting", "Retrospective",
		"started by Ben Example")
	if fresh.link == first.link || fresh.alone {
		t.Errorf("new gave %+v, want another link, for all", fresh)
	}
	if now := card(t, f, asked{user: members.ann, command: "meet"}); now.link != fresh.link {
		t.Error("after new, not everybody gets the new one")
	}
	shown := card(t, f, asked{user: members.ann, command: "show"}, "Retrospective")
	if shown.link != fresh.link || !shown.alone {
		t.Errorf("show gave %+v", shown)
	}
	env.wantMeetings(2)
}

func wordsAlone(t *testing.T, env *environment, f front) {
	told(t, f, asked{user: members.ann, command: "show"}, "There is no meeting here yet")
	told(t, f, asked{user: members.ann, command: "help"}, "Every channel has one Microsoft Teams meeting",
		"replaces the meeting", "quote it")
	told(t, f, asked{user: members.ann, command: "hlep"}, "Did you mean", "“hlep”")
	env.wantMeetings(0)
}

func threads(t *testing.T, env *environment, f front) {
	first, command := f.ask(asked{user: members.ann, command: "meet Standup"})
	if first.link == "" {
		t.Fatalf("no card:\n%s", first.words)
	}
	under := card(t, f, asked{user: members.ben, thread: command, command: "meet"}, "Standup")
	if under.link != first.link || under.thread != command {
		t.Errorf("in the thread under the command: %+v, want the channel's meeting, in that thread", under)
	}
	root := f.say(members.ben, "Who broke the build?")
	own := card(t, f, asked{user: members.ben, thread: root, command: "meet Build trouble"}, "Build trouble",
		"Ben Example")
	if own.link == first.link || own.thread != root {
		t.Errorf("in another thread: %+v, want a meeting of its own, in that thread", own)
	}
	if again := card(t, f, asked{user: members.ann, thread: root, command: "meet"}); again.link != own.link {
		t.Error("asking again in a thread made another meeting")
	}
	env.wantMeetings(2)
}

func languages(t *testing.T, _ *environment, f front) {
	card(t, f, asked{user: members.caio, command: "meet"}, "Reunião do Microsoft Teams", "iniciada por Caio Example",
		"Entrar no Microsoft Teams")
	told(t, f, asked{user: members.caio, command: "hlep"}, "Você quis dizer")
	told(t, f, asked{user: members.ann, command: "hlep"}, "Did you mean")
	card(t, f, asked{user: members.ann, command: "show"}, "Join in Microsoft Teams") // for Ann alone, so in hers
}

func refusals(t *testing.T, env *environment, f front) {
	f.guest(members.gus)
	told(t, f, asked{user: members.gus, command: "meet"}, "Guests cannot create meetings here")
	env.Graph.SetPolicy(annID, false)
	told(t, f, asked{user: members.ann, command: "meet Weekly"},
		`New-CsApplicationAccessPolicy -Identity Meetbot -AppIds "`+testenv.ClientID+`"`, `-Identity "`+annID+`"`, "30 minutes", "meet Weekly")
	env.wantMeetings(0)
	first := card(t, f, asked{user: members.ben, command: "meet"}, "started by Ben Example")
	for _, user := range []member{members.ann, members.gus} { // joining needs no policy
		if again := card(t, f, asked{user: user, command: "meet"}); again.link != first.link {
			t.Errorf("%v got another meeting: %+v", user, again)
		}
	}
}

func refusedAlone(t *testing.T, env *environment, f front) {
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: http.StatusBadRequest,
		ContentType: "application/json",
		Body:        `{"error":{"code":"BadRequest","message":"The subject holds a word that is not allowed."}}`})
	told(t, f, asked{user: members.ann, command: "meet Weekly"}, "The subject holds a word that is not allowed.")
	card(t, f, asked{user: members.ben, command: "meet Another"}, "Another", "Ben Example")
}

func refusedPerson(t *testing.T, env *environment, f front) {
	for _, how := range annRefused {
		env.refuseAnn(how)
		told(t, f, asked{user: members.ann, command: "meet Weekly"}, "does not let Ann Example organize meetings",
			"license", "meeting policy", "meet Weekly", "quote this reference: ")
	}
	card(t, f, asked{user: members.ben, command: "meet"}, "Ben Example")
	env.wantMeetings(1)
}

// graphLimits: while somebody waits for the end of their throttle, everybody else is served.
func graphLimits(t *testing.T, env *environment, f front) {
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Whose: annID, Times: 1, Status: http.StatusTooManyRequests,
		RetryAfter: "6"})
	var wg sync.WaitGroup
	defer wg.Wait()
	var ended time.Time
	wg.Go(func() {
		if s, _ := f.ask(asked{user: members.ann}); s.link == "" {
			t.Errorf("Ann is not answered with a card: %s", s.words)
		}
		ended = time.Now()
	})
	eventually(t, "Graph has asked to wait", func() bool {
		return slices.ContainsFunc(env.Graph.Calls(),
			func(c graphtest.Call) bool { return c.Status == http.StatusTooManyRequests })
	})
	card(t, f, asked{user: members.ben, design: true}, "Ben Example")
	served := time.Now()
	wg.Wait()
	if !served.Before(ended) {
		t.Error("Ben waited for the end of Ann's throttle")
	}
}

func graphWaits(t *testing.T, env *environment, f front) {
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: http.StatusTooManyRequests,
		RetryAfter: "2"})
	card(t, f, asked{user: members.ann, command: "meet Later"}, "Later")
	env.wantMeetings(1)
}

func graphLost(t *testing.T, env *environment, f front) {
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Reset: true, Works: true})
	card(t, f, asked{user: members.ann, command: "meet Lost and found"}, "Lost and found")
	env.wantMeetings(1)
}

func deliveredAgain(t *testing.T, env *environment, f front) {
	card(t, f, asked{user: members.ann, command: "meet"})
	before := f.count()
	f.again()
	// Whatever the repetition brought would stand before the answer to a later request.
	told(t, f, asked{user: members.ben, command: "help"})
	if n := f.count(); n != before+1 {
		t.Errorf("%d messages after a request was delivered again, want those %d and one more", n, before)
	}
	env.wantMeetings(1)
}

func hostile(t *testing.T, env *environment, f front) {
	const subject = "<!channel> <at>Ben Example</at> [x](https://evil.example) *b* {{DATE(2026-01-01T00:00:00Z)}} &amp; \u202egnp"
	s := card(t, f, asked{user: members.ann, command: "meet " + subject})
	if !strings.Contains(s.words, "[x](https://evil.example) *b*") {
		t.Errorf("the subject does not read as it was written:\n%s", s.words)
	}
	if strings.Contains(s.words, "\u202e") {
		t.Error("the card holds a character that turns text round")
	}
	if m := env.wantMeetings(1); len(m) == 1 && !strings.HasPrefix(s.link, m[0].JoinURL) {
		t.Errorf("the button leads to %s", s.link)
	}
}

// talk asks back before anybody's words become a meeting for all.
func talk(t *testing.T, env *environment, f front) {
	told(t, f, asked{user: members.ann, command: "thanks!"}, "“thanks!”", "meet thanks!")
	env.wantMeetings(0)
	made := f.press(members.ann, "Create “thanks!”")
	if made.link == "" || made.alone || !strings.Contains(made.words, "thanks!") {
		t.Errorf("the button gave %+v, want a card for all", made)
	}
	env.wantMeetings(1)
	card := card(t, f, asked{user: members.ben, command: "you are welcome"}, "thanks!")
	if card.link != made.link || strings.Contains(card.words, "I kept it") {
		t.Errorf("where there is a meeting, talk brought %+v", card)
	}
	env.wantMeetings(1)
}

// triedWords are no subjects: they do what they mean, or get a sentence about what there is.
func triedWords(t *testing.T, env *environment, f front) {
	for _, word := range []string{"end", "stop", "close", "delete", "encerrar"} {
		told(t, f, asked{user: members.ann, command: "meet " + word}, "I cannot end, cancel or delete a meeting.",
			`meet "`+word+`"`)
	}
	told(t, f, asked{user: members.ann, command: "meet schedule"}, "Say when, and what it is about")
	told(t, f, asked{user: members.ann, command: "settings"}, "There is nothing to set here.")
	told(t, f, asked{user: members.ann, command: "status"}, "I keep no list")
	for _, word := range []string{"-h", "--help", "ajuda", "meet ajuda"} {
		told(t, f, asked{user: members.ann, command: word}, "Every channel has one Microsoft Teams meeting")
	}
	env.wantMeetings(0)
	first := card(t, f, asked{user: members.ann, command: "meet now"}, "Microsoft Teams meeting")
	for _, word := range []string{"now", "start", "join", "here", "agora"} {
		if again := card(t, f, asked{user: members.ann, command: word}); again.link != first.link {
			t.Errorf("%q brought another meeting", word)
		}
	}
	for _, m := range env.wantMeetings(1) {
		if m.Subject == "now" {
			t.Errorf("the subject is %q", m.Subject)
		}
	}
}

// punctuated commands are those commands.
func punctuated(t *testing.T, env *environment, f front) {
	told(t, f, asked{user: members.ann, command: ": help"}, "Every channel has one Microsoft Teams meeting")
	told(t, f, asked{user: members.ann, command: "_show_"}, "There is no meeting here yet")
	card(t, f, asked{user: members.ann, command: ", new Retro"}, "Retro", "Microsoft Teams meeting")
	card(t, f, asked{user: members.ann, command: "*new* Another"}, "Another", "Microsoft Teams meeting")
	card(t, f, asked{user: members.ann, command: "`/meet new Third`"}, "Third", "Microsoft Teams meeting")
	for _, m := range env.wantMeetings(3) {
		if strings.ContainsAny(m.Subject, ",:*`'") {
			t.Errorf("the subject is %q", m.Subject)
		}
	}
}
