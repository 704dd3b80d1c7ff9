package graphtest

import (
	"strings"
	"time"
)

// Choices are what Microsoft's documents leave open, and what differs from cloud to cloud. The zero value is what the
// documents suggest.
type Choices struct {
	NoExpiry          bool // no answer tells expiryDateTime, as before December 2025
	FreshAfterExpiry  bool // createOrGet makes another meeting in place of an expired one, which it returns otherwise
	KeepsExpired      bool // an expired meeting can still be read and changed, which brings its link back
	TimesWhileRunning bool // new times are taken while a session runs
	ShortLinks        bool // new links are "https://teams.microsoft.com/meet/<ID>?p=<passcode>" (message MC772556)
}

// Choose changes what is chosen while the server runs.
func (g *Server) Choose(change func(*Choices)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change(&g.choices)
}

// SetClock changes the clock of meetings' lives while the server runs.
func (g *Server) SetClock(now func() time.Time) { g.clock.Store(&now) }

// tick is the precision of the service's times.
const tick = 100 * time.Nanosecond

// now is the present of meetings.
func (g *Server) now() time.Time { return (*g.clock.Load())().UTC().Truncate(tick) }

// lifetime is how long a meeting lives after its end, and after each start and update (document
// "limits-specifications-teams", table "Meeting expiration", row of regular meetings with an end time).
const lifetime = 60 * 24 * time.Hour

// longestSession is how long one session may last (same table).
const longestSession = 30 * time.Hour

// alive tells whether the meeting is still there. The caller holds the lock.
func (g *Server) alive(m *meeting) bool { return !m.deleted && g.now().Before(m.Expires) }

// extend lets the meeting live on because it was started or updated now. The caller holds the lock.
func (g *Server) extend(m *meeting) {
	for _, at := range []time.Time{g.now().Add(lifetime), m.End.Add(lifetime)} {
		if at.After(m.Expires) {
			m.Expires = at
		}
	}
}

// running tells whether people are in the meeting. The caller holds the lock.
func (g *Server) running(m *meeting) bool {
	return !m.started.IsZero() && g.now().Sub(m.started) < longestSession
}

// Joinable tells whether people can join by this link now: the meeting is neither expired nor deleted; its organizer is
// in the directory (message MC772556: links die when the account is removed) and enabled (not documented: the stricter
// way); and the organizer's meeting policy allows meetings (document "meeting-expiration": links die when it stops to
// allow them, and come back when it allows them again). Neither a lost licence nor a lost access policy counts. What a
// restored account does is not documented: here its links work again.
func (g *Server) Joinable(joinURL string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.joinable(g.byLink[joinURL])
}

// joinable is Joinable for a meeting, or nil. The caller holds the lock.
func (g *Server) joinable(m *meeting) bool {
	if m == nil || !g.alive(m) {
		return false
	}
	u := g.users[strings.ToLower(m.UserID)]
	return u != nil && !u.Disabled && !u.NoMeetings
}

// StartSession lets people begin the meeting with this link, which extends its life, and tells whether they can. It
// runs until [Server.EndSession], for 30 hours at most.
func (g *Server) StartSession(joinURL string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.byLink[joinURL]
	if !g.joinable(m) {
		return false
	}
	m.started = g.now()
	g.extend(m)
	return true
}

// EndSession ends the session of the meeting with this link, if one runs.
func (g *Server) EndSession(joinURL string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if m := g.byLink[joinURL]; m != nil {
		m.started = time.Time{}
	}
}

// DeleteMeeting deletes the meeting with this link, as its organizer could, and tells whether it was there.
func (g *Server) DeleteMeeting(joinURL string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.byLink[joinURL]
	if m == nil || !g.alive(m) {
		return false
	}
	m.deleted = true
	return true
}

// ExpireMeeting ends the life of the meeting with this link now, and tells whether it was there.
func (g *Server) ExpireMeeting(joinURL string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.byLink[joinURL]
	if m == nil || !g.alive(m) {
		return false
	}
	m.Expires = g.now()
	return true
}
