//go:build integration

package teamskit_test

import (
	"slices"
	"strings"
	"testing"

	"meetbot/internal/teamskit"
)

func TestDrawCards(t *testing.T) {
	tests := []struct {
		name     string
		card     string
		problems []string // a part of each, in any order
		text     []string
	}{
		{
			name: "good",
			card: `{"type": "AdaptiveCard", "version": "1.4", "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "lang": "pt",
				"msteams": {"width": "Full"}, "fallbackText": "words",
				"body": [
					{"type": "TextBlock", "text": "**Design** \\*review\\* & <b>", "wrap": true, "weight": "Bolder", "fallback": "drop"},
					{"type": "Container", "items": [{"type": "FactSet", "facts": [{"title": "Organizer", "value": "Ann"}]}]},
					{"type": "ColumnSet", "columns": [{"type": "Column", "width": "auto", "items": [{"type": "TextBlock", "text": "c"}]}]},
					{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "run"}]},
					{"type": "Input.Text", "id": "subject", "label": "Subject", "maxLength": 120}],
				"actions": [
					{"type": "Action.OpenUrl", "title": "Join", "url": "https://teams.contoso.example/1", "style": "positive"},
					{"type": "Action.Execute", "title": "New", "verb": "new", "data": {"any": {"thing": 1}}}]}`,
			text: []string{"Design", "*review* & <b>", "Organizer", "Ann", "c", "run", "Subject", "Join", "New"},
		},
		{
			name:     "unknown element",
			card:     `{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlok", "text": "x"}]}`,
			problems: []string{`Unknown element type "TextBlok"`},
		},
		{
			name:     "element of a later version",
			card:     `{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "Carousel", "pages": []}]}`,
			problems: []string{`Unknown element type "Carousel"`},
		},
		{
			name:     "misspelt property",
			card:     `{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "x", "wrapp": true}]}`,
			problems: []string{"TextBlock: there is no property wrapp"},
			text:     []string{"x"},
		},
		{
			name:     "property of another element",
			card:     `{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "x", "items": []}]}`,
			problems: []string{"TextBlock: there is no property items"},
			text:     []string{"x"},
		},
		{
			name:     "value that is none",
			card:     `{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "x", "size": "huge"}]}`,
			problems: []string{`Invalid value "huge" for property "size"`},
			text:     []string{"x"},
		},
		{
			name:     "link that leads nowhere",
			card:     `{"type": "AdaptiveCard", "version": "1.4", "actions": [{"type": "Action.OpenUrl", "title": "Join"}]}`,
			problems: []string{`Property "url" must be set`},
			text:     []string{"Join"},
		},
		{
			name: "too many buttons",
			card: `{"type": "AdaptiveCard", "version": "1.4", "actions": [` +
				strings.Repeat(`{"type": "Action.Submit", "title": "x"}, `, 6) + `{"type": "Action.Submit", "title": "x"}]}`,
			problems: []string{"Maximum number of actions exceeded"},
			text:     []string{"x", "x", "x", "x", "x"},
		},
		{
			name:     "another version",
			card:     `{"type": "AdaptiveCard", "version": "1.6", "body": [{"type": "TextBlock", "text": "x"}]}`,
			problems: []string{"the version is 1.6, not 1.4"},
			text:     []string{"x"},
		},
		{
			name:     "no card",
			card:     `{"version": "1.4"}`,
			problems: []string{"the type is undefined"},
		},
	}
	var cards [][]byte
	for _, tt := range tests {
		cards = append(cards, []byte(tt.card))
	}
	drawings := teamskit.DrawCards(t, cards...)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := drawings[i]
			if len(d.Problems) != len(tt.problems) {
				t.Errorf("problems %q, want %q", d.Problems, tt.problems)
			}
			for _, want := range tt.problems {
				if !slices.ContainsFunc(d.Problems, func(got string) bool { return strings.Contains(got, want) }) {
					t.Errorf("problems %q, want %q", d.Problems, want)
				}
			}
			if !slices.Equal(d.Text, tt.text) {
				t.Errorf("text %q, want %q", d.Text, tt.text)
			}
		})
	}
}

func TestManifestProblems(t *testing.T) {
	const schemas = "https://developer.microsoft.com/json-schemas/teams/v1.29/"
	got := teamskit.ManifestProblems(t,
		[]byte(`{"$schema": "`+schemas+`MicrosoftTeams.Localization.schema.json",
			"name.short": "Meetbot", "description.short": "x", "description.full": "x"}`),
		[]byte(`{"$schema": "`+schemas+`MicrosoftTeams.Localization.schema.json", "name.short": "Meetbot"}`),
		[]byte(`{"$schema": "`+schemas+`MicrosoftTeams.schema.json"}`),
		[]byte(`{}`))
	if len(got[0]) != 0 {
		t.Errorf("problems of words that have none: %q", got[0])
	}
	for i, problems := range got[1:] {
		if len(problems) == 0 {
			t.Errorf("broken document %d has no problems", i)
		}
	}
}

// The playground is installed and starts: what it does is told by the test that uses it.
func TestPlaygroundIsInstalled(t *testing.T) {
	version, err := teamskit.Node(t, teamskit.Playground, "--version").CombinedOutput()
	if err != nil || strings.TrimSpace(string(version)) != "0.2.28" {
		t.Errorf("%q, %v", version, err)
	}
}
