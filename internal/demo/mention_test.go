package demo

import "testing"

// Names after an @ become mentions, as in a client; everything else stays.
func TestMentioning(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"":                          "",
		"Retro with @ben":           "Retro with <@U0BEN|ben>",
		"with @ann,@ben and (@gus)": "with <@U0ANN|ann>,<@U0BEN|ben> and (<@U0GUS|gus>)",
		"with @design-team":         "with <!subteam^S0DESIGN|@design-team>",
		"@benjamin, @zoe @":         "@benjamin, @zoe @",
		"to ann@ben.example":        "to ann@ben.example",
		"Retro @15:30 <@ben>":       "Retro @15:30 &lt;<@U0BEN|ben>&gt;",
	} {
		if got := marked(typed, true); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
	if got := marked("with @ben", false); got != "with <@U0BEN>" {
		t.Errorf("in a message: %q", got)
	}
}
