package teamsapp_test

import (
	"strings"
	"testing"

	"meetbot/bot"
	"meetbot/internal/replytest"
)

// A reminder stands where the newest card of its meeting stands, wherever that is. Without a card there is none.
func TestReminderStandsBelowTheCard(t *testing.T) {
	s := newSandbox(t)
	asked := s.Say(ann, general, "meet").ID
	thread := s.job(general, general+";messageid="+asked)
	thread.Conversation.Thread = asked
	root := s.job(general, general)
	root.Route.Root = true
	reminder := replytest.Reminders(bot.English)["card-reminder"]
	for name, job := range map[string]bot.Job{
		"below the command":      s.job(general, general+";messageid="+asked),
		"in a thread":            thread,
		"a post of its own":      root,
		"in a group chat":        s.job(chat, chat),
		"in a chat with the bot": s.job(s.Personal(ann), s.Personal(ann)),
	} {
		t.Run(name, func(t *testing.T) {
			kept := func(generation int) bot.PostedCard {
				return bot.PostedCard{Ref: s.post(t, job, card(false)), Generation: generation, Language: bot.English}
			}
			c := job.Conversation
			other := kept(2)
			cards := []bot.PostedCard{{Ref: "9 of a later release", Generation: 1}, other, kept(1)}
			all := s.Messages(c.Channel)
			below := all[len(all)-1]
			if _, err := s.app.Remind(t.Context(), c, cards, reminder); err != nil {
				t.Fatal(err)
			}
			all = s.Messages(c.Channel)
			m := all[len(all)-1]
			wanted := below.Thread
			if wanted == "" && c.Channel == general {
				wanted = below.ID
			}
			if m.ID == below.ID || m.Thread != wanted || m.To != "" || !strings.Contains(m.Words(), "Starts ") {
				t.Errorf("%+v, want it below %+v", m, below)
			}
			if _, err := s.app.Remind(t.Context(), c, cards[:2], reminder); err != nil {
				t.Errorf("beside a card that was replaced: %v", err)
			}
			before := len(s.Messages(c.Channel))
			_, err := s.app.Remind(t.Context(), c, cards[:1], reminder)
			if bot.CodeOf(err) != bot.Undeliverable || len(s.Messages(c.Channel)) != before {
				t.Errorf("without a card: %v", err)
			}
		})
	}
}
