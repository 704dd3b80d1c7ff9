package joinlink

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"meetbot/bot"
	"meetbot/internal/inbound"
)

// Path is the pattern under which the handler is registered.
const Path = bot.LinkPath

// Outcome is what became of a request, for the operator's figures. It is a label of a metric.
type Outcome string

// The outcomes of requests that were answered. A request that was refused, or could not be answered, has its reason as
// its outcome.
const (
	Redirected Outcome = "redirected" // to the meeting
	NoMeeting  Outcome = "no_meeting" // the link is right, and there is no meeting that works
)

// The reasons for which a request is refused, beside [inbound.Method], or cannot be answered.
const (
	Unknown     = "unknown"     // no conversation has the token, or not any more
	Malformed   = "malformed"   // what follows Path cannot be a token
	Busy        = "busy"        // as many look-ups as there may be took all the time that there was
	Unavailable = "unavailable" // the look-up failed
)

// Outcomes are all outcomes, the reasons included.
var Outcomes = []string{
	string(Redirected), string(NoMeeting), inbound.Method, Unknown, Malformed, Busy, Unavailable,
}

const (
	// atOnce is how many look-ups run at the same time. Each is one round trip to Redis, so this is enough for
	// thousands of requests a second, and leaves most connections to commands.
	atOnce = 16
	// patience is how long a request waits for its turn and its look-up. It is less than the server's write timeout.
	patience = 3 * time.Second
	// retryAfter is in how many seconds a client that could not be answered is to come again.
	retryAfter = "60"
)

// Follower looks lasting links up. A [bot.Service] is one.
type Follower interface {
	// Follow returns where the link with this token leads, and bot.ErrNoLink if it leads nowhere.
	Follow(ctx context.Context, token string) (bot.Followed, error)
}

// Config is what a handler is made of.
type Config struct {
	Links   Follower
	Catalog *bot.Catalog
	Refused *inbound.Requests // told of requests that anybody can send; optional
	Failed  *inbound.Requests // told of requests that could not be answered; optional
	Count   func(Outcome)     // told of each request that was answered; optional
}

// Handler answers lasting links. It is safe for concurrent use.
type Handler struct {
	Config
	turns chan struct{} // one for each look-up under way
	pages map[pageKey]string
}

// New returns a handler.
func New(c Config) *Handler {
	if c.Count == nil {
		c.Count = func(Outcome) {}
	}
	return &Handler{Config: c, turns: make(chan struct{}, atOnce), pages: pages(c.Catalog)}
}

// ServeHTTP redirects GET and HEAD of a conversation's link to its meeting, or shows a page: 200 where there is no
// meeting, 404 where there is no such link, 503 where nobody can tell. Any other method is 405.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	harden(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Refused.Refused(r.Context(), inbound.Method, "a link is followed by GET, not by a form or a program")
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	token := strings.TrimPrefix(r.URL.Path, Path)
	if !bot.IsLinkToken(token) {
		h.Refused.Refused(r.Context(), Malformed, "what follows "+Path+" cannot be a link's token: was a link cut?")
		h.page(w, http.StatusNotFound, bot.LinkPageUnknown, "")
		return
	}
	followed, err := h.follow(r.Context(), token)
	switch {
	case r.Context().Err() != nil: // nobody reads the answer
	case errors.Is(err, bot.ErrNoLink):
		h.Refused.Refused(r.Context(), Unknown, "no conversation has this link, or not any more: it was replaced, or "+
			"somebody guesses")
		h.page(w, http.StatusNotFound, bot.LinkPageUnknown, "")
	case err != nil:
		reason, hint := Unavailable, "a link could not be looked up"
		if errors.Is(err, errBusy) {
			reason, hint = Busy, "there are more requests for links than can be looked up: does somebody guess?"
		}
		h.Failed.Refused(r.Context(), reason, hint, "error", err)
		w.Header().Set("Retry-After", retryAfter)
		h.page(w, http.StatusServiceUnavailable, bot.LinkPageUnavailable, "")
	case !isWeb(followed.JoinURL):
		h.Count(NoMeeting)
		h.page(w, http.StatusOK, bot.LinkPageNoMeeting, followed.Language)
	default:
		h.Count(Redirected)
		w.Header().Set("Location", followed.JoinURL)
		w.WriteHeader(http.StatusFound)
	}
}

// errBusy says that a request had no turn in time.
var errBusy = errors.New("no turn in time")

// follow looks a token up when it is its turn.
func (h *Handler) follow(ctx context.Context, token string) (bot.Followed, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	case <-ctx.Done():
		return bot.Followed{}, errBusy
	}
	return h.Links.Follow(ctx, token)
}

// isWeb tells whether a browser may be sent to a URL: it is one of the web.
func isWeb(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Scheme == "https" && u.Host != ""
}

// harden sets what holds for every answer: it is not kept, by caches or by search engines, the address of the link is
// not told to the page that follows, and a page loads and runs nothing.
func harden(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
}
