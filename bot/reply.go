package bot

import (
	"context"
	"strings"
)

// Audience says who is to read a reply.
type Audience int

// The audiences.
const (
	AudienceEveryone Audience = iota // the whole conversation
	AudienceAsker                    // the asker alone, in the conversation
	AudienceDirect                   // the asker alone, away from the conversation: as a direct message
)

// Reply is what the bot answers: a card, or sentences. Platforms turn it into their own wire format.
type Reply struct {
	Audience Audience
	Language Language
	Card     *Card     // a meeting to show; nil for sentences
	Messages []Message // sentences, one paragraph each
	Code     []string  // lines to copy, after the first sentence
	// PublicFallback is said in place of the sentences where the asker cannot be told alone; nil if everybody may read them.
	PublicFallback *Message
}

// Card shows a meeting.
type Card struct {
	Meeting Meeting
	New     bool // made by the command that is being answered
	// KeptSubject says that the asker named another subject than the meeting has.
	KeptSubject bool
}

// Message is one sentence of the catalogue: its ID and what fills its gaps. A string is text from outside: it is
// cleaned, bounded, and escaped by the platform's [Style]; a time.Time is shown as the style shows times.
type Message struct {
	ID   string
	Args map[string]any
}

// say makes a message. Arguments alternate between names and values.
func say(id string, args ...any) Message {
	m := Message{ID: id}
	for i := 0; i+1 < len(args); i += 2 {
		if m.Args == nil {
			m.Args = make(map[string]any, len(args)/2)
		}
		m.Args[args[i].(string)] = args[i+1]
	}
	return m
}

// Fact is a labelled value of a card.
type Fact struct {
	Label Message
	Value string // literal text
}

// Title is the card's headline: the meeting's true subject, as literal text.
func (c Card) Title(w *Words, lang Language) string {
	if subject := shortText(c.Meeting.Subject); subject != "" {
		return subject
	}
	return w.Plain(lang, say("subject.default"))
}

// Status tells whether the meeting is new or since when it exists.
func (c Card) Status() Message {
	switch {
	case c.New:
		return say("card.new")
	case c.Meeting.Created.IsZero():
		return say("card.exists")
	default:
		return say("card.since", "When", c.Meeting.Created)
	}
}

// Facts lists the organizer and the ways to join without the link, as far as Graph gave them.
func (c Card) Facts() []Fact {
	all := []Fact{
		{say("card.organizer"), c.Meeting.Organizer.Name},
		{say("card.join_id"), c.Meeting.JoinID},
		{say("card.passcode"), c.Meeting.Passcode},
		{say("card.phone"), c.Meeting.TollNumber},
		{say("card.conference_id"), c.Meeting.ConferenceID},
	}
	facts := all[:0]
	for _, f := range all {
		if f.Value = shortText(f.Value); f.Value != "" {
			facts = append(facts, f)
		}
	}
	return facts
}

// Notes are the lines below the card: what to do next.
func (c Card) Notes() []Message {
	if c.KeptSubject {
		return []Message{say("card.kept_subject", "Subject", c.Meeting.Subject), say("card.dead_link")}
	}
	return []Message{say("card.dead_link")}
}

// RefreshLabel is the text of the button that shows which meeting is the current one, where a platform can change a card
// in its place.
func (c Card) RefreshLabel() Message { return say("card.refresh") }

// JoinLabel is the text of the button that joins.
func (c Card) JoinLabel() Message { return say("card.join") }

// Text renders the reply as plain lines in the given style: what notifications and screen readers get.
func (r Reply) Text(w *Words, style Style) string {
	var lines []string
	if r.Card == nil {
		for i, m := range r.Messages {
			lines = append(lines, w.Say(r.Language, m, style))
			if i == 0 {
				for _, code := range r.Code {
					lines = append(lines, style.Text(code))
				}
			}
		}
		return strings.Join(lines, "\n")
	}
	lines = append(lines,
		style.Text(r.Card.Title(w, r.Language)),
		w.Say(r.Language, r.Card.Status(), style),
		w.Say(r.Language, r.Card.JoinLabel(), style)+": "+style.Text(r.Card.Meeting.JoinURL))
	for _, f := range r.Card.Facts() {
		lines = append(lines, w.Say(r.Language, f.Label, style)+": "+style.Text(f.Value))
	}
	for _, m := range r.Card.Notes() {
		lines = append(lines, w.Say(r.Language, m, style))
	}
	return strings.Join(lines, "\n")
}

// Platform is what the bot needs of a chat platform once a command is accepted.
type Platform interface {
	// Profile reads what the platform knows of a user. Errors are of type *Error; a user that is not there is a
	// Profile with NotAPerson.
	Profile(ctx context.Context, a Asker) (Profile, error)
	// Deliver answers the job by whichever of its routes is left. It returns the message in the channel that was
	// posted, if it knows it, so that a thread under it can be told to belong to the channel. Errors are of type *Error:
	// Throttled may be tried again, and so may ChatCredentials, since a token that is renewed or a scope that is granted
	// opens the route again; with Unavailable, the answer may have been delivered all the same. Anything else is final.
	Deliver(ctx context.Context, j Job, r Reply) (posted string, err error)
}
