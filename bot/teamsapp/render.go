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
func (style) Place(c bot.Conversation) (kind bot.Place, name string) {
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

// The IDs of what a card folds away.
const (
	calendarID = "calendar"
	detailsID  = "details"
)

// cardBody draws a meeting: its title, one line, the people who are mentioned, the button to join, those that show
// more, what these show, and notes.
func cardBody(catalog *bot.Catalog, r bot.Reply, s style) (body []element, only *teamsOnly) {
	card, lang := r.Card, r.Language
	body = append(body, heading(card.Title(catalog, lang)), rich(runs(card.Line(catalog, lang, s), false)))
	if with, ok := card.With(); ok {
		s.tags = !s.alone
		line := element{Type: "TextBlock", Text: catalog.Render(lang, with, s), Wrap: true}
		s.tags = false
		if s.alone { // nobody else is there to be mentioned
			line = rich(runs(catalog.Render(lang, with, s), false))
		} else if _, entities := tags(card.Invited); len(entities) > 0 {
			only = &teamsOnly{Entities: entities}
		}
		body = append(body, line)
	}
	if url := card.JoinURL(); url != "" {
		body = append(body, row([]action{{
			Type: "Action.OpenUrl", Title: catalog.PlainText(lang, card.JoinLabel()), Style: "positive", URL: url,
		}}))
	}
	folds, folded := foldsOf(catalog, r)
	if len(folds) > 0 {
		body = append(body, row(folds))
	}
	if asked := buttons(catalog, r); len(asked) > 0 {
		body = append(body, row(asked))
	}
	body = append(body, folded...)
	for _, m := range card.Notes() {
		body = append(body, rich(runs(catalog.Render(lang, m, s), true)))
	}
	return body, only
}

// foldsOf are the buttons that show more of a card, and what they show. What a card's date does not tell yet, the ways
// into a calendar of a meeting without one, the bot is asked for.
func foldsOf(catalog *bot.Catalog, r bot.Reply) (folds []action, folded []element) {
	card, lang := r.Card, r.Language
	if card.Ended || card.Reminder {
		return nil, nil
	}
	title := func(id bot.ActionID) string { return catalog.PlainText(lang, bot.Action{ID: id}.Label()) }
	if calendar := calendarButtons(catalog, r); len(calendar) > 0 {
		folds = append(folds, toggle(title(bot.ActionCalendar), calendarID))
		folded = append(folded, container(calendarID, card.ForCalendar, row(calendar)))
	} else if a, ok := card.Button(bot.ActionCalendar); ok {
		folds = append(folds, execute(title(bot.ActionCalendar), a.ID, &data{Value: a.Value}))
	}
	items := details(catalog, r)
	if a, ok := card.Button(bot.ActionShow); ok {
		items = append(items, row([]action{execute(title(bot.ActionShow), a.ID, &data{Value: a.Value})}))
	}
	if len(items) > 0 {
		folds = append(folds, toggle(title(bot.ActionMore), detailsID))
		folded = append(folded, container(detailsID, card.Details, items...))
	}
	return folds, folded
}

// details draws what stands below More: the ways to join without the link, and the link as a text to copy. A list of
// facts tells screen readers which value a label has; but Teams formats what stands in it, so values that would not
// read as they are stand in text runs.
func details(catalog *bot.Catalog, r bot.Reply) []element {
	var list element
	var lines []element
	facts := r.Card.Facts()
	plain := !slices.ContainsFunc(facts, func(f bot.Fact) bool { return !readsAsItIs(f.Value) })
	for _, f := range facts {
		label := catalog.PlainText(r.Language, f.Label)
		value := bot.Clip(f.Value, maxValue)
		if plain {
			if f.URL != "" {
				value = "[" + value + "](" + f.URL + ")"
			}
			list.Facts = append(list.Facts, fact{label, value})
			continue
		}
		line := rich(append(literal(textRun{Weight: "Bolder"}, label+": ", maxValue),
			literal(textRun{}, value, maxValue)...))
		lines = append(lines, line)
	}
	if len(list.Facts) > 0 {
		list.Type = "FactSet"
		lines = append(lines, list)
	}
	if label, link, ok := r.Card.Link(); ok {
		lines = append(lines, toCopy(catalog.PlainText(r.Language, label)+": ", link))
	}
	return lines
}

// plainLink knows links in which there is nothing that Teams formats.
var plainLink = regexp.MustCompile(`^https://[A-Za-z0-9.:/?&=%@+-]*(_[A-Za-z0-9.:/?&=%@+-]*)?$`)

// toCopy is a line to copy. Clients break a long link at the edge of a card in a text block alone.
func toCopy(label, line string) element {
	if len(line) <= maxLink && plainLink.MatchString(line) {
		if label != "" {
			label = "**" + strings.TrimSpace(label) + "** "
		}
		return element{Type: "TextBlock", Text: label + line, Wrap: true}
	}
	runs := literal(textRun{Weight: "Bolder"}, label, maxValue)
	return rich(append(runs, literal(textRun{Font: "Monospace"}, line, maxLink)...))
}

// formatted knows what Markdown, Teams or a card's functions might make something else of: any sign that is not in the
// list, what looks like an address, and what begins as an item of a list or a heading does.
var formatted = regexp.MustCompile(`[^\pL\pM\pN\p{So}\x{fe0f}\x{200d} ,.:;!?'’"“”()/%+=€$#–—…·-]|` +
	`^[^\pL\pN\p{So}"“(+#]|^#|^\+ |^\d+[.)]( |$)|://|(?i:www\.|mailto:)`)

// readsAsItIs tells whether a text reads as it is where Teams formats what it draws.
func readsAsItIs(text string) bool { return !formatted.MatchString(text) }

// heading is the card's title, for screen readers a heading where the text reads as it is. The style is of version 1.5:
// a client that does not know it leaves it out, and draws the same.
func heading(title string) element {
	title = bot.Clip(title, maxTitle)
	if !readsAsItIs(title) {
		return rich(literal(textRun{Size: "Large", Weight: "Bolder"}, title, maxTitle))
	}
	return element{Type: "TextBlock", Style: "heading", Size: "Large", Weight: "Bolder", Text: title, Wrap: true}
}

// toggle is a button that shows and hides an element of the card. The bot is not told of it.
func toggle(title, id string) action {
	return action{Type: "Action.ToggleVisibility", Title: title, Targets: []string{id}}
}

// container holds elements that a button shows and hides.
func container(id string, visible bool, items ...element) element {
	return element{Type: "Container", ID: id, Visible: &visible, Items: items}
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
