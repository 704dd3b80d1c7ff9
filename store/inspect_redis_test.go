//go:build integration

package store_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"meetbot/internal/redistest"
	"meetbot/store"
)

// With the rights that are printed nothing is denied; without one of them that one is named, and nothing is left behind.
func TestRights(t *testing.T) {
	b := backendAt(t, redistest.Start(t, redistest.Options{}).URL())
	s := open(t, restrict(t, b, "other"), store.Options{Replica: "one", Prefix: "other"})
	r, err := s.Rights(t.Context())
	if err != nil || len(r.Denied) > 0 || r.KeysDenied || r.ReadOnly || r.Full || r.Misconf {
		t.Errorf("with all of them: %+v, %v", r, err)
	}
	no(t, b.raw.Do(t.Context(), "ACL", "SETUSER", "meetbot", "-xclaim", "-xgroup|create", "-eval").Err())
	r, err = s.Rights(t.Context())
	if err != nil || !slices.Equal(r.Denied, []string{"xclaim", "xgroup|create", "eval"}) || r.KeysDenied {
		t.Errorf("without three: %+v, %v", r, err)
	}
	r, err = open(t, restrict(t, b, "another"), store.Options{Replica: "one", Prefix: "other"}).Rights(t.Context())
	if err != nil || len(r.Denied) > 0 || !r.KeysDenied {
		t.Errorf("for other keys: %+v, %v", r, err)
	}
	if keys := b.raw.Keys(t.Context(), "*").Val(); len(keys) > 0 {
		t.Errorf("left behind: %v", keys)
	}
}

// What Redis says of itself, with all rights and with the least.
func TestInspect(t *testing.T) {
	primary := redistest.Start(t, redistest.Options{AOF: true})
	b := backendAt(t, primary.URL())
	no(t, b.raw.ConfigSet(t.Context(), "maxmemory", "100mb").Err())
	no(t, b.raw.ConfigSet(t.Context(), "maxmemory-policy", "allkeys-lru").Err())
	no(t, b.raw.Set(t.Context(), "x", "y", 0).Err())
	for snapshots, url := range map[store.Known]string{store.No: b.url, store.Unknown: restrict(t, b, "")} {
		url = strings.TrimSuffix(url, "/0") + "/5"
		got, err := open(t, url, store.Options{Replica: "one"}).Inspect(t.Context())
		if err != nil || !got.Told || got.Major < 7 || got.Version == "" || got.Replica || got.Eviction != "allkeys-lru" ||
			got.MaxMemory != 100<<20 || got.UsedMemory == 0 || !got.AppendOnly || got.Snapshots != snapshots ||
			got.Database != 5 || got.Used || len(got.Others) != 1 || got.Others[0] != 1 ||
			got.Ahead.Abs() > time.Second || got.RoundTrip <= 0 {
			t.Errorf("%s: %+v, %v", url, got, err)
		}
	}
	replica := redistest.Start(t, redistest.Options{ReplicaOf: primary})
	s := open(t, replica.URL(), store.Options{Replica: "one"})
	eventually(t, "replication", func() bool {
		got, err := s.Inspect(t.Context())
		return err == nil && got.Replica
	})
	if r, err := s.Rights(t.Context()); err != nil || !r.ReadOnly {
		t.Errorf("rights on a replica: %+v, %v", r, err)
	}
}

// Each cause is told from the others.
func TestTrouble(t *testing.T) {
	server := redistest.Start(t, redistest.Options{})
	addr := server.Addr()
	b := backendAt(t, server.URL())
	for url, want := range map[string]store.Trouble{
		"redis://" + addr + "/99":            store.TroubleDatabase,
		"redis://ann:hunter3@" + addr + "/0": store.TroublePassword,
		"rediss://" + addr + "/0":            store.TroublePlain,
		"redis://127.0.0.1:1/0":              "",
	} {
		s := open(t, url, store.Options{Replica: "one"})
		_, err := s.Inspect(t.Context())
		if got := s.Probe(t.Context(), err); err == nil || got != want {
			t.Errorf("%s: %q, want %q; %v", url, got, want, err)
		}
	}
	no(t, b.raw.ConfigSet(t.Context(), "requirepass", "hunter2").Err())
	s := open(t, b.url, store.Options{Replica: "one"})
	_, err := s.Inspect(t.Context())
	if got := s.Probe(t.Context(), err); got != store.TroubleNoPassword {
		t.Errorf("no password: %q, %v", got, err)
	}
	s = open(t, "redis://:hunter3@"+addr+"/0", store.Options{Replica: "one"})
	_, err = s.Inspect(t.Context())
	if got := s.Probe(t.Context(), err); got != store.TroublePassword {
		t.Errorf("a wrong password: %q, %v", got, err)
	}
	server.Stop()
	tls := tlsServer(t)
	s = open(t, "redis://"+tls+"/0", store.Options{Replica: "one"})
	_, err = s.Inspect(t.Context())
	if got := s.Probe(t.Context(), err); err == nil || got != store.TroubleTLS {
		t.Errorf("a server that speaks TLS: %q, %v", got, err)
	}
	s = open(t, "rediss://"+tls+"/0", store.Options{Replica: "one"})
	_, err = s.Inspect(t.Context())
	if got := s.Probe(t.Context(), err); got != store.TroubleCertificate {
		t.Errorf("a certificate that nobody knows: %q, %v", got, err)
	}
}

// tlsServer is a server that speaks TLS, and returns its address.
func tlsServer(t *testing.T) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}
