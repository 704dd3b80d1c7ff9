package bot

import "time"

// Alive tells whether the meeting's link works at that time, as far as is known.
func (m Meeting) Alive(now time.Time) bool {
	return !m.Orphaned && (m.Expires.IsZero() || now.Before(m.Expires))
}
