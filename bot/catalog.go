package bot

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/BurntSushi/toml"
	"golang.org/x/text/language"
	"golang.org/x/text/message/catalog"
)

//go:embed catalogue/*.toml
var catalogueFiles embed.FS

// Catalog holds every sentence that the bot says, in every language. Make it with [NewCatalog]. It is safe for
// concurrent use.
//
// Translators write TOML, one file for each language: catalogue/en.toml and so on. A file has a table for each part of
// the product, and a table has a name and a text for each sentence. The ID of a sentence is the name of the table, a
// dot and the name of the sentence. {{.Name}} in a text is a gap, which [Catalog.Render] fills.
//
// Package golang.org/x/text/message/catalog keeps the sentences, finds the one to render and falls back to English. It
// leaves the form of the gaps to its caller. So the translators' files need no conversion, and a percent sign is only a
// percent sign. That is why the Printer of golang.org/x/text/message is not used: it knows gaps by their position alone
// (%[1]s), it writes 1500 as 1,500, and it allocates seven times for a sentence. text/template, and what is built on
// it, must not be used here: it calls methods by names that are known at run time only, so the linker would have to
// keep every method of every SDK in the program.
type Catalog struct {
	name         CommandName
	translations map[Language]*translation
	parser       *Parser // how a command must be typed to be understood as it is
}

// translation is the part of a catalogue that concerns one language.
type translation struct {
	writers sync.Pool // of *sentenceWriter
	fixed   sync.Map  // fixedKey to string: sentences without arguments, which most of a card is
}

// fixedKey names a sentence that is the same every time. There are as many as sentences and styles.
type fixedKey struct {
	id    string
	style Style
}

// NewCatalog loads the sentences that are part of the program. The error lists everything in the files that would show
// at run time otherwise: what is no TOML, an empty sentence, a gap that is not written as {{.Name}}, a sentence or a
// gap that English lacks.
func NewCatalog() (*Catalog, error) { return NewCatalogFor(DefaultCommandName) }

// NewCatalogFor is [NewCatalog] for a bot that is called by another name.
func NewCatalogFor(name CommandName) (*Catalog, error) { return loadCatalog(catalogueFiles, name) }

// CommandName is the name by which the bot is called, in all that it says and understands.
func (c *Catalog) CommandName() CommandName { return c.name }

// loadCatalog loads the folder catalogue of files, which has a file for each of [Languages].
func loadCatalog(files fs.FS, name CommandName) (*Catalog, error) {
	english, err := readSentences(files, English)
	if err != nil {
		return nil, err
	}
	sentences := catalog.NewBuilder()
	c := &Catalog{name: name, translations: make(map[Language]*translation, len(Languages))}
	for _, lang := range Languages {
		texts, tag := english, language.Und // x/text looks for a sentence under Und if the language lacks it
		if lang != English {
			if texts, err = readSentences(files, lang); err != nil {
				return nil, err
			}
			tag = language.MustParse(string(lang))
		}
		var problems []error
		for _, id := range slices.Sorted(maps.Keys(texts)) {
			if err := checkSentence(texts[id], english[id]); err != nil {
				problems = append(problems, fmt.Errorf("%s: %s %w", fileOf(lang), id, err))
			} else if err := sentences.SetString(tag, id, texts[id]); err != nil {
				problems = append(problems, fmt.Errorf("%s: %s: %w", fileOf(lang), id, err))
			}
		}
		if err := errors.Join(problems...); err != nil {
			return nil, err
		}
		c.translations[lang] = &translation{writers: sync.Pool{New: func() any {
			w := &sentenceWriter{lang: lang, owner: c}
			w.context = sentences.Context(tag, w)
			return w
		}}}
	}
	c.parser = NewParser(c)
	return c, nil
}

// fileOf is the path of a language's file.
func fileOf(lang Language) string { return "catalogue/" + string(lang) + ".toml" }

// readSentences reads a language's file: texts by ID.
func readSentences(files fs.FS, lang Language) (map[string]string, error) {
	var tables map[string]map[string]string
	if _, err := toml.DecodeFS(files, fileOf(lang), &tables); err != nil {
		return nil, fmt.Errorf("read %s: %w", fileOf(lang), err)
	}
	texts := map[string]string{}
	for table, named := range tables {
		for name, text := range named {
			texts[table+"."+name] = text
		}
	}
	return texts, nil
}

// gapPattern is how a gap is written.
var gapPattern = regexp.MustCompile(`{{\.([A-Za-z]\w*)}}`)

// checkSentence tells what is wrong with a text, given the same sentence in English; english is empty if English has no
// such sentence.
func checkSentence(text, english string) error {
	between := gapPattern.ReplaceAllLiteralString(text, " ")
	switch {
	case strings.TrimSpace(text) == "":
		return errors.New("is empty")
	case english == "":
		return errors.New("is not in " + fileOf(English))
	case strings.Contains(between, "{{"), strings.Contains(between, "}}"):
		return errors.New("has a gap that is not written as {{.Name}}")
	case strings.Contains(text, "${"):
		return errors.New("has ${ in it, which x/text takes for a gap of its own")
	}
	for _, gap := range gapPattern.FindAllString(text, -1) {
		if !strings.Contains(english, gap) {
			return fmt.Errorf("has the gap %s, which it does not have in %s", gap, fileOf(English))
		}
	}
	return nil
}

// Style is how a platform writes what stands inside a sentence. It must be comparable, and there must be few different
// ones: the catalogue remembers sentences by style.
type Style interface {
	// Text escapes text from outside, so that it reads as it is and does nothing.
	Text(s string) string
	// Time writes a moment, in the zone that it carries where the style does not leave that to the reader's client.
	Time(t time.Time, lang Language) string
	// Period writes from when to when, as Time does.
	Period(p Period, lang Language) string
	// Command writes what a person types for a command.
	Command(line CommandLine) string
	// Mention writes how a person calls the bot where there are no slash commands.
	Mention() string
	// People writes who is mentioned, so that the platform tells them where the style is that of a message's mentions.
	People(p People) string
	// Conversation names a conversation to a person who reads of it elsewhere.
	Conversation(c Conversation) string
	// Place says what a conversation is to a person who reads of it there, and its name, written; empty if it has none
	// that the platform tells.
	Place(c Conversation) (kind PlaceKind, name string)
	// Day writes the day of a moment, and Clock its time of the day, as Time does.
	Day(t time.Time, lang Language) string
	Clock(t time.Time, lang Language) string
}

// Render returns a sentence in one language, with its gaps filled. A gap is an argument of the message, or a command of
// the table: {{.Meet}}, {{.New}}, {{.Show}} or {{.Help}}. A gap for which there is neither stays as the translator
// wrote it. A sentence that the language lacks is rendered in English, and so is one in a language that there is no
// file of. The text is the message's ID if English lacks the sentence too: nobody loses a meeting over it.
func (c *Catalog) Render(lang Language, m Message, style Style) string {
	t, ok := c.translations[lang]
	if !ok {
		t = c.translations[English]
	}
	if len(m.Args) > 0 {
		return t.render(m, style)
	}
	key := fixedKey{m.ID, style}
	if text, ok := t.fixed.Load(key); ok {
		return text.(string)
	}
	text := t.render(m, style)
	t.fixed.Store(key, text)
	return text
}

func (t *translation) render(m Message, style Style) string {
	w := t.writers.Get().(*sentenceWriter)
	w.style, w.args, w.text = style, m.Args, w.text[:0]
	err := w.context.Execute(m.ID)
	text := string(w.text)
	w.style, w.args = nil, nil
	t.writers.Put(w)
	if err != nil {
		return m.ID
	}
	return text
}

// PlainText renders a message without any markup.
func (c *Catalog) PlainText(lang Language, m Message) string { return c.Render(lang, m, PlainStyle{}) }

// sentenceWriter writes one sentence. It is what x/text calls a renderer: context finds the text by its ID and gives it
// to Render.
type sentenceWriter struct {
	lang    Language
	owner   *Catalog
	context *catalog.Context
	style   Style
	args    []Arg
	text    []byte // written so far
}

// Render writes text and fills its gaps. What fills a gap is not searched for gaps.
func (w *sentenceWriter) Render(text string) {
	for {
		before, rest, found := strings.Cut(text, "{{.")
		w.text = append(w.text, before...)
		if !found {
			return
		}
		gap, after, _ := strings.Cut(rest, "}}")
		w.fill(gap)
		text = after
	}
}

// Arg is there for x/text, which chooses by it between several forms of a sentence. No sentence has more than one form.
func (*sentenceWriter) Arg(int) any { return nil }

// fill writes what belongs into the gap of that name.
func (w *sentenceWriter) fill(gap string) {
	for _, arg := range w.args {
		if arg.Name == gap {
			w.write(arg.Value)
			return
		}
	}
	if spec, ok := specOf(Kind(strings.ToLower(gap))); ok { // any sentence may name the commands of the table
		w.text = append(w.text, w.style.Command(w.owner.name.Line(spec.Word, ""))...)
		return
	}
	w.text = append(w.text, "{{."+gap+"}}"...)
}

// write writes an argument.
func (w *sentenceWriter) write(value any) {
	switch v := value.(type) {
	case string:
		w.text = append(w.text, w.style.Text(shortText(v))...)
	case longText:
		w.text = append(w.text, w.style.Text(shorten(CleanText(string(v)), maxLongText))...)
	case int:
		w.text = strconv.AppendInt(w.text, int64(v), 10)
	case time.Time:
		w.text = append(w.text, w.style.Time(v, w.lang)...)
	case Period:
		w.text = append(w.text, w.style.Period(v, w.lang)...)
	case Command:
		again := w.owner.parser.typed(v)
		w.text = append(w.text, w.style.Command(w.owner.name.Line(again.word, again.subject))...)
	case command:
		w.text = append(w.text, w.style.Command(w.owner.name.Line(v.word, v.subject))...)
	case mention:
		w.text = append(w.text, w.style.Mention()...)
	case People:
		w.text = append(w.text, w.style.People(v)...)
	case Conversation:
		w.text = append(w.text, w.style.Conversation(v)...)
	case onDay:
		w.text = append(w.text, w.style.Day(time.Time(v), w.lang)...)
	case atClock:
		w.text = append(w.text, w.style.Clock(time.Time(v), w.lang)...)
	case written:
		w.text = append(w.text, v...)
	case placeWords:
		w.write(v.message(w.style))
	case Message:
		w.text = append(w.text, w.owner.Render(w.lang, v, w.style)...)
	case []Message:
		for i, m := range v {
			if i > 0 {
				w.text = append(w.text, between...)
			}
			w.write(m)
		}
	default:
		w.text = append(w.text, w.style.Text(shortText(fmt.Sprint(v)))...)
	}
}

// command is an argument of a message: a command to type, with a subject. word is empty for the bare command.
type command struct{ word, subject string }

// mention is an argument of a message: how a person calls the bot in a thread.
type mention struct{}

// PlainStyle writes plain text.
type PlainStyle struct{}

// Text returns s as it is.
func (PlainStyle) Text(s string) string { return s }

// Time writes the moment in the zone that it carries, and names the zone, in the order of day and month that the
// language uses.
func (PlainStyle) Time(t time.Time, lang Language) string {
	layout := "2 Jan 2006 15:04 "
	if lang == Portuguese {
		layout = "02/01/2006 15:04 "
	}
	return t.Format(layout) + zoneLabel(t)
}

// Period writes the day, the times and the zone that the moments carry: Tue 24 Nov 15:00-15:45 (UTC-3, Sao Paulo).
func (PlainStyle) Period(p Period, lang Language) string {
	start, end := p.Text(lang)
	return start + "-" + end
}

// Text writes both moments in the zone that they carry: "Tue 24 Nov 15:00" and "15:45 (UTC-3, Sao Paulo)".
func (p Period) Text(lang Language) (start, end string) {
	end = p.End.Format("15:04") + " " + zoneLabel(p.Start)
	if p.Start.YearDay() != p.End.YearDay() || p.Start.Year() != p.End.Year() {
		end = dayOf(p.End, lang) + " " + end
	}
	return dayOf(p.Start, lang) + " " + p.Start.Format("15:04"), end
}

// dayOf writes a day of a date as people say it.
func dayOf(t time.Time, lang Language) string {
	if lang == Portuguese {
		return weekdaysPortuguese[t.Weekday()] + ", " + t.Format("02/01")
	}
	return t.Format("Mon 2 Jan")
}

var weekdaysPortuguese = [...]string{"dom", "seg", "ter", "qua", "qui", "sex", "sáb"}

// Command writes the command as a slash command.
func (PlainStyle) Command(line CommandLine) string { return "`" + line.Slash() + "`" }

// Mention writes the bot's usual name.
func (PlainStyle) Mention() string { return "`@meetbot`" }

// People writes the names.
func (PlainStyle) People(p People) string {
	names := make([]string, len(p))
	for i, m := range p {
		names[i] = m.shown()
	}
	return strings.Join(names, ", ")
}

// Conversation writes the channel's ID.
func (PlainStyle) Conversation(c Conversation) string { return c.Channel }

// Place knows threads from channels, and no names.
func (PlainStyle) Place(c Conversation) (kind PlaceKind, name string) {
	if c.Thread != "" {
		return PlaceThread, ""
	}
	return PlaceChannel, ""
}

// Day writes the day in the zone that the moment carries: 12 March 2026.
func (PlainStyle) Day(t time.Time, lang Language) string {
	if lang == Portuguese {
		return fmt.Sprintf("%d de %s de %d", t.Day(), monthsPortuguese[t.Month()-1], t.Year())
	}
	return t.Format("2 January 2006")
}

var monthsPortuguese = [...]string{
	"janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro",
	"dezembro",
}

// Clock writes the time of the day in the zone that the moment carries, and names the zone: 21:33 (UTC-3, Sao Paulo).
func (PlainStyle) Clock(t time.Time, _ Language) string {
	return t.Format("15:04") + " " + zoneLabel(t)
}
