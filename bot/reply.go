package bot

import (
	"cmp"
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
	Actions  []Action  // buttons, below everything else; those of a card stand beside its own
	// PublicFallback is said in place of the sentences where the asker cannot be told alone; nil if everybody may read
	// them.
	PublicFallback *Message
}

// Empty tells whether the reply says nothing: its asker was answered in another way.
func (r Reply) Empty() bool { return r.Card == nil && len(r.Messages) == 0 }

// Card shows a meeting.
type Card struct {
	Meeting Meeting
	New     bool // made by the command that is being answered
	// Replaces says that the new meeting took the place of an earlier one.
	Replaces bool
	// Restored says that the meeting is the earlier one, which an Undo gave back.
	Restored bool
	// Withheld says that the asker alone sees the card, until somebody shows it to everybody.
	Withheld bool
	// Revealed says that the asker shows it to everybody.
	Revealed bool
	// TooLate says that the asker wanted to undo what cannot be undone any more.
	TooLate bool
	// KeptSubject says that the asker named another subject than the meeting has.
	KeptSubject bool
	// Renamed says that the asker gave the meeting its subject just now.
	Renamed bool
	// Ahead says that the meeting has a date that is not over.
	Ahead bool
	// Redated says that the date was changed or taken away just now.
	Redated bool
	// ForCalendar says that the asker wants to put the meeting into a calendar.
	ForCalendar bool
	// Calendar are the ways to do that; none for most cards without a date.
	Calendar CalendarLinks
	// Reminder says that the card reminds of the date. It says no more than what to join, and when.
	Reminder bool
	// Wished is what the asker of a date may have meant otherwise.
	Wished []Message
	// Invited are those whom the asker invites with this very card. They are mentioned, so that the platform tells
	// them.
	Invited []Mention
	// InvitedBy is the name of the person who invites the reader. Then the card is a direct message.
	InvitedBy string
	// Why says why the meeting took the place of an earlier one though nobody asked for that; zero if that is no news.
	Why Replacement
	// Ended says that another meeting has taken this one's place. Then the card is a posted one that is changed: it has
	// no way to join but by Current.
	Ended   bool
	Current *Meeting     // Ended: the conversation's meeting; nil if it has none
	of      Conversation // whose meeting it is
}

// Message is one sentence of the [Catalog]: its ID, for example card.since, and what fills its gaps. Lines to copy may
// follow it.
type Message struct {
	ID   string
	Args []Arg
	Code []string // lines to copy; none for most sentences
}

// Arg fills the gap of the same name. How it is written depends on the value's type. A string is text from outside: it
// is cleaned, cut to 300 characters, and escaped by the platform's [Style]. A time.Time, a [Conversation] and a command
// are written as the style writes them, an int in digits. Any other value is treated as the text that fmt.Sprint makes
// of it.
type Arg struct {
	Name  string
	Value any
}

// message makes a message.
func message(id string, args ...Arg) Message { return Message{ID: id, Args: args} }

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
}

// Fact is a labelled value of a card.
type Fact struct {
	Label Message
	Value string // literal text
}

// Title is the card's headline: the meeting's true subject, as literal text.
func (c Card) Title(catalog *Catalog, lang Language) string {
	if subject := shortText(c.Meeting.Subject); subject != "" {
		return subject
	}
	return catalog.PlainText(lang, message("subject.default"))
}

// Status tells whether the meeting is new or since when it exists.
func (c Card) Status() Message {
	switch {
	case c.Ended:
		return message("card.ended")
	case c.Reminder:
		return message("card.reminder", Arg{"Date", Period{c.Meeting.Start, c.Meeting.End}})
	case c.InvitedBy != "":
		return message("people.invites", Arg{"Who", c.InvitedBy})
	case c.Redated && c.Ahead && c.Why.Why == "": // that the link is another one comes first; the date is a note then
		return message("card.redated", Arg{"Date", Period{c.Meeting.Start, c.Meeting.End}})
	case c.Redated && !c.Ahead:
		return message("card.undated")
	case c.Why.Why != "":
		return c.why()
	case c.Renamed:
		return message("card.renamed")
	case c.Replaces:
		return message("card.replaces")
	case c.New:
		return message("card.new")
	case c.Restored:
		return message("card.restored")
	case c.Meeting.Created.IsZero():
		return message("card.exists")
	default:
		return message("card.since", Arg{"When", c.Meeting.Created})
	}
}

// why says why the meeting took the place of an earlier one.
func (c Card) why() Message {
	return message("card.why_"+string(c.Why.Why),
		Arg{"Former", c.Why.Organizer}, Arg{"Organizer", c.Meeting.Organizer.Name})
}

// Facts lists who started the meeting, where that is not the organizer, the organizer, and the ways to join without the
// link, as far as Graph gave them.
func (c Card) Facts() []Fact {
	if c.Ended || c.Reminder {
		return nil
	}
	starter := c.Meeting.StartedBy.Name
	if starter == c.Meeting.Organizer.Name {
		starter = ""
	}
	all := []Fact{
		{message("card.started_by"), starter},
		{message("card.organizer"), c.Meeting.Organizer.Name},
		{message("card.join_id"), c.Meeting.JoinID},
		{message("card.passcode"), c.Meeting.Passcode},
		{message("card.phone"), c.Meeting.TollNumber},
		{message("card.conference_id"), c.Meeting.ConferenceID},
	}
	facts := all[:0]
	for _, f := range all {
		if f.Value = shortText(f.Value); f.Value != "" {
			facts = append(facts, f)
		}
	}
	return facts
}

// Notes are the lines below the card: its date, and what the asker wanted and did not get. Most cards have none.
func (c Card) Notes() []Message {
	var notes []Message
	if c.Redated && !c.Ahead && c.Why.Why != "" {
		notes = append(notes, c.why())
	}
	if c.Ahead && (!c.Redated || c.Why.Why != "") && !c.Ended {
		notes = append(notes, message("card.date", Arg{"Date", Period{c.Meeting.Start, c.Meeting.End}}))
	}
	if c.Withheld {
		notes = append(notes, message("card.withheld"))
	}
	switch {
	case c.ForCalendar && !c.Ahead:
		notes = append(notes, message("calendar.for_now"))
	case c.KeptSubject:
		notes = append(notes, message("card.kept_subject", Arg{"Subject", c.Meeting.Subject}))
	case c.TooLate:
		notes = append(notes, message("card.undo_late"))
	}
	return append(notes, c.Wished...)
}

// With is the line that mentions those who are invited; ok is false if nobody is.
func (c Card) With() (m Message, ok bool) {
	return message("people.with", Arg{"People", People(c.Invited)}), len(c.Invited) > 0
}

// RefreshLabel is the text of the button that shows which meeting is the current one, on platforms that can change a
// card in its place.
func (c Card) RefreshLabel() Message { return Action{ID: ActionShow}.Label() }

// JoinLabel is the text of the button that joins.
func (c Card) JoinLabel() Message {
	if c.Ended {
		return message("card.join_current")
	}
	return message("card.join")
}

// CalendarButton is a button that opens a URL.
type CalendarButton struct {
	ID    string // for platforms that want one for each button
	Label Message
	URL   string
}

// CalendarButtons are the ways to put the meeting into a calendar; none for most cards without a date.
func (c Card) CalendarButtons() []CalendarButton {
	var buttons []CalendarButton
	for _, b := range []CalendarButton{
		{"file", message("calendar.file"), c.Calendar.File},
		{"outlook", message("calendar.outlook"), c.Calendar.Outlook},
		{"google", message("calendar.google"), c.Calendar.Google},
	} {
		if b.URL != "" {
			buttons = append(buttons, b)
		}
	}
	return buttons
}

// JoinURL is where the button that joins leads; empty if there is nothing to join.
func (c Card) JoinURL() string {
	switch {
	case !c.Ended:
		return c.Meeting.JoinURL
	case c.Current != nil:
		return c.Current.JoinURL
	default:
		return ""
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
	lines = append(lines,
		style.Text(r.Card.Title(catalog, r.Language)),
		catalog.Render(r.Language, r.Card.Status(), style))
	if with, ok := r.Card.With(); ok {
		lines = append(lines, catalog.Render(r.Language, with, style))
	}
	if link := r.Card.JoinURL(); link != "" {
		lines = append(lines, catalog.Render(r.Language, r.Card.JoinLabel(), style)+": "+style.Text(link))
	}
	for _, f := range r.Card.Facts() {
		lines = append(lines, catalog.Render(r.Language, f.Label, style)+": "+style.Text(f.Value))
	}
	for _, m := range r.Card.Notes() {
		lines = append(lines, catalog.Render(r.Language, m, style))
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
