package bot_test

import (
	"testing"
	"time"
)

// eventually waits until the condition holds. If it does not within that time, the test fails with what otherwise says.
func eventually(t testing.TB, within time.Duration, holds func() bool, otherwise func() string) {
	t.Helper()
	for deadline := time.Now().Add(within); !holds(); time.Sleep(5 * time.Millisecond) { // between two looks
		if time.Now().After(deadline) {
			t.Fatal(otherwise())
		}
	}
}
