package slackapp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"meetbot/bot"
	"meetbot/internal/golden"
)

var meeting = bot.Meeting{
	OnlineMeeting: bot.OnlineMeeting{
		JoinURL:      "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%22Tid%22%3a%22t%22%2c%22Oid%22%3a%22o%22%7d",
		Subject:      "Design review",
		Created:      time.Date(2026, 3, 12, 15, 4, 5, 0, time.UTC),
		JoinID:       "291 845 773 102",
		Passcode:     "Xy7pQ2",
		TollNumber:   "+1 555 0100",
		ConferenceID: "123 456 789#",
	},
	ClaimID: "CLAIM", Generation: 1, ExternalID: "slack:T024BE7LD:C2147483705",
	Organizer: bot.Organizer{ID: "a1111111-0000-4000-8000-000000000001", Name: "Ann Example"},
	Language:  bot.English,
}

// replies is everything that the bot can say, by name.
func replies(t *testing.T, lang bot.Language) map[string]bot.Reply {
	t.Helper()
	words := testWords(t)
	card := func(audience bot.Audience, c bot.Card) bot.Reply {
		return bot.Reply{Audience: audience, Language: lang, Card: &c}
	}
	bare := meeting
	bare.Subject, bare.Created, bare.Passcode, bare.TollNumber, bare.ConferenceID = "", time.Time{}, "", "", ""
	hostile := meeting
	hostile.Subject = "<!channel> *bold* `code` <https://evil.example|click> \u202egnp.exe & :tada:"
	hostile.Organizer.Name = "<@U0BEN> _Ann_ <!here>"
	all := map[string]bot.Reply{
		"card-new":          card(bot.ForEveryone, bot.Card{Meeting: meeting, New: true}),
		"card-again":        card(bot.ForEveryone, bot.Card{Meeting: meeting}),
		"card-asker":        card(bot.ForAsker, bot.Card{Meeting: meeting}),
		"card-kept-subject": card(bot.ForAsker, bot.Card{Meeting: meeting, KeptSubject: true}),
		"card-bare":         card(bot.ForEveryone, bot.Card{Meeting: bare}),
		"card-hostile":      card(bot.ForEveryone, bot.Card{Meeting: hostile, New: true}),
		"help":              bot.HelpText(words, lang),
		"ask-back":          bot.AskBack(lang, bot.ParseCommand("hlep")),
		"working":           bot.Working(lang),
		"duplicate":         bot.Duplicate(lang),
		"no-meeting":        bot.NoMeeting(lang),
		"gave-up":           bot.GaveUp(lang, bot.Conversation{Platform: Platform, Workspace: "T024BE7LD", Channel: "C2147483705"}, bot.Command{Kind: bot.New, Subject: "Weekly"}, 25*time.Minute),
		"trouble-store":     bot.Unreachable(lang, bot.ParseCommand(`"new hires"`)),
	}
	for _, what := range []string{"starting", "workspace", "command"} {
		all["trouble-"+what] = bot.Troubled(lang, what)
	}
	for _, code := range []bot.Code{
		bot.NoAccessPolicy, bot.NoPermission, bot.NoSuchUser, bot.ServiceAccount, bot.BadRequest, bot.Credentials, bot.ChatCredentials,
		bot.NotAPerson, bot.OutsideWorkspace, bot.GuestAccount, bot.NoEmail, bot.UnconfirmedEmail, bot.DomainNotAllowed,
		bot.NotInDirectory, bot.AmbiguousIdentity, bot.DisabledAccount, bot.TooMany,
	} {
		reason := "ann@contoso.example"
		switch code {
		case bot.BadRequest:
			reason = "The end time <must> be after the start time."
		case bot.ChatCredentials:
			reason = "missing_scope"
		}
		all["refusal-"+strings.ReplaceAll(string(code), "_", "-")] = bot.Explain(lang, &bot.Error{Code: code, Reason: reason, Wait: 754 * time.Second},
			meeting.Organizer, "0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9e01", bot.Command{Kind: bot.New})
	}
	all["refusal-bad-request-bare"] = bot.Explain(lang, &bot.Error{Code: bot.BadRequest}, meeting.Organizer, "", bot.Command{Kind: bot.Meet})
	return all
}

func testWords(t *testing.T) *bot.Words {
	t.Helper()
	words, err := bot.NewWords()
	if err != nil {
		t.Fatal(err)
	}
	return words
}

func TestRepliesAsSlackGetsThem(t *testing.T) {
	words := testWords(t)
	for _, lang := range bot.Languages {
		for name, reply := range replies(t, lang) {
			t.Run(fmt.Sprintf("%s/%s", lang, name), func(t *testing.T) {
				var got bytes.Buffer
				out := json.NewEncoder(&got)
				out.SetEscapeHTML(false)
				out.SetIndent("", "  ")
				if err := out.Encode(answerTo(words, reply, style{botName: "meetbot"})); err != nil {
					t.Fatal(err)
				}
				golden.Check(t, string(lang)+"/"+name+".json", got.Bytes())
			})
		}
	}
}

// In a thread there are no slash commands, so no sentence may tell anybody to type one.
func TestThreadsSpeakOfMentions(t *testing.T) {
	words := testWords(t)
	for _, lang := range bot.Languages {
		for name, reply := range replies(t, lang) {
			if text := reply.Text(words, style{botName: "meetbot", thread: true}); strings.Contains(text, "`/meet") {
				t.Errorf("%s/%s in a thread: %s", lang, name, text)
			}
		}
	}
}

// Text from outside stands in a card as it is, and does nothing: no mention, no link, no formatting.
func TestHostileTextDoesNothing(t *testing.T) {
	words := testWords(t)
	message := answerTo(words, replies(t, bot.English)["card-hostile"], style{botName: "meetbot"})
	if strings.Contains(message.Text, "<!channel>") || strings.Contains(message.Text, "<https://evil.example") || strings.Contains(message.Text, "<@") {
		t.Errorf("text does something: %s", message.Text)
	}
	if strings.Contains(message.Text, "\u202e") {
		t.Errorf("text turns around what is read: %q", message.Text)
	}
	for _, b := range message.Blocks {
		section, ok := b.(*slack.SectionBlock)
		if ok && (strings.Contains(section.Text.Text, "evil") || strings.Contains(section.Text.Text, "channel")) {
			t.Errorf("text from outside stands in mrkdwn: %s", section.Text.Text)
		}
	}
}
