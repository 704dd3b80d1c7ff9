package clause

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word of the text, a part in quotation marks, or a mention.
type token struct {
	Span            // without the punctuation around it
	word    string  // in small letters, without accents; empty for what is literal
	accent  bool    // the word has an accent: "às" is not the English "as"
	mention bool    // of the chat platform
	pause   bool    // a comma, a colon, a dash or a bracket follows
	entries []entry // what the vocabulary says
	roles   role    // all roles of the entries
	barren  bool    // no clause begins here: found out once
}

// quotes pairs each opening quotation mark with its closing one, as keyboards of several languages make them.
var quotes = map[rune]rune{'"': '"', '“': '”', '„': '“', '«': '»', '”': '”'}

// Punctuation that is no part of a word.
const (
	opening = "([{¿¡"
	closing = ".,:;!?…)]}"
)

func tokenize(text string, mention Mention) []token {
	tokens := make([]token, 0, len(text)/4+1)
	for at := 0; at < len(text); {
		first, size := utf8.DecodeRuneInString(text[at:])
		if unicode.IsSpace(first) || strings.ContainsRune(opening, first) {
			at += size
			continue
		}
		if n := mentioned(text[at:], first, mention); n > 0 {
			tokens = append(tokens, token{Span: Span{at, at + n}, mention: true, pause: pauses(text[at+n:])})
			at += n
			continue
		}
		if end, ok := strings.CutPrefix(text[at:], string(first)); ok && quotes[first] != 0 {
			if n := strings.IndexRune(end, quotes[first]); n >= 0 {
				n += size + utf8.RuneLen(quotes[first])
				tokens = append(tokens, token{Span: Span{at, at + n}, pause: pauses(text[at+n:])})
				at += n
				continue
			}
		}
		end := wordEnd(text, at, mention)
		if t := newToken(text, at, end); t.Start < t.End {
			tokens = append(tokens, t)
		}
		at = end
	}
	return tokens
}

// wordEnd is where the word at that place ends: at a space, or where a mention begins.
func wordEnd(text string, at int, mention Mention) int {
	for i, r := range text[at:] {
		if unicode.IsSpace(r) || i > 0 && mentioned(text[at+i:], r, mention) > 0 {
			return at + i
		}
	}
	return len(text)
}

// mentioned is the length of the mention that a text begins with, whose first character is r.
func mentioned(text string, r rune, mention Mention) int {
	if mention == nil || unicode.IsLetter(r) || unicode.IsDigit(r) {
		return 0
	}
	return min(mention(text), len(text))
}

func newToken(text string, start, end int) token {
	bare := strings.TrimRight(text[start:end], closing)
	t := token{Span: Span{start, start + len(bare)}, pause: pauses(text[start+len(bare):])}
	t.word, t.accent = fold(bare)
	t.entries = vocabulary[t.word]
	for _, e := range t.entries {
		t.roles |= e.role
	}
	return t
}

// pauses tells whether punctuation begins a text that sets off what follows it.
func pauses(text string) bool {
	text = strings.TrimLeft(text[:min(len(text), 8)], " .!?…)]}")
	for _, mark := range []string{",", ":", ";", "(", "- ", "– ", "— ", "| "} {
		if strings.HasPrefix(text, mark) {
			return true
		}
	}
	return false
}

// fold returns a word in small letters, without accents and with one kind of dash. accent tells whether it had accents.
func fold(word string) (folded string, accent bool) {
	plain := true
	for i := range len(word) {
		if b := word[i]; b >= utf8.RuneSelf || 'A' <= b && b <= 'Z' {
			plain = false
			break
		}
	}
	if plain {
		return word, false
	}
	folded = strings.Map(func(r rune) rune {
		r = unicode.ToLower(r)
		base, ok := accents[r]
		switch {
		case ok:
			accent = accent || r != '–' && r != '—'
			return base
		case unicode.Is(unicode.Mn, r):
			accent = true
			return -1
		}
		return r
	}, word)
	return folded, accent
}

// accents are the letters of Portuguese that have one, and what people write instead of a hyphen or an apostrophe.
var accents = map[rune]rune{
	'á': 'a', 'à': 'a', 'â': 'a', 'ã': 'a', 'ä': 'a', 'ª': 'a', 'ç': 'c', 'é': 'e', 'ê': 'e', 'è': 'e', 'í': 'i',
	'ó': 'o', 'ô': 'o', 'õ': 'o', 'ö': 'o', 'º': 'o', '°': 'o', 'ú': 'u', 'ü': 'u', '–': '-', '—': '-', '’': '\'',
}
