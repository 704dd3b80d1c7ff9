//go:build integration

package store_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/internal/redistest"
	"meetbot/store"
)

// everyCall are all methods that talk to Redis.
func everyCall(s *store.Store) map[string]func(context.Context) error {
	c := channel()
	claim := bot.NewClaim(c, 1, false)
	lease := bot.Lease{Job: job("Ev1"), Entry: "1-1", Attempt: 1}
	return map[string]func(context.Context) error{
		"Ping":       s.Ping,
		"Read":       func(ctx context.Context) error { _, err := s.Read(ctx, c, bot.Asker{}); return err },
		"Read+":      func(ctx context.Context) error { _, err := s.Read(ctx, c, job("").Asker); return err },
		"Announce":   func(ctx context.Context) error { _, err := s.Announce(ctx, c, "r1", job("").Asker); return err },
		"LinkThread": func(ctx context.Context) error { return s.LinkThread(ctx, c, "1.1") },
		"Claim":      func(ctx context.Context) error { _, err := s.Claim(ctx, claim, false, 0); return err },
		"Complete":   func(ctx context.Context) error { _, err := s.Complete(ctx, claim, meetingFor(claim)); return err },
		"Release":    func(ctx context.Context) error { _, err := s.Release(ctx, claim); return err },
		"Identity":   func(ctx context.Context) error { _, err := s.Identity(ctx, job("").Asker); return err },
		"Remember": func(ctx context.Context) error {
			return s.Remember(ctx, job("").Asker, bot.Identity{ID: "1"}, time.Hour)
		},
		"Accept":            func(ctx context.Context) error { _, err := s.Accept(ctx, job("Ev1")); return err },
		"Reclaim":           func(ctx context.Context) error { _, err := s.Reclaim(ctx, 1, all); return err },
		"BeginSend":         func(ctx context.Context) error { _, err := s.BeginSend(ctx, lease); return err },
		"AbortSend":         func(ctx context.Context) error { return s.AbortSend(ctx, lease) },
		"Done":              func(ctx context.Context) error { return s.Done(ctx, lease) },
		"MoveToDeadLetters": func(ctx context.Context) error { return s.MoveToDeadLetters(ctx, lease, "x") },
		"DeadLetters":       func(ctx context.Context) error { _, err := s.DeadLetters(ctx, 1); return err },
		"Retry":             func(ctx context.Context) error { return s.Retry(ctx, "1-1") },
		"Throttle":          func(ctx context.Context) error { return s.Throttle(ctx, bot.Upstream{Name: "graph"}, time.Second) },
		"ThrottledFor": func(ctx context.Context) error {
			_, err := s.ThrottledFor(ctx, bot.Upstream{Name: "graph"})
			return err
		},
		"Depth": func(ctx context.Context) error { _, err := s.Depth(ctx); return err },
	}
}

// slack is what a call may take beyond its budget on a busy machine.
const slack = 500 * time.Millisecond

// unreachable asserts that every call, all at once, fails within the budget and says how.
func unreachable(t *testing.T, s *store.Store) {
	t.Helper()
	var wg sync.WaitGroup
	for name, call := range everyCall(s) {
		wg.Go(func() {
			began := time.Now()
			err := call(t.Context())
			if took := time.Since(began); took > store.Budget+slack {
				t.Errorf("%s took %v, want at most %v", name, took, store.Budget)
			}
			if bot.CodeOf(err) != bot.Unavailable || !bot.Temporary(err) {
				t.Errorf("%s: %v, want an error of code %s", name, err, bot.Unavailable)
			}
		})
	}
	wg.Wait()
}

func works(s *store.Store) bool { return s.Ping(context.Background()) == nil }

func TestFrozenRedisCostsTheBudget(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	fresh := open(t, server.URL(), store.Options{Replica: "one"})
	warm := open(t, server.URL(), store.Options{Replica: "two"})
	no(t, warm.Ping(t.Context()))
	server.Pause()
	t.Run("new connection", func(t *testing.T) { unreachable(t, fresh) })
	t.Run("old connection", func(t *testing.T) { unreachable(t, warm) })
	t.Run("the caller's own deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := warm.Ping(ctx); err == nil || time.Since(began) > slack {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
	server.Resume()
	eventually(t, "working again", func() bool { return works(fresh) && works(warm) })
}

func TestRestartedRedisIsFoundAgain(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{AOF: true})
	s := open(t, server.URL(), store.Options{Replica: "one", Idle: time.Millisecond})
	c := channel()
	claim := bot.NewClaim(c, 1, false)
	_, err := s.Claim(t.Context(), claim, false, 0)
	no(t, err)
	accept(t, s, job("Ev1"))
	server.Kill()
	unreachable(t, s)
	server.Restart()
	eventually(t, "working again", func() bool { return works(s) })
	st, err := s.Complete(t.Context(), claim, meetingFor(claim))
	no(t, err)
	if st.Meeting == nil || st.Meeting.ClaimID != claim.ID {
		t.Errorf("after the crash the claim completes to %+v", st)
	}
	if l := takeover(t, s); l.Job.ID != "Ev1" {
		t.Errorf("took over %+v", l)
	}
}

func TestOpeningNeedsNoRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	server.Stop()
	for _, query := range []string{"", "?cluster=true", "?master_name=main"} {
		t.Run(query, func(t *testing.T) {
			unreachable(t, open(t, "redis://"+server.Addr()+query, store.Options{Replica: "one"}))
		})
	}
	s := open(t, server.URL(), store.Options{Replica: "one"})
	server.Restart()
	eventually(t, "working once Redis is there", func() bool { return works(s) })
}

func TestSilentServerCostsTheBudget(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	no(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
		}
	}()
	for _, url := range []string{
		"redis://" + l.Addr().String(), "redis://ann:secret@" + l.Addr().String(), "rediss://" + l.Addr().String(),
		"redis://" + l.Addr().String() + "?cluster=true", "redis://" + l.Addr().String() + "?master_name=main",
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			unreachable(t, open(t, url, store.Options{Replica: "one"}))
		})
	}
}
