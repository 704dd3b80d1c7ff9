//go:build integration

package e2e

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
	"syscall"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/internal/app"
	"meetbot/internal/redistest"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/testenv"
)

func token() string { return rand.Text() }

// replicaProcess is main for a process that serves as `bot serve` does, and trusts the certificate of the fakes
// besides. It returns the exit code.
func replicaProcess(ca string) int {
	if err := serve(ca); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// processGiveWay is the age at which a claim gives way in a replica process: little more than an attempt may take, so that
// no fault has to last for long.
const processGiveWay = 12 * time.Second

func serve(ca string) error {
	pem, err := os.ReadFile(ca)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	c := app.Default()
	for _, s := range c.Settings() {
		if err := s.Value.Set(os.Getenv(s.Env)); err != nil {
			return fmt.Errorf("%s: %w", s.Env, err)
		}
	}
	if err := c.Validate(); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	in := app.Options{RootCAs: roots, Timing: bot.Timing{GiveWay: processGiveWay},
		Clock: replicaClock(os.Getenv(replicaAhead))}
	a, err := app.New(c, in, app.NewLogger(c.Logging, os.Stderr))
	if err != nil {
		return err
	}
	if err := a.Listen(ctx); err != nil {
		return err
	}
	return a.Run(ctx)
}

// replicaAhead names the file that says how far a replica's clock is ahead, for the life of meetings. The test binary
// alone knows it.
const replicaAhead = "MEETBOT_TEST_REPLICA_AHEAD"

// replicaClock is the clock that moveClock moves. Without a file, it shows the real time.
func replicaClock(file string) func() time.Time {
	return func() time.Time {
		now := time.Now()
		if said, err := os.ReadFile(file); err == nil { //nolint:gosec // the test's own file
			if ahead, err := time.ParseDuration(string(said)); err == nil {
				now = now.Add(ahead)
			}
		}
		return now
	}
}

// moveClock moves the clock of Graph, and that of every replica process, those to come included.
func (env *environment) moveClock(by time.Duration) {
	env.t.Helper()
	env.Clock.Move(by)
	env.ahead += by
	next := env.aheadFile() + ".next"
	err := os.WriteFile(next, []byte(env.ahead.String()), 0o600)
	if err == nil {
		err = os.Rename(next, env.aheadFile())
	}
	if err != nil {
		env.t.Fatal(err)
	}
}

// aheadFile is the file that says how far the replicas' clock is ahead.
func (env *environment) aheadFile() string {
	if env.aheadDir == "" {
		env.aheadDir = env.t.TempDir()
	}
	return filepath.Join(env.aheadDir, "ahead")
}

// process runs a replica in a process of its own, with the ordinary limits, and returns it and its address.
func (env *environment) process(c app.Config) (*exec.Cmd, string) {
	env.t.Helper()
	ca := filepath.Join(env.t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, env.Entra.CAPEM(), 0o600); err != nil {
		env.t.Fatal(err)
	}
	c.HTTP.Addr = freeAddress(env.t)
	limits := app.Default().Policy
	c.Policy.PerUser, c.Policy.PerWorkspace = limits.PerUser, limits.PerWorkspace
	cmd := exec.Command(os.Args[0]) //nolint:gosec // the test binary itself
	cmd.Env = append(os.Environ(), asReplica+"="+ca, replicaAhead+"="+env.aheadFile())
	for _, s := range c.Settings() {
		cmd.Env = append(cmd.Env, s.Env+"="+s.Value.String())
	}
	cmd.Stderr = env.logs
	if err := cmd.Start(); err != nil {
		env.t.Fatal(err)
	}
	env.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	url := "http://" + c.HTTP.Addr
	var err error
	for range 4 { // on a busy machine a start takes its time
		if err = testenv.WaitReady(env.t.Context(), url); err == nil {
			return cmd, url
		}
	}
	env.t.Fatalf("%v; the last of the log: %s", err, env.logs.Tail())
	return nil, ""
}

func freeAddress(t testing.TB) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(redistest.FreePort(t)))
}

// Promise 2: a replica that is killed right after its acknowledgement loses nothing. Another one brings the card.
func TestKilledAfterAcknowledgement(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 8 * time.Second})
	victim, url := env.process(env.config())
	env.process(env.config())

	a, err := env.Slack.Command(t.Context(), url, slacktest.Command{User: ann, Channel: general, Text: "Retrospective"})
	if err != nil || a.Message == nil {
		t.Fatalf("command: %+v, %v", a, err)
	}
	wantWords(t, *a.Message, ann, "Setting up the meeting")
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()

	card := env.next(general, env.Slack.Messages(general), nil)
	wantCard(t, card, "")
	if took := time.Since(killed); took > 30*time.Second {
		t.Errorf("the card came %s after the kill, want within 30 s", took)
	}
	if m := env.wantMeetings(1); len(m) == 1 && m[0].Subject != "Retrospective" {
		t.Errorf("subject is %q", m[0].Subject)
	}
}

// On SIGTERM a replica finishes the attempt that is under way, and its author gets the card from it.
func TestOrderlyStopFinishesAttempts(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 4 * time.Second})
	p, url := env.process(env.config())
	a, err := env.Slack.Command(t.Context(), url, slacktest.Command{User: ann, Channel: general})
	if err != nil || a.Message == nil {
		t.Fatalf("command: %+v, %v", a, err)
	}
	wantWords(t, *a.Message, ann, "Setting up the meeting")
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("the process ended with %v", err)
	}
	found := false
	for _, m := range env.Slack.Messages(general) {
		found = found || link(m) != ""
	}
	if !found {
		t.Errorf("no card was posted before the process ended: %s", texts(env.Slack.Messages(general)))
	}
	if _, err := net.DialTimeout("tcp", url[len("http://"):], time.Second); err == nil {
		t.Error("the process is gone and its address still accepts")
	}
}
