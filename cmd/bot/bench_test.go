package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/slack-go/slack"

	"meetbot/bot/slackapp"
	"meetbot/internal/sandbox"
)

// BenchmarkRepeat measures a repeat of a known command, signed HTTP in and card out, next to a bare handler that checks
// the same signature and reads one key of the same Redis. The two take turns, for the machine's speed drifts.
func BenchmarkRepeat(b *testing.B) {
	w := newWorld(b, sandbox.SlackOptions{Keep: -1})
	c := w.config()
	c.LogLevel = "info"
	r := w.start(c, Surroundings{})
	body := []byte(url.Values{
		"team_id": {w.slack.Team()}, "channel_id": {general}, "channel_name": {"general"}, "user_id": {ann}, "command": {"/meet"},
		"response_url": {"https://hooks.slack.com/commands/T/1/x"},
	}.Encode())
	header := http.Header{}
	w.slack.Sign(header, body, time.Now())
	header.Set("Content-Type", form)
	card := post(b, r.URL()+slackapp.CommandsPath, header, body)
	bare := bareHandler(b, w, card)

	type side struct{ name, url string }
	sides := []side{{"bare", bare}, {"bot", r.URL() + slackapp.CommandsPath}}
	for _, side := range slices.Repeat(sides, 5) {
		b.Run(side.name, func(b *testing.B) {
			header := http.Header{}
			w.slack.Sign(header, body, time.Now())
			header.Set("Content-Type", form)
			var mu sync.Mutex
			var all []time.Duration
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				var took []time.Duration
				for pb.Next() {
					start := time.Now()
					post(b, side.url, header, body)
					took = append(took, time.Since(start))
				}
				mu.Lock()
				defer mu.Unlock()
				all = append(all, took...)
			})
			slices.Sort(all)
			b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "req/s")
			b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
		})
	}
}

// bareHandler serves what the fastest handler in Go could: the signature, one GET, the same bytes.
func bareHandler(b *testing.B, w *world, card []byte) string {
	b.Helper()
	client := redis.NewClient(&redis.Options{Addr: w.redis.Addr(), Protocol: 2})
	b.Cleanup(func() { _ = client.Close() })
	if err := client.Set(b.Context(), "bare", card, 0).Err(); err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(out, r.Body, slackapp.MaxBody))
		if err != nil {
			http.Error(out, "", http.StatusBadRequest)
			return
		}
		verifier, err := slack.NewSecretsVerifier(r.Header, w.slack.SigningSecret())
		if err == nil {
			_, _ = verifier.Write(body)
			err = verifier.Ensure()
		}
		if err != nil {
			http.Error(out, "", http.StatusUnauthorized)
			return
		}
		answer, err := client.Get(r.Context(), "bare").Bytes()
		if err != nil {
			http.Error(out, "", http.StatusInternalServerError)
			return
		}
		out.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = out.Write(answer)
	}))
	b.Cleanup(server.Close)
	return server.URL
}

func post(b *testing.B, url string, header http.Header, body []byte) []byte {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		b.Error(err)
		return nil
	}
	req.Header = header
	resp, err := benchClient.Do(req)
	if err != nil {
		b.Error(err)
		return nil
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Errorf("%d %s %v", resp.StatusCode, answer, err)
	}
	return answer
}

// benchClient keeps enough connections for every goroutine of a benchmark.
var benchClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
