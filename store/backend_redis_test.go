//go:build integration

package store_test

import (
	"testing"

	"meetbot/internal/redistest"
	"meetbot/store"
)

func init() {
	servers["redis"] = func(t *testing.T) string { return redistest.Start(t, redistest.Options{}).URL() }
	least["redis"] = func(t *testing.T, b backend) string { return restrict(t, b, "") }
}

// restrict makes a user with the rights that [store.LeastACL] gives for a prefix, and returns the server's URL for it.
func restrict(t *testing.T, b backend, prefix string) string {
	t.Helper()
	b.all = b.url
	return restrictTo(t, b, "meetbot", func(user, _ string) string { return store.LeastACL(user, prefix) })
}
