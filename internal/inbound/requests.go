package inbound

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// The reasons for which any platform's request may be refused. A front-end adds its own. A reason is a label of a
// metric, so it is one of a small fixed set and never made from a request.
const (
	Method      = "method"
	ContentType = "content_type"
	TooLarge    = "too_large"
	Unreadable  = "unreadable" // the body is cut, or is not in the platform's format
	Path        = "path"       // there is no endpoint at this path
)

// Reasons are the reasons above, for those who list all the reasons of a platform.
var Reasons = []string{Method, ContentType, TooLarge, Unreadable, Path}

// quiet is how long a reason is not logged again after it was.
const quiet = time.Minute

// Observer is told of each request to one platform's endpoints, for the operator's figures.
type Observer interface {
	// Accepted is called for a request that is proven to be the platform's.
	Accepted()
	// Refused is called for any other.
	Refused(reason string)
}

// ServiceObserver is an [Observer] that wants to know, too, at which hosts the platform wants its answers.
type ServiceObserver interface {
	// Service is called before Accepted, for a request that names such a host.
	Service(host string)
}

// Requests tells the operator about the requests to one platform's endpoints. A nil *Requests tells nobody. It is safe
// for concurrent use.
type Requests struct {
	platform string
	level    slog.Level
	log      *slog.Logger
	observer Observer
	now      func() time.Time

	mu     sync.Mutex
	logged map[string]*refusals // by reason
}

// refusals is what became of the refusals for one reason.
type refusals struct {
	last    time.Time // when one was logged
	skipped int       // how many were not, since then
}

// NewRequests returns the requests of a platform. Refusals are logged at this level.
func NewRequests(platform string, level slog.Level, log *slog.Logger, observer Observer) *Requests {
	return &Requests{
		platform: platform, level: level, log: log, observer: observer, now: time.Now, logged: map[string]*refusals{},
	}
}

// Accepted reports a request that is proven to be the platform's.
func (r *Requests) Accepted() {
	if r != nil {
		r.observer.Accepted()
	}
}

// AcceptedFrom is Accepted for a request that names the host at which the platform wants the answer. The platform's
// front-end has checked the host.
func (r *Requests) AcceptedFrom(host string) {
	if r == nil {
		return
	}
	if o, ok := r.observer.(ServiceObserver); ok {
		o.Service(host)
	}
	r.observer.Accepted()
}

// Refused reports a request that was refused. hint tells the operator what is wrong and what to look at; args are
// further attributes of the log line, as [slog.Logger.Log] takes them. Anybody can send a request that is refused, so a
// reason is logged once a minute at most; the line says how many refusals were not logged since the line before.
func (r *Requests) Refused(ctx context.Context, reason, hint string, args ...any) {
	if r == nil {
		return
	}
	r.observer.Refused(reason)
	skipped, ok := r.mayLog(reason)
	if !ok {
		return
	}
	args = append([]any{"platform", r.platform, "reason", reason, "hint", hint}, args...)
	if skipped > 0 {
		args = append(args, "not_logged", skipped)
	}
	r.log.Log(ctx, r.level, "request refused", args...)
}

// mayLog tells whether a refusal may be logged now, and how many were not logged since the one before.
func (r *Requests) mayLog(reason string) (skipped int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	past := r.logged[reason]
	if past == nil {
		past = &refusals{}
		r.logged[reason] = past
	} else if now.Sub(past.last) < quiet {
		past.skipped++
		return 0, false
	}
	skipped = past.skipped
	past.last, past.skipped = now, 0
	return skipped, true
}
