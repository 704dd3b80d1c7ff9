package store

import (
	"testing"

	"pgregory.net/rapid"

	"meetbot/bot"
)

func samplePlace(t *rapid.T) bot.Conversation {
	part := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z:{}%/ 25AFB37D]{0,8}`))
	return bot.Conversation{
		Platform: part.Draw(t, "platform"), Workspace: part.Draw(t, "workspace"), Channel: part.Draw(t, "channel"), Thread: part.Draw(t, "thread"),
	}
}

func TestPlacesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := samplePlace(t)
		if got, ok := decodePlace(encodePlace(c)); !ok || got != c {
			t.Fatalf("%+v came back as %+v, %v", c, got, ok)
		}
	})
}

func TestCardsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		card := bot.PostedCard{
			Ref: bot.MessageRef("r" + text.Draw(t, "ref")), Generation: rapid.IntRange(1, 1<<31-1).Draw(t, "generation"),
			Subject: text.Draw(t, "subject"), Language: rapid.SampledFrom(append(bot.Languages, "")).Draw(t, "language"),
		}
		if got, ok := decodeCard(encodeCard(card)); !ok || got != card {
			t.Fatalf("%+v came back as %+v, %v", card, got, ok)
		}
	})
}

func FuzzPlace(f *testing.F) {
	for _, seed := range []string{"", "1 ", "1 slack:T:C", "1 slack:T:C:1.1", "1 slack:T:C:", "1 a%3Ab:%25:%7B%7D%2F", "1 %:%:%", "1 a:b:c:d:e", "2 slack:T:C", "1 slack:T:{C}", "1 slack:T:%3a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, place string) {
		if c, ok := decodePlace(place); ok && encodePlace(c) != place {
			t.Errorf("%q is read as %+v, which is %q", place, c, encodePlace(c))
		}
	})
}

func FuzzCard(f *testing.F) {
	for _, seed := range []string{"", "1 ", "1 3 ref7 en Weekly sync", "1 3 ref7 en ", "1 3 ref7 en", "1 4 ref 7 en x", "1 -1 ref7 en x", "1 03 ref7 en x", "1 3 ref0 en x", "2 3 ref7 en x", "1 99999999999999999999 ref7 en x", "1 3 ref+7 en x", "11:1 3 ref7 en 11:1 3 rex7 en ", "99:1", "-1:x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		for _, card := range decodeCards(entry) {
			if _, ok := decodeCard(encodeCard(card)); !ok {
				t.Errorf("%q holds %+v", entry, card)
			}
		}
		card, ok := decodeCard(entry)
		if ok && (card.Ref == "" || card.Generation < 1 || encodeCard(card) != entry) {
			t.Errorf("%q is read as %+v", entry, card)
		}
	})
}
