package joinlink

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"meetbot/bot"
	"meetbot/internal/inbound"
	"meetbot/internal/webpage"
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
	Unknown     = "unknown" // no conversation has the token, or not any more
	Malformed   = webpage.Malformed
	Busy        = webpage.Busy
	Unavailable = webpage.Unavailable
)

// Outcomes are all outcomes, the reasons included.
var Outcomes = []string{
	string(Redirected), string(NoMeeting), inbound.Method, Unknown, Malformed, Busy, Unavailable,
}

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
	links Follower
	count func(Outcome)
	site  *webpage.Site
}

// New returns a handler.
func New(c Config) *Handler {
	if c.Count == nil {
		c.Count = func(Outcome) {}
	}
	return &Handler{links: c.Links, count: c.Count, site: webpage.New(webpage.Config{
		Catalog: c.Catalog, What: "a link", Refused: c.Refused, Failed: c.Failed,
	})}
}

// ServeHTTP redirects GET and HEAD of a conversation's link to its meeting, or shows a page: 200 where there is no
// meeting, 404 where there is no such link, 503 where nobody can tell. Any other method is 405.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.site.Begin(w, r) {
		return
	}
	token := strings.TrimPrefix(r.URL.Path, Path)
	if !bot.IsLinkToken(token) {
		h.site.Refuse(w, r, Malformed, "what follows "+Path+" cannot be a link's token: was a link cut?",
			bot.LinkPageUnknown)
		return
	}
	var followed bot.Followed
	err := h.site.InTurn(r.Context(), func(ctx context.Context) (err error) {
		followed, err = h.links.Follow(ctx, token)
		return err
	})
	switch {
	case r.Context().Err() != nil: // nobody reads the answer
	case errors.Is(err, bot.ErrNoLink):
		h.site.Refuse(w, r, Unknown, "no conversation has this link, or not any more: it was replaced, or somebody "+
			"guesses", bot.LinkPageUnknown)
	case err != nil:
		h.site.Fail(w, r, err)
	case !isWeb(followed.JoinURL):
		h.count(NoMeeting)
		h.site.Page(w, http.StatusOK, bot.LinkPageNoMeeting, followed.Language)
	default:
		h.count(Redirected)
		w.Header().Set("Location", followed.JoinURL)
		w.WriteHeader(http.StatusFound)
	}
}

// isWeb tells whether a browser may be sent to a URL: it is one of the web.
func isWeb(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Scheme == "https" && u.Host != ""
}
