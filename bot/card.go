package bot

import (
	"strings"
	"time"
)

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
	// Asked is another subject than the meeting has, which the asker named; empty if they named none.
	Asked string
	// Renamed says that the asker gave the meeting its subject just now.
	Renamed bool
	// Ahead says that the meeting has a date that is not over.
	Ahead bool
	// Redated says that the date was changed or taken away just now.
	Redated bool
	// Details says that the asker wants to see everything: what is folded away elsewhere stands open.
	Details bool
	// ForCalendar says that the asker wants to put the meeting into a calendar.
	ForCalendar bool
	// Calendar are the ways to do that; none for most cards without a date.
	Calendar CalendarLinks
	// Reminder says that the card reminds of the date. It says no more than what to join, and when.
	Reminder bool
	// Copy says that everybody saw the card just now, so this one is for the asker alone.
	Copy bool
	// Checked is when the asker pressed a button to see whether the meeting is still the current one; zero if they did
	// not.
	Checked time.Time
	// Newer says that the pressed button belongs to a meeting that this one has replaced.
	Newer bool
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
	Of      Conversation // whose meeting it is
	// Chat says that the conversation is a chat, where the conversation's name does not tell.
	Chat bool
	// Elsewhere says that the card is read outside its conversation. A button that concerns the conversation would be
	// pressed in another one, so the card has none.
	Elsewhere bool
}

// Fact is a labelled value of a card.
type Fact struct {
	Label Message
	Value string // literal text
	URL   string // where it leads when it is pressed; empty for most
}

// Title is the card's headline: the meeting's true subject, as literal text.
func (c Card) Title(catalog *Catalog, lang Language) string {
	if subject := shortText(c.Meeting.Subject); subject != "" {
		return subject
	}
	return catalog.PlainText(lang, message("subject.default"))
}

// between stands between the parts of a line.
const between = " · "

// Line is the one line below the title, rendered: what the meeting is, and its date if that lies ahead.
func (c Card) Line(catalog *Catalog, lang Language, style Style) string {
	line := catalog.Render(lang, c.Status(), style)
	if !c.Ahead || c.Ended || c.Reminder || c.Redated && c.Why.Why == "" {
		return line
	}
	return strings.TrimSuffix(line, ".") + between + style.Period(Period{c.Meeting.Start, c.Meeting.End}, lang)
}

// Status says what the meeting is to its reader: new, or since when it exists, or what has become of it.
func (c Card) Status() Message {
	starter := c.Meeting.StartedBy.Name
	by := func(id string) Message {
		if shortText(starter) == "" {
			return message(id)
		}
		return message(id+"_by", Arg{"Who", starter})
	}
	switch {
	case c.Ended:
		return message("card.ended")
	case c.Reminder:
		return message("card.reminder", Arg{"Date", Period{c.Meeting.Start, c.Meeting.End}})
	case c.InvitedBy != "":
		return message("people.invites", Arg{"Who", c.InvitedBy})
	case c.Redated && c.Ahead && c.Why.Why == "": // that the link is another one comes first; the date stands beside it
		return message("card.redated", Arg{"Date", Period{c.Meeting.Start, c.Meeting.End}})
	case c.Redated && !c.Ahead:
		return message("card.undated")
	case c.Why.Why != "":
		return c.why()
	case c.Renamed:
		return message("card.renamed")
	case c.Replaces:
		return by("card.replaces")
	case c.New:
		return by("card.new")
	case c.Restored:
		return message("card.restored")
	case c.Meeting.Created.IsZero():
		return message("card.exists", Arg{"Of", c.place("of")})
	default:
		return message("card.since", Arg{"Of", c.place("of")}, Arg{"Day", onDay(c.Meeting.Created)})
	}
}

// why says why the meeting took the place of an earlier one.
func (c Card) why() Message {
	return message("card.why_"+string(c.Why.Why),
		Arg{"Former", c.Why.Organizer}, Arg{"Organizer", c.Meeting.Organizer.Name})
}

// acts tells whether the card has buttons that concern its conversation.
func (c Card) acts() bool { return !c.Ended && !c.Reminder && !c.Elsewhere && c.InvitedBy == "" }

// Facts lists what stands below More: who started the meeting, where that is not the organizer, the organizer, and the
// ways to join without the link, as far as Graph gave them.
func (c Card) Facts() []Fact {
	if c.Ended || c.Reminder {
		return nil
	}
	m := c.Meeting
	starter := m.StartedBy.Name
	if starter == m.Organizer.Name {
		starter = ""
	}
	all := []Fact{
		{Label: message("card.started_by"), Value: starter},
		{Label: message("card.organizer"), Value: m.Organizer.Name},
		{Label: message("card.join_id"), Value: m.JoinID},
		{Label: message("card.passcode"), Value: m.Passcode},
		{Label: message("card.phone"), Value: m.TollNumber, URL: dial(m.TollNumber, m.ConferenceID)},
		{Label: message("card.conference_id"), Value: m.ConferenceID},
	}
	facts := all[:0]
	for _, f := range all {
		if f.Value = shortText(f.Value); f.Value != "" {
			facts = append(facts, f)
		}
	}
	return facts
}

// dial is the URL that dials a number and, two pauses later, the conference ID with its number sign; empty if the
// number cannot be dialled. Source: RFC 3966 for the form; the commas are what phones understand as pauses, and what
// Microsoft's own invitations have.
func dial(number, conference string) string {
	digits := func(text, others string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || strings.ContainsRune(others, r) {
				return r
			}
			return -1
		}, text)
	}
	n := digits(number, "+")
	if len(n) < 3 || strings.LastIndexByte(n, '+') > 0 {
		return ""
	}
	if id := digits(conference, ""); id != "" {
		return "tel:" + n + ",," + id + "%23"
	}
	return "tel:" + n
}

// Link is the meeting's link as a text to copy, with its label; ok is false if the card has none.
func (c Card) Link() (label Message, link string, ok bool) {
	return message("card.link"), c.Meeting.JoinURL, !c.Ended && !c.Reminder && c.Meeting.JoinURL != ""
}

// Notes are the lines below the card: what the asker alone has to know. Most cards have none.
func (c Card) Notes() []Message {
	var notes []Message
	if c.Redated && !c.Ahead && c.Why.Why != "" {
		notes = append(notes, c.why())
	}
	switch {
	case c.Newer:
		notes = append(notes, message("card.newer", Arg{"Time", atClock(c.Checked)}))
	case !c.Checked.IsZero():
		notes = append(notes, message("card.current", Arg{"Time", atClock(c.Checked)}))
	}
	if c.ForCalendar && !c.Ahead {
		notes = append(notes, message("calendar.for_now"))
	}
	if c.TooLate {
		notes = append(notes, message("card.undo_late"))
	}
	notes = append(notes, c.asides()...)
	switch {
	case c.Withheld:
		notes = append(notes, message("card.withheld"))
	case c.Copy:
		notes = append(notes, message("card.copy"))
	}
	return notes
}

// asides are the notes that the asker gets apart from a card for everybody.
func (c Card) asides() []Message {
	var notes []Message
	if c.Asked != "" {
		notes = append(notes, message("card.kept_subject", Arg{"Here", c.place("here")},
			Arg{"Subject", c.Meeting.Subject}, Arg{"Another", Command{Kind: New, Subject: c.Asked}}))
	}
	return append(notes, c.Wished...)
}

// With is the line that mentions those who are invited; ok is false if nobody is.
func (c Card) With() (m Message, ok bool) {
	return message("people.with", Arg{"People", People(c.Invited)}), len(c.Invited) > 0
}

// Button is one of the card's own buttons, which says which meeting it belongs to; ok is false if the card does not
// have it.
func (c Card) Button(id ActionID) (a Action, ok bool) {
	return Action{ID: id, Value: pressed{c.Meeting.Generation}.String()}, c.acts()
}

// JoinLabel is the text of the button that joins.
func (c Card) JoinLabel() Message {
	if c.Ended {
		return message("card.join_current")
	}
	return message("card.join")
}

// JoinSpoken is what screen readers say for the button that joins: of several cards, each has its own.
func (c Card) JoinSpoken(catalog *Catalog, lang Language) Message {
	m := c.Meeting
	if c.Ended && c.Current != nil {
		m = *c.Current
	}
	return message("card.join_label", Arg{"Subject", Card{Meeting: m}.Title(catalog, lang)})
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
