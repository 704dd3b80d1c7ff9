package teamsapp

import (
	"cmp"
	"strings"
	"time"
	"unicode/utf8"

	"meetbot/bot"
	"meetbot/bot/teamsapp/connector"
)

// refreshVerb names the action that shows which meeting is the current one.
const refreshVerb = "show"

// Limits of what a card holds. Teams cuts messages at about 28 KB; the subject's bound is the bot's own.
const (
	maxTitle = 150
	maxText  = 3000
)

// style writes sentences as plain text, which is literal wherever it stands.
type style struct {
	bot.PlainStyle
	alone bool // where nobody need be mentioned
}

// Command writes the command as it is typed after a mention, which works in every client.
func (s style) Command(word, subject string) string {
	line := bot.CommandLine(word, subject)
	if !s.alone {
		line = "@meetbot " + line
	}
	return "`" + line + "`"
}

// Place cannot name a conversation: Teams gives its name to its members' clients alone.
func (style) Place(bot.Conversation) string { return "Microsoft Teams" }

// cardStyle writes moments so that each reader's client shows them in the reader's own time zone. Source: Microsoft, "Text
// features in Adaptive Cards", section "Date and time function rules".
type cardStyle struct{ style }

func (cardStyle) Time(t time.Time, _ bot.Language) string {
	at := t.UTC().Format("2006-01-02T15:04:05Z")
	return "{{DATE(" + at + ",SHORT)}} {{TIME(" + at + ")}}"
}

// The parts of an Adaptive Card that are used. Source: Adaptive Cards schema 1.5.
type (
	adaptiveCard struct {
		Type     string     `json:"type"`
		Schema   string     `json:"$schema"`
		Version  string     `json:"version"`
		Language string     `json:"lang"`
		Fallback string     `json:"fallbackText"`
		Body     []any      `json:"body"`
		Actions  []action   `json:"actions,omitempty"`
		Teams    *teamsOnly `json:"msteams,omitempty"`
	}
	teamsOnly struct {
		Width string `json:"width"`
	}
	textBlock struct {
		Type   string `json:"type"`
		Text   string `json:"text"`
		Wrap   bool   `json:"wrap"`
		Subtle bool   `json:"isSubtle,omitempty"`
	}
	richText struct {
		Type    string    `json:"type"`
		Spacing string    `json:"spacing,omitempty"`
		Inlines []textRun `json:"inlines"`
	}
	textRun struct {
		Type   string `json:"type"`
		Text   string `json:"text"`
		Size   string `json:"size,omitempty"`
		Weight string `json:"weight,omitempty"`
		Font   string `json:"fontType,omitempty"`
		Subtle bool   `json:"isSubtle,omitempty"`
	}
	action struct {
		Type  string `json:"type"`
		Title string `json:"title"`
		Style string `json:"style,omitempty"`
		URL   string `json:"url,omitempty"`
		Verb  string `json:"verb,omitempty"`
	}
)

// cardOf draws a reply. What comes from outside stands in text runs, in which no markup means anything.
func cardOf(w *bot.Words, r bot.Reply, s style) adaptiveCard {
	language, _, _ := strings.Cut(string(r.Language), "-") // Microsoft's renderer refuses a country in it
	c := adaptiveCard{
		Type: "AdaptiveCard", Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Version: "1.5",
		Language: language, Fallback: clip(r.Text(w, s), maxText),
	}
	if r.Card == nil {
		for i, m := range r.Messages {
			c.Body = append(c.Body, richText{Type: "RichTextBlock", Inlines: runs(w.Say(r.Language, m, s), false)})
			if i == 0 && len(r.Code) > 0 {
				c.Teams = &teamsOnly{Width: "Full"}
				for _, line := range r.Code {
					c.Body = append(c.Body, richText{Type: "RichTextBlock", Inlines: []textRun{{Type: "TextRun", Text: line, Font: "Monospace"}}})
				}
			}
		}
		return c
	}
	card, lang := r.Card, r.Language
	c.Body = append(c.Body,
		richText{Type: "RichTextBlock", Inlines: []textRun{
			{Type: "TextRun", Text: clip(card.Title(w, lang), maxTitle), Size: "Large", Weight: "Bolder"},
		}},
		// The one sentence with a moment in it, and with nothing from outside.
		textBlock{Type: "TextBlock", Text: w.Say(lang, card.Status(), cardStyle{s}), Wrap: true})
	for i, f := range card.Facts() {
		spacing := ""
		if i > 0 {
			spacing = "None"
		}
		c.Body = append(c.Body, richText{Type: "RichTextBlock", Spacing: spacing, Inlines: []textRun{
			{Type: "TextRun", Text: w.Plain(lang, f.Label) + ": ", Weight: "Bolder"},
			{Type: "TextRun", Text: clip(f.Value, maxText)},
		}})
	}
	for _, m := range card.Notes() {
		c.Body = append(c.Body, richText{Type: "RichTextBlock", Inlines: runs(w.Say(lang, m, s), true)})
	}
	c.Actions = []action{
		{Type: "Action.OpenUrl", Title: w.Plain(lang, card.JoinLabel()), Style: "positive", URL: card.Meeting.JoinURL},
		{Type: "Action.Execute", Title: w.Plain(lang, card.RefreshLabel()), Verb: refreshVerb},
	}
	return c
}

// runs splits a sentence at the backticks that set off commands. None can come from outside: see [bot.CleanText].
func runs(sentence string, subtle bool) []textRun {
	var all []textRun
	for i, part := range strings.Split(clip(sentence, maxText), "`") {
		if part == "" {
			continue
		}
		run := textRun{Type: "TextRun", Text: part, Subtle: subtle}
		if i%2 == 1 {
			run.Font = "Monospace"
		}
		all = append(all, run)
	}
	return all
}

// messageOf is a reply as a message.
func messageOf(w *bot.Words, r bot.Reply, s style) connector.Activity {
	summary, _, _ := strings.Cut(r.Text(w, s), "\n")
	if r.Card != nil {
		summary = cmp.Or(r.Card.Title(w, r.Language), summary)
	}
	return connector.Activity{
		Type: "message", Locale: string(r.Language), Summary: clip(strings.ReplaceAll(summary, "`", ""), maxTitle),
		Attachments: []connector.Attachment{{ContentType: connector.CardType, Content: cardOf(w, r, s)}},
	}
}

// clip shortens text to at most limit characters.
func clip(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}
