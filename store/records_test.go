package store

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"meetbot/bot"
)

// sample values hold all text that a person may type. JSON replaces what is no UTF-8, so none of that.
func sampleClaim(t *rapid.T) bot.Claim {
	text := rapid.String()
	claim := bot.Claim{
		ID: rapid.StringMatching(`[A-Z2-7]{26}`).Draw(t, "id"), Job: text.Draw(t, "job"), User: text.Draw(t, "user"),
		Conversation: bot.Conversation{Platform: text.Draw(t, "platform"), Workspace: text.Draw(t, "workspace"), Channel: text.Draw(t, "channel"), Thread: text.Draw(t, "thread")},
		Generation:   rapid.IntRange(1, 1<<31-1).Draw(t, "generation"),
		Organizer:    bot.Organizer{ID: text.Draw(t, "organizer"), Name: text.Draw(t, "name")},
		Language:     rapid.SampledFrom(bot.Languages).Draw(t, "language"),
		Zone:         bot.Zone(text.Draw(t, "zone")),
	}
	claim.Request = bot.MeetingRequest{ExternalID: text.Draw(t, "externalID"), Subject: text.Draw(t, "subject")}
	for range rapid.IntRange(0, 3).Draw(t, "attendees") {
		claim.Request.Attendees = append(claim.Request.Attendees, bot.Attendee{ID: text.Draw(t, "attendee"), UPN: text.Draw(t, "upn")})
	}
	return claim
}

func TestRecordsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		claim := sampleClaim(t)
		value, err := encodeClaim(claim)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeClaim(claim.Conversation, value); err != nil || !reflect.DeepEqual(*got, claim) {
			t.Fatalf("claim %+v came back as %+v, %v", claim, got, err)
		}
		text := rapid.String()
		graphID := rapid.OneOf(text, rapid.SampledFrom([]string{
			"", "MSphMTExMTExMS0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEqMCoqMTk6bWVldGluZ19ZamszWlRobFpUZ0B0aHJlYWQudjI=",
			"AA==", "AB==", "QUI=\n", "QUI", "w6k=", "Ig==",
		}))
		m := bot.Meeting{
			OnlineMeeting: bot.OnlineMeeting{
				ID: graphID.Draw(t, "meetingID"), JoinURL: "x" + text.Draw(t, "url"), Subject: text.Draw(t, "subject"),
				JoinID: text.Draw(t, "joinID"), Passcode: text.Draw(t, "passcode"),
			},
			ClaimID: claim.ID, Generation: claim.Generation, Organizer: claim.Organizer, Language: claim.Language,
			Zone:       claim.Zone,
			ExternalID: rapid.SampledFrom([]string{claim.Conversation.String(), "other"}).Draw(t, "externalID"),
		}
		value, err = encodeMeeting(claim, m)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeMeeting(claim.Conversation, value); err != nil || !reflect.DeepEqual(*got, m) {
			t.Fatalf("meeting %+v came back as %+v, %v", m, got, err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "1", "1 ", "1 ID", "1 ID {}", `1 ID {"u":"https://teams.example/join"}`, `2 ID {"o":{"i":"1"},"a":[{"i":"1","u":"2"}],"x":"y"}`,
		"0 ID {}", "+1 ID {}", `7 ID {"v":2,"i":"MSo1","u":"https://teams.example/join"}`, `7 ID {"v":3,"u":"https://teams.example/join"}`, `1 ID {"v":-1,"u":"x"}`, "1  {}", "1 ID null", "1 ID []", "18446744073709551616 ID {}",
	} {
		f.Add(seed)
	}
	c := bot.Conversation{Platform: "slack", Workspace: "T", Channel: "C"}
	f.Fuzz(func(t *testing.T, value string) {
		if m, err := decodeMeeting(c, value); err == nil {
			if m.JoinURL == "" || m.Generation < 1 || m.ClaimID == "" {
				t.Errorf("%q is read as %+v", value, m)
			}
			again, err := encodeMeeting(bot.Claim{ID: m.ClaimID, Generation: m.Generation, Conversation: c}, *m)
			if err != nil {
				t.Errorf("%q is read, and refused when written: %v", value, err)
				return
			}
			if got, err := decodeMeeting(c, again); err != nil || !reflect.DeepEqual(got, m) {
				t.Errorf("%q is read as %+v and then as %+v, %v", value, m, got, err)
			}
		} else if len(value) > 20 && strings.Contains(err.Error(), value) {
			t.Errorf("the error quotes the record: %v", err)
		}
		if claim, err := decodeClaim(c, value); err == nil && (claim.Generation < 1 || claim.ID == "" || claim.Conversation != c) {
			t.Errorf("%q is read as %+v", value, claim)
		}
	})
}

var hashTag = regexp.MustCompile(`^[^{]*\{([^}]+)\}`)

func TestKeysOfAScriptShareAHashTag(t *testing.T) {
	oneTag := func(t *rapid.T, keys []string) {
		first := hashTag.FindStringSubmatch(keys[0])
		for _, key := range keys {
			if tag := hashTag.FindStringSubmatch(key); tag == nil || first == nil || tag[1] != first[1] {
				t.Fatalf("keys %q share no hash tag", keys)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringMatching(`[a-zA-Z0-9:{}%/.]{0,6}`)
		c := bot.Conversation{Platform: part.Draw(t, "platform"), Workspace: part.Draw(t, "workspace"), Channel: part.Draw(t, "channel"), Thread: part.Draw(t, "thread")}
		oneTag(t, append(defaultKeys.resolve(c), defaultKeys.own(c)...))
		oneTag(t, []string{defaultKeys.stream(), defaultKeys.dead(), defaultKeys.mark(part.Draw(t, "job"))})
	})
}

const defaultKeys = keyspace(DefaultPrefix)

func TestKeysOfConversationsAreApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringMatching(`[ab:{}%]{0,3}`)
		draw := func(name string) bot.Conversation {
			return bot.Conversation{Platform: "slack", Workspace: part.Draw(t, name), Channel: part.Draw(t, name), Thread: part.Draw(t, name)}
		}
		a, b := draw("a"), draw("b")
		if (a == b) != (defaultKeys.of(a) == defaultKeys.of(b)) || (a.InChannel() == b.InChannel()) != (defaultKeys.of(a).roots == defaultKeys.of(b).roots) {
			t.Fatalf("%+v has %+v, %+v has %+v", a, defaultKeys.of(a), b, defaultKeys.of(b))
		}
		for _, key := range defaultKeys.own(b) {
			if a != b && (key == defaultKeys.of(a).meeting || key == defaultKeys.of(a).pending || key == defaultKeys.of(a).shown || key == defaultKeys.of(a).roots) {
				t.Fatalf("%+v and %+v share %s", a, b, key)
			}
		}
	})
}

// Records of the first release have no version; those of a later one cannot be read, and say so.
func TestVersionsOfRecords(t *testing.T) {
	c := bot.Conversation{Platform: "slack", Workspace: "T", Channel: "C"}
	for _, tt := range []struct {
		fields   string
		readable bool
	}{
		{``, true}, {`"v":1,`, true}, {`"v":2,`, true}, {`"v":2,"later":{"x":1},`, true}, {`"v":3,`, false}, {`"v":"3",`, false},
	} {
		_, meeting := decodeMeeting(c, `7 ID {`+tt.fields+`"u":"https://teams.example/join","o":{"i":"1"}}`)
		_, claim := decodeClaim(c, `7 ID {`+tt.fields+`"x":"name","o":{"i":"1"}}`)
		for _, err := range []error{meeting, claim} {
			if tt.readable != (err == nil) {
				t.Errorf("%q: %v", tt.fields, err)
			}
			if err != nil && bot.CodeOf(err) != bot.UnreadableRecord {
				t.Errorf("%q: %v, want the code %s", tt.fields, err, bot.UnreadableRecord)
			}
		}
	}
}

// A meeting that cannot be read has the generation that its record tells, or else one that is above every other.
func TestGenerationOfAnUnreadableRecord(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	unknown := unknownGeneration(now)
	for record, want := range map[string]int{
		"7 ID {": 7, `7 ID {"v":3}`: 7, "2147483647 ID ": 1<<31 - 1,
		"": unknown, "nonsense": unknown, "7": unknown, "7 ID": unknown, "0 ID {}": unknown, "-7 ID {}": unknown, "99999999999 ID {}": unknown, "4294967296 ID {}": unknown,
	} {
		if got := generationOf(record, now); got != want {
			t.Errorf("%q: generation %d, want %d", record, got, want)
		}
	}
	if unknownGeneration(now.Add(59*time.Second)) != unknown || unknownGeneration(now.Add(time.Minute)) <= unknown+1 ||
		unknownGeneration(now.AddDate(100, 0, 0)) >= 1<<31 {
		t.Errorf("generation %d of an unknown one", unknown)
	}
}
