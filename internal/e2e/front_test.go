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

// openings start an environment and the configuration of a bot that serves one platform.
var openings = map[string]func(*testing.T) (*environment, app.Config){
	"slack": func(t *testing.T) (*environment, app.Config) {
		env := newEnv(t, slacktest.Options{PostBurst: -1})
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

// teamsMember is a member of the team, by their ID in Entra.
func teamsMember(id, name string) teamstest.User { return teamstest.User{ID: id, Name: name} }
