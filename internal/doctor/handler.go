package doctor

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"meetbot/bot"
	"meetbot/internal/app"
)

// serveWithin is how long an examination of a running bot may take.
const serveWithin = 25 * time.Second

// Doctor examines a running bot, for those who ask it over HTTP or in the chat. It makes one examination at a time.
// Nobody who asks it names people who are to be tried.
type Doctor struct {
	config app.Config
	o      Options
	one    sync.Mutex // held during an examination

	startAfter time.Duration
}

var _ app.Doctor = (*Doctor)(nil)

// New returns the doctor of a running bot with this configuration.
func New(c app.Config, o Options) *Doctor {
	o.Timeout, o.Users, o.Only = serveWithin, nil, nil
	return &Doctor{config: c, o: o, startAfter: startAfter}
}

// run makes an examination, unless one is under way.
func (d *Doctor) run(ctx context.Context, o Options) (r Report, ok bool) {
	if !d.one.TryLock() {
		return r, false
	}
	defer d.one.Unlock()
	return Run(ctx, d.config.Reread(), o), true
}

// startAfter is how long a bot serves before it is examined for the first time: so long may what stands before it take
// to pass requests on to it.
const startAfter = 5 * time.Second

// AtStart examines a bot that has just started, a moment later. It says nothing of what [Configuration] finds, and of
// requests, which nobody can have sent yet. The report is empty if ctx ends first.
func (d *Doctor) AtStart(ctx context.Context) Report {
	select {
	case <-ctx.Done():
		return Report{}
	case <-time.After(d.startAfter):
	}
	report, _ := d.run(ctx, d.o)
	if ctx.Err() != nil { // checks that were broken off say nothing
		return Report{}
	}
	report.Checks = slices.DeleteFunc(report.Checks, func(r Result) bool {
		area, name, _ := strings.Cut(r.Check, ".")
		return area == areaConfig || name == "requests"
	})
	return report
}

// Examine implements [bot.Examiner].
func (d *Doctor) Examine(ctx context.Context) (bot.Diagnosis, bool) {
	report, ok := d.run(ctx, d.o)
	found := bot.Diagnosis{Skipped: report.Count(Skipped), Fine: report.Count(OK)}
	for _, r := range report.Checks {
		if r.Status == Fail || r.Status == Warn {
			found.Findings = append(found.Findings, bot.Finding{
				Failed: r.Status == Fail, Check: r.Check, Subject: r.Subject, Detail: r.Detail, Next: r.Next,
			})
		}
	}
	return found, ok
}

// ServeHTTP serves a report as text, or as JSON with ?format=json. Another request during an examination is answered
// with 429. The status is 200 whatever is found.
func (d *Doctor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o := d.o
	if at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		o.AdminURL = "http://" + at.String() // where this request came in
	}
	// The server's own limit is for requests that are answered at once.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(serveWithin + 5*time.Second))
	report, ok := d.run(r.Context(), o)
	if !ok {
		http.Error(w, "an examination is under way; try again in half a minute", http.StatusTooManyRequests)
		return
	}
	if r.URL.Query().Get("format") == "json" {
		w.Header().Set("Content-Type", "application/json")
		_ = report.WriteJSON(w) // the client may be gone
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_ = report.WriteText(w)
}
