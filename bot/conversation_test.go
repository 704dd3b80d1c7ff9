package bot_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"meetbot/bot"
)

func TestConversationString(t *testing.T) {
	for want, c := range map[string]bot.Conversation{
		"slack:T024BE7LD:C2147483705":                    {Platform: "slack", Workspace: "T024BE7LD", Channel: "C2147483705"},
		"slack:T024BE7LD:C2147483705:1712345678.000100":  {Platform: "slack", Workspace: "T024BE7LD", Channel: "C2147483705", Thread: "1712345678.000100"},
		"teams:tenant:19%3Aabc@thread.tacv2:17123456789": {Platform: "teams", Workspace: "tenant", Channel: "19:abc@thread.tacv2", Thread: "17123456789"},
	} {
		if got := c.String(); got != want {
			t.Errorf("String() = %q, want %q", got, want)
		}
	}
}

// No two conversations share a name, whatever their parts hold, and no name can forge a hash tag or a generation.
func TestConversationNamesAreDistinct(t *testing.T) {
	part := rapid.StringOf(rapid.RuneFrom([]rune("ab:%{}/3A")))
	conversation := rapid.Custom(func(t *rapid.T) bot.Conversation {
		return bot.Conversation{Platform: part.Draw(t, "platform"), Workspace: part.Draw(t, "workspace"), Channel: part.Draw(t, "channel"), Thread: part.Draw(t, "thread")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := conversation.Draw(t, "a"), conversation.Draw(t, "b")
		if a != b && a.String() == b.String() {
			t.Fatalf("%+v and %+v are both %q", a, b, a)
		}
		if strings.ContainsAny(a.String(), "{}/") {
			t.Fatalf("%+v is %q", a, a)
		}
	})
}

// From the first `new` on, no two claims share an external ID; before it, all do.
func TestExternalID(t *testing.T) {
	c := bot.Conversation{Platform: "slack", Workspace: "T1", Channel: "C1"}
	if a, b := bot.NewClaim(c, 1, false), bot.NewClaim(c, 1, false); a.ID == b.ID || a.Request.ExternalID != b.Request.ExternalID || a.Request.ExternalID != c.String() {
		t.Errorf("two first claims: %+v and %+v; want distinct IDs and the conversation's name as external ID", a, b)
	}
	if a, b := bot.NewClaim(c, 2, true), bot.NewClaim(c, 2, true); a.Request.ExternalID == b.Request.ExternalID || !strings.HasPrefix(a.Request.ExternalID, c.String()+"/2/") {
		t.Errorf("two fresh claims have the external IDs %q and %q", a.Request.ExternalID, b.Request.ExternalID)
	}
}
