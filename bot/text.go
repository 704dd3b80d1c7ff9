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
	return cleanText(text, cleanRune)
}

// cleanText is CleanText with what becomes of one character; -1 for nothing.
func cleanText(text string, clean func(rune) rune) string {
	marks := 0
	text = dropStray(strings.Map(clean, norm.NFC.String(strings.ToValidUTF8(text, ""))))
	text = strings.Map(func(r rune) rune {
		switch {
		case !unicode.Is(unicode.M, r):
			marks = 0
		case marks == maxMarks:
			return -1
		default:
			marks++
		}
		return r
	}, text)
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

// Characters that show nothing by themselves, and that some texts need.
const (
	nonJoiner = '\u200c'     // keeps letters apart that would be joined, as Persian is written
	blackFlag = '\U0001f3f4' // begins the flag of a region, such as Scotland
	tagEnd    = '\U000e007f' // ends it
)

// isTag knows the characters between blackFlag and tagEnd, which spell the region.
func isTag(r rune) bool {
	return '\U000e0030' <= r && r <= '\U000e0039' || '\U000e0061' <= r && r <= '\U000e007a'
}

// joining are the scripts in which nonJoiner makes a difference. Source: Unicode Standard Annex 31, section 2.3.1,
// "Layout and Format Control Characters", and the scripts of its examples.
var joining = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Nko, unicode.Mongolian, unicode.Devanagari, unicode.Bengali,
	unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada,
	unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar,
}

// dropStray takes away each nonJoiner that is not between letters of a joining script, and the tag characters that
// are no part of a flag.
func dropStray(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r == nonJoiner || r == tagEnd || isTag(r) }) {
		return text
	}
	joined := func(r rune) bool { return unicode.IsLetter(r) && unicode.In(r, joining...) }
	all := []rune(text)
	kept := make([]rune, 0, len(all))
	base := rune(0) // the last character that is no mark
	for i := 0; i < len(all); i++ {
		r := all[i]
		switch {
		case r == nonJoiner:
			if !joined(base) || i+1 == len(all) || !joined(all[i+1]) {
				continue
			}
		case r == tagEnd, isTag(r):
			continue
		case r == blackFlag:
			end := i + 1
			for end < len(all) && isTag(all[end]) {
				end++
			}
			if end > i+1 && end < len(all) && all[end] == tagEnd {
				kept = append(kept, all[i:end]...)
				i, r = end, tagEnd
			}
		}
		kept = append(kept, r)
		if !unicode.Is(unicode.M, r) {
			base = r
		}
	}
	return string(kept)
}

// joins tells whether a character shows nothing by itself and changes the one before it.
func joins(r rune) bool { return isJoiner(r) || unicode.Is(unicode.Variation_Selector, r) }

// cleanRune is what becomes of one character; -1 for nothing.
func cleanRune(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case isJoiner(r), r == nonJoiner, r == tagEnd, isTag(r): // see dropStray
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

// maxLongText bounds a longText, in characters. A sentence with one fits every platform's card.
const maxLongText = 600

// longText is an argument of a message: text that may be longer than others.
type longText string

// shorten is Clip for clean text, without a space or half a flag before the ellipsis.
func shorten(text string, limit int) string {
	if clipped := Clip(text, limit); clipped != text {
		return strings.TrimSpace(dropStray(strings.TrimSuffix(clipped, "…"))) + "…"
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
