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
	maxSpoken = 75 // accessibility_label
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

// Place names a channel by a link to it. Direct conversations have no name, and their IDs begin with D.
func (s style) Place(c bot.Conversation) (kind bot.PlaceKind, name string) {
	switch {
	case c.Thread != "":
		return bot.PlaceThread, ""
	case strings.HasPrefix(c.Channel, "D"):
		return bot.PlaceChat, ""
	case c.Channel == "":
		return bot.PlaceChannel, ""
	default:
		return bot.PlaceChannel, s.Conversation(c)
	}
}

// Day lets each reader's client write the day in the reader's own time zone.
func (s style) Day(t time.Time, lang bot.Language) string {
	return fmt.Sprintf("<!date^%d^{date_pretty}|%s>", t.Unix(), s.PlainStyle.Day(t, lang))
}

// Clock lets each reader's client write the time in the reader's own time zone.
func (s style) Clock(t time.Time, lang bot.Language) string {
	return fmt.Sprintf("<!date^%d^{time}|%s>", t.Unix(), s.PlainStyle.Clock(t, lang))
}

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
		out = append(out, button(catalog, r.Language, action))
	}
	return out
}

func button(catalog *bot.Catalog, lang bot.Language, a bot.Action) slack.BlockElement {
	return slack.NewButtonBlockElement(string(a.ID), a.Value, plainText(catalog.PlainText(lang, a.Label()), maxButton))
}

// cardButtons draws the row of a card's buttons, the way to join first. Slack folds nothing away in a message: so what
// stands below More is shown to the person who presses alone, and so are the ways into a calendar. A menu (an overflow
// element) would be an ellipsis without a name.
func cardButtons(catalog *bot.Catalog, r bot.Reply) []slack.BlockElement {
	card, lang := r.Card, r.Language
	var out []slack.BlockElement
	if link := card.JoinURL(); link != "" {
		label := plainText(catalog.PlainText(lang, card.JoinLabel()), maxButton)
		join := slack.NewButtonBlockElement(joinAction, "", label)
		join.AccessibilityLabel = bot.Clip(catalog.PlainText(lang, card.JoinSpoken(catalog, lang)), maxSpoken)
		out = append(out, join.WithStyle(slack.StylePrimary).WithURL(link))
	}
	own := []bot.ActionID{bot.ActionCalendar, bot.ActionMore}
	switch {
	case card.Details:
		own = []bot.ActionID{bot.ActionCalendar, bot.ActionShow}
	case card.ForCalendar:
		own = []bot.ActionID{bot.ActionMore}
	}
	for _, id := range own {
		if a, ok := card.Button(id); ok {
			out = append(out, button(catalog, lang, a))
		}
	}
	return append(out, buttons(catalog, r)...)
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

// cardBlocks draws a meeting: its title, one line, the people who are mentioned, the buttons; then what was asked for.
// Values from outside are literal text elements, in which no markup means anything.
func cardBlocks(catalog *bot.Catalog, r bot.Reply, s bot.Style) []slack.Block {
	card, lang := r.Card, r.Language
	line := mrkdwn(card.Line(catalog, lang, s))
	out := []slack.Block{slack.NewHeaderBlock(plainText(card.Title(catalog, lang), maxHeader))}
	if card.Ended { // what is over stands back
		out = append(out, slack.NewContextBlock("", line))
	} else {
		out = append(out, slack.NewSectionBlock(line, nil, nil))
	}
	if with, ok := card.With(); ok {
		out = append(out, slack.NewSectionBlock(mrkdwn(catalog.Render(lang, with, s)), nil, nil))
	}
	if elements := cardButtons(catalog, r); len(elements) > 0 {
		out = append(out, slack.NewActionBlock("", elements...))
	}
	if card.ForCalendar || shownInFull(card) {
		if calendar := calendarButtons(catalog, r); len(calendar) > 0 {
			out = append(out, slack.NewActionBlock("", calendar...))
		}
	}
	if card.Details || shownInFull(card) {
		out = append(out, details(catalog, r)...)
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

// shownInFull tells whether a card has to show everything at once, since it has no buttons to ask for more.
func shownInFull(c *bot.Card) bool {
	_, more := c.Button(bot.ActionMore)
	return !more && !c.Ended && !c.Reminder
}

// details draws what stands below More: the ways to join without the link, and the link as a text to copy
// where it was asked for.
func details(catalog *bot.Catalog, r bot.Reply) []slack.Block {
	var lines []slack.RichTextSectionElement
	add := func(label bot.Message, value slack.RichTextSectionElement) {
		text := catalog.PlainText(r.Language, label) + ": "
		if len(lines) > 0 {
			lines = append(lines, slack.NewRichTextSectionTextElement("\n", nil))
		}
		lines = append(lines,
			slack.NewRichTextSectionTextElement(text, &slack.RichTextSectionTextStyle{Bold: true}), value)
	}
	for _, f := range r.Card.Facts() {
		if f.URL != "" {
			add(f.Label, slack.NewRichTextSectionLinkElement(f.URL, f.Value, nil))
			continue
		}
		add(f.Label, slack.NewRichTextSectionTextElement(f.Value, nil))
	}
	if label, link, ok := r.Card.Link(); ok && r.Card.Details {
		add(label, slack.NewRichTextSectionTextElement(link, &slack.RichTextSectionTextStyle{Code: true}))
	}
	if len(lines) == 0 {
		return nil
	}
	return []slack.Block{slack.NewRichTextBlock("", slack.NewRichTextSection(lines...))}
}

// plainText is literal text of at most limit characters.
func plainText(text string, limit int) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, bot.Clip(text, limit), false, false)
}

// mrkdwn is text with Slack's markup.
func mrkdwn(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, bot.Clip(text, maxText), false, true)
}
