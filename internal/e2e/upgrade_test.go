//go:build integration

package e2e

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"meetbot/bot"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// upgradeData is what the first release leaves in Redis: see its README.md.
const upgradeData = "../../store/testdata/upgrade/"

// A bot that starts on the data of the first release answers every command that was accepted, and every conversation keeps
// its link.
func TestUpgradeFromTheFirstRelease(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	// The IDs of people and chats in Teams come from the app's ID.
	env.withTeams(teamstest.Options{Posts: []teamstest.Quota{}, AppID: "7d3a1c52-9b0e-4a3f-8c55-1e2f3a4b5c6d"})
	for id, name := range map[string]string{
		"C0PLAN": "planning", "C0THIRD": "third", "C0LATE": "late", "C0SERVICE": "service", "C0PLAIN": "plain",
		"C0QUEUE": "queue",
	} {
		env.Slack.AddChannel(slacktest.Channel{ID: id, Name: name})
	}
	names := map[string]string{
		"{slack}": strings.TrimSuffix(env.Slack.APIURL(), "/api/"),
		"{teams}": strings.TrimSuffix(env.Teams.ServiceURL(), "/emea/"),
	}
	env.redis.Replay(upgradeData+"data.jsonl", names)
	text, err := os.ReadFile(upgradeData + "read.json")
	if err != nil {
		t.Fatal(err)
	}
	var before struct {
		States []struct {
			Asked   bot.Conversation
			Meeting *struct{ JoinURL string }
			Pending *bot.Claim
		}
	}
	if err := json.Unmarshal(text, &before); err != nil {
		t.Fatal(err)
	}
	r := env.start(env.everything(), quick())

	// Every conversation keeps its link, but where a new meeting was asked for.
	thread := ""
	for _, c := range before.States {
		switch {
		case c.Meeting == nil || c.Pending != nil:
		case c.Asked.Platform == "teams":
			if got := wantTeamsCard(t, env.callAnswered(r, benID, c.Asked.Channel, "", "show"),
				benID); got != c.Meeting.JoinURL {
				t.Errorf("%s has %s, want %s", c.Asked, got, c.Meeting.JoinURL)
			}
		case c.Asked.Thread == "":
			if got := wantCard(t, env.meet(r, ben, c.Asked.Channel, "show"), ben); got != c.Meeting.JoinURL {
				t.Errorf("%s has %s, want %s", c.Asked, got, c.Meeting.JoinURL)
			}
		default:
			if c.Asked.Channel == general {
				thread = c.Asked.Thread
			}
			env.mention(r, caio, c.Asked.Channel, c.Asked.Thread, "show")
			env.next(c.Asked.Channel, nil, func(m slacktest.Message) bool {
				return m.ThreadTS == c.Asked.Thread && m.To == caio && link(m) == c.Meeting.JoinURL
			})
		}
	}

	// Every job is answered.
	for _, answer := range []struct{ channel, thread, to, words, link string }{
		// Ann's meeting that nobody was told of
		{channel: "C0LATE", words: "Made, not told", link: "teams.microsoft.com"},
		{channel: "C0PLAN", words: "Planning", link: "teams.microsoft.com"},                                 // Ann's first meeting
		{channel: general, words: "Semanal", link: "teams.microsoft.com"},                                   // Caio's new meeting
		{channel: general, to: caio, link: "teams.microsoft.com"},                                           // Caio's show
		{channel: general, thread: thread, to: ben, words: "Every channel has one Microsoft Teams meeting"}, // Ben's help
		{channel: design, to: ann, words: "`/meet show`"},                                                   // Ann's slip
	} {
		env.next(answer.channel, nil, func(m slacktest.Message) bool {
			return m.To == answer.to && m.ThreadTS == answer.thread && strings.Contains(m.Text, answer.words) &&
				strings.Contains(link(m), answer.link)
		})
	}
	env.answer(teamsChat, nil, func(m teamstest.Message) bool {
		return strings.Contains(m.Words(), "Lunch") && m.Card != nil
	})
	env.answer(teamsChat, nil, func(m teamstest.Message) bool {
		return strings.Contains(m.Words(), "@meetbot") && m.To == ""
	})
	eventually(t, "no job is left", func() bool {
		_, metrics := get(t, r.AdminURL()+"/metrics")
		return strings.Contains(metrics, `meetbot_jobs{state="unfinished"} 0`) &&
			strings.Contains(metrics, `meetbot_jobs{state="dead"} 3`)
	})

	// What had been asked for is made once: three claims were pending.
	var made []string
	for _, m := range env.wantMeetings(3) {
		made = append(made, m.ExternalID)
	}
	for _, c := range before.States {
		if c.Pending != nil && !slices.Contains(made, c.Pending.Request.ExternalID) {
			t.Errorf("the claim of %s was not carried out; there are meetings for %q", c.Asked, made)
		}
	}
}
