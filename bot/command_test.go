package bot_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"meetbot/bot"
)

func newParser(t testing.TB) *bot.Parser {
	t.Helper()
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	return bot.NewParser(catalog)
}

func TestParse(t *testing.T) {
	parser := newParser(t)
	command := func(c bot.Command) bot.Intent { return bot.Intent{Command: c} }
	unclear := func(typed string, guess bot.Kind) bot.Intent {
		return bot.Intent{Kind: bot.JobUnclear, Command: bot.Command{Kind: bot.Meet, Subject: typed}, Guess: guess}
	}
	long := strings.Repeat("é", 300)
	for _, tt := range []struct {
		text string
		want bot.Intent
	}{
		{"", command(bot.Command{Kind: bot.Meet})},
		{"   ", command(bot.Command{Kind: bot.Meet})},
		{"Design review", command(bot.Command{Kind: bot.Meet, Subject: "Design review"})},
		{"  Design \t\n review ", command(bot.Command{Kind: bot.Meet, Subject: "Design review"})},

		{"new", command(bot.Command{Kind: bot.New})},
		{"NEW", command(bot.Command{Kind: bot.New})},
		{"new Design review", command(bot.Command{Kind: bot.New, Subject: "Design review"})},
		{`new "new hires"`, command(bot.Command{Kind: bot.New, Subject: "new hires"})},
		{"newsletter planning", command(bot.Command{Kind: bot.Meet, Subject: "newsletter planning"})},
		{"show", command(bot.Command{Kind: bot.Show})},
		{"Link.", command(bot.Command{Kind: bot.Link})},
		{"link permanente", command(bot.Command{Kind: bot.Link})},
		{"link building", command(bot.Command{Kind: bot.Meet, Subject: "link building"})},
		{`"link"`, command(bot.Command{Kind: bot.Meet, Subject: "link"})},
		{"lnk", unclear("lnk", bot.Link)},
		{"show and tell", command(bot.Command{Kind: bot.Meet, Subject: "show and tell"})},
		{"help", command(bot.Command{Kind: bot.Help})},
		{"help desk sync", command(bot.Command{Kind: bot.Meet, Subject: "help desk sync"})},

		// Quotes take a word literally, whichever quotes the keyboard makes.
		{`"new hires"`, command(bot.Command{Kind: bot.Meet, Subject: "new hires"})},
		{`"new" hires`, command(bot.Command{Kind: bot.Meet, Subject: "new hires"})},
		{`“help”`, command(bot.Command{Kind: bot.Meet, Subject: "help"})},
		{`„hlep“`, command(bot.Command{Kind: bot.Meet, Subject: "hlep"})},
		{`«show»`, command(bot.Command{Kind: bot.Meet, Subject: "show"})},
		{`say "hi"`, command(bot.Command{Kind: bot.Meet, Subject: `say "hi"`})},
		{`"unclosed`, command(bot.Command{Kind: bot.Meet, Subject: `"unclosed`})},
		{`""`, command(bot.Command{Kind: bot.Meet})},

		// Near misses as the only word are asked back about.
		{"hlep", unclear("hlep", bot.Help)},
		{"Halp", unclear("Halp", bot.Help)},
		{"hel", unclear("hel", bot.Help)},
		{"helpp", unclear("helpp", bot.Help)},
		{"shwo", unclear("shwo", bot.Show)},
		{"nwe", unclear("nwe", bot.New)},
		{"nova", unclear("nova", bot.New)},
		{"ajuda", command(bot.Command{Kind: bot.Help})},
		{"?", command(bot.Command{Kind: bot.Help})},
		{"hlep me", command(bot.Command{Kind: bot.Meet, Subject: "hlep me"})},
		{"standup", command(bot.Command{Kind: bot.Meet, Subject: "standup"})},

		// What cannot be seen cannot mislead.
		{"pay\u202eroll\u2066", command(bot.Command{Kind: bot.Meet, Subject: "payroll"})},
		{"a\x00b\x1b[31mc", command(bot.Command{Kind: bot.Meet, Subject: "ab[31mc"})},
		{"bad\xff\xfeutf8", command(bot.Command{Kind: bot.Meet, Subject: "badutf8"})},
		{"family 👩‍👧", command(bot.Command{Kind: bot.Meet, Subject: "family 👩‍👧"})},
		{"می\u200cخواهم", command(bot.Command{Kind: bot.Meet, Subject: "می\u200cخواهم"})}, // Persian needs it
		{"क्\u200cष", command(bot.Command{Kind: bot.Meet, Subject: "क्\u200cष"})},
		{"pass\u200cword", command(bot.Command{Kind: bot.Meet, Subject: "password"})},
		{"ل\u200c x", command(bot.Command{Kind: bot.Meet, Subject: "ل x"})},
		{
			"Scotland 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
			command(bot.Command{Kind: bot.Meet, Subject: "Scotland 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"}),
		},
		{"x\U000e0067\U000e0062 🏴\U000e0067", command(bot.Command{Kind: bot.Meet, Subject: "x 🏴"})},
		{"\u200d \u3164\ufe0f", command(bot.Command{Kind: bot.Meet})},
		{"a" + strings.Repeat("\u0316", 100) + "b", command(bot.Command{Kind: bot.Meet, Subject: "a" + strings.Repeat("\u0316", 8) + "b"})},
		{"`code`", command(bot.Command{Kind: bot.Meet, Subject: "'code'"})},
		{long, command(bot.Command{Kind: bot.Meet, Subject: strings.Repeat("é", bot.MaxSubject-1) + "…"})},
	} {
		if got := parser.Parse(tt.text); got != tt.want {
			t.Errorf("Parse(%q) = %+v, want %+v", tt.text, got, tt.want)
		}
	}
}

// Every subcommand of the table is understood, alone and in capitals, in every language of the catalogue. Other words for
// it do the same where nothing is made, and are asked back about where everybody's meeting would be replaced.
func TestParseKnowsTheTable(t *testing.T) {
	parser := newParser(t)
	for _, spec := range bot.Commands {
		for _, text := range []string{spec.Word, strings.ToUpper(spec.Word)} {
			if got := parser.Parse(text); got.Kind != "" || got.Command.Kind != spec.Kind {
				t.Errorf("Parse(%q) = %+v, want the command %s", text, got, spec.Kind)
			}
		}
	}
	for word, kind := range map[string]bot.Kind{
		"mostrar": bot.Show, "Mostrar!": bot.Show, "me mostra": bot.Show, "novo": bot.New, "mostra": bot.Show, "Show me": bot.Show, "show?": bot.Show,
		"ajuda": bot.Help, "AJUDA!": bot.Help, "?": bot.Help, "-h": bot.Help, "--help": bot.Help, "—help": bot.Help,
		"help me": bot.Help, "help?": bot.Help,
		"now": bot.Meet, "Start": bot.Meet, "join": bot.Meet, "here": bot.Meet, "now!": bot.Meet, "agora": bot.Meet,
		"cancel": bot.Cancel, "Cancel!": bot.Cancel, "cancel the meeting": bot.Cancel, "cancelar": bot.Cancel,
		"rename": bot.Rename, "Rename the meeting": bot.Rename, "renomear": bot.Rename,
		"iniciar": bot.Meet, "aqui": bot.Meet, "join the meeting": bot.Meet,
	} {
		if got := parser.Parse(word); got != (bot.Intent{Command: bot.Command{Kind: kind}}) {
			t.Errorf("Parse(%q) = %+v, want the command %s", word, got, kind)
		}
	}
	for word, guess := range map[string]bot.Kind{"nova": bot.New, "NOVA": bot.New, "new?": bot.New} {
		if got := parser.Parse(word); got.Kind != bot.JobUnclear || got.Guess != guess {
			t.Errorf("Parse(%q) = %+v, want a question about %s", word, got, guess)
		}
	}
}

// Every command has a word in every language, of its own, and takes what it takes in any of them.
func TestCommandsInEveryLanguage(t *testing.T) {
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	parser := bot.NewParser(catalog)
	for _, spec := range bot.Commands {
		for _, lang := range bot.Languages {
			id := "commands." + string(spec.Kind)
			words := catalog.PlainText(lang, bot.Message{ID: id})
			if spec.Word != "" && words == id {
				t.Errorf("%s has no word in %s", spec.Kind, lang)
			}
			for word := range strings.SplitSeq(words, ", ") {
				if got := parser.Parse(word); spec.Word != "" && got != (bot.Intent{Command: bot.Command{Kind: spec.Kind}}) {
					t.Errorf("Parse(%q) = %+v, want the command %s", word, got, spec.Kind)
				}
			}
		}
	}
	for text, want := range map[string]bot.Command{
		"novo Retro":             {Kind: bot.New, Subject: "Retro"},
		"renomear Retrospectiva": {Kind: bot.Rename, Subject: "Retrospectiva"},
		`"novo"`:                 {Kind: bot.Meet, Subject: "novo"},
		"mostrar os slides":      {Kind: bot.Meet, Subject: "mostrar os slides"},
	} {
		if got := parser.Parse(text); got != (bot.Intent{Command: want}) {
			t.Errorf("Parse(%q) = %+v, want %+v", text, got, want)
		}
		if !parser.Addressed(text) && want.Kind != bot.Meet {
			t.Errorf("%q is not for the bot", text)
		}
	}
	if got := parser.Parse("novo Retro amanhã às 15h"); got.Command.Kind != bot.New || got.Command.Line == "" {
		t.Errorf("a date after novo is not seen: %+v", got)
	}
}

// What the bot does not do gets a sentence about what there is. Longer texts are subjects.
func TestAdvice(t *testing.T) {
	parser := newParser(t)
	for words, want := range map[string]bot.Advice{
		"end, stop!, close, delete, close the meeting, encerrar, parar, excluir": "end",
		"schedule, agendar, marcar":              "schedule",
		"settings, configurações, CONFIGURAÇÕES": "settings",
		"list, status?, listar":                  "list",
	} {
		for word := range strings.SplitSeq(words, ", ") {
			want := bot.Intent{
				Kind: bot.JobAdvice, Command: bot.Command{Kind: bot.Meet, Subject: word}, Advice: want,
			}
			if got := parser.Parse(word); got != want {
				t.Errorf("Parse(%q) = %+v, want %+v", word, got, want)
			}
			if got := parser.ParseAddressed("meet " + word); got != want {
				t.Errorf("after a mention, meet %s is %+v, want %+v", word, got, want)
			}
			if got := parser.Parse(`"` + word + `"`); got.Kind != "" || got.Command.Subject != word {
				t.Errorf("%q in quotation marks is %+v", word, got)
			}
		}
	}
	for _, subject := range []string{"end of year", "cancel culture", "status meeting", "now what", "here be dragons"} {
		if got := parser.Parse(subject); got != (bot.Intent{Command: bot.Command{Kind: bot.Meet, Subject: subject}}) {
			t.Errorf("Parse(%q) = %+v", subject, got)
		}
	}
}

// No word of the catalogue means two things, in whatever language.
func TestWordsMeanOneThing(t *testing.T) {
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	meant := map[string]string{}
	names := []string{"meet", "new", "show", "help"}
	for _, advice := range bot.Advices {
		names = append(names, string(advice))
	}
	for _, name := range names {
		for _, lang := range bot.Languages {
			for word := range strings.SplitSeq(catalog.PlainText(lang, bot.Message{ID: "words." + name}), ",") {
				word = strings.ToLower(strings.TrimSpace(word))
				if other := meant[word]; word == "" || other != "" && other != name {
					t.Errorf("%q stands for %s and for %s", word, name, other)
				}
				meant[word] = name
			}
		}
	}
}

// Punctuation after a mention, and formatting around the command, are no part of what is said.
func TestParseAddressed(t *testing.T) {
	parser := newParser(t)
	offer := func(subject string) bot.Intent {
		return bot.Intent{Kind: bot.JobOffer, Command: bot.Command{Kind: bot.Meet, Subject: subject}}
	}
	for text, want := range map[string]bot.Intent{
		", new Retro":           {Command: bot.Command{Kind: bot.New, Subject: "Retro"}},
		": help":                {Command: bot.Command{Kind: bot.Help}},
		":help":                 {Command: bot.Command{Kind: bot.Help}},
		" - show":               {Command: bot.Command{Kind: bot.Show}},
		" — new":                {Command: bot.Command{Kind: bot.New}},
		"!":                     {Command: bot.Command{Kind: bot.Meet}},
		".":                     {Command: bot.Command{Kind: bot.Meet}},
		"?":                     {Command: bot.Command{Kind: bot.Help}},
		"-h":                    {Command: bot.Command{Kind: bot.Help}},
		"help!":                 {Command: bot.Command{Kind: bot.Help}},
		"new: Retro":            {Command: bot.Command{Kind: bot.New, Subject: "Retro"}},
		", meet: Retro":         {Command: bot.Command{Kind: bot.Meet, Subject: "Retro"}},
		"*new*":                 {Command: bot.Command{Kind: bot.New}},
		"*new* Retro":           {Command: bot.Command{Kind: bot.New, Subject: "Retro"}},
		"*new Retro*":           {Command: bot.Command{Kind: bot.New, Subject: "Retro"}},
		"**new** Retro":         {Command: bot.Command{Kind: bot.New, Subject: "Retro"}},
		"_show_":                {Command: bot.Command{Kind: bot.Show}},
		"*_show_*":              {Command: bot.Command{Kind: bot.Show}},
		"~help~":                {Command: bot.Command{Kind: bot.Help}},
		"`new`":                 {Command: bot.Command{Kind: bot.New}},
		"`new` Retro":           {Command: bot.Command{Kind: bot.New, Subject: "Retro"}},
		"`/meet new Retro`":     {Command: bot.Command{Kind: bot.New, Subject: "Retro"}},
		"```/meet new Retro```": {Command: bot.Command{Kind: bot.New, Subject: "Retro"}},
		"`/meet` Retro":         {Command: bot.Command{Kind: bot.Meet, Subject: "Retro"}},
		"meet *show*":           {Command: bot.Command{Kind: bot.Show}},
		`"thanks!"`:             {Command: bot.Command{Kind: bot.Meet, Subject: "thanks!"}},
		"now":                   {Command: bot.Command{Kind: bot.Meet}},
		"thanks!":               offer("thanks!"),
		"*thanks*":              offer("*thanks*"),
		"'new' hires":           offer("'new' hires"),
		"newsletter":            offer("newsletter"),
	} {
		if got := parser.ParseAddressed(text); got != want {
			t.Errorf("ParseAddressed(%q) = %+v, want %+v", text, got, want)
		}
	}
	for text, want := range map[string]bot.Intent{
		"*new*":       {Command: bot.Command{Kind: bot.New}},
		"`show`":      {Command: bot.Command{Kind: bot.Show}},
		"'new' hires": {Command: bot.Command{Kind: bot.Meet, Subject: "'new' hires"}},
		"*Big* day":   {Command: bot.Command{Kind: bot.Meet, Subject: "*Big* day"}},
		": colon":     {Command: bot.Command{Kind: bot.Meet, Subject: ": colon"}},
	} {
		if got := parser.Parse(text); got != want {
			t.Errorf("Parse(%q) = %+v, want %+v", text, got, want)
		}
	}
}

// Where a text is clean at first sight, nothing else would come of cleaning it: a letter that is not ASCII forbids that
// short cut.
func TestCleanAtFirstSight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching("[ -~\\t\\x00]{0,12}").Draw(t, "text")
		long := strings.TrimSuffix(strings.TrimSuffix(bot.CleanText(text+" é"), "é"), " ")
		if got := bot.CleanText(text); got != long {
			t.Errorf("%q becomes %q, want %q", text, got, long)
		}
	})
}
