// Command bare is the least that a server of slash commands can be: it checks Slack's signature, reads one key of
// Redis, and answers with what is in it. It is what the bot is measured against, as a process of its own.
//
// Environment: ADDR and ADMIN_ADDR to listen on (the latter serves profiles), REDIS_ADDR, SIGNING_SECRET, KEY.
package main

import (
	"io"
	"log"
	"net/http"
	_ "net/http/pprof" // on the default mux, which the admin address serves
	"os"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/slack-go/slack"
)

// maxBody is what the bot takes, too.
const maxBody = 64 << 10

func main() {
	h := &handler{
		secret: os.Getenv("SIGNING_SECRET"),
		key:    os.Getenv("KEY"),
		// The fastest way that go-redis has.
		redis: redis.NewClient(&redis.Options{Addr: os.Getenv("REDIS_ADDR"), Protocol: 2, DisableIdentity: true}),
	}
	ended := make(chan error)
	for addr, handler := range map[string]http.Handler{
		os.Getenv("ADDR"):       h,
		os.Getenv("ADMIN_ADDR"): http.DefaultServeMux,
	} {
		server := &http.Server{Addr: addr, Handler: handler, ReadHeaderTimeout: 2 * time.Second}
		go func() { ended <- server.ListenAndServe() }()
	}
	log.Fatal(<-ended)
}

type handler struct {
	secret, key string
	redis       *redis.Client
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet { // asked by whoever waits until this process serves
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "cannot read request", http.StatusBadRequest)
		return
	}
	verifier, err := slack.NewSecretsVerifier(r.Header, h.secret)
	if err == nil {
		_, _ = verifier.Write(body) // writing to a hash never fails
		err = verifier.Ensure()
	}
	if err != nil {
		http.Error(w, "signature missing, stale or wrong", http.StatusUnauthorized)
		return
	}
	answer, err := h.redis.Get(r.Context(), h.key).Bytes()
	if err != nil {
		http.Error(w, "cannot read Redis", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	_, _ = w.Write(answer)
}
