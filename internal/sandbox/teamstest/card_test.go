package teamstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// sample is a card with everything that the bot's cards have.
const sample = `{
 "type":"AdaptiveCard","version":"1.4","$schema":"http://adaptivecards.io/schemas/adaptive-card.json","fallbackText":"Join at https://teams.example/1",
 "msteams":{"width":"Full","entities":[{"type":"mention","text":"<at>Ann Archer</at>","mentioned":{"id":"MEMBER","name":"Ann Archer"}}]},
 "refresh":{"action":{"type":"Action.Execute","verb":"refresh","data":{}},"userIds":["MEMBER"]},
 "body":[
  {"type":"TextBlock","text":"Design *review*","size":"Large","weight":"Bolder","wrap":true,"style":"heading"},
  {"type":"TextBlock","text":"Asked for by <at>Ann Archer</at>, **since today**. See [help](https://help.example/a). 5 \\* 3","wrap":true,"isSubtle":true},
  {"type":"TextBlock","text":"hidden","isVisible":false},
  {"type":"RichTextBlock","inlines":["plain ",{"type":"TextRun","text":"run","weight":"bolder"}]},
  {"type":"ColumnSet","separator":true,"columns":[{"type":"Column","width":"stretch","items":[{"type":"FactSet","facts":[{"title":"Organizer","value":"Ann"},{"title":"ID","value":"123 456"}]}]}]},
  {"type":"Container","style":"emphasis","items":[{"type":"Image","url":"https://pictures.example/1.png","altText":"a calendar"}]},
  {"type":"TextBlock","text":"cell"},
  {"type":"Input.Text","id":"name"},
  {"type":"ActionSet","actions":[{"type":"Action.OpenUrl","title":"Join","url":"https://teams.example/1","style":"positive"}]}
 ],
 "actions":[
  {"type":"Action.Execute","title":"New meeting","verb":"new","data":{"generation":3},"id":"new"},
  {"type":"Action.ShowCard","title":"Dial in","card":{"type":"AdaptiveCard","body":[{"type":"TextBlock","text":"+1 555 0100"}]}}
 ]}`

func TestChecksCards(t *testing.T) {
	w := startTeams(t, Options{})
	sample := strings.ReplaceAll(sample, "MEMBER", w.MemberID(ann))
	w.send(t, plans, cardMessage(sample), "")

	body := func(elements string) string {
		return `{"type":"AdaptiveCard","version":"1.4","body":[` + elements + `]}`
	}
	actions := func(list string) string {
		return `{"type":"AdaptiveCard","version":"1.4","actions":[` + list + `]}`
	}
	button := `{"type":"Action.OpenUrl","title":"x","url":"https://a.example"}`
	for card, want := range map[string]string{
		`[]`:                      "card is no JSON object",
		`{"type":"Card"}`:         "card is no AdaptiveCard",
		`{"type":"AdaptiveCard"}`: `card has version ""`,
		`{"type":"AdaptiveCard","version":"1.5"}`:             `card has version "1.5"`,
		`{"type":"AdaptiveCard","version":"2.0"}`:             `card has version "2.0"`,
		`{"type":"AdaptiveCard","version":"1.4","bodies":[]}`: "card has the unknown property bodies",
		`{"type":"AdaptiveCard","version":"1.4","body":{}}`:   "card.body is no list",
		body(`"text"`):               "card.body[0] is no object",
		body(`{"type":"Badge"}`):     `card.body[0] has the unknown type "Badge"`,
		body(`{"type":"TextBlock"}`): "card.body[0] has no text",
		body(`{"type":"TextBlock","text":"{{DATE(2026-02-14T06:05:00Z,SHORT)}}"}`):                             "card.body[0].text has a function for dates",
		body(`{"type":"TextBlock","text":1}`):                                                                  "card.body[0].text is no text",
		body(`{"type":"TextBlock","text":"x","wrap":"yes"}`):                                                   "card.body[0].wrap is neither true nor false",
		body(`{"type":"TextBlock","text":"x","maxLines":"2"}`):                                                 "card.body[0].maxLines is no number",
		body(`{"type":"TextBlock","text":"x","size":"huge"}`):                                                  "card.body[0].size is none of",
		body(`{"type":"TextBlock","text":"x","colour":"good"}`):                                                "card.body[0] has the unknown property colour",
		body(`{"type":"TextBlock","text":"x","id":"a"},{"type":"FactSet","facts":[],"id":"a"}`):                `card.body[1] has the ID "a" of another`,
		body(`{"type":"FactSet","facts":[{"title":"x"}]}`):                                                     "card.body[0].facts[0] has no value",
		body(`{"type":"RichTextBlock","inlines":[{"type":"Text"}]}`):                                           "card.body[0].inlines[0] is neither",
		body(`{"type":"Image","url":"file:///x.png"}`):                                                         "card.body[0].url is no http",
		body(`{"type":"Container"}`):                                                                           "card.body[0] has no items",
		body(`{"type":"ColumnSet","columns":[{"type":"Container","items":[]}]}`):                               "card.body[0].columns[0] is no Column",
		body(strings.Repeat(`{"type":"Container","items":[`, 17) + strings.Repeat("]}", 17)):                   "is nested too deeply",
		actions(`{"type":"Action.Http","title":"x"}`):                                                          `card.actions[0] has the unknown type "Action.Http"`,
		actions(`{"type":"Action.OpenUrl","title":"x"}`):                                                       "card.actions[0] has no url",
		actions(`{"type":"Action.OpenUrl","url":"https://a.example"}`):                                         "card.actions[0] has no title",
		actions(`{"type":"Action.OpenUrl","title":"x","url":"javascript:alert(1)"}`):                           "card.actions[0].url is no http",
		actions(`{"type":"Action.OpenUrl","title":"x","url":"msteams://l/meetup"}`):                            "card.actions[0].url is no http",
		actions(`{"type":"Action.Execute","title":"x"}`):                                                       "card.actions[0] has no verb",
		actions(`{"type":"Action.Execute","title":"x","verb":"v","data":"d"}`):                                 "card.actions[0].data is no object",
		actions(`{"type":"Action.ShowCard","title":"x","card":{"type":"AdaptiveCard","body":1}}`):              "card.actions[0].card.body is no list",
		actions(strings.Repeat(button+",", 6) + button):                                                        "card.actions has more than 6 actions",
		`{"type":"AdaptiveCard","version":"1.3","actions":[{"type":"Action.Execute","title":"x","verb":"v"}]}`: "version 1.3 does not know",
		`{"type":"AdaptiveCard","version":"1.4","body":[{"type":"Table"}]}`:                                    `card.body[0] has the unknown type "Table"`,
		`{"type":"AdaptiveCard","version":"1.1","body":[{"type":"ActionSet","actions":[]}]}`:                   "version 1.1 does not know",
		`{"type":"AdaptiveCard","version":"1.4","refresh":{"action":{"type":"Action.Submit"}}}`:                "card.refresh.action is no Action.Execute",
		`{"type":"AdaptiveCard","version":"1.4","msteams":{"width":"half"}}`:                                   "card.msteams.width is none of",
		body(`{"type":"TextBlock","text":"<at>Ann Archer</at>"}`):                                              "has no entity",
	} {
		if !json.Valid([]byte(card)) {
			t.Fatalf("no JSON: %s", card)
		}
		status, answer, _ := w.ask(t, "POST", cardMessage(card), "", plans, "activities")
		if status != 400 || !strings.Contains(fmt.Sprint(answer), want) {
			t.Errorf("%.120s: %d %v, want %q", card, status, answer, want)
		}
	}
}

func TestReadsCards(t *testing.T) {
	got := ReadCard(json.RawMessage(sample))
	want := Card{
		Title: "Design review",
		Lines: []string{"Asked for by Ann Archer, since today. See help (https://help.example/a). 5 * 3", "plain run", "cell", "+1 555 0100"},
		Facts: []Fact{{"Organizer", "Ann"}, {"ID", "123 456"}},
		Buttons: []Button{
			{Type: "Action.OpenUrl", Title: "Join", URL: "https://teams.example/1"},
			{Type: "Action.Execute", Title: "New meeting", Verb: "new", Data: json.RawMessage(`{"generation":3}`)},
			{Type: "Action.ShowCard", Title: "Dial in"},
		},
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got.Link() != "https://teams.example/1" || ReadCard(nil).Link() != "" {
		t.Errorf("link %q", got.Link())
	}
	words := Message{Text: "**Hi** <at>Ben</at>", Format: "markdown", Card: json.RawMessage(sample)}.Words()
	for _, part := range []string{"Hi Ben\nDesign review\nAsked", "ID: 123 456", "[Join]"} {
		if !strings.Contains(words, part) {
			t.Errorf("words %q do not hold %q", words, part)
		}
	}
}

func TestPlain(t *testing.T) {
	for _, test := range [][3]string{
		{"plain", "**a** <at>Ben</at>", "**a** Ben"},
		{"markdown", `**a** _b_ snake_case_name 2 * 3 * 4 \_c\_ [x](https://x.example)`, "a b snake_case_name 2 * 3 * 4 _c_ x (https://x.example)"},
		{"xml", "<b>a</b> &amp; b", "a & b"},
	} {
		if got := plain(test[1], test[0]); got != test[2] {
			t.Errorf("%s %q: %q", test[0], test[1], got)
		}
	}
}

func TestRenders(t *testing.T) {
	m := Message{FromName: "meetbot", Thread: "1", To: ann, Edits: 1, Card: json.RawMessage(sample)}
	const want = `╭─ meetbot · in a thread · Edited · Only you can see this message
│ Design review
│ ═════════════
│ Asked for by Ann Archer, since today.
│ See help (https://help.example/a). 5 *
│ 3
│ plain run
│
│ Organizer  Ann
│ ID         123 456
│ [Image: a calendar]
│ cell
│ [Input.Text]
│
│ [ Join ]  https://teams.example/1
│
│ [ New meeting ]
│ [ Dial in ]
│ +1 555 0100
╰─
`
	if got := RenderMessage(m, 40); got != want {
		t.Errorf("got\n%s", got)
	}
	rich := `{"type":"AdaptiveCard","version":"1.4","body":[{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"Logo","weight":"Bolder","size":"Large"}]},
		{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"by ","weight":"Bolder"},"Ann"]}]}`
	if got := RenderMessage(Message{FromName: "meetbot", Card: json.RawMessage(rich)}, 40); got != "╭─ meetbot\n│ Logo\n│ ════\n│ by Ann\n╰─\n" {
		t.Errorf("got\n%s", got)
	}
	if got := RenderMessage(Message{FromName: "Ann", Text: "<at>meetbot</at> meet", Format: "plain"}, 0); got != "╭─ Ann\n│ meetbot meet\n╰─\n" {
		t.Errorf("got\n%s", got)
	}
}

func TestButtons(t *testing.T) {
	w := startTeams(t, Options{})
	sample := strings.ReplaceAll(sample, "MEMBER", w.MemberID(ann))
	answer, status := "", 200
	app, heard := bot(t, w.Server, func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(status)
		_, _ = rw.Write([]byte(answer))
	})
	root := w.Say(ben, plans, "a thought").ID
	id := w.send(t, plans+";messageid="+root, cardMessage(sample), "")
	m, _ := w.find(plans, id)
	press := func(p Press) Answer {
		t.Helper()
		p.Message = m
		a, err := w.Press(t.Context(), app, p)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	card := `{"type":"AdaptiveCard","version":"1.4","body":[{"type":"TextBlock","text":"renewed"}]}`

	answer = `{"statusCode":200,"type":"application/vnd.microsoft.card.adaptive","value":` + card + `}`
	a := press(Press{User: ann})
	if a.Status != 200 || a.StatusCode != 200 || a.Problem != "" || a.Message == nil || a.Message.ID != id || a.Message.Words() != "renewed" {
		t.Errorf("a card: %+v", a)
	}
	for user, title := range map[string]string{ann: "renewed", ben: "Design review"} {
		if all := w.Seen(plans, user); ReadCard(all[1].Card).Title != title {
			t.Errorf("%s sees %s", user, all[1].Card)
		}
	}
	h := heard()[0]
	for path, want := range map[string]any{
		"type": "invoke", "name": "adaptiveCard/action", "replyToId": id, "conversation.id": plans + ";messageid=" + root, "value.trigger": "manual",
		"value.action.type": "Action.Execute", "value.action.verb": "new", "value.action.data.generation": 3.0, "from.aadObjectId": ann,
		"channelData.tenant.id": tenant, "channelData.source.name": "message", "locale": "pt-BR",
	} {
		if got := h.at(path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	press(Press{User: ann, Title: "New meeting", Verb: "forged", Data: map[string]any{"generation": 9}})
	if h := heard()[1]; h.at("value.action.verb") != "forged" || h.at("value.action.data.generation") != 9.0 {
		t.Errorf("a forged action arrives as %s", h.raw)
	}
	w.ask(t, "PUT", cardMessage(strings.ReplaceAll(card, "renewed", "updated")), "", plans, "activities", id)
	for _, user := range []string{ann, ben} {
		if all := w.Seen(plans, user); ReadCard(all[1].Card).Title != "updated" {
			t.Errorf("after the bot's update %s sees %s", user, all[1].Card)
		}
	}

	for name, test := range map[string]struct {
		status        int
		body          string
		text, problem string
	}{
		"a line":          {200, `{"statusCode":200,"type":"application/vnd.microsoft.activity.message","value":"done"}`, "done", ""},
		"an error":        {200, `{"statusCode":400,"type":"application/vnd.microsoft.error","value":{"code":"BadRequest","message":"not so"}}`, "", "not so"},
		"a bare error":    {200, `{"statusCode":500,"type":"application/vnd.microsoft.error"}`, "", unreachable},
		"an invalid card": {200, `{"statusCode":200,"type":"application/vnd.microsoft.card.adaptive","value":{}}`, "", "invalid"},
		"no text":         {200, `{"statusCode":200,"type":"application/vnd.microsoft.activity.message","value":{}}`, "", unreachable},
		"nothing":         {200, ``, "", unreachable},
		"unknown type":    {200, `{"statusCode":200,"type":"x"}`, "", unreachable},
		"a failure":       {500, `{"statusCode":200,"type":"application/vnd.microsoft.activity.message","value":"done"}`, "", unreachable},
	} {
		status, answer = test.status, test.body
		a := press(Press{User: ben})
		text := ""
		if a.Message != nil {
			text = a.Message.Text
		}
		if text != test.text || !strings.Contains(a.Problem, test.problem) || (a.Problem == "") != (test.problem == "") {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if n := len(w.Messages(plans)); n != 2 {
		t.Errorf("buttons left %d messages", n)
	}

	private := m
	private.To = ann
	plain := m
	plain.Card = nil
	for name, p := range map[string]Press{
		"no such button": {User: ann, Message: m, Title: "Join"},
		"no card":        {User: ann, Message: plain},
		"not seen":       {User: ben, Message: private},
		"no such user":   {User: otherTenant, Message: m},
	} {
		if _, err := w.Press(t.Context(), app, p); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
