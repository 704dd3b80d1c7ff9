//go:build integration

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
	ctx context.Context // how chromedp holds the browser
	of  *Playground
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
	page := &Page{t: t, ctx: ctx, of: p}
	late := time.AfterFunc(patience, cancel) // a deadline would be the browser's for good
	err := chromedp.Do(ctx)
	late.Stop()
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatalf("Chromium is needed (make tools installs it): %v", err)
	}
	if err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	page.do("open the page", chromedp.Navigate(p.page+"/"))
	return page
}

// Open goes to a conversation. The first time, the bot is installed there.
func (p *Page) Open(conversation string) {
	p.t.Helper()
	p.press(element(fmt.Sprintf(`button[role=treeitem][aria-label=%q]`, conversation)))
}

// What one types into, and the button beside it. In a channel the newest thread comes first.
const (
	compose      = `[role=textbox][data-lexical-editor]`
	send         = `button[aria-label="Send Message"]`
	threadFoot   = `.fui-CardFooter `
	countThreads = `document.querySelectorAll(".fui-CardFooter").length`
	postButton   = `[...document.querySelectorAll("button")].find(b => b.innerText.trim() === "Post")`
	mentionMenu  = `#typeahead-menu [role=menuitem]`
)

// Say writes a message in the chat that is open. A text that begins with "@" and the bot's name mentions it.
func (p *Page) Say(text string) {
	p.t.Helper()
	p.write(compose, text)
	p.press(element(send))
}

// Post opens a thread in the channel that is open. As for Say, a text may begin with a mention.
func (p *Page) Post(text string) {
	p.t.Helper()
	p.write(compose, text)
	p.of.posting.Lock()
	defer p.of.posting.Unlock()
	threads := until(p, "threads", countThreads, func(int) bool { return true })
	p.press(postButton)
	until(p, "one thread more", countThreads, func(now int) bool { return now == threads+1 })
}

// Reply writes in the newest thread of the channel that is open. As for Say, a text may begin with a mention.
func (p *Page) Reply(text string) {
	p.t.Helper()
	p.write(threadFoot+compose, text)
	p.press(element(threadFoot + send))
}

func (p *Page) write(box, text string) {
	p.t.Helper()
	p.do("go where one types", chromedp.Focus(chromedp.CSS(box)))
	if rest, mentioned := strings.CutPrefix(text, "@"+p.of.bot); mentioned {
		text = rest
		p.do("mention the bot", chromedp.KeyEvent("@"+p.of.bot)) // leaves nobody else in the menu
		p.press(element(mentionMenu))
		p.wait("the menu closed", "!"+element(mentionMenu))
	}
	p.do("type", chromedp.KeyEvent(text))
}

// Press clicks a button of the card with that index in what Cards returns.
func (p *Page) Press(card int, label string) {
	p.t.Helper()
	button := fmt.Sprintf(`document.querySelectorAll(".ac-adaptiveCard")[%d]?.querySelector('button[aria-label=%q]')`,
		card, label)
	p.press(button)
}

// element is the expression that finds the first element of a selector.
func element(selector string) string { return fmt.Sprintf("document.querySelector(%q)", selector) }

// readCards reads the cards that can be seen, in the order of the page.
const readCards = `[...document.querySelectorAll(".ac-adaptiveCard")].map(card => ({
	lines: [...card.querySelectorAll(".ac-textBlock, .ac-richTextBlock")]
		.filter(block => block.checkVisibility() && block.offsetHeight > 0).map(block => block.innerText.trim()),
	buttons: [...card.querySelectorAll(".ac-actionSet button")]
		.filter(button => button.checkVisibility() && button.offsetHeight > 0)
		.map(button => ({
			label: button.innerText.trim(), link: button.getAttribute("role") === "link" ? button.title : "",
		})),
	thread: card.closest(".fui-Card:has(.fui-CardFooter)")?.innerText ?? "",
}))`

// Cards waits until the cards of the open conversation are as they should be, and returns them in the order of the
// page.
func (p *Page) Cards(what string, right func([]Card) bool) []Card {
	p.t.Helper()
	return until(p, what, readCards, right)
}

// press presses the button that an expression finds, once it is there. It does so without the mouse: a page moves while
// messages come and menus open, and the click would hit what has moved there.
func (p *Page) press(button string) {
	p.t.Helper()
	p.wait("the button "+button, fmt.Sprintf("(b => !!b && !b.disabled && (b.click(), true))(%s)", button))
}

// wait waits until an expression is true.
func (p *Page) wait(what, expression string) {
	p.t.Helper()
	until(p, what, expression, func(is bool) bool { return is })
}

// until waits until the value of an expression is as it should be, and returns it.
func until[V any](p *Page, what, expression string, right func(V) bool) V {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	var last V
	for {
		value, err := chromedp.Run(ctx, chromedp.Evaluate[V](expression))
		if err != nil && ctx.Err() == nil {
			p.t.Fatalf("read the page: %v", err)
		}
		if err == nil {
			if right(value) {
				return value
			}
			last = value
		}
		select {
		case <-ctx.Done():
			p.Keep("failed")
			p.t.Fatalf("the page does not show %s: %v; it shows %+v", what, context.Cause(ctx), last)
		case <-time.After(50 * time.Millisecond): // between two looks
		}
	}
}

// Keep takes a picture of the page, as one of the test's artifacts.
func (p *Page) Keep(name string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
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
