package bot

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	day     = 24 * time.Hour
	madeOn  = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	expires = madeOn.Add(time.Hour + 60*day)
)

// born is a meeting as Graph made it on madeOn.
func born() Meeting {
	return Meeting{OnlineMeeting: OnlineMeeting{
		ID: "ID", JoinURL: "https://teams.example/1", Subject: "Retro", Created: madeOn,
		Start: madeOn, End: madeOn.Add(time.Hour), Expires: expires,
	}}
}

func TestMeetingLife(t *testing.T) {
	confirmed := func(at time.Time) func(*Meeting) { return func(m *Meeting) { m.Confirmed = at } }
	unknown := func(m *Meeting) { m.Expires = time.Time{} }
	for name, tt := range map[string]struct {
		change                     func(*Meeting)
		now                        time.Time
		alive, confirms, renewable bool
	}{
		"just made":                  {nil, madeOn, true, false, false},
		"used within a day":          {nil, madeOn.Add(day - time.Second), true, false, false},
		"used after a day":           {nil, madeOn.Add(day), true, true, false},
		"confirmed today":            {confirmed(madeOn.Add(5 * day)), madeOn.Add(5*day + time.Hour), true, false, false},
		"14 days left":               {confirmed(expires.Add(-14*day - time.Hour)), expires.Add(-14 * day), true, true, false},
		"less than 14 days left":     {nil, expires.Add(-14*day + time.Second), true, true, true},
		"confirmed when renewable":   {confirmed(expires.Add(-14 * day)), expires.Add(-14*day + time.Hour), true, false, true},
		"the last second":            {nil, expires.Add(-time.Second), true, true, true},
		"expired":                    {nil, expires, false, true, true},
		"orphaned":                   {func(m *Meeting) { m.Orphaned = true }, madeOn.Add(time.Minute), false, false, false},
		"of a release before":        {unknown, madeOn.Add(400 * day), true, true, false},
		"its time lies ahead":        {func(m *Meeting) { m.End = expires.Add(day) }, expires.Add(-day), true, true, false},
		"without a time of creation": {func(m *Meeting) { m.Created = time.Time{} }, madeOn, true, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := born()
			if tt.change != nil {
				tt.change(&m)
			}
			if alive := m.Alive(tt.now); alive != tt.alive {
				t.Errorf("alive: %v", alive)
			}
			if confirms := m.needsConfirming(tt.now); confirms != tt.confirms {
				t.Errorf("needs confirming: %v", confirms)
			}
			if renewable := m.renewable(tt.now); renewable != tt.renewable {
				t.Errorf("renewable: %v", renewable)
			}
		})
	}
}

// What Graph leaves out stays, and what it says counts.
func TestMeetingRefreshed(t *testing.T) {
	now := madeOn.Add(40 * day)
	was := born()
	was.Passcode, was.TollNumber, was.ChatThread = "Xy7", "+1 555 0100", "19:meeting_1@thread.v2"

	found := OnlineMeeting{ID: "ID", JoinURL: was.JoinURL, Subject: "Weekly", Expires: now.Add(day)}
	read := was.refreshed(found, now, false)
	if read.Subject != "Weekly" || !read.Expires.Equal(now.Add(day)) || read.TollNumber != "" || read.ChatThread == "" ||
		!read.End.Equal(was.End) {
		t.Errorf("after reading: %+v", read)
	}
	silent := was.refreshed(OnlineMeeting{JoinURL: was.JoinURL}, now, false)
	if !silent.Expires.Equal(expires) || silent.ID != "ID" || silent.Subject != "Retro" {
		t.Errorf("after an answer that says little: %+v", silent)
	}
	changed := was.refreshed(OnlineMeeting{Start: now, End: now.Add(time.Hour)}, now, true)
	if !changed.Expires.Equal(now.Add(time.Hour+60*day)) || changed.Passcode != "Xy7" || changed.TollNumber == "" ||
		changed.JoinURL != was.JoinURL {
		t.Errorf("after a change: %+v", changed)
	}
	orphaned := was
	orphaned.Orphaned = true
	if back := orphaned.refreshed(OnlineMeeting{}, now, false); back.Orphaned {
		t.Error("a meeting that Graph has is orphaned")
	}
	made := Meeting{}.refreshed(OnlineMeeting{JoinURL: "https://teams.example/2", Created: now}, now, true)
	if !made.Expires.Equal(now.Add(60 * day)) {
		t.Errorf("a meeting without an end expires %v", made.Expires)
	}
}

// A refreshed meeting never loses its link, and time alone never brings a dead one back.
func TestMeetingLifeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := func(label string) time.Time {
			return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, label), 0).UTC()
		}
		m := born()
		m.Expires, m.Confirmed = at("expires"), at("confirmed")
		m.Orphaned = rapid.Bool().Draw(t, "orphaned")
		now, later := at("now"), at("later")
		if later.Before(now) {
			now, later = later, now
		}
		if !m.Alive(now) && m.Alive(later) {
			t.Fatalf("dead at %v and alive at %v: %+v", now, later, m)
		}
		found := OnlineMeeting{}
		if rapid.Bool().Draw(t, "says expiry") {
			found.Expires = at("new expiry")
		}
		next := m.refreshed(found, now, rapid.Bool().Draw(t, "changed"))
		if next.JoinURL != m.JoinURL || next.ID != m.ID || next.Expires.IsZero() {
			t.Fatalf("%+v became %+v", m, next)
		}
		if due := next.dueAt(rapid.Float64Range(0, 1).Draw(t, "part")); due.Before(next.Expires.Add(-renewWithin)) ||
			!due.Before(next.Expires.Add(-renewWithin+renewSpread+time.Nanosecond)) {
			t.Fatalf("expires %v, due %v", next.Expires, due)
		}
	})
}
