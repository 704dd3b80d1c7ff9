package bot

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// CleanText makes text from outside fit for a card, a log line and Graph: valid UTF-8 in composed form on one line,
// without control characters and without those invisible ones that can make text read as something else, or as nothing.
// Clean text stays as it is when it is cleaned again.
func CleanText(text string) string {
	if isClean(text) {
		return text
	}
	marks := 0
	text = strings.Map(func(r rune) rune {
		r = cleanRune(r)
		switch {
		case r < 0:
		case !unicode.Is(unicode.M, r):
			marks = 0
		case marks == maxMarks:
			return -1
		default:
			marks++
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(text, "")))
	// What stood apart may be side by side now.
	words := strings.Fields(norm.NFC.String(text))
	kept := words[:0]
	for _, word := range words {
		word = strings.TrimRightFunc(strings.TrimLeftFunc(word, joins), isJoiner)
		if word != "" {
			kept = append(kept, word)
		}
	}
	return strings.Join(kept, " ")
}

// isClean tells quickly that there is nothing to clean, as in most texts: they are words of printable ASCII with one
// space between them. False says nothing.
func isClean(text string) bool {
	last := byte(' ')
	for i := range len(text) {
		b := text[i]
		if b < ' ' || b > '~' || b == '`' || b == ' ' && last == ' ' {
			return false
		}
		last = b
	}
	return last != ' ' || text == ""
}

// maxMarks is how many accents and the like one letter may have: more than any language puts there, and too few to
// tower over the lines around it.
const maxMarks = 8

// isJoiner knows the character that joins the parts of one emoji.
func isJoiner(r rune) bool { return r == '\u200d' }

// joins tells whether a character shows nothing by itself and changes the one before it.
func joins(r rune) bool { return isJoiner(r) || unicode.Is(unicode.Variation_Selector, r) }

// cleanRune is what becomes of one character; -1 for nothing.
func cleanRune(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case isJoiner(r):
		return r
	case r == '`': // sets off commands and code in what the bot says
		return '\''
	case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Other_Default_Ignorable_Code_Point):
		return -1
	default:
		return r
	}
}

// maxText bounds text from outside in a sentence or a card, in characters.
const maxText = 300

// shortText is CleanText, bounded.
func shortText(text string) string {
	return shorten(CleanText(text), maxText)
}

// shorten is Clip for clean text, without a space before the ellipsis.
func shorten(text string, limit int) string {
	if clipped := Clip(text, limit); clipped != text {
		return strings.TrimSpace(strings.TrimSuffix(clipped, "…")) + "…"
	}
	return text
}

// Clip shortens text to at most limit characters, the last of which is then an ellipsis.
func Clip(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}
