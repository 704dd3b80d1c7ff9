package bot_test

import (
	"fmt"
	"time"

	"meetbot/bot"
)

// Load the catalogue once, and render each message in the language and the style of its reader.
func ExampleCatalog() {
	catalog, err := bot.NewCatalog()
	if err != nil {
		fmt.Println(err)
		return
	}
	created := time.Date(2026, 3, 12, 15, 4, 5, 0, time.UTC)
	since := bot.Message{ID: "card.since", Args: []bot.Arg{
		{Name: "Of", Value: bot.Message{ID: "place.of_channel"}},
		{Name: "Day", Value: created},
	}}
	fmt.Println(catalog.Render(bot.English, since, bot.PlainStyle{}))
	fmt.Println(catalog.PlainText(bot.Portuguese, since))

	// The language of a person comes from the chat platform as a locale. Commands need no argument.
	lang := bot.LanguageOf("pt-PT", bot.English)
	fmt.Println(catalog.PlainText(lang, bot.Message{ID: "show.none"}))

	// Output:
	// This channel's meeting since 12 Mar 2026 15:04 UTC
	// Reunião deste canal desde 12/03/2026 15:04 UTC
	// Ainda não há reunião aqui. `/meet` cria uma para todos.
}
