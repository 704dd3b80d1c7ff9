package main

import (
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"meetbot/bot"
	"meetbot/store"
)

// heldMeeting makes a meeting in a new Redis and returns that.
func heldMeeting(t *testing.T) (redisURL string) {
	t.Helper()
	redisURL = "redis://" + miniredis.RunT(t).Addr() + "/0"
	s, err := store.Open(redisURL, store.Options{Replica: "one"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	claim := bot.NewClaim(bot.Conversation{Platform: "slack", Workspace: "T024BE7LD", Channel: "C0GENERAL"}, 1, false)
	if _, err := s.Claim(t.Context(), claim, false, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Complete(t.Context(), claim, bot.Meeting{
		OnlineMeeting: bot.OnlineMeeting{JoinURL: "https://teams.example/join/1", Subject: "Weekly"},
		Organizer:     bot.Organizer{ID: "a1111111-0000-4000-8000-000000000001", Name: "Ann"},
		StartedBy:     bot.Starter{User: "U0ANN", Name: "Ann"},
	}); err != nil {
		t.Fatal(err)
	}
	return redisURL
}

// What an operator types and sees of meetings.
func TestMeetingCommands(t *testing.T) {
	t.Setenv("REDIS_URL", heldMeeting(t))
	const name = "slack:T024BE7LD:C0GENERAL"
	for _, tt := range []struct {
		args []string
		code int
		out  string
		err  string
	}{
		{args: []string{"meeting"}, code: exitNotUnderstood, err: `expected one of "list", "show", "forget", "replace"`},
		{args: []string{"meeting", "list"}, out: name + "  1           -        Ann        Weekly\n"},
		{args: []string{"meeting", "list", "--json"}, out: `"conversation": "` + name + `"`},
		{args: []string{"meeting", "show"}, code: exitNotUnderstood, err: "expected \"<conversation>\""},
		{args: []string{"meeting", "show", "C0GENERAL"}, code: exitFailed, err: "want platform:workspace:channel"},
		{args: []string{"meeting", "show", "slack:T024BE7LD:C0DESIGN"}, code: exitFailed, err: "has no meeting"},
		{args: []string{"meeting", "show", name}, out: "https://teams.example/join/1\n"},
		{args: []string{"meeting", "replace", name, "--as", "U0BEN"}, code: exitFailed, out: "in the name of U0BEN",
			err: "bot: nothing was changed; --yes changes it\n"},
		{args: []string{"person", "erase"}, code: exitNotUnderstood, err: "expected \"<person>\""},
		{args: []string{"person", "erase", "x"}, code: exitFailed, err: "no chat user's ID"},
		{args: []string{"person", "export", "U0ANN", "--json"}, out: `"role": "asked for it"`,
			err: `"action":"person export"`},
		{args: []string{"person", "erase", "a1111111-0000-4000-8000-000000000001"}, code: exitFailed,
			out: "the next who asks there gets another meeting\n", err: "--yes"},
		{args: []string{"meeting", "forget", name, "--yes", "--dry-run"}, code: exitNotUnderstood, err: "dry-run"},
		{args: []string{"meeting", "forget", name}, code: exitFailed, out: "would be forgotten", err: "--yes"},
		{args: []string{"meeting", "forget", name, "--dry-run", "--json"}, out: `"done": false`},
		{args: []string{"meeting", "forget", name, "--yes", "--log-format", "text"}, out: "The meeting is forgotten.",
			err: `msg="an operator used the data" action="meeting forget" by=`},
		{args: []string{"meeting", "forget", name, "--yes"}, code: exitFailed, err: "has no meeting"},
		{args: []string{"meeting", "list"}, out: "No conversation has a meeting.\n"},
	} {
		var out, problems strings.Builder
		code := run(t.Context(), tt.args, streams{Out: &out, Err: &problems})
		if code != tt.code || !strings.Contains(out.String(), tt.out) || !strings.Contains(problems.String(), tt.err) {
			t.Errorf("bot %s: code %d, out %q, err %q", strings.Join(tt.args, " "), code, out.String(), problems.String())
		}
	}
}
