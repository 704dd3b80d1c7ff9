package doctor

import (
	"net"
	"net/http"
	"sync"
	"time"

	"meetbot/internal/app"
)

// serveWithin is how long an examination over HTTP may take.
const serveWithin = 25 * time.Second

// Handler serves a report of a running bot with this configuration, as text, or as JSON with ?format=json. It makes one
// examination at a time: another request meanwhile is answered with 429. The status is 200 whatever is found.
func Handler(c app.Config, o Options) http.Handler {
	var one sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !one.TryLock() {
			http.Error(w, "an examination is under way; try again in half a minute", http.StatusTooManyRequests)
			return
		}
		defer one.Unlock()
		o := o
		o.Timeout, o.Users, o.Only = serveWithin, nil, nil
		if at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
			o.AdminURL = "http://" + at.String() // where this request came in
		}
		// The server's own limit is for requests that are answered at once.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(serveWithin + 5*time.Second))
		report := Run(r.Context(), c.Reread(), o)
		if r.URL.Query().Get("format") == "json" {
			w.Header().Set("Content-Type", "application/json")
			_ = report.WriteJSON(w) // the client may be gone
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_ = report.WriteText(w)
	})
}
