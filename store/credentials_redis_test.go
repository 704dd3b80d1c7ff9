//go:build integration

package store_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
	"meetbot/internal/redistest"
	"meetbot/store"
)

// Another user and password are taken by the connections that are open, while calls go on.
func TestCredentialsChange(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	admin := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = admin.Close() })
	user := func(name, password string) {
		t.Helper()
		no(t, admin.Do(t.Context(), "ACL", "SETUSER", name, "on", ">"+password, "~*", "&*", "+@all").Err())
	}
	user("first", "hunter1")
	user("second", "hunter2")
	who := func() string {
		t.Helper()
		list, err := admin.Do(t.Context(), "CLIENT", "LIST").Text()
		no(t, err)
		return list
	}
	credentials := store.NewCredentials()
	s := open(t, "redis://wrong:wrong@"+server.Addr()+"/0", store.Options{Replica: "one", Credentials: credentials})
	if err := s.Ping(t.Context()); bot.CodeOf(err) != bot.Unavailable || !strings.Contains(err.Error(), "not known yet") {
		t.Errorf("before they are known: %v", err)
	}
	credentials.Set("first", "hunter1")
	busy := func() {
		t.Helper()
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 20 {
					if err := s.Ping(t.Context()); err != nil {
						t.Errorf("ping: %v", err)
					}
				}
			})
		}
		wg.Wait()
	}
	busy()
	if list := who(); !strings.Contains(list, "user=first") || strings.Contains(list, "user=second") {
		t.Fatalf("connections: %s", list)
	}
	opened := connections(who(), "first")
	credentials.Set("second", "hunter2")
	no(t, admin.Do(t.Context(), "ACL", "SETUSER", "first", "-@all").Err()) // whoever still is the first fails
	eventually(t, "an open connection has authenticated again", func() bool {
		busy()
		return slices.ContainsFunc(connections(who(), "second"), func(id string) bool { return slices.Contains(opened, id) })
	})
	no(t, admin.Do(t.Context(), "ACL", "DELUSER", "first").Err())
	busy()
	no(t, admin.Do(t.Context(), "ACL", "SETUSER", "second", "resetpass", ">hunter3").Err())
	credentials.Set("second", "hunter3") // the same user: its connections stay what they are, new ones need the password
	no(t, admin.Do(t.Context(), "CLIENT", "KILL", "USER", "second").Err())
	eventually(t, "new connections use the new password", func() bool { return s.Ping(t.Context()) == nil })
}

// connections are the IDs of a user's connections, in what CLIENT LIST answers.
func connections(list, user string) (ids []string) {
	for line := range strings.Lines(list) {
		if strings.Contains(line, " user="+user+" ") {
			id, _, _ := strings.Cut(line, " ")
			ids = append(ids, id)
		}
	}
	return ids
}

func TestSameButUser(t *testing.T) {
	for other, want := range map[string]bool{
		"rediss://ann:new@redis.example:6380/0":                true,
		"rediss://redis.example:6380/0":                        true,
		"rediss://ann:old@redis.example:6380/1":                false,
		"redis://ann:old@redis.example:6380/0":                 false,
		"rediss://ann:old@other.example:6380/0":                false,
		"rediss://ann:old@redis.example:6380/0?server_name=x":  false,
		"rediss://ann:old@redis.example:6380/0?cluster=true":   false,
		"rediss://ann:old@redis.example:6380/0?pool_size=1000": false,
		"hunter2": false,
	} {
		if got := store.SameButUser("rediss://ann:old@redis.example:6380/0", other); got != want {
			t.Errorf("%s: %t", other, got)
		}
	}
	if user, password, err := store.UserOf("redis://s:s@sentinel:26379?master_name=main&username=ann&password=p"); user != "ann" ||
		password != "p" || err != nil {
		t.Errorf("with Sentinel: %q, %q, %v", user, password, err)
	}
}
