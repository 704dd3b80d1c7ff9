package slackapp

import (
	"encoding/json"
	"time"

	"meetbot/bot"
)

// keptCards is how many encoded cards are kept, of about 4 KB each.
const keptCards = 2048

// cardKey is all that the answer with a plain card depends on.
type cardKey struct {
	meeting   bot.OnlineMeeting // as far as it is shown
	organizer string
	starter   string
	of        bot.Conversation
	buttons   int // the generation that they name
	audience  bot.Audience
	language  bot.Language
	isNew     bool
	ahead     bool // its times are shown, too
	chat      bool
	details   bool
	copied    bool
	style     style
}

// keyOf returns the key of a reply, and whether the reply is a plain card: one that is asked for again and again.
func keyOf(r bot.Reply, s style) (cardKey, bool) {
	if r.Card == nil || len(r.Actions) > 0 {
		return cardKey{}, false
	}
	c := *r.Card
	if c.Meeting.ClaimID == "" || c.Replaces || c.Restored || c.TooLate || c.Renamed || c.Ended ||
		c.Redated || c.Reminder || c.ForCalendar || c.Elsewhere || !c.Checked.IsZero() || c.Asked != "" ||
		len(c.Wished) > 0 || len(c.Invited) > 0 || c.InvitedBy != "" ||
		c.Why != (bot.Replacement{}) {
		return cardKey{}, false
	}
	m := c.Meeting.OnlineMeeting
	if !c.Ahead {
		m.Start, m.End = time.Time{}, time.Time{}
	}
	return cardKey{
		meeting: bot.OnlineMeeting{
			JoinURL: m.JoinURL, Subject: m.Subject, Created: m.Created, Start: m.Start, End: m.End,
			JoinID: m.JoinID, Passcode: m.Passcode, TollNumber: m.TollNumber, ConferenceID: m.ConferenceID,
		},
		organizer: c.Meeting.Organizer.Name, starter: c.Meeting.StartedBy.Name, of: c.Of,
		buttons: c.Meeting.Generation, audience: r.Audience, language: r.Language, isNew: c.New, ahead: c.Ahead,
		chat: c.Chat, details: c.Details, copied: c.Copy, style: s,
	}, true
}

// encode writes a reply as the answer to a command. In a busy channel the same card is asked for again and again, and
// drawing it is a large part of what a repeat costs.
func (a *App) encode(r bot.Reply) ([]byte, error) {
	s := a.style(false)
	key, often := keyOf(r, s)
	if !often {
		return json.Marshal(answerTo(a.catalog, r, s))
	}
	if body, ok := a.cards.Get(key); ok {
		return body, nil
	}
	body, err := json.Marshal(answerTo(a.catalog, r, s))
	if err == nil {
		a.cards.Add(key, body)
	}
	return body, err
}
