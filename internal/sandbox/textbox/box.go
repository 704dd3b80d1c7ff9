package textbox

import (
	"strings"
	"unicode/utf8"
)

// Box is a box of plain text for a terminal: the lines in it, each at most Width characters wide where they can be
// wrapped.
type Box struct {
	Width int
	Lines []string
}

// Frame returns the box with a frame around it, below a headline. The text ends with a line break.
func (d *Box) Frame(head string) string {
	var b strings.Builder
	b.WriteString("╭─ " + head + "\n")
	for _, line := range d.Lines {
		b.WriteString(strings.TrimRight("│ "+line, " ") + "\n")
	}
	b.WriteString("╰─\n")
	return b.String()
}

// Overflows tells whether a line is wider than the box.
func (d *Box) Overflows() bool {
	for _, line := range d.Lines {
		if utf8.RuneCountInString(line) > d.Width {
			return true
		}
	}
	return false
}

// Line returns line i, counted from 0; empty after the last line.
func (d *Box) Line(i int) string {
	if i < len(d.Lines) {
		return d.Lines[i]
	}
	return ""
}

// Paragraph draws text, wrapped at spaces, with a prefix before each line.
func (d *Box) Paragraph(text, prefix string) { d.Hanging(text, prefix, prefix) }

// Hanging draws text with one prefix before its first line and another before the rest. A block of code is not wrapped,
// so that it can be copied.
func (d *Box) Hanging(text, first, rest string) {
	prefix, code := first, false
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		fences := strings.Count(line, "```")
		if code || fences > 0 {
			d.Lines = append(d.Lines, prefix+line)
			prefix, code = rest, code != (fences%2 == 1)
			continue
		}
		room := d.Width - utf8.RuneCountInString(prefix)
		current := ""
		for word := range strings.SplitSeq(line, " ") {
			if current != "" && utf8.RuneCountInString(current)+1+utf8.RuneCountInString(word) > room {
				d.Lines = append(d.Lines, prefix+current)
				prefix, current = rest, word
				continue
			}
			if current != "" {
				current += " "
			}
			current += word
		}
		d.Lines = append(d.Lines, prefix+current)
		prefix = rest
	}
}
