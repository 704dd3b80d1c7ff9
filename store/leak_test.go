package store_test

import (
	"testing"

	"go.uber.org/goleak"
)

// No goroutine outlives what started it, but for the second within which go-redis notices that its pool was closed
// while it looked for a server that is away.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}
