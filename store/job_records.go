package store

import (
	"encoding/json"
	"fmt"
	"time"

	"meetbot/bot"
)

// jobFormat is the version of the job records that this release writes. Version 1, which has no number, is that of the
// first release: there the kind of a job stood in its command. Both releases understand the records of both.
const jobFormat = 2

// The commands by which version 1 named jobs that are no commands.
const (
	unclearV1 = "unclear"
	welcomeV1 = "welcome"
)

// jobRecord is a job as it stands in the stream and among the dead letters, in JSON.
type jobRecord struct {
	Version      int                `json:"v,omitempty"`
	ID           string             `json:"id"`
	Kind         bot.JobKind        `json:"kind,omitempty"`
	Conversation conversationRecord `json:"conversation"`
	Command      commandRecord      `json:"command"`
	Undo         int                `json:"undo,omitempty"` // the generation that the job is about
	Use          bot.Kind           `json:"use,omitempty"`  // the command that started a job in the background
	Action       bot.ActionID       `json:"action,omitempty"`
	Redate       string             `json:"redate,omitempty"`
	Relink       string             `json:"relink,omitempty"` // the fingerprint of the token to replace
	Listed       string             `json:"listed,omitempty"` // the attendees with whom the meeting was made
	Asker        askerRecord        `json:"asker"`
	Seen         int                `json:"seen,omitempty"`
	Language     bot.Language       `json:"language,omitempty"`
	Zone         bot.Zone           `json:"zone,omitempty"`
	Topic        string             `json:"topic,omitempty"`
	Route        routeRecord        `json:"route"`
	Accepted     time.Time          `json:"accepted"`
	Trace        string             `json:"trace"`
}

type conversationRecord struct {
	Platform  string `json:"platform"`
	Workspace string `json:"workspace"`
	Channel   string `json:"channel"`
	Thread    string `json:"thread,omitempty"`
}

type askerRecord struct {
	Platform  string `json:"platform"`
	Workspace string `json:"workspace"`
	User      string `json:"user"`
}

type commandRecord struct {
	Kind    string     `json:"kind"`
	Subject string     `json:"subject,omitempty"`
	Line    string     `json:"line,omitempty"`
	Clipped bool       `json:"clipped,omitempty"`
	Guess   bot.Kind   `json:"meant,omitempty"`
	Advice  bot.Advice `json:"advice,omitempty"`
}

type routeRecord struct {
	Channel     string `json:"channel,omitempty"`
	Thread      string `json:"thread,omitempty"`
	User        string `json:"user,omitempty"`
	Team        string `json:"team,omitempty"`
	Service     string `json:"service,omitempty"`
	Message     string `json:"message,omitempty"`
	Private     bool   `json:"private,omitempty"`
	Alone       bool   `json:"alone,omitempty"`
	Root        bool   `json:"root,omitempty"`
	Chat        bool   `json:"chat,omitempty"`
	ResponseURL string `json:"capability,omitempty"` // as version 1 named it
}

// encodeJob writes a job so that version 1 understands it too.
func encodeJob(j bot.Job) (string, error) {
	r := jobRecord{
		Version: jobFormat, ID: j.ID, Kind: j.Kind, Conversation: conversationRecord(j.Conversation),
		Command: commandRecord{Kind: string(j.Command.Kind), Subject: j.Command.Subject, Line: j.Command.Line,
			Clipped: j.Command.Clipped},
		Asker: askerRecord(j.Asker), Seen: j.Seen, Language: j.Language, Zone: j.Zone, Topic: j.Topic,
		Route: routeRecord(j.Route), Accepted: j.Accepted, Trace: j.Trace, Listed: j.Listed,
	}
	switch j.Kind {
	case "":
		r.Kind = bot.JobCommand
	case bot.JobUnclear:
		r.Command.Kind, r.Command.Guess = unclearV1, j.Guess
	case bot.JobWelcome:
		r.Command.Kind = welcomeV1
	case bot.JobOffer: // to the first release it is a wish to see what is current
		r.Command.Kind = string(bot.Show)
	case bot.JobAdvice: // and this one a wish for help
		r.Command.Kind, r.Command.Advice = string(bot.Help), j.Advice
	case bot.JobCard: // to the first release it is a wish to see what is current
		r.Command.Kind, r.Action, r.Undo = string(bot.Show), j.Action, j.Generation
	case bot.JobUndo, bot.JobReveal: // likewise
		r.Command.Kind, r.Undo = string(bot.Show), j.Generation
	case bot.JobRedate, bot.JobQuiet, bot.JobRemind: // likewise
		r.Command.Kind, r.Redate, r.Undo = string(bot.Show), j.Redate, j.Generation
	case bot.JobRelink: // likewise
		r.Command.Kind, r.Relink = string(bot.Show), j.Link
	case bot.JobInvite, bot.JobTell: // likewise
		r.Command.Kind, r.Undo = string(bot.Show), j.Generation
	case bot.JobConfirm, bot.JobOptions, bot.JobCards, bot.JobBookmark: // likewise
		r.Command.Kind, r.Use, r.Undo = string(bot.Show), j.Command.Kind, j.Generation
	}
	record, err := json.Marshal(r)
	return string(record), err
}

// decodeJob reads a job of any version up to this one. A job of a later version has a kind that nobody knows, so it is
// left alone like any other job of a later release.
func decodeJob(record string) (bot.Job, error) {
	var r jobRecord
	// The errors of package json quote what they trip over; a record's content belongs in no log.
	if json.Unmarshal([]byte(record), &r) != nil || r.ID == "" {
		return bot.Job{}, errCorrupt
	}
	j := bot.Job{
		ID: r.ID, Conversation: bot.Conversation(r.Conversation), Asker: bot.Asker(r.Asker), Seen: r.Seen,
		Language: r.Language, Zone: r.Zone, Topic: r.Topic, Route: bot.Route(r.Route), Accepted: r.Accepted,
		Trace: r.Trace,
	}
	j.Kind, j.Command = r.Kind, bot.Command{Kind: bot.Kind(r.Command.Kind), Subject: r.Command.Subject}
	j.Command.Clipped, j.Command.Line = r.Command.Clipped, r.Command.Line
	if r.Version > jobFormat {
		j.Kind = bot.JobKind(fmt.Sprintf("%s in format %d", r.Kind, r.Version))
		return j, nil
	}
	if r.Version == 0 {
		switch r.Command.Kind {
		case unclearV1:
			j.Kind = bot.JobUnclear
		case welcomeV1:
			j.Kind = bot.JobWelcome
		default:
			j.Kind = bot.JobCommand
		}
	}
	switch j.Kind {
	case bot.JobUnclear:
		j.Command.Kind, j.Guess = bot.Meet, r.Command.Guess
	case bot.JobOffer, bot.JobAdvice:
		j.Command.Kind, j.Advice = bot.Meet, r.Command.Advice
	case bot.JobWelcome:
		j.Command = bot.Command{}
	case bot.JobCard:
		j.Command, j.Action, j.Generation = bot.Command{}, r.Action, r.Undo
	case bot.JobUndo, bot.JobReveal:
		j.Command, j.Generation = bot.Command{}, r.Undo
	case bot.JobRedate, bot.JobQuiet, bot.JobRemind:
		j.Command, j.Redate, j.Generation = bot.Command{}, r.Redate, r.Undo
	case bot.JobRelink:
		j.Command, j.Link = bot.Command{}, r.Relink
	case bot.JobInvite, bot.JobTell:
		j.Command.Kind, j.Generation, j.Listed = bot.Meet, r.Undo, r.Listed
	case bot.JobConfirm, bot.JobOptions, bot.JobCards, bot.JobBookmark:
		j.Command, j.Generation = bot.Command{Kind: r.Use}, r.Undo
	}
	return j, nil
}

// acceptedNow is the record with another time of acceptance. Whatever a later release keeps in it stays.
func acceptedNow(record string, now time.Time) (string, error) {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(record), &fields) != nil {
		return "", errCorrupt
	}
	at, err := json.Marshal(now)
	if err != nil {
		return "", err
	}
	fields["accepted"] = at
	changed, err := json.Marshal(fields)
	return string(changed), err
}
