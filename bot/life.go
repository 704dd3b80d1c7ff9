package bot

import (
	"cmp"
	"time"
)

// Periods of a meeting's life.
const (
	// linkLife is how long a link works after the meeting's end, and after each start or update. Source: Microsoft
	// Teams, "Limits and specifications", table "Meeting expiration"; message MC772556, "Shorter meeting URLs".
	linkLife = 60 * 24 * time.Hour
	// renewWithin is how long before its link stops working a used meeting is renewed.
	renewWithin = 14 * 24 * time.Hour
	// renewSpread is the time over which renewals are spread: meetings that were made on one day are not renewed in one
	// minute.
	renewSpread = 3 * 24 * time.Hour
	// confirmEvery is how often a meeting that is used is confirmed at most.
	confirmEvery = 24 * time.Hour
	// usualLength is how long a meeting lasts whose end was not said.
	usualLength = time.Hour
)

// Alive tells whether the meeting's link can be joined at that time, as far as it is known. A meeting of which nobody
// knows when it expires counts as alive: the next confirmation finds out.
func (m Meeting) Alive(now time.Time) bool {
	return !m.Orphaned && (m.Expires.IsZero() || now.Before(m.Expires))
}

// needsConfirming tells whether a use at that time confirms the meeting: nobody asked Graph for a day, or not since the
// time came when it can be renewed.
func (m Meeting) needsConfirming(now time.Time) bool {
	last := latest(m.Confirmed, m.Created)
	renewable := m.Expires.Add(-renewWithin)
	return now.Sub(last) >= confirmEvery || !m.Expires.IsZero() && !now.Before(renewable) && last.Before(renewable)
}

// renewable tells whether the meeting is to be renewed now. One whose time lies ahead is not: its link outlives it, and
// its time belongs to the people who set it.
func (m Meeting) renewable(now time.Time) bool {
	return !m.Expires.IsZero() && m.Expires.Sub(now) < renewWithin && !m.End.After(now)
}

// dueAt is when a meeting that is in use is confirmed again, though nobody asks for it; zero if it is not known when
// its link stops working. part is from 0 to 1, and spreads the times.
func (m Meeting) dueAt(part float64) time.Time {
	if m.Expires.IsZero() {
		return time.Time{}
	}
	return m.Expires.Add(-renewWithin + time.Duration(part*float64(renewSpread)))
}

// refreshed is the meeting with what Graph says of it at that time. changed tells whether Graph has just made or
// changed it, which extends its life; the answer to a change may leave out what did not change.
func (m Meeting) refreshed(found OnlineMeeting, now time.Time, changed bool) Meeting {
	was := m.OnlineMeeting
	m.OnlineMeeting, m.Orphaned = found, false
	m.ID = cmp.Or(m.ID, was.ID)
	m.JoinURL = cmp.Or(m.JoinURL, was.JoinURL)
	m.Subject = cmp.Or(m.Subject, was.Subject)
	m.JoinID = cmp.Or(m.JoinID, was.JoinID)
	m.ChatThread = cmp.Or(m.ChatThread, was.ChatThread)
	if changed {
		m.Passcode = cmp.Or(m.Passcode, was.Passcode)
		m.TollNumber = cmp.Or(m.TollNumber, was.TollNumber)
		m.ConferenceID = cmp.Or(m.ConferenceID, was.ConferenceID)
	}
	if m.Created.IsZero() {
		m.Created = was.Created
	}
	if m.End.IsZero() {
		m.Start, m.End = was.Start, was.End
	}
	if m.Expires.IsZero() {
		m.Expires = was.Expires
		if changed {
			m.Expires = latest(m.Expires, now.Add(linkLife))
		}
		if !m.End.IsZero() {
			m.Expires = latest(m.Expires, m.End.Add(linkLife))
		}
	}
	return m
}

// asIn tells whether the record says the same of the meeting and its organizer as an earlier reading of it. If it does
// not, somebody has asked Graph since, or changed the meeting, and what Graph had said before that counts for nothing.
func (m *Meeting) asIn(read Meeting) bool {
	return m.OnlineMeeting == read.OnlineMeeting && m.Orphaned == read.Orphaned && m.Sequence == read.Sequence
}

// latest is the latest of some times.
func latest(times ...time.Time) time.Time {
	var last time.Time
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// same tells whether two answers of Graph are about one meeting. The ID decides where both are known; a record of the
// first release has none.
func same(a, b OnlineMeeting) bool {
	if a.ID != "" && b.ID != "" {
		return a.ID == b.ID
	}
	return a.JoinURL == b.JoinURL || a.JoinID != "" && a.JoinID == b.JoinID
}
