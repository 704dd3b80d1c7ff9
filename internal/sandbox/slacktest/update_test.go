package slacktest

import (
	"encoding/json"
	"fmt"
	"meetbot/internal/sandbox/faultserver"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func TestUpdatesMessages(t *testing.T) {
	clock := faultserver.NewClock(time.Unix(1_700_000_000, 0))
	s := startSlack(t, Options{Now: clock.Now, EditWindow: time.Hour})
	client := newClient(s)
	_, ts, err := client.PostMessageContext(t.Context(), "C0ABSENT", slack.MsgOptionText("one", false))
	if err != nil {
		t.Fatal(err)
	}
	clock.Move(time.Minute)
	if _, _, _, err := client.UpdateMessageContext(t.Context(), "C0ABSENT", ts, slack.MsgOptionText("two", false)); err != nil {
		t.Fatal(err)
	}
	m := s.Messages("C0ABSENT")[0]
	if m.Text != "two" || m.TS != ts || m.Edited.Sub(m.At) != time.Minute || !strings.Contains(RenderMessage(m, 40), "· edited") {
		t.Errorf("updated: %+v", m)
	}
	update := func(channel, ts, more string) string {
		t.Helper()
		_, answer := call(t, s, "chat.update", "application/json", fmt.Sprintf(`{"channel":%q,"ts":%q%s}`, channel, ts, more), s.BotToken())
		word, _ := answer["error"].(string)
		return word
	}
	const text = `,"text":"three"`
	said := s.Say("U0ANN", "C0ABSENT", "hello")
	answer := s.post(Message{Channel: "C0ABSENT", Author: botUser, Text: "in place", Via: "answer"})
	for _, tt := range []struct{ name, channel, ts, more, want string }{
		{"another time stamp", "C0ABSENT", "1712345678.000100", text, "message_not_found"},
		{"another channel", "C0DESIGN", ts, text, "message_not_found"},
		{"no such channel", "C0NOWHERE", ts, text, "channel_not_found"},
		{"private and absent", "G0SECRET", ts, text, "channel_not_found"},
		{"archived", "C0OLD", ts, text, "is_inactive"},
		{"somebody's message", "C0ABSENT", said.TS, text, "cant_update_message"},
		{"an answer in place", "C0ABSENT", answer.TS, text, "cant_update_message"},
		{"no text", "C0ABSENT", ts, "", "no_text"},
		{"wrong blocks", "C0ABSENT", ts, `,"blocks":[{"type":"x"}]`, "invalid_blocks"},
	} {
		if got := update(tt.channel, tt.ts, tt.more); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	s.SetScopes("chat:write")
	if got := update("C0ABSENT", ts, text); got != "not_in_channel" {
		t.Errorf("without chat:write.public: %q", got)
	}
	if err := s.SetBotMember("C0ABSENT", true); err != nil {
		t.Fatal(err)
	}
	if got := update("C0ABSENT", ts, text); got != "" {
		t.Errorf("as a member: %q", got)
	}
	clock.Move(time.Hour)
	if got := update("C0ABSENT", ts, text); got != "edit_window_closed" {
		t.Errorf("an hour later: %q", got)
	}
	if !s.DeleteMessage("C0ABSENT", ts) || update("C0ABSENT", ts, text) != "message_not_found" {
		t.Error("a deleted message was changed")
	}
	if s.SetBotMember("C0NOWHERE", true) == nil {
		t.Error("a member of no channel")
	}
}

// Blocks that are not given stay.
func TestUpdateKeepsBlocks(t *testing.T) {
	s := startSlack(t, Options{})
	posted := s.post(Message{Channel: "C0DESIGN", Author: botUser, Text: "one", Blocks: json.RawMessage(`[{"type":"divider"}]`), Via: "chat.postMessage"})
	_, answer := call(t, s, "chat.update", "application/json", `{"channel":"C0DESIGN","ts":"`+posted.TS+`","text":"two"}`, s.BotToken())
	if m := s.Messages("C0DESIGN")[0]; answer["ok"] != true || m.Text != "two" || string(m.Blocks) != `[{"type":"divider"}]` {
		t.Errorf("%v, %+v", answer, m)
	}
}

func TestBookmarks(t *testing.T) {
	s := startSlack(t, Options{Scopes: []string{"bookmarks:write", "bookmarks:read"}})
	client := newClient(s)
	link := slack.AddBookmarkParameters{Title: "Join", Type: "link", Link: "https://bot.example.com/j/1"}
	made, err := client.AddBookmarkContext(t.Context(), "C0DESIGN", link)
	if err != nil || made.ID == "" || made.ChannelID != "C0DESIGN" {
		t.Fatalf("%+v, %v", made, err)
	}
	title := "Enter"
	if _, err := client.EditBookmarkContext(t.Context(), "C0DESIGN", made.ID, slack.EditBookmarkParameters{Title: &title, Link: "https://bot.example.com/j/2"}); err != nil {
		t.Fatal(err)
	}
	list, err := client.ListBookmarksContext(t.Context(), "C0DESIGN")
	if err != nil || len(list) != 1 || list[0].Title != title || list[0].Link != "https://bot.example.com/j/2" {
		t.Errorf("%+v, %v", list, err)
	}
	for _, tt := range []struct{ name, method, body, want string }{
		{"absent", "bookmarks.add", `{"channel_id":"C0ABSENT","title":"x","type":"link","link":"https://x.example"}`, "not_in_channel"},
		{"unknown", "bookmarks.edit", `{"channel_id":"C0NOWHERE","bookmark_id":"Bk1"}`, "channel_not_found"},
		{"archived", "bookmarks.list", `{"channel_id":"C0OLD"}`, "is_archived"},
		{"no title", "bookmarks.add", `{"channel_id":"C0DESIGN","type":"link","link":"https://x.example"}`, "invalid_arguments"},
		{"no link", "bookmarks.add", `{"channel_id":"C0DESIGN","title":"x","type":"link","link":"x"}`, "invalid_link"},
		{"no type", "bookmarks.add", `{"channel_id":"C0DESIGN","title":"x"}`, "invalid_bookmark_type"},
		{"edit to no link", "bookmarks.edit", `{"channel_id":"C0DESIGN","bookmark_id":"` + made.ID + `","link":"x"}`, "invalid_link"},
		{"edit nothing", "bookmarks.edit", `{"channel_id":"C0DESIGN","bookmark_id":"Bk1"}`, "not_found"},
		{"remove nothing", "bookmarks.remove", `{"channel_id":"C0DESIGN","bookmark_id":"Bk1"}`, "not_found"},
		{"remove", "bookmarks.remove", `{"channel_id":"C0DESIGN","bookmark_id":"` + made.ID + `"}`, ""},
	} {
		_, answer := call(t, s, tt.method, "application/json", tt.body, s.BotToken())
		if word, _ := answer["error"].(string); word != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, answer, tt.want)
		}
	}
	for range maxBookmarks {
		if _, err := client.AddBookmarkContext(t.Context(), "C0DESIGN", link); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.AddBookmarkContext(t.Context(), "C0DESIGN", link); err == nil || err.Error() != "too_many_bookmarks" {
		t.Errorf("the 101st: %v", err)
	}
	s.SetScopes("chat:write")
	if _, err := client.AddBookmarkContext(t.Context(), "C0DESIGN", link); err == nil || err.Error() != "missing_scope" {
		t.Errorf("without the scope: %v", err)
	}
	if _, err := client.AddBookmarkContext(t.Context(), "G0BOARD", link); err == nil {
		t.Error("without the scope, elsewhere")
	}
}

// A private channel's bookmarks stay when it is shared.
func TestSharedChannelKeepsBookmarks(t *testing.T) {
	s := startSlack(t, Options{Scopes: []string{"bookmarks:write"}})
	made, err := newClient(s).AddBookmarkContext(t.Context(), "G0BOARD", slack.AddBookmarkParameters{Title: "x", Type: "link", Link: "https://x.example"})
	if err != nil {
		t.Fatal(err)
	}
	id, err := s.ShareChannel("G0BOARD")
	if err != nil {
		t.Fatal(err)
	}
	if all := s.Bookmarks(id); len(all) != 1 || all[0].ID != made.ID || all[0].Channel != id || len(s.Bookmarks("G0BOARD")) != 0 {
		t.Errorf("%+v", all)
	}
}
