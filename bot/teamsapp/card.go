package teamsapp

import (
	"regexp"
	"slices"
	"strings"

	"meetbot/bot"
)

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
