package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"regexp"
	"slices"
	"strings"
	"time"

	"meetbot/internal/calendar"
	"meetbot/internal/inbound"
	"meetbot/internal/joinlink"
)

// Periods and sizes of the HTTP servers.
const (
	readHeader = 2 * time.Second
	readAll    = 5 * time.Second
	writeAll   = 10 * time.Second
	keepAlive  = 2 * time.Minute
	maxHeader  = 16 << 10
)

// endpoint is an HTTP server and its listener.
type endpoint struct {
	server   *http.Server
	listener net.Listener // nil before listen
}

func (e *endpoint) listen(ctx context.Context, addr string) (err error) {
	var listen net.ListenConfig
	e.listener, err = listen.Listen(ctx, "tcp", addr)
	return err
}

// close closes the listener, unless the server has done so.
func (e *endpoint) close() error {
	if e.listener == nil {
		return nil
	}
	if err := e.listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

func server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: readHeader, ReadTimeout: readAll, WriteTimeout: writeAll, IdleTimeout: keepAlive,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

func (a *App) publicMux() http.Handler {
	mux := http.NewServeMux()
	for _, p := range a.platforms {
		p.Register(mux, a.service)
	}
	if a.linksOn {
		mux.Handle(joinlink.Path, a.links())
		mux.Handle(calendar.Path, a.calendars())
	}
	mux.HandleFunc("GET "+healthPath, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(healthy)) })
	mux.HandleFunc("GET /readyz", a.ready)
	return a.withPathHint(mux)
}

// Where a bot that lives says so, and what it says.
const (
	healthPath = "/healthz"
	healthy    = "ok\n"
)

// noPlatform is the platform of requests that no platform would send.
const noPlatform = "none"

// withPathHint reports the requests that mux has no endpoint for: perhaps the URL in a chat app's settings is wrong.
func (a *App) withPathHint(mux *http.ServeMux) http.Handler {
	// Everybody on the internet asks for some path, so what resembles no endpoint is no warning.
	strangers := inbound.NewRequests(noPlatform, slog.LevelInfo, a.log,
		a.metrics.Requests(noPlatform, []string{inbound.Path}))
	var all []string
	for _, p := range a.platforms {
		all = append(all, p.paths...)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r)
		if r.Pattern != "" {
			return
		}
		requests, paths := strangers, all
		for _, p := range a.platforms {
			if slices.ContainsFunc(
				p.paths, func(path string) bool { return firstPart(path) == firstPart(r.URL.Path) }) {
				requests, paths = p.requests, p.paths
			}
		}
		var args []any
		if plainPath.MatchString(r.URL.Path) {
			args = []any{"path", r.URL.Path}
		}
		requests.Refused(r.Context(), inbound.Path, "there is nothing at this path: are the URLs in the chat app's "+
			"settings right? They end in "+strings.Join(paths, ", "), args...)
	})
}

// plainPath is a path that may stand in a log: too short for a secret.
var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9._-]{0,20}){1,4}$`)

// firstPart is what a path has before its second slash.
func firstPart(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}

// adminMux has no /debug/pprof/cmdline: a secret may have been given as a flag.
func (a *App) adminMux(doctor Doctor) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.metrics.Handler())
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	if doctor != nil {
		mux.Handle("GET /debug/doctor", doctor)
	}
	return mux
}

// ready answers whether requests can be answered: 503 while no chat platform is ready, with every reason, and when the
// app is stopping. Otherwise 200, with a line for everything that does not work, and its reason. Without Redis no
// command can be carried out, but people can be told so.
func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	if a.stopping.Load() {
		http.Error(w, "not ready: stopping", http.StatusServiceUnavailable)
		return
	}
	lines, reasons := []string{"ready"}, []string{}
	for _, p := range a.platforms {
		if err := p.unready(); err != nil {
			reasons = append(reasons, err.Error())
			lines = append(lines, p.Name()+": "+err.Error())
		}
	}
	if len(reasons) == len(a.platforms) {
		http.Error(w, "not ready: "+strings.Join(reasons, ", "), http.StatusServiceUnavailable)
		return
	}
	if a.store.Ping(r.Context()) != nil {
		lines = append(lines, "redis: does not answer, so no command is carried out")
	}
	_, _ = w.Write([]byte(strings.Join(lines, "\n") + "\n"))
}
