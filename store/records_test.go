package store

import (
	"encoding/base64"
	"net/url"
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
		Zone:         bot.Zone(text.Draw(t, "zone")), Name: text.Draw(t, "asker's name"),
		Replaced: bot.Replacement{Why: sampleReason.Draw(t, "why"), Organizer: text.Draw(t, "former organizer")},
	}
	claim.Request = bot.MeetingRequest{ExternalID: text.Draw(t, "externalID"), Subject: text.Draw(t, "subject")}
	for range rapid.IntRange(0, 3).Draw(t, "attendees") {
		claim.Request.Attendees = append(claim.Request.Attendees, bot.Attendee{ID: text.Draw(t, "attendee"), UPN: text.Draw(t, "upn")})
	}
	return claim
}

var sampleReason = rapid.SampledFrom([]bot.Reason{"", bot.ReasonExpired, bot.ReasonOrphaned, bot.ReasonLost, "of a later release"})

// sampleTime is none, or any time that can be a meeting's, to the second.
func sampleTime(t *rapid.T, label string) time.Time {
	return atSecond(rapid.Int64Range(0, endOfTime-1).Draw(t, label))
}

// sampleMeeting is what a claim became. Its texts may hold each other, as Graph's do, or look like references.
func sampleMeeting(t *rapid.T, claim bot.Claim) bot.Meeting {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "$", "$o", "$t", "$$o$t", "a b+c%20d", "19:meeting_YjkzZThlZTg@thread.v2"}))
	organizer := bot.Organizer{ID: text.Draw(t, "organizer"), Name: text.Draw(t, "name")}
	chat := text.Draw(t, "thread")
	parts := rapid.SliceOfN(rapid.OneOf(text, rapid.SampledFrom([]string{
		organizer.ID, chat, url.QueryEscape(chat), url.PathEscape(chat), "1*", "*0**", "https://teams.example/l/", "/0?context=",
	})), 0, 6)
	joined := func(label string) string { return strings.Join(parts.Draw(t, label), "") }
	id := rapid.OneOf(rapid.Map(rapid.Just(joined("ID's text")), func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }),
		text, rapid.SampledFrom([]string{
			"MSphMTExMTExMS0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEqMCoqMTk6bWVldGluZ19ZamszWlRobFpUZ0B0aHJlYWQudjI=", "AA==", "AB==", "QUI=\n", "QUI", "w6k=", "Ig==",
		}))
	return bot.Meeting{
		OnlineMeeting: bot.OnlineMeeting{
			ID: id.Draw(t, "meetingID"), JoinURL: "x" + joined("url"), Subject: text.Draw(t, "subject"), ChatThread: chat,
			Created: sampleTime(t, "created"), Start: sampleTime(t, "start"), End: sampleTime(t, "end"), Expires: sampleTime(t, "expires"),
			JoinID: text.Draw(t, "joinID"), Passcode: text.Draw(t, "passcode"),
		},
		ClaimID: claim.ID, Generation: claim.Generation, Organizer: organizer, Language: claim.Language, Zone: claim.Zone,
		ExternalID: rapid.SampledFrom([]string{claim.Conversation.String(), "other"}).Draw(t, "externalID"),
		StartedBy: bot.Starter{
			User: rapid.OneOf(text, rapid.Just(organizer.ID)).Draw(t, "starter"),
			Name: rapid.OneOf(text, rapid.Just(organizer.Name)).Draw(t, "starter's name"),
		},
		Confirmed: sampleTime(t, "confirmed"), Orphaned: rapid.Bool().Draw(t, "orphaned"),
		Replaced: bot.Replacement{Why: sampleReason.Draw(t, "why"), Organizer: text.Draw(t, "former")},
		Todo:     bot.Todo(rapid.Uint8().Draw(t, "todo")),
	}
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
		m := sampleMeeting(t, claim)
		value, err = encodeMeeting(claim, m)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeMeeting(claim.Conversation, value); err != nil || !reflect.DeepEqual(*got, m) {
			t.Fatalf("meeting %+v came back as %+v, %v", m, got, err)
		}
	})
}

// recordBefore is the meeting's record as the release before knows it.
type recordBefore struct {
	Version      int             `json:"v,omitempty"`
	ID           string          `json:"i,omitempty"`
	PlainID      string          `json:"g,omitempty"`
	JoinURL      string          `json:"u"`
	Subject      string          `json:"s,omitempty"`
	Created      time.Time       `json:"c,omitzero"`
	JoinID       string          `json:"j,omitempty"`
	Passcode     string          `json:"p,omitempty"`
	TollNumber   string          `json:"t,omitempty"`
	ConferenceID string          `json:"n,omitempty"`
	ExternalID   string          `json:"x,omitempty"`
	Organizer    organizerRecord `json:"o"`
	Language     bot.Language    `json:"l,omitempty"`
	Zone         bot.Zone        `json:"z,omitempty"`
}

// The release before reads every field that it knows as it is meant. Graph's ID alone may be missing to it, as it is in
// the records of the first release. The version stands first.
func TestTheReleaseBeforeReadsRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		claim := sampleClaim(t)
		m := sampleMeeting(t, claim)
		value, err := encodeMeeting(claim, m)
		if err != nil {
			t.Fatal(err)
		}
		if payload := strings.SplitN(value, " ", 3)[2]; !strings.HasPrefix(payload, `{"v":2,`) {
			t.Fatalf("the version is not first: %s", payload)
		}
		var before recordBefore
		if _, _, err := decode(value, &before); err != nil {
			t.Fatal(err)
		}
		id := before.ID
		if before.PlainID != "" {
			id = base64.StdEncoding.EncodeToString([]byte(before.PlainID))
		}
		external := before.ExternalID
		if external == "" {
			external = claim.Conversation.String()
		}
		if id != "" && id != m.ID || before.JoinURL != m.JoinURL || before.Subject != m.Subject || !before.Created.Equal(m.Created) ||
			before.JoinID != m.JoinID || before.Passcode != m.Passcode || bot.Organizer(before.Organizer) != m.Organizer ||
			before.Language != m.Language || before.Zone != m.Zone || external != m.ExternalID {
			t.Fatalf("%+v is read as %+v", m, before)
		}
	})
}

// A time that cannot be a meeting's is none, and what cannot be read in a field of this release costs nothing else.
func TestImpossibleTimesCostNothing(t *testing.T) {
	c := bot.Conversation{Platform: "slack", Workspace: "T", Channel: "C"}
	for _, fields := range []string{
		`"f":[-1,-1764115200,253370764800,99999999999999]`, `"f":[9223372036854775807,92233720368547758070,1e300,1.5]`, `"f":["soon",null,{},[]]`, `"f":"never"`, `"f":{}`, `"f":7`, `"f":null`, `"f":[]`,
		`"c":"soon"`, `"c":"-0001-01-01T00:00:00Z"`, `"c":"9999-01-01T00:00:00Z"`, `"c":"10000-01-01T00:00:00Z"`, `"c":"2026-13-01T00:00:00Z"`, `"c":7`, `"c":null`, `"c":{}`,
		`"e":[-1,5]`, `"e":[0,-5]`, `"e":[3,9223372036854775807]`, `"e":[9223372036854775807,2]`, `"e":[0,28]`, `"e":[0,27],"h":"$x"`, `"h":"1*$t"`, `"k":"$"`, `"a":-1`, `"a":256`, `"a":"all"`,
	} {
		m, err := decodeMeeting(c, `7 ID {"v":2,"u":"https://teams.example/join",`+fields+`,"o":{"n":"Ann"}}`)
		if err != nil {
			t.Errorf("%s: %v", fields, err)
			continue
		}
		want := bot.Meeting{
			OnlineMeeting: bot.OnlineMeeting{JoinURL: "https://teams.example/join", ChatThread: m.ChatThread}, ClaimID: "ID", Generation: 7,
			ExternalID: c.String(), Organizer: bot.Organizer{Name: "Ann"},
		}
		if *m != want {
			t.Errorf("%s: %+v, want %+v", fields, m, want)
		}
	}
	m, err := decodeMeeting(c, `7 ID {"v":2,"u":"https://teams.example/join","f":[0,1764115200],"o":{}}`)
	if err != nil || !m.Start.IsZero() || !m.End.Equal(time.Date(2025, 11, 26, 0, 0, 0, 0, time.UTC)) || !m.Expires.IsZero() || !m.Confirmed.IsZero() {
		t.Errorf("an end without a start is %+v, %v", m, err)
	}
	// Nor does such a time keep a meeting from being written.
	for _, at := range []time.Time{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(1<<62, 0)} {
		full := bot.Meeting{OnlineMeeting: bot.OnlineMeeting{JoinURL: "https://teams.example/join", Created: at, Start: at, End: at, Expires: at}, Confirmed: at}
		value, err := encodeMeeting(bot.Claim{ID: "ID", Generation: 7, Conversation: c}, full)
		if err != nil {
			t.Fatalf("%v: %v", at, err)
		}
		if m, err := decodeMeeting(c, value); err != nil || m.OnlineMeeting != (bot.OnlineMeeting{JoinURL: full.JoinURL}) || !m.Confirmed.IsZero() {
			t.Errorf("%v is read as %+v, %v", at, m, err)
		}
	}
}

// What a later release added to a record stays when the meeting changes, and nothing else does.
func TestUnknownFieldsAreKept(t *testing.T) {
	c := bot.Conversation{Platform: "slack", Workspace: "T", Channel: "C"}
	before := `7 ID {"v":2,"u":"https://teams.example/join","s":"Weekly","d":true,"o":{"i":"1"},"B2":{"x":[1,"}"]},"later<":"\u00e9","S":"odd"}`
	m, err := decodeMeeting(c, before)
	if err != nil {
		t.Fatal(err)
	}
	m.Subject, m.Orphaned = "", false
	value, err := encodeMeeting(bot.Claim{ID: "ID", Generation: 7, Conversation: c}, *m)
	if err != nil {
		t.Fatal(err)
	}
	want := `7 ID {"v":2,"u":"https://teams.example/join","o":{"i":"1"},"B2":{"x":[1,"}"]},"later\u003c":"\u00e9"}`
	if got := keepUnknown(value, before); got != want {
		t.Errorf("the record is\n%s, want\n%s", got, want)
	}
	if got := keepUnknown(value, "nonsense"); got != value {
		t.Errorf("after nonsense it is %s", got)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "1", "1 ", "1 ID", "1 ID {}", `1 ID {"u":"https://teams.example/join"}`, `2 ID {"o":{"i":"1"},"a":[{"i":"1","u":"2"}],"x":"y"}`,
		"0 ID {}", "+1 ID {}", `7 ID {"v":2,"i":"MSo1","u":"https://teams.example/join"}`, `7 ID {"v":3,"u":"https://teams.example/join"}`, `1 ID {"v":-1,"u":"x"}`, "1  {}", "1 ID null", "1 ID []", "18446744073709551616 ID {}",
		`7 ID {"v":2,"h":"1*$o*0**$t","u":"https://teams.example/19%3Ameeting_a%40thread.v2/0","f":[1764115200,0,1764118800],"e":[22,26],"o":{"i":"1","n":"Ann"},"k":"$o","m":"","w":"expired","q":"Ben","a":5,"b":1}`,
		`7 ID {"v":2,"i":"MSo1","g":"x","h":"$$","u":"%FF%zz","y":"t","e":[0,3],"c":"2026-11-26T03:00:00.5+01:00","d":true,"o":{}}`,
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
			again = keepUnknown(again, value)
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
		oneTag(t, append(defaultKeys.resolve(c), append(defaultKeys.own(c), defaultKeys.of(c).cards, defaultKeys.of(c).link)...))
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
