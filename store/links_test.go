package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"meetbot/bot"
	"meetbot/store"
)

// leads checks that a token leads to the conversation and its meeting; to nothing if there is no conversation.
func leads(t *testing.T, s *store.Store, token string, c bot.Conversation, m *bot.Meeting) {
	t.Helper()
	st, err := s.Follow(t.Context(), token)
	switch {
	case c == (bot.Conversation{}):
		if !errors.Is(err, bot.ErrNoLink) || st != (bot.State{}) {
			t.Errorf("token %q leads to %+v, %v", token, st, err)
		}
	case err != nil || st.Conversation != c || (st.Meeting == nil) != (m == nil) || m != nil && *st.Meeting != *m:
		t.Errorf("token %q leads to %+v, %v, want %v with %+v", token, st, err, c, m)
	}
}

func link(t *testing.T, s *store.Store, c bot.Conversation, proposed, replaces, want string) {
	t.Helper()
	if token, err := s.Link(t.Context(), c, proposed, replaces); err != nil || token != want {
		t.Errorf("the link of %v, proposed %q for %q: %q, %v, want %q", c, proposed, replaces, token, err, want)
	}
}

func TestLastingLinks(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, c, other := b.open(t, "one"), channel(), channel()
		nowhere := bot.Conversation{}
		leads(t, s, "t1", nowhere, nil)
		leads(t, s, "", nowhere, nil)
		leads(t, s, strings.Repeat("x", 100_000), nowhere, nil)
		link(t, s, c, "t1", "", "t1")
		leads(t, s, "t1", c, nil)
		m := makeMeeting(t, s, c, false, 0).Meeting
		leads(t, s, "t1", c, m)
		link(t, s, c, "t2", "", "t1")
		link(t, s, c, "t2", "another", "t1")
		leads(t, s, "t2", nowhere, nil)

		link(t, s, c, "t3", "t1", "t3")
		link(t, s, c, "t3", "t1", "t3") // the same call, whose answer was lost
		link(t, s, c, "t4", "t1", "t3") // somebody else replaced the same one later
		leads(t, s, "t1", nowhere, nil)
		leads(t, s, "t4", nowhere, nil)
		leads(t, s, "t3", c, makeMeeting(t, s, c, true, 1).Meeting)
		if keys := b.raw.Keys(t.Context(), "mb:link:*").Val(); len(keys) != 1 || strings.Contains(keys[0], "t3") {
			t.Errorf("what leads somewhere: %q", keys)
		}

		link(t, s, other, "t5", "", "t5")
		link(t, s, other, "t6", "t3", "t5") // which is not its own
		leads(t, s, "t3", c, makeMeeting(t, s, c, false, 0).Meeting)
		if token, err := s.Link(t.Context(), other, "t3", "t5"); err == nil {
			t.Errorf("two conversations have the link %q", token)
		}
		leads(t, s, "t3", c, makeMeeting(t, s, c, false, 0).Meeting)
		leads(t, s, "t5", other, nil)

		// A thread that belongs to its channel has the channel's link.
		no(t, s.LinkThread(t.Context(), c, "1.1"))
		link(t, s, thread(c, "1.1"), "t7", "", "t3")
		own := thread(c, "1.2")
		link(t, s, own, "t8", "", "t8")
		leads(t, s, "t8", own, nil)
	})
}

// A crash leaves at most a token that leads nowhere, and the next call mends what it left.
func TestCrashesBesideALink(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, c := b.open(t, "one"), channel()
		hash := "mb:{" + c.ChannelKey() + "}:l:"
		link(t, s, c, "t1", "", "t1")
		way := b.raw.Keys(t.Context(), "mb:link:*").Val()[0]
		place := b.raw.Get(t.Context(), way).Val()

		no(t, b.raw.Del(t.Context(), hash).Err()) // it came as far as the way
		leads(t, s, "t1", bot.Conversation{}, nil)
		link(t, s, c, "t1", "", "t1")
		leads(t, s, "t1", c, nil)

		no(t, b.raw.Del(t.Context(), way).Err()) // a server failed, and lost what it had not passed on
		leads(t, s, "t1", bot.Conversation{}, nil)
		link(t, s, c, "t2", "", "t1")
		leads(t, s, "t1", c, nil)

		link(t, s, c, "t3", "t1", "t3")
		no(t, b.raw.Set(t.Context(), way, place, 0).Err()) // it did not come as far as deleting the old way
		leads(t, s, "t1", bot.Conversation{}, nil)
		link(t, s, c, "t3", "t1", "t3")
		if n := b.raw.Exists(t.Context(), way).Val(); n != 0 {
			t.Error("the old way is left")
		}
		no(t, b.raw.Set(t.Context(), way, "2 later", 0).Err())
		if _, err := s.Follow(t.Context(), "t1"); bot.CodeOf(err) != bot.UnreadableRecord {
			t.Errorf("a link of a later release: %v", err)
		}
	})
}

// However many want a link or a new one at once, there is one, and the others lead nowhere.
func TestRaceForALink(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		for range 20 {
			c := channel()
			before := ""
			for round := range 2 {
				var wg sync.WaitGroup
				var mu sync.Mutex
				got := map[string]bool{}
				for i := range 8 {
					wg.Go(func() {
						token, err := s.Link(t.Context(), c, fmt.Sprint(c.Channel, round, i), before)
						no(t, err)
						mu.Lock()
						defer mu.Unlock()
						got[token] = true
					})
				}
				wg.Wait()
				if len(got) != 1 {
					t.Fatalf("the links are %v", got)
				}
				for i := range 8 {
					token := fmt.Sprint(c.Channel, round, i)
					if got[token] {
						leads(t, s, token, c, nil)
						before = token
					} else {
						leads(t, s, token, bot.Conversation{}, nil)
					}
				}
			}
			if n := len(b.raw.Keys(t.Context(), "mb:link:*").Val()); n != 1 {
				t.Fatalf("%d ways are left", n)
			}
			no(t, b.raw.FlushAll(t.Context()).Err())
		}
	})
}

// A link that was made under one name is the link under all, also once the meeting is made under another.
func TestLinkUnderAllNames(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := openWithNames(t, b.url)
		for i := range 4 {
			for j := range 4 {
				all := renamed("")
				token := all[i].String() + fmt.Sprint(j)
				link(t, s, all[i], token, "", token)
				m := makeMeeting(t, b.open(t, "before"), all[j], false, 0).Meeting
				leads(t, s, token, all[j], m)
				no(t, s.SetBookmark(t.Context(), all[j], "Bk1"))
				for _, c := range all {
					link(t, s, c, "another", "", token)
					if id, err := s.Bookmark(t.Context(), c); err != nil || id != "Bk1" {
						t.Errorf("the bookmark of %v is %q, %v", c, id, err)
					}
				}
				link(t, s, all[3], token+"x", token, token+"x")
				leads(t, s, token, bot.Conversation{}, nil)
				leads(t, s, token+"x", all[j], m)
			}
		}
	})
}

func TestBookmark(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, c := b.open(t, "one"), channel()
		is := func(want string) {
			t.Helper()
			if id, err := s.Bookmark(t.Context(), c); err != nil || id != want {
				t.Errorf("the bookmark is %q, %v, want %q", id, err, want)
			}
		}
		is("")
		no(t, s.SetBookmark(t.Context(), c, ""))
		no(t, s.SetBookmark(t.Context(), c, "Bk1"))
		no(t, s.SetBookmark(t.Context(), c, "Bk2"))
		is("Bk2")
		link(t, s, c, "t1", "", "t1") // the bookmark may come first
		link(t, s, c, "t2", "t1", "t2")
		is("Bk2")
		no(t, s.SetBookmark(t.Context(), c, ""))
		is("")
		leads(t, s, "t2", c, nil)
	})
}
