package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"

	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
	"meetbot/internal/testenv"
)

// environment is everything outside the bot, with an embedded Redis and the demo's people in it.
type environment struct {
	*testenv.Environment
	redis   *miniredis.Miniredis
	address *address
}

// newEnvironment starts the servers on loopback.
func newEnvironment() (*environment, error) {
	fakes, err := testenv.New(slacktest.Options{RetryDelays: slackRedeliveries})
	if err != nil {
		return nil, err
	}
	env := &environment{Environment: fakes}
	if err := env.fill(); err != nil {
		env.close()
		return nil, err
	}
	return env, nil
}

func (env *environment) fill() (err error) {
	if env.redis, err = miniredis.Run(); err != nil {
		return fmt.Errorf("start embedded Redis: %w", err)
	}
	env.RedisURL = "redis://" + env.redis.Addr() + "/0"
	if err := env.AddTeams(teamstest.Options{}); err != nil {
		return err
	}
	for _, p := range people() {
		if err := env.AddPerson(testenv.Person{Slack: &p.slack, Entra: p.entra, Teams: &p.teams}); err != nil {
			return err
		}
	}
	env.Graph.SetPolicy(noPolicyID, false)
	if env.address, err = newAddress(); err != nil {
		return err
	}
	env.PublicURL = env.address.url()
	return nil
}

// addEntraUsers adds everybody whom the tenant has, or makes them what they were.
func (env *environment) addEntraUsers() error {
	for _, p := range people() {
		if p.entra != nil {
			if err := env.Graph.AddUser(*p.entra); err != nil {
				return err
			}
		}
	}
	return nil
}

// runClock lets the embedded Redis' expiry times pass, which stand still by themselves, until ctx ends.
func (env *environment) runClock(ctx context.Context) {
	const step = time.Second
	tick := time.NewTicker(step)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			env.redis.FastForward(step)
		case <-ctx.Done():
			return
		}
	}
}

// close stops the servers.
func (env *environment) close() {
	env.Close()
	if env.address != nil {
		env.address.close()
	}
	if env.redis != nil {
		env.redis.Close()
	}
}
