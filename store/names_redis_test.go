//go:build integration

package store_test

import (
	"testing"

	"pgregory.net/rapid"

	"meetbot/bot"
	"meetbot/internal/redistest"
)

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

// The names of a conversation lie on different nodes of a Cluster, and it has one meeting all the same.
func TestNamesOnACluster(t *testing.T) {
	t.Parallel()
	s := openWithNames(t, redistest.StartCluster(t, redistest.Options{}).URL())
	for i := range 20 {
		all := renamed("")
		made := makeMeeting(t, s, all[i%4], false, 0)
		for _, c := range all {
			if st, err := s.Announce(t.Context(), c, "r", bot.Asker{}); err != nil || *st.Meeting != *made.Meeting {
				t.Errorf("under %v: %+v, %v", c, st, err)
			}
			if st := makeMeeting(t, s, c, false, 0); *st.Meeting != *made.Meeting {
				t.Errorf("a claim under %v made %+v", c, st)
			}
		}
	}
}
