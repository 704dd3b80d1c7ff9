package bot

import (
	"context"
	"errors"
	"time"
)

// calendarLife is how long after its end a calendar entry can still be fetched.
const calendarLife = 30 * 24 * time.Hour

// Why there is no calendar entry.
var (
	// ErrForgedCalendar says that no replica has made the address.
	ErrForgedCalendar = errors.New("the address of the calendar file is not signed")
	// ErrPastCalendar says that the date is long past.
	ErrPastCalendar = errors.New("the date of the calendar file is long past")
)

// CalendarEntry is a meeting as a calendar shows it. Its texts are in the language of the meeting's maker.
type CalendarEntry struct {
	UID       string    // the same for as long as the meeting exists
	Sequence  int       // it grows with each change
	Stamp     time.Time // when the entry was read
	Start     time.Time
	End       time.Time
	Title     string
	Text      string // some lines that say how to join
	Organizer string // a name
	JoinURL   string // Graph's link
	Link      string // the conversation's lasting link; Graph's if it has none, or the reader must not have it
	Label     string // of Graph's link
	// Cancelled says that people have taken the date away. Start and End are what it was.
	Cancelled bool
	// Gone says that the conversation has another meeting by now, or none, or that the date was taken away and would be
	// over by now. Then only UID and Stamp are set.
	Gone bool
}

// CalendarEntry returns the entry whose file has this token. It makes nothing, and does not count as a use of the
// meeting: calendars that are subscribed to it fetch it every hour. The error is ErrForgedCalendar or ErrPastCalendar,
// or another one that may pass.
func (s *Service) CalendarEntry(ctx context.Context, token string) (CalendarEntry, error) {
	key, err := s.calendarKey.get(ctx, s.CalendarKeys, s.work.begin)
	if err != nil {
		return CalendarEntry{}, err
	}
	t, ok := openCalendarToken(key, token)
	if !ok {
		return CalendarEntry{}, ErrForgedCalendar
	}
	state, err := s.Conversations.Read(ctx, t.conversation, Asker{})
	if err != nil {
		return CalendarEntry{}, err
	}
	now := s.Clock()
	m := state.Meeting
	if m == nil || meetingPrint(*m) != t.meeting || t.start == 0 && !m.Dated && !m.Start.After(now) {
		return CalendarEntry{UID: t.uid(), Stamp: now, Gone: true}, nil
	}
	start, end := m.Start, m.End
	if t.start != 0 {
		start, end = forNow(time.Unix(t.start*60, 0))
	}
	if now.After(end.Add(calendarLife)) {
		return CalendarEntry{}, ErrPastCalendar
	}
	link := ""
	if !t.outside {
		if link, err = s.Links.Token(ctx, state.Conversation); err != nil {
			return CalendarEntry{}, err
		}
	}
	label := s.Catalog.PlainText(m.Language, message("card.join"))
	e := CalendarEntry{
		UID: t.uid(), Sequence: m.Sequence, Stamp: now, Start: start, End: end, JoinURL: m.JoinURL, Link: m.JoinURL,
		Title: Card{Meeting: *m}.Title(s.Catalog, m.Language), Label: label, Organizer: shortText(m.Organizer.Name),
		// Without a date, the times of a meeting lie ahead only if there was one: a renewal moves them to the present.
		Cancelled: t.start == 0 && !m.Dated,
	}
	if link != "" {
		e.Link = s.linkURL(link)
	}
	e.Text = label + ": " + e.Link
	if link != "" {
		e.Text += "\n" + s.Catalog.PlainText(m.Language, message("calendar.lasting"))
	}
	return e, nil
}

// forNow is the time of an entry for a meeting that has no date: an hour from that time on, to the minute.
func forNow(now time.Time) (start, end time.Time) {
	start = now.UTC().Truncate(time.Minute)
	return start, start.Add(usualLength)
}

// addCalendar gives a card the ways into a calendar: one with a date ahead, and one that was asked for them. An
// invitation goes to somebody who does not read the conversation, so its file does not have the lasting link.
func (s *Service) addCalendar(ctx context.Context, r *Reply) {
	c := r.Card
	if c == nil || c.Ended || c.Reminder {
		return
	}
	m, now := c.Meeting, s.Clock()
	start, end, fixed := m.Start.UTC(), m.End.UTC(), time.Time{}
	if !m.ahead(now) {
		if !c.ForCalendar {
			return
		}
		start, end = forNow(now)
		fixed = start
	}
	c.Calendar = composeLinks(calendarDraft{
		title: c.Title(s.Catalog, r.Language), start: start, end: end,
		label: s.Catalog.PlainText(r.Language, message("card.join")), link: m.JoinURL,
	})
	if s.PublicURL == "" {
		return
	}
	key, err := s.calendarKey.get(ctx, s.CalendarKeys, s.work.begin)
	if err != nil {
		s.Log.WarnContext(ctx, "cannot read the key of calendar files; a card goes without its own", "error", err)
		return
	}
	token := calendarTokenOf(c.Of, m, fixed)
	token.outside = c.InvitedBy != ""
	c.Calendar.File = s.PublicURL + CalendarPath + token.sign(key) + CalendarSuffix
}
