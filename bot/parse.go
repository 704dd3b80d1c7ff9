package bot

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxSubject is the number of characters that a subject is cut to. It fits the title of every platform's card.
const MaxSubject = 120

// Parser understands what people type. Make it with [NewParser]. It is safe for concurrent use.
type Parser struct {
	words map[string]Kind // other words that somebody might try alone for a subcommand, in lower case
}

// NewParser returns a parser that knows the words of every language of the catalogue, whatever language the asker
// speaks.
func NewParser(c *Catalog) *Parser {
	p := &Parser{words: map[string]Kind{}}
	for _, spec := range Commands {
		if spec.Word == "" {
			continue
		}
		for _, lang := range Languages {
			for word := range strings.SplitSeq(c.PlainText(lang, message("words."+string(spec.Kind))), ",") {
				p.words[strings.ToLower(strings.TrimSpace(word))] = spec.Kind
			}
		}
	}
	return p
}

// Parse understands the text after the command's name. Markup of the chat platform must be plain text by now. It never
// fails: what is no subcommand is a subject. A single word that is nearly a subcommand is an intent of kind JobUnclear.
func (p *Parser) Parse(text string) Intent {
	text = CleanText(text)
	word, rest, _ := strings.Cut(text, " ")
	alone := rest == ""
	for _, spec := range Commands {
		switch {
		case spec.Word == "" || !strings.EqualFold(word, spec.Word):
		case spec.Takes(Subject):
			return Intent{Command: Command{Kind: spec.Kind, Subject: subject(rest)}}
		case alone:
			return Intent{Command: Command{Kind: spec.Kind}}
		}
	}
	if alone {
		if guess := p.guess(word); guess != "" {
			return Intent{Kind: JobUnclear, Command: Command{Kind: Meet, Subject: subject(word)}, Guess: guess}
		}
	}
	return Intent{Command: Command{Kind: Meet, Subject: subject(text)}}
}

// ParseAddressed understands what follows a mention of the bot. The command's own name may be said or left out. Where it
// is left out, a text that neither begins with a word of the command table nor is quoted may be talk as well as a subject:
// that is an intent of kind JobOffer.
func (p *Parser) ParseAddressed(text string) Intent {
	text = CleanText(text)
	word, rest, _ := strings.Cut(text, " ")
	if strings.EqualFold(strings.TrimPrefix(word, "/"), CommandName) {
		return p.Parse(rest)
	}
	i := p.Parse(text)
	if i == (Intent{Command: Command{Kind: Meet, Subject: i.Command.Subject}}) && i.Command.Subject != "" && !quoted(text) {
		i.Kind = JobOffer
	}
	return i
}

// quoted tells whether a text begins with words in quotation marks.
func quoted(text string) bool {
	first, size := utf8.DecodeRuneInString(text)
	closing, ok := quotes[first]
	return ok && strings.ContainsRune(text[size:], closing)
}

// Addressed tells whether a text that mentions nobody is meant for the bot: it begins with the command's own name, or
// with a word of the command table.
func Addressed(text string) bool {
	word, _, _ := strings.Cut(CleanText(text), " ")
	word = strings.TrimPrefix(word, "/")
	if strings.EqualFold(word, CommandName) {
		return true
	}
	return slices.ContainsFunc(Commands, func(spec Spec) bool {
		return spec.Word != "" && strings.EqualFold(word, spec.Word)
	})
}

// typed is the command as its asker would type it again.
func (p *Parser) typed(c Command) command {
	spec, ok := specOf(c.Kind)
	again := command{word: spec.Word, subject: c.Subject}
	if !ok || spec.Word != "" {
		return again
	}
	if i := p.Parse(c.Subject); i.kind() != JobCommand || i.Command.Kind != c.Kind || i.Command.Subject != c.Subject {
		again.subject = `"` + c.Subject + `"` // without quotation marks it would be understood otherwise
	}
	return again
}

// guess returns the subcommand that word was probably meant to be; empty for none.
func (p *Parser) guess(word string) Kind {
	word = strings.ToLower(word)
	for _, spec := range Commands {
		if spec.Word != "" && (p.words[word] == spec.Kind || oneTypo(word, spec.Word)) {
			return spec.Kind
		}
	}
	return ""
}

// oneTypo tells whether a becomes b by one typing error: a letter too many, too few, wrong, or two swapped.
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
