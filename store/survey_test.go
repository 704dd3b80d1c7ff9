package store_test

import (
	"maps"
	"testing"

	"meetbot/bot"
	"meetbot/store"
)

// Conversations are counted by workspace, and those that cannot be read too; other keys and other prefixes are not.
func TestSurvey(t *testing.T) {
	b := backendAt(t, servers["miniredis"](t))
	s := b.open(t, "one")
	ctx := t.Context()
	for i, c := range []bot.Conversation{
		{Platform: "slack", Workspace: "T1", Channel: "C1"},
		{Platform: "slack", Workspace: "T1", Channel: "C1", Thread: "1.2"},
		{Platform: "slack", Workspace: "T2", Channel: "C1"},
		{Platform: "teams", Workspace: "8eaef023-2b34-4da1-9baa-8bc8c9d6a490", Channel: "19:x@thread.tacv2"},
	} {
		claim := bot.Claim{
			ID: "c" + string(rune('0'+i)), Conversation: c, Generation: 1, Organizer: bot.Organizer{ID: "o"},
			Request: bot.MeetingRequest{ExternalID: c.String()},
		}
		_, err := s.Claim(ctx, claim, false, 0)
		no(t, err)
		_, err = s.Complete(ctx, claim, meetingFor(claim))
		no(t, err)
	}
	no(t, b.raw.Set(ctx, "mb:{slack:T2:C9}:m:", "1 c9 nonsense", 0).Err())
	no(t, b.raw.Set(ctx, "other:{slack:T3:C9}:m:", "x", 0).Err())
	got, err := s.Survey(ctx)
	want := map[store.SurveyedPlace]int{
		{Platform: "slack", Workspace: "T1"}: 2, {Platform: "slack", Workspace: "T2"}: 2,
		{Platform: "teams", Workspace: "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"}: 1,
	}
	if err != nil || got.Looked != 5 || got.Unreadable != 1 || !maps.Equal(got.Workspaces, want) {
		t.Errorf("%+v, %v", got, err)
	}
}
