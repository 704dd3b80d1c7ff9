// Package telemetry holds the operator's figures: the Prometheus metrics of one process, and the one place where their
// names and labels are set. No label carries a name, an address or anything else that grows with the number of users.
package telemetry

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"meetbot/bot"
)

// Names and results of the figures about requests, for those who read them.
const (
	RequestsRefused = "meetbot_inbound_refused_total"
	LastRequest     = "meetbot_last_request_timestamp_seconds"
	Accepted        = "accepted"
	Refused         = "refused"
)

// Taken is the result of a change of a secret in its file that counts; the other one is Refused.
const Taken = "taken"

// Signatures is the name of the figure about the signing secrets of Slack, for those who read it.
const Signatures = "meetbot_slack_signatures_total"

// failed are the outcomes of what failed for good without a refusal.
var failed = []bot.Outcome{bot.OutcomeGaveUp, bot.OutcomeBroken, bot.OutcomeUnreachable}

// Metrics are the figures of one process. It is a bot.Observer.
type Metrics struct {
	registry *prometheus.Registry
	commands *prometheus.HistogramVec
	graph    *prometheus.CounterVec
	identity *prometheus.CounterVec

	possibleDuplicates prometheus.Counter
	deadLettered       prometheus.Counter
	unreadableRecords  prometheus.Counter
	gaveWay            prometheus.Counter
	links, calendars   *prometheus.CounterVec

	refusals, failures *prometheus.CounterVec

	refused     *prometheus.CounterVec
	lastRequest *prometheus.GaugeVec

	secretChanges *prometheus.CounterVec
	secretRefused *prometheus.GaugeVec
	signatures    *prometheus.CounterVec

	socketsOpen  prometheus.Gauge
	socketsEnded *prometheus.CounterVec
}

var _ bot.Observer = (*Metrics)(nil)

// New returns metrics that read the queue's figures with depth whenever they are scraped.
func New(depth func(context.Context) (bot.Depth, error)) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		commands: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "meetbot_command_seconds",
			Help:    "Time from receiving a command to its answer, by what the answer was.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2, 2.5, 5, 15, 30, 60, 300, 1500},
		}, []string{"platform", "command", "outcome"}),
		graph: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meetbot_graph_requests_total",
			Help: "Requests to Microsoft Graph and Entra, by operation and HTTP status; status 0 is no answer.",
		}, []string{"operation", "status"}),
		identity: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meetbot_identity_cache_total",
			Help: "Times that somebody's identity was needed, by whether it was remembered.",
		}, []string{"result"}),
		possibleDuplicates: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "meetbot_answers_repeated_total",
			Help: "Answers sent that may be the second one to the same command.",
		}),
		deadLettered: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "meetbot_answers_undeliverable_total",
			Help: "Answers that reached nobody; their commands are among the dead letters.",
		}),
		unreadableRecords: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "meetbot_unreadable_records_total",
			Help: "Times that an attempt at a command found a record in Redis that this release cannot read.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: RequestsRefused,
			Help: "Requests from outside that were refused, by platform (none: of no platform) and reason.",
		}, []string{"platform", "reason"}),
		lastRequest: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: LastRequest,
			Help: "When a platform's last request came that was accepted, or refused; 0 for none since the start.",
		}, []string{"platform", "result"}),
	}
	m.gaveWay = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "meetbot_claims_gave_way_total",
		Help: "Claims that Graph failed to serve and that gave way; " +
			"each may have left a meeting in Graph without a link.",
	})
	m.refusals = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "meetbot_refusals_total",
		Help: "Commands and jobs that were refused for good, by the code of the refusal.",
	}, []string{"code"})
	for _, code := range bot.Codes {
		m.refusals.WithLabelValues(string(code))
	}
	m.failures = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "meetbot_failures_total",
		Help: "Commands and jobs that nobody refused and that failed for good, by outcome.",
	}, []string{"outcome"})
	for _, outcome := range failed {
		m.failures.WithLabelValues(string(outcome))
	}
	m.links = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "meetbot_link_requests_total",
		Help: "Requests for conversations' lasting links, by what became of them.",
	}, []string{"outcome"})
	m.calendars = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "meetbot_calendar_requests_total",
		Help: "Requests for meetings' calendar files, by what became of them.",
	}, []string{"outcome"})
	m.socketsOpen = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "meetbot_slack_connections",
		Help: "Connections of Slack's Socket Mode that this process has open; 0 where Slack sends requests.",
	})
	m.socketsEnded = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "meetbot_slack_reconnects_total",
		Help: "Times that another connection of Socket Mode was needed, or could not be made, by reason.",
	}, []string{"reason"})
	m.secretChanges = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "meetbot_secret_changes_total",
		Help: "Changes of secrets in their files, by variable, and by whether the new value is used.",
	}, []string{"variable", "result"})
	m.secretRefused = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "meetbot_secret_file_refused",
		Help: "1 while what the file of a secret holds cannot be used, and the value of before counts.",
	}, []string{"variable"})
	m.signatures = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: Signatures,
		Help: "Requests of Slack's, by which of the two signing secrets they were signed with.",
	}, []string{"secret"})
	m.registry.MustRegister(m.refusals, m.failures)
	m.registry.MustRegister(m.refused, m.lastRequest, m.links, m.calendars, m.secretChanges, m.secretRefused,
		m.signatures, m.socketsOpen, m.socketsEnded)
	m.registry.MustRegister(m.commands, m.graph, m.identity, m.possibleDuplicates, m.deadLettered, m.unreadableRecords,
		m.gaveWay, &queue{depth: depth}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector())
	return m
}

// Build sets which build of the program runs. It is called once.
func (m *Metrics) Build(version, commit, goVersion string) {
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "meetbot_build_info",
		Help: "Always 1; the labels say which build runs.",
	}, []string{"version", "commit", "goversion"})
	info.WithLabelValues(version, commit, goVersion).Set(1)
	m.registry.MustRegister(info)
}

// Handler serves the figures.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// Command implements bot.Observer.
func (m *Metrics) Command(platform, intent string, outcome bot.Outcome, took time.Duration) {
	m.commands.WithLabelValues(platform, intent, string(outcome)).Observe(took.Seconds())
	if code, ok := outcome.Refusal(); ok {
		m.refusals.WithLabelValues(string(code)).Inc()
	}
	if slices.Contains(failed, outcome) {
		m.failures.WithLabelValues(string(outcome)).Inc()
	}
}

// Identity implements bot.Observer.
func (m *Metrics) Identity(remembered bool) {
	result := "miss"
	if remembered {
		result = "hit"
	}
	m.identity.WithLabelValues(result).Inc()
}

// PossibleDuplicate implements bot.Observer.
func (m *Metrics) PossibleDuplicate() { m.possibleDuplicates.Inc() }

// DeadLettered implements bot.Observer.
func (m *Metrics) DeadLettered() { m.deadLettered.Inc() }

// GaveWay implements bot.Observer.
func (m *Metrics) GaveWay() { m.gaveWay.Inc() }

// UnreadableRecord implements bot.Observer.
func (m *Metrics) UnreadableRecord() { m.unreadableRecords.Inc() }

// Graph counts one exchange with Graph or Entra; status 0 is no answer.
func (m *Metrics) Graph(operation string, status int) {
	m.graph.WithLabelValues(operation, strconv.Itoa(status)).Inc()
}

// SecretWatched makes the series about the file of a secret, at 0.
func (m *Metrics) SecretWatched(variable string) {
	for _, result := range []string{Taken, Refused} {
		m.secretChanges.WithLabelValues(variable, result)
	}
	m.SecretRefused(variable, false)
}

// SecretChanged counts a change of a secret in its file; the result is Taken or Refused.
func (m *Metrics) SecretChanged(variable, result string) {
	m.secretChanges.WithLabelValues(variable, result).Inc()
}

// SecretRefused tells whether what the file of a secret holds now cannot be used.
func (m *Metrics) SecretRefused(variable string, refused bool) {
	value := 0.0
	if refused {
		value = 1
	}
	m.secretRefused.WithLabelValues(variable).Set(value)
}

// Signed returns what counts the requests of Slack's by the signing secret. Every series exists from now on, for these
// secrets.
func (m *Metrics) Signed(secrets ...string) func(secret string) {
	counters := map[string]prometheus.Counter{}
	for _, s := range secrets {
		counters[s] = m.signatures.WithLabelValues(s)
	}
	return func(secret string) {
		if c := counters[secret]; c != nil {
			c.Inc()
		}
	}
}

// Requests returns the figures of the requests from one platform, which may be refused for these reasons. Every series
// exists from now on.
func (m *Metrics) Requests(platform string, reasons []string) *Requests {
	r := &Requests{
		accepted: m.lastRequest.WithLabelValues(platform, Accepted),
		refused:  m.lastRequest.WithLabelValues(platform, Refused),
		reasons:  map[string]prometheus.Counter{},
	}
	for _, reason := range reasons {
		r.reasons[reason] = m.refused.WithLabelValues(platform, reason)
	}
	return r
}

// Requests are the figures of the requests from one platform.
type Requests struct {
	accepted, refused prometheus.Gauge
	reasons           map[string]prometheus.Counter
}

// Accepted counts a request that is proven to be the platform's.
func (r *Requests) Accepted() { r.accepted.SetToCurrentTime() }

// Refused counts any other request. A reason that was not announced has no counter, so that no request makes a series.
func (r *Requests) Refused(reason string) {
	r.refused.SetToCurrentTime()
	if c := r.reasons[reason]; c != nil {
		c.Inc()
	}
}

// SlackConnections returns the figures of the connections of Slack's Socket Mode, which may end for these reasons.
// Every series exists from now on.
func (m *Metrics) SlackConnections(reasons []string) *SlackConnections {
	c := &SlackConnections{open: m.socketsOpen, reasons: map[string]prometheus.Counter{}}
	for _, reason := range reasons {
		c.reasons[reason] = m.socketsEnded.WithLabelValues(reason)
	}
	return c
}

// SlackConnections are the figures of the connections of Slack's Socket Mode.
type SlackConnections struct {
	open    prometheus.Gauge
	reasons map[string]prometheus.Counter
}

// Open sets how many connections are open.
func (c *SlackConnections) Open(connections int) { c.open.Set(float64(connections)) }

// Ended counts that another connection is needed. A reason that was not announced has no counter.
func (c *SlackConnections) Ended(reason string) {
	if counter := c.reasons[reason]; counter != nil {
		counter.Inc()
	}
}

// Links returns the figures of requests for lasting links, which may have these outcomes. Every series exists from now
// on.
func (m *Metrics) Links(outcomes []string) *Addresses { return addresses(m.links, outcomes) }

// Calendars is Links for requests for calendar files.
func (m *Metrics) Calendars(outcomes []string) *Addresses { return addresses(m.calendars, outcomes) }

func addresses(counters *prometheus.CounterVec, outcomes []string) *Addresses {
	a := &Addresses{outcomes: map[string]prometheus.Counter{}}
	for _, outcome := range outcomes {
		a.outcomes[outcome] = counters.WithLabelValues(outcome)
	}
	return a
}

// Addresses are the figures of requests for public addresses of one kind.
type Addresses struct{ outcomes map[string]prometheus.Counter }

// Count counts a request with this outcome. One that was not announced has no counter, so that no request makes a
// series.
func (a *Addresses) Count(outcome string) {
	if c := a.outcomes[outcome]; c != nil {
		c.Inc()
	}
}

// Accepted counts nothing: a request that is accepted has an outcome of its own.
func (a *Addresses) Accepted() {}

// Refused counts a request that was refused or could not be answered. The reason is its outcome.
func (a *Addresses) Refused(reason string) { a.Count(reason) }

// queue reads the queue's figures when it is scraped, and only then.
type queue struct {
	depth func(context.Context) (bot.Depth, error)
}

var (
	jobs = prometheus.NewDesc("meetbot_jobs", "Accepted commands that are not done, and dead letters.",
		[]string{"state"}, nil)
	age = prometheus.NewDesc("meetbot_oldest_job_seconds", "Age of the oldest command that is not done.", nil, nil)
	up  = prometheus.NewDesc("meetbot_redis_up", "Whether Redis answered when the figures were scraped.", nil, nil)
)

// Describe implements prometheus.Collector.
func (q *queue) Describe(ch chan<- *prometheus.Desc) {
	ch <- jobs
	ch <- age
	ch <- up
}

// Collect implements prometheus.Collector.
func (q *queue) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	d, err := q.depth(ctx)
	if err != nil {
		ch <- prometheus.MustNewConstMetric(up, prometheus.GaugeValue, 0)
		return
	}
	ch <- prometheus.MustNewConstMetric(up, prometheus.GaugeValue, 1)
	ch <- prometheus.MustNewConstMetric(jobs, prometheus.GaugeValue, float64(d.Waiting), "unfinished")
	ch <- prometheus.MustNewConstMetric(jobs, prometheus.GaugeValue, float64(d.DeadLetters), "dead")
	ch <- prometheus.MustNewConstMetric(age, prometheus.GaugeValue, d.Oldest.Seconds())
}
