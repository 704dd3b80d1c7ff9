package bot

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A button that does what a line says gives the whole line back, with its time and its people.
func TestLineOfButton(t *testing.T) {
	ben := Mention{Kind: MentionPerson, ID: "U0BEN", Name: "@ben %> 100%"}.Mark()
	ana := Mention{Kind: MentionPerson, ID: "29:1a-_%<", Name: "Ana Exemplo"}.Mark()
	for _, line := range []string{
		"Retro tomorrow at 15:00", "Retro with " + ben, "Retro at 15:00 with " + ben + ", " + ana + " and @zoe",
		`"Retro at 5" tomorrow at 16:00`, "100%% sure %< at 15:00", "Retrospectiva amanhã às 15h com " + ana,
	} {
		typed := lined(Command{Kind: Meet}, line)
		action, ok := createAction(typed)
		if !ok || action.ID != ActionLine || strings.ContainsAny(action.Value, markBegin+markName+markEnd) {
			t.Errorf("%q became %+v", line, action)
		}
		if i, ok := ParseAction(string(action.ID), action.Value); !ok || i != (Intent{Command: typed}) {
			t.Errorf("%q came back as %+v, %v", line, i, ok)
		}
		if label := action.Label().Args[0].Value.(string); strings.Contains(label, "U0BEN") || label == "" {
			t.Errorf("the button of %q says %q", line, label)
		}
	}
	if a, ok := createAction(Command{Kind: Meet, Subject: "thanks!"}); !ok || a.ID != ActionCreate || a.Value != "thanks!" {
		t.Errorf("a subject became %+v", a)
	}
	if a, ok := createAction(lined(Command{Kind: Meet}, "Retro with"+strings.Repeat(" "+ben, 100))); ok {
		t.Errorf("a button holds %d bytes", len(a.Value))
	}
	for _, value := range []string{"", "Retro", "%<x", strings.Repeat("x", MaxActionValue+1)} {
		if i, ok := ParseAction(string(ActionLine), value); ok {
			t.Errorf("%q became %+v", value, i)
		}
	}
}

// A button that changes a date keeps the people who are invited with it. Its form without people is that of every
// release.
func TestRedateOfButton(t *testing.T) {
	start := time.Unix(1_780_000_000, 0).UTC()
	r := redate{generation: 2, sequence: 3, to: Period{start, start.Add(time.Hour)}}
	if got := r.String(); got != "2 3 1780000000 1780003600" {
		t.Errorf("without people it is %q", got)
	}
	r.people = marksOf([]Mention{{MentionPerson, "U0BEN", "Ben 100% Example"}, {MentionGroup, "S0", "@team"}})
	if read, ok := parseRedate(r.String()); !ok || read != r {
		t.Errorf("%q became %+v, %v", r.String(), read, ok)
	}
	for _, value := range []string{
		"2 3 1780000000", "2 3 1780000000 1780003600 ", "2 3 1780000000 1780003600 x",
		r.String() + "x", r.String() + " " + spelled(r.people),
	} {
		if read, ok := parseRedate(value); ok {
			t.Errorf("%q became %+v", value, read)
		}
	}
}

// Whatever value a press brings, nothing that the bot shows has a mark in it.
func FuzzParseAction(f *testing.F) {
	for _, value := range []string{
		"", "Retro", "1", "Retro tomorrow at 15:00 with %<pU0BEN%|@ben%>", "%%%", "2 3 1780000000 1780003600 %<pU0%|x%>",
		"\ue000pU0BEN\ue001@ben\ue002 at 15:00", "2 3 0 0", "%<p%<%|%>%> at 15:00",
	} {
		for _, id := range []ActionID{ActionCreate, ActionLine, ActionRedate, ActionQuiet, ActionUndo} {
			f.Add(string(id), value)
		}
	}
	f.Fuzz(func(t *testing.T, id, value string) {
		label := Action{ID: ActionID(id), Value: value}.Label()
		if shown := label.Args[0].Value.(string); strings.ContainsAny(shown, markBegin+markName+markEnd) {
			t.Errorf("the button says %q", shown)
		}
		i, ok := ParseAction(id, value)
		if !ok {
			return
		}
		if c := i.Command; strings.ContainsAny(c.Subject, markBegin+markName+markEnd) ||
			utf8.RuneCountInString(c.Subject) > MaxSubject || lengthOfLine(c.Line) > maxLine+2*maxMentions {
			t.Errorf("the command is %+v", c)
		}
		if ActionID(id) == ActionRedate {
			if r, ok := parseRedate(value); !ok || r.String() != value {
				t.Errorf("%q is written %q", value, r.String())
			}
		}
	})
}
