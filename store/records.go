package store

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"meetbot/bot"
)

// A meeting or a pending claim is "<generation> <claim ID> <payload>". The scripts read the first two words; the
// payload is JSON with short names, because there is one such record for every conversation, for good.

// recordVersion is the version of the meetings and claims that this release writes. Version 1, which has no number, is
// that of the first release; version 2 adds the meeting's ID. A later release raises the number only if this one would
// misread the record: what is added otherwise is ignored here.
const recordVersion = 2

// errCorrupt says that a value in Redis is not what this package wrote.
var errCorrupt = errors.New("record cannot be read")

// unreadable is the error of a meeting or a claim that cannot be read.
func unreadable(what string, c bot.Conversation, err error) error {
	return &bot.Error{Code: bot.UnreadableRecord, Err: fmt.Errorf("%s of %s in Redis: %w", what, c, err)}
}

type organizerRecord struct {
	ID   string `json:"i"`
	Name string `json:"n,omitempty"`
}

type meetingRecord struct {
	Version      int             `json:"v,omitempty"`
	ID           string          `json:"i,omitempty"` // Graph's, as it is
	PlainID      string          `json:"g,omitempty"` // or, shorter, the text that it is the base64 of
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
	Zone         bot.Zone        `json:"z,omitempty"`
}

type attendeeRecord struct {
	ID  string `json:"i"`
	UPN string `json:"u"`
}

type claimRecord struct {
	Version    int              `json:"v,omitempty"`
	Job        string           `json:"b,omitempty"`
	User       string           `json:"k,omitempty"`
	Organizer  organizerRecord  `json:"o"`
	ExternalID string           `json:"x"`
	Subject    string           `json:"s,omitempty"`
	Start      time.Time        `json:"f,omitzero"`
	End        time.Time        `json:"t,omitzero"`
	Attendees  []attendeeRecord `json:"a,omitempty"`
	Language   bot.Language     `json:"l,omitempty"`
	Zone       bot.Zone         `json:"z,omitempty"`
	// The script that records a claim adds a last field "r": the milliseconds of Redis' clock. The scripts alone read
	// it.
}

// encodeMeeting writes the meeting that the claim became.
func encodeMeeting(claim bot.Claim, m bot.Meeting) (string, error) {
	id, plainID := shortenID(m.ID)
	r := meetingRecord{
		Version: recordVersion, ID: id, PlainID: plainID, JoinURL: m.JoinURL, Subject: m.Subject,
		Created: m.Created.Truncate(time.Second), JoinID: m.JoinID, Passcode: m.Passcode,
		TollNumber: m.TollNumber, ConferenceID: m.ConferenceID, ExternalID: m.ExternalID,
		Organizer: organizerRecord(m.Organizer), Language: m.Language, Zone: m.Zone,
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
	if err == nil {
		err = readableVersion(r.Version)
	}
	if err == nil && r.JoinURL == "" {
		err = errors.New("there is no join link")
	}
	if err != nil {
		return nil, unreadable("meeting", c, err)
	}
	if r.ExternalID == "" {
		r.ExternalID = c.String()
	}
	if r.PlainID != "" {
		r.ID = base64.StdEncoding.EncodeToString([]byte(r.PlainID))
	}
	return &bot.Meeting{
		OnlineMeeting: bot.OnlineMeeting{
			ID: r.ID, JoinURL: r.JoinURL, Subject: r.Subject, Created: r.Created,
			JoinID: r.JoinID, Passcode: r.Passcode, TollNumber: r.TollNumber, ConferenceID: r.ConferenceID,
		},
		ClaimID: id, Generation: generation, ExternalID: r.ExternalID, Organizer: bot.Organizer(r.Organizer),
		Language: r.Language, Zone: r.Zone,
	}, nil
}

// shortenID returns the text that the meeting's ID is the base64 of, if that gives the same ID again, and otherwise the
// ID itself. Graph's IDs are such texts, and every conversation has one. They are opaque all the same: nobody reads the
// text.
func shortenID(id string) (as, plain string) {
	text, err := base64.StdEncoding.DecodeString(id)
	escaped := func(r rune) bool { return r < ' ' || r > '~' }
	if err != nil || bytes.ContainsFunc(text, escaped) || base64.StdEncoding.EncodeToString(text) != id {
		return id, ""
	}
	return "", string(text)
}

// encodeClaim writes a claim. Its conversation is not in the record: the key says it.
func encodeClaim(claim bot.Claim) (string, error) {
	q := claim.Request
	r := claimRecord{
		Version: recordVersion, Job: claim.Job, User: claim.User, Organizer: organizerRecord(claim.Organizer),
		ExternalID: q.ExternalID, Subject: q.Subject, Start: q.Start, End: q.End, Language: claim.Language,
		Zone: claim.Zone,
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
	if err == nil {
		err = readableVersion(r.Version)
	}
	if err != nil {
		return nil, unreadable("claim", c, err)
	}
	claim := &bot.Claim{
		ID: id, Job: r.Job, User: r.User, Conversation: c, Generation: generation,
		Organizer: bot.Organizer(r.Organizer), Language: r.Language, Zone: r.Zone,
		Request: bot.MeetingRequest{ExternalID: r.ExternalID, Subject: r.Subject, Start: r.Start, End: r.End},
	}
	for _, a := range r.Attendees {
		claim.Request.Attendees = append(claim.Request.Attendees, bot.Attendee(a))
	}
	return claim, nil
}

// readableVersion returns an error for a version that this release does not know.
func readableVersion(v int) error {
	if v > recordVersion {
		return fmt.Errorf("record has version %d, and this release reads versions up to %d", v, recordVersion)
	}
	return nil
}

// recordHeader is the beginning of a record as the scripts read it: "<generation> <claim ID> ".
var recordHeader = regexp.MustCompile(`^([1-9][0-9]{0,9}) ([^\s\v]+) `)

// generationOf returns the generation of a meeting whose record cannot be read: what its header says. If that cannot be
// read either, it is a number made from the time, higher than that of any meeting that the conversation had:
// generations do not go down. No meeting gets that very number: so an asker who saw the unreadable record gets the
// meeting that replaced it since.
func generationOf(record string, now time.Time) int {
	if found := recordHeader.FindStringSubmatch(record); found != nil {
		if n, err := strconv.ParseUint(found[1], 10, 31); err == nil {
			return int(n)
		}
	}
	return unknownGeneration(now)
}

// unknownGeneration is what counts as the generation of a meeting whose record does not tell it.
func unknownGeneration(now time.Time) int {
	return int(now.Unix()/60) * generationsAMinute
}

// generationsAMinute is more than the fresh meetings that are made in a conversation in a minute, on the average of its
// life. It is small enough for the numbers to have 31 bits until the year 2174.
const generationsAMinute = 20

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
	found := recordHeader.FindStringSubmatch(value)
	if found == nil {
		return 0, "", errCorrupt
	}
	n, err := strconv.ParseUint(found[1], 10, 31)
	if err != nil {
		return 0, "", errCorrupt
	}
	// The errors of package json quote what they trip over; a record's content belongs in no log.
	if json.Unmarshal([]byte(value[len(found[0]):]), payload) != nil {
		return 0, "", errCorrupt
	}
	return int(n), found[2], nil
}
