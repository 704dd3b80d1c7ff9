// Package cardpage draws the bot's cards in Chromium, for pictures and for tests of what fits: Adaptive Cards by
// Microsoft's own renderer, which internal/teamskit has, and Block Kit by a renderer of our own, since Slack publishes
// none. Call [Draw], or [Picture] for a picture.
//
// It imports no other package of the program. It is for tools and tests, and needs Chromium and the packages that
// `make tools` installs.
package cardpage

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// The clients whose cards are drawn.
const (
	Teams = "teams"
	Slack = "slack"
)

// The looks of a client.
const (
	Light = "light"
	Dark  = "dark"
)

// Page is what is drawn.
type Page struct {
	Client string `json:"client"` // Teams or Slack
	Look   string `json:"look"`   // Light or Dark
	Width  int    `json:"width"`  // of each card, in CSS pixels
	Cards  []Card `json:"cards"`  // side by side where Columns lets them, otherwise one below the other
	// Columns is how many cards stand side by side; 0 is one.
	Columns int `json:"-"`
}

// Card is one card of a page.
type Card struct {
	Name     string          `json:"name"`
	Content  json.RawMessage `json:"content"`  // an Adaptive Card; or a message of Slack's with blocks
	Unfolded bool            `json:"unfolded"` // in Teams: what buttons show stands open
}

// Report is what the page measured.
type Report struct {
	Height  int               `json:"height"`  // of the page, in CSS pixels
	Clipped map[string]string `json:"clipped"` // by the card's name, a text that is cut off at its edge
}

var (
	//go:embed page.css
	css string
	//go:embed page.js
	pageJS string
	//go:embed teams.js
	teamsJS string
	//go:embed slack.js
	slackJS string
)

// Draw draws the page and returns what it measured. kit is the directory internal/teamskit.
func Draw(ctx context.Context, kit string, p Page) (Report, error) {
	file, remove, err := p.write(kit)
	if err != nil {
		return Report{}, err
	}
	defer remove()
	return p.measure(ctx, file)
}

// Picture draws the page and returns a picture of it as PNG, of twice as many dots as CSS pixels.
func Picture(ctx context.Context, kit string, p Page) ([]byte, error) {
	file, remove, err := p.write(kit)
	if err != nil {
		return nil, err
	}
	defer remove()
	report, err := p.measure(ctx, file)
	if err != nil {
		return nil, err
	}
	out := file + ".png"
	defer func() { _ = os.Remove(out) }()
	size := strconv.Itoa(p.pageWidth()) + "," + strconv.Itoa(report.Height)
	_, err = browse(ctx, file, "--window-size="+size, "--force-device-scale-factor=2", "--screenshot="+out)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

// gap is what is around and between cards, in CSS pixels, as the style sheet has it.
const gap = 16

func (p Page) pageWidth() int {
	columns := cmp.Or(p.Columns, 1)
	return columns*p.Width + (columns+1)*gap
}

func (p Page) measure(ctx context.Context, file string) (report Report, err error) {
	dom, err := browse(ctx, file, "--window-size="+strconv.Itoa(p.pageWidth())+",2000", "--dump-dom")
	if err != nil {
		return report, err
	}
	_, rest, found := bytes.Cut(dom, []byte(`<pre id="report" hidden="">`))
	said, _, whole := bytes.Cut(rest, []byte("</pre>"))
	if !found || !whole {
		return report, fmt.Errorf("the page was not drawn:\n%s", dom[max(0, len(dom)-2000):])
	}
	return report, json.Unmarshal([]byte(html.UnescapeString(string(said))), &report)
}

// renderer are the scripts of Microsoft's renderer, and of the Markdown that it leaves to others.
var renderer = []string{"adaptivecards/dist/adaptivecards.min.js", "markdown-it/dist/markdown-it.min.js"}

// write writes the page to a file, and returns what removes it.
func (p Page) write(kit string) (file string, remove func(), err error) {
	data, err := json.Marshal(p) // which escapes what would end the script
	if err != nil {
		return "", nil, err
	}
	scripts, draw := "", slackJS
	if p.Client == Teams {
		draw = teamsJS
		for _, name := range renderer {
			path, err := filepath.Abs(filepath.Join(kit, "node_modules", filepath.FromSlash(name)))
			if err == nil {
				_, err = os.Stat(path)
			}
			if err != nil {
				return "", nil, fmt.Errorf("packages of internal/teamskit are needed (see make tools): %w", err)
			}
			scripts += `<script src="` + fileURL(path) + `"></script>`
		}
	}
	page := `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><style>` + css + `</style>` + scripts +
		`</head><body class="` + p.Client + ` ` + p.Look + `"><div id="cards"></div>` +
		`<script>const page = ` + string(data) + `;</script><script>` + draw + `</script><script>` + pageJS +
		`</script></body></html>`
	f, err := os.CreateTemp("", "cards-*.html")
	if err != nil {
		return "", nil, err
	}
	_, err = f.WriteString(page)
	return f.Name(), func() { _ = os.Remove(f.Name()) }, errors.Join(err, f.Close())
}

func fileURL(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// names are what Chromium is called, in any of its makes.
var names = []string{
	"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
	"/Applications/Chromium.app/Contents/MacOS/Chromium",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
}

// browse opens the file in Chromium without a window, and returns what it wrote.
func browse(ctx context.Context, file string, flags ...string) ([]byte, error) {
	for _, name := range names {
		program, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		profile, err := os.MkdirTemp("", "chromium-")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(profile) }()
		flags = append([]string{
			"--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--user-data-dir=" + profile,
			"--host-resolver-rules=MAP * ~NOTFOUND",
		}, flags...)
		if os.Geteuid() == 0 { // whom Chromium refuses a sandbox
			flags = append(flags, "--no-sandbox")
		}
		command := exec.CommandContext(ctx, program, append(flags, fileURL(file))...)
		var out, problems bytes.Buffer
		command.Stdout, command.Stderr = &out, &problems
		if err := command.Run(); err != nil {
			return nil, fmt.Errorf("draw in Chromium: %w\n%s", err, problems.Bytes())
		}
		return out.Bytes(), nil
	}
	return nil, errors.New("there is no Chromium here (make tools installs it)")
}
