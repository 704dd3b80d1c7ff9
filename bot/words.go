package bot

import (
	"embed"
	"fmt"
	"sync"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed catalogue/*.toml
var catalogue embed.FS

// Words is the catalogue of everything that the bot says, in every language.
type Words struct {
	localizers map[Language]*i18n.Localizer
	fixed      sync.Map // fixedKey to string: sentences without arguments, which most of a card is
}

// fixedKey names a sentence that is the same every time. There are as many as sentences, languages and styles.
type fixedKey struct {
	lang  Language
	id    string
	style Style
}

// NewWords loads the catalogue.
func NewWords() (*Words, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	w := &Words{localizers: make(map[Language]*i18n.Localizer, len(Languages))}
	for _, lang := range Languages {
		name := "catalogue/" + string(lang) + ".toml"
		if _, err := bundle.LoadMessageFileFS(catalogue, name); err != nil {
			return nil, fmt.Errorf("load %s: %w", name, err)
		}
		w.localizers[lang] = i18n.NewLocalizer(bundle, string(lang))
	}
	return w, nil
}

// Style is how a platform writes what stands inside a sentence. It must be comparable, and there must be few different
// ones.
type Style interface {
	// Text escapes text from outside, so that it reads as it is and does nothing.
	Text(s string) string
	// Time writes a moment.
	Time(t time.Time, lang Language) string
	// Command writes what one types for a command: the subcommand, empty for the bare command, and its subject.
	Command(word, subject string) string
	// Mention writes how one calls the bot where there are no slash commands.
	Mention() string
	// Place names a conversation to somebody who reads of it elsewhere.
	Place(c Conversation) string
}

// Say renders a message. Besides its own arguments a message may name the commands of the table: {{.Meet}},
// {{.New}}, {{.Show}} and {{.Help}}.
func (w *Words) Say(lang Language, m Message, style Style) string {
	if len(m.Args) > 0 {
		return w.render(lang, m, style)
	}
	key := fixedKey{lang, m.ID, style}
	if text, ok := w.fixed.Load(key); ok {
		return text.(string)
	}
	text := w.render(lang, m, style)
	w.fixed.Store(key, text)
	return text
}

func (w *Words) render(lang Language, m Message, style Style) string {
	data := map[string]any{
		"Meet": style.Command("", ""),
		"New":  style.Command("new", ""),
		"Show": style.Command("show", ""),
		"Help": style.Command("help", ""),
	}
	for name, value := range m.Args {
		switch v := value.(type) {
		case string:
			data[name] = style.Text(shortText(v))
		case time.Time:
			data[name] = style.Time(v, lang)
		case command:
			data[name] = style.Command(v.word, v.subject)
		case mention:
			data[name] = style.Mention()
		case Conversation:
			data[name] = style.Place(v)
		default:
			data[name] = v
		}
	}
	localizer, ok := w.localizers[lang]
	if !ok {
		localizer = w.localizers[English]
	}
	text, err := localizer.Localize(&i18n.LocalizeConfig{MessageID: m.ID, TemplateData: data})
	if err != nil {
		// A sentence that is missing in one language is found by the catalogue's test; nobody should lose a
		// meeting over it.
		return m.ID
	}
	return text
}

// Plain renders a message without any markup.
func (w *Words) Plain(lang Language, m Message) string { return w.Say(lang, m, PlainStyle{}) }

// command is an argument of a message: a command to type, with a subject.
type command struct{ word, subject string }

// mention is an argument of a message: how one calls the bot in a thread.
type mention struct{}

// PlainStyle writes plain text.
type PlainStyle struct{}

// Text returns s as it is.
func (PlainStyle) Text(s string) string { return s }

// Time writes the moment in UTC, in the order of day and month that the language uses.
func (PlainStyle) Time(t time.Time, lang Language) string {
	layout := "2 Jan 2006 15:04 UTC"
	if lang == Portuguese {
		layout = "02/01/2006 15:04 UTC"
	}
	return t.UTC().Format(layout)
}

// Command writes the command as a slash command.
func (PlainStyle) Command(word, subject string) string {
	return "`" + SlashCommand(word, subject) + "`"
}

// Mention writes the bot's usual name.
func (PlainStyle) Mention() string { return "`@meetbot`" }

// Place writes the channel's ID.
func (PlainStyle) Place(c Conversation) string { return c.Channel }

// SlashCommand is a command as it is typed where slash commands exist.
func SlashCommand(word, subject string) string {
	return "/" + CommandLine(word, subject)
}

// CommandLine is a command as it is typed, from the command's name on.
func CommandLine(word, subject string) string {
	line := CommandName
	if word != "" {
		line += " " + word
	}
	if subject != "" {
		line += " " + subject
	}
	return line
}
