//go:build integration

package store_test

import (
	"strings"
	"testing"

	"meetbot/bot"
	"meetbot/internal/redistest"
	"meetbot/store"
)

func TestPasswordIsUsedAndNotTold(t *testing.T) {
	server := redistest.Start(t, redistest.Options{})
	b := backendAt(t, server.URL())
	no(t, b.raw.ConfigSet(t.Context(), "requirepass", "hunter2").Err())
	t.Cleanup(func() { b.raw.ConfigSet(t.Context(), "requirepass", "") })
	no(t, open(t, "redis://:hunter2@"+server.Addr()+"/0", store.Options{Replica: "one"}).Ping(t.Context()))
	for _, user := range []string{"", ":hunter3@", "ann:hunter2@"} {
		err := open(t, "redis://"+user+server.Addr()+"/0", store.Options{Replica: "two"}).Ping(t.Context())
		if bot.CodeOf(err) != bot.Unavailable || strings.Contains(err.Error(), "hunter") {
			t.Errorf("with the credentials %q: %v", user, err)
		}
	}
}
