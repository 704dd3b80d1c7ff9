package slacktest

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestRenderCard(t *testing.T) {
	blocks := `[
	{"type":"header","text":{"type":"plain_text","text":"Design &amp; review"}},
	{"type":"section","text":{"type":"mrkdwn","text":"*New* meeting for <#C0DESIGN|design>, made by <@U0ANN|ann> on <!date^1712345678^{date_short}|5 April>. Ask again with ` + "`/meet`" + `, or see <https://x.example/help|the help>."}},
	{"type":"section","fields":[{"type":"mrkdwn","text":"*Meeting ID*\n123 456 789"},{"type":"mrkdwn","text":"*Passcode*\nAb3xYz"},{"type":"mrkdwn","text":"*Phone*\n+1 555 0100"}]},
	{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Join"},"url":"https://teams.example/l/meetup-join/19%3ameeting_abcdefghijklmnopqrstuvwxyz"},{"type":"button","text":{"type":"plain_text","text":"New"}}]},
	{"type":"context","elements":[{"type":"mrkdwn","text":"Is the link dead?"},{"type":"mrkdwn","text":"_Type_ ` + "`/meet new`" + ` and everybody gets another"}]},
	{"type":"divider"},
	{"type":"rich_text","elements":[
		{"type":"rich_text_section","elements":[{"type":"text","text":"Do *this* &amp; "},{"type":"link","url":"https://x.example","text":"that"},{"type":"user","user_id":"U0ANN"},{"type":"emoji","name":"tada"}]},
		{"type":"rich_text_list","style":"ordered","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"first, which is so long that it takes a second line"}]},{"type":"rich_text_section","elements":[{"type":"text","text":"second"}]}]},
		{"type":"rich_text_list","style":"bullet","indent":1,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"inner"}]}]},
		{"type":"rich_text_quote","elements":[{"type":"text","text":"quoted"}]},
		{"type":"rich_text_preformatted","elements":[{"type":"text","text":"New-CsApplicationAccessPolicy -Identity meetbot -AppIds 1\nGrant"}]}]},
	{"type":"section","text":{"type":"mrkdwn","text":"Look"},"accessory":{"type":"image","image_url":"https://x.example/a.png","alt_text":"a map"}},
	{"type":"table","rows":[]}
	]`
	got := RenderMessage(Message{Author: "U0MEETBOT", AuthorName: "meetbot", To: "U0ANN", ThreadTS: "1", Text: "unseen", Blocks: json.RawMessage(blocks)}, 50)
	want := strings.TrimPrefix(`
╭─ meetbot · in a thread · Only visible to you
│ Design & review
│ ═══════════════
│
│ New meeting for #design, made by @ann on 5
│ April. Ask again with ¬/meet¬, or see the help
│ (https://x.example/help).
│
│ Meeting ID               Passcode
│ 123 456 789              Ab3xYz
│ Phone
│ +1 555 0100
│
│ [ Join ]  https://teams.example/l/meetup-join/19%3ameeting_abcdefghijklmnopqrstuvwxyz
│ [ New ]
│   Is the link dead?  Type ¬/meet new¬ and
│   everybody gets another
│
│ ────────────────────────────────────────────────
│
│ Do *this* &amp; that
│ (https://x.example)@U0ANN:tada:
│ 1. first, which is so long that it takes a
│    second line
│ 2. second
│   • inner
│ ▏ quoted
│     New-CsApplicationAccessPolicy -Identity meetbot -AppIds 1
│     Grant
│
│ Look
│ [image: a map]
│
│ [table]
╰─
`, "\n")
	want = strings.ReplaceAll(want, "¬", "`")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRenderWithoutBlocks(t *testing.T) {
	for _, test := range []struct {
		m    Message
		want string
	}{
		{Message{Author: "U0ANN", Text: "hello"}, "╭─ U0ANN\n│ hello\n╰─\n"},
		{Message{AuthorName: "ann", Text: "a\n\nb\n"}, "╭─ ann\n│ a\n│\n│ b\n╰─\n"},
		{Message{AuthorName: "ann", Text: "text", Blocks: json.RawMessage(`{`)}, "╭─ ann\n│ text\n╰─\n"},
		{Message{AuthorName: "ann", Text: "run this:\n```\n  Grant-CsApplicationAccessPolicy -PolicyName meetbot\n```\nthen wait for half an hour or so"},
			"╭─ ann\n│ run this:\n│ ```\n│   Grant-CsApplicationAccessPolicy -PolicyName meetbot\n│ ```\n│ then wait for half an hour\n│ or so\n╰─\n"},
	} {
		if got := RenderMessage(test.m, 1); got != test.want {
			t.Errorf("got\n%s\nwant\n%s", got, test.want)
		}
	}
}

func TestRenderTwoColumnsOnlyWhereTheyFit(t *testing.T) {
	blocks := `[{"type":"section","fields":[{"type":"mrkdwn","text":"short"},{"type":"plain_text","text":"https://teams.example/a-long-address"}]}]`
	got := RenderMessage(Message{AuthorName: "m", Blocks: json.RawMessage(blocks)}, 40)
	if want := "╭─ m\n│ short\n│ https://teams.example/a-long-address\n╰─\n"; got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestMrkdwn(t *testing.T) {
	for markup, want := range map[string]string{
		"*bold* and _italic_, ~gone~.":       "bold and italic, gone.",
		"*_both_*":                           "both",
		"2*3*4 and snake_case_name":          "2*3*4 and snake_case_name",
		"* not bold *":                       "* not bold *",
		"`*code*` and *bold*":                "`*code*` and bold",
		"```\n*code*\n```\n*bold*":           "```\n*code*\n```\nbold",
		"a &lt;b&gt; &amp;amp;":              "a <b> &amp;",
		"<https://x.example>":                "https://x.example",
		"<https://x.example|x>":              "x (https://x.example)",
		"<https://x.example/_a_b_|x>":        "x (https://x.example/_a_b_)",
		"<@U1> <@U1|ann> <#C1|> <!here>":     "@U1 @ann #C1 @here",
		"<!subteam^S1|@design>":              "@design",
		"<!date^1^{date}|5 April> <!date^1>": "5 April (date)",
		"<!date^1^{date}^https://x|then>":    "then",
		"1 < 2 > 0, <>":                      "1 < 2 > 0, <>",
		"&lt;@U1&gt; is no mention":          "<@U1> is no mention",
	} {
		if got := plain(markup); got != want {
			t.Errorf("%q: got %q, want %q", markup, got, want)
		}
	}
}
