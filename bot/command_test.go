package bot_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"meetbot/bot"
)

func TestParseCommand(t *testing.T) {
	long := strings.Repeat("é", 300)
	for _, tt := range []struct {
		text string
		want bot.Command
	}{
		{"", bot.Command{Kind: bot.Meet}},
		{"   ", bot.Command{Kind: bot.Meet}},
		{"Design review", bot.Command{Kind: bot.Meet, Subject: "Design review"}},
		{"  Design \t\n review ", bot.Command{Kind: bot.Meet, Subject: "Design review"}},

		{"new", bot.Command{Kind: bot.New}},
		{"NEW", bot.Command{Kind: bot.New}},
		{"new Design review", bot.Command{Kind: bot.New, Subject: "Design review"}},
		{`new "new hires"`, bot.Command{Kind: bot.New, Subject: "new hires"}},
		{"newsletter planning", bot.Command{Kind: bot.Meet, Subject: "newsletter planning"}},
		{"show", bot.Command{Kind: bot.Show}},
		{"show and tell", bot.Command{Kind: bot.Meet, Subject: "show and tell"}},
		{"help", bot.Command{Kind: bot.Help}},
		{"help desk sync", bot.Command{Kind: bot.Meet, Subject: "help desk sync"}},

		// Quotes take a word literally, whichever quotes the keyboard makes.
		{`"new hires"`, bot.Command{Kind: bot.Meet, Subject: "new hires"}},
		{`"new" hires`, bot.Command{Kind: bot.Meet, Subject: "new hires"}},
		{`“help”`, bot.Command{Kind: bot.Meet, Subject: "help"}},
		{`„hlep“`, bot.Command{Kind: bot.Meet, Subject: "hlep"}},
		{`«show»`, bot.Command{Kind: bot.Meet, Subject: "show"}},
		{`say "hi"`, bot.Command{Kind: bot.Meet, Subject: `say "hi"`}},
		{`"unclosed`, bot.Command{Kind: bot.Meet, Subject: `"unclosed`}},
		{`""`, bot.Command{Kind: bot.Meet}},

		// Near misses as the only word are asked back about.
		{"hlep", bot.Command{Kind: bot.Unclear, Subject: "hlep", Meant: bot.Help}},
		{"Halp", bot.Command{Kind: bot.Unclear, Subject: "Halp", Meant: bot.Help}},
		{"hel", bot.Command{Kind: bot.Unclear, Subject: "hel", Meant: bot.Help}},
		{"helpp", bot.Command{Kind: bot.Unclear, Subject: "helpp", Meant: bot.Help}},
		{"shwo", bot.Command{Kind: bot.Unclear, Subject: "shwo", Meant: bot.Show}},
		{"nwe", bot.Command{Kind: bot.Unclear, Subject: "nwe", Meant: bot.New}},
		{"nova", bot.Command{Kind: bot.Unclear, Subject: "nova", Meant: bot.New}},
		{"ajuda", bot.Command{Kind: bot.Unclear, Subject: "ajuda", Meant: bot.Help}},
		{"?", bot.Command{Kind: bot.Unclear, Subject: "?", Meant: bot.Help}},
		{"hlep me", bot.Command{Kind: bot.Meet, Subject: "hlep me"}},
		{"standup", bot.Command{Kind: bot.Meet, Subject: "standup"}},

		// What cannot be seen cannot mislead.
		{"pay\u202eroll\u2066", bot.Command{Kind: bot.Meet, Subject: "payroll"}},
		{"a\x00b\x1b[31mc", bot.Command{Kind: bot.Meet, Subject: "ab[31mc"}},
		{"bad\xff\xfeutf8", bot.Command{Kind: bot.Meet, Subject: "badutf8"}},
		{"family 👩‍👧", bot.Command{Kind: bot.Meet, Subject: "family 👩‍👧"}},
		{"\u200d \u3164\ufe0f", bot.Command{Kind: bot.Meet}},
		{"a" + strings.Repeat("\u0316", 100) + "b", bot.Command{Kind: bot.Meet, Subject: "a" + strings.Repeat("\u0316", 8) + "b"}},
		{"`code`", bot.Command{Kind: bot.Meet, Subject: "'code'"}},
		{long, bot.Command{Kind: bot.Meet, Subject: strings.Repeat("é", bot.MaxSubject-1) + "…"}},
	} {
		if got := bot.ParseCommand(tt.text); got != tt.want {
			t.Errorf("ParseCommand(%q) = %+v, want %+v", tt.text, got, tt.want)
		}
	}
}

// Every subcommand of the table is understood, alone and in capitals.
func TestParseCommandKnowsTheTable(t *testing.T) {
	for _, spec := range bot.Commands {
		for _, text := range []string{spec.Word, strings.ToUpper(spec.Word)} {
			if got := bot.ParseCommand(text); got.Kind != spec.Kind {
				t.Errorf("ParseCommand(%q) = %+v, want kind %s", text, got, spec.Kind)
			}
		}
		for _, near := range spec.Near {
			if got := bot.ParseCommand(near); got.Kind != bot.Unclear || got.Meant != spec.Kind {
				t.Errorf("ParseCommand(%q) = %+v, want a question about %s", near, got, spec.Kind)
			}
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
