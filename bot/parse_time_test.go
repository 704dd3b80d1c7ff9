package bot_test

import (
	"testing"

	"meetbot/bot"
)

// Words that people put before a time are no subject: they mean a meeting, or something that takes no time.
func TestWordsBeforeTime(t *testing.T) {
	p := newParser(t)
	ben := person("U0BEN", "@ben").Mark()
	for text, want := range map[string]struct {
		line    string
		subject string
		kind    bot.JobKind
	}{
		"reschedule tomorrow at 10":            {line: "tomorrow at 10"},
		"Schedule: tomorrow at 10 with " + ben: {line: "tomorrow at 10 with " + ben},
		"schedule a meeting for friday at 10":  {line: "for friday at 10"},
		"move the meeting to tomorrow at 10":   {line: "to tomorrow at 10"},
		"remarcar para amanhã às 10h":          {line: "para amanhã às 10h"},
		"adiar a reunião para sexta às 10h":    {line: "para sexta às 10h"},
		"start a meeting at 15:00":             {line: "at 15:00"},
		"invite " + ben:                        {line: ben},
		"convidar " + ben + " amanhã às 10h":   {line: ben + " amanhã às 10h"},
		"move the meeting from 15:00 to 16:00": {line: "move the meeting from 15:00 to 16:00", subject: "move the meeting"},
		"now until 16:00":                      {line: "now until 16:00"},
		"end at 16:00":                         {subject: "end at 16:00", kind: bot.JobAdvice},
		"encerrar às 16h":                      {subject: "encerrar às 16h", kind: bot.JobAdvice},
		"cancel tomorrow at 15:00":             {subject: "cancel tomorrow at 15:00", kind: bot.JobUnclear},
		"cancelar a reunião amanhã às 15h":     {subject: "cancelar a reunião amanhã às 15h", kind: bot.JobUnclear},
		"Schedule review tomorrow at 10":       {line: "Schedule review tomorrow at 10", subject: "Schedule review"},
		"The end at 16:00":                     {line: "The end at 16:00", subject: "The end"},
		"Status tomorrow at 10":                {line: "Status tomorrow at 10", subject: "Status"},
		"Show às 20h":                          {line: "Show às 20h", subject: "Show"},
		`"end" at 16:00`:                       {line: `"end" at 16:00`, subject: "end"},
		"Invite people to the review":          {subject: "Invite people to the review"},
		"Schedule":                             {subject: "Schedule", kind: bot.JobAdvice},
	} {
		i := p.Parse(text)
		if i.Kind != want.kind || i.Command.Line != want.line || i.Command.Subject != want.subject {
			t.Errorf("%q became %+v", text, i)
		}
	}
	if i := p.ParseAddressed("schedule tomorrow at 10"); i.Kind != "" || i.Command.Line != "tomorrow at 10" {
		t.Errorf("said to the bot, it is %+v", i)
	}
}
