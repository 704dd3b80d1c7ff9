//go:build integration

package store_test

import (
	"fmt"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/internal/redistest"
)

// The roots of a channel's threads are bounded: the newest stay, also in a set that the release before let grow.
func TestRootsAreBounded(t *testing.T) {
	b := backendAt(t, redistest.Start(t, redistest.Options{}).URL())
	s := b.open(t, "one")
	c := channel()
	key := "mb:{" + c.ChannelKey() + "}:r"
	root := func(i int) string { return fmt.Sprintf("%d.000100", 1712345678+i) }
	const old, fresh = 5000, 300
	for i := range old {
		no(t, b.raw.SAdd(t.Context(), key, root(i)).Err())
	}
	for i := range fresh {
		no(t, s.LinkThread(t.Context(), c, root(old+i)))
		if i == 0 {
			if ttl := b.raw.TTL(t.Context(), key).Val(); ttl < 89*24*time.Hour || ttl > 90*24*time.Hour {
				t.Errorf("the roots are kept for %s", ttl)
			}
		}
	}
	if n := b.raw.SCard(t.Context(), key).Val(); n != 1000 {
		t.Errorf("%d roots are kept, want 1000", n)
	}
	claim := bot.Claim{ID: "c1", Conversation: c, Generation: 1, Organizer: bot.Organizer{ID: "o"}}
	_, err := s.Claim(t.Context(), claim, false, 0)
	no(t, err)
	for i := range fresh {
		state, err := s.Read(t.Context(), thread(c, root(old+i)), bot.Asker{})
		no(t, err)
		if state.Conversation != c {
			t.Fatalf("the thread under root %d of the newest %d is no longer the channel's", i, fresh)
		}
	}
}
