//go:build integration

package e2e

import (
	"net/http"
	"strings"

	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/teamstest"
)

// teamsFront is Microsoft Teams.
type teamsFront struct {
	*environment
	bot  *replica
	last teamstest.Delivery
}

func (f *teamsFront) ask(a asked) (seen, string) {
	f.t.Helper()
	channel := teamsGeneral
	if a.design {
		channel = teamsDesign
	}
	before := f.Teams.Messages(channel)
	command := a.command
	for _, m := range a.with {
		command += " <at>" + f.nameOf(m) + "</at>"
	}
	f.last = f.call(f.bot, a.user.entra, channel, a.thread, command)
	m := f.answer(channel, before, nil)
	if m.To != "" && m.To != a.user.entra {
		f.t.Errorf("%+v: the answer is for %s", a, m.To)
	}
	return seen{link: teamstest.ReadCard(m.Card).Link(), words: m.Words(), alone: m.To == a.user.entra,
		thread: m.Thread}, f.last.ID
}

func (f *teamsFront) askOnly(a asked) {
	f.t.Helper()
	f.call(f.bot, a.user.entra, teamsGeneral, a.thread, a.command)
}

func (f *teamsFront) cards() []seen {
	var all []seen
	for _, m := range f.Teams.Messages(teamsGeneral) {
		if m.Via != "user" && m.Card != nil {
			all = append(all, seen{link: teamstest.ReadCard(m.Card).Link(), words: m.Words(), alone: m.To != "",
				thread: m.Thread})
		}
	}
	return all
}

func (f *teamsFront) press(user member, title string) seen {
	f.t.Helper()
	all := f.Teams.Messages(teamsGeneral)
	var m teamstest.Message
	button := title
	for _, said := range all {
		if _, rest, found := strings.Cut(string(said.Card), `"title":"`+title); found {
			whole, _, _ := strings.Cut(rest, `"`)
			m, button = said, title+whole
		}
	}
	for _, b := range teamstest.ReadCard(m.Card).Buttons {
		if b.Title == title && b.Type == "Action.ToggleVisibility" { // by the client alone, which tells the bot nothing
			m.Card = teamstest.Unfold(m.Card)
			return seen{link: teamstest.ReadCard(m.Card).Link(), words: m.Words(), alone: true}
		}
	}
	answer, err := f.Teams.Press(f.t.Context(), f.bot.URL(), teamstest.Press{User: user.entra, Title: button, Message: m})
	if err != nil || answer.Problem != "" {
		f.t.Fatalf("%+v, %v", answer, err)
	}
	if shown := answer.Message; shown != nil && teamstest.ReadCard(shown.Card).Link() != "" { // in the card's place
		return seen{link: teamstest.ReadCard(shown.Card).Link(), words: shown.Words(), alone: true}
	}
	m = f.answer(teamsGeneral, all, nil)
	return seen{link: teamstest.ReadCard(m.Card).Link(), words: m.Words(), alone: m.To == user.entra, thread: m.Thread}
}

func (f *teamsFront) say(user member, text string) string {
	return f.Teams.Say(user.entra, teamsGeneral, text).ID
}

func (f *teamsFront) again() {
	f.t.Helper()
	d, err := f.Teams.Deliver(f.t.Context(), f.bot.URL(), f.last.Activity, teamstest.Token{})
	if err != nil || len(d.Attempts) != 1 || d.Attempts[0] != http.StatusOK {
		f.t.Fatalf("%+v, %v", d, err)
	}
}

func (f *teamsFront) guest(user member) {
	f.entraUser(graphtest.User{ID: user.entra, UPN: "gus_fabrikam.example#EXT#@contoso.example", DisplayName: "Gus",
		Guest: true})
	f.teamsUser(teamstest.User{ID: user.entra, Name: "Gus", Guest: true})
}

func (f *teamsFront) count() int {
	n := 0
	for _, m := range f.Teams.Messages(teamsGeneral) {
		if m.Via != "user" {
			n++
		}
	}
	return n
}
