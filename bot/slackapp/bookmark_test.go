package slackapp_test

import (
	"net/http"
	"testing"

	"meetbot/bot"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

const firstLink, nextLink = "https://bot.example.com/j/first", "https://bot.example.com/j/next"

// bookmarked is a workspace whose channels get bookmarks.
func bookmarked(t *testing.T) (*slacktest.Server, func(c bot.Conversation, id, url string) (string, error)) {
	t.Helper()
	slack, app := newAppIn(t, slacktest.Options{Scopes: append(slacktest.Scopes(), "bookmarks:write")}, true)
	return slack, func(c bot.Conversation, id, url string) (string, error) {
		return app.SetBookmark(t.Context(), c, id, "Join meeting", url)
	}
}

// A channel has one bookmark, which is kept right, and comes again after somebody removed it.
func TestBookmarkIsKeptRight(t *testing.T) {
	t.Parallel()
	slack, set := bookmarked(t)
	here := at(slack, "C0GENERAL")
	want := func(id, link string) {
		t.Helper()
		all := slack.Bookmarks("C0GENERAL")
		if len(all) != 1 || all[0].ID != id || all[0].Link != link || all[0].Title != "Join meeting" {
			t.Errorf("%+v, want %s with %s", all, id, link)
		}
	}
	id, err := set(here, "", firstLink)
	if err != nil {
		t.Fatal(err)
	}
	want(id, firstLink)
	if same, err := set(here, id, nextLink); err != nil || same != id {
		t.Fatalf("%q, %v", same, err)
	}
	want(id, nextLink)
	slack.RemoveBookmark("C0GENERAL", id)
	other, err := set(here, id, nextLink)
	if err != nil || other == id {
		t.Fatalf("%q, %v", other, err)
	}
	want(other, nextLink)
}

// What Slack refuses for good costs nothing else; what passes is told from it.
func TestBookmarkRefusals(t *testing.T) {
	t.Parallel()
	slack, set := bookmarked(t)
	slack.AddChannel(slacktest.Channel{ID: "C0ABSENT", Name: "absent", BotAbsent: true})
	thread, elsewhere := at(slack, "C0GENERAL"), at(slack, "C0GENERAL")
	thread.Thread, elsewhere.Workspace = "1712345678.000100", "T9"
	methods(slack)
	for name, c := range map[string]bot.Conversation{"thread": thread, "direct": at(slack, "DU0ANN"), "workspace": elsewhere} {
		if id, err := set(c, "", firstLink); bot.CodeOf(err) != bot.Undeliverable || id != "" || methods(slack) != "" {
			t.Errorf("%s: %q, %v", name, id, err)
		}
	}
	if _, err := set(at(slack, "C0ABSENT"), "Bk1", firstLink); bot.CodeOf(err) != bot.Undeliverable {
		t.Errorf("no member: %v", err)
	}
	for word, want := range map[string]bot.Code{
		"not_in_channel": bot.Undeliverable, "channel_not_found": bot.Undeliverable, "permission_denied": bot.Undeliverable,
		"restricted_action": bot.Undeliverable, "too_many_bookmarks": bot.Undeliverable, "not_implemented": bot.Undeliverable,
		"missing_scope": bot.Undeliverable, "no_permission": bot.Undeliverable,
		"token_revoked": bot.ChatCredentials, "internal_error": bot.Unavailable, "ratelimited": bot.Throttled,
	} {
		for _, id := range []string{"", "Bk1"} {
			method := map[bool]string{true: "bookmarks.add", false: "bookmarks.edit"}[id == ""]
			slack.Fault(faultserver.Fault{Target: method, Times: 1, Status: http.StatusOK, Body: `{"ok":false,"error":"` + word + `"}`})
			if _, err := set(at(slack, "C0GENERAL"), id, firstLink); bot.CodeOf(err) != want {
				t.Errorf("%s %s: %v, want %s", method, word, err, want)
			}
		}
	}
	slack.SetScopes(slacktest.Scopes()...)
	if _, err := set(at(slack, "C0GENERAL"), "", firstLink); bot.CodeOf(err) != bot.Undeliverable {
		t.Errorf("without the scope: %v", err)
	}
	if all := slack.Bookmarks("C0GENERAL"); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

// Bookmarks are switched off by default.
func TestBookmarksAreOff(t *testing.T) {
	t.Parallel()
	slack, app := newApp(t)
	methods(slack)
	if _, err := app.SetBookmark(t.Context(), at(slack, "C0GENERAL"), "", "Join meeting", firstLink); bot.CodeOf(err) != bot.Undeliverable ||
		methods(slack) != "" {
		t.Error(err)
	}
}
