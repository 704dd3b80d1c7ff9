package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"meetbot/bot"
)

// A meeting or a pending claim is "<generation> <claim ID> <payload>". The scripts read the first two words; the
// payload is JSON with short names, because there is one such record for every conversation, for good.

// errCorrupt says that a record is not one of ours.
var errCorrupt = errors.New("record cannot be read")

type organizerRecord struct {
	ID   string `json:"i"`
	Name string `json:"n,omitempty"`
}

type meetingRecord struct {
	JoinURL      string          `json:"u"`
	Subject      string          `json:"s,omitempty"`
	Created      time.Time       `json:"c,omitzero"`
	JoinID       string          `json:"j,omitempty"`
	Passcode     string          `json:"p,omitempty"`
	TollNumber   string          `json:"t,omitempty"`
	ConferenceID string          `json:"n,omitempty"`
	ExternalID   string          `json:"x,omitempty"` // left out where it is the conversation's own name
	Organizer    organizerRecord `json:"o"`
	Language     bot.Language    `json:"l,omitempty"`
}

type attendeeRecord struct {
	ID  string `json:"i"`
	UPN string `json:"u"`
}

type claimRecord struct {
	Job        string           `json:"b,omitempty"`
	User       string           `json:"k,omitempty"`
	Organizer  organizerRecord  `json:"o"`
	ExternalID string           `json:"x"`
	Subject    string           `json:"s,omitempty"`
	Start      time.Time        `json:"f,omitzero"`
	End        time.Time        `json:"t,omitzero"`
	Attendees  []attendeeRecord `json:"a,omitempty"`
	Language   bot.Language     `json:"l,omitempty"`
}

// encodeMeeting writes the meeting that the claim became.
func encodeMeeting(claim bot.Claim, m bot.Meeting) (string, error) {
	r := meetingRecord{
		JoinURL: m.JoinURL, Subject: m.Subject, Created: m.Created.Truncate(time.Second), JoinID: m.JoinID, Passcode: m.Passcode,
		TollNumber: m.TollNumber, ConferenceID: m.ConferenceID, ExternalID: m.ExternalID,
		Organizer: organizerRecord(m.Organizer), Language: m.Language,
	}
	if m.JoinURL == "" {
		return "", errors.New("meeting has no join link")
	}
	if r.ExternalID == claim.Conversation.String() {
		r.ExternalID = ""
	}
	return encode(claim, r)
}

// decodeMeeting reads the meeting of conversation c.
func decodeMeeting(c bot.Conversation, value string) (*bot.Meeting, error) {
	var r meetingRecord
	generation, id, err := decode(value, &r)
	if err != nil {
		return nil, fmt.Errorf("meeting of %s: %w", c, err)
	}
	if r.JoinURL == "" {
		return nil, fmt.Errorf("meeting of %s has no join link: %w", c, errCorrupt)
	}
	if r.ExternalID == "" {
		r.ExternalID = c.String()
	}
	return &bot.Meeting{
		OnlineMeeting: bot.OnlineMeeting{
			JoinURL: r.JoinURL, Subject: r.Subject, Created: r.Created, JoinID: r.JoinID, Passcode: r.Passcode,
			TollNumber: r.TollNumber, ConferenceID: r.ConferenceID,
		},
		ClaimID: id, Generation: generation, ExternalID: r.ExternalID, Organizer: bot.Organizer(r.Organizer), Language: r.Language,
	}, nil
}

// encodeClaim writes a claim. Its conversation is not in the record: the key says it.
func encodeClaim(claim bot.Claim) (string, error) {
	q := claim.Request
	r := claimRecord{
		Job: claim.Job, User: claim.User, Organizer: organizerRecord(claim.Organizer), ExternalID: q.ExternalID, Subject: q.Subject,
		Start: q.Start, End: q.End, Language: claim.Language,
	}
	for _, a := range q.Attendees {
		r.Attendees = append(r.Attendees, attendeeRecord(a))
	}
	return encode(claim, r)
}

// decodeClaim reads the pending claim of conversation c.
func decodeClaim(c bot.Conversation, value string) (*bot.Claim, error) {
	var r claimRecord
	generation, id, err := decode(value, &r)
	if err != nil {
		return nil, fmt.Errorf("claim of %s: %w", c, err)
	}
	claim := &bot.Claim{
		ID: id, Job: r.Job, User: r.User, Conversation: c, Generation: generation, Organizer: bot.Organizer(r.Organizer), Language: r.Language,
		Request: bot.MeetingRequest{ExternalID: r.ExternalID, Subject: r.Subject, Start: r.Start, End: r.End},
	}
	for _, a := range r.Attendees {
		claim.Request.Attendees = append(claim.Request.Attendees, bot.Attendee(a))
	}
	return claim, nil
}

func encode(claim bot.Claim, payload any) (string, error) {
	if claim.Generation < 1 || claim.ID == "" || strings.ContainsAny(claim.ID, " \t\r\n\v\f") {
		return "", fmt.Errorf("claim %q of generation %d cannot be recorded", claim.ID, claim.Generation)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d %s ", claim.Generation, claim.ID)
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // a join link has an & that would take six bytes
	if err := e.Encode(payload); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

func decode(value string, payload any) (generation int, id string, err error) {
	number, rest, _ := strings.Cut(value, " ")
	id, text, _ := strings.Cut(rest, " ")
	n, err := strconv.ParseUint(number, 10, 31)
	if err != nil || n == 0 || id == "" {
		return 0, "", errCorrupt
	}
	// The errors of package json quote what they trip over; a record's content belongs in no log.
	if json.Unmarshal([]byte(text), payload) != nil {
		return 0, "", errCorrupt
	}
	return int(n), id, nil
}
