package store_test

import (
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"meetbot/bot"
	"meetbot/internal/redistest"
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

// make claims and completes a meeting, as a job does that follows what the store tells.
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

// A repeat costs one round trip, under the name of today too.
func TestRepeatUnderAnotherNameIsOneRead(t *testing.T) {
	server := redistest.Start(t, redistest.Options{})
	b := backendAt(t, server.URL())
	s := openWithNames(t, b.url)
	all := renamed("")
	makeMeeting(t, s, all[0], false, 0)
	for range 3 {
		_, err := s.Announce(t.Context(), all[3], "r", bot.Asker{})
		no(t, err)
	}
	no(t, b.raw.ConfigResetStat(t.Context()).Err())
	_, err := s.Announce(t.Context(), all[3], "r", bot.Asker{})
	no(t, err)
	if mget, scripts := calls(t, b.raw, "mget"), calls(t, b.raw, "evalsha"); mget != 1 || scripts != 0 {
		t.Errorf("a repeat took %d reads and %d scripts", mget, scripts)
	}
}

// Claims, completions, releases and reads of people under every name, in any order: never are there two meetings at
// once, and what is read under one name is what is read under all.
func TestNamesNeverSplit(t *testing.T) {
	url := redistest.Start(t, redistest.Options{}).URL()
	s := openWithNames(t, url)
	rapid.Check(t, func(t *rapid.T) {
		root := rapid.SampledFrom([]string{"", "1.1"}).Draw(t, "root")
		all := renamed(root)
		name := rapid.SampledFrom(all)
		var open []bot.Claim
		ctx := t.Context()
		must := func(st bot.State, err error) bot.State {
			if err != nil {
				t.Fatal(err)
			}
			return st
		}
		t.Repeat(map[string]func(*rapid.T){
			"claim": func(t *rapid.T) {
				c := name.Draw(t, "name")
				st := must(s.Claim(ctx, bot.NewClaim(c, 1, false), false, 0))
				if st.Pending != nil {
					open = append(open, *st.Pending)
				}
			},
			"new": func(t *rapid.T) {
				st := must(s.Read(ctx, name.Draw(t, "name"), bot.Asker{}))
				claim := bot.NewClaim(st.Conversation, st.Generation()+1, true)
				if st = must(s.Claim(ctx, claim, true, claim.Generation-1)); st.Pending != nil {
					open = append(open, *st.Pending)
				}
			},
			"link": func(t *rapid.T) {
				if err := s.LinkThread(ctx, name.Draw(t, "name").InChannel(), "1.1"); err != nil {
					t.Fatal(err)
				}
			},
			"complete": func(t *rapid.T) {
				if len(open) > 0 {
					claim := open[rapid.IntRange(0, len(open)-1).Draw(t, "claim")]
					must(s.Complete(ctx, claim, meetingFor(claim)))
				}
			},
			"release": func(t *rapid.T) {
				if len(open) > 0 {
					must(s.Release(ctx, open[rapid.IntRange(0, len(open)-1).Draw(t, "claim")]))
				}
			},
			"": func(t *rapid.T) {
				var found []string
				for _, c := range all {
					st := must(s.Read(ctx, c, bot.Asker{}))
					what := "" // of a conversation that holds nothing, it does not matter where
					if st.Pending != nil {
						what = st.Conversation.String() + " pending " + st.Pending.ID
					}
					if st.Meeting != nil {
						what += st.Conversation.String() + " meeting " + st.Meeting.JoinURL
					}
					found = append(found, what)
				}
				for i, c := range all {
					if found[i] != found[0] {
						t.Fatalf("under %v there is %q, under %v %q", c, found[i], all[0], found[0])
					}
				}
			},
		})
	})
}
