// Command pictures draws the pictures in the README: the cards of the golden files, as Microsoft's renderer and ours
// draw them in Chromium. `make pictures` runs it in the repository's directory.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"meetbot/internal/cardpage"
)

// picture is one picture: some golden files of one client, side by side.
type picture struct {
	name     string // in docs/pictures, without its look
	client   string
	cards    []string // golden files, without their ending
	unfolded int      // how many of them, from the last one on, show what their buttons show
}

var pictures = []picture{
	{"slack", cardpage.Slack, []string{"en/card-dated", "en/card-details"}, 0},
	{"teams", cardpage.Teams, []string{"en/card-dated", "pt-BR/card-details"}, 0},
}

// width is how wide a card is in the pictures, in CSS pixels.
const width = 420

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	for _, p := range pictures {
		for _, look := range []string{cardpage.Light, cardpage.Dark} {
			if err := p.draw(ctx, look); err != nil {
				fmt.Fprintln(os.Stderr, "pictures:", err)
				os.Exit(1)
			}
		}
	}
}

// draw writes the picture to docs/pictures.
func (p picture) draw(ctx context.Context, look string) error {
	page := cardpage.Page{Client: p.client, Look: look, Width: width, Columns: len(p.cards)}
	for i, name := range p.cards {
		content, err := p.read(name)
		if err != nil {
			return err
		}
		page.Cards = append(page.Cards, cardpage.Card{
			Name: name, Content: content, Unfolded: i >= len(p.cards)-p.unfolded,
		})
	}
	png, err := cardpage.Picture(ctx, filepath.Join("internal", "teamskit"), page)
	if err != nil {
		return err
	}
	file := filepath.Join("docs", "pictures", p.name+"-"+look+".png")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, png, 0o644)
}

// read reads a golden file: a message of Slack's, or the card in one of Teams'.
func (p picture) read(name string) (json.RawMessage, error) {
	content, err := os.ReadFile(filepath.Join("bot", p.client+"app", "testdata", "golden", name+".json"))
	if err != nil || p.client == cardpage.Slack {
		return content, err
	}
	var message struct {
		Attachments []struct {
			Content json.RawMessage `json:"content"`
		} `json:"attachments"`
	}
	if err := json.Unmarshal(content, &message); err != nil {
		return nil, err
	}
	if len(message.Attachments) != 1 {
		return nil, fmt.Errorf("%s has %d cards", name, len(message.Attachments))
	}
	return message.Attachments[0].Content, nil
}
