// Package webpage is what the public addresses have in common that end in a token, and that anybody may open: a request
// makes nothing, look-ups at the same time are bounded, and whoever cannot be answered gets a page that says why.
//
// Make a [Site] with [New] for each kind of address. A handler calls [Site.Begin] first, looks the token up with
// [Site.InTurn], and answers by itself or with [Site.Refuse], [Site.Fail] or [Site.Page].
//
// It imports bot and internal/inbound. It promises the same headers for every answer, and no word of a token in a page
// or a log line.
package webpage

import (
	"context"
	"errors"
	"net/http"
	"time"

	"meetbot/bot"
	"meetbot/internal/inbound"
)

// The reasons for which a request is refused, beside [inbound.Method], or cannot be answered.
const (
	Malformed   = "malformed"   // what stands in the place of the token cannot be one
	Busy        = "busy"        // as many look-ups as there may be took all the time that there was
	Unavailable = "unavailable" // the look-up failed
)

const (
	// atOnce is how many look-ups run at the same time. Each is some round trips to Redis, so this is enough for
	// thousands of requests a second, and leaves most connections to commands.
	atOnce = 16
	// forTurn is how long a request waits for its turn. It leaves time for the look-up: a turn that comes with no time
	// left is of no use, and takes it from a request that has some.
	forTurn = time.Second
	// patience is how long a request waits for its turn and its look-up. It is less than the server's write timeout.
	patience = 3 * time.Second
	// retryAfter is in how many seconds a client that could not be answered is to come again.
	retryAfter = "60"
)

// Config is what a site is made of.
type Config struct {
	Catalog *bot.Catalog
	What    string            // what an address is, for the log: "a link"
	Refused *inbound.Requests // told of requests that anybody can send; optional
	Failed  *inbound.Requests // told of requests that could not be answered; optional
}

// Site is one kind of address. It is safe for concurrent use.
type Site struct {
	Config
	turns chan struct{} // one for each look-up under way
	pages map[pageKey]string
}

// New returns a site.
func New(c Config) *Site {
	return &Site{Config: c, turns: make(chan struct{}, atOnce), pages: pages(c.Catalog)}
}

// Begin sets the headers of every answer, and tells whether the method is right. If not, it has answered: 405.
func (s *Site) Begin(w http.ResponseWriter, r *http.Request) bool {
	harden(w.Header())
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	s.Refused.Refused(r.Context(), inbound.Method, s.What+" is followed by GET, not by a form or a program")
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	return false
}

// errBusy says that a request had no turn in time.
var errBusy = errors.New("no turn in time")

// InTurn calls look when it is the request's turn, with a context that bounds it.
func (s *Site) InTurn(ctx context.Context, look func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	turn := time.NewTimer(forTurn)
	defer turn.Stop()
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-turn.C:
		return errBusy
	case <-ctx.Done():
		return ctx.Err()
	}
	return look(ctx)
}

// Refuse answers a request that leads nowhere with a page and 404, and reports it. hint is for the operator.
func (s *Site) Refuse(w http.ResponseWriter, r *http.Request, reason, hint string, page bot.LinkPage) {
	s.Refused.Refused(r.Context(), reason, hint)
	s.Page(w, http.StatusNotFound, page, "")
}

// Fail answers a request that could not be looked up with a page and 503, and reports it with the error of InTurn.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, err error) {
	reason, hint := Unavailable, s.What+" could not be looked up"
	if errors.Is(err, errBusy) {
		reason, hint = Busy, "there are more requests of "+s.What+" than can be looked up: does somebody guess?"
	}
	s.Failed.Refused(r.Context(), reason, hint, "error", err)
	w.Header().Set("Retry-After", retryAfter)
	s.Page(w, http.StatusServiceUnavailable, bot.LinkPageUnavailable, "")
}

// harden sets what holds for every answer: it is not kept, by caches or by search engines, the address is not told to
// the page that follows, and a page loads and runs nothing.
func harden(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
}
