//go:build integration

package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"meetbot/bot"
	"meetbot/internal/redistest"
	"meetbot/store"
)

func TestManyAcceptAtOnce(t *testing.T) {
	b := backendAt(t, redistest.Start(t, redistest.Options{}).URL())
	replicas := []*store.Store{b.open(t, "one"), b.open(t, "two")}
	var mu sync.Mutex
	entries := map[string]string{}
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			id := fmt.Sprint("Ev", i%50) // everyone comes twice
			j := job(id)
			j.Asker.User = id // one person may not wait for so many
			l, err := replicas[i/50].Accept(t.Context(), j)
			if errors.Is(err, bot.ErrDuplicate) {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil || entries[id] != "" {
				t.Errorf("%s: %+v, %v", id, l, err)
			}
			entries[id] = l.Entry
		})
	}
	wg.Wait()
	if len(entries) != 50 {
		t.Errorf("%d requests were accepted, want 50", len(entries))
	}
}

func TestIdleReclaimIsOneCommand(t *testing.T) {
	server := redistest.Start(t, redistest.Options{})
	b := backendAt(t, server.URL())
	w := redistest.NewWire(t, server)
	s := open(t, w.URL(), store.Options{Replica: "one"})
	l := accept(t, s, job("Ev1"))
	no(t, s.Done(t.Context(), l))
	_, err := s.Reclaim(t.Context(), 10, all)
	no(t, err)
	no(t, b.raw.ConfigResetStat(t.Context()).Err())
	before := w.Turns()
	_, err = s.Reclaim(t.Context(), 10, all)
	no(t, err)
	if trips, scripts := w.Turns()-before, calls(t, b.raw, "evalsha"); trips != 1 || scripts != 1 {
		t.Errorf("an idle takeover is %d round trips and %d scripts, want 1 and 1", trips, scripts)
	}
}

func TestAcceptIsRepeatedWhenItsAnswerIsLost(t *testing.T) {
	server := redistest.Start(t, redistest.Options{})
	b := backendAt(t, server.URL())
	c := redistest.NewWire(t, server)
	s := open(t, c.URL(), store.Options{Replica: "one"})
	no(t, s.Ping(t.Context()))
	accept(t, s, job("Ev0")) // the server knows the script
	c.CutNextAnswer()
	l, err := s.Accept(t.Context(), job("Ev1"))
	if err != nil || l.Entry == "" || l.Attempt != 1 {
		t.Fatalf("accepted as %+v, %v", l, err)
	}
	if got := calls(t, b.raw, "evalsha"); got != 3 {
		t.Fatalf("the script ran %d times, want 3: the test cut nothing", got)
	}
	if _, err := s.BeginSend(t.Context(), l); err != nil {
		t.Fatalf("the accepted job cannot be answered: %v", err)
	}
	if d := depth(t, s); d.Waiting != 2 {
		t.Errorf("the queue holds %+v, want 2 jobs", d)
	}
}

func TestCanceledCallEndsAtOnce(t *testing.T) {
	s := open(t, redistest.Start(t, redistest.Options{}).URL(), store.Options{Replica: "one"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Accept(ctx, job("Ev1")); bot.CodeOf(err) != bot.Unavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
