package teamstest

import (
	"encoding/json"
	"html"
	"meetbot/internal/sandbox/textbox"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Card is an Adaptive Card as a reader reads it, from top to bottom. What is hidden is left out, and so is the
// markup of texts.
type Card struct {
	Title   string   // the first text
	Lines   []string // every text after it
	Facts   []Fact
	Buttons []Button
}

// Fact is a line of a fact set.
type Fact struct{ Title, Value string }

// Button is an action of a card.
type Button struct {
	Type  string // "Action.OpenUrl", "Action.Execute", ...
	Title string
	URL   string          // of an Action.OpenUrl
	Verb  string          // of an Action.Execute
	Data  json.RawMessage // of an Action.Execute or an Action.Submit
}

// Link is where the first button that opens a link leads; empty if there is none.
func (c Card) Link() string {
	for _, b := range c.Buttons {
		if b.URL != "" {
			return b.URL
		}
	}
	return ""
}

// Words is everything that the message says, its card's texts, facts and buttons included, each on a line.
func (m Message) Words() string {
	var words []string
	if m.Text != "" {
		words = append(words, plain(m.Text, m.Format))
	}
	if m.Card != nil {
		c := ReadCard(m.Card)
		words = append(append(words, c.Title), c.Lines...)
		for _, f := range c.Facts {
			words = append(words, f.Title+": "+f.Value)
		}
		for _, b := range c.Buttons {
			words = append(words, "["+b.Title+"]")
		}
	}
	return strings.Join(words, "\n")
}

// execute finds the first Action.Execute with this title; an empty one matches any.
func (c Card) execute(title string) (Button, bool) {
	for _, b := range c.Buttons {
		if b.Type == "Action.Execute" && (title == "" || b.Title == title) {
			return b, true
		}
	}
	return Button{}, false
}

// ReadCard reads a card. It is zero if there is none.
func ReadCard(card json.RawMessage) Card {
	var c Card
	first := true
	for _, part := range parts(card) {
		switch {
		case part.text != "" && first:
			c.Title, first = part.text, false
		case part.text != "":
			c.Lines = append(c.Lines, part.text)
		}
		c.Facts = append(c.Facts, part.facts...)
		c.Buttons = append(c.Buttons, part.buttons...)
	}
	return c
}

// Unfold is the card as its reader sees it who has pressed every button that shows what is hidden.
func Unfold(card json.RawMessage) json.RawMessage {
	var any map[string]any
	if json.Unmarshal(card, &any) != nil {
		return card
	}
	unfold(any)
	open, err := json.Marshal(any)
	if err != nil {
		return card
	}
	return open
}

func unfold(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "isVisible")
		for _, inner := range v {
			unfold(inner)
		}
	case []any:
		for _, inner := range v {
			unfold(inner)
		}
	}
}

// part is one thing to be seen in a card. Exactly one of its fields is set, beside gap.
type part struct {
	gap     bool // a line between it and what is above
	heading bool // of a text
	text    string
	facts   []Fact
	buttons []Button
	other   string // what is not drawn: "Image: a calendar"
}

// shown is any card, element or action, as far as it is shown.
type shown struct {
	Type      string          `json:"type"`
	IsVisible *bool           `json:"isVisible"`
	Separator bool            `json:"separator"`
	Text      string          `json:"text"`
	Style     string          `json:"style"`
	Weight    string          `json:"weight"`
	Size      string          `json:"size"`
	Inlines   []inline        `json:"inlines"`
	Facts     []Fact          `json:"facts"`
	Body      []shown         `json:"body"`
	Items     []shown         `json:"items"`
	Columns   []shown         `json:"columns"`
	Images    []shown         `json:"images"`
	Actions   []shown         `json:"actions"`
	AltText   string          `json:"altText"`
	Title     string          `json:"title"`
	URL       string          `json:"url"`
	Verb      string          `json:"verb"`
	Data      json.RawMessage `json:"data"`
	Card      *shown          `json:"card"`
}

// inline is a run of text, which may be written as the text alone.
type inline struct {
	Text   string `json:"text"`
	Weight string `json:"weight"`
	Size   string `json:"size"`
}

func (i *inline) UnmarshalJSON(raw []byte) error {
	type run inline
	if json.Unmarshal(raw, (*run)(i)) == nil {
		return nil
	}
	return json.Unmarshal(raw, &i.Text)
}

// loud tells whether letters are those of a heading.
func loud(weight, size string) bool { return strings.EqualFold(weight, "bolder") && size != "" }

// parts lists what is to be seen in a card, from top to bottom.
func parts(raw json.RawMessage) []part {
	var card shown
	if len(raw) == 0 || json.Unmarshal(raw, &card) != nil {
		return nil
	}
	return card.parts(nil)
}

func (e shown) parts(list []part) []part {
	if e.IsVisible != nil && !*e.IsVisible {
		return list
	}
	switch {
	case e.Type == "TextBlock":
		heading := strings.EqualFold(e.Style, "heading") || loud(e.Weight, e.Size)
		return append(list, part{gap: e.Separator, heading: heading, text: plain(e.Text, "markdown")})
	case e.Type == "RichTextBlock":
		var b strings.Builder
		heading := len(e.Inlines) > 0
		for _, i := range e.Inlines {
			b.WriteString(i.Text)
			heading = heading && loud(i.Weight, i.Size)
		}
		return append(list, part{gap: e.Separator, heading: heading, text: b.String()})
	case e.Type == "FactSet":
		part := part{gap: e.Separator}
		for _, f := range e.Facts {
			part.facts = append(part.facts, Fact{plain(f.Title, "markdown"), plain(f.Value, "markdown")})
		}
		return append(list, part)
	case e.Type == "Image":
		return append(list, part{gap: e.Separator, other: "Image: " + e.AltText})
	case strings.HasPrefix(e.Type, "Input.") || e.Type == "Media":
		return append(list, part{gap: e.Separator, other: e.Type})
	}
	for _, inner := range [][]shown{e.Body, e.Items, e.Columns, e.Images} {
		for i, child := range inner {
			child.Separator = child.Separator || e.Separator && i == 0
			list = child.parts(list)
		}
	}
	if len(e.Actions) > 0 {
		part := part{gap: true}
		for _, a := range e.Actions {
			part.buttons = append(part.buttons, Button{Type: a.Type, Title: a.Title, URL: a.URL, Verb: a.Verb,
				Data: a.Data})
		}
		list = append(list, part)
		for _, a := range e.Actions {
			if a.Card != nil {
				list = a.Card.parts(list)
			}
		}
	}
	return list
}

// The markup of texts: the document "Text features" of Adaptive Cards, and "Format your bot messages".
var (
	markedLink   = regexp.MustCompile(`\[([^\]]*)\]\(([^)\s]+)\)`)
	markedBold   = regexp.MustCompile(`\*\*([^*\n]+)\*\*`)
	markedItal   = regexp.MustCompile(`(^|[\s(])[_*]([^_*\s]|[^_*\s][^_*\n]*[^_*\s])[_*]($|[\s).,:;!?])`)
	escapedChars = regexp.MustCompile("\\\\([\\\\`*_{}\\[\\]()#+.!|~>-])")
	tag          = regexp.MustCompile(`<[^>]+>`)
)

// plain turns a text into what a reader sees, without the weight of letters.
func plain(text, format string) string {
	text = markedMention.ReplaceAllString(text, "$1")
	switch format {
	case "plain":
		return text
	case "xml":
		return html.UnescapeString(tag.ReplaceAllString(text, ""))
	}
	// What is escaped is set aside as a character that no text has, so that it marks nothing.
	var escaped []string
	text = escapedChars.ReplaceAllStringFunc(text, func(s string) string {
		escaped = append(escaped, s[1:])
		return "\x00"
	})
	text = markedLink.ReplaceAllString(text, "$1 ($2)")
	text = markedBold.ReplaceAllString(text, "$1")
	text = markedItal.ReplaceAllString(text, "$1$2$3")
	for _, s := range escaped {
		text = strings.Replace(text, "\x00", s, 1)
	}
	return text
}

// RenderMessage draws a message for a terminal, about as Teams shows it, in plain text no wider than width columns
// (addresses are never broken). It ends with a line break.
func RenderMessage(m Message, width int) string {
	width = max(width, 30)
	head := m.FromName
	if m.Thread != "" {
		head += " · in a thread"
	}
	if m.Edits > 0 {
		head += " · Edited"
	}
	if m.To != "" {
		head += " · Only you can see this message"
	}
	d := textbox.Box{Width: width - 2}
	if m.Text != "" {
		d.Paragraph(plain(m.Text, m.Format), "")
	}
	for i, part := range parts(m.Card) {
		if part.gap && i > 0 || i == 0 && m.Text != "" {
			d.Lines = append(d.Lines, "")
		}
		part.draw(&d)
	}
	return d.Frame(head)
}

func (p part) draw(d *textbox.Box) {
	switch {
	case p.text != "":
		d.Paragraph(p.text, "")
		if p.heading {
			d.Lines = append(d.Lines, strings.Repeat("═", min(d.Width, utf8.RuneCountInString(p.text))))
		}
	case p.other != "":
		d.Lines = append(d.Lines, "["+p.other+"]")
	}
	column := 0
	for _, f := range p.facts {
		column = max(column, utf8.RuneCountInString(f.Title))
	}
	for _, f := range p.facts {
		indent := strings.Repeat(" ", column+2)
		d.Hanging(f.Value, f.Title+indent[utf8.RuneCountInString(f.Title):], indent)
	}
	for _, b := range p.buttons {
		line := "[ " + b.Title + " ]"
		if b.URL != "" {
			line += "  " + b.URL
		}
		d.Lines = append(d.Lines, line)
	}
}
