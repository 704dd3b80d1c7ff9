package bot

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// files is a catalogue of one table in each language.
func files(english, portuguese string) fstest.MapFS {
	return fstest.MapFS{
		"catalogue/en.toml":    {Data: []byte("[a]\n" + english)},
		"catalogue/pt-BR.toml": {Data: []byte("[a]\n" + portuguese)},
	}
}

func TestCatalogRefusesFiles(t *testing.T) {
	for name, tt := range map[string]struct{ english, portuguese, want string }{
		"no TOML":                  {"b = ", "", "read catalogue/en.toml"},
		"no text":                  {"b = 1", "", "read catalogue/en.toml"},
		"a table in a table":       {"b = {c = 'x'}", "", "read catalogue/en.toml"},
		"an empty sentence":        {"b = ' '", "", "catalogue/en.toml: a.b is empty"},
		"an empty translation":     {"b = 'x'", "b = ''", "catalogue/pt-BR.toml: a.b is empty"},
		"a gap without a dot":      {"b = '{{Name}}'", "", "en.toml: a.b has a gap that is not written as {{.Name}}"},
		"a gap with spaces":        {"b = '{{ .Name }}'", "", "a.b has a gap that is not written as {{.Name}}"},
		"a gap that does not end":  {"b = '{{.Name} x'", "", "a.b has a gap that is not written as {{.Name}}"},
		"a gap that does not open": {"b = 'x {.Name}}'", "", "a.b has a gap that is not written as {{.Name}}"},
		"a call":                   {"b = '{{.Name | len}}'", "", "a.b has a gap that is not written as {{.Name}}"},
		"a gap of x/text":          {"b = '${Name}'", "", "a.b has ${ in it"},
		"a gap of its own":         {"b = '{{.Name}}'", "b = '{{.Nome}}'", "pt-BR.toml: a.b has the gap {{.Nome}}, which"},
		"a sentence of its own":    {"b = 'x'", "c = 'x'", "catalogue/pt-BR.toml: a.c is not in catalogue/en.toml"},
		"two problems":             {"b = ''\nc = '{{'", "", "a.b is empty\ncatalogue/en.toml: a.c has a gap"},
	} {
		if _, err := loadCatalog(files(tt.english, tt.portuguese), DefaultCommandName); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if _, err := loadCatalog(fstest.MapFS{}, DefaultCommandName); err == nil {
		t.Error("a catalogue without files was loaded")
	}
}

func TestCatalogRender(t *testing.T) {
	c, err := loadCatalog(files(`
		both = 'Hello {{.Name}}, 100% of {{.Name}}: {{.New}}'
		english_only = 'English'
		braces = '{ {{{.Name}} } %[1]s $5'
		lines = "one\n\ntwo"
	`, `
		both = 'Olá {{.Name}}: {{.New}}'
	`), DefaultCommandName)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 12, 15, 4, 5, 0, time.UTC)
	here := Conversation{Platform: "slack", Workspace: "T1", Channel: "C1"}
	for _, tt := range []struct {
		lang  Language
		id    string
		value any
		want  string
	}{
		{English, "a.both", "Ann", "Hello Ann, 100% of Ann: `/meet new`"},
		{Portuguese, "a.both", "Ann", "Olá Ann: `/meet new`"},
		{"fr", "a.both", "Ann", "Hello Ann, 100% of Ann: `/meet new`"},
		{Portuguese, "a.english_only", nil, "English"},
		{Portuguese, "a.nothing", nil, "a.nothing"},
		{English, "a.nothing", "Ann", "a.nothing"},
		{Portuguese, "a.both", nil, "Olá {{.Name}}: `/meet new`"},
		{Portuguese, "a.both", "{{.New}} ${New} %s", "Olá {{.New}} ${New} %s: `/meet new`"}, // only translators make gaps
		{Portuguese, "a.both", "a`b\nc", "Olá a'b c: `/meet new`"},
		{Portuguese, "a.both", 1500, "Olá 1500: `/meet new`"},
		{Portuguese, "a.both", at, "Olá 12/03/2026 15:04 UTC: `/meet new`"},
		{Portuguese, "a.both", command{"new", "x"}, "Olá `/meet new x`: `/meet new`"},
		{Portuguese, "a.both", mention{}, "Olá `@meetbot`: `/meet new`"},
		{Portuguese, "a.both", here, "Olá C1: `/meet new`"},
		{Portuguese, "a.both", Code("a`b"), "Olá a'b: `/meet new`"}, // a type that Render does not know
		{English, "a.braces", "Ann", "{ {Ann } %[1]s $5"},
		{English, "a.lines", nil, "one\n\ntwo"},
	} {
		m := message(tt.id)
		if tt.value != nil {
			m = message(tt.id, Arg{"Other", "x"}, Arg{"Name", tt.value})
		}
		for range 2 { // the second time it may be remembered
			if got := c.PlainText(tt.lang, m); got != tt.want {
				t.Errorf("%s in %s with %v: %q, want %q", tt.id, tt.lang, tt.value, got, tt.want)
			}
		}
	}
}

// No sentence of any language tells people to type the usual name of a bot that is called by another.
func TestSentencesOfAnotherName(t *testing.T) {
	c, err := NewCatalogFor("call")
	if err != nil {
		t.Fatal(err)
	}
	texts, err := readSentences(catalogueFiles, English)
	if err != nil {
		t.Fatal(err)
	}
	usual, commands := regexp.MustCompile(`\bmeet\b`), 0
	for _, lang := range Languages {
		for id := range texts {
			text := c.PlainText(lang, message(id))
			if usual.MatchString(text) {
				t.Errorf("%s %s: %s", lang, id, text)
			}
			if strings.Contains(text, "`/call") {
				commands++
			}
		}
	}
	if commands < 20 {
		t.Errorf("%d sentences name a command", commands)
	}
}
