//go:build integration

package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/internal/redistest"
	"meetbot/store"
)

// After a fail-over, calls reach the new primary, over however many connections the old one was used before.
func TestSentinelFailOver(t *testing.T) {
	group := redistest.StartSentinel(t)
	s := open(t, group.URL(), store.Options{Replica: "one"})
	old := group.Named(t.Context())[0]
	// Many connections at once.
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			for range 20 {
				if err := s.Ping(t.Context()); err != nil {
					t.Errorf("ping: %v", err)
				}
			}
		})
	}
	wg.Wait()
	claim := bot.NewClaim(channel(), 1, false)
	_, err := s.Claim(t.Context(), claim, false, 0)
	no(t, err)
	_, err = s.Complete(t.Context(), claim, meetingFor(claim))
	no(t, err)
	link(t, s, claim.Conversation, "token", "", "token")
	no(t, s.SetDue(t.Context(), bot.Due{Kind: bot.DueConfirm, Conversation: claim.Conversation, At: noon}))
	eventually(t, "a sentinel hands over", func() bool { return group.FailOver(t.Context()) == nil })
	eventually(t, "the sentinels agree", func() bool {
		for _, named := range group.Named(t.Context()) {
			if named == nil || named == old {
				return false
			}
		}
		return true
	})
	// One call may meet a connection that the client has not closed yet. No connection may keep doing so.
	eventually(t, "all calls in a row reach the new primary", func() bool {
		for i := range 100 {
			l, err := s.Accept(t.Context(), job(fmt.Sprint("Ev", time.Now().UnixNano(), i)))
			if err != nil || s.Done(t.Context(), l) != nil {
				return false
			}
		}
		return true
	})
	st, err := read(t.Context(), s, claim.Conversation, reading{Announce: "r1"})
	no(t, err)
	if st.Meeting == nil || !st.MayAnnounce {
		t.Errorf("after the fail-over the conversation has %+v", st)
	}
	leads(t, s, "token", claim.Conversation, st.Meeting)
	if due := take(t, s, confirmKind, noon, 1); len(due) != 1 {
		t.Errorf("after the fail-over %d are due", len(due))
	}
}
