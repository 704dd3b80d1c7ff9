package store_test

import (
	"fmt"
	"sync"
	"testing"

	"meetbot/bot"
	"meetbot/store"
)

// names are those of a conversation that was in a workspace and is in an organization, in a channel that was not shared
// and is: four in all, the oldest first.
func names(c bot.Conversation) []bot.Conversation {
	var all []bot.Conversation
	for _, workspace := range []string{"T", "E"} {
		for _, letter := range []string{"G", "C"} {
			c.Workspace, c.Channel = workspace, letter+c.Channel[1:]
			all = append(all, c)
		}
	}
	return all
}

func openWithNames(t *testing.T, url string) *store.Store {
	return open(t, url, store.Options{Replica: "names", Names: names})
}

// renamed returns the four names of a place that no other test uses.
func renamed(root string) []bot.Conversation {
	c := channel()
	c.Thread = root
	return names(c)
}

// makeMeeting claims and completes a meeting, as a job does that follows what the store tells.
func makeMeeting(t *testing.T, s *store.Store, c bot.Conversation, fresh bool, seen int) bot.State {
	t.Helper()
	for range 10 {
		claim := bot.NewClaim(c, seen+1, fresh)
		st, err := s.Claim(t.Context(), claim, fresh, seen)
		no(t, err)
		switch {
		case st.Conversation != c:
			c, seen = st.Conversation, st.Generation()
		case st.Pending != nil:
			st, err = s.Complete(t.Context(), *st.Pending, meetingFor(*st.Pending))
			no(t, err)
			return st
		default:
			return st
		}
	}
	t.Fatal("the claim goes round in circles")
	return bot.State{}
}

// What was recorded under any name of a conversation is found under all of them, and claimed, completed and replaced
// there; in channels and in threads.
func TestOneConversationUnderAllItsNames(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := openWithNames(t, b.url)
		for _, root := range []string{"", "1712345678.000100"} {
			for i := range 4 {
				t.Run(fmt.Sprintf("%q/%d", root, i), func(t *testing.T) {
					all := renamed(root)
					// As the release before did it: under this name alone.
					made := makeMeeting(t, b.open(t, "before"), all[i], false, 0)
					for _, c := range all {
						st, err := s.Announce(t.Context(), c, "r", bot.Asker{})
						no(t, err)
						if st.Meeting == nil || *st.Meeting != *made.Meeting || st.Conversation != all[i] || !st.MayAnnounce {
							t.Fatalf("under %v: %+v", c, st)
						}
						if again, err := s.Announce(t.Context(), c, "other", bot.Asker{}); err != nil || again.MayAnnounce {
							t.Errorf("the card is shown twice: %+v, %v", again, err)
						}
						if st := makeMeeting(t, s, c, false, 0); *st.Meeting != *made.Meeting {
							t.Errorf("a claim under %v made %+v", c, st)
						}
					}
					next := makeMeeting(t, s, all[3], true, 1)
					if next.Generation() != 2 {
						t.Errorf("new made %+v", next)
					}
					for _, c := range all {
						if st, err := s.Read(t.Context(), c, bot.Asker{}); err != nil || *st.Meeting != *next.Meeting {
							t.Errorf("after new, under %v: %+v, %v", c, st, err)
						}
					}
				})
			}
		}
	})
}

// A thread that belongs to its channel does so under every name.
func TestThreadOfAChannelUnderAllItsNames(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := openWithNames(t, b.url)
		for linked := range 4 {
			all := renamed("")
			no(t, s.LinkThread(t.Context(), all[linked], "1.1"))
			made := makeMeeting(t, s, all[1], false, 0)
			for _, c := range all {
				st, err := s.Read(t.Context(), thread(c, "1.1"), bot.Asker{})
				no(t, err)
				if st.Meeting == nil || *st.Meeting != *made.Meeting || st.Conversation != all[1] {
					t.Errorf("linked under %v, read under %v: %+v", all[linked], c, st)
				}
				if st := makeMeeting(t, s, thread(c, "1.1"), false, 0); *st.Meeting != *made.Meeting {
					t.Errorf("linked under %v, claimed under %v: %+v", all[linked], c, st)
				}
			}
		}
	})
}

// However many ask at once under whichever name, they get one meeting.
func TestRaceOfTheNames(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := openWithNames(t, b.url)
		for range 50 {
			all := renamed("")
			var wg sync.WaitGroup
			var mu sync.Mutex
			got := map[string]bool{}
			for i := range 8 {
				wg.Go(func() {
					m := makeMeeting(t, s, all[i%4], false, 0).Meeting
					mu.Lock()
					defer mu.Unlock()
					got[m.JoinURL] = true
				})
			}
			wg.Wait()
			if len(got) != 1 {
				t.Fatalf("%d meetings: %v", len(got), got)
			}
		}
	})
}
