package bot_test

import (
	"strings"
	"testing"

	"meetbot/bot"
)

func TestParseCommandName(t *testing.T) {
	for text, want := range map[string]bot.CommandName{
		"": "meet", "meet": "meet", "/meet": "meet", "call": "call", "/call": "call", "team_meet-2": "team_meet-2",
		strings.Repeat("a", 32): bot.CommandName(strings.Repeat("a", 32)),
		"/":                     "", "//call": "", "Call": "", "a call": "", "reunião": "", "call!": "", "show": "", "/new": "",
		strings.Repeat("a", 33): "",
	} {
		got, err := bot.ParseCommandName(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
}

// A bot that is called by another name understands that name, and the usual one alone.
func TestParseByAnotherName(t *testing.T) {
	catalog, err := bot.NewCatalogFor("call")
	if err != nil {
		t.Fatal(err)
	}
	parser := bot.NewParser(catalog)
	for text, want := range map[string]bot.Intent{
		"call":         {Command: bot.Command{Kind: bot.Meet}},
		"/call":        {Command: bot.Command{Kind: bot.Meet}},
		"Call: show":   {Command: bot.Command{Kind: bot.Show}},
		"call Retro":   {Command: bot.Command{Kind: bot.Meet, Subject: "Retro"}},
		"meet":         {Command: bot.Command{Kind: bot.Meet}},
		"new":          {Command: bot.Command{Kind: bot.New}},
		"call me back": {Command: bot.Command{Kind: bot.Meet, Subject: "me back"}},
		"meet Retro":   {Kind: bot.JobOffer, Command: bot.Command{Kind: bot.Meet, Subject: "meet Retro"}},
	} {
		if got := parser.ParseAddressed(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
	for text, want := range map[string]bool{"call": true, "/call now": true, "new": true, "meet": false, "hello": false} {
		if got := parser.Addressed(text); got != want {
			t.Errorf("Addressed(%q) = %t", text, got)
		}
	}
}
