package store_test

import (
	"testing"
	"time"

	"meetbot/store"
)

func TestRequests(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		one, two := b.open(t, "one"), b.open(t, "two")
		now := time.Now()
		read := func() store.Requests {
			t.Helper()
			r, err := one.Requests(t.Context(), "slack")
			no(t, err)
			return r
		}
		if r := read(); !r.Accepted.IsZero() || len(r.Refused)+len(r.Services) > 0 {
			t.Fatalf("nothing came, and known is %+v", r)
		}
		no(t, one.NoteRequests(t.Context(), "slack", store.RequestNotes{}))
		no(t, one.NoteRequests(t.Context(), "slack", store.RequestNotes{
			Accepted: now.Add(-time.Minute),
			Services: map[string]time.Time{"smba.example": now.Add(-time.Minute)},
			Refused:  map[string]store.Refusals{"signature": {Last: now.Add(-10 * time.Second), Count: 2}},
		}))
		no(t, two.NoteRequests(t.Context(), "slack", store.RequestNotes{ // what it saw was before that
			Accepted: now.Add(-time.Hour),
			Refused: map[string]store.Refusals{
				"signature": {Last: now.Add(-30 * time.Second), Count: 3}, "path": {Last: now, Count: 1},
			},
		}))
		no(t, two.NoteRequests(t.Context(), "teams", store.RequestNotes{Accepted: now}))
		close := func(got time.Time, ago time.Duration) bool {
			return got.Sub(now.Add(-ago)).Abs() < 5*time.Second
		}
		r := read()
		if !close(r.Accepted, time.Minute) || len(r.Services) != 1 || !close(r.Services["smba.example"], time.Minute) {
			t.Errorf("accepted: %+v", r)
		}
		if s := r.Refused["signature"]; s.Count != 5 || !close(s.Last, 10*time.Second) {
			t.Errorf("signature: %+v", s)
		}
		if p := r.Refused["path"]; p.Count != 1 || len(r.Refused) != 2 {
			t.Errorf("path: %+v", r.Refused)
		}
		// After an hour, how many they were is no longer known, but when the last one came.
		_, err := b.raw.ZRemRangeByScore(t.Context(), "mb:{requests:slack}:hour", "-inf", "+inf").Result()
		no(t, err)
		if r = read(); r.Refused["signature"].Count != 0 || r.Refused["signature"].Last.IsZero() {
			t.Errorf("later: %+v", r.Refused)
		}
	})
}
