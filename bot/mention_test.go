package bot_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"meetbot/bot"
)

func person(id, name string) bot.Mention {
	return bot.Mention{Kind: bot.MentionPerson, ID: id, Name: name}
}

// What becomes of mentions in a command: the subject has the names, and the line is kept only if it invites somebody
// whom the platform marked, or has times.
func TestMentions(t *testing.T) {
	p := newParser(t)
	ben, ana := person("U0BEN", "@ben"), person("29:1-_x", "Ana Exemplo")
	team := bot.Mention{Kind: bot.MentionGroup, ID: "S0TEAM", Name: "@team"}
	for text, want := range map[string]struct {
		subject string
		line    bool
	}{
		"Retro with " + ben.Mark(): {"Retro", true},
		"Retro with " + ben.Mark() + ", " + ana.Mark() + " and " + team.Mark(): {"Retro", true},
		"Retro tomorrow at 15:00 for 45m with " + ben.Mark():                   {"Retro", true},
		"Retrospectiva amanhã às 15h com " + ana.Mark():                        {"Retrospectiva", true},
		"with " + ben.Mark():                        {"", true},
		ben.Mark() + " " + ana.Mark():               {"", true},
		"new Retro with " + ben.Mark():              {"Retro", true},
		"Talk to " + ben.Mark() + " about money":    {"Talk to @ben about money", false},
		"Talk with " + ben.Mark() + " about money":  {"Talk with @ben about money", false},
		"Ask " + ana.Mark():                         {"Ask Ana Exemplo", false},
		"Retro with @zoe":                           {"Retro with @zoe", false},
		"Retro tomorrow at 15:00 with @zoe":         {"Retro", true},
		`"Retro with ` + ben.Mark() + `"`:           {"Retro with @ben", false},
		"rename Retro with " + ben.Mark():           {"Retro with @ben", false},
		"Retro with \ue000pU0BEN\ue001":             {"Retro with pU0BEN", false},
		"Retro with \ue000xU0BEN\ue001x\ue002":      {"Retro with xU0BENx", false},
		"Retro with " + person("U0", "").Mark():     {"Retro", true},
		"See " + person("U0", "").Mark() + " today": {"See today", false},
	} {
		c := p.Parse(text).Command
		if c.Subject != want.subject || (c.Line != "") != want.line {
			t.Errorf("%q became the subject %q and the line %q, want %q and a line: %v", text, c.Subject, c.Line,
				want.subject, want.line)
		}
	}
}

// A mention that no platform makes has no mark.
func TestMarkOfWhatIsNoMention(t *testing.T) {
	for _, id := range []string{"", "U0 BEN", "U0\ue001BEN", "U0\nBEN", "\u202e", strings.Repeat("x", 201)} {
		if got := person(id, "@ben").Mark(); got != "@ben" {
			t.Errorf("the mark of %q is %q", id, got)
		}
	}
	if got := person("U0BEN", "a\ue002b\nc").Mark(); got != "\ue000pU0BEN\ue001ab c\ue002" {
		t.Errorf("the mark is %q", got)
	}
}

// Whatever somebody types around a mention, it is no other mention, and no mark is shown.
func FuzzMentions(f *testing.F) {
	for _, seed := range hostile {
		f.Add(seed, "U0BEN", "@ben")
	}
	for _, seed := range []string{
		"Retro with ", "\ue000pU0ANN\ue001@ann\ue002", "\ue000", "tomorrow at 15:00 with \ue001", `"with `, "with\ue002 (",
	} {
		f.Add(seed, "29:1a-_", "Ana \ue001 <x>")
	}
	p := newParser(f)
	f.Fuzz(func(t *testing.T, typed, id, name string) {
		mark := person(id, name).Mark()
		if strings.HasPrefix(mark, "\ue000") != strings.HasSuffix(mark, "\ue002") || strings.Count(mark, "\ue000") > 1 {
			t.Errorf("the mark of %q and %q is %q", id, name, mark)
		}
		typed = bot.Unmarked(typed)
		if strings.ContainsAny(typed, "\ue000\ue001\ue002") {
			t.Errorf("%q can make a mark", typed)
		}
		for _, i := range []bot.Intent{
			p.Parse(typed + mark), p.Parse(typed + " " + mark + " " + typed), p.ParseAddressed(mark + typed),
		} {
			c := i.Command
			if strings.ContainsAny(c.Subject, "\ue000\ue001\ue002") || utf8.RuneCountInString(c.Subject) > bot.MaxSubject {
				t.Errorf("the subject is %q", c.Subject)
			}
			checkClean(t, typed, c.Subject)
			rest := strings.ReplaceAll(c.Line, mark, "")
			if mark != "" && strings.ContainsAny(rest, "\ue000\ue001\ue002") {
				t.Errorf("the line %q has another mark than %q", c.Line, mark)
			}
		}
	})
}
