package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"strings"
	"sync"
	"time"

	"meetbot/bot"
	"meetbot/bot/slackapp"
	"meetbot/bot/teamsapp"
	"meetbot/graphclient"
	"meetbot/internal/entra"
	"meetbot/internal/telemetry"
	"meetbot/store"
)

// Periods of the HTTP servers and of stopping.
const (
	readHeader = 2 * time.Second
	readAll    = 5 * time.Second
	writeAll   = 10 * time.Second
	keepAlive  = 2 * time.Minute
	maxHeader  = 16 << 10
	grace      = 10 * time.Second // for attempts under way when the process is told to stop
)

// Surroundings are what a replica gets beside its configuration. The zero value is right for production.
type Surroundings struct {
	Name    string         // unique among the replicas; empty: host name and process ID
	RootCAs *x509.CertPool // that Entra's certificate is checked against; nil: the system's
	Timing  bot.Timing     // zero: the defaults
	Idle    time.Duration  // store.Options.Idle
}

// Replica is one running bot.
type Replica struct {
	log     *slog.Logger
	store   *store.Store
	slack   *slackapp.App          // nil: Slack is off
	teams   *teamsapp.App          // nil: Teams is off
	idle    []interface{ Close() } // clients whose idle connections go last
	service *bot.Service
	metrics *telemetry.Metrics

	public, admin         net.Listener
	publicHTTP, adminHTTP *http.Server
}

// NewReplica builds a replica from a valid configuration and opens its listeners. Nothing runs yet, and neither Redis
// nor any other service needs to be up.
func NewReplica(ctx context.Context, c Config, in Surroundings, log *slog.Logger) (*Replica, error) {
	if in.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("name the replica: %w", err)
		}
		in.Name = fmt.Sprintf("%s-%d-%d", host, os.Getpid(), time.Now().UnixMilli())
	}
	redis, err := store.Open(c.RedisURL, store.Options{Replica: in.Name, Idle: in.Idle})
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	r := &Replica{log: log, store: redis}
	if err := r.build(ctx, c, in); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// build wires the replica's parts and opens its listeners.
func (r *Replica) build(ctx context.Context, c Config, in Surroundings) error {
	catalog, err := bot.NewCatalog()
	if err != nil {
		return err
	}
	lang, _ := c.language()
	organizers, err := bot.ParseOrganizerPolicy(c.Organizer)
	if err != nil {
		return fmt.Errorf("ORGANIZER: %w", err)
	}
	r.metrics = telemetry.New(r.store.Depth)
	app := c.credential()
	app.RootCAs, app.Observe = in.RootCAs, r.metrics.Graph
	credential, err := entra.NewCredential(app)
	if err != nil {
		return err
	}
	graph, err := graphclient.New(graphclient.Config{
		TenantID:   c.TenantID,
		Credential: credential, BaseURL: c.GraphBaseURL, RootCAs: in.RootCAs, Observe: r.metrics.Graph,
	})
	if err != nil {
		return err
	}
	r.idle = append(r.idle, graph, credential)
	platforms := map[string]bot.Platform{}
	if c.slackOn() {
		if r.slack, err = slackapp.New(slackapp.Config{
			SigningSecret: c.SlackSigningSecret, BotToken: c.SlackBotToken, APIURL: c.SlackAPIURL,
			Catalog: catalog, Language: lang, Throttles: r.store, Log: r.log,
		}); err != nil {
			return err
		}
		platforms[slackapp.Platform], r.idle = r.slack, append(r.idle, r.slack)
	}
	if c.teamsOn() {
		if r.teams, err = newTeams(c, in, r, catalog, lang); err != nil {
			return err
		}
		platforms[teamsapp.Platform], r.idle = r.teams, append(r.idle, r.teams)
	}
	r.service = bot.NewService(bot.Config{
		Conversations: r.store, Identities: r.store, Queue: r.store, Limiter: r.store, Meetings: graph, Directory: graph,
		Catalog: catalog, Log: r.log, Observer: r.metrics,
		Platforms: platforms,
		Workspaces: bot.OneWorkspace{
			Tenant:     bot.Tenant{ID: c.TenantID, ClientID: c.ClientID},
			Organizers: organizers,
			Askers:     bot.AskerPolicy{Domains: c.domains(), Guests: c.allowGuests()},
			Limits:     bot.Limits{Window: time.Hour, PerUser: c.PerUser, PerWorkspace: c.PerWorkspace},
			Language:   lang,
		},
		Language: lang, Timing: in.Timing,
	})
	var listen net.ListenConfig
	if r.public, err = listen.Listen(ctx, "tcp", c.HTTPAddr); err != nil {
		return fmt.Errorf("HTTP_ADDR: %w", err)
	}
	if r.admin, err = listen.Listen(ctx, "tcp", c.AdminAddr); err != nil {
		return fmt.Errorf("ADMIN_ADDR: %w", err)
	}
	r.publicHTTP, r.adminHTTP = server(r.publicMux(), r.log), server(r.adminMux(), r.log)
	return nil
}

// newTeams builds the Teams front-end.
func newTeams(c Config, in Surroundings, r *Replica, catalog *bot.Catalog, lang bot.Language) (*teamsapp.App, error) {
	cloud := teamsapp.CloudOf(c.TeamsMetadataURL)
	app := c.teamsCredential()
	app.RootCAs, app.Observe = in.RootCAs, r.metrics.Graph
	credential, err := entra.NewCredential(app)
	if err != nil {
		return nil, fmt.Errorf("TEAMS_APP_ID, TEAMS_APP_SECRET: %w", err)
	}
	r.idle = append(r.idle, credential)
	return teamsapp.New(teamsapp.Config{
		AppID: c.TeamsAppID, TenantID: c.teamsTenant(), Cloud: cloud, Hosts: c.TeamsServiceHosts,
		Tokens:  credential.Tokens(cloud.Scope),
		Catalog: catalog, Language: lang, Throttles: r.store, Log: r.log,
	})
}

func server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: readHeader, ReadTimeout: readAll, WriteTimeout: writeAll, IdleTimeout: keepAlive,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// URL is where the replica is reached on this machine.
func (r *Replica) URL() string {
	_, port, _ := net.SplitHostPort(r.public.Addr().String())
	return "http://127.0.0.1:" + port
}

// AdminURL is where its figures are read on this machine.
func (r *Replica) AdminURL() string { return "http://" + r.admin.Addr().String() }

func (r *Replica) publicMux() http.Handler {
	mux := http.NewServeMux()
	if r.slack != nil {
		r.slack.Register(mux, r.service)
	}
	if r.teams != nil {
		r.teams.Register(mux, r.service)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", r.ready)
	return mux
}

// adminMux has no /debug/pprof/cmdline: a secret may have been given as a flag.
func (r *Replica) adminMux() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", r.metrics.Handler())
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

// ready tells whether commands can be served, and if not, why.
func (r *Replica) ready(w http.ResponseWriter, req *http.Request) {
	var not []string
	if err := r.store.Ping(req.Context()); err != nil {
		not = append(not, "Redis does not answer")
	}
	if r.slack != nil && !r.slack.Connected() {
		not = append(not, "Slack has not told the workspace yet")
	}
	if len(not) > 0 {
		http.Error(w, "not ready: "+strings.Join(not, ", "), http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}

// Run serves until ctx ends, then stops in an orderly way: new work is refused, attempts under way may finish within the
// grace period, and the rest is left to the other replicas. It returns early with an error if Slack refuses the bot token.
func (r *Replica) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	for _, s := range []struct {
		server   *http.Server
		listener net.Listener
	}{{r.publicHTTP, r.public}, {r.adminHTTP, r.admin}} {
		wg.Go(func() {
			if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
				stop(fmt.Errorf("serve: %w", err))
			}
		})
	}
	if r.slack != nil {
		wg.Go(func() {
			if err := r.connect(ctx); err != nil {
				stop(err)
			}
		})
	}
	wg.Go(func() { r.service.Run(ctx) })
	r.log.Info("serving", "address", r.public.Addr().String(), "admin", r.admin.Addr().String())

	<-ctx.Done()
	r.log.Info("stopping")
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := r.publicHTTP.Shutdown(last)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		r.service.Wait()
	}()
	select {
	case <-finished:
	case <-last.Done():
		r.service.Kill()
		<-finished
		r.log.Warn("attempts did not finish in time; other replicas take them over")
	}
	err = errors.Join(err, r.adminHTTP.Shutdown(last))
	wg.Wait()
	for _, c := range r.idle {
		c.Close()
	}
	err = errors.Join(err, r.store.Close())
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	if err != nil {
		r.log.Warn("not everything stopped in order", "error", err)
	}
	r.log.Info("stopped")
	return nil
}

// connect finds out which workspace the bot token belongs to, for as long as it takes.
func (r *Replica) connect(ctx context.Context) error {
	wait := time.Second
	for {
		err := r.slack.Connect(ctx)
		switch {
		case err == nil, ctx.Err() != nil:
			return nil
		case errors.Is(err, slackapp.ErrToken):
			return fmt.Errorf("SLACK_BOT_TOKEN: %w", err)
		}
		r.log.Warn("cannot reach Slack; trying again", "error", err, "in", wait.String())
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
		wait = min(2*wait, 30*time.Second)
	}
}

// Kill ends the replica where it stands, as a crash would: no answer is finished, and nothing is handed over.
func (r *Replica) Kill() {
	r.service.Kill()
	_ = r.publicHTTP.Close()
	_ = r.adminHTTP.Close()
}

func (r *Replica) close() error {
	var errs []error
	for _, l := range []net.Listener{r.public, r.admin} {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(append(errs, r.store.Close())...)
}
