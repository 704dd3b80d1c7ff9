package store

import (
	"strings"
	"testing"

	"meetbot/bot"
)

// Every kind of job comes back as it went in, and none passes to the first release for a command that makes a meeting.
func TestKindsOfJobs(t *testing.T) {
	typed := bot.Command{Kind: bot.Meet, Subject: "thanks!"}
	for _, want := range []bot.Intent{
		{Kind: bot.JobOffer, Command: typed},
		{Kind: bot.JobAdvice, Command: typed, Advice: "end"},
		{Kind: bot.JobUnclear, Command: typed, Guess: bot.Help},
		{Kind: bot.JobWelcome},
		{Kind: bot.JobUndo, Generation: 2},
		{Kind: bot.JobReveal, Generation: 2},
		{Kind: bot.JobRelink, Link: "0123456789abcdef"},
		{Kind: bot.JobInvite, Generation: 2, Listed: "print", Command: bot.Command{Kind: bot.Meet,
			Line: bot.Mention{Kind: bot.MentionPerson, ID: "U0BEN", Name: "@ben"}.Mark()}},
		{Kind: bot.JobTell, Generation: 2, Command: bot.Command{Kind: bot.Meet, Subject: "Ann Example"}},
		{Kind: bot.JobBookmark},
		{Kind: bot.JobRedate, Redate: "1 2 3 4"},
		{Kind: bot.JobQuiet, Redate: "1 2 3 4"},
		{Kind: bot.JobRemind, Redate: "1 2 3 4", Generation: 1},
	} {
		record, err := encodeJob(bot.Job{ID: "j", Alias: "other", Intent: want, Route: bot.Route{Chat: true}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeJob(record)
		if err != nil || got.Intent != want || !got.Route.Chat || got.Alias != "" {
			t.Errorf("%+v came back as %+v, %v", want, got, err)
		}
		if strings.Contains(record, `"command":{"kind":"meet"`) {
			t.Errorf("the first release makes a meeting of %s", record)
		}
	}
}
