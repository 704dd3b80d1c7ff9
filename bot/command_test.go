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
		{"ajuda", unclear("ajuda", bot.Help)},
		{"?", unclear("?", bot.Help)},
		{"hlep me", command(bot.Command{Kind: bot.Meet, Subject: "hlep me"})},
		{"standup", command(bot.Command{Kind: bot.Meet, Subject: "standup"})},

		// What cannot be seen cannot mislead.
		{"pay\u202eroll\u2066", command(bot.Command{Kind: bot.Meet, Subject: "payroll"})},
		{"a\x00b\x1b[31mc", command(bot.Command{Kind: bot.Meet, Subject: "ab[31mc"})},
		{"bad\xff\xfeutf8", command(bot.Command{Kind: bot.Meet, Subject: "badutf8"})},
		{"family 👩‍👧", command(bot.Command{Kind: bot.Meet, Subject: "family 👩‍👧"})},
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

// Every subcommand of the table is understood, alone and in capitals. The words of every language of the catalogue for it
// are asked back about.
func TestParseKnowsTheTable(t *testing.T) {
	parser := newParser(t)
	for _, spec := range bot.Commands {
		for _, text := range []string{spec.Word, strings.ToUpper(spec.Word)} {
			if got := parser.Parse(text); got.Kind != "" || got.Command.Kind != spec.Kind {
				t.Errorf("Parse(%q) = %+v, want the command %s", text, got, spec.Kind)
			}
		}
	}
	for word, guess := range map[string]bot.Kind{
		"novo": bot.New, "nova": bot.New, "NOVA": bot.New, "mostrar": bot.Show, "mostra": bot.Show, "ajuda": bot.Help, "?": bot.Help,
	} {
		if got := parser.Parse(word); got.Kind != bot.JobUnclear || got.Guess != guess {
			t.Errorf("Parse(%q) = %+v, want a question about %s", word, got, guess)
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
