//go:build integration

package e2e

import (
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// What a card is made of, and what its buttons bring, on every platform.
func TestCards(t *testing.T) {
	onEveryFront(t, map[string]func(*testing.T, *environment, front){
		"the details stand below More":   detailsBelowMore,
		"a button of a replaced meeting": buttonOfReplaced,
		"a note for the asker alone":     notesAlone,
		"commands in Portuguese":         commandsInPortuguese,
		"help is short":                  helpIsShort,
	})
}

// detailsBelowMore: whoever wants to dial in asks for it; everybody else sees how to join first.
func detailsBelowMore(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting · started by Ann Example")
	if join := strings.Index(first.words, "Join in Microsoft Teams"); join < 0 || strings.Contains(first.words, "Meeting ID") ||
		strings.Contains(first.words, "Passcode") {
		t.Errorf("the card reads\n%s", first.words)
	}
	more := f.press(members.ben, "More")
	for _, want := range []string{"Organizer: Ann Example", "Meeting ID: ", "Passcode: ", "Phone: ", "Phone conference ID: ",
		"Link: ", first.link, "Check for a newer meeting"} {
		if !strings.Contains(strings.ReplaceAll(more.words, "Link:\n", "Link: "), want) {
			t.Errorf("More does not show %q:\n%s", want, more.words)
		}
	}
	if more.link != first.link || !more.alone {
		t.Errorf("More brought %+v", more)
	}
	checked := f.press(members.ben, "Check for a newer meeting")
	if checked.link != first.link || !checked.alone || !strings.Contains(checked.words, "Still current, checked ") {
		t.Errorf("the check brought %+v", checked)
	}
	calendar := f.press(members.ben, "Add to calendar")
	if !calendar.alone || !strings.Contains(calendar.words, "so the calendar entry is for now") ||
		!strings.Contains(calendar.words, "Outlook") || !strings.Contains(calendar.words, "Google") {
		t.Errorf("the calendar is %+v", calendar)
	}
	env.wantMeetings(1)
}

// buttonOfReplaced: a button of a meeting that was replaced says which one is current.
func buttonOfReplaced(t *testing.T, env *environment, f front) {
	card(t, f, asked{user: members.ann, command: "meet Weekly"})
	shown := card(t, f, asked{user: members.ben, command: "show"}, "Check for a newer meeting")
	press := pressLater(env, f)
	second := card(t, f, asked{user: members.ann, command: "new Retro"}, "New Microsoft Teams meeting · started by Ann Example.")
	now := press()
	if now.link != second.link || now.link == shown.link || !now.alone ||
		!strings.Contains(now.words, "That meeting was replaced. This is the current one, checked ") {
		t.Errorf("the button brought %+v, want %s", now, second.link)
	}
	env.wantMeetings(2)
}

// pressLater returns what presses Ben's button of the card that he sees now, though his client knows no later card.
func pressLater(env *environment, f front) func() seen {
	env.t.Helper()
	const title = "Check for a newer meeting"
	if f, ok := f.(*teamsFront); ok {
		all := f.Teams.Messages(teamsGeneral)
		m := all[len(all)-1]
		return func() seen {
			answer, err := f.Teams.Press(env.t.Context(), f.bot.URL(),
				teamstest.Press{User: members.ben.entra, Title: title, Message: m})
			if err != nil || answer.Message == nil {
				env.t.Fatalf("%+v, %v", answer, err)
			}
			return seen{link: teamstest.ReadCard(answer.Message.Card).Link(), words: answer.Message.Words(), alone: true}
		}
	}
	return func() seen { return f.press(members.ben, title) }
}

// notesAlone: what only the asker has to know is not told to the channel.
func notesAlone(t *testing.T, env *environment, f front) {
	card(t, f, asked{user: members.ann, command: "meet Weekly"})
	moved := card(t, f, asked{user: members.ben, command: "meet Budget tomorrow at 15:00"}, "Weekly", "New time: ")
	if moved.alone || strings.Contains(moved.words, "I kept it") {
		t.Errorf("the card for everybody is %+v", moved)
	}
	eventually(t, "Ben is told alone that the name stays", func() bool {
		for _, m := range f.cards() {
			if m.alone && strings.Contains(m.words, "already has a meeting, “Weekly”, so I kept it. To start another one: ") &&
				strings.Contains(m.words, "new Budget") {
				return true
			}
		}
		return false
	})
	env.wantMeetings(1)
}

// commandsInPortuguese: whoever speaks Portuguese may type it.
func commandsInPortuguese(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.caio, command: "meet Semanal"}, "Reunião do Microsoft Teams · iniciada por Caio")
	shown := card(t, f, asked{user: members.caio, command: "mostrar"}, "Semanal", "Organizador: ", "Verificar se mudou")
	if !shown.alone || shown.link != first.link {
		t.Errorf("mostrar brought %+v", shown)
	}
	renamed := card(t, f, asked{user: members.caio, command: "renomear Retrospectiva"}, "Retrospectiva", "Renomeada.")
	if renamed.link != first.link {
		t.Errorf("renomear brought %+v", renamed)
	}
	told(t, f, asked{user: members.caio, command: "ajuda"},
		"Os comandos também podem ser digitados em português: novo, cancelar, renomear, mostrar, calendário, ajuda.")
	told(t, f, asked{user: members.caio, command: "cancelar"}, "não tem data que eu possa cancelar")
	fresh := card(t, f, asked{user: members.caio, command: "novo Planejamento amanhã às 15h"}, "Planejamento",
		"Nova reunião do Microsoft Teams · iniciada por Caio", "15:00-16:00")
	if fresh.link == first.link {
		t.Error("novo brought the same meeting")
	}
	env.wantMeetings(2)
}

// helpIsShort: nobody reads more than eight lines.
func helpIsShort(t *testing.T, _ *environment, f front) {
	for _, user := range []member{members.ann, members.caio} {
		s, _ := f.ask(asked{user: user, command: "help"})
		lines := 0
		for line := range strings.SplitSeq(s.words, "\n") {
			if strings.Trim(line, " │╭╰─") != "" {
				lines++
			}
		}
		if lines > 9 { // with the name of the bot above them
			t.Errorf("%d lines of help:\n%s", lines, s.words)
		}
	}
}

// A meeting without a name is called after its channel; in a chat, after the person who started it.
func TestNamesOfMeetings(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1}).withTeams(teamstest.Options{Posts: []teamstest.Quota{}})
	env.Slack.AddChannel(slacktest.Channel{ID: "C0SECRET", Name: "secret-plans", Private: true})
	r, teams := env.bot(), env.start(env.teamsConfig(), app.Options{})
	want := map[string]bool{
		"Meeting in #general": true, "Meeting in #design": true, "Ann Example's meeting": true, "Ben Example's meeting": true,
		"Meeting in General": true, "Meeting in Design": true, "Reunião de Caio Example": true, "Reunião em Geral": true,
	}
	wantCard(t, env.asks(r, ann, general, "", ""), "")
	wantCard(t, env.meet(r, ann, design, ""), "")
	wantCard(t, env.asks(r, ann, "C0SECRET", "", ""), "")
	wantCard(t, env.meet(r, ben, "D"+ben, ""), "")
	wantTeamsCard(t, env.callAnswered(teams, annID, teamsGeneral, "", "meet"), "")
	wantTeamsCard(t, env.callAnswered(teams, annID, teamsDesign, "", "meet"), "")
	wantTeamsCard(t, env.callAnswered(teams, caioID, teamsChat, "", "meet"), "")
	thread := env.Teams.Say(caioID, teamsGeneral, "hm").ID
	wantTeamsCard(t, env.callAnswered(teams, caioID, teamsGeneral, thread, "meet"), "")
	for _, m := range env.wantMeetings(8) {
		if !want[m.Subject] {
			t.Errorf("a meeting is called %q", m.Subject)
		}
		delete(want, m.Subject)
	}

	// A name that cannot be looked up costs the name, and no time that anybody notices.
	env.Teams.Fault(faultserver.Fault{Target: "channels", Status: 500})
	env.Slack.Fault(faultserver.Fault{Target: "conversations.info", Status: 500})
	wantTeamsCard(t, env.callAnswered(teams, annID, teamsDesign, "", "new"), "")
	wantCard(t, env.asks(r, ann, design, "", "new"), "")
	for _, m := range env.wantMeetings(10)[8:] {
		if m.Subject != "Ann Example's meeting" {
			t.Errorf("a meeting is called %q", m.Subject)
		}
	}
}
