package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/testenv"
)

// fault is something that can be made to fail.
type fault struct {
	name, help string
	arm        func(d *demo)
	// organizer is arm for a fault that befalls the organizer of the meeting on the last card, an Entra user.
	organizer func(d *demo, id string) error
}

// faults are what can be made to fail on any platform.
var faults = []fault{
	{name: "graph-429", help: "Graph asks once to wait for 3 s", arm: func(d *demo) {
		d.env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: http.StatusTooManyRequests,
			RetryAfter: "3"})
	}},
	{name: "graph-503", help: "Graph is busy for two requests", arm: func(d *demo) {
		d.env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 2, Status: http.StatusServiceUnavailable})
	}},
	{name: "graph-slow", help: "Graph takes 4 s for the next meeting", arm: func(d *demo) {
		d.env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 4 * time.Second})
	}},
	{name: "graph-lost", help: "Graph makes the next meeting, and the answer is lost", arm: func(d *demo) {
		d.env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Reset: true, Works: true})
	}},
	{name: "graph-down", help: "Graph cuts every connection", arm: func(d *demo) {
		d.env.Graph.Fault(faultserver.Fault{Reset: true})
	}},
	{name: "no-policy", help: "nobody has an application access policy", arm: func(d *demo) {
		d.env.Graph.SetGlobalPolicy(false)
	}},
	{name: "organizer-gone", help: "the account that organizes the last card's meeting is removed from Entra",
		organizer: func(d *demo, id string) error {
			d.env.Graph.RemoveUser(id)
			return nil
		}},
	{name: "organizer-disabled", help: "the account that organizes the last card's meeting is disabled in Entra",
		organizer: func(d *demo, id string) error {
			return d.env.Graph.ChangeUser(id, func(u *graphtest.User) { u.Disabled = true })
		}},
	{name: "secret-expired", help: "the app's client secret has run out, and so have its tokens", arm: func(d *demo) {
		d.env.Entra.ExpireClientSecret()
		d.env.Graph.Fault(faultserver.Fault{Status: http.StatusUnauthorized, ContentType: "application/json",
			Body: `{"error":{"code":"InvalidAuthenticationToken"}}`})
	}},
	{name: "redis-down", help: "Redis answers with errors",
		arm: func(d *demo) { d.env.redis.SetError("LOADING Redis is loading the dataset in memory") }},
	{name: "crash", help: "the replica dies right after it has acknowledged the next command", arm: func(d *demo) {
		d.crash = true
		d.env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 5 * time.Second})
	}},
}

func (d *demo) fault(_ context.Context, name string) error {
	if name == "clear" {
		d.mend()
		return nil
	}
	all := slices.Clone(faults)
	for _, s := range d.platforms {
		all = append(all, s.faults()...)
	}
	for _, f := range all {
		if f.name == name {
			return d.armFault(f)
		}
	}
	for _, f := range all {
		d.printf("  %-20s %s\n", f.name, f.help)
	}
	d.printf("  %-20s %s\n", "clear", "all is well again")
	if name != "" {
		return fmt.Errorf("there is no fault %q", name)
	}
	return nil
}

// armFault lets something fail, and says what.
func (d *demo) armFault(f fault) error {
	if f.organizer == nil {
		f.arm(d)
		d.printf("   armed: %s\n", f.help)
		return nil
	}
	m, ok := d.lastMeeting()
	if !ok {
		return errors.New("there is no card yet: type /meet first")
	}
	if err := f.organizer(d, m.UserID); err != nil {
		return err
	}
	d.tell("armed: %s: %s\n   The bot asks about an organizer once a day at most: /clock +1d lets a day pass", f.help,
		fullName(m.UserID))
	return nil
}

// mend ends every fault.
func (d *demo) mend() {
	d.env.Graph.ClearFaults()
	d.env.Graph.SetGlobalPolicy(true)
	d.env.Entra.SetClientSecret(testenv.ClientSecret)
	d.env.redis.SetError("")
	_ = d.env.addEntraUsers() // who were good before
	d.crash = false
	for _, s := range d.platforms {
		s.mend()
	}
}
