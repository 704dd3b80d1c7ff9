package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"meetbot/bot"
	"meetbot/internal/sandbox/teamstest"
)

// teamsTeam is the team Contoso, by the ID of its General channel.
const teamsTeam = "19:general0000000000000000000000000@thread.tacv2"

// teams is Microsoft Teams.
type teams struct {
	*teamstest.Server
	list  []teamstest.Conversation // as they stand
	evict bool                     // throw the bot out as soon as it has accepted the next message
}

// newTeams adds the channels and chats to Teams. Nobody has brought the bot into the chat about lunch yet.
func newTeams(t *teamstest.Server) (*teams, error) {
	if err := t.AddTeam(teamsTeam, "Contoso"); err != nil {
		return nil, err
	}
	platform := &teams{Server: t, list: []teamstest.Conversation{
		{ID: teamsTeam, Kind: teamstest.Channel, Name: "General", Team: teamsTeam},
		{ID: "19:design00000000000000000000000000@thread.tacv2", Kind: teamstest.Channel, Name: "Design",
			Team: teamsTeam},
		{ID: "19:lunch000000000000000000000000000@thread.v2", Kind: teamstest.GroupChat, Name: "Lunch",
			BotAbsent: true},
		{ID: "19:meeting_review00000000000000000@thread.v2", Kind: teamstest.MeetingChat, Name: "Review"},
	}}
	for _, c := range platform.list {
		if _, err := t.AddConversation(c); err != nil {
			return nil, err
		}
	}
	return platform, nil
}

// change changes every conversation in something other than its name and kind.
func (t *teams) change(change func(*teamstest.Conversation)) {
	for i := range t.list {
		change(&t.list[i])
		_, _ = t.AddConversation(t.list[i]) // which was good before
	}
}

// conversation finds a channel or a chat; a person's chat with the bot is none of these.
func (t *teams) conversation(room string) (c teamstest.Conversation) {
	if i := slices.IndexFunc(t.list, func(c teamstest.Conversation) bool { return c.ID == room }); i >= 0 {
		c = t.list[i]
	}
	return c
}

// attend brings the bot into a conversation or takes it away; a team has it in all its channels or in none.
func (t *teams) attend(room string, absent bool) {
	team := t.conversation(room).Team
	t.change(func(c *teamstest.Conversation) {
		if c.ID == room || team != "" && c.Team == team {
			c.BotAbsent = absent
		}
	})
}

func (t *teams) places() []place {
	var all []place
	for _, c := range t.list {
		all = append(all, place{name: "teams:" + c.Name, shown: "Teams " + c.Name, id: c.ID})
	}
	return append(all, place{name: "teams:chat", shown: "Teams chat with meetbot"})
}

func (t *teams) rooms(at spot) []string {
	own := t.Personal(at.who.teams.ID)
	if at.place.id == "" {
		return []string{own}
	}
	return []string{at.place.id, own}
}

func (t *teams) await(ctx context.Context, room string, match func(message) bool) (message, error) {
	m, err := t.WaitFor(ctx, room, func(m teamstest.Message) bool { return m.Via != "user" && match(t.message(m)) })
	return t.message(m), err
}

func (t *teams) said() []message {
	rooms := make([]string, 0, len(t.list)+len(people()))
	for _, c := range t.list {
		rooms = append(rooms, c.ID)
	}
	for _, p := range people() {
		rooms = append(rooms, t.Personal(p.teams.ID))
	}
	var all []message
	for _, room := range rooms {
		for _, m := range t.Messages(room) {
			if m.Via != "user" {
				all = append(all, t.message(m))
			}
		}
	}
	return all
}

func (t *teams) message(m teamstest.Message) message {
	said := message{
		id: m.ID, room: m.Conversation, to: m.To, text: m.Words(), via: m.Via,
		drawn: shortened(teamstest.RenderMessage(m, cardWidth)), at: m.At, changed: m.Changed,
		card: m.To == "" && teamstest.ReadCard(m.Card).Link() != "",
	}
	if t.conversation(m.Conversation).Kind == teamstest.Channel {
		said.thread = cmp.Or(m.Thread, m.ID)
	}
	return said
}

func (t *teams) say(ctx context.Context, url string, at spot, how manner, text string) (outcome, error) {
	room := at.room()
	if at.place.id != "" { // in a chat with the bot alone, nobody else can be mentioned
		text = mentioning(text, func(name string) string {
			if p, ok := personNamed(name); ok {
				return "<at>" + p.teams.Name + "</at>"
			}
			return ""
		})
	}
	p := teamstest.Post{User: at.who.teams.ID, Conversation: room, Thread: at.thread, Text: text}
	switch {
	case how == byMention:
		p.Text = strings.TrimSpace(t.Mention() + " " + text)
	case how == bySlash && at.place.id == "":
		return outcome{}, fmt.Errorf("Teams has no slash menu in a chat with the bot alone: type %s",
			bot.DefaultCommandName)
	case how == bySlash:
		p.Text, p.Slash = bot.DefaultCommandName.Line(text, "").String(), true
	}
	d, err := t.Post(ctx, url, p)
	n := len(d.Attempts)
	switch {
	case err != nil:
		return outcome{}, err
	case n == 0 && t.conversation(room).BotAbsent:
		return outcome{}, errors.New("the bot is not here: /install brings it in")
	case n == 0:
		return outcome{}, errUnheard
	case d.Attempts[n-1] != http.StatusOK:
		return outcome{}, fmt.Errorf("the bot did not accept the message: %v", d.Attempts)
	}
	if t.evict {
		t.evict = false
		t.attend(room, true)
	}
	return outcome{}, nil
}

func (t *teams) post(at spot, text string) (string, error) {
	if t.conversation(at.room()).Kind != teamstest.Channel {
		return "", errors.New("Teams has threads in channels alone")
	}
	return t.Say(at.who.teams.ID, at.room(), text).ID, nil
}

// join opens a link, of which the bot is told nothing.
func (t *teams) join(_ context.Context, _ string, at spot, card message) (string, error) {
	for _, m := range t.Seen(card.room, at.who.teams.ID) {
		if m.ID == card.id {
			return "the client opens the link, and tells the bot nothing: " + teamstest.ReadCard(m.Card).Link(), nil
		}
	}
	return "", fmt.Errorf("%s does not see the card", at.who.name)
}

// press gives the one who presses another card in the place of the old one, or a line that stands for a moment.
func (t *teams) press(ctx context.Context, url string, at spot, label string) (outcome, error) {
	for _, m := range slices.Backward(t.Seen(at.room(), at.who.teams.ID)) {
		all := teamstest.ReadCard(teamstest.Unfold(m.Card)).Buttons // what is folded away is unfolded first
		button := slices.IndexFunc(all, func(b teamstest.Button) bool {
			return (b.Type == "Action.Execute" || b.Type == "Action.ToggleVisibility" || b.URL != "") &&
				strings.EqualFold(b.Title, label)
		})
		if button < 0 {
			continue
		}
		if link := all[button].URL; link != "" {
			return outcome{opens: link}, nil
		}
		if all[button].Type == "Action.ToggleVisibility" {
			m.Card = teamstest.Unfold(m.Card)
			shown := t.message(m)
			shown.at = time.Now()
			shown.via += ", unfolded by " + at.who.name
			return outcome{answer: &shown}, nil
		}
		pressed := time.Now()
		title := all[button].Title
		answer, err := t.Press(ctx, url, teamstest.Press{User: at.who.teams.ID, Message: m, Title: title})
		switch {
		case err != nil:
			return outcome{}, err
		case answer.Problem != "":
			return outcome{}, fmt.Errorf("Teams shows: %s", answer.Problem)
		case answer.Message == nil:
			return outcome{}, nil
		}
		shown := t.message(*answer.Message)
		shown.at = pressed.Add(answer.Took)
		if shown.id != "" {
			shown.via += ", in the old card's place, for " + at.who.name + " alone"
		}
		return outcome{answer: &shown}, nil
	}
	return outcome{}, errNoButton
}
