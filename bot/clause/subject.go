package clause

import (
	"strings"
	"unicode/utf8"
)

// subject is the text without the clauses.
func (r *reader) subject(spans []clauseSpan) string {
	var pieces []string
	at := 0
	for i := 0; i <= len(spans); i++ {
		cut := Span{len(r.text), len(r.text)}
		if i < len(spans) {
			cut = r.span(spans[i].words)
		}
		piece := r.text[at:cut.Start]
		if i > 0 {
			piece = trimBeginning(piece)
		}
		if i < len(spans) {
			piece = trimEnd(piece)
		}
		if piece = strings.TrimSpace(piece); piece != "" {
			pieces = append(pieces, piece)
		}
		at = cut.End
	}
	return unquote(strings.Join(pieces, " "))
}

// trimBeginning takes away the punctuation that stood between a clause and a subject after it.
func trimBeginning(text string) string {
	rest := strings.TrimLeft(text, closing+"|")
	if rest != "" && rest[0] != ' ' && strings.HasSuffix(text[:len(text)-len(rest)], ".") {
		return text // .NET
	}
	rest = strings.TrimSpace(rest)
	for _, dash := range []string{"-", "–", "—", "|"} {
		if after, ok := strings.CutPrefix(rest, dash); ok && (after == "" || after[0] == ' ') {
			return after
		}
	}
	return rest
}

// trimEnd takes away the punctuation that stood between a subject and a clause after it.
func trimEnd(text string) string {
	text = strings.TrimSpace(strings.TrimRight(strings.TrimSpace(text), opening+",;:|"))
	for _, dash := range []string{"-", "–", "—"} {
		if before, ok := strings.CutSuffix(text, dash); ok && (before == "" || before[len(before)-1] == ' ') {
			return before
		}
	}
	return text
}

// unquote takes away the quotation marks that made the beginning of a subject literal.
func unquote(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if quotes[first] == 0 {
		return text
	}
	quoted, after, found := strings.Cut(text[size:], string(quotes[first]))
	if !found {
		return text
	}
	return strings.TrimSpace(quoted + after)
}
