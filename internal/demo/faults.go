package demo

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/testenv"
)

// fault is something that can be made to fail.
type fault struct {
	name, help string
	arm        func(d *demo)
}

// faults are what can be made to fail on any platform.
var faults = []fault{
	{"graph-429", "Graph asks once to wait for 3 s", func(d *demo) {
		d.env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: http.StatusTooManyRequests,
			RetryAfter: "3"})
	}},
	{"graph-503", "Graph is busy for two requests", func(d *demo) {
		d.env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 2, Status: http.StatusServiceUnavailable})
	}},
	{"graph-slow", "Graph takes 4 s for the next meeting", func(d *demo) {
		d.env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 4 * time.Second})
	}},
	{"graph-lost", "Graph makes the next meeting, and the answer is lost", func(d *demo) {
		d.env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Reset: true, Works: true})
	}},
	{"graph-down", "Graph cuts every connection", func(d *demo) { d.env.Graph.Fault(faultserver.Fault{Reset: true}) }},
	{"no-policy", "nobody has an application access policy", func(d *demo) { d.env.Graph.SetGlobalPolicy(false) }},
	{"secret-expired", "the app's client secret has run out, and so have its tokens", func(d *demo) {
		d.env.Entra.ExpireClientSecret()
		d.env.Graph.Fault(faultserver.Fault{Status: http.StatusUnauthorized, ContentType: "application/json",
			Body: `{"error":{"code":"InvalidAuthenticationToken"}}`})
	}},
	{"redis-down", "Redis answers with errors",
		func(d *demo) { d.env.redis.SetError("LOADING Redis is loading the dataset in memory") }},
	{"crash", "the replica dies right after it has acknowledged the next command", func(d *demo) {
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
			f.arm(d)
			d.printf("   armed: %s\n", f.help)
			return nil
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

// mend ends every fault.
func (d *demo) mend() {
	d.env.Graph.ClearFaults()
	d.env.Graph.SetGlobalPolicy(true)
	d.env.Entra.SetClientSecret(testenv.ClientSecret)
	d.env.redis.SetError("")
	d.crash = false
	for _, s := range d.platforms {
		s.mend()
	}
}
