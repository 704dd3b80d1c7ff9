package teamsapp

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"meetbot/bot"
	"meetbot/internal/golden"
	"meetbot/internal/replytest"
)

// hostile is text that would do much if it were not literal. None of it is changed by [bot.CleanText].
const hostile = "<at>Ben Example</at> **bold** _it_ [click](https://evil.example) <b>x</b> &lt; {{DATE(2026-03-12T15:04:05Z,SHORT)}} " +
	"{{TIME(2026-03-12T15:04:05Z)}} ${x} :tada: # h"

func testCatalog(t testing.TB) *bot.Catalog {
	t.Helper()
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	return catalog
}

// replies is everything that the bot can say in Teams, by name.
func replies(catalog *bot.Catalog, lang bot.Language) map[string]bot.Reply {
	all := replytest.Replies(catalog, lang, bot.Conversation{Platform: Platform, Workspace: "8eaef023-2b34-4da1-9baa-8bc8c9d6a490", Channel: "19:general@thread.tacv2"})
	all["welcome"] = bot.GreetingReply(lang)
	maps.Copy(all, hostileReplies(bot.NewParser(catalog), lang, hostile))
	all["aloud"] = bot.Reply{Language: lang, Messages: []bot.Message{*all["refusal-guest-account"].PublicFallback}}
	return all
}

// A replaced meeting's card keeps its title and gives no way to join that meeting, nor asks whether it is still the one.
func TestEndedCard(t *testing.T) {
	catalog := testCatalog(t)
	for _, lang := range bot.Languages {
		for name, reply := range replytest.Lives(lang) {
			if !reply.Card.Ended {
				continue
			}
			card := cardOf(catalog, reply, style{})
			raw, err := json.Marshal(card)
			if err != nil {
				t.Fatal(err)
			}
			old := reply.Card.Meeting
			for _, gone := range []string{old.JoinURL, old.JoinID, old.Passcode, old.TollNumber, old.ConferenceID} {
				if strings.Contains(string(raw), gone) {
					t.Errorf("%s/%s still has %q: %s", lang, name, gone, raw)
				}
			}
			if card.Body[0].Text != old.Subject {
				t.Errorf("%s/%s: %+v", lang, name, card.Body)
			}
			var links []string
			for _, e := range allElements(card.Body) {
				for _, a := range e.Actions {
					links = append(links, a.Type+" "+a.URL)
				}
			}
			var want []string
			if reply.Card.Current != nil {
				want = []string{"Action.OpenUrl " + reply.Card.Current.JoinURL}
			}
			if !slices.Equal(links, want) || card.Version != plain {
				t.Errorf("%s/%s: version %s, buttons %q, want %q", lang, name, card.Version, links, want)
			}
		}
	}
}

// allElements are the elements of a body, those in containers included.
func allElements(body []element) []element {
	var all []element
	for _, e := range body {
		all = append(append(all, e), allElements(e.Items)...)
	}
	return all
}

// isLink tells whether an element is a line with a link to copy.
func isLink(e element) bool {
	_, link, _ := strings.Cut(e.Text, "https://")
	return e.Type == "TextBlock" && plainLink.MatchString("https://"+link)
}

// hostileReplies are the replies that hold text from outside, with this text.
func hostileReplies(parser *bot.Parser, lang bot.Language, text string) map[string]bot.Reply {
	meeting := replytest.Meeting()
	meeting.Subject, meeting.Organizer.Name = text, text
	meeting.JoinID, meeting.Passcode, meeting.TollNumber, meeting.ConferenceID = text, text, text, text
	all := map[string]bot.Reply{
		"card-foul":     {Language: lang, Card: &bot.Card{Meeting: meeting, Asked: "Budget"}},
		"ask-back-foul": bot.DidYouMeanReply(lang, bot.Command{Kind: bot.Meet, Subject: bot.CleanText(text)}, bot.Help),
	}
	for _, code := range []bot.Code{bot.BadRequest, bot.NoAccessPolicy, bot.UnconfirmedEmail} {
		all["refusal-foul-"+strings.ReplaceAll(string(code), "_", "-")] = bot.Explain(lang, &bot.Error{Code: code, Reason: text}, meeting.Organizer,
			"0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9e01", bot.Command{Kind: bot.New, Subject: parser.Parse(text).Command.Subject},
			"K5RVXJ3Q")
	}
	return all
}

// cards is every card that the bot sends, as JSON, by language and name.
func cards(t testing.TB) map[string]json.RawMessage {
	t.Helper()
	catalog := testCatalog(t)
	all := map[string]json.RawMessage{}
	for _, lang := range bot.Languages {
		for name, reply := range replies(catalog, lang) {
			card, err := json.Marshal(cardOf(catalog, reply, style{}))
			if err != nil {
				t.Fatal(err)
			}
			all[string(lang)+"/"+name] = card
		}
	}
	return all
}

func TestRepliesAsTeamsGetsThem(t *testing.T) {
	catalog := testCatalog(t)
	for _, lang := range bot.Languages {
		for name, reply := range replies(catalog, lang) {
			t.Run(string(lang)+"/"+name, func(t *testing.T) {
				var got bytes.Buffer
				out := json.NewEncoder(&got)
				out.SetEscapeHTML(false)
				out.SetIndent("", "  ")
				if err := out.Encode(messageOf(catalog, reply, style{})); err != nil {
					t.Fatal(err)
				}
				golden.Check(t, string(lang)+"/"+name+".json", got.Bytes())
			})
		}
	}
}

// maxCard is what Teams takes, in bytes of JSON.
const maxCard = 28 << 10

// No card is too big to be taken, whatever comes from outside; and no sentence of the bot's own is cut. What somebody typed
// is, on a button.
func TestCardsFit(t *testing.T) {
	for name, card := range cards(t) {
		if len(card) > maxCard/2 {
			t.Errorf("%s has %d bytes", name, len(card))
		}
		if strings.Contains(string(card), "…") && !strings.Contains(name, "foul") && !strings.HasSuffix(name, "/offer-line") {
			t.Errorf("%s is cut: %s", name, card)
		}
	}
	catalog := testCatalog(t)
	for _, part := range []string{"x", "<", "é", "😀", "\u2028", "\\", "\x00", "`", "{{DATE(", "{{DATE(2026-03-12T15:04:05Z,SHORT)}}"} {
		for _, lang := range bot.Languages {
			for name, reply := range hostileReplies(bot.NewParser(catalog), lang, strings.Repeat(part, 10000)) {
				card, err := json.Marshal(cardOf(catalog, reply, style{}))
				if err != nil || len(card) > maxCard {
					t.Errorf("%s of %q has %d bytes, %v", name, part, len(card), err)
				}
			}
		}
	}
}

// Text from outside stands in a card as it is, and does nothing: no mention, no link, no formatting, no date.
func TestHostileTextDoesNothing(t *testing.T) {
	catalog := testCatalog(t)
	for name, reply := range hostileReplies(bot.NewParser(catalog), bot.English, hostile) {
		card := cardOf(catalog, reply, style{})
		found := 0
		for _, e := range allElements(card.Body) {
			if e.Text != "" && !readsAsItIs(e.Text) && !isLink(e) || slices.ContainsFunc(e.Facts, func(f fact) bool {
				return !readsAsItIs(f.Value)
			}) {
				t.Errorf("%s: Teams formats %+v", name, e)
			}
			whole := ""
			for _, run := range e.Inlines {
				whole += run.Text
				if strings.Contains(run.Text, "{{DATE(") || strings.Contains(run.Text, "{{TIME(") {
					t.Errorf("%s: a run holds a function: %s", name, run.Text)
				}
			}
			if strings.Contains(whole, hostile[:100]) {
				found++
			}
		}
		if found == 0 {
			t.Errorf("%s: the text is not there as it was: %+v", name, card.Body)
		}
	}
	// What sets off commands, and what turns around what is read, comes from the bot alone.
	foul := hostileReplies(bot.NewParser(catalog), bot.English, "`a` \u202egnp.exe")
	for _, e := range cardOf(catalog, foul["card-foul"], style{}).Body[:1] {
		if text := e.Inlines[0].Text; text != "'a' gnp.exe" {
			t.Errorf("title %q", text)
		}
	}
	for _, run := range cardOf(catalog, foul["refusal-foul-no-access-policy"], style{}).Body[0].Inlines {
		if run.Font != "" && strings.Contains(run.Text, "a") {
			t.Errorf("text from outside passes for a command: %+v", run)
		}
	}
}

// Where nobody else is, nothing need be mentioned; anywhere else everything must.
func TestCommandsAreShownAsTheyAreTyped(t *testing.T) {
	catalog := testCatalog(t)
	for _, lang := range bot.Languages {
		for name, reply := range replies(catalog, lang) {
			for alone, wrong := range map[bool]string{false: "`meet", true: "@meetbot"} {
				text := strings.ReplaceAll(reply.Text(catalog, style{alone: alone}), "`@meetbot`", "")
				if strings.Contains(text, wrong) || strings.Contains(text, "/meet ") {
					t.Errorf("%s/%s, alone %v: %s", lang, name, alone, text)
				}
			}
		}
	}
}

// What a notification shows is one line without markup.
func TestSummaries(t *testing.T) {
	catalog := testCatalog(t)
	for _, lang := range bot.Languages {
		for name, reply := range replies(catalog, lang) {
			message := messageOf(catalog, reply, style{})
			if s := message.Summary; s == "" || strings.ContainsAny(s, "\n`") || len([]rune(s)) > maxTitle {
				t.Errorf("%s/%s: summary %q", lang, name, s)
			}
			if message.Text != "" || len(message.Attachments) != 1 {
				t.Errorf("%s/%s: %+v", lang, name, message)
			}
		}
	}
}

// Phones draw elements of version 1.2 in cards of at most 1.4, and show the fallback text of any other.
func TestCardsForPhones(t *testing.T) {
	for name, raw := range cards(t) {
		var card adaptiveCard
		if err := json.Unmarshal(raw, &card); err != nil {
			t.Fatal(err)
		}
		actions := card.Actions
		for _, e := range allElements(card.Body) {
			if len(e.Actions) > 6 || (len(e.Actions) > 0) != (e.Type == "ActionSet") {
				t.Errorf("%s: %d buttons in an element of type %s", name, len(e.Actions), e.Type)
			}
			actions = append(actions, e.Actions...)
			heading := e.Type == "TextBlock" && e.Style == "heading"
			mentions := e.Type == "TextBlock" && strings.HasSuffix(name, "card-with")
			known := slices.Contains([]string{"RichTextBlock", "ActionSet", "Container", "FactSet"}, e.Type)
			if !known && !heading && !mentions && !isLink(e) {
				t.Errorf("%s: an element of type %s", name, e.Type)
			}
		}
		want := "1.2"
		for _, a := range actions {
			if a.Type == "Action.Execute" {
				want = "1.4"
				if a.Fallback != "drop" {
					t.Errorf("%s: an action of version 1.4 has no fallback", name)
				}
			}
		}
		if card.Version != want || card.Fallback == "" {
			t.Errorf("%s: version %s, want %s; fallback text %q", name, card.Version, want, card.Fallback)
		}
		if !strings.Contains(name, "foul") && strings.Contains(string(raw), "{{") {
			t.Errorf("%s has a function, or a gap: %s", name, raw)
		}
	}
}

// The title is a heading for screen readers, and the way to join is the first button, right below one line. The link is
// the last line of the plain text.
func TestCardsBeginWithTheWayToJoin(t *testing.T) {
	catalog := testCatalog(t)
	for _, lang := range bot.Languages {
		for name, reply := range replies(catalog, lang) {
			if reply.Card == nil || reply.Card.JoinURL() == "" || strings.Contains(name, "with") {
				continue
			}
			card := cardOf(catalog, reply, style{})
			title, join := card.Body[0], card.Body[2]
			if title.Style != "heading" && readsAsItIs(reply.Card.Title(catalog, lang)) {
				t.Errorf("%s/%s: the title is %+v", lang, name, title)
			}
			if len(join.Actions) != 1 || join.Actions[0].URL != reply.Card.JoinURL() {
				t.Errorf("%s/%s: below the line is %+v", lang, name, join)
			}
			if !strings.HasSuffix(card.Fallback, reply.Card.JoinURL()) {
				t.Errorf("%s/%s: the fallback text ends with another line: %s", lang, name, card.Fallback)
			}
		}
	}
}

// Text that Teams would format, or take for an address or a list, is not drawn as a heading or a fact.
func TestTextThatTeamsFormats(t *testing.T) {
	for text, want := range map[string]bool{
		"Design review": true, "Reunião em Geral": true, "Meeting in #general": true, "R2/D2: 50% (draft), v1.2!": true,
		"Ann's meeting": true, "“Quoted” – dash": true, "+1 555 0100": true, "123 456 789#": true, "会議": true,
		"*bold*": false, "_it_": false, "~x~": false, "a [b](c)": false, "`c`": false, "<b>": false, "&lt;": false,
		"1. item": false, "12) item": false, "- item": false, "+ item": false, "# head": false, "> quote": false,
		"https://evil.example": false, "www.evil.example": false, "a@b.example": false, "{{DATE(x)}}": false,
		"a\\b": false, "a|b": false, "🎉 Party 👩‍💻": true, "=====": false,
	} {
		if readsAsItIs(text) != want {
			t.Errorf("readsAsItIs(%q) = %v", text, !want)
		}
	}
}
