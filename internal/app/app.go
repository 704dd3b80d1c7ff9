package app

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
	_ "time/tzdata" // the time zones of askers, for a machine or an image that has none

	"meetbot/bot"
	"meetbot/bot/slackapp/socketmode"
	"meetbot/graphclient"
	"meetbot/internal/buildinfo"
	"meetbot/internal/entra"
	"meetbot/internal/inbound"
	"meetbot/internal/telemetry"
	"meetbot/store"
)

// grace is how long attempts under way may go on when the app is told to stop.
const grace = 10 * time.Second

// Options are what an app gets beside its configuration. The zero value is right for production.
type Options struct {
	Name    string            // unique among the replicas on one Redis; empty: host name, process ID and time
	RootCAs *x509.CertPool    // that Entra's certificate is checked against; nil: the system's
	Timing  bot.Timing        // zero: the defaults
	Idle    time.Duration     // store.Options.Idle
	Socket  socketmode.Timing // of Slack's Socket Mode; zero: the defaults
	Doctor  Doctor            // finds out what is wrong; nil for nobody
	Clock   func() time.Time  // for the life of meetings; nil: time.Now
	// LookEvery is how often the files with secrets are looked at, and how often a token for Redis is asked for; 0 for
	// 15 and 30 seconds. What changed in a file counts when it was seen twice.
	LookEvery time.Duration
}

// Doctor finds out what is wrong with the bot: for whoever reaches /debug/doctor on ADMIN_ADDR, and in the chat for
// those whom ADMINS lists.
type Doctor interface {
	http.Handler
	bot.Examiner
}

// App is one running bot: one replica among those that share a Redis.
type App struct {
	log       *slog.Logger
	config    HTTPConfig
	catalog   *bot.Catalog
	linksOn   bool // conversations have lasting links, and meetings calendar files
	store     *store.Store
	platforms []*platform
	idle      []interface{ Close() } // clients whose idle connections are closed last
	service   *bot.Service
	metrics   *telemetry.Metrics
	changes   *changes
	login     *redisLogin // nil where no token is the password for Redis

	public, admin endpoint
	stopping      atomic.Bool
	refusing      sync.Mutex
	closed        func() error
}

// New wires an app from a valid configuration. It opens no socket, and neither Redis nor any other service needs to be
// up. An app that is not run has to be closed.
func New(c Config, o Options, log *slog.Logger) (*App, error) {
	c = c.normalized()
	if o.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("name the replica: %w", err)
		}
		o.Name = fmt.Sprintf("%s-%d-%d", host, os.Getpid(), time.Now().UnixMilli())
	}
	a := &App{log: log, config: c.HTTP}
	a.metrics = telemetry.New(func(ctx context.Context) (bot.Depth, error) { return a.store.Depth(ctx) })
	build := buildinfo.Read()
	a.metrics.Build(build.Version, build.Commit, build.Go)
	credential, err := newCredential(c.entra(), o, a.metrics)
	if err != nil {
		return nil, err
	}
	a.idle = append(a.idle, credential)
	options, login := c.storeOptions(store.Options{Replica: o.Name, Idle: o.Idle, Names: c.names()}, credential)
	if a.store, err = store.Open(c.Redis.URL, options); err != nil {
		return nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	if a.login = login; login != nil {
		login.every = cmp.Or(o.LookEvery, redisToken)
	}
	a.changes = newChanges(c, o.LookEvery, log, a.metrics)
	a.changes.on(func(_ context.Context, c Config) error { return credential.Update(c.entra()) }, entraSecrets...)
	a.changes.on(newRedisUser(c, options.Credentials), "REDIS_URL")
	a.closed = sync.OnceValue(a.release)
	if err := a.wire(c, o, credential); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// wire makes the app's parts.
func (a *App) wire(c Config, o Options, credential *entra.Credential) error {
	catalog, err := c.Places.Catalog()
	if err != nil {
		return err
	}
	bookmarks, err := c.Slack.Bookmarks()
	if err != nil {
		return fmt.Errorf("SLACK_BOOKMARK: %w", err)
	}
	a.catalog, a.linksOn = catalog, c.Links.PublicURL != ""
	lang, _ := c.Policy.language()
	remindBefore, err := c.Meetings.remindBefore()
	if err != nil {
		return fmt.Errorf("REMIND_BEFORE %w", err)
	}
	organizers, err := bot.ParseOrganizerPolicy(c.Policy.Organizer)
	if err != nil {
		return fmt.Errorf("ORGANIZER: %w", err)
	}
	graph, err := graphclient.New(graphclient.Config{
		TenantID:   c.Entra.TenantID,
		Credential: credential, BaseURL: c.Graph.BaseURL, RootCAs: o.RootCAs, Observe: a.metrics.Graph,
	})
	if err != nil {
		return err
	}
	a.idle = append(a.idle, graph)
	byName := map[string]bot.Platform{}
	for _, p := range platforms {
		if !p.on(c) {
			continue
		}
		tally := newTally(p.name, a.metrics.Requests(p.name, p.refusals), a.store, a.log)
		requests := inbound.NewRequests(p.name, slog.LevelWarn, a.log, tally)
		served := &platform{paths: p.paths(c), requests: requests, tally: tally, changed: make(chan struct{}, 1)}
		frontend, err := p.new(c, o, shared{
			catalog: catalog, language: lang, store: a.store, metrics: a.metrics, log: a.log, requests: requests,
			closing:  func(client interface{ Close() }) { a.idle = append(a.idle, client) },
			onChange: func(take taker, variables ...string) { a.changes.on(served.taking(take), variables...) },
		})
		if err != nil {
			return err
		}
		a.idle = append(a.idle, frontend)
		served.Frontend = frontend
		a.platforms = append(a.platforms, served)
		byName[frontend.Name()] = frontend
	}
	var examiner bot.Examiner
	if o.Doctor != nil && len(c.Policy.Admins) > 0 {
		examiner = o.Doctor
	}
	a.service = bot.NewService(bot.Config{
		Examiner:      examiner,
		Conversations: a.store, Identities: a.store, Queue: a.store, Limiter: a.store, Cards: a.store,
		Invitations: a.store, Schedule: a.store,
		Meetings: graph, Directory: graph, Groups: graph,
		Catalog: catalog, Log: a.log, Observer: a.metrics,
		Platforms: byName,
		Workspaces: bot.OneWorkspace{
			Tenant:     bot.Tenant{ID: c.Entra.TenantID, ClientID: c.Entra.ClientID},
			Organizers: organizers,
			Askers:     c.Policy.askers(),
			Places:     c.Places.policy(), OrganizersGroup: c.Policy.OrganizersGroup,
			ConfirmAbove: c.Places.ConfirmAbove,
			Limits:       bot.Limits{Window: time.Hour, PerUser: c.Policy.PerUser, PerWorkspace: c.Policy.PerWorkspace},
			Language:     lang,
			Options:      c.Meetings.options(),
			Bookmarks:    bookmarks,

			Administrators: c.Policy.Admins,
		},
		Language: lang, Timing: o.Timing, Clock: o.Clock,
		Links: a.store, CalendarKeys: a.store, PublicURL: c.Links.PublicURL, RemindBefore: remindBefore,
	})
	a.public.server, a.admin.server = server(a.publicMux(), a.log), server(a.adminMux(o.Doctor), a.log)
	return nil
}

// newCredential makes the credential of an Entra app.
func newCredential(c entra.Config, o Options, metrics *telemetry.Metrics) (*entra.Credential, error) {
	c.RootCAs, c.Observe = o.RootCAs, metrics.Graph
	return entra.NewCredential(c)
}

// Listen opens the listeners. Nothing is answered before Run.
func (a *App) Listen(ctx context.Context) error {
	if err := a.public.listen(ctx, a.config.Addr); err != nil {
		return fmt.Errorf("HTTP_ADDR: %w", err)
	}
	if err := a.admin.listen(ctx, a.config.AdminAddr); err != nil {
		return fmt.Errorf("ADMIN_ADDR: %w", err)
	}
	return nil
}

// URL is where the app is reached on this machine, once it listens.
func (a *App) URL() string {
	_, port, _ := net.SplitHostPort(a.public.listener.Addr().String())
	return "http://127.0.0.1:" + port
}

// AdminURL is where its figures are read on this machine, once it listens.
func (a *App) AdminURL() string { return "http://" + a.admin.listener.Addr().String() }

// Run serves until ctx ends, then stops in an orderly way: for HTTPConfig.ShutdownDelay it is not ready, but serves as
// before; then new work is refused, attempts under way may finish within the grace period, the rest is handed over to
// the other replicas, and the app is closed. It returns early with an error if every chat platform refuses the
// configuration. Listen must have succeeded.
func (a *App) Run(ctx context.Context) error {
	asked := ctx
	ctx, stop := context.WithCancelCause(context.WithoutCancel(asked)) // ends after the delay
	defer stop(nil)
	var wg sync.WaitGroup
	for _, e := range []endpoint{a.public, a.admin} {
		wg.Go(func() {
			if err := e.server.Serve(e.listener); !errors.Is(err, http.ErrServerClosed) {
				stop(fmt.Errorf("serve: %w", err))
			}
		})
	}
	var fronts sync.WaitGroup
	for _, p := range a.platforms {
		fronts.Go(func() {
			if err := a.runPlatform(ctx, p); err != nil {
				stop(err)
			}
		})
	}
	for _, p := range a.platforms {
		if p.tally != nil {
			wg.Go(func() { p.tally.run(ctx, noteEvery) })
		}
	}
	wg.Go(func() { a.changes.run(ctx) })
	if a.login != nil {
		wg.Go(func() { a.login.run(ctx, a.log) })
	}
	reclaiming := make(chan struct{})
	wg.Go(func() {
		defer close(reclaiming)
		a.service.Run(ctx)
	})
	a.log.Info("serving", "address", a.public.listener.Addr().String(), "admin", a.admin.listener.Addr().String(),
		"version", buildinfo.Read().String())

	select {
	case <-asked.Done():
		a.leave(ctx)
		stop(context.Cause(asked))
	case <-ctx.Done():
	}
	a.stopping.Store(true)
	a.log.Info("stopping")
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := a.public.server.Shutdown(last)
	fronts.Wait() // they finish what was delivered to them by other ways than requests
	<-reclaiming  // it begins attempts
	if !a.service.Stop(last) {
		a.log.Warn("attempts did not finish in time; other replicas take them over")
	}
	err = errors.Join(err, a.admin.server.Shutdown(last))
	wg.Wait()
	err = errors.Join(err, a.Close())
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	if err != nil {
		a.log.Warn("not everything stopped in order", "error", err)
	}
	a.log.Info("stopped")
	return nil
}

// leave has the app say that it is not ready, and gives balancers the time to hear it. It returns early if ctx ends.
func (a *App) leave(ctx context.Context) {
	a.stopping.Store(true)
	delay, _ := a.config.shutdownDelay()
	if delay == 0 {
		return
	}
	a.log.Info("not ready any more; requests are answered until the delay is over", "delay", delay.String())
	select {
	case <-time.After(delay):
	case <-ctx.Done():
	}
}

// Kill ends the app where it stands, as a crash would: no answer is finished, and nothing is handed over.
func (a *App) Kill() {
	a.service.Kill()
	for _, p := range a.platforms {
		if connected, ok := p.Frontend.(interface{ Kill() }); ok {
			connected.Kill()
		}
	}
	_ = a.public.server.Close()
	_ = a.admin.server.Close()
}

// Close gives back what the app holds: listeners, connections to Redis and idle connections. It is for an app that is
// not run, or that has stopped; a second call does nothing.
func (a *App) Close() error { return a.closed() }

func (a *App) release() error {
	err := errors.Join(a.public.close(), a.admin.close())
	for _, c := range a.idle {
		c.Close()
	}
	return errors.Join(err, a.store.Close())
}
