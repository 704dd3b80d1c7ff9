//go:build integration

package e2e

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
	"meetbot/internal/teamskit/playground"
)

// What people do in Teams, done in Microsoft's own client for testing bots, and what its page draws. The client sends
// no tokens: the sandbox's relay signs for it, and the bot believes nothing else.
func TestPlayground(t *testing.T) {
	t.Parallel()
	const botName = "Meetbot"
	env := newEnv(t, slacktest.Options{}).withTeams(teamstest.Options{BotName: botName})
	relay := httptest.NewUnstartedServer(nil) // the client must know where it is, and the bot where the client is
	client := playground.Start(t, playground.Options{
		Endpoint: "http://" + relay.Listener.Addr().String() + "/api/messages",
		TenantID: env.Teams.TenantID(), BotID: env.Teams.BotID(), BotName: botName, UserID: annID,
		UserName: "Ann Example",
	})
	c := env.teamsConfig()
	c.Teams.ServiceHosts = []string{client.Host}
	r := env.start(c, app.Options{})
	relay.Config.Handler = env.Teams.Relay(r.URL())
	relay.Start()
	t.Cleanup(relay.Close)
	page := client.Browse(t)

	// In the chat with the bot alone nothing need be mentioned.
	page.Open(playground.Personal)
	greeted(page, "Type meet, and there is a Microsoft Teams meeting here")
	page.Say("meet Design review")
	cards := count(page, 2)
	alone := wantDrawn(t, cards[1], "Design review", "Microsoft Teams meeting · started by Ann Example")
	if strings.Contains(cards[1].Text(), "Meeting ID") {
		t.Errorf("what stands below More is shown at once:\n%s", cards[1].Text())
	}
	page.Press(1, "More")
	page.Cards("what More shows", func(now []playground.Card) bool {
		return len(now) == 2 && strings.Contains(now[1].Text(), "Meeting ID") && strings.Contains(now[1].Text(), "Link: ")
	})
	page.Keep("more")
	page.Press(1, refresh)
	page.Cards("a fresh card in the place of the old one", func(now []playground.Card) bool {
		return len(now) == 2 && strings.Contains(now[1].Text(), "meeting since") &&
			strings.Contains(now[1].Text(), "Still current, checked ")
	})
	page.Press(1, "Add to calendar")
	cards = page.Cards("the ways into a calendar", func(now []playground.Card) bool {
		return len(now) == 2 && strings.Contains(now[1].Text(), "so the calendar entry is for now")
	})
	if wantDrawn(t, cards[1], "Design review") != alone {
		t.Error("the button brought another meeting")
	}
	page.Say("help")
	if help := count(page, 3)[2]; !strings.Contains(help.Text(), "Every channel has one Microsoft Teams meeting") ||
		len(help.Buttons) != 0 {
		t.Errorf("help reads\n%s", help.Text())
	}
	page.Keep("personal-chat")

	page.Open(playground.GroupChat)
	greeted(page, "Type @meetbot meet, and")
	page.Say("@Meetbot meet Lunch plans")
	chat := wantDrawn(t, count(page, 2)[1], "Lunch plans", "Microsoft Teams meeting")
	page.Say("@Meetbot meet")
	if wantDrawn(t, count(page, 3)[2], "Lunch plans", "meeting since") != chat {
		t.Error("asking again in the group chat brought another meeting")
	}
	page.Keep("group-chat")

	// A command that opens a thread speaks for the channel, and so does whoever asks in that thread.
	page.Open(playground.Channel)
	page.Cards("the greeting, as a thread of its own", func(now []playground.Card) bool {
		return len(now) == 1 &&
			now[0].Thread != ""
	})
	page.Post("@Meetbot meet Sprint planning")
	const post = "Meetbot meet Sprint planning"
	inThread := func(n int) []playground.Card {
		t.Helper()
		var found []playground.Card
		page.Cards("the answer in the thread", func(now []playground.Card) bool {
			found = slices.DeleteFunc(now, func(c playground.Card) bool { return !strings.Contains(c.Thread, post) })
			return len(found) == n
		})
		return found
	}
	channel := wantDrawn(t, inThread(1)[0], "Sprint planning", "Microsoft Teams meeting")
	page.Reply("@Meetbot meet")
	if wantDrawn(t, inThread(2)[1], "Sprint planning", "meeting since") != channel {
		t.Error("the thread under the command has another meeting")
	}
	page.Keep("channel")
	page.Post("@Meetbot meet")
	if again := count(page, 4)[0]; wantDrawn(t, again, "Sprint planning") != channel ||
		strings.Contains(again.Thread, post) {
		t.Errorf("asking again in the channel brought another meeting, or an answer in the old thread:\n%s",
			again.Thread)
	}

	links := map[string]bool{}
	for _, m := range env.wantMeetings(3) {
		links[m.JoinURL] = true
	}
	for _, link := range []string{alone, chat, channel} {
		if !links[link] {
			t.Errorf("the link %s is of no meeting in Graph, or of another conversation", link)
		}
		delete(links, link)
	}
}

// refresh is the label of the button that tells whether there is a newer meeting.
const refresh = "Check for a newer meeting"

// greeted waits for the bot's greeting, with these words in it, in a conversation where nothing else has been said.
func greeted(page *playground.Page, words string) {
	page.Cards("the greeting", func(now []playground.Card) bool {
		return len(now) == 1 &&
			strings.Contains(now[0].Text(), words)
	})
}

// count waits until so many cards are drawn.
func count(page *playground.Page, n int) []playground.Card {
	return page.Cards(fmt.Sprintf("%d cards", n), func(now []playground.Card) bool { return len(now) == n })
}

// wantDrawn fails the test unless the card is drawn as a meeting's, with the title and these words, and returns its
// link.
func wantDrawn(t *testing.T, c playground.Card, title string, words ...string) string {
	t.Helper()
	if len(c.Lines) == 0 || c.Lines[0] != title {
		t.Errorf("the card's title is not %q:\n%s", title, c.Text())
	}
	for _, want := range words {
		if !strings.Contains(c.Text(), want) {
			t.Errorf("the card lacks %q:\n%s", want, c.Text())
		}
	}
	if strings.Contains(c.Text(), "{{") {
		t.Errorf("the card shows a moment as it was sent:\n%s", c.Text())
	}
	labels := make([]string, len(c.Buttons))
	for i, b := range c.Buttons {
		labels[i] = b.Label
	}
	if !slices.Equal(labels[:min(3, len(labels))], []string{"Join in Microsoft Teams", "Add to calendar", "More"}) ||
		!strings.HasPrefix(c.Link(), "https://teams.microsoft.com/") {
		t.Errorf("the card's buttons are %+v", c.Buttons)
	}
	return c.Link()
}
