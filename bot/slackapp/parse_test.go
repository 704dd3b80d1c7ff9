package slackapp

import (
	"strings"
	"testing"

	"meetbot/bot"
)

func TestPlain(t *testing.T) {
	nameOf := func(user string) string { return map[string]string{"U0ANN": "Ann"}[user] }
	for in, want := range map[string]string{
		"Design review":                        "Design review",
		"with <@U0BEN|ben> and <@U0ANN>":       "with @ben and @Ann",
		"in <#C0GENERAL|general>, <#C1|>":      "in #general, ",
		"<!channel> <!here|here>":              "@channel here",
		"<!subteam^S1|@devs>":                  "@devs",
		"<!subteam^S1> <@U0X> <#C1> <!date^1>": "   ",
		"<!date^1392734382^{date}|Feb 18>":     "Feb 18",
		"<https://a.example|docs>":             "docs",
		"<https://a.example/x?y=1&amp;z=2>":    "https://a.example/x?y=1&z=2",
		"<mailto:a@b.example|a@b.example>":     "a@b.example",
		"a &lt;b&gt; &amp;amp; c":              "a <b> &amp; c",
		"&lt;!channel&gt;":                     "<!channel>",
		"<> <|> < a":                           "<>  < a",
		strings.Repeat("<", 100):               strings.Repeat("<", 100),
	} {
		if got := plain(in, nameOf); got != want {
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
		"<@U0MEETBOT>":                    {Kind: bot.Meet},
		"<@U0MEETBOT> meet Design review": {Kind: bot.Meet, Subject: "Design review"},
		`<@U0MEETBOT> "Design review"`:    {Kind: bot.Meet, Subject: "Design review"},
		"<@U0MEETBOT|meetbot> new":        {Kind: bot.New},
		"<@U0MEETBOT> /meet new Sync":     {Kind: bot.New, Subject: "Sync"},
		"<@U0MEETBOT> meet show":          {Kind: bot.Show},
		"<@U0MEETBOT> Meet":               {Kind: bot.Meet},
		"let's have a call <@U0MEETBOT>":  {Kind: bot.Meet},
		"let's have a call <@U0MEETBOT> meet with <@U1|x>": {Kind: bot.Meet, Line: "with " +
			bot.Mention{Kind: bot.MentionPerson, ID: "U1", Name: "@x"}.Mark()},
		"<@U0MEETBOT> meet Talk with <@U1|x> about money": {Kind: bot.Meet, Subject: "Talk with @x about money"},
		"<@U0MEETBOT> meet Retro with <!subteam^S1|@team>": {Kind: bot.Meet, Subject: "Retro", Line: "Retro with " +
			bot.Mention{Kind: bot.MentionGroup, ID: "S1", Name: "@team"}.Mark()},
		"<@U0MEETBOT> meet Retro with <@U0MEETBOT|m>": {Kind: bot.Meet, Subject: "Retro", Line: "Retro with " +
			bot.Mention{Kind: bot.MentionBot, ID: "U0MEETBOT", Name: "@m"}.Mark()},
		"<@U0MEETBOT> meet Retro with \ue000pU1\ue001@x\ue002 or @ana": {Kind: bot.Meet, Subject: "Retro with pU1@x or @ana"},
		"<@U0MEETBOT2> and <@U0MEETBOT> new":                           {Kind: bot.New},
		"<@U0MEETBOT>\u00a0help":                                       {Kind: bot.Help},
	} {
		if got := a.mentioned(text, "U0MEETBOT", nobody); got != (bot.Intent{Command: want}) {
			t.Errorf("mentioned(%q) = %+v, want %+v", text, got, want)
		}
	}
	for text, subject := range map[string]string{
		"<@U0MEETBOT> thanks!":            "thanks!",
		"<@U0MEETBOT> Design review":      "Design review",
		"thanks <@U0MEETBOT> and <@U1|x>": "and @x",
	} {
		want := bot.Intent{Kind: bot.JobOffer, Command: bot.Command{Kind: bot.Meet, Subject: subject}}
		if got := a.mentioned(text, "U0MEETBOT", nobody); got != want {
			t.Errorf("mentioned(%q) = %+v, want %+v", text, got, want)
		}
	}
}

func TestTopicTellsNothingPrivate(t *testing.T) {
	for name, want := range map[string]string{
		"general": "#general", "privategroup": "", "directmessage": "", "mpdm-ann--ben-1": "", "": "",
	} {
		if got := topic(name); got != want {
			t.Errorf("topic(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestEmojis(t *testing.T) {
	for in, want := range map[string]string{
		":tada:":                       "🎉",
		"Launch :tada: party":          "Launch 🎉 party",
		":tada::rocket:":               "🎉🚀",
		":+1::skin-tone-5:":            "👍🏾",
		":flag-br:":                    "🇧🇷",
		":our-own-parrot:":             ":our-own-parrot:",
		"at 10:100:20":                 "at 10:100:20",
		"a: b: c":                      "a: b: c",
		"https://a.example:80/x:tada:": "https://a.example:80/x:tada:",
		":::":                          ":::",
	} {
		if got := emojis(in); got != want {
			t.Errorf("emojis(%q) = %q, want %q", in, got, want)
		}
	}
}
