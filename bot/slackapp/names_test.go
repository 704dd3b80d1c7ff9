package slackapp_test

import (
	"slices"
	"testing"

	"meetbot/bot"
	"meetbot/bot/slackapp"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, former, workspace, channel string
		want                             []string
	}{
		{"a private channel of old", "", "T1", "G012Y48650T", []string{"T1 G012Y48650T", "T1 C012Y48650T"}},
		{"the same, shared", "", "T1", "C012Y48650T", []string{"T1 G012Y48650T", "T1 C012Y48650T"}},
		{"a direct message", "", "T1", "D012Y48650T", nil},
		{"no ID", "", "T1", "", nil},
		{"one letter", "", "T1", "C", nil},
		{"in an organization", "T1", "E1", "C1", []string{"T1 G1", "T1 C1", "E1 G1", "E1 C1"}},
		{"a direct message in an organization", "T1", "E1", "D1", []string{"T1 D1", "E1 D1"}},
		{"still in the workspace", "T1", "T1", "C1", []string{"T1 G1", "T1 C1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := bot.Conversation{Platform: slackapp.Platform, Workspace: tt.workspace, Channel: tt.channel, Thread: "1.1"}
			var got []string
			for _, n := range slackapp.Names(tt.former)(c) {
				if n.Platform != c.Platform || n.Thread != c.Thread {
					t.Errorf("%+v", n)
				}
				got = append(got, n.Workspace+" "+n.Channel)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
