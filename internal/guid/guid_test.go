package guid_test

import (
	"testing"

	"meetbot/internal/guid"
)

func TestValid(t *testing.T) {
	const id = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
	for s, want := range map[string]bool{
		id: true, "8EAEF023-2B34-4DA1-9BAA-8BC8C9D6A490": true, "00000000-0000-0000-0000-000000000000": true,
		"": false, id[1:]: false, id + "0": false, "{" + id + "}": false, "urn:uuid:" + id: false,
		"8eaef0232b344da19baa8bc8c9d6a490": false, "g" + id[1:]: false, "8eaef023+2b34-4da1-9baa-8bc8c9d6a490": false,
		id[:35] + "\n": false, "8eaef023-2b34-4da1-9baa8-bc8c9d6a490": false,
	} {
		if got := guid.Valid(s); got != want {
			t.Errorf("Valid(%q) = %t", s, got)
		}
	}
}
