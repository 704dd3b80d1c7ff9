package store

import (
	"bytes"
	"cmp"
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
// payload is JSON with short names, because there is one such record for every conversation, for good. Its first field
// is the version, where claim.lua looks for it. What is zero is left out. See shorten.go for how texts and times are
// kept.

// recordVersion is the version of the meetings and claims that this release writes. Version 1, which has no number, is
// that of the first release; version 2 adds the meeting's ID. A later release raises the number only if this one would
// misread the record: what is added otherwise is ignored here, and kept when the meeting changes.
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
	ShortID      string          `json:"h,omitempty"` // or, still shorter, that text with references
	JoinURL      string          `json:"u"`
	Subject      string          `json:"s,omitempty"`
	Created      moment          `json:"c,omitzero"`
	Times        timesRecord     `json:"f,omitzero"`
	Thread       string          `json:"y,omitempty"` // of the chat, as it is
	ThreadPlace  placeRecord     `json:"e,omitzero"`  // or, shorter, where the join link has it
	JoinID       string          `json:"j,omitempty"`
	Passcode     string          `json:"p,omitempty"`
	TollNumber   string          `json:"t,omitempty"`
	ConferenceID string          `json:"n,omitempty"`
	ExternalID   string          `json:"x,omitempty"` // left out where it is the conversation's own name
	Organizer    organizerRecord `json:"o"`
	Starter      string          `json:"k,omitempty"` // the user, with references
	StarterName  *string         `json:"m,omitempty"` // left out where it is the organizer's
	Orphaned     bool            `json:"d,omitempty"`
	Dated        bool            `json:"b,omitempty"`
	DatedBy      string          `json:"r,omitempty"` // the user, with references
	Sequence     int             `json:"sq,omitempty"`
	Quiet        bool            `json:"qt,omitempty"`
	Withheld     bool            `json:"wh,omitempty"`
	ShownBy      string          `json:"sb,omitempty"`
	Why          bot.Reason      `json:"w,omitempty"`
	Former       string          `json:"q,omitempty"` // the name of the former organizer
	Todo         todoRecord      `json:"a,omitempty"`
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
	Name       string           `json:"n,omitempty"`
	Why        bot.Reason       `json:"w,omitempty"`
	Former     string           `json:"q,omitempty"` // the name of the former organizer
	Dated      bool             `json:"d,omitempty"`
	// The script that records a claim adds a last field "r": the milliseconds of Redis' clock. The scripts alone read
	// it.
}

// encodeMeeting writes the meeting that the claim became. Times are kept to the second, and one that cannot be a
// meeting's is left out.
func encodeMeeting(claim bot.Claim, m bot.Meeting) (string, error) {
	r := meetingRecord{
		Version: recordVersion, JoinURL: m.JoinURL, Subject: m.Subject, Created: moment{believed(m.Created)},
		Times:  timesRecord{believed(m.Start), believed(m.End), believed(m.Expires), believed(m.Confirmed)},
		JoinID: m.JoinID, Passcode: m.Passcode, TollNumber: m.TollNumber, ConferenceID: m.ConferenceID,
		ExternalID: m.ExternalID, Organizer: organizerRecord(m.Organizer), Orphaned: m.Orphaned,
		Why: m.Replaced.Why, Former: m.Replaced.Organizer, Todo: todoRecord(m.Todo), Language: m.Language, Zone: m.Zone,
	}
	if m.JoinURL == "" {
		return "", errors.New("meeting has no join link")
	}
	if r.ExternalID == claim.Conversation.String() {
		r.ExternalID = ""
	}
	if r.ThreadPlace = placeIn(m.JoinURL, m.ChatThread); r.ThreadPlace == (placeRecord{}) {
		r.Thread = m.ChatThread
	}
	refs := references{organizer: m.Organizer.ID, thread: m.ChatThread}
	switch plain := plainText(m.ID); {
	case plain == "":
		r.ID = m.ID
	case len(refs.shorten(plain)) < len(plain):
		r.ShortID = refs.shorten(plain)
	default:
		r.PlainID = plain
	}
	r.Starter = refs.shorten(m.StartedBy.User)
	r.Dated, r.DatedBy, r.Sequence = m.Dated, refs.shorten(m.DatedBy), m.Sequence
	r.Quiet, r.Withheld, r.ShownBy = m.Quiet, m.Withheld, m.ShownBy
	if m.StartedBy.User == "" && m.StartedBy.Name != "" ||
		m.StartedBy.User != "" && m.StartedBy.Name != m.Organizer.Name {
		r.StarterName = &m.StartedBy.Name
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
	thread := cmp.Or(r.Thread, r.ThreadPlace.in(r.JoinURL))
	refs := references{organizer: r.Organizer.ID, thread: thread}
	starter := bot.Starter{User: refs.restore(r.Starter)}
	if starter.User != "" {
		starter.Name = r.Organizer.Name
	}
	if r.StarterName != nil {
		starter.Name = *r.StarterName
	}
	return &bot.Meeting{
		OnlineMeeting: bot.OnlineMeeting{
			ID: r.meetingID(refs), JoinURL: r.JoinURL, Subject: r.Subject, Created: r.Created.Time,
			Start: r.Times[0], End: r.Times[1], Expires: r.Times[2], ChatThread: thread,
			JoinID: r.JoinID, Passcode: r.Passcode, TollNumber: r.TollNumber, ConferenceID: r.ConferenceID,
		},
		ClaimID: id, Generation: generation, ExternalID: r.ExternalID, Organizer: bot.Organizer(r.Organizer),
		Language: r.Language, Zone: r.Zone, StartedBy: starter, Confirmed: r.Times[3], Orphaned: r.Orphaned,
		Dated: r.Dated && !r.Times[1].IsZero(), DatedBy: refs.restore(r.DatedBy), Sequence: max(0, r.Sequence),
		Quiet: r.Quiet, Withheld: r.Withheld, ShownBy: r.ShownBy,
		Replaced: bot.Replacement{Why: r.Why, Organizer: r.Former}, Todo: bot.Todo(r.Todo),
	}, nil
}

// meetingID returns Graph's ID of the meeting; empty if the record does not tell it.
func (r meetingRecord) meetingID(refs references) string {
	plain := r.PlainID
	if r.ShortID != "" {
		plain = refs.restore(r.ShortID)
	}
	if plain != "" {
		return base64.StdEncoding.EncodeToString([]byte(plain))
	}
	return r.ID
}

// encodeClaim writes a claim. Its conversation is not in the record: the key says it.
func encodeClaim(claim bot.Claim) (string, error) {
	q := claim.Request
	r := claimRecord{
		Version: recordVersion, Job: claim.Job, User: claim.User, Organizer: organizerRecord(claim.Organizer),
		ExternalID: q.ExternalID, Subject: q.Subject, Start: q.Start, End: q.End, Language: claim.Language,
		Zone: claim.Zone, Name: claim.Name, Dated: claim.Dated,
		Why: claim.Replaced.Why, Former: claim.Replaced.Organizer,
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
		Organizer: bot.Organizer(r.Organizer), Language: r.Language, Zone: r.Zone, Name: r.Name,
		Replaced: bot.Replacement{Why: r.Why, Organizer: r.Former}, Dated: r.Dated,
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
