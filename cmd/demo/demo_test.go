package main

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The sample script tells the whole story, and every expectation in it holds.
func TestDemoScript(t *testing.T) {
	t.Parallel()
	var out, problems strings.Builder
	code := run(t.Context(), []string{"--script", "../../docs/demo.meetbot"},
		streams{in: strings.NewReader(""), out: &out, err: &problems})
	if code != 0 {
		t.Fatalf("code %d: %s\n%s", code, problems.String(), out.String())
	}
}

// A script whose expectation does not hold fails, and says where.
func TestDemoScriptFails(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("/meet Weekly\n/expect Weekly\n/expect Monthly\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, problems strings.Builder
	code := run(t.Context(), []string{"--script", script}, streams{in: strings.NewReader(""), out: &out,
		err: &problems})
	if code != 1 || !strings.Contains(problems.String(), "line 3") {
		t.Errorf("code %d: %s", code, problems.String())
	}
}

// By hand, nothing that goes wrong ends the session.
func TestDemoTypedByHand(t *testing.T) {
	t.Parallel()
	shown := typedByHand(t, "/wait\n/?\n/as ben\n/in #design\n/meet\n/expect something that is not there\n/fly\nhello\n/install\n/fault\n/join\n/quit\n/meet never\n")
	wantShown(t, shown, "nothing was asked yet", "ben in #design> ", "Microsoft Teams meeting", "does not hold",
		"/? lists what you can type",
		"the bot hears /meet and what mentions it", "/in teams:General is where it can be", "graph-429", "teams-429", "the client opens the link")
	if strings.Contains(shown, "never") {
		t.Error("the session went on after /quit")
	}
}

// What changes later is shown when it changes, and a link, a button or a time that is none is explained.
func TestDemoLifeByHand(t *testing.T) {
	t.Parallel()
	shown := typedByHand(t, `
/open
/press
/press Undo
/fault organizer-gone
/clock -1d
/clock soon
/clock 4000d
/clock
/meet Rtero
/meet rename Retro
/expect a card in #general changes:
/meet link
/open
/press replace this link
/expect The earlier link no longer works
/open
/open https://www.example.com/
/fault organizer-disabled
/join
/fault clear
/join
/in teams:Design
@meetbot meet Logo
@meetbot rename Logos
/expect a card in Teams Design changes:
/clock +61d
`)
	wantShown(t, shown,
		"there is no link yet: /meet link shows one", "which button?", "no message here has a button with that label",
		"there is no card yet: type /meet first", "the clock moves on by days, hours or minutes", "   it is ",
		"meetbot · edited\n│ Retro\n", `302: the browser goes on to the meeting "Retro". Teams opens the meeting`,
		"neither a link of the bot's", "is disabled in Entra: Ann Example", "Teams says: this meeting is no longer available",
		"meetbot · in a thread · Edited\n│ Logos\n", "ann in Teams Design, day 61> ")
	if n := strings.Count(shown, "Teams opens the meeting"); n != 3 {
		t.Errorf("%d links lead to a meeting, want 3:\n%s", n, shown)
	}
	if strings.Contains(shown, "does not hold") {
		t.Errorf("a change was not shown:\n%s", shown)
	}
}

// Dates and people by hand: who is named is mentioned as in a client, and buttons that are links open them.
func TestDemoDatesByHand(t *testing.T) {
	t.Parallel()
	shown := typedByHand(t, `
/meet Logo tomorrow at 15:00 with @ben, @design-team and @zoe
/expect @zoe: I know nobody here by that name.
/press Add to calendar
/press Outlook
/press Join in Microsoft Teams
/as gus
/meet
/as ben
/meet calendar
/meet cancel
/press Take it away
/expect The date is cancelled
/meet new Fresh start
/press File (.ics)
/expect without an entry
/in teams:Design
@meetbot meet Logo amanhã às 15h com @caio
/expect With Caio Exemplo
/press Google
`)
	wantShown(t, shown, "With @Ben Sample, @design-team, @zoe.", "[ Outlook ]  https://outlook.office.com/calendar/deeplink/compose?…\n",
		"with this draft, which a person may save:\n   https://outlook.office.com/calendar/deeplink/compose?path=",
		"Teams opens the meeting", "gus is not in #general, and does not see it",
		"with this draft, which a person may save:\n   https://calendar.google.com/calendar/render?action=")
	if strings.Contains(shown, "does not hold") {
		t.Errorf("something else came:\n%s", shown)
	}
}

// Who thinks before they type sees meanwhile what changes.
func TestDemoShowsChangesBetweenLines(t *testing.T) {
	t.Parallel()
	in, typing := io.Pipe()
	shown, out := io.Pipe()
	ended := make(chan int, 1)
	go func() { ended <- run(t.Context(), nil, streams{in: in, out: out, err: io.Discard}) }()
	go func() { _, _ = io.WriteString(typing, "/meet Rtero\n/meet rename Retro\n") }()
	late := time.AfterFunc(20*time.Second, func() { _ = shown.Close() })
	defer late.Stop()
	lines := bufio.NewScanner(shown)
	for changed := false; !changed; changed = strings.Contains(lines.Text(), "a card in #general changes:") {
		if !lines.Scan() {
			t.Fatal("the change is not shown")
		}
	}
	go func() { _, _ = io.Copy(io.Discard, shown) }()
	_ = typing.Close()
	if code := <-ended; code != 0 {
		t.Errorf("code %d", code)
	}
}

// What Teams has not everywhere is said, and its own faults do what they say.
func TestDemoTeamsByHand(t *testing.T) {
	t.Parallel()
	shown := typedByHand(t, `
/in teams:Nowhere
/in Teams:general
hello everybody
/install
/thread Who broke the build?
@meetbot meet Build trouble
/fault teams-429
@meetbot new
/leave
/meet Standup
/join
/fault teams-removed
@meetbot
/fault clear
/meet
/install
/in teams:Lunch
@meetbot
/thread about lunch
/in teams:chat
/meet
/as xena
meet
`)
	wantShown(t, shown,
		"there are #general, #design, #brasil, teams:General, teams:Design, teams:Lunch, teams:Review, teams:chat",
		"ann in Teams General> ", "the bot hears /meet and what mentions it", "the bot is here already",
		"ann in Teams General (thread)> ", "meetbot · in a thread", "│ Build trouble", "asks once to wait",
		"│ Standup", "tells the bot nothing: https://teams.microsoft.com/",
		"by send, in ann's own chat with the bot, no Graph call", "the bot is not here: /install brings it in",
		"│ Hi! Type ",
		"Teams has threads in channels alone", "Teams has no slash menu in a chat with the bot alone: type meet",
		"xena in Teams chat with meetbot> ", "the bot did not accept the message: [401]")
	// The throttled answer came once Teams would take it; nothing else in the session waits for seconds.
	if !regexp.MustCompile(`\n   ([2-9]|\d\d)[.\d]*s, by send, Graph: createOrGet 201`).MatchString(shown) {
		t.Errorf("no answer waited for two seconds:\n%s", shown)
	}
}

// typedByHand runs a demo with these lines and returns what it shows.
func typedByHand(t *testing.T, lines string) string {
	t.Helper()
	var out, problems strings.Builder
	if code := run(t.Context(), nil, streams{in: strings.NewReader(lines), out: &out, err: &problems}); code != 0 {
		t.Fatalf("code %d: %s", code, problems.String())
	}
	return out.String()
}

func wantShown(t *testing.T, shown string, texts ...string) {
	t.Helper()
	for _, want := range texts {
		if !strings.Contains(shown, want) {
			t.Errorf("the session does not show %q:\n%s", want, shown)
		}
	}
}
