package slacktest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"meetbot/internal/sandbox/textbox"
	"strings"
	"unicode/utf8"
)

// RenderMessage draws a message for a terminal, about as Slack shows it, in plain text no wider than width columns
// (addresses are never broken). It ends with a line break.
func RenderMessage(m Message, width int) string {
	width = max(width, 30)
	head := cmp.Or(m.AuthorName, m.Author)
	if m.ThreadTS != "" {
		head += " · in a thread"
	}
	if m.To != "" {
		head += " · Only visible to you"
	}
	if !m.Edited.IsZero() {
		head += " · edited"
	}
	r := drawing{textbox.Box{Width: width - 2}}
	if m.Blocks == nil || !r.blocks(m.Blocks) {
		r.Paragraph(plain(m.Text), "")
	}
	return r.Frame(head)
}

// drawing draws Block Kit.
type drawing struct{ textbox.Box }

// shown is any block, element or text object, as far as it is drawn.
type shown struct {
	Type      string          `json:"type"`
	Text      json.RawMessage `json:"text"` // a text object, or the string of one
	Fields    []shown         `json:"fields"`
	Accessory *shown          `json:"accessory"`
	Elements  []shown         `json:"elements"`
	URL       string          `json:"url"`
	AltText   string          `json:"alt_text"`
	Style     json.RawMessage `json:"style"` // a list's kind, or the weight of letters
	Indent    int             `json:"indent"`
	Offset    int             `json:"offset"`
	Name      string          `json:"name"`
	UserID    string          `json:"user_id"`
	ChannelID string          `json:"channel_id"`
	Range     string          `json:"range"`
	Fallback  string          `json:"fallback"`
}

// shown is the text of a text object, or of the element that holds one.
func (e shown) shown() string {
	var s string
	if json.Unmarshal(e.Text, &s) == nil {
		if e.Type == "mrkdwn" {
			return plain(s)
		}
		return entities.Replace(s)
	}
	var inner shown
	if json.Unmarshal(e.Text, &inner) != nil {
		return ""
	}
	return inner.shown()
}

// blocks draws a message's blocks, and tells whether they could be read.
func (d *drawing) blocks(raw json.RawMessage) bool {
	var blocks []shown
	if json.Unmarshal(raw, &blocks) != nil {
		return false
	}
	for i, b := range blocks {
		if i > 0 && b.Type != "context" {
			d.Lines = append(d.Lines, "")
		}
		d.block(b)
	}
	return true
}

func (d *drawing) block(b shown) {
	switch b.Type {
	case "header":
		d.Paragraph(b.shown(), "")
		d.Lines = append(d.Lines, strings.Repeat("═", min(d.Width, utf8.RuneCountInString(b.shown()))))
	case "section":
		if len(b.Text) > 0 {
			d.Paragraph(b.shown(), "")
		}
		d.fields(b.Fields)
		if b.Accessory != nil {
			d.element(*b.Accessory)
		}
	case "divider":
		d.Lines = append(d.Lines, strings.Repeat("─", d.Width))
	case "actions":
		for _, e := range b.Elements {
			d.element(e)
		}
	case "context":
		var parts []string
		for _, e := range b.Elements {
			parts = append(parts, cmp.Or(e.shown(), e.AltText))
		}
		d.Paragraph(strings.Join(parts, "  "), "  ")
	case "rich_text":
		for _, e := range b.Elements {
			d.richText(e)
		}
	case "image":
		d.element(b)
	default:
		d.Lines = append(d.Lines, "["+b.Type+"]")
	}
}

// element draws a button, an image, or the name of whatever else there is.
func (d *drawing) element(e shown) {
	switch {
	case e.Type == "button" && e.URL != "":
		d.Lines = append(d.Lines, "[ "+e.shown()+" ]  "+e.URL)
	case e.Type == "button":
		d.Lines = append(d.Lines, "[ "+e.shown()+" ]")
	default:
		d.Lines = append(d.Lines, "["+e.Type+": "+cmp.Or(e.AltText, e.shown())+"]")
	}
}

// fields draws a section's fields in two columns where they fit, one below the other where they do not.
func (d *drawing) fields(fields []shown) {
	half := (d.Width - 2) / 2
	for i := 0; i < len(fields); i += 2 {
		left := textbox.Box{Width: half}
		right := textbox.Box{Width: half}
		left.Paragraph(fields[i].shown(), "")
		if i+1 < len(fields) {
			right.Paragraph(fields[i+1].shown(), "")
		}
		if left.Overflows() || right.Overflows() {
			for _, f := range fields[i:min(i+2, len(fields))] {
				d.Paragraph(f.shown(), "")
			}
			continue
		}
		for row := range max(len(left.Lines), len(right.Lines)) {
			d.Lines = append(d.Lines, fmt.Sprintf("%-*s  %s", half, left.Line(row), right.Line(row)))
		}
	}
}

// richText draws one part of a rich_text block. Its text is literal: no markup, no entities.
func (d *drawing) richText(e shown) {
	switch e.Type {
	case "rich_text_list":
		indent := strings.Repeat("  ", e.Indent)
		for i, item := range e.Elements {
			mark := "• "
			if string(e.Style) == `"ordered"` {
				mark = fmt.Sprintf("%d. ", e.Offset+i+1)
			}
			d.Hanging(richLine(item.Elements), indent+mark, indent+strings.Repeat(" ", utf8.RuneCountInString(mark)))
		}
	case "rich_text_quote":
		d.Paragraph(richLine(e.Elements), "▏ ")
	case "rich_text_preformatted":
		for line := range strings.SplitSeq(richLine(e.Elements), "\n") {
			d.Lines = append(d.Lines, "    "+line)
		}
	default:
		d.Paragraph(richLine(e.Elements), "")
	}
}

// richLine joins the elements of rich text.
func richLine(elements []shown) string {
	var b strings.Builder
	for _, e := range elements {
		var text string
		_ = json.Unmarshal(e.Text, &text) // absent for some kinds
		switch e.Type {
		case "link":
			if text != "" && text != e.URL {
				text += " (" + e.URL + ")"
			} else {
				text = e.URL
			}
		case "user":
			text = "@" + e.UserID
		case "channel":
			text = "#" + e.ChannelID
		case "broadcast":
			text = "@" + e.Range
		case "emoji":
			text = ":" + e.Name + ":"
		case "date":
			text = cmp.Or(e.Fallback, "(date)")
		}
		b.WriteString(text)
	}
	return b.String()
}
