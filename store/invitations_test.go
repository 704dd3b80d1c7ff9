package store_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/bot"
)

// Whom jobs invite to a meeting is remembered for each job and each meeting, for a while.
func TestInvitations(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, c := b.open(t, "one"), channel()
		ben := bot.Attendee{ID: "b2222222-0000-4000-8000-000000000002", UPN: "ben o'neil <x>@contoso.example"}
		caio := bot.Attendee{ID: "c3333333-0000-4000-8000-000000000003", UPN: "caio@contoso.example"}
		invite := func(meeting, job string, attendees ...bot.Attendee) []bot.Invitation {
			t.Helper()
			all, err := s.Invite(t.Context(), c, meeting, bot.Invitation{Job: job, Attendees: attendees})
			no(t, err)
			slices.SortFunc(all, func(a, b bot.Invitation) int { return len(a.Job) - len(b.Job) })
			return all
		}
		is := func(all []bot.Invitation, want ...bot.Invitation) {
			t.Helper()
			if len(all) != len(want) || len(want) > 0 && !reflect.DeepEqual(all, want) {
				t.Errorf("remembered are %+v, want %+v", all, want)
			}
		}
		of := func(job string, attendees ...bot.Attendee) bot.Invitation {
			return bot.Invitation{Job: job, Attendees: attendees}
		}
		is(invite("m", "job"))
		is(invite("m", "job", ben), of("job", ben))
		is(invite("m", "job", ben), of("job", ben))
		is(invite("m", "job two", caio), of("job", ben), of("job two", caio))
		is(invite("m", "job", ben, caio), of("job", ben, caio), of("job two", caio))
		is(invite("other", "job", caio), of("job", caio))
		is(invite("m", "job"), of("job two", caio))
		is(invite("m", "job"), of("job two", caio))
		if _, err := s.Invite(t.Context(), c, "m", bot.Invitation{Attendees: []bot.Attendee{ben}}); err == nil {
			t.Error("an invitation of no job is remembered")
		}

		keys, err := b.raw.Keys(t.Context(), "mb:{"+c.ChannelKey()+"}:i:*").Result()
		if no(t, err); len(keys) != 2 {
			t.Fatalf("the keys are %q", keys)
		}
		for _, key := range keys {
			if ttl := b.raw.TTL(t.Context(), key).Val(); ttl < 59*time.Minute || ttl > time.Hour {
				t.Errorf("%s is kept for %v", key, ttl)
			}
		}
		// What a later release wrote in another form stays, and counts for nothing.
		key := keys[0]
		for _, k := range keys {
			if strings.Contains(b.raw.Get(t.Context(), k).Val(), "two") {
				key = k
			}
		}
		no(t, b.raw.Append(t.Context(), key, "9:2 x later").Err())
		is(invite("m", "job", ben), of("job", ben), of("job two", caio))
		if value := b.raw.Get(t.Context(), key).Val(); !strings.Contains(value, "9:2 x later") {
			t.Errorf("%q is left", value)
		}
		no(t, b.raw.Append(t.Context(), key, "999:torn").Err())
		is(invite("m", "job"), of("job two", caio))
		is(invite("other", "job"))
		if n := b.raw.Exists(t.Context(), keys...).Val(); n != 1 {
			t.Errorf("%d keys are left", n)
		}
		for i := range bot.MaxInvitations + 5 {
			invite("busy", fmt.Sprint("many", i), ben)
		}
		if all := invite("busy", "last", caio); len(all) != bot.MaxInvitations {
			t.Errorf("%d invitations are remembered", len(all))
		}
	})
}

// Of jobs that invite at the same moment, the last one sees all.
func TestInvitationsAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		c := channel()
		var most sync.Map
		var wg sync.WaitGroup
		for i := range 8 {
			s := b.open(t, fmt.Sprint("replica", i))
			wg.Go(func() {
				all, err := s.Invite(t.Context(), c, "m", bot.Invitation{Job: fmt.Sprint(i), Attendees: []bot.Attendee{{ID: fmt.Sprint(i)}}})
				if err != nil {
					t.Error(err)
				}
				most.Store(len(all), true)
			})
		}
		wg.Wait()
		for n := 1; n <= 8; n++ {
			if _, seen := most.Load(n); !seen {
				t.Errorf("nobody saw %d invitations", n)
			}
		}
	})
}
