package main

import (
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

// lingering is the half second for which net/http's server waits for a client that it refused.
var lingering = goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait")

// redialling is the second within which go-redis notices that its pool was closed while it looked for a server that is away.
var redialling = goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial")

// A replica that has stopped leaves no goroutine behind, while Redis, Slack, Entra and Graph go on.
func TestNothingIsLeftOfAReplica(t *testing.T) {
	w := newWorld(t, slacktest.Options{PostBurst: -1})
	before := goleak.IgnoreCurrent()
	r := w.bot()
	wantCard(t, w.meet(r, ann, general, ""), "")
	w.asks(r, ben, general, "", "show")
	w.graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Reset: true})
	w.meet(r, caio, design, "")
	get(t, r.AdminURL()+"/metrics")
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	goleak.VerifyNone(t, before, lingering)
}
