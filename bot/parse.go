package bot

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"meetbot/bot/clause"
)

// MaxSubject is the number of characters that a subject is cut to. It fits the title of every platform's card.
const MaxSubject = 120

// Parser understands what people type. Make it with [NewParser]. It is safe for concurrent use.
type Parser struct {
	name     CommandName
	commands map[string]Kind    // the words of the commands in every language, in lower case
	words    map[string]meaning // words and phrases that people try, in lower case
}

// meaning is what a word of the catalogue stands for: a command of the table, or something that the bot does not do.
type meaning struct {
	kind   Kind
	advice Advice
}

// NewParser returns a parser that knows the words of every language of the catalogue, whatever language the asker
// speaks.
func NewParser(c *Catalog) *Parser {
	p := &Parser{name: c.name, commands: map[string]Kind{}, words: map[string]meaning{}}
	if c.name != DefaultCommandName { // people who know the bot from elsewhere try the usual name
		p.words[string(DefaultCommandName)] = meaning{kind: Meet}
	}
	for _, spec := range Commands {
		if spec.Word != "" {
			p.commands[spec.Word] = spec.Kind
			learn(c, "commands."+string(spec.Kind), func(word string) { p.commands[word] = spec.Kind })
		}
		learn(c, "words."+string(spec.Kind), func(word string) { p.words[word] = meaning{kind: spec.Kind} })
	}
	for _, advice := range Advices {
		learn(c, "words."+string(advice), func(word string) { p.words[word] = meaning{advice: advice} })
	}
	return p
}

// learn reads the words of that sentence in every language.
func learn(c *Catalog, id string, add func(word string)) {
	for _, lang := range Languages {
		for _, word := range wordsOf(c, lang, id) {
			add(strings.ToLower(word))
		}
	}
}

// wordsOf are the words of a sentence that lists words with commas between them.
func wordsOf(c *Catalog, lang Language, id string) []string {
	words := strings.Split(c.PlainText(lang, message(id)), ",")
	for i, word := range words {
		words[i] = CleanText(word)
	}
	return words
}

// called returns the row of the command that a word calls, in any language; ok is false if it calls none.
func (p *Parser) called(word string) (spec Spec, ok bool) {
	kind, ok := p.commands[strings.ToLower(strings.TrimRight(word, stops))]
	if !ok {
		return Spec{}, false
	}
	return specOf(kind)
}

// Parse understands the text after the command's name. Links of the chat platform must be plain text by now, and
// mentions their [Mention.Mark] or plain text; formatting around the first word may be there. It never fails: what is
// no subcommand is a subject. A single word that is nearly a subcommand is an intent of kind JobUnclear. A word for
// something that the bot does not do is one of kind JobAdvice.
func (p *Parser) Parse(text string) Intent {
	clean := cleanMarked(text)
	if i, ok := p.command(clean); ok {
		return i
	}
	if bare, ok := unformatted(text); ok {
		if i, ok := p.command(cleanMarked(bare)); ok {
			return i
		}
	}
	c := lined(Command{Kind: Meet}, clean)
	if c.Subject != "" {
		if i, ok := p.beforeTime(clean); ok {
			return i
		}
	}
	return Intent{Command: c}
}

// longestPhrase is how many words a phrase of the catalogue has that people put before a time.
const longestPhrase = 4

// beforeTime understands a word or phrase that people try, and behind it nothing but a time or people: "reschedule
// tomorrow at 10", "invite @ben". It is no subject. To end or cancel something takes no time.
func (p *Parser) beforeTime(text string) (i Intent, ok bool) {
	if _, problem := clause.Parse(text, time.Unix(0, 0).UTC(), markLength); problem != nil &&
		problem.Code == clause.Contradiction { // move the meeting from 15:00 to 16:00
		return Intent{}, false
	}
	at := 0
	for range longestPhrase {
		space := strings.IndexByte(text[at:], ' ')
		if space < 0 {
			break
		}
		at += space
		m := p.words[strings.ToLower(strings.TrimRight(text[:at], stops))]
		at++
		c := lined(Command{Kind: Meet}, text[at:])
		if c.Line == "" || c.Subject != "" {
			continue
		}
		literal := Command{Kind: Meet, Subject: subject(text)}
		switch {
		case m.advice == "schedule", m.kind == Meet:
			i, ok = Intent{Command: c}, true
		case m.advice == "end":
			i, ok = Intent{Kind: JobAdvice, Command: literal, Advice: m.advice}, true
		case m.kind == Cancel:
			i, ok = Intent{Kind: JobUnclear, Command: literal, Guess: Cancel}, true
		}
	}
	return i, ok
}

// command understands a text that is a command of the table, or a word or phrase that people try instead of one.
func (p *Parser) command(text string) (i Intent, ok bool) {
	word, rest, _ := strings.Cut(text, " ")
	alone := rest == ""
	whole := strings.ToLower(strings.TrimRight(text, stops+"?"))
	if whole == "" {
		whole = text
	}
	if spec, called := p.called(word); called {
		switch {
		case spec.Takes(Subject) && p.words[whole].kind == spec.Kind: // "rename the meeting" names no subject
			return Intent{Command: Command{Kind: spec.Kind}}, true
		case spec.Takes(Subject):
			c := Command{Kind: spec.Kind, Subject: subject(rest)}
			if spec.Takes(Time) {
				c = lined(c, rest)
			}
			c.Clipped = spec.Strict && utf8.RuneCountInString(unquoted(named(rest))) > MaxSubject
			return Intent{Command: c}, true
		case alone:
			return Intent{Command: Command{Kind: spec.Kind}}, true
		}
	}
	unclear := func(guess Kind) (Intent, bool) {
		return Intent{Kind: JobUnclear, Command: Command{Kind: Meet, Subject: subject(word)}, Guess: guess}, true
	}
	switch m, known := p.words[whole]; {
	case m.advice != "":
		return Intent{Kind: JobAdvice, Command: Command{Kind: Meet, Subject: subject(text)}, Advice: m.advice}, true
	case m.kind == New: // everybody's meeting is not replaced by a word that may mean something else
		return unclear(New)
	case known && whole != "":
		return Intent{Command: Command{Kind: m.kind}}, true
	}
	if alone {
		for _, spec := range Commands {
			if spec.Word != "" && !spec.Administrators && oneTypo(strings.ToLower(word), spec.Word) {
				return unclear(spec.Kind)
			}
		}
	}
	return Intent{}, false
}

// stops are the characters that may follow a word without being part of it.
const stops = ".,:;!…，。：；！"

// marks are the characters that make words bold, italic, struck through or code as people type them.
const marks = "*_~`"

// unformatted takes away the formatting around the first words of a text. ok is false if there is none.
func unformatted(text string) (bare string, ok bool) {
	text = strings.TrimSpace(text)
	inner := strings.TrimLeft(text, marks)
	opening := []byte(text[:len(text)-len(inner)])
	slices.Reverse(opening)
	before, after, found := strings.Cut(inner, string(opening))
	return before + after, found && len(opening) > 0
}

// ParseAddressed understands what follows a mention of the bot, punctuation included. The command's own name may be
// said or left out. Where it is left out, a text that neither begins with a word of the command table nor is quoted
// may be talk as well as a subject: that is an intent of kind JobOffer.
func (p *Parser) ParseAddressed(text string) Intent {
	text = afterMention(text)
	if rest, named := p.cutName(text); named {
		return p.Parse(rest)
	}
	if bare, ok := unformatted(text); ok {
		if rest, named := p.cutName(bare); named {
			return p.Parse(rest)
		}
	}
	i := p.Parse(text)
	talk := Intent{Command: Command{Kind: Meet, Subject: i.Command.Subject, Line: i.Command.Line}}
	if i == talk && i.Command.Subject != "" && !quoted(CleanText(text)) {
		i.Kind = JobOffer
	}
	return i
}

// afterMention takes away what people put between a mention and what they want: a comma, a colon, a dash.
func afterMention(text string) string {
	for {
		rest := strings.TrimLeft(strings.TrimLeftFunc(text, unicode.IsSpace), stops)
		for _, dash := range []string{"- ", "– ", "— "} {
			rest = strings.TrimPrefix(rest, dash)
		}
		if rest == text {
			return text
		}
		text = rest
	}
}

// cutName takes away the command's name at the beginning of a text, and tells whether it was there.
func (p *Parser) cutName(text string) (rest string, named bool) {
	text = strings.TrimSpace(text)
	end := strings.IndexFunc(text, unicode.IsSpace)
	if end < 0 {
		end = len(text)
	}
	name := strings.TrimRight(CleanText(text[:end]), stops)
	return text[end:], strings.EqualFold(strings.TrimPrefix(name, "/"), string(p.name))
}

// quoted tells whether a text begins with words in quotation marks.
func quoted(text string) bool {
	first, size := utf8.DecodeRuneInString(text)
	closing, ok := quotes[first]
	return ok && strings.ContainsRune(text[size:], closing)
}

// Addressed tells whether a text that mentions nobody is meant for the bot: it begins with the command's own name, or
// with a word of the command table.
func (p *Parser) Addressed(text string) bool {
	if bare, ok := unformatted(text); ok {
		text = bare
	}
	if _, named := p.cutName(text); named {
		return true
	}
	word, _, _ := strings.Cut(CleanText(text), " ")
	_, called := p.called(strings.TrimPrefix(word, "/"))
	return called
}

// typed is the command as its asker would type it again.
func (p *Parser) typed(c Command) command {
	spec, ok := specOf(c.Kind)
	again := command{word: spec.Word, subject: c.Subject}
	if c.Line != "" {
		again.subject = CleanText(named(c.Line))
		return again
	}
	if !ok || spec.Word != "" {
		return again
	}
	if i := p.Parse(c.Subject); i.kind() != JobCommand || i.Command.Kind != c.Kind || i.Command.Subject != c.Subject {
		again.subject = `"` + c.Subject + `"` // without quotation marks it would be understood otherwise
	}
	return again
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

// subject is a text, with the names of those whom it mentions, without the quotation marks that made the first word or
// words literal, and bounded.
func subject(text string) string {
	if hasMark(text) {
		text = CleanText(named(text))
	}
	return shorten(unquoted(text), MaxSubject)
}

func unquoted(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if closing, ok := quotes[first]; ok {
		if quoted, after, found := strings.Cut(text[size:], string(closing)); found {
			text = CleanText(quoted + after) // an accent may have lost the quotation mark that it stood on
		}
	}
	return text
}
