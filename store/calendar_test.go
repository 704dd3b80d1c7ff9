package store_test

import (
	"bytes"
	"sync"
	"testing"

	"meetbot/bot"
)

// All replicas get one key, whichever proposes first.
func TestCalendarKey(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		no(t, b.raw.Del(t.Context(), "mb:calendar").Err())
		const replicas = 8
		got := make([][]byte, replicas)
		var wg sync.WaitGroup
		for i := range replicas {
			s := b.open(t, string(rune('a'+i)))
			wg.Go(func() {
				var err error
				if got[i], err = s.CalendarKey(t.Context(), bytes.Repeat([]byte{byte(i)}, bot.CalendarKeySize)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, key := range got {
			if len(key) != bot.CalendarKeySize || !bytes.Equal(key, got[0]) {
				t.Errorf("the keys are %x", got)
			}
		}
		if left := b.raw.TTL(t.Context(), "mb:calendar").Val(); left != -1 {
			t.Errorf("the key is kept for %v", left)
		}
		// What a later release may write there is no key, and is not replaced.
		s := b.open(t, "one")
		for _, foreign := range []string{"2 AAAA", "1 AAAA", "", "1 " + string(bytes.Repeat([]byte("*"), 43))} {
			no(t, b.raw.Set(t.Context(), "mb:calendar", foreign, 0).Err())
			if key, err := s.CalendarKey(t.Context(), got[0]); bot.CodeOf(err) != bot.Unavailable || key != nil {
				t.Errorf("%q is taken for the key %x, %v", foreign, key, err)
			}
			if b.raw.Get(t.Context(), "mb:calendar").Val() != foreign {
				t.Errorf("%q was replaced", foreign)
			}
		}
	})
}

// A conversation's token can be read without making one.
func TestToken(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, c := b.open(t, "one"), channel()
		token := func(want string) {
			t.Helper()
			if got, err := s.Token(t.Context(), c); err != nil || got != want {
				t.Errorf("the token is %q, %v; want %q", got, err, want)
			}
		}
		token("")
		link(t, s, c, "t1", "", "t1")
		token("t1")
		link(t, s, c, "t2", "t1", "t2")
		token("t2")
	})
}
