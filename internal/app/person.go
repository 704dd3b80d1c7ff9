package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"meetbot/bot"
	"meetbot/internal/guid"
	"meetbot/store"
)

// personResult is what Redis holds, or held, of a person.
type personResult struct {
	Person personNames `json:"person"`
	Found  []traceView `json:"found"`
	Done   bool        `json:"done"`            // what was found is erased, but for what stays
	Stays  []string    `json:"stays,omitempty"` // what is elsewhere, and what the bot cannot delete there
}

// personNames are the names that are known of a person.
type personNames struct {
	Users []string `json:"chat_users,omitempty"`
	IDs   []string `json:"ids,omitempty"` // object IDs and e-mail addresses
}

// traceView is something that Redis holds of a person.
type traceView struct {
	What         string       `json:"what"`
	Role         string       `json:"role"`
	Conversation string       `json:"conversation,omitempty"`
	Meeting      *meetingView `json:"meeting,omitempty"`
	Record       any          `json:"record,omitempty"` // as it is stored, without secrets
	NewMeeting   bool         `json:"new_meeting,omitempty"`
	Stays        string       `json:"stays,omitempty"` // why it is not erased
}

// elsewhere is what the bot does not hold and cannot delete.
var elsewhere = []string{
	"Meetings that were made in their name stay in Microsoft Teams, with their chats, lists of attendees and " +
		"recordings, until they expire or somebody deletes them there.",
	"Messages of the bot in Slack or Teams that name them stay there.",
	"The log of the bot has chat users' IDs, and a backup of Redis has what was in Redis, for as long as you keep " +
		"them.",
}

// personNamed is the person whom an operator names: by chat users' IDs, object IDs and e-mail addresses.
func personNamed(names []string) (store.Person, error) {
	var p store.Person
	for _, name := range names {
		switch name = strings.TrimSpace(name); {
		case guid.Valid(name):
			p.IDs = append(p.IDs, strings.ToLower(name))
		case strings.Contains(name, "@"):
			p.IDs = append(p.IDs, name)
		case chatUser.MatchString(name):
			p.Users = append(p.Users, name)
		default:
			return p, fmt.Errorf("%q is no chat user's ID, object ID or e-mail address", name)
		}
	}
	return p, nil
}

// chatUser is the ID of a chat user: short ones would be found in everything.
var chatUser = regexp.MustCompile(`^(29:)?[A-Za-z0-9_-]{4,}$`)

func traceViews(traces []store.Trace, records bool) []traceView {
	all := make([]traceView, 0, len(traces))
	for _, t := range traces {
		v := traceView{What: t.What, Role: bot.CleanText(t.Role), NewMeeting: t.Replaced, Stays: t.Stays}
		if t.Conversation != (bot.Conversation{}) {
			v.Conversation = bot.CleanText(t.Conversation.String())
		}
		if records && t.Meeting != nil {
			m := viewOf(t.Conversation, t.Meeting, true)
			v.Meeting = &m
		}
		if records && t.Record != "" {
			v.Record = bot.CleanText(t.Record)
			if json.Valid([]byte(t.Record)) {
				v.Record = json.RawMessage(t.Record)
			}
		}
		all = append(all, v)
	}
	return all
}

func resultOf(p store.Person, found []traceView) personResult {
	return personResult{Person: personNames{p.Users, p.IDs}, Found: found, Stays: elsewhere}
}

func (r personResult) writeText(w io.Writer) {
	_, _ = fmt.Fprintf(w, "Known as: %s\n\n", strings.Join(slices.Concat(r.Person.Users, r.Person.IDs), ", "))
	if len(r.Found) == 0 {
		_, _ = fmt.Fprintln(w, "Redis holds nothing of them.")
	} else {
		_, _ = fmt.Fprintln(w, "WHAT\tROLE\tCONVERSATION\tREMARK")
	}
	for _, t := range r.Found {
		remark := ""
		switch {
		case t.Stays != "":
			remark = "stays: " + t.Stays
		case t.NewMeeting:
			remark = "the next who asks there gets another meeting"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", t.What, t.Role, t.Conversation, remark)
	}
}

// aboutPerson finds what Redis holds of a person, and hands it to do.
func aboutPerson(
	ctx context.Context, c Config, names []string, do func(*store.Store, store.Person, []store.Trace) error,
) error {
	named, err := personNamed(names)
	if err != nil {
		return err
	}
	return withStore(ctx, c, func(s *store.Store) error {
		known, traces, err := s.Find(ctx, named)
		if err != nil {
			return err
		}
		return do(s, known, traces)
	})
}

// ExportPerson writes everything that Redis holds of a person, who is named by one or several names.
func ExportPerson(ctx context.Context, c Config, o Operation, names []string) error {
	return aboutPerson(ctx, c, names, func(s *store.Store, known store.Person, traces []store.Trace) error {
		r := resultOf(known, traceViews(traces, true))
		o.audit(ctx, "person export", "user", known.Users, "found", len(traces))
		return o.write(r, func(w io.Writer) {
			r.writeText(w)
			for _, t := range r.Found {
				_, _ = fmt.Fprintf(w, "\n%s %s\n", t.What, t.Conversation)
				switch record := t.Record.(type) {
				case json.RawMessage:
					_, _ = fmt.Fprintf(w, "%s\n", bot.CleanText(string(record)))
				case string:
					_, _ = fmt.Fprintln(w, record)
				}
				if t.Meeting != nil {
					t.Meeting.writeText(w)
				}
			}
			writeElsewhere(w)
		})
	})
}

func writeElsewhere(w io.Writer) {
	_, _ = fmt.Fprintln(w, "\nWhat the bot does not hold:")
	for _, line := range elsewhere {
		_, _ = fmt.Fprintln(w, "- "+line)
	}
}

// eraseRounds is how often what is found of a person is erased, since replicas go on meanwhile.
const eraseRounds = 3

// ErasePerson deletes what Redis holds of a person, who is named by one or several names. Conversations whose meeting
// they organize get another one when somebody next asks there: the join link has the organizer's object ID.
func ErasePerson(ctx context.Context, c Config, o Operation, names []string) error {
	return aboutPerson(ctx, c, names, func(s *store.Store, known store.Person, traces []store.Trace) error {
		r := resultOf(known, traceViews(traces, false))
		may, refused := o.confirmed()
		if may {
			if err := erase(ctx, s, known, traces); err != nil {
				return err
			}
			r.Done = true
			o.audit(ctx, "person erase", "user", known.Users, "found", len(traces))
		}
		err := o.write(r, func(w io.Writer) {
			r.writeText(w)
			writeElsewhere(w)
			said := "This would be erased."
			if r.Done {
				said = "It is erased."
			}
			_, _ = fmt.Fprintf(w, "\n%s\n", said)
		})
		return errors.Join(err, refused)
	})
}

func erase(ctx context.Context, s *store.Store, p store.Person, traces []store.Trace) error {
	for range eraseRounds {
		left := 0
		for _, t := range traces {
			if err := s.Erase(ctx, t); err != nil {
				return err
			}
		}
		var err error
		if p, traces, err = s.Find(ctx, p); err != nil {
			return err
		}
		for _, t := range traces {
			if t.Stays == "" {
				left++
			}
		}
		if left == 0 {
			return nil
		}
	}
	return errors.New("the person goes on using the bot, so Redis holds something of them again; repeat it")
}
