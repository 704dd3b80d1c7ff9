package doctor

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"meetbot/bot"
	"meetbot/bot/slackapp"
	"meetbot/graphclient"
	"meetbot/internal/app"
	"meetbot/internal/entra"
	"meetbot/store"
)

// examination is one run of the checks: the configuration, and what the checks found out for those that come after
// them. Each fact is written by one check, and read only by checks that come after it.
type examination struct {
	config app.Config
	o      Options
	env    map[string]string
	now    func() time.Time

	problems []app.Problem       // of the configuration
	wrong    map[string][]string // variables that have a problem, by area
	unknown  map[string]guess    // variables of the environment that are meant for the bot, and that it does not read
	misspelt map[string]bool     // variables that one of those stands for, and that are not set

	redis  *store.Store // redis.reachable; nil before
	server store.Server // redis.reachable
	rights store.Rights // redis.rights

	credential *entra.Credential // entra.token
	roles      []string          // entra.token
	reached    reached           // graph.reachable
	skewed     bool              // graph.clock: this machine's clock is wrong

	graph   func() (*graphclient.Client, error) // makes the client once
	account *person                             // graph.organizer: the service account
	people  []*person                           // graph.user
	trials  []trialMeeting                      // graph.meeting

	slack    slackapp.Installation // slack.token
	slackApp *slackapp.App         // slack.token; nil before

	figures func(context.Context) (figures, error) // reads the running bot's once

	closing []func()
	mu      sync.Mutex // over closing
}

// trialMeeting is the doctor's own meeting in somebody's name.
type trialMeeting struct{ who, organizer, meeting string }

// person is somebody in whose name meetings may be made.
type person struct {
	name  string // as it was given
	user  bot.DirectoryUser
	teams *bool // whether their licences include Teams; nil if that is not known
}

func newExamination(c app.Config, o Options) *examination {
	e := &examination{
		config: c.Normalized(), o: o, env: variables(o.Environ), now: o.Now, problems: c.Problems(),
		wrong: map[string][]string{}, unknown: map[string]guess{}, misspelt: map[string]bool{},
	}
	var known []string
	for _, s := range e.config.Settings() {
		known = append(known, s.Env)
	}
	for name := range e.env {
		guess := guessName(name, known)
		if guess.ours {
			e.unknown[name] = guess
		}
		if _, set := e.env[guess.meant]; guess.meant != "" && !set {
			e.misspelt[strings.TrimSuffix(guess.meant, app.FileSuffix)] = true
		}
	}
	if e.now == nil {
		e.now = time.Now
	}
	for _, p := range e.problems {
		if area := areaOf(p.Variable); area != "" {
			e.wrong[area] = append(e.wrong[area], p.Variable)
		}
	}
	e.graph = sync.OnceValues(e.newGraph)
	var once sync.Once
	var read figures
	var err error
	e.figures = func(ctx context.Context) (figures, error) {
		once.Do(func() { read, err = e.readFigures(ctx) })
		return read, err
	}
	return e
}

// atEnd has something closed when the examination is over.
func (e *examination) atEnd(do func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closing = append(e.closing, do)
}

func (e *examination) close() {
	for _, do := range e.closing {
		do()
	}
}

// hasProblem tells whether the value of a variable cannot be used.
func (e *examination) hasProblem(variable string) bool {
	return slices.ContainsFunc(e.problems, func(p app.Problem) bool { return p.Variable == variable })
}

// areas are the areas of the variables with these beginnings: a wrong value stops the checks of its area.
var areas = map[string]string{
	"SLACK_": areaSlack, "TEAMS_": areaTeams, "AZURE_": areaEntra, "GRAPH_": areaGraph, "REDIS_": areaRedis,
}

func areaOf(variable string) string {
	for prefix, area := range areas {
		if strings.HasPrefix(variable, prefix) {
			return area
		}
	}
	return ""
}

// off says why nothing of an area is examined; empty if it is.
func (e *examination) off(area string) string {
	switch {
	case area == areaSlack && !e.config.SlackOn():
		return "Slack is off: neither SLACK_SIGNING_SECRET nor SLACK_APP_TOKEN nor SLACK_BOT_TOKEN is set."
	case area == areaTeams && !e.config.TeamsOn():
		return "Teams is off: TEAMS_APP_ID is not set."
	}
	return ""
}
