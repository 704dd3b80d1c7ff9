package slacktest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

func TestBlockLimits(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	times := func(n int, item string) string {
		return strings.TrimSuffix(strings.Repeat(item+",", n), ",")
	}
	plain := func(text string) string { return `{"type":"plain_text","text":"` + text + `"}` }
	mrkdwn := func(text string) string { return `{"type":"mrkdwn","text":"` + text + `"}` }
	button := func(more string) string { return `{"type":"button","text":` + plain("Join") + more + `}` }
	actions := func(elements string) string { return `{"type":"actions","elements":[` + elements + `]}` }
	header := func(text string) string { return `{"type":"header","text":` + text + `}` }
	section := func(more string) string { return `{"type":"section",` + more + `}` }
	context := func(elements string) string { return `{"type":"context","elements":[` + elements + `]}` }
	rich := func(elements string) string { return `{"type":"rich_text","elements":[` + elements + `]}` }
	richSection := func(elements string) string {
		return rich(`{"type":"rich_text_section","elements":[` + elements + `]}`)
	}
	address := func(n int) string {
		return "https://teams.example/" + strings.Repeat("x", n-len("https://teams.example/"))
	}

	const divider = `{"type":"divider"}`
	tests := []struct{ name, blocks, want string }{ // want: the only problem; empty for none
		{"50 blocks", times(50, divider), ""},
		{"51 blocks", times(51, divider), "no more than 50 items allowed [json-pointer:/blocks]"},
		{"no type", `{}`, "missing required field: type [json-pointer:/blocks/0]"},
		{"unknown type", `{"type":"alert"}`, "unsupported type: alert [json-pointer:/blocks/0/type]"},
		{"type not looked into", `{"type":"table","rows":[]}`, ""},
		{"additional property", `{"type":"divider","colour":"red"}`, "invalid additional property: colour [json-pointer:/blocks/0]"},
		{"block_id of 255", `{"type":"divider","block_id":"` + long(255) + `"}`, ""},
		{"block_id of 256", `{"type":"divider","block_id":"` + long(256) + `"}`, "must be less than 256 characters [json-pointer:/blocks/0/block_id]"},
		{"block_id twice", times(2, `{"type":"divider","block_id":"a"}`), "`block_id` \"a\" already exists for another block [json-pointer:/blocks/1/block_id]"},

		{"header of 150", header(plain(long(150))), ""},
		{"header of 151", header(plain(long(151))), "must be less than 151 characters [json-pointer:/blocks/0/text/text]"},
		{"header of nothing", header(plain("")), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"},
		{"header of mrkdwn", header(mrkdwn("x")), "must be one of: plain_text [json-pointer:/blocks/0/text/type]"},
		{"header of a string", header(`"x"`), "must be an object [json-pointer:/blocks/0/text]"},
		{"header without text", `{"type":"header"}`, "missing required field: text [json-pointer:/blocks/0]"},

		{"section of 3000", section(`"text":` + mrkdwn(long(3000))), ""},
		{"section of 3001", section(`"text":` + mrkdwn(long(3001))), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		{"section of nothing", `{"type":"section"}`, "must define either `text` or `fields` [json-pointer:/blocks/0/type]"},
		{"text without a string", section(`"text":{"type":"mrkdwn"}`), "missing required field: text [json-pointer:/blocks/0/text]"},
		{"mrkdwn with emoji", section(`"text":{"type":"mrkdwn","text":"x","emoji":true}`), "invalid additional property: emoji [json-pointer:/blocks/0/text]"},
		{"plain text with verbatim", section(`"text":{"type":"plain_text","text":"x","verbatim":true}`), "invalid additional property: verbatim [json-pointer:/blocks/0/text]"},
		{"10 fields of 2000", section(`"fields":[` + times(10, mrkdwn(long(2000))) + `]`), ""},
		{"11 fields", section(`"fields":[` + times(11, mrkdwn("x")) + `]`), "no more than 10 items allowed [json-pointer:/blocks/0/fields]"},
		{"no fields", section(`"fields":[]`), "no less than 1 items allowed [json-pointer:/blocks/0/fields]"},
		{"field of 2001", section(`"fields":[` + mrkdwn(long(2001)) + `]`), "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]"},
		{"accessory", section(`"text":` + mrkdwn("x") + `,"accessory":` + button("")), ""},
		{"accessory of an unknown type", section(`"text":` + mrkdwn("x") + `,"accessory":{"type":"lever"}`), "unsupported type: lever [json-pointer:/blocks/0/accessory/type]"},
		{"accessory image", section(`"text":` + mrkdwn("x") + `,"accessory":{"type":"image","image_url":"https://x.example/a.png"}`), "missing required field: alt_text [json-pointer:/blocks/0/accessory]"},

		{"25 elements", actions(times(25, button(""))), ""},
		{"26 elements", actions(times(26, button(""))), "no more than 25 items allowed [json-pointer:/blocks/0/elements]"},
		{"no elements", actions(""), "no less than 1 items allowed [json-pointer:/blocks/0/elements]"},
		{"elements missing", `{"type":"actions"}`, "missing required field: elements [json-pointer:/blocks/0]"},
		{"element not looked into", actions(`{"type":"overflow","options":[]}`), ""},
		{"element no object", actions(`"button"`), "must be an object [json-pointer:/blocks/0/elements/0]"},
		{"element without type", actions(`{}`), "missing required field: type [json-pointer:/blocks/0/elements/0]"},
		{"button of 75", actions(`{"type":"button","text":` + plain(long(75)) + `}`), ""},
		{"button of 76", actions(`{"type":"button","text":` + plain(long(76)) + `}`), "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"},
		{"button of mrkdwn", actions(`{"type":"button","text":` + mrkdwn("x") + `}`), "must be one of: plain_text [json-pointer:/blocks/0/elements/0/text/type]"},
		{"button without text", actions(`{"type":"button"}`), "missing required field: text [json-pointer:/blocks/0/elements/0]"},
		{"button disabled", actions(button(`,"disabled":true`)), "invalid additional property: disabled [json-pointer:/blocks/0/elements/0]"},
		{"url of 3000", actions(button(`,"url":"` + address(3000) + `"`)), ""},
		{"url of 3001", actions(button(`,"url":"` + address(3001) + `"`)), "must be less than 3001 characters [json-pointer:/blocks/0/elements/0/url]"},
		{"url of a script", actions(button(`,"url":"javascript:alert(1)"`)), "must be a valid URL [json-pointer:/blocks/0/elements/0/url]"},
		{"url without scheme", actions(button(`,"url":"teams.example"`)), "must be a valid URL [json-pointer:/blocks/0/elements/0/url]"},
		{"url no string", actions(button(`,"url":1`)), "must be a string [json-pointer:/blocks/0/elements/0/url]"},
		{"action_id of 255", actions(button(`,"action_id":"` + long(255) + `"`)), ""},
		{"action_id of 256", actions(button(`,"action_id":"` + long(256) + `"`)), "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]"},
		{"action_id twice", actions(times(2, button(`,"action_id":"a"`))), "`action_id` \"a\" already exists for another element [json-pointer:/blocks/0/elements/1/action_id]"},
		{"action_id in two blocks", times(2, actions(button(`,"action_id":"a"`))), ""},
		{"value of 2000", actions(button(`,"value":"` + long(2000) + `"`)), ""},
		{"value of 2001", actions(button(`,"value":"` + long(2001) + `"`)), "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]"},
		{"styles", actions(button(`,"style":"primary"`) + "," + button(`,"style":"danger"`)), ""},
		{"style default", actions(button(`,"style":"default"`)), "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]"},

		{"10 in context", context(times(10, mrkdwn("x"))), ""},
		{"11 in context", context(times(11, mrkdwn("x"))), "no more than 10 items allowed [json-pointer:/blocks/0/elements]"},
		{"button in context", context(button("")), "must be one of: plain_text, mrkdwn [json-pointer:/blocks/0/elements/0/type]"},
		{"image in context", context(`{"type":"image","image_url":"https://x.example/a.png","alt_text":"a"}`), ""},
		{"image", `{"type":"image","image_url":"ftp://x.example/a.png","alt_text":"a"}`, "must be a valid URL [json-pointer:/blocks/0/image_url]"},
		{"image of a file", `{"type":"image","slack_file":{"id":"F1"},"alt_text":"a","title":` + plain("x") + `}`, ""},

		{"rich text", richSection(`{"type":"text","text":"x","style":{"bold":true}},{"type":"link","url":"https://x.example"},{"type":"user","user_id":"U1"},{"type":"date","timestamp":1,"format":"{date}"}`), ""},
		{"rich text list", rich(`{"type":"rich_text_list","style":"ordered","elements":[{"type":"rich_text_section","elements":[]}]}`), ""},
		{"rich text list of text", rich(`{"type":"rich_text_list","style":"bullet","elements":[{"type":"text","text":"x"}]}`), "must be a rich_text_section [json-pointer:/blocks/0/elements/0/elements/0/type]"},
		{"rich text list without style", rich(`{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[]}]}`), "must be one of: bullet, ordered [json-pointer:/blocks/0/elements/0/style]"},
		{"rich text of text", rich(`{"type":"text","text":"x"}`), "unsupported type: text [json-pointer:/blocks/0/elements/0/type]"},
		{"rich text without text", richSection(`{"type":"text","text":""}`), "must be more than 0 characters [json-pointer:/blocks/0/elements/0/elements/0/text]"},
		{"rich text unknown", richSection(`{"type":"sticker"}`), "unsupported type: sticker [json-pointer:/blocks/0/elements/0/elements/0/type]"},
		{"rich text without elements", rich(`{"type":"rich_text_quote"}`), "missing required field: elements [json-pointer:/blocks/0/elements/0]"},
		{"rich text link", richSection(`{"type":"link"}`), "missing required field: url [json-pointer:/blocks/0/elements/0/elements/0]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := blockProblems(json.RawMessage("[" + test.blocks + "]"))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Join(got, "\n") != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestBlocksOfAnotherKind(t *testing.T) {
	for _, raw := range []string{`{}`, `"x"`, `[1]`, `[[]]`, `{`, ``} {
		if _, err := blockProblems(json.RawMessage(raw)); err == nil {
			t.Errorf("%s: no error", raw)
		}
	}
	// What is no problem to Go is one to nobody.
	for _, raw := range []string{`[null]`, `[{"type":"rich_text","elements":[null]}]`, `[{"type":"rich_text","elements":[{"type":"rich_text_list","style":"bullet","elements":[null]}]}]`, `[{"type":"section","text":null,"fields":[null]}]`} {
		if got, err := blockProblems(json.RawMessage(raw)); err != nil || len(got) == 0 {
			t.Errorf("%s: %q, %v", raw, got, err)
		}
	}
}

// The blocks that slack-go writes are those that the rules are about.
func TestBlocksOfSlackGo(t *testing.T) {
	text := func(kind, s string) *slack.TextBlockObject { return slack.NewTextBlockObject(kind, s, false, false) }
	join := slack.NewButtonBlockElement("join", "v", text(slack.PlainTextType, "Join")).WithStyle(slack.StylePrimary).WithURL("https://teams.example/1")
	blocks := []slack.Block{
		slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, "Design", true, false)),
		slack.NewSectionBlock(text(slack.MarkdownType, "*x*"), []*slack.TextBlockObject{text(slack.MarkdownType, "a")}, slack.NewAccessory(join)),
		slack.NewDividerBlock(),
		slack.NewActionBlock("a", join, slack.NewButtonBlockElement("new", "", text(slack.PlainTextType, "New"))),
		slack.NewContextBlock("c", text(slack.MarkdownType, "small")),
		slack.NewRichTextBlock("r", slack.NewRichTextSection(slack.NewRichTextSectionTextElement("x", nil), slack.NewRichTextSectionLinkElement("https://x.example", "x", nil)),
			slack.NewRichTextList(slack.RTEListBullet, 0, slack.NewRichTextSection(slack.NewRichTextSectionUserElement("U1", nil)))),
		slack.NewImageBlock("https://x.example/a.png", "alt", "i", text(slack.PlainTextType, "title")),
	}
	raw, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := blockProblems(raw); err != nil || len(got) > 0 {
		t.Errorf("%q, %v\n%s", got, err, raw)
	}
}

func FuzzBlocks(f *testing.F) {
	f.Add([]byte(`[{"type":"section","text":{"type":"mrkdwn","text":"*a* <b|c> ` + "`d`" + `"},"fields":[{"type":"plain_text","text":"x"}]}]`))
	f.Add([]byte(`[{"type":"rich_text","elements":[{"type":"rich_text_list","style":"ordered","elements":[null]}]},{"type":"actions","elements":[{"type":"button"}]}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		// Whatever comes from the app is judged and drawn, never a crash.
		_, _ = blockProblems(raw)
		_ = RenderMessage(Message{Text: string(raw), Blocks: raw}, 40)
		_ = RenderMessage(Message{Text: string(raw)}, 40)
		_, _ = findButton(raw, "", fmt.Sprint(len(raw)))
	})
}
