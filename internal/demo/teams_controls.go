package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/teamstest"
)

// greetWithin is how long the bot's greeting may take, once it has come into a conversation.
const greetWithin = 10 * time.Second

func (t *teams) controls() []control {
	return []control{{"/install", "", "bring the bot into this team or chat", t.install}}
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
		{name: "teams-429", help: "Teams asks once to wait for 2 s", arm: func(*demo) {
			t.Fault(faultserver.Fault{Target: "send", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: "2"})
		}},
		{name: "teams-removed", help: "the bot is thrown out of the conversation before it answers; /install helps",
			arm: func(*demo) {
				t.evict = true
				t.Fault(faultserver.Fault{Target: "send", Times: 1, Latency: time.Second})
			}},
		{name: "teams-private", help: "Teams has no messages for one member alone", arm: func(*demo) {
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
