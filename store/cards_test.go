package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"pgregory.net/rapid"

	"meetbot/bot"
	"meetbot/store"
)

func cardsOf(c bot.Conversation) string { return "mb:{" + c.ChannelKey() + "}:c:" + c.Thread }

func TestPostedCards(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, c := b.open(t, "one"), channel()
		if cards, err := s.Cards(t.Context(), c); err != nil || len(cards) != 0 {
			t.Errorf("at first %+v, %v", cards, err)
		}
		no(t, s.ForgetCard(t.Context(), c, "none"))
		if err := s.KeepCard(t.Context(), c, bot.PostedCard{Generation: 1, Language: bot.English}); err == nil {
			t.Error("a card without a reference is kept")
		}
		var want []bot.PostedCard
		for i := range bot.MaxPostedCards + 5 {
			card := bot.PostedCard{Ref: bot.MessageRef(fmt.Sprint("C1/17 ", i)), Generation: i + 1, Subject: "Weekly, 1 2 x", Language: bot.English}
			no(t, s.KeepCard(t.Context(), c, card))
			no(t, s.KeepCard(t.Context(), c, card))
			want = slices.Insert(want, 0, card)
		}
		want = want[:bot.MaxPostedCards]
		want[7].Subject = "Daily" // a renamed one keeps its place
		no(t, s.KeepCard(t.Context(), c, want[7]))
		want[8].LeadsTo = 30 // and so does one whose meeting was replaced
		no(t, s.KeepCard(t.Context(), c, want[8]))
		no(t, s.ForgetCard(t.Context(), c, want[3].Ref))
		no(t, s.ForgetCard(t.Context(), c, want[3].Ref))
		want = slices.Delete(want, 3, 4)
		if cards, err := s.Cards(t.Context(), c); err != nil || !slices.Equal(cards, want) {
			t.Errorf("the cards are %+v, %v, want %+v", cards, err, want)
		}
		if cards, err := s.Cards(t.Context(), thread(c, "1.1")); err != nil || len(cards) != 0 {
			t.Errorf("a thread of the channel has %+v, %v", cards, err)
		}
		if ttl := b.raw.TTL(t.Context(), cardsOf(c)).Val(); ttl < 89*24*time.Hour || ttl > 90*24*time.Hour {
			t.Errorf("the cards are kept for %v", ttl)
		}
		// What a later release wrote is left alone.
		later := "7:2 later8:nonsense"
		no(t, b.raw.Set(t.Context(), cardsOf(c), later+b.raw.Get(t.Context(), cardsOf(c)).Val(), time.Hour).Err())
		if cards, err := s.Cards(t.Context(), c); err != nil || !slices.Equal(cards, want) {
			t.Errorf("beside a later release's the cards are %+v, %v", cards, err)
		}
		no(t, s.ForgetCard(t.Context(), c, want[0].Ref))
		if value := b.raw.Get(t.Context(), cardsOf(c)).Val(); !strings.HasPrefix(value, later) {
			t.Errorf("the cards of a later release are gone: %q", value)
		}
		if ttl := b.raw.TTL(t.Context(), cardsOf(c)).Val(); ttl <= 0 || ttl > time.Hour {
			t.Errorf("after one is forgotten the cards are kept for %v", ttl)
		}
		// What nobody wrote counts as no cards.
		for _, value := range []string{"nonsense", "-5:x", ":", "99999999999999999999:x", "5:1", "3:1 2"} {
			no(t, b.raw.Set(t.Context(), cardsOf(c), value, 0).Err())
			if cards, err := s.Cards(t.Context(), c); err != nil || len(cards) != 0 {
				t.Errorf("%q are the cards %+v, %v", value, cards, err)
			}
			no(t, s.KeepCard(t.Context(), c, want[0]))
			if cards, err := s.Cards(t.Context(), c); err != nil || !slices.Equal(cards, want[:1]) {
				t.Errorf("after %q the cards are %+v, %v", value, cards, err)
			}
		}
		no(t, s.ForgetCard(t.Context(), c, want[0].Ref))
	})
}

// Whatever is posted, changed and forgotten, the newest are kept, in the order in which they were posted.
func TestNewestCardsAreKept(t *testing.T) {
	s := open(t, "redis://"+miniredis.RunT(t).Addr(), store.Options{Replica: "one"})
	rapid.Check(t, func(t *rapid.T) {
		c := channel()
		var want []bot.PostedCard
		ref := rapid.OneOf(rapid.StringN(1, 8, -1), rapid.StringMatching(`[0-9]{1,2}`))
		t.Repeat(map[string]func(*rapid.T){
			"keep": func(t *rapid.T) {
				card := bot.PostedCard{
					Ref: bot.MessageRef(ref.Draw(t, "ref")), Generation: rapid.IntRange(1, 9).Draw(t, "generation"),
					LeadsTo: rapid.IntRange(0, 9).Draw(t, "leads to"),
					Subject: rapid.String().Draw(t, "subject"), Language: bot.English,
				}
				if err := s.KeepCard(t.Context(), c, card); err != nil {
					t.Fatal(err)
				}
				if i := slices.IndexFunc(want, func(w bot.PostedCard) bool { return w.Ref == card.Ref }); i >= 0 {
					want[i] = card
				} else {
					want = slices.Insert(want, 0, card)
					want = want[:min(len(want), bot.MaxPostedCards)]
				}
			},
			"forget": func(t *rapid.T) {
				gone := bot.MessageRef(ref.Draw(t, "ref"))
				if err := s.ForgetCard(t.Context(), c, gone); err != nil {
					t.Fatal(err)
				}
				want = slices.DeleteFunc(want, func(w bot.PostedCard) bool { return w.Ref == gone })
			},
			"": func(t *rapid.T) {
				if got, err := s.Cards(t.Context(), c); err != nil || !slices.Equal(got, want) {
					t.Fatalf("the cards are %+v, %v, want %+v", got, err, want)
				}
			},
		})
	})
}
