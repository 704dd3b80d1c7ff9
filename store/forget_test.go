package store_test

import (
	"slices"
	"strings"
	"testing"

	"meetbot/bot"
	"meetbot/store"
)

// What is forgotten is gone, and the next claim is above all that there was, whatever its asker saw.
func TestForget(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, ctx := b.open(t, "one"), t.Context()
		for name, prepare := range map[string]func(c bot.Conversation) (generation int){
			"a first meeting": func(c bot.Conversation) int { return makeMeeting(t, s, c, false, 0).Meeting.Generation },
			"a later meeting": func(c bot.Conversation) int {
				makeMeeting(t, s, c, false, 0)
				return makeMeeting(t, s, c, true, 1).Meeting.Generation
			},
			"a pending claim": func(c bot.Conversation) int {
				_, err := s.Claim(ctx, bot.NewClaim(c, 1, false), false, 0)
				no(t, err)
				return 1
			},
			"a meeting that cannot be read": func(c bot.Conversation) int {
				no(t, b.raw.Set(ctx, "mb:{"+c.ChannelKey()+"}:m:"+c.Thread, "7 claim {nonsense", 0).Err())
				return 7
			},
		} {
			for _, c := range []bot.Conversation{channel(), thread(channel(), "1.1")} {
				generation := prepare(c)
				if done, err := s.Forget(ctx, c, "another claim"); err != nil || done {
					t.Errorf("%s: another meeting was forgotten: %v, %v", name, done, err)
				}
				if done, err := s.Forget(ctx, c, ""); err != nil || !done {
					t.Fatalf("%s: %v, %v", name, done, err)
				}
				state, err := s.Read(ctx, c, bot.Asker{})
				if err != nil || state.Meeting != nil || state.Pending != nil || state.Generation() != 0 {
					t.Fatalf("%s: there is still %+v, %v", name, state, err)
				}
				claim := bot.NewClaim(c, 1, false)
				state, err = s.Claim(ctx, claim, false, 0)
				no(t, err)
				p := state.Pending
				if p == nil || p.ID != claim.ID || p.Generation != generation+1 ||
					!strings.HasPrefix(p.Request.ExternalID, c.String()+"/") {
					t.Fatalf("%s: claimed %+v", name, p)
				}
				if _, err = s.Release(ctx, *p); err != nil { // a refused claim leaves the floor
					t.Fatal(err)
				}
				fresh := bot.NewClaim(c, 1, true) // `new`, of somebody who sees no meeting
				state, err = s.Claim(ctx, fresh, true, 0)
				no(t, err)
				if state.Pending == nil || state.Pending.ID != fresh.ID || state.Pending.Generation != generation+1 {
					t.Fatalf("%s: new claimed %+v", name, state.Pending)
				}
				state, err = s.Complete(ctx, *state.Pending, meetingFor(*state.Pending))
				if err != nil || state.Meeting.Generation != generation+1 {
					t.Errorf("%s: completed %+v, %v", name, state.Meeting, err)
				}
				if n := b.raw.Exists(ctx, "mb:{"+c.ChannelKey()+"}:f:"+c.Thread).Val(); n != 0 {
					t.Errorf("%s: the floor outlives its use", name)
				}
			}
		}
		if done, err := s.Forget(ctx, channel(), ""); err != nil || done {
			t.Errorf("a conversation without anything was forgotten: %v, %v", done, err)
		}
	})
}

// A channel that got another ID begins above what was forgotten under the ID of before.
func TestForgetUnderAllNames(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := openWithNames(t, b.url)
		c := channel()
		all := names(c)
		if len(all) < 2 {
			t.Fatal("the conversation has one name")
		}
		makeMeeting(t, s, all[0], false, 0)
		if done, err := s.Forget(t.Context(), all[0], ""); err != nil || !done {
			t.Fatal(done, err)
		}
		last := all[len(all)-1]
		state, err := s.Claim(t.Context(), bot.NewClaim(last, 1, false), false, 0)
		if err != nil || state.Pending == nil || state.Pending.Generation != 2 {
			t.Errorf("claimed %+v, %v", state.Pending, err)
		}
	})
}

// Every meeting is found, by a user with the rights of an operator, and by none with those of the bot.
func TestMeetings(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		url := b.all
		if b.url != b.all {
			url = restrictTo(t, b, "operator", store.OperatorACL)
			err := b.open(t, "bot").Meetings(t.Context(), func(store.Held) error { return nil })
			if err != store.ErrNotAllowed { //nolint:errorlint // it is promised as it is
				t.Errorf("with the rights of the bot: %v", err)
			}
		}
		s := open(t, url, store.Options{Replica: "operator"})
		var want []string
		for range 30 {
			c := thread(channel(), "1.1")
			makeMeeting(t, s, c, false, 0)
			want = append(want, c.String())
		}
		broken := channel()
		no(t, b.raw.Set(t.Context(), "mb:{"+broken.ChannelKey()+"}:m:", "7 claim {nonsense", 0).Err())
		var got []string
		no(t, s.Meetings(t.Context(), func(h store.Held) error {
			if (h.Meeting == nil) != (h.Conversation == broken) {
				t.Errorf("found %+v", h)
			}
			got = append(got, h.Conversation.String())
			return nil
		}))
		want = append(want, broken.String())
		slices.Sort(want)
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("found %v, want %v", got, want)
		}
		if done, err := s.Forget(t.Context(), broken, ""); err != nil || !done {
			t.Errorf("an operator cannot forget: %v, %v", done, err)
		}
	})
}
