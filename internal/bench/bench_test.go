package main

import (
	"context"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/internal/sandbox/slacktest"
)

func TestSeries(t *testing.T) {
	for _, tt := range []struct {
		s      series
		wanted float64
	}{
		{series{3}, 3},
		{series{3, 1, 2}, 2},
		{series{4, 1, 3, 2}, 2.5},
	} {
		if got := tt.s.median(); got != tt.wanted {
			t.Errorf("the median of %v is %v, want %v", tt.s, got, tt.wanted)
		}
	}
	if got := (series{}).median(); !math.IsNaN(got) {
		t.Errorf("the median of nothing is %v", got)
	}
	sorted := make([]time.Duration, 10)
	for i := range sorted {
		sorted[i] = time.Duration(i+1) * time.Second
	}
	for q, wanted := range map[float64]float64{0: 1, 0.5: 5, 0.9: 9, 0.91: 10, 0.99: 10, 1: 10} {
		if got := quantile(sorted, q); got != wanted {
			t.Errorf("the quantile %v of %v is %v s, want %v", q, sorted, got, wanted)
		}
	}
}

// A ratio is taken within each round: a machine that is twice as slow for one round changes nothing.
func TestReport(t *testing.T) {
	var r report
	r.compare("throughput", perSecond, series{90, 45, 88}, series{100, 50, 100}, atLeast(0.85))
	r.compare("memory", mebibytes, series{4 << 20}, series{1 << 20}, atMost(3))
	r.compareTo("latency", span, series{0.02}, series{0.001}, goal{atMost: 0.06, words: "≤ 60 ms"})
	r.single("idle", few, series{2}, goal{})
	r.single("nothing", few, nil, atMost(1))
	r.note("as %s", "found")
	var b strings.Builder
	if err := r.write(&b); err != nil {
		t.Fatal(err)
	}
	wanted := `| what | figure | against | ratio | goal | |
| --- | --- | --- | --- | --- | --- |
| throughput | 88/s | 100/s | 0.90 (0.88–0.90) | ≥ 0.85 | met |
| memory | 4.0 MiB | 1.0 MiB | 4.00 | ≤ 3.00 | **missed** |
| latency | 20.0 ms | 1.0 ms | 20.00 | ≤ 60 ms | met |
| idle | 2.00 |  |  |  |  |
| nothing | NaN |  |  | ≤ 1.00 | **missed** |

- as found
`
	if b.String() != wanted {
		t.Errorf("report:\n%s\nwant:\n%s", b.String(), wanted)
	}
}

func TestFlags(t *testing.T) {
	o, err := parse([]string{"-quick", "-rounds", "5", "-only", "repeat,cold"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if o.rounds != 5 || o.round != time.Second || !slices.Equal(o.only, []string{"repeat", "cold"}) {
		t.Errorf("options are %+v: want what was given, and the rest short", o)
	}
	for _, args := range [][]string{{"-only", "everything"}, {"-rounds", "0"}, {"-conversations", "10"}, {"more"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%v was understood", args)
		}
	}
}

// The load signs its commands, keeps to its connections, and takes nothing for an answer but a card.
func TestDrive(t *testing.T) {
	slack, err := slacktest.New(slacktest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(slack.Close)
	slack.AddUser(slacktest.User{ID: "U0ANN"})
	slack.AddChannel(slacktest.Channel{ID: "C0GENERAL"})
	all, err := commandsOf(t.Context(), slack, []slacktest.Command{{User: "U0ANN", Channel: "C0GENERAL"}})
	if err != nil {
		t.Fatal(err)
	}
	wire, err := all.sign()
	if err != nil {
		t.Fatal(err)
	}

	var mu sync.Mutex
	from, served := map[string]bool{}, 0
	card := `{"blocks":[{"elements":[{` + cardSign + `l/meetup"}]}]}`
	for _, tt := range []struct {
		name, answer string
		ok           bool
	}{
		{"cards", card, true},
		{"words", `{"text":"try again"}`, false},
	} {
		clear(from)
		served = 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			again := http.Header{}
			slack.Sign(again, body, time.Now())
			mu.Lock()
			defer mu.Unlock()
			from[r.RemoteAddr] = true
			served++
			if again.Get("X-Slack-Signature") != r.Header.Get("X-Slack-Signature") &&
				again.Get("X-Slack-Request-Timestamp") == r.Header.Get("X-Slack-Request-Timestamp") {
				t.Error("the signature is wrong")
			}
			_, _ = io.WriteString(w, tt.answer)
		}))
		got, err := drive(t.Context(), []string{server.Listener.Addr().String()}, wire, 3, 100*time.Millisecond)
		server.Close()
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
		if len(from) != 3 {
			t.Errorf("%s came over %d connections, want 3", tt.name, len(from))
		}
		if tt.ok && (len(got.took) != served || !slices.IsSorted(got.took) || got.elapsed < 100*time.Millisecond) {
			t.Errorf("%d cards in %s were counted, and %d served", len(got.took), got.elapsed, served)
		}
	}
}

// What is due is sent on time, whether or not what was sent before has returned.
func TestPace(t *testing.T) {
	const n = 20
	var mu sync.Mutex
	var dues []time.Time
	all := make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	pace(ctx, 200, n, func(_ int, due time.Time) {
		mu.Lock()
		if dues = append(dues, due); len(dues) == n {
			close(all)
		}
		mu.Unlock()
		select {
		case <-all:
		case <-ctx.Done():
		}
	})
	if len(dues) != n {
		t.Fatalf("%d of %d were sent while none had returned", len(dues), n)
	}
	slices.SortFunc(dues, time.Time.Compare)
	if got := dues[n-1].Sub(dues[0]); got != (n-1)*5*time.Millisecond {
		t.Errorf("%d at 200 a second took %s", n, got)
	}
}
