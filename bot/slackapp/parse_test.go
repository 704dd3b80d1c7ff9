package slackapp

import (
	"strings"
	"testing"

	"meetbot/bot"
)

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"Design review":                     "Design review",
		"with <@U0BEN|ben> and <@U0ANN>":    "with @ben and @U0ANN",
		"in <#C0GENERAL|general>, <#C1|>":   "in #general, #C1",
		"<!channel> <!here|here>":           "@channel here",
		"<!subteam^S1|@devs>":               "@devs",
		"<!date^1392734382^{date}|Feb 18>":  "Feb 18",
		"<https://a.example|docs>":          "docs",
		"<https://a.example/x?y=1&amp;z=2>": "https://a.example/x?y=1&z=2",
		"<mailto:a@b.example|a@b.example>":  "a@b.example",
		"a &lt;b&gt; &amp;amp; c":           "a <b> &amp; c",
		"&lt;!channel&gt;":                  "<!channel>",
		"<> <|> < a":                        "<>  < a",
		strings.Repeat("<", 100):            strings.Repeat("<", 100),
	} {
		if got := plain(in); got != want {
			t.Errorf("plain(%q) = %q, want %q", in, got, want)
		}
	}
}

func newParser(t testing.TB) *bot.Parser {
	t.Helper()
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	return bot.NewParser(catalog)
}

func TestMentioned(t *testing.T) {
	a := &App{parser: newParser(t)}
	for text, want := range map[string]bot.Command{
		"<@U0MEETBOT>":                                     {Kind: bot.Meet},
		"<@U0MEETBOT> meet Design review":                  {Kind: bot.Meet, Subject: "Design review"},
		`<@U0MEETBOT> "Design review"`:                     {Kind: bot.Meet, Subject: "Design review"},
		"<@U0MEETBOT|meetbot> new":                         {Kind: bot.New},
		"<@U0MEETBOT> /meet new Sync":                      {Kind: bot.New, Subject: "Sync"},
		"<@U0MEETBOT> meet show":                           {Kind: bot.Show},
		"<@U0MEETBOT> Meet":                                {Kind: bot.Meet},
		"let's have a call <@U0MEETBOT>":                   {Kind: bot.Meet},
		"let's have a call <@U0MEETBOT> meet with <@U1|x>": {Kind: bot.Meet, Subject: "with @x"},
		"<@U0MEETBOT2> and <@U0MEETBOT> new":               {Kind: bot.New},
		"<@U0MEETBOT>\u00a0help":                           {Kind: bot.Help},
	} {
		if got := a.mentioned(text, "U0MEETBOT"); got != (bot.Intent{Command: want}) {
			t.Errorf("mentioned(%q) = %+v, want %+v", text, got, want)
		}
	}
	for text, subject := range map[string]string{
		"<@U0MEETBOT> thanks!":            "thanks!",
		"<@U0MEETBOT> Design review":      "Design review",
		"thanks <@U0MEETBOT> and <@U1|x>": "and @x",
	} {
		want := bot.Intent{Kind: bot.JobOffer, Command: bot.Command{Kind: bot.Meet, Subject: subject}}
		if got := a.mentioned(text, "U0MEETBOT"); got != want {
			t.Errorf("mentioned(%q) = %+v, want %+v", text, got, want)
		}
	}
}

func TestTopicTellsNothingPrivate(t *testing.T) {
	for name, want := range map[string]string{
		"general": "general", "privategroup": "", "directmessage": "", "mpdm-ann--ben-1": "", "": "",
	} {
		if got := topic(name); got != want {
			t.Errorf("topic(%q) = %q, want %q", name, got, want)
		}
	}
}
