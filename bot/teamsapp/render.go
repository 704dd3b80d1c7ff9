package teamsapp

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"meetbot/bot"
	"meetbot/bot/teamsapp/connector"
)

// Limits of what a card holds, in characters. Teams refuses messages of more than about 28 KB, and any character may
// take six bytes in JSON. What the bot itself says is far below them.
const (
	maxTitle    = 150
	maxValue    = 120
	maxSentence = 700
	maxFallback = 3000
	maxLink     = 1000
	maxName     = 80
)

// style writes sentences as plain text, which is literal wherever it stands.
type style struct {
	bot.PlainStyle
	alone bool // where the bot need not be mentioned
	tags  bool // people are mentioned by the tags of a card's text block
}

// People writes the names; in a text block, mentions.
func (s style) People(p bot.People) string {
	if !s.tags {
		return s.Text(s.PlainStyle.People(p))
	}
	texts, _ := tags(p)
	return strings.Join(texts, ", ")
}

// Text keeps what comes from outside from setting off a command.
func (style) Text(s string) string { return strings.ReplaceAll(s, "`", "'") }

// Command writes the command as it is typed after a mention, which works in every client.
func (s style) Command(c bot.CommandLine) string {
	line := c.String()
	if !s.alone {
		line = "@meetbot " + line
	}
	return "`" + line + "`"
}

// Conversation cannot name a conversation: Teams gives its name to its members' clients alone.
func (style) Conversation(bot.Conversation) string { return "Microsoft Teams" }

// Place tells a channel from a chat by its ID. Source: Microsoft, "Conversation basics": the IDs of channels end so,
// and those of chats in other ways.
func (style) Place(c bot.Conversation) (kind bot.PlaceKind, name string) {
	switch {
	case c.Thread != "":
		return bot.PlaceThread, ""
	case strings.HasSuffix(c.Channel, "@thread.tacv2"), strings.HasSuffix(c.Channel, "@thread.skype"):
		return bot.PlaceChannel, ""
	default:
		return bot.PlaceChat, ""
	}
}

// The versions that cards have.
const (
	plain       = "1.2"
	withExecute = "1.4"
)

// The parts of an Adaptive Card that are used. Teams draws version 1.2 everywhere; on phones it draws nothing of a card
// that calls itself newer than 1.4. So the elements are of 1.2, and a card is of 1.4 only if it has an Action.Execute,
// which needs that. Sources: Adaptive Cards schema; MicrosoftDocs/msteams-docs, issue 13646.
type (
	adaptiveCard struct {
		Type     string     `json:"type"`
		Schema   string     `json:"$schema"`
		Version  string     `json:"version"`
		Language string     `json:"lang"`
		Fallback string     `json:"fallbackText"`
		Body     []element  `json:"body"`
		Actions  []action   `json:"actions,omitempty"`
		Teams    *teamsOnly `json:"msteams,omitempty"`
	}
	teamsOnly struct {
		Width    string             `json:"width,omitempty"`
		Entities []connector.Entity `json:"entities,omitempty"`
	}
	// element is an element of the body: a line of text, a row of buttons, a list of facts, or a container of elements
	// that a button shows and hides. A line that mentions people is a TextBlock with a Text: Teams mentions nobody in
	// text runs.
	element struct {
		Type    string    `json:"type"`
		ID      string    `json:"id,omitempty"`
		Style   string    `json:"style,omitempty"`
		Size    string    `json:"size,omitempty"`
		Weight  string    `json:"weight,omitempty"`
		Spacing string    `json:"spacing,omitempty"`
		Visible *bool     `json:"isVisible,omitempty"`
		Inlines []textRun `json:"inlines,omitempty"`
		Actions []action  `json:"actions,omitempty"`
		Items   []element `json:"items,omitempty"`
		Facts   []fact    `json:"facts,omitempty"`
		Text    string    `json:"text,omitempty"`
		Wrap    bool      `json:"wrap,omitempty"`
	}
	fact struct {
		Title string `json:"title"`
		Value string `json:"value"`
	}
	textRun struct {
		Type   string `json:"type"`
		Text   string `json:"text"`
		Size   string `json:"size,omitempty"`
		Weight string `json:"weight,omitempty"`
		Font   string `json:"fontType,omitempty"`
		Subtle bool   `json:"isSubtle,omitempty"`
	}
	data struct {
		Value string `json:"value"`
	}
	action struct {
		Type     string   `json:"type"`
		Title    string   `json:"title"`
		Style    string   `json:"style,omitempty"`
		URL      string   `json:"url,omitempty"`
		Verb     string   `json:"verb,omitempty"`
		Data     *data    `json:"data,omitempty"`
		Targets  []string `json:"targetElements,omitempty"`
		Fallback string   `json:"fallback,omitempty"` // for a client that does not know the type: "drop"
	}
)

// cardOf draws a reply. What comes from outside stands in text runs, in which no markup means anything; see [literal].
func cardOf(catalog *bot.Catalog, r bot.Reply, s style) adaptiveCard {
	language, _, _ := strings.Cut(string(r.Language), "-") // Microsoft's renderer refuses a country in it
	c := adaptiveCard{
		Type: "AdaptiveCard", Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Version: plain,
		Language: language, Fallback: bot.Clip(r.Text(catalog, s), maxFallback),
	}
	if r.Card == nil {
		for _, m := range r.Messages {
			c.Body = append(c.Body, rich(runs(catalog.Render(r.Language, m, s), false)))
			if len(m.Code) > 0 {
				c.Teams = &teamsOnly{Width: "Full"}
				for _, line := range m.Code {
					c.Body = append(c.Body, toCopy("", line))
				}
			}
		}
		if c.Actions = buttons(catalog, r); len(c.Actions) > 0 {
			c.Version = withExecute
		}
		return c
	}
	c.Body, c.Teams = cardBody(catalog, r, s)
	if usesExecute(c.Body) {
		c.Version = withExecute
	}
	return c
}

// usesExecute tells whether the elements have buttons that the bot is told of.
func usesExecute(elements []element) bool {
	return slices.ContainsFunc(elements, func(e element) bool {
		return usesExecute(e.Items) ||
			slices.ContainsFunc(e.Actions, func(a action) bool { return a.Type == "Action.Execute" })
	})
}

// buttons draws a reply's actions. Teams gives a button's verb and data back when somebody presses it.
func buttons(catalog *bot.Catalog, r bot.Reply) []action {
	var all []action
	for _, a := range r.Actions {
		all = append(all, execute(catalog.PlainText(r.Language, a.Label()), a.ID, &data{Value: a.Value}))
	}
	return all
}

// row is a row of buttons in a card's body, of which Teams draws six at most.
func row(actions []action) element { return element{Type: "ActionSet", Actions: actions} }

// calendarButtons draws the ways to put a card's meeting into a calendar.
func calendarButtons(catalog *bot.Catalog, r bot.Reply) []action {
	var all []action
	for _, b := range r.Card.CalendarButtons() {
		all = append(all, action{Type: "Action.OpenUrl", Title: catalog.PlainText(r.Language, b.Label), URL: b.URL})
	}
	return all
}

// execute is a button that the bot is told of. A client that does not know such buttons leaves it out.
func execute(title string, id bot.ActionID, d *data) action {
	return action{Type: "Action.Execute", Title: title, Verb: string(id), Data: d, Fallback: "drop"}
}

// rich is a line of text runs.
func rich(runs []textRun) element { return element{Type: "RichTextBlock", Inlines: runs} }

// runs splits a sentence at the backticks that set off commands. None can come from outside: see [style.Text].
func runs(sentence string, subtle bool) []textRun {
	var all []textRun
	for i, part := range strings.Split(bot.Clip(sentence, maxSentence), "`") {
		run := textRun{Subtle: subtle}
		if i%2 == 1 {
			run.Font = "Monospace"
		}
		all = append(all, literal(run, part, maxSentence)...)
	}
	return all
}

// dateFunction is where a function begins that clients carry out, in text runs as well. There are no other functions.
var dateFunction = regexp.MustCompile(`\{\{(DATE|TIME)\(`)

// literal makes runs of at most limit characters that read as the text does. Clients carry out a function only if it
// stands in a single run, so it is split between its braces.
func literal(like textRun, text string, limit int) []textRun {
	like.Type = "TextRun"
	text = bot.Clip(text, limit)
	var all []textRun
	add := func(part string) {
		if like.Text = part; part != "" {
			all = append(all, like)
		}
	}
	done := 0
	for _, at := range dateFunction.FindAllStringIndex(text, -1) {
		add(text[done : at[0]+1])
		done = at[0] + 1
	}
	add(text[done:])
	return all
}

// messageOf is a reply as a message.
func messageOf(catalog *bot.Catalog, r bot.Reply, s style) connector.Activity {
	summary, _, _ := strings.Cut(r.Text(catalog, s), "\n")
	if r.Card != nil {
		summary = cmp.Or(r.Card.Title(catalog, r.Language), summary)
	}
	return connector.Activity{
		Type: "message", Locale: string(r.Language), Summary: bot.Clip(strings.ReplaceAll(summary, "`", ""), maxTitle),
		Attachments: []connector.Attachment{{ContentType: connector.CardType, Content: cardOf(catalog, r, s)}},
	}
}
