package bot

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Kind is what a command asks for.
type Kind string

// The kinds of command.
const (
	Meet    Kind = "meet"    // the conversation's meeting: made if there is none
	New     Kind = "new"     // a fresh meeting from now on
	Show    Kind = "show"    // the card for the asker alone; makes nothing
	Help    Kind = "help"    // what the bot can do
	Unclear Kind = "unclear" // a near miss of a subcommand, which is asked back about
	Welcome Kind = "welcome" // nobody's command: the bot was brought into the conversation
)

// CommandName is the word that calls the bot: a slash command on Slack, the first word after a mention elsewhere.
const CommandName = "meet"

// Spec describes one line of what the bot can do. The parser, the help text and the app manifests are all made
// from [Commands].
type Spec struct {
	Kind    Kind
	Word    string   // the subcommand; empty for the bare command
	Subject bool     // takes a subject
	Near    []string // other words that somebody might try alone for the same, and is asked back about
}

// Commands is the command table.
var Commands = []Spec{
	{Kind: Meet, Subject: true},
	{Kind: New, Word: "new", Subject: true, Near: []string{"novo", "nova"}},
	{Kind: Show, Word: "show", Near: []string{"mostrar", "mostra"}},
	{Kind: Help, Word: "help", Near: []string{"ajuda", "?"}},
}

// Command is what somebody typed, understood.
type Command struct {
	Kind    Kind   `json:"kind"`
	Subject string `json:"subject,omitempty"` // cleaned and bounded; empty if none was given
	Meant   Kind   `json:"meant,omitempty"`   // Unclear: what it was probably meant to be
}

// typed is the command as its asker would type it again.
func (c Command) typed() command {
	again := command{subject: c.Subject}
	for _, spec := range Commands {
		if spec.Kind == c.Kind {
			again.word = spec.Word
		}
	}
	if c.Kind == Meet && ParseCommand(c.Subject) != c {
		again.subject = `"` + c.Subject + `"`
	}
	return again
}

// MaxSubject is the number of characters that a subject is cut to. It fits the title of every platform's card.
const MaxSubject = 120

// ParseCommand understands the text after the command's name. Markup of the chat platform must be plain text by
// now. It never fails: what is no subcommand is a subject.
func ParseCommand(text string) Command {
	text = CleanText(text)
	word, rest, _ := strings.Cut(text, " ")
	alone := rest == ""
	for _, spec := range Commands {
		if spec.Word == "" || !strings.EqualFold(word, spec.Word) {
			continue
		}
		if spec.Subject {
			return Command{Kind: spec.Kind, Subject: subject(rest)}
		}
		if alone {
			return Command{Kind: spec.Kind}
		}
	}
	if alone {
		if meant := nearMiss(word); meant != "" {
			return Command{Kind: Unclear, Subject: subject(word), Meant: meant}
		}
	}
	return Command{Kind: Meet, Subject: subject(text)}
}

// ParseAddressed understands what follows a mention of the bot: the command's own name may be said or left out.
func ParseAddressed(text string) Command {
	text = strings.TrimSpace(text)
	word, rest, _ := strings.Cut(text, " ")
	if strings.EqualFold(strings.TrimPrefix(word, "/"), CommandName) {
		text = rest
	}
	return ParseCommand(text)
}

// Addressed tells whether a text that mentions nobody is meant for the bot: it begins with the command's own name, or with a
// word of the command table.
func Addressed(text string) bool {
	word, _, _ := strings.Cut(CleanText(text), " ")
	word = strings.TrimPrefix(word, "/")
	if strings.EqualFold(word, CommandName) {
		return true
	}
	for _, spec := range Commands {
		if spec.Word != "" && strings.EqualFold(word, spec.Word) {
			return true
		}
	}
	return false
}

// nearMiss returns the subcommand that word was probably meant to be.
func nearMiss(word string) Kind {
	word = strings.ToLower(word)
	for _, spec := range Commands {
		for _, near := range spec.Near {
			if word == near {
				return spec.Kind
			}
		}
		if spec.Word != "" && oneTypo(word, spec.Word) {
			return spec.Kind
		}
	}
	return ""
}

// oneTypo tells whether a becomes b by one slip of the finger: a letter too many, too few, wrong, or two swapped.
func oneTypo(a, b string) bool {
	x, y := []rune(a), []rune(b)
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	switch {
	case len(x) == 2 && len(y) == 2:
		return x[0] == y[1] && x[1] == y[0]
	default:
		return len(x) <= 1 && len(y) <= 1 && len(x)+len(y) > 0
	}
}

// quotes pairs each opening quotation mark with its closing one, as keyboards of several languages make them.
var quotes = map[rune]rune{'"': '"', '“': '”', '„': '“', '«': '»', '”': '”'}

// subject takes away the quotation marks that made the first word or words literal, and bounds what is left.
func subject(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if closing, ok := quotes[first]; ok {
		if quoted, after, found := strings.Cut(text[size:], string(closing)); found {
			text = CleanText(quoted + after) // an accent may have lost the quotation mark that it stood on
		}
	}
	return shorten(text, MaxSubject)
}

// CleanText makes text from outside fit for a card, a log line and Graph: valid UTF-8 in composed form on one line,
// without control characters and without those invisible ones that can make text read as something else, or as nothing.
// Clean text stays as it is when it is cleaned again.
func CleanText(text string) string {
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

// maxMarks is how many accents and the like one letter may have: more than any language puts there, and too few to tower
// over the lines around it.
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
