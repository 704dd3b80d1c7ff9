package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/teamstest"
)

// greetWithin is how long the bot's greeting may take, once it has come into a conversation.
const greetWithin = 10 * time.Second

func (t *teams) controls() []control {
	return []control{
		{"/refresh", "[SUBJECT]",
			"press the refresh button of the last card here, or of the last one with this SUBJECT",
			t.refresh},
		{"/install", "", "bring the bot into this team or chat", t.install},
	}
}

// refresh gives the one who presses another card in the place of the old one.
func (t *teams) refresh(d *demo, ctx context.Context, subject string) error {
	for _, m := range slices.Backward(t.Seen(d.at.room(), d.at.who.teams.ID)) {
		card := teamstest.ReadCard(m.Card)
		if card.Link() == "" || subject != "" && !strings.EqualFold(card.Title, subject) {
			continue
		}
		before := d.mark()
		answer, err := t.Press(ctx, d.url(), teamstest.Press{User: d.at.who.teams.ID, Message: m})
		switch {
		case err != nil:
			return err
		case answer.Problem != "":
			return fmt.Errorf("Teams shows: %s", answer.Problem)
		}
		shown := t.message(*answer.Message)
		shown.at = before.at.Add(answer.Took)
		if shown.id != "" {
			shown.via += ", in the old card's place, for " + d.at.who.name + " alone"
		}
		d.show(shown, before)
		return nil
	}
	return errors.New("there is no such card here")
}

func (t *teams) install(d *demo, ctx context.Context, _ string) error {
	room := d.at.room()
	if c := t.conversation(room); c.ID != "" && !c.BotAbsent {
		return errors.New("the bot is here already")
	}
	t.attend(room, false)
	before := d.mark()
	events, err := t.Install(ctx, d.url(), teamstest.Install{User: d.at.who.teams.ID, Conversation: room})
	if err != nil {
		return err
	}
	for _, e := range events {
		if n := len(e.Attempts); e.Attempts[n-1] != http.StatusOK {
			return fmt.Errorf("the bot did not accept the installation: %v", e.Attempts)
		}
	}
	m, err := d.next(ctx, before, greetWithin)
	if err != nil {
		return errors.New("the bot is here, and says nothing: it greets a conversation once an hour")
	}
	d.show(m, before)
	return nil
}

func (t *teams) faults() []fault {
	return []fault{
		{"teams-429", "Teams asks once to wait for 2 s", func(*demo) {
			t.Fault(faultserver.Fault{Target: "send", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: "2"})
		}},
		{"teams-removed", "the bot is thrown out of the conversation before it answers; /install brings it back",
			func(*demo) {
				t.evict = true
				t.Fault(faultserver.Fault{Target: "send", Times: 1, Latency: time.Second})
			}},
		{"teams-private", "Teams has no messages for one member alone", func(*demo) {
			t.change(func(c *teamstest.Conversation) { c.RefuseTargeted = true })
		}},
	}
}

// mend leaves the bot where it is, and where it is not.
func (t *teams) mend() {
	t.ClearFaults()
	t.evict = false
	t.change(func(c *teamstest.Conversation) { c.RefuseTargeted = false })
}
