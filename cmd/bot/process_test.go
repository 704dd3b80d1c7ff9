package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"meetbot/internal/redistest"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

func token() string { return rand.Text() }

// replicaProcess is main for a process that is `serve` and trusts the sandbox's certificate besides.
func replicaProcess(ca string) int {
	pem, err := os.ReadFile(ca)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	var c struct {
		Config `embed:""`
	}
	parser, err := kong.New(&c)
	if err == nil {
		_, err = parser.Parse(nil)
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		err = serve(ctx, c.Config, Surroundings{RootCAs: roots}, Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// process runs `serve` in a process of its own and returns it and its address.
func (w *world) process(c Config) (*exec.Cmd, string) {
	w.t.Helper()
	ca := filepath.Join(w.t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, w.entra.CAPEM(), 0o600); err != nil {
		w.t.Fatal(err)
	}
	c.HTTPAddr = freeAddress(w.t)
	cmd := exec.Command(os.Args[0]) //nolint:gosec // the test binary itself
	cmd.Env = append(os.Environ(),
		asReplica+"="+ca, "HTTP_ADDR="+c.HTTPAddr, "ADMIN_ADDR="+c.AdminAddr, "REDIS_URL="+c.RedisURL,
		"SLACK_SIGNING_SECRET="+c.SlackSigningSecret, "SLACK_BOT_TOKEN="+c.SlackBotToken, "SLACK_API_URL="+c.SlackAPIURL,
		"AZURE_TENANT_ID="+c.TenantID, "AZURE_CLIENT_ID="+c.ClientID, "AZURE_CLIENT_SECRET="+c.ClientSecret,
		"AZURE_AUTHORITY_HOST="+c.AuthorityHost, "GRAPH_BASE_URL="+c.GraphBaseURL, "ORGANIZER="+c.Organizer, "LOG_LEVEL=debug")
	if c.teamsOn() {
		cmd.Env = append(cmd.Env, "TEAMS_APP_ID="+c.TeamsAppID, "TEAMS_APP_SECRET="+c.TeamsAppSecret,
			"TEAMS_OPENID_METADATA_URL="+c.TeamsMetadataURL, "TEAMS_SERVICE_HOSTS="+strings.Join(c.TeamsServiceHosts, ","))
	}
	cmd.Stderr = w.logs
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	url := "http://" + c.HTTPAddr
	var err error
	for range 4 { // on a busy machine a start takes its time
		if err = waitReady(w.t.Context(), url); err == nil {
			return cmd, url
		}
	}
	w.t.Fatalf("%v; the last of the log: %s", err, w.logs.tail())
	return nil, ""
}

func freeAddress(t testing.TB) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(redistest.FreePort(t)))
}

// Promise 2: a replica that is killed right after its acknowledgement loses nothing. Another one brings the card.
func TestKilledAfterAcknowledgement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	w.graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 8 * time.Second})
	victim, url := w.process(w.config())
	w.process(w.config())

	a, err := w.slack.Command(t.Context(), url, slacktest.Command{User: ann, Channel: general, Text: "Retrospective"})
	if err != nil || a.Message == nil {
		t.Fatalf("command: %+v, %v", a, err)
	}
	wantWords(t, *a.Message, ann, "I have your request")
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()

	card := w.next(general, w.slack.Messages(general), nil)
	wantCard(t, card, "")
	if took := time.Since(killed); took > 30*time.Second {
		t.Errorf("the card came %s after the kill, want within 30 s", took)
	}
	if m := w.wantMeetings(1); len(m) == 1 && m[0].Subject != "Retrospective" {
		t.Errorf("subject is %q", m[0].Subject)
	}
}

// On SIGTERM a replica finishes the attempt that is under way, and its author gets the card from it.
func TestOrderlyStopFinishesAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	w.graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 4 * time.Second})
	p, url := w.process(w.config())
	a, err := w.slack.Command(t.Context(), url, slacktest.Command{User: ann, Channel: general})
	if err != nil || a.Message == nil {
		t.Fatalf("command: %+v, %v", a, err)
	}
	wantWords(t, *a.Message, ann, "I have your request")
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("the process ended with %v", err)
	}
	found := false
	for _, m := range w.slack.Messages(general) {
		found = found || link(m) != ""
	}
	if !found {
		t.Errorf("no card was posted before the process ended: %s", texts(w.slack.Messages(general)))
	}
	if _, err := net.DialTimeout("tcp", url[len("http://"):], time.Second); err == nil {
		t.Error("the process is gone and its address still accepts")
	}
}
