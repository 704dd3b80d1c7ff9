package bot

import (
	"cmp"
	"context"
	"slices"
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
	Actions  []Action  // buttons, below everything else; those of a card stand beside its own
	// PublicFallback is said in place of the sentences where the asker cannot be told alone; nil if everybody may read
	// them.
	PublicFallback *Message
	// Aside is what the asker alone is told besides a card for everybody; nil for most replies.
	Aside *Reply
	// Optional says that the reply is for the asker alone or for nobody: it is not shown to everybody instead.
	Optional bool
}

// Empty tells whether the reply says nothing: its asker was answered in another way.
func (r Reply) Empty() bool { return r.Card == nil && len(r.Messages) == 0 }

// Message is one sentence of the [Catalog]: its ID, for example card.since, and what fills its gaps. Lines to copy may
// follow it.
type Message struct {
	ID   string
	Args []Arg
	Code []string // lines to copy; none for most sentences
}

// Arg fills the gap of the same name. How it is written depends on the value's type. A string is text from outside: it
// is cleaned, cut to 300 characters, and escaped by the platform's [Style]. A time.Time, a [Conversation] and a command
// are written as the style writes them, an int in digits; another message, or several, as sentences of their own. Any
// other value is treated as the text that fmt.Sprint makes of it.
type Arg struct {
	Name  string
	Value any
}

// message makes a message.
func message(id string, args ...Arg) Message { return Message{ID: id, Args: args} }

// Elsewhere is the reply as it is read outside the conversation that it is about, such as in a direct message: a press
// there would be about that one.
func (r Reply) Elsewhere() Reply {
	if r.Card != nil {
		card := *r.Card
		card.Elsewhere = true
		r.Card = &card
	}
	r.Actions = slices.DeleteFunc(slices.Clone(r.Actions), func(a Action) bool { return a.ID == ActionReveal })
	return r
}

// setAside takes what only the asker has to know off a card for everybody, so that they are told it alone, in their
// language. Where nobody else reads the card, it stays there.
func (r *Reply) setAside(where Route, lang Language) {
	if r.Card == nil || r.Audience != AudienceEveryone || where.Alone {
		return
	}
	if notes := r.Card.asides(); len(notes) > 0 {
		if r.Aside == nil {
			r.Aside = &Reply{Audience: AudienceAsker, Language: lang, Optional: true}
		}
		r.Aside.Messages = append(r.Aside.Messages, notes...)
		card := *r.Card
		card.Asked, card.Wished = "", nil
		r.Card = &card
	}
}

// offerChange offers the asker a button with which they can change the meeting that the card shows: on the card, if
// nobody else reads it, otherwise beside it.
func (r *Reply) offerChange(where Route, lang Language, c Command, change Action) {
	words := message("offer.change", Arg{"Literal", c})
	if r.Audience == AudienceEveryone && !where.Alone {
		r.Aside = &Reply{
			Audience: AudienceAsker, Language: lang, Messages: []Message{words}, Actions: []Action{change},
			Optional: true,
		}
		return
	}
	r.Card.Wished = append(r.Card.Wished, words)
	r.Actions = append(r.Actions, change)
}

// setZone puts the times of the reply into the zone of whoever reads it: the asker's, or the maker's if everybody reads
// it or the asker's is not known.
func (r *Reply) setZone(asker Zone) {
	if r.Card == nil {
		return
	}
	m := &r.Card.Meeting
	zone := m.Zone
	if r.Audience != AudienceEveryone {
		zone = cmp.Or(asker, zone)
	}
	m.Created, m.Start, m.End = zone.in(m.Created), zone.in(m.Start), zone.in(m.End)
	if !r.Card.Checked.IsZero() {
		r.Card.Checked = zone.in(r.Card.Checked)
	}
}

// Text renders the reply as plain lines in the given style: what notifications and screen readers get.
func (r Reply) Text(catalog *Catalog, style Style) string {
	var lines []string
	if r.Card == nil {
		for _, m := range r.Messages {
			lines = append(lines, catalog.Render(r.Language, m, style))
			for _, code := range m.Code {
				lines = append(lines, style.Text(code))
			}
		}
		return strings.Join(lines, "\n")
	}
	c := r.Card
	lines = append(lines, style.Text(c.Title(catalog, r.Language)), c.Line(catalog, r.Language, style))
	if with, ok := c.With(); ok {
		lines = append(lines, catalog.Render(r.Language, with, style))
	}
	for _, m := range c.Notes() {
		lines = append(lines, catalog.Render(r.Language, m, style))
	}
	for _, f := range c.Facts() {
		lines = append(lines, catalog.Render(r.Language, f.Label, style)+": "+style.Text(f.Value))
	}
	// The link is last, since it is long and screen readers spell it.
	if link := c.JoinURL(); link != "" {
		lines = append(lines, catalog.Render(r.Language, c.JoinLabel(), style)+": "+style.Text(link))
	}
	return strings.Join(lines, "\n")
}

// Platform is what the bot needs of a chat platform once a command is accepted.
type Platform interface {
	// Serves tells whether this process can carry out the jobs of a workspace now.
	Serves(workspace string) bool
	// Profile reads what the platform knows of a user, who asked at that route. Errors are of type *Error; a user that
	// is not there is a Profile with NotAPerson.
	Profile(ctx context.Context, a Asker, at Route) (Profile, error)
	// Deliver answers the job by whichever of its routes is left. It returns what was posted. Errors are of type
	// *Error: Throttled may be tried again, and so may ChatCredentials, since a token that is renewed or a scope that
	// is granted opens the route again; with Unavailable, the answer may have been delivered all the same. Anything
	// else is final.
	Deliver(ctx context.Context, j Job, r Reply) (Posted, error)
}
