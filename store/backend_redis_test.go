//go:build integration

package store_test

import (
	"strings"
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
	var args []any
	for word := range strings.FieldsSeq(strings.ReplaceAll(store.LeastACL("meetbot", prefix), "PASSWORD", "hunter2")) {
		args = append(args, word)
	}
	no(t, b.raw.Do(t.Context(), args...).Err())
	return strings.Replace(b.url, "redis://", "redis://meetbot:hunter2@", 1)
}
