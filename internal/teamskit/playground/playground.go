//go:build integration

// Package playground lets tests talk to a bot as a person does, in Microsoft 365 Agents Playground: the client that
// Microsoft publishes for makers of Teams apps, whose page draws chats, channels and Adaptive Cards. A real Chromium
// shows the page. `make tools` installs what is needed; without it the tests fail.
//
// What is known of the Playground's configuration and of its page stands here alone. Neither is documented: it was
// found out with the version that package-lock.json names.
package playground

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/internal/teamskit"
)

// The conversations, by the names that the page gives them.
const (
	Personal  = "Personal Chat" // with the bot alone
	GroupChat = "Lunch"
	Channel   = "Contoso - Design"
)

// patience is how long anything may take: on a quiet machine all takes a second or less.
const patience = time.Minute

// Options are what the Playground knows of the world outside.
type Options struct {
	Endpoint string // where it sends activities
	TenantID string // a GUID
	BotID    string // as a member: "28:…"
	BotName  string // one word
	UserID   string // object ID of the person who types
	UserName string // two words
}

// Playground is a running Playground. To a bot it is what Teams is, the service that answers go to included, but that
// it sends no token.
type Playground struct {
	Host string // of the service that answers go to, with its port
	page string // its address
	bot  string // its name

	// posting is locked while the page opens a thread: an answer that reached the page before it has heard the thread's
	// ID would be lost.
	posting sync.RWMutex
}

// Start runs the Playground until the test ends. It listens on a free port, of all of the machine's addresses.
func Start(t testing.TB, o Options) *Playground {
	t.Helper()
	dir := t.TempDir() // it writes logs where it runs
	config, err := json.Marshal(o.world())
	if err != nil {
		t.Fatal(err)
	}
	// JSON is YAML too
	if err := os.WriteFile(filepath.Join(dir, ".m365agentsplayground.yml"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	p := &Playground{bot: o.BotName}
	service := httptest.NewUnstartedServer(nil) // before the Playground's own
	t.Cleanup(service.Close)
	p.Host = service.Listener.Addr().String()
	command := teamskit.Node(t, teamskit.Playground, "start", "--channel-id", "msteams", "--disable-telemetry",
		"--port", "0",
		"--app-endpoint", o.Endpoint, "--service-url", "http://"+p.Host+"/_connector")
	command.Dir = dir
	command.Env = append(os.Environ(), "TEAMSAPPTESTER_BROWSER=none", "NO_PROXY=localhost,127.0.0.1")
	out, in := io.Pipe()
	command.Stdout, command.Stderr = in, in
	if err := command.Start(); err != nil {
		t.Fatalf("start the playground: %v", err)
	}
	go func() { _ = in.CloseWithError(command.Wait()) }()
	said := &lines{}
	port := make(chan string, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			said.add(scan.Text())
			if number, found := strings.CutPrefix(scan.Text(), "Listening on "); found {
				port <- number
			}
		}
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-ended
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case number := <-port:
		p.page = "http://" + net.JoinHostPort("localhost", number)
	case <-ended:
		t.Fatalf("the playground has ended: %s", said)
	case <-ctx.Done():
		t.Fatalf("the playground does not listen: %s", said)
	}
	for !p.answers(ctx) { // it listens before it has read its configuration
		select {
		case <-ended:
			t.Fatalf("the playground has ended: %s", said)
		case <-ctx.Done():
			t.Fatalf("the playground does not answer: %s", said)
		case <-time.After(50 * time.Millisecond):
		}
	}
	own, err := url.Parse(p.page)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(own) }}
	service.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.posting.RLock()
		defer p.posting.RUnlock()
		proxy.ServeHTTP(w, r)
	})
	service.Start()
	return p
}

// answers tells whether the Playground is ready.
func (p *Playground) answers(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.page+"/_debug/ping", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 100))
	return string(body) == "pong"
}

// world is the Playground's configuration. It wants five people beside the one who types, and at most one channel
// beside General.
func (o Options) world() any {
	type object = map[string]any
	person := func(id, entraID, name string) object {
		given, surname, _ := strings.Cut(name, " ")
		mail := strings.ToLower(given) + "@contoso.example"
		return object{
			"id": id, "aadObjectId": entraID, "name": name, "givenName": given, "surname": surname,
			"email": mail, "userPrincipleName": mail, // as the Playground spells it
		}
	}
	var others []object
	for i, name := range []string{"Dora", "Eve", "Finn", "Gus", "Hana"} {
		others = append(others, person(fmt.Sprintf("29:1other%d", i),
			fmt.Sprintf("0fffffff-0000-4000-8000-00000000000%d", i), name+" Example"))
	}
	return object{
		"version": "0.1.1", "tenantId": o.TenantID,
		"bot":          object{"id": o.BotID, "name": o.BotName},
		"currentUser":  person("29:1user", o.UserID, o.UserName),
		"users":        others,
		"personalChat": object{"id": "a:1personal"},
		"groupChat":    object{"id": "19:lunch000000000000000000000000000@thread.v2", "name": GroupChat},
		"team": object{
			"id": "19:contoso0000000000000000000000000@thread.tacv2", "name": "Contoso",
			"aadGroupId": "0eeeeeee-0000-4000-8000-000000000000",
			"channels":   []object{{"id": "19:design00000000000000000000000000@thread.tacv2", "name": "Design"}},
		},
	}
}

// lines are what a process has said so far.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "\n")
}
