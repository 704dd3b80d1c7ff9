package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// RenderSlackMessage draws a message for a terminal, about as Slack shows it, in plain text no wider than width columns
// (addresses are never broken). It ends with a line break.
func RenderSlackMessage(m SlackMessage, width int) string {
	width = max(width, 30)
	head := cmp.Or(m.AuthorName, m.Author)
	if m.ThreadTS != "" {
		head += " · in a thread"
	}
	if m.To != "" {
		head += " · Only visible to you"
	}
	r := slackDrawing{textBox{Width: width - 2}}
	if m.Blocks == nil || !r.blocks(m.Blocks) {
		r.Paragraph(slackPlain(m.Text), "")
	}
	return r.Frame(head)
}

// slackDrawing draws Block Kit.
type slackDrawing struct{ textBox }

// slackShown is any block, element or text object, as far as it is drawn.
type slackShown struct {
	Type      string          `json:"type"`
	Text      json.RawMessage `json:"text"` // a text object, or the string of one
	Fields    []slackShown    `json:"fields"`
	Accessory *slackShown     `json:"accessory"`
	Elements  []slackShown    `json:"elements"`
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
func (e slackShown) shown() string {
	var s string
	if json.Unmarshal(e.Text, &s) == nil {
		if e.Type == "mrkdwn" {
			return slackPlain(s)
		}
		return slackEntities.Replace(s)
	}
	var inner slackShown
	if json.Unmarshal(e.Text, &inner) != nil {
		return ""
	}
	return inner.shown()
}

// blocks draws a message's blocks, and tells whether they could be read.
func (d *slackDrawing) blocks(raw json.RawMessage) bool {
	var blocks []slackShown
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

func (d *slackDrawing) block(b slackShown) {
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
func (d *slackDrawing) element(e slackShown) {
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
func (d *slackDrawing) fields(fields []slackShown) {
	half := (d.Width - 2) / 2
	for i := 0; i < len(fields); i += 2 {
		left := textBox{Width: half}
		right := textBox{Width: half}
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
func (d *slackDrawing) richText(e slackShown) {
	switch e.Type {
	case "rich_text_list":
		indent := strings.Repeat("  ", e.Indent)
		for i, item := range e.Elements {
			mark := "• "
			if string(e.Style) == `"ordered"` {
				mark = fmt.Sprintf("%d. ", e.Offset+i+1)
			}
			d.Hanging(slackRichLine(item.Elements), indent+mark, indent+strings.Repeat(" ", utf8.RuneCountInString(mark)))
		}
	case "rich_text_quote":
		d.Paragraph(slackRichLine(e.Elements), "▏ ")
	case "rich_text_preformatted":
		for line := range strings.SplitSeq(slackRichLine(e.Elements), "\n") {
			d.Lines = append(d.Lines, "    "+line)
		}
	default:
		d.Paragraph(slackRichLine(e.Elements), "")
	}
}

// slackRichLine joins the elements of rich text.
func slackRichLine(elements []slackShown) string {
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
