package bot_test

import (
	"testing"
	"time"

	"meetbot/bot"
)

// BenchmarkCatalog measures one sentence from the message to the text, how much of that the message costs, and the text
// of a whole card.
func BenchmarkCatalog(b *testing.B) {
	catalog, err := bot.NewCatalog()
	if err != nil {
		b.Fatal(err)
	}
	meeting := bot.Meeting{OnlineMeeting: bot.OnlineMeeting{
		JoinURL: "https://teams.example/j/1", Subject: "Design review", JoinID: "291 845 773 102", Passcode: "Xy7pQ2",
		Created: time.Date(2026, 3, 12, 15, 4, 5, 0, time.UTC),
	}, Organizer: bot.Organizer{Name: "Ann Example"}}
	tooMany := &bot.Error{Code: bot.TooMany, Wait: 754 * time.Second}
	for name, message := range map[string]func() bot.Message{
		"without a gap": bot.Card{New: true}.Status,
		"one gap":       bot.Card{Meeting: meeting}.Status,
		"two gaps": func() bot.Message {
			return bot.Explain(bot.Portuguese, tooMany, meeting.Organizer, "", bot.Command{Kind: bot.New}, "").Messages[0]
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				catalog.Render(bot.Portuguese, message(), bot.PlainStyle{})
			}
		})
	}
	b.Run("make a message with one gap", func(b *testing.B) {
		b.ReportAllocs()
		card := bot.Card{Meeting: meeting}
		for b.Loop() {
			sink = card.Status()
		}
	})
	b.Run("make a message with two gaps", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sink = bot.Explain(bot.Portuguese, tooMany, meeting.Organizer, "", bot.Command{Kind: bot.New}, "").Messages[0]
		}
	})
	b.Run("card", func(b *testing.B) {
		b.ReportAllocs()
		reply := bot.Reply{Language: bot.English, Card: &bot.Card{Meeting: meeting}}
		for b.Loop() {
			reply.Text(catalog, bot.PlainStyle{})
		}
	})
	b.Run("card in parallel", func(b *testing.B) {
		b.ReportAllocs()
		reply := bot.Reply{Language: bot.English, Card: &bot.Card{Meeting: meeting}}
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				reply.Text(catalog, bot.PlainStyle{})
			}
		})
	})
}

var sink bot.Message
