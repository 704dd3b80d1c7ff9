package entratest

import (
	"testing"

	"go.uber.org/goleak"
)

// No goroutine outlives what started it, but for the half second for which net/http lingers with a client that it refused.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}
