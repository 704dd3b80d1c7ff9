//go:build integration

package e2e

import (
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// lingering is the half second for which net/http's server waits for a client that it refused.
var lingering = goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait")

// redialling is the second within which go-redis notices that its pool was closed while it looked for a server that is
// away.
var redialling = goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial")

// A replica that has stopped leaves no goroutine behind, while Redis, Slack, Entra and Graph go on.
func TestNothingIsLeftOfAReplica(t *testing.T) {
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	before := goleak.IgnoreCurrent()
	r := env.bot()
	wantCard(t, env.meet(r, ann, general, ""), "")
	env.asks(r, ben, general, "", "show")
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Reset: true})
	env.meet(r, caio, design, "")
	get(t, r.AdminURL()+"/metrics")
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	goleak.VerifyNone(t, before, lingering)
}
