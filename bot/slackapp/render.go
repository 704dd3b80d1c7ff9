package slackapp

import (
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"meetbot/bot"
)

// Limits of Block Kit. Source: Slack, "Block Kit reference": header block, button element, section block.
const (
	maxHeader = 150
	maxButton = 75
	maxText   = 3000
)

// joinAction names the button that joins.
const joinAction = "join"

// calendarAction is what the names of the buttons begin with that open calendars.
const calendarAction = "calendar_"

// style writes sentences in Slack's mrkdwn.
type style struct {
	bot.PlainStyle
	botName string
	thread  bool // where there are no slash commands
}

func (a *App) style(thread bool) style {
	s := style{botName: "meetbot", thread: thread}
	if in := a.installed.Load(); in != nil && in.botName != "" {
		s.botName = in.botName
	}
	return s
}

// escapes are the characters that mean something to Slack in text. Source: Slack, "Formatting text for app surfaces",
// section "Escaping text".
var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "'")

// Text escapes what means something to Slack.
func (style) Text(s string) string { return escapes.Replace(s) }

// Time lets each reader's client write the moment in the reader's own time zone.
func (s style) Time(t time.Time, lang bot.Language) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", t.Unix(), s.PlainStyle.Time(t, lang))
}

// Period lets each reader's client write the times in the reader's own time zone.
func (s style) Period(p bot.Period, lang bot.Language) string {
	end := "{time}"
	if p.End.Sub(p.Start) >= 12*time.Hour {
		end = "{date_short_pretty} {time}"
	}
	plainStart, plainEnd := p.Text(lang)
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>-<!date^%d^%s|%s>", p.Start.Unix(), plainStart,
		p.End.Unix(), end, plainEnd)
}

// Command writes a slash command, or a mention of the bot where there are no slash commands.
func (s style) Command(c bot.CommandLine) string {
	line := c.Slash()
	if s.thread {
		line = "@" + s.botName
		switch {
		case c.Word != "":
			line += " " + c.Arguments()
		case c.Subject != "": // without the command's name it would be taken for talk
			line += " " + c.String()
		}
	}
	return "`" + escapes.Replace(line) + "`"
}

// People mentions users and user groups: Slack tells them. Source: Slack, "Formatting text for app surfaces", sections
// "Mentioning users" and "Mentioning groups".
func (style) People(p bot.People) string {
	all := make([]string, len(p))
	for i, m := range p {
		switch m.Kind {
		case bot.MentionPerson:
			all[i] = "<@" + escapes.Replace(m.ID) + ">"
		case bot.MentionGroup:
			all[i] = "<!subteam^" + escapes.Replace(m.ID) + ">"
		default:
			all[i] = escapes.Replace(bot.PlainStyle{}.People(bot.People{m}))
		}
	}
	return strings.Join(all, ", ")
}

// Mention writes the name that the bot has in the workspace.
func (s style) Mention() string { return "`" + escapes.Replace("@"+s.botName) + "`" }

// Conversation writes a link to the channel. Each reader's client shows the channel's name.
func (style) Conversation(c bot.Conversation) string { return "<#" + escapes.Replace(c.Channel) + ">" }

// answer is what Slack takes as the answer to a slash command, and as a post to its response_url. It is slack-go's
// WebhookMessage with no more than what is used, and without a marshaller that encodes the blocks twice.
type answer struct {
	ResponseType string        `json:"response_type"`
	Text         string        `json:"text"` // for notifications and screen readers
	Blocks       []slack.Block `json:"blocks"`
}

// answerTo is a reply as an answer.
func answerTo(catalog *bot.Catalog, r bot.Reply, s bot.Style) answer {
	kind := slack.ResponseTypeEphemeral
	if r.Audience == bot.AudienceEveryone {
		kind = slack.ResponseTypeInChannel
	}
	return answer{ResponseType: kind, Text: r.Text(catalog, s), Blocks: blocks(catalog, r, s)}
}

// blocks draws a reply in Block Kit.
func blocks(catalog *bot.Catalog, r bot.Reply, s bot.Style) []slack.Block {
	if r.Card != nil {
		return cardBlocks(catalog, r, s)
	}
	var out []slack.Block
	for _, m := range r.Messages {
		out = append(out, slack.NewSectionBlock(mrkdwn(catalog.Render(r.Language, m, s)), nil, nil))
		if len(m.Code) > 0 {
			code := slack.NewRichTextSectionTextElement(strings.Join(m.Code, "\n"), nil)
			out = append(out, slack.NewRichTextBlock("", &slack.RichTextPreformatted{
				Type: slack.RTEPreformatted, Elements: []slack.RichTextSectionElement{code},
			}))
		}
	}
	if len(r.Actions) > 0 {
		out = append(out, slack.NewActionBlock("", buttons(catalog, r)...))
	}
	return out
}

// buttons draws a reply's actions. Slack gives a button's ID and value back when somebody presses it.
func buttons(catalog *bot.Catalog, r bot.Reply) []slack.BlockElement {
	var out []slack.BlockElement
	for _, action := range r.Actions {
		label := plainText(catalog.PlainText(r.Language, action.Label()), maxButton)
		out = append(out, slack.NewButtonBlockElement(string(action.ID), action.Value, label))
	}
	return out
}

// calendarButtons draws the ways to put a card's meeting into a calendar.
func calendarButtons(catalog *bot.Catalog, r bot.Reply) []slack.BlockElement {
	var out []slack.BlockElement
	for _, b := range r.Card.CalendarButtons() {
		label := plainText(catalog.PlainText(r.Language, b.Label), maxButton)
		out = append(out, slack.NewButtonBlockElement(calendarAction+b.ID, "", label).WithURL(b.URL))
	}
	return out
}

// cardBlocks draws a meeting. Values from outside are literal text elements, in which no markup means anything.
func cardBlocks(catalog *bot.Catalog, r bot.Reply, s bot.Style) []slack.Block {
	card, lang := r.Card, r.Language
	status := mrkdwn(catalog.Render(lang, card.Status(), s))
	out := []slack.Block{slack.NewHeaderBlock(plainText(card.Title(catalog, lang), maxHeader))}
	if card.Ended { // what is over stands back
		out = append(out, slack.NewContextBlock("", status))
	} else {
		out = append(out, slack.NewSectionBlock(status, nil, nil))
	}
	if with, ok := card.With(); ok {
		out = append(out, slack.NewSectionBlock(mrkdwn(catalog.Render(lang, with, s)), nil, nil))
	}
	if facts := card.Facts(); len(facts) > 0 {
		var lines []slack.RichTextSectionElement
		for i, f := range facts {
			label := catalog.PlainText(lang, f.Label) + ": "
			value := f.Value
			if i < len(facts)-1 {
				value += "\n"
			}
			lines = append(lines,
				slack.NewRichTextSectionTextElement(label, &slack.RichTextSectionTextStyle{Bold: true}),
				slack.NewRichTextSectionTextElement(value, nil))
		}
		out = append(out, slack.NewRichTextBlock("", slack.NewRichTextSection(lines...)))
	}
	var elements []slack.BlockElement
	if link := card.JoinURL(); link != "" {
		label := plainText(catalog.PlainText(lang, card.JoinLabel()), maxButton)
		elements = append(elements, slack.NewButtonBlockElement(joinAction, "", label).
			WithStyle(slack.StylePrimary).WithURL(link))
	}
	if elements = append(elements, buttons(catalog, r)...); len(elements) > 0 {
		out = append(out, slack.NewActionBlock("", elements...))
	}
	if calendar := calendarButtons(catalog, r); len(calendar) > 0 {
		out = append(out, slack.NewActionBlock("", calendar...))
	}
	var notes []string
	for _, m := range card.Notes() {
		notes = append(notes, catalog.Render(lang, m, s))
	}
	if len(notes) > 0 {
		out = append(out, slack.NewContextBlock("", mrkdwn(strings.Join(notes, "\n"))))
	}
	return out
}

// plainText is literal text of at most limit characters.
func plainText(text string, limit int) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, bot.Clip(text, limit), false, false)
}

// mrkdwn is text with Slack's markup.
func mrkdwn(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, bot.Clip(text, maxText), false, true)
}
