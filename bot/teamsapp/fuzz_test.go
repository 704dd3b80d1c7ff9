package teamsapp

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"meetbot/bot"
)

// Whatever Teams may send becomes a request of this tenant, with a command that is clean and bounded.
func FuzzActivity(f *testing.F) {
	const tenant = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
	for _, seed := range []string{
		`{"type":"message","id":"17","text":"<at>meetbot</at> meet Design review","entities":[{"type":"mention","text":"<at>meetbot</at>","mentioned":{"id":"28:b"}}],
		  "from":{"id":"29:1","aadObjectId":"A1111111-0000-4000-8000-000000000001"},"recipient":{"id":"28:b"},"locale":"pt-BR","serviceUrl":"https://smba.trafficmanager.net/emea/",
		  "conversation":{"id":"19:g@thread.tacv2;messageid=17","conversationType":"channel","tenantId":"` + tenant + `"},"channelData":{"channel":{"id":"19:g@thread.tacv2","name":"General"}}}`,
		`{"type":"message","id":"18","text":"new","conversation":{"id":"19:g@thread.tacv2;messageid=17","conversationType":"channel"},"from":{"id":"29:1"},"recipient":{"isTargeted":true}}`,
		`{"type":"message","text":"&lt;at&gt;x&lt;/at&gt; <at id=\"0\">Ben</at> hlep","conversation":{"id":"a:1","conversationType":"personal"}}`,
		`{"type":"invoke","name":"adaptiveCard/action","value":{"action":{"verb":"show"}},"conversation":{"id":"19:c@thread.v2","conversationType":"groupChat"}}`,
		`{"type":"installationUpdate","action":"add","conversation":{"id":";messageid=1","conversationType":"channel"}}`,
		`{"conversation":{"id":"19:g;messageid=1;messageid=2","conversationType":"channel"},"entities":[{"type":"mention"},{"type":"mention","text":"x"}],"recipient":{"id":""}}`,
		`{"text":"\u202e\u0000 <at></at><at><at>x</at></at> &#0; &amp;lt; ` + strings.Repeat("x", 300) + `"}`,
		`{"type":"message","text":"<quoted messageId=\"1\"/> <at>R&amp;D</at> <at>Meetbot</at> new X\nforwarded","entities":[{"type":"mention","mentioned":{"id":"28:b","name":"R&D Meetbot"}},5,{"type":"mention","text":7}],
		  "attachments":7,"conversation":{"id":"19:c@thread.v2","conversationType":"groupChat"},"channelData":{"thread":{"id":"17"}},"recipient":{"id":"28:b"}}`,
		`{"type":"message","text":"<at></at><quoted","entities":[{"type":"mention","mentioned":{"id":""}}],"recipient":{},"conversation":{"id":"19:c;messageid=4","conversationType":"groupChat"}}`,
		`{}`, `null`,
	} {
		f.Add([]byte(seed))
	}
	catalog, err := bot.NewCatalog()
	if err != nil {
		f.Fatal(err)
	}
	a := &App{tenant: tenant, parser: bot.NewParser(catalog)}
	f.Fuzz(func(t *testing.T, body []byte) {
		in, err := readActivity(body)
		if err != nil {
			return
		}
		p := a.placeOf(in)
		r := a.request(in, p, time.Now())
		r.Intent = a.intentOf(in, p.alone)
		if c := r.Conversation; c.Platform != Platform || c.Workspace != tenant || !strings.HasPrefix(in.Conversation.ID, c.Channel) {
			t.Errorf("conversation %+v", c)
		}
		if !strings.HasPrefix(p.answer, p.conversation.Channel) {
			t.Errorf("an answer goes to %q, from %q", p.answer, p.conversation.Channel)
		}
		if r.Asker.Platform != Platform || r.Asker.Workspace != tenant {
			t.Errorf("asker %+v", r.Asker)
		}
		if p.root != "" && (p.root != in.ID || r.Conversation.Thread != "") {
			t.Errorf("root %q in thread %q", p.root, r.Conversation.Thread)
		}
		if !slices.Contains(append([]bot.Language{""}, bot.Languages...), r.Language) {
			t.Errorf("language %q", r.Language)
		}
		c := r.Command
		if !slices.Contains([]bot.Kind{bot.Meet, bot.New, bot.Show, bot.Help}, c.Kind) || (r.Kind == bot.JobUnclear) != (r.Guess != "") {
			t.Errorf("intent %+v", r.Intent)
		}
		if !utf8.ValidString(c.Subject) || utf8.RuneCountInString(c.Subject) > bot.MaxSubject || strings.ContainsFunc(c.Subject, unicode.IsControl) || strings.Contains(c.Subject, "`") {
			t.Errorf("subject %q", c.Subject)
		}
		if r.Conversation != a.request(in, a.placeOf(in), time.Now()).Conversation {
			t.Error("the same activity belongs elsewhere the second time")
		}
	})
}

// No text makes a card that Teams refuses, or runs that read as another text than it is.
func FuzzLiteral(f *testing.F) {
	for _, seed := range []string{"{{DATE(2026-03-12T15:04:05Z,SHORT)}}", "{{{TIME(", "{{DATE({{DATE(", "{{date(", "", "…", strings.Repeat("{{DATE(", 50)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var whole strings.Builder
		for _, run := range literal(textRun{}, text, maxValue) {
			if run.Text == "" || strings.Contains(run.Text, "{{DATE(") || strings.Contains(run.Text, "{{TIME(") {
				t.Errorf("run %q", run.Text)
			}
			whole.WriteString(run.Text)
		}
		if whole.String() != bot.Clip(text, maxValue) {
			t.Errorf("%q became %q", text, whole.String())
		}
	})
}
