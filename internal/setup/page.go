package setup

import (
	"io"
	"strings"
)

// page is a Markdown text under way.
type page struct{ text strings.Builder }

// The languages of blocks.
const (
	inBash       = "sh"
	inPowerShell = "powershell"
	inTerraform  = "terraform"
	inJSON       = "json"
)

// heading adds a title, or with level 2 and 3 the title of a part.
func (p *page) heading(level int, title string) {
	if p.text.Len() > 0 {
		p.text.WriteString("\n")
	}
	p.text.WriteString(strings.Repeat("#", level) + " " + title + "\n")
}

// width is the longest line of prose.
const width = 100

// say adds a paragraph.
func (p *page) say(paragraph string) {
	p.text.WriteString("\n" + wrapped(paragraph, "") + "\n")
}

// items adds a list.
func (p *page) items(all ...string) {
	p.text.WriteString("\n")
	for _, item := range all {
		p.text.WriteString("- " + wrapped(item, "  ") + "\n")
	}
}

// block adds lines to paste.
func (p *page) block(language string, lines ...string) {
	p.text.WriteString("\n```" + language + "\n" + strings.Join(lines, "\n") + "\n```\n")
}

// table adds rows, of which the first is the head.
func (p *page) table(rows ...[]string) {
	p.text.WriteString("\n" + table(rows...))
}

func (p *page) writeTo(w io.Writer) error {
	_, err := io.WriteString(w, p.text.String())
	return err
}

// table is rows, of which the first is the head, as Markdown.
func table(rows ...[]string) string {
	var b strings.Builder
	for i, row := range rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|" + strings.Repeat(" --- |", len(row)) + "\n")
		}
	}
	return b.String()
}

// wrapped breaks a text into lines. Those after the first begin with the indent.
func wrapped(text, indent string) string {
	var b strings.Builder
	column := len(indent)
	for i, w := range strings.Fields(text) {
		switch length := len([]rune(w)); {
		case i == 0:
			column += length
		case column+1+length > width:
			b.WriteString("\n" + indent)
			column = len(indent) + length
		default:
			b.WriteString(" ")
			column += 1 + length
		}
		b.WriteString(w)
	}
	return b.String()
}
