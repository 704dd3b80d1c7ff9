//go:build integration

package e2e

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// seen is an answer as somebody sees it, whatever platform shows it.
type seen struct {
	link   string // where the card's button leads; empty for sentences
	words  string // everything there is to read
	alone  bool   // nobody but the asker sees it
	thread string // the root message of the thread that it stands in; empty outside threads
}

// member is somebody on both platforms.
type member struct{ slack, entra string }

var members = struct{ ann, ben, caio, gus member }{
	member{ann, annID}, member{ben, benID}, member{caio, caioID},
	member{"U0GUS", "f1111111-0000-4000-8000-000000000001"},
}

// asked is a command, and where the answer to it is read.
type asked struct {
	user    member
	design  bool   // in the second channel
	thread  string // as a reply in the thread under this message
	command string
	with    []member // whom the command mentions at its end
}

// front is a chat platform, as its users see it: people mention the bot in two channels, and read.
type front interface {
	// ask mentions the bot, and returns its answer and the ID of the message that mentioned it.
	ask(asked) (seen, string)
	// say writes a message that does not concern the bot, and returns its ID.
	say(user member, text string) string
	// again delivers the request of the last ask once more, as the platform now and then does.
	again()
	// guest adds somebody who is a guest.
	guest(user member)
	// press presses the button whose text begins with title, of the last message with such a button in the first
	// channel, and returns what follows.
	press(user member, title string) seen
	// askOnly mentions the bot, and does not wait for its answer.
	askOnly(asked)
	// cards are the bot's messages in the first channel as they read now, in the order in which they were posted.
	cards() []seen
	// count is how many messages of the bot there are in the first channel.
	count() int
}

// openings start an environment and the configuration of a bot that serves one platform, Slack in both of its ways to
// deliver.
var openings = map[string]func(*testing.T) (*environment, app.Config){
	"slack": func(t *testing.T) (*environment, app.Config) {
		env := newEnv(t, slacktest.Options{PostBurst: -1})
		return env, env.config()
	},
	"slack_socket": func(t *testing.T) (*environment, app.Config) {
		env := newEnv(t, slacktest.Options{PostBurst: -1, SocketMode: true})
		return env, env.config()
	},
	"teams": func(t *testing.T) (*environment, app.Config) {
		env := newTeamsEnv(t)
		return env, env.teamsConfig()
	},
}

// frontOf is the platform that the replica serves, as its users see it.
func (env *environment) frontOf(r *replica) front {
	if env.Teams != nil {
		return &teamsFront{environment: env, bot: r}
	}
	return &slackFront{environment: env, bot: r}
}

// started starts a bot and returns the platform.
func (env *environment) started(c app.Config) front { return env.frontOf(env.start(c, app.Options{})) }

// deleteCards deletes the bot's messages for everybody in the first channel, as an owner may.
func (env *environment) deleteCards() {
	env.t.Helper()
	deleted := 0
	for _, m := range env.Slack.Messages(general) {
		if m.Via != "user" && m.To == "" && env.Slack.DeleteMessage(general, m.TS) {
			deleted++
		}
	}
	if env.Teams != nil {
		for _, m := range env.Teams.Messages(teamsGeneral) {
			if m.Via != "user" && m.To == "" && env.Teams.Delete(teamsGeneral, m.ID) == nil {
				deleted++
			}
		}
	}
	if deleted == 0 {
		env.t.Fatal("there was no card to delete")
	}
}

// keptCards is how much the bot remembers of posted cards, in all conversations.
func (env *environment) keptCards() (bytes int64) {
	env.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: env.redis.Addr()})
	defer func() { _ = client.Close() }()
	ctx := env.t.Context()
	keys, err := client.Keys(ctx, "*}:c:*").Result()
	if err != nil {
		env.t.Fatal(err)
	}
	for _, key := range keys {
		bytes += client.StrLen(ctx, key).Val()
	}
	return bytes
}

// record is the only meeting's record in Redis, and its key.
func (env *environment) record() (key, record string) {
	env.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: env.redis.Addr()})
	defer func() { _ = client.Close() }()
	keys, err := client.Keys(env.t.Context(), "*}:m:*").Result()
	if err != nil || len(keys) != 1 {
		env.t.Fatalf("meetings in Redis: %v, %v", keys, err)
	}
	record, err = client.Get(env.t.Context(), keys[0]).Result()
	if err != nil {
		env.t.Fatal(err)
	}
	return keys[0], record
}

// changes are the changes of meetings that Graph was asked for.
func (env *environment) changes() (all []graphtest.Call) {
	for _, c := range env.Graph.Calls() {
		if c.Method == http.MethodPatch {
			all = append(all, c)
		}
	}
	return all
}

// onEveryPlatform runs scenarios on every platform.
func onEveryPlatform(t *testing.T, scenarios map[string]func(*testing.T, *environment, app.Config)) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(scenarios)) {
		for platform, open := range openings {
			t.Run(strings.ReplaceAll(name, " ", "_")+"/"+platform, func(t *testing.T) {
				t.Parallel()
				env, c := open(t)
				scenarios[name](t, env, c)
			})
		}
	}
}

// onEveryFront runs scenarios on every platform, with a bot that serves it. What people see there for the same commands is
// the same.
func onEveryFront(t *testing.T, scenarios map[string]func(*testing.T, *environment, front)) {
	served := map[string]func(*testing.T, *environment, app.Config){}
	for name, scenario := range scenarios {
		served[name] = func(t *testing.T, env *environment, c app.Config) { scenario(t, env, env.started(c)) }
	}
	onEveryPlatform(t, served)
}

// teamsMember is a member of the team, by their ID in Entra.
func teamsMember(id, name string) teamstest.User { return teamstest.User{ID: id, Name: name} }
