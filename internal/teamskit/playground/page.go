package playground

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Page is the Playground's page in a browser. Its methods fail the test if what they want is not to be had.
type Page struct {
	t   testing.TB
	ctx context.Context //nolint:containedctx // how chromedp holds the browser
	bot string          // its name
}

// Card is an Adaptive Card, as it is drawn.
type Card struct {
	Lines   []string `json:"lines"` // what one reads, block by block
	Buttons []Button `json:"buttons"`
	Thread  string   `json:"thread"` // in a channel, all that one reads in the thread that it stands in; empty in chats
}

// Button is a button of a card.
type Button struct {
	Label string `json:"label"`
	Link  string `json:"link"` // where it leads; empty if it does something else
}

// Link is where the card's first link leads; empty if it has none.
func (c Card) Link() string {
	for _, b := range c.Buttons {
		if b.Link != "" {
			return b.Link
		}
	}
	return ""
}

// Text is everything that one reads in the card's blocks, one to a line.
func (c Card) Text() string { return strings.Join(c.Lines, "\n") }

// Browse opens the page in a browser that ends with the test. The browser finds no host but this machine.
func (p *Playground) Browse(t testing.TB) *Page {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.WindowSize(1280, 1400), // a conversation fits in
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost"),
		chromedp.Flag("lang", "en-US"))
	if os.Geteuid() == 0 { // whom Chromium refuses a sandbox
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewContext(t.Context(), chromedp.WithAllocatorOptions(options...))
	t.Cleanup(cancel)
	page := &Page{t: t, ctx: ctx, bot: p.bot}
	// The browser lives as long as the context that it is started with, so that one has no deadline.
	err := chromedp.Do(ctx)
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatalf("Chromium is needed (make tools installs it): %v", err)
	}
	if err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	page.do("open the page", chromedp.Navigate("http://"+p.Host+"/"))
	return page
}

// Open goes to a conversation. The first time, the bot is installed there.
func (p *Page) Open(conversation string) {
	p.t.Helper()
	p.do("open "+conversation, chromedp.Click(chromedp.CSS(fmt.Sprintf(`button[role=treeitem][aria-label=%q]`, conversation))))
}

// What one types into, and the button beside it. In a channel the newest thread comes first.
const (
	compose     = `[role=textbox][data-lexical-editor]`
	send        = `button[aria-label="Send Message"]`
	threadFoot  = `.fui-CardFooter `
	postButton  = `[...document.querySelectorAll("button")].find(b => b.innerText.trim() === "Post")`
	mentionMenu = `#typeahead-menu [role=menuitem]`
)

// Say writes a message in the chat that is open. A text that begins with "@" and the bot's name mentions it.
func (p *Page) Say(text string) {
	p.t.Helper()
	p.write(compose, text)
	p.do("send", chromedp.Click(chromedp.CSS(send)))
}

// Post opens a thread in the channel that is open. As for Say, a text may begin with a mention.
func (p *Page) Post(text string) {
	p.t.Helper()
	p.write(compose, text)
	p.do("post", chromedp.Click(chromedp.JSPath(postButton)))
}

// Reply writes in the newest thread of the channel that is open. As for Say, a text may begin with a mention.
func (p *Page) Reply(text string) {
	p.t.Helper()
	p.write(threadFoot+compose, text)
	p.do("reply", chromedp.Click(chromedp.CSS(threadFoot+send)))
}

func (p *Page) write(box, text string) {
	p.t.Helper()
	p.do("click where one types", chromedp.Click(chromedp.CSS(box)))
	if rest, mentioned := strings.CutPrefix(text, "@"+p.bot); mentioned {
		text = rest
		p.do("pick the bot from the menu",
			chromedp.KeyEvent("@"+p.bot), // leaves nobody else in it
			chromedp.Click(chromedp.CSS(mentionMenu)),
			chromedp.WaitNotPresent(chromedp.CSS(mentionMenu)))
	}
	p.do("type", chromedp.KeyEvent(text))
}

// Press clicks a button of the card with that index in what Cards returns.
func (p *Page) Press(card int, label string) {
	p.t.Helper()
	button := fmt.Sprintf(`document.querySelectorAll(".ac-adaptiveCard")[%d].querySelector('button[aria-label=%q]')`, card, label)
	p.do("press "+label, chromedp.Click(chromedp.JSPath(button)))
}

// readCards reads the cards that can be seen, in the order of the page.
const readCards = `[...document.querySelectorAll(".ac-adaptiveCard")].map(card => ({
	lines: [...card.querySelectorAll(".ac-textBlock, .ac-richTextBlock")]
		.filter(block => block.checkVisibility() && block.offsetHeight > 0).map(block => block.innerText.trim()),
	buttons: [...card.querySelectorAll(".ac-actionSet button")].filter(button => button.checkVisibility() && button.offsetHeight > 0)
		.map(button => ({label: button.innerText.trim(), link: button.getAttribute("role") === "link" ? button.title : ""})),
	thread: card.closest(".fui-Card:has(.fui-CardFooter)")?.innerText ?? "",
}))`

// Cards waits until the cards of the open conversation are as they should be, and returns them in the order of the page.
func (p *Page) Cards(what string, right func([]Card) bool) []Card {
	p.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		cards, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]Card](readCards))
		if err != nil {
			p.t.Fatalf("read the page: %v", err)
		}
		if right(cards) {
			return cards
		}
		if time.Now().After(deadline) {
			p.Keep("failed")
			p.t.Fatalf("not within %s: %s; the page shows the cards %+v", patience, what, cards)
		}
		select {
		case <-p.ctx.Done():
			p.t.Fatalf("the browser has ended: %v", context.Cause(p.ctx))
		case <-time.After(50 * time.Millisecond): // between two looks
		}
	}
}

// Keep takes a picture of the page, as one of the test's artifacts.
func (p *Page) Keep(name string) {
	p.t.Helper()
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Errorf("take a picture of the page: %v", err)
		return
	}
	if err := os.WriteFile(filepath.Join(p.t.ArtifactDir(), name+".png"), picture, 0o600); err != nil {
		p.t.Errorf("keep a picture of the page: %v", err)
	}
}

// do works on the page, within the time that anything may take.
func (p *Page) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.Keep("failed")
		p.t.Fatalf("%s: %v", what, err)
	}
}
