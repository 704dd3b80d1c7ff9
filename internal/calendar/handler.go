package calendar

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"meetbot/bot"
	"meetbot/internal/inbound"
	"meetbot/internal/webpage"
)

// Path is the pattern under which the handler is registered.
const Path = bot.CalendarPath

// Outcome is what became of a request, for the operator's figures. It is a label of a metric.
type Outcome string

// The outcomes of requests that were answered. A request that was refused, or could not be answered, has its reason as
// its outcome.
const (
	Served    Outcome = "served"    // a file with the entry
	Cancelled Outcome = "cancelled" // people have taken the date away
	Gone      Outcome = "gone"      // the meeting was replaced, or the time of a date that was taken away has come
)

// The reasons for which a request is refused, beside [inbound.Method], or cannot be answered.
const (
	Forged      = "forged" // no replica has signed the address
	Past        = "past"   // the date is long past
	Malformed   = webpage.Malformed
	Busy        = webpage.Busy
	Unavailable = webpage.Unavailable
)

// Outcomes are all outcomes, the reasons included.
var Outcomes = []string{
	string(Served), string(Cancelled), string(Gone), inbound.Method, Forged, Past, Malformed, Busy, Unavailable,
}

// Entries looks calendar entries up. A [bot.Service] is one.
type Entries interface {
	// CalendarEntry returns the entry of this token; bot.ErrForgedCalendar if no replica has signed it, and
	// bot.ErrPastCalendar if its date is long past.
	CalendarEntry(ctx context.Context, token string) (bot.CalendarEntry, error)
}

// Config is what a handler is made of.
type Config struct {
	Entries Entries
	Catalog *bot.Catalog
	Refused *inbound.Requests // told of requests that anybody can send; optional
	Failed  *inbound.Requests // told of requests that could not be answered; optional
	Count   func(Outcome)     // told of each request that was answered; optional
}

// Handler answers the addresses of calendar files. It is safe for concurrent use.
type Handler struct {
	entries Entries
	count   func(Outcome)
	site    *webpage.Site
}

// New returns a handler.
func New(c Config) *Handler {
	if c.Count == nil {
		c.Count = func(Outcome) {}
	}
	return &Handler{entries: c.Entries, count: c.Count, site: webpage.New(webpage.Config{
		Catalog: c.Catalog, What: "a calendar file", Refused: c.Refused, Failed: c.Failed,
	})}
}

// ServeHTTP answers GET and HEAD with a calendar file (200), or with a page: 404 where there is no entry, or not any
// more, and 503 where nobody can tell. Any other method is 405.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.site.Begin(w, r) {
		return
	}
	token, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, Path), bot.CalendarSuffix)
	if !ok || !bot.IsCalendarToken(token) {
		h.site.Refuse(w, r, Malformed, "what follows "+Path+" cannot be a calendar file: was the address cut?",
			bot.LinkPageNoEntry)
		return
	}
	var entry bot.CalendarEntry
	err := h.site.InTurn(r.Context(), func(ctx context.Context) (err error) {
		entry, err = h.entries.CalendarEntry(ctx, token)
		return err
	})
	switch {
	case r.Context().Err() != nil: // nobody reads the answer
	case errors.Is(err, bot.ErrForgedCalendar):
		h.site.Refuse(w, r, Forged, "the address of a calendar file is not signed: somebody guesses, or Redis has "+
			"lost the key", bot.LinkPageNoEntry)
	case errors.Is(err, bot.ErrPastCalendar):
		h.site.Refuse(w, r, Past, "the date of a calendar file is long past", bot.LinkPageNoEntry)
	case err != nil:
		h.site.Fail(w, r, err)
	default:
		h.count(outcomeOf(entry))
		write(w, File(entry))
	}
}

func outcomeOf(e bot.CalendarEntry) Outcome {
	switch {
	case e.Gone:
		return Gone
	case e.Cancelled:
		return Cancelled
	default:
		return Served
	}
}

// write answers with a file. Browsers that can give it to a calendar at once do.
func write(w http.ResponseWriter, file string) {
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8; method=PUBLISH")
	w.Header().Set("Content-Disposition", `inline; filename="meeting`+bot.CalendarSuffix+`"`)
	w.Header().Set("Content-Length", strconv.Itoa(len(file)))
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, file) // the server leaves it out for HEAD
}
