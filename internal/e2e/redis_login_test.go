//go:build integration

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/internal/app"
	"meetbot/internal/redistest"
	"meetbot/internal/sandbox/slacktest"
)

// administrator is a connection to Redis that may do everything.
func administrator(t *testing.T, server *redistest.Server) *redis.Client {
	t.Helper()
	admin := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = admin.Close() })
	return admin
}

// The password for Redis is changed while people go on: Redis takes both for a while, then the new one alone.
func TestRedisPasswordIsChanged(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	admin := administrator(t, env.redis)
	acl := func(words ...any) {
		t.Helper()
		if err := admin.Do(t.Context(), append([]any{"ACL", "SETUSER", "meetbot"}, words...)...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	acl("on", ">hunter1", "~*", "&*", "+@all")
	url := func(password string) map[string]string {
		return map[string]string{"REDIS_URL": strings.Replace(env.RedisURL, "redis://", "redis://meetbot:"+password+"@", 1)}
	}
	files := mount(t, url("hunter1"))
	r := env.start(env.fromFiles(env.config(), files), soon())
	env.meet(r, ann, general, "")
	acl(">hunter2")
	files.set(url("hunter2"))
	env.changed("REDIS_URL", 1)
	acl("<hunter1")
	if err := admin.Do(t.Context(), "CLIENT", "KILL", "USER", "meetbot").Err(); err != nil { // new ones need the new password
		t.Fatal(err)
	}
	eventually(t, "Redis is reached again", func() bool {
		_, ready := get(t, r.URL()+"/readyz")
		return ready == "ready\n"
	})
	env.meet(r, ben, general, "")
	env.wantMeetings(1)

	files.set(map[string]string{"REDIS_URL": "redis://127.0.0.1:1/0"})
	eventually(t, "another server is refused", func() bool {
		return strings.Contains(env.logs.String(), "REDIS_URL names another server or database, which needs a restart")
	})
	env.meet(r, ann, design, "")
	if strings.Contains(env.logs.String(), "hunter") {
		t.Error("the log tells a password")
	}
}

// The password for Redis is a token of Entra's, and Redis knows the present one alone. When it is another one, the open
// connections authenticate again; commands go on all the time.
func TestRedisByToken(t *testing.T) {
	t.Parallel()
	env := newEnvWithoutRedis(t, slacktest.Options{})
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, env.Entra.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	certificate := filepath.Join(t.TempDir(), "redis.pem")
	if err := os.WriteFile(certificate, env.Entra.LeafPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	server := redistest.Start(t, redistest.Options{TLS: &redistest.TLS{Certificate: certificate, CA: ca}})
	admin := administrator(t, server)
	var mu sync.Mutex
	var tokens []string
	env.Entra.AddAudience("https://redis.azure.com")
	env.Entra.OnToken(func(audience, objectID, token string) {
		if audience != "https://redis.azure.com" {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		tokens = append(tokens, token)
		if err := admin.Do(t.Context(), "ACL", "SETUSER", objectID, "on", "resetpass", ">"+token, "~*", "&*", "+@all").
			Err(); err != nil {
			t.Error(err)
		}
	})
	env.Entra.SetLifetime(4 * time.Minute) // so short that a new one is asked for each time
	if err := admin.ConfigSet(t.Context(), "requirepass", "").Err(); err != nil {
		t.Fatal(err)
	}
	c := env.config()
	c.Redis = app.RedisConfig{URL: "rediss://" + server.TLSAddr() + "/0", Prefix: "mb", Entra: "true", CAPath: ca}
	r := env.start(c, app.Options{LookEvery: 200 * time.Millisecond})
	link := wantCard(t, env.meet(r, ann, general, ""), "")
	authenticated := func() int {
		info, err := admin.Info(t.Context(), "commandstats").Result()
		if err != nil {
			t.Fatal(err)
		}
		_, calls, _ := strings.Cut(info, "cmdstat_auth:calls=")
		n := 0
		for _, digit := range calls {
			if digit < '0' || digit > '9' {
				break
			}
			n = 10*n + int(digit-'0')
		}
		return n
	}
	eventually(t, "open connections have authenticated again, by three tokens", func() bool {
		if again := wantCard(t, env.meet(r, ben, general, ""), ben); again != link {
			t.Fatalf("another meeting: %s", again)
		}
		mu.Lock()
		defer mu.Unlock()
		return authenticated() >= 3 && len(tokens) >= 4
	})
	clients, err := admin.Do(t.Context(), "CLIENT", "LIST").Text()
	if err != nil || !strings.Contains(clients, " user="+objectID(t, env)) {
		t.Errorf("%v; connections:\n%s", err, clients)
	}
	for _, token := range tokens {
		if strings.Contains(env.logs.String(), token) {
			t.Error("the log tells a token")
		}
	}
}

// objectID is the object ID of the app that calls Graph.
func objectID(t *testing.T, env *environment) string {
	t.Helper()
	token, err := env.Entra.Mint(env.config().Entra.ClientID, "https://redis.azure.com", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := env.Entra.Verify(token, "https://redis.azure.com", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return claims.ObjectID
}
