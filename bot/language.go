package bot

import "golang.org/x/text/language"

// Language is one of the languages that the catalogue is written in.
type Language string

// The languages of the catalogue.
const (
	English    Language = "en"
	Portuguese Language = "pt-BR"
)

// Languages lists them all.
var Languages = []Language{English, Portuguese}

var matcher = func() language.Matcher {
	tags := make([]language.Tag, len(Languages))
	for i, lang := range Languages {
		tags[i] = language.MustParse(string(lang))
	}
	return language.NewMatcher(tags)
}()

// LanguageOf returns the language of the catalogue that a reader with this locale understands best: English for
// "en-GB", Portuguese for "pt-PT". It returns fallback if there is none, or if locale is not a BCP 47 language tag.
func LanguageOf(locale string, fallback Language) Language {
	tag, err := language.Parse(locale)
	if err != nil {
		return fallback
	}
	_, i, confidence := matcher.Match(tag)
	if confidence < language.Low {
		return fallback
	}
	return Languages[i]
}
