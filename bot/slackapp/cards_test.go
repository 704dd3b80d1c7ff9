package slackapp

import (
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/internal/replytest"
)

// Whatever changes about a meeting, or about its card, the answer shows it.
func TestAnswersShowWhatChanged(t *testing.T) {
	a := fuzzApp(t)
	plain := bot.Card{Meeting: replytest.Meeting(), Of: bot.Conversation{Channel: "C2147483705"}}
	seen := map[string]string{}
	for name, change := range map[string]func(*bot.Card){
		"nothing":   func(*bot.Card) {},
		"subject":   func(c *bot.Card) { c.Meeting.Subject = "Another name" },
		"link":      func(c *bot.Card) { c.Meeting.JoinURL = "https://teams.microsoft.com/meet/1" },
		"passcode":  func(c *bot.Card) { c.Meeting.Passcode = "other" },
		"meetingID": func(c *bot.Card) { c.Meeting.JoinID = "1 2 3" },
		"phone":     func(c *bot.Card) { c.Meeting.TollNumber = "+1 555 0199" },
		"pin":       func(c *bot.Card) { c.Meeting.ConferenceID = "9#" },
		"organizer": func(c *bot.Card) { c.Meeting.Organizer.Name = "Ben Example" },
		"starter":   func(c *bot.Card) { c.Meeting.StartedBy.Name = "Caio Example" },
		"created":   func(c *bot.Card) { c.Meeting.Created = c.Meeting.Created.Add(time.Hour) },
		"new":       func(c *bot.Card) { c.New = true },
		"replaces":  func(c *bot.Card) { c.New, c.Replaces = true, true },
		"kept":      func(c *bot.Card) { c.Asked = "Budget" },
		"details":   func(c *bot.Card) { c.Details = true },
		"copy":      func(c *bot.Card) { c.Copy = true },
		"elsewhere": func(c *bot.Card) { c.Elsewhere = true },
		"calendar":  func(c *bot.Card) { c.ForCalendar = true },
		"current":   func(c *bot.Card) { c.Checked = c.Meeting.Created },
		"newer":     func(c *bot.Card) { c.Checked, c.Newer = c.Meeting.Created, true },
		"channel":   func(c *bot.Card) { c.Of.Channel = "C0OTHER" },
		"thread":    func(c *bot.Card) { c.Of.Thread = "1712345678.000100" },
		"chat":      func(c *bot.Card) { c.Chat = true },
		"replaced":  func(c *bot.Card) { c.Meeting.Generation++ },
		"late":      func(c *bot.Card) { c.TooLate = true },
		"restored":  func(c *bot.Card) { c.Restored = true },
		"renamed":   func(c *bot.Card) { c.Renamed = true },
		"expired":   func(c *bot.Card) { c.Why.Why = bot.ReasonExpired },
		"dated":     func(c *bot.Card) { c.Ahead = true },
		"moved":     func(c *bot.Card) { c.Ahead, c.Meeting.End = true, c.Meeting.End.Add(time.Hour) },
		"redated":   func(c *bot.Card) { c.Ahead, c.Redated = true, true },
		"wished":    func(c *bot.Card) { c.Wished = []bot.Message{{ID: "when.inside"}} },
		"invited":   func(c *bot.Card) { c.Invited = []bot.Mention{{Kind: bot.MentionPerson, ID: "U0BEN"}} },
		"invitedBy": func(c *bot.Card) { c.InvitedBy = "Ann Example" },
		"reminder":  func(c *bot.Card) { c.Reminder = true },
		"ended":     func(c *bot.Card) { c.Ended = true },
	} {
		for range 2 {
			card := plain
			change(&card)
			got, err := a.encode(bot.Reply{Language: bot.English, Card: &card})
			if err != nil {
				t.Fatal(err)
			}
			if other, ok := seen[string(got)]; ok && other != name {
				t.Errorf("%s is answered as %s", name, other)
			}
			seen[string(got)] = name
		}
	}
	if a.cards.Len() == 0 {
		t.Error("no answer is kept")
	}
}
