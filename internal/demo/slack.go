package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"meetbot/internal/sandbox/slacktest"
)

// slackRedeliveries are the waits of Slack's before it delivers an event again. The real ones are none, a minute and
// five.
var slackRedeliveries = []time.Duration{0, 5 * time.Second, 10 * time.Second}

// slackChannels are the channels of the demo's Slack. Gus, a guest, is not in all of them.
var slackChannels = []slacktest.Channel{
	{ID: "C0GENERAL", Name: "general", Members: slackMembers("gus")},
	{ID: "C0DESIGN", Name: "design"},
	{ID: "C0BRASIL", Name: "brasil"},
}

// slackMembers are everybody but the person of this name.
func slackMembers(without string) []string {
	var all []string
	for _, p := range people() {
		if p.name != without {
			all = append(all, p.slack.ID)
		}
	}
	return all
}

// slackNames gives the mentions in a message the names that Slack shows, in plain text and in JSON.
var slackNames = func() *strings.Replacer {
	var pairs []string
	name := func(id, shown string) {
		for _, end := range []string{">", `\u003e`} {
			pairs = append(pairs, id+end, id+"|"+shown+end)
		}
	}
	name("!subteam^"+designTeamID, "@"+designTeam)
	for _, c := range slackChannels {
		name("#"+c.ID, c.Name)
	}
	for _, p := range people() {
		name("@"+p.slack.ID, p.slack.RealName)
	}
	return strings.NewReplacer(pairs...)
}()

// slack is Slack.
type slack struct{ *slacktest.Server }

// newSlack adds the channels and a user group to Slack.
func newSlack(s *slacktest.Server) slack {
	for _, c := range slackChannels {
		s.AddChannel(c)
	}
	group := slacktest.UserGroup{ID: designTeamID}
	for _, name := range []string{"ben", "caio"} {
		p, _ := personNamed(name)
		group.Users = append(group.Users, p.slack.ID)
	}
	s.AddUserGroup(group)
	return slack{s}
}

func (slack) places() []place {
	var all []place
	for _, c := range slackChannels {
		all = append(all, place{name: "#" + c.Name, shown: "#" + c.Name, id: c.ID})
	}
	return all
}

func (slack) rooms(at spot) []string { return []string{at.place.id, "D" + at.who.slack.ID} }

func (s slack) await(ctx context.Context, room string, match func(message) bool) (message, error) {
	m, err := s.WaitFor(ctx, room, func(m slacktest.Message) bool { return m.Via != "user" && match(s.message(m)) })
	return s.message(m), err
}

func (s slack) said() []message {
	var all []message
	for _, m := range s.AllMessages() {
		if m.Via != "user" {
			all = append(all, s.message(m))
		}
	}
	return all
}

func (slack) message(m slacktest.Message) message {
	m.Text, m.Blocks = slackNames.Replace(m.Text), json.RawMessage(slackNames.Replace(string(m.Blocks)))
	said := message{
		id: m.TS, room: m.Channel, to: m.To, text: m.Text, via: m.Via,
		drawn: shortened(slacktest.RenderMessage(m, cardWidth)), at: m.At, changed: m.Edited,
		card: m.Blocks != nil && m.To == "",
	}
	if m.ThreadTS == "" {
		said.thread = m.TS
	}
	return said
}

func (s slack) say(ctx context.Context, url string, at spot, how manner, text string) (outcome, error) {
	switch {
	case slices.ContainsFunc(slackChannels, func(c slacktest.Channel) bool {
		return c.ID == at.place.id && c.Members != nil && !slices.Contains(c.Members, at.who.slack.ID)
	}):
		return outcome{}, fmt.Errorf("%s is not in %s, and does not see it", at.who.name, at.place.shown)
	case how == plainly:
		return outcome{}, errUnheard
	case how == byMention:
		return s.mention(ctx, url, at, text)
	case at.thread != "":
		return outcome{}, errors.New("Slack has no slash commands in threads: type @meetbot, or /leave the thread")
	}
	before := len(s.Messages(at.place.id))
	answer, err := s.Command(ctx, url, slacktest.Command{User: at.who.slack.ID, Channel: at.place.id,
		Text: marked(text, true)})
	switch {
	case err != nil:
		return outcome{}, err
	case answer.Problem != "":
		return outcome{}, fmt.Errorf("Slack shows an error: %s", answer.Problem)
	case answer.Message == nil:
		return s.posted(at, before)
	}
	said := s.message(*answer.Message)
	return outcome{answer: &said}, nil
}

// marked is what somebody types as Slack sends it on. Only in commands do mentions of people carry a name, too.
func marked(text string, command bool) string {
	return mentioning(slacktest.Escape(text), func(name string) string {
		p, ok := personNamed(name)
		switch {
		case name == designTeam:
			return "<!subteam^" + designTeamID + "|@" + designTeam + ">"
		case ok && command:
			return "<@" + p.slack.ID + "|" + p.name + ">"
		case ok:
			return "<@" + p.slack.ID + ">"
		default:
			return ""
		}
	})
}

// posted finds the answer that the bot posted as a message of its own, before it answered the command with nothing.
// Before is how many messages the channel had.
func (s slack) posted(at spot, before int) (outcome, error) {
	for _, m := range s.Messages(at.place.id)[before:] {
		if m.Via == "chat.postMessage" {
			said := s.message(m)
			return outcome{answer: &said}, nil
		}
	}
	return outcome{}, errors.New("the bot answered with nothing")
}

// mention waits for the bot to accept the event, and leaves it to Slack if that takes long.
func (s slack) mention(ctx context.Context, url string, at spot, text string) (outcome, error) {
	m := slacktest.Mention{
		User: at.who.slack.ID, Channel: at.place.id, ThreadTS: at.thread,
		Text: "<@" + s.BotUser() + "> " + marked(text, false),
	}
	delivered := make(chan error, 1)
	go func() {
		delivery, err := s.Mention(ctx, url, m)
		if n := len(delivery.Attempts); err == nil && (n == 0 || delivery.Attempts[n-1] != http.StatusOK) {
			err = fmt.Errorf("the bot did not accept the event, and Slack gave it up: %v", delivery.Attempts)
		}
		delivered <- err
	}()
	select {
	case err := <-delivered:
		return outcome{}, err
	case <-time.After(acceptWithin):
		return outcome{late: true}, nil
	}
}

func (s slack) post(at spot, text string) (string, error) {
	return s.Say(at.who.slack.ID, at.place.id, slacktest.Escape(text)).TS, nil
}

func (s slack) join(ctx context.Context, url string, at spot, card message) (string, error) {
	for _, m := range s.Messages(card.room) {
		if m.TS != card.id {
			continue
		}
		answer, err := s.Press(ctx, url, slacktest.Press{User: at.who.slack.ID, Message: m})
		if err != nil {
			return "", err
		}
		if answer.Status != http.StatusOK {
			return "", fmt.Errorf("Slack shows a warning at the button: the bot answered %d", answer.Status)
		}
		return fmt.Sprintf("the client opens the link; the bot acknowledged the press in %s",
			answer.Took.Round(100*time.Microsecond)), nil
	}
	return "", errors.New("the card is gone")
}

// press finds the button among those of all messages that the person sees in the channel, its threads included.
func (s slack) press(ctx context.Context, url string, at spot, label string) (outcome, error) {
	for _, m := range slices.Backward(s.Messages(at.place.id)) {
		button, ok := findButton(m.Blocks, label)
		if !ok || m.To != "" && m.To != at.who.slack.ID {
			continue
		}
		answer, err := s.Press(ctx, url, slacktest.Press{User: at.who.slack.ID, Message: m, ActionID: button.ActionID})
		switch {
		case err != nil:
			return outcome{}, err
		case answer.Status != http.StatusOK:
			return outcome{}, fmt.Errorf("Slack shows a warning at the button: the bot answered %d", answer.Status)
		}
		return outcome{opens: button.URL}, nil
	}
	return outcome{}, errNoButton
}

// slackButton is what is of use of a button.
type slackButton struct {
	ActionID string          `json:"action_id"`
	URL      string          `json:"url"`  // that the client opens; empty for others
	Text     json.RawMessage `json:"text"` // of a button: an object
}

// findButton returns the button with this label among a message's blocks.
func findButton(blocks json.RawMessage, label string) (button slackButton, ok bool) {
	var list []struct {
		Elements []slackButton `json:"elements"`
	}
	if json.Unmarshal(blocks, &list) != nil {
		return slackButton{}, false
	}
	for _, block := range list {
		for _, e := range block.Elements {
			var text struct {
				Text string `json:"text"`
			}
			if json.Unmarshal(e.Text, &text) == nil && strings.EqualFold(text.Text, label) {
				return e, true
			}
		}
	}
	return slackButton{}, false
}

func (slack) controls() []control { return nil }
func (slack) faults() []fault     { return nil }
func (slack) mend()               {}
