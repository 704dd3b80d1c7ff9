//go:build integration

package doctor

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/internal/golden"
	"meetbot/internal/redistest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/store"
)

// told sends commands to a server as its administrator.
func told(t *testing.T, s *redistest.Server, commands ...string) {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: s.Addr()})
	defer func() { _ = client.Close() }()
	for _, line := range commands {
		var args []any
		for word := range strings.FieldsSeq(line) {
			args = append(args, strings.ReplaceAll(word, "_", " "))
		}
		if err := client.Do(t.Context(), args...).Err(); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
}

// asUser makes the least user but for these rules, and returns the URL for it.
func asUser(t *testing.T, s *redistest.Server, prefix string, but ...string) string {
	t.Helper()
	told(t, s, strings.ReplaceAll(store.LeastACL("meetbot", prefix), "PASSWORD", "hunter2")+" "+strings.Join(but, " "))
	return strings.Replace(s.URL(), "redis://", "redis://meetbot:hunter2@", 1)
}

func TestRedisMistakes(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]func(t *testing.T, s *redistest.Server) (url string){
		"redis-away": func(_ *testing.T, s *redistest.Server) string {
			s.Stop()
			return s.URL()
		},
		"redis-password": func(t *testing.T, s *redistest.Server) string {
			told(t, s, "CONFIG SET requirepass hunter2")
			return "redis://:hunter3@" + s.Addr() + "/0"
		},
		"redis-no-password": func(t *testing.T, s *redistest.Server) string {
			told(t, s, "CONFIG SET requirepass hunter2")
			return s.URL()
		},
		"redis-database":       func(_ *testing.T, s *redistest.Server) string { return "redis://" + s.Addr() + "/99" },
		"redis-tls-at-a-plain": func(_ *testing.T, s *redistest.Server) string { return "rediss://" + s.Addr() + "/0" },
		"redis-evicts": func(t *testing.T, s *redistest.Server) string {
			told(t, s, "CONFIG SET maxmemory 100mb", "CONFIG SET maxmemory-policy allkeys-lru")
			return s.URL()
		},
		"redis-evicts-volatile": func(t *testing.T, s *redistest.Server) string {
			told(t, s, "CONFIG SET maxmemory 100mb", "CONFIG SET maxmemory-policy volatile-ttl")
			return s.URL()
		},
		"redis-full": func(t *testing.T, s *redistest.Server) string {
			told(t, s, "CONFIG SET maxmemory 1")
			return s.URL()
		},
		"redis-no-persistence": func(t *testing.T, s *redistest.Server) string {
			told(t, s, "CONFIG SET appendonly no")
			return s.URL()
		},
		"redis-snapshots-only": func(t *testing.T, s *redistest.Server) string {
			told(t, s, "CONFIG SET appendonly no", "CONFIG SET save 3600_1")
			return s.URL()
		},
		"redis-replica": func(t *testing.T, s *redistest.Server) string {
			replica := redistest.Start(t, redistest.Options{ReplicaOf: s, AOF: true})
			return replica.URL()
		},
		"redis-other-database": func(t *testing.T, s *redistest.Server) string {
			told(t, s, "SET a b", "SET c d")
			return "redis://" + s.Addr() + "/5"
		},
		"redis-rights": func(t *testing.T, s *redistest.Server) string {
			return asUser(t, s, "", "-xclaim", "-xgroup|create")
		},
		"redis-rights-of-keys": func(t *testing.T, s *redistest.Server) string { return asUser(t, s, "another") },
		"redis-dead-letter": func(t *testing.T, s *redistest.Server) string {
			old := time.Now().Add(-5*time.Minute - 30*time.Second).UnixMilli()
			told(t, s, "XADD {mb:jobs}:dead * job {}", fmt.Sprintf("XADD {mb:jobs}:stream %d-1 job {}", old))
			return s.URL()
		},
		"redis-another-deployment": func(t *testing.T, s *redistest.Server) string {
			told(t, s, "SET mb:{slack:T9999:C1}:m: 1", "SET mb:{slack:T024BE7LD:C2}:m: 1", "SET mb:{slack:T9999:C3}:m: 1")
			return s.URL()
		},
		"redis-other-prefix": func(t *testing.T, s *redistest.Server) string {
			told(t, s, "XADD {meetings:jobs}:stream * job {}")
			return s.URL()
		},
		"redis-later-release": func(t *testing.T, s *redistest.Server) string {
			told(t, s, `SET mb:{slack:T024BE7LD:C2}:m: {"v":99}`)
			return s.URL()
		},
		"redis-no-info": func(t *testing.T, s *redistest.Server) string { return asUser(t, s, "", "-info") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t, redistest.Options{AOF: true})
			w := newWorld(t, slacktest.Options{})
			w.vars["REDIS_URL"] = wrong(t, s)
			areas := []string{areaRedis}
			if name == "redis-another-deployment" {
				areas = append(areas, areaSlack)
			}
			w.check(t, name, w.examine(t, areas...))
		})
	}
}

// Redis' clock is compared with this machine's.
func TestRedisClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	w.vars["REDIS_URL"] = redistest.Start(t, redistest.Options{AOF: true}).URL()
	w.o.Now = func() time.Time { return time.Now().Add(3 * time.Minute) }
	w.check(t, "redis-clock", w.examine(t, areaRedis))
}

// Where everything is right, everything is ok: with the least rights in Redis, and a person who is tried.
func TestHealthy(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.Options{AOF: true})
	w := newWorld(t, slacktest.Options{})
	w.vars["AZURE_CLIENT_SECRET_EXPIRES"] = time.Now().AddDate(1, 0, 0).Format(time.DateOnly)
	a := w.run(t)
	w.vars["REDIS_URL"], w.vars["PUBLIC_URL"] = asUser(t, s, ""), a.URL()
	w.o.Users = []string{ann}
	w.command(t, a, "/slack/commands", time.Now(), 200)
	w.activity(t, a, nil, 200)
	report := w.examine(t)
	if report.Count(Fail)+report.Count(Warn)+report.Count(Skipped) > 0 {
		t.Errorf("not everything is ok")
	}
	var text bytes.Buffer
	if err := report.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	said := strings.ReplaceAll(text.String(), w.vars["AZURE_CLIENT_SECRET_EXPIRES"], "DATE")
	said = strings.ReplaceAll(said, fmt.Sprintf("version %d", majorOf(t, s)), "version N")
	golden.Check(t, "healthy.txt", []byte(ports.ReplaceAllString(said, "${1}PORT")))
}

func majorOf(t *testing.T, s *redistest.Server) int {
	t.Helper()
	st, err := store.Open(s.URL(), store.Options{Replica: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	server, err := st.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return server.Major
}
