package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/testenv"
)

// plenty is a limit on new meetings that is never reached, and still counted against.
const plenty = "1000000000"

// environment is the fakes in this process, and the programs under measurement in their own.
type environment struct {
	*testenv.Environment
	dir string // for everything that is written; removed in the end

	bot, bare string // binaries
	people    int    // how many there are in the fakes
	channels  int    // how many fresh ones were handed out
	running   []*process
}

// newEnvironment starts the fakes and builds the programs. Close it when done.
func newEnvironment(ctx context.Context) (env *environment, err error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return nil, fmt.Errorf("redis-server is needed (make tools installs it): %w", err)
	}
	fakes, err := testenv.New(slacktest.Options{})
	if err != nil {
		return nil, err
	}
	env = &environment{Environment: fakes}
	defer func() {
		if err != nil {
			env.close()
		}
	}()
	if env.dir, err = os.MkdirTemp("", "meetbot-bench-"); err != nil {
		return nil, fmt.Errorf("make a place for the measurements: %w", err)
	}
	if err := os.WriteFile(env.ca(), env.Entra.CAPEM(), 0o600); err != nil {
		return nil, fmt.Errorf("write Entra's certificate: %w", err)
	}
	if env.bot, err = build(ctx, env.dir, "bot", "meetbot/cmd/bot"); err != nil {
		return nil, err
	}
	if env.bare, err = build(ctx, env.dir, "bare", "meetbot/internal/bench/bare"); err != nil {
		return nil, err
	}
	return env, nil
}

func (env *environment) ca() string { return filepath.Join(env.dir, "ca.pem") }

// close ends everything and removes it.
func (env *environment) close() {
	env.stopAll()
	env.Close()
	if env.dir != "" {
		_ = os.RemoveAll(env.dir)
	}
}

// stopAll ends the processes of a measurement, the latest first.
func (env *environment) stopAll() {
	for len(env.running) > 0 {
		last := len(env.running) - 1
		env.running[last].stop()
		env.running = env.running[:last]
	}
}

func (env *environment) spawn(name string, variables []string, command string, args ...string) (*process, error) {
	p, err := spawn(env.dir, name, variables, command, args...)
	if err == nil {
		env.running = append(env.running, p)
	}
	return p, err
}

// server is a process that answers slash commands.
type server struct {
	*process
	addr, admin string // admin is empty where there are no profiles
}

// redisServer is a running Redis.
type redisServer struct {
	*process
	addr   string
	client *redis.Client
}

// startRedis runs a redis-server that keeps nothing on disk.
func (env *environment) startRedis(ctx context.Context) (*redisServer, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, _ := strings.Cut(addr, ":")
	p, err := env.spawn("redis", nil, "redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "",
		"--appendonly", "no", "--daemonize", "no")
	if err != nil {
		return nil, err
	}
	r := &redisServer{process: p, addr: addr,
		client: redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, DisableIdentity: true})}
	_, err = p.until(ctx, 5*time.Millisecond, func(ctx context.Context) bool { return r.client.Ping(ctx).Err() == nil })
	return r, err
}

func (r *redisServer) url() string { return "redis://" + r.addr + "/0" }

// info reads one number of INFO.
func (r *redisServer) info(ctx context.Context, section, field string) (float64, error) {
	text, err := r.client.Info(ctx, section).Result()
	if err != nil {
		return 0, fmt.Errorf("ask Redis for its figures: %w", err)
	}
	for line := range strings.Lines(text) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), ":"); name == field {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("figures of Redis have no %s", field)
}

// startBot runs the bot as an operator would, and returns it when it is ready, and how long that took.
func (env *environment) startBot(ctx context.Context, r *redisServer) (*server, time.Duration, error) {
	return env.startRelease(ctx, r, "bot", env.bot)
}

// startRelease is startBot for the binary of some release.
func (env *environment) startRelease(ctx context.Context, r *redisServer, name, binary string) (*server, time.Duration,
	error) {
	s := &server{}
	var err error
	if s.addr, err = freeAddress(); err == nil {
		s.admin, err = freeAddress()
	}
	if err != nil {
		return nil, 0, err
	}
	values := env.Variables()
	values["SSL_CERT_FILE"] = env.ca()
	values["HTTP_ADDR"], values["ADMIN_ADDR"], values["REDIS_URL"] = s.addr, s.admin, r.url()
	values["NEW_MEETINGS_PER_USER"], values["NEW_MEETINGS_PER_WORKSPACE"] = plenty, plenty
	var variables []string
	for name, value := range values {
		variables = append(variables, name+"="+value)
	}
	s.process, err = env.spawn(name, variables, binary, "serve")
	if err != nil {
		return nil, 0, err
	}
	took, err := s.until(ctx, time.Millisecond, answers("http://"+s.addr+"/readyz"))
	return s, took, err
}

// bareKey is the key that the servers without meetings in them answer with.
const bareKey = "bench:card"

// startBare runs the bare handler.
func (env *environment) startBare(ctx context.Context, r *redisServer) (*server, time.Duration, error) {
	s := &server{}
	var err error
	if s.addr, err = freeAddress(); err == nil {
		s.admin, err = freeAddress()
	}
	if err != nil {
		return nil, 0, err
	}
	s.process, err = env.spawn("bare", []string{
		"ADDR=" + s.addr, "ADMIN_ADDR=" + s.admin, "REDIS_ADDR=" + r.addr,
		"SIGNING_SECRET=" + env.Slack.SigningSecret(), "KEY=" + bareKey,
	}, env.bare)
	if err != nil {
		return nil, 0, err
	}
	took, err := s.until(ctx, time.Millisecond, answers("http://"+s.addr+"/"))
	return s, took, err
}

// person adds somebody to the fakes and returns their Slack ID.
func (env *environment) person() (string, error) {
	env.people++
	id, email := fmt.Sprintf("U%010d", env.people), fmt.Sprintf("person%d@contoso.example", env.people)
	err := env.AddPerson(testenv.Person{
		Slack: &slacktest.User{ID: id, Name: fmt.Sprintf("person%d", env.people), Email: email, EmailConfirmed: true},
		Entra: &graphtest.User{
			ID: fmt.Sprintf("a1111111-0000-4000-8000-%012d", env.people), UPN: email, Mail: email,
			DisplayName: fmt.Sprintf("Person %d Example", env.people), DialIn: true,
		},
	})
	return id, err
}

func channelID(number int) string { return fmt.Sprintf("C%010d", number) }

// channel adds a channel of that number and returns its ID.
func (env *environment) channel(number int) string {
	id := channelID(number)
	env.Slack.AddChannel(slacktest.Channel{ID: id, Name: fmt.Sprintf("project-%d", number%10_000)})
	return id
}

// meet types a command and returns what Slack posted of the answer, or the card that the bot posted instead.
func (env *environment) meet(ctx context.Context, s *server, c slacktest.Command) (slacktest.Message, error) {
	a, err := env.Slack.Command(ctx, "http://"+s.addr, c)
	switch {
	case err != nil:
		return slacktest.Message{}, err
	case a.Problem == "" && a.Message == nil && a.Status == http.StatusOK && len(a.Body) == 0:
		m, ok := env.posted(c.Channel)
		if !ok {
			return m, fmt.Errorf("no card stands in %s once its command was answered: %s", c.Channel, s.said(c.Channel))
		}
		return m, nil
	case a.Problem != "" || a.Message == nil:
		return slacktest.Message{}, fmt.Errorf("command of %s in %s: status %d, problem %q: %s", c.User, c.Channel,
			a.Status, a.Problem, a.Body)
	}
	return *a.Message, nil
}

// posted is the newest message that the bot posted in the channel; false if there is none.
func (env *environment) posted(channel string) (slacktest.Message, bool) {
	for _, m := range slices.Backward(env.Slack.Messages(channel)) {
		if m.Via == "chat.postMessage" && m.To == "" {
			return m, true
		}
	}
	return slacktest.Message{}, false
}

// isCard tells whether a message is a card with a meeting to join.
func isCard(m slacktest.Message) bool { return strings.Contains(string(m.Blocks), cardSign) }

// memory is what the Go runtime of a server counts since its start.
type memory struct{ mallocs, bytes float64 }

// memory reads the counters from the server's heap profile.
func (s *server) memory(ctx context.Context) (memory, error) {
	body, err := get(ctx, "http://"+s.admin+"/debug/pprof/heap?debug=1")
	if err != nil {
		return memory{}, fmt.Errorf("read the memory figures of %s: %w", s.name, err)
	}
	defer func() { _ = body.Close() }()
	var m memory
	for lines := bufio.NewScanner(body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " = ")
		switch name {
		case "# Mallocs":
			m.mallocs, err = strconv.ParseFloat(value, 64)
		case "# TotalAlloc":
			m.bytes, err = strconv.ParseFloat(value, 64)
		}
		if err != nil {
			return memory{}, fmt.Errorf("read the memory figures of %s: %w", s.name, err)
		}
	}
	if m.mallocs == 0 || m.bytes == 0 {
		return memory{}, errors.New("the memory figures of " + s.name + " are not in its heap profile")
	}
	return m, nil
}

// profile saves a profile of the server, taken over the given time; 0 for one that needs none.
func (s *server) profile(ctx context.Context, kind string, over time.Duration, path string) error {
	url := "http://" + s.admin + "/debug/pprof/" + kind
	if over > 0 {
		url += "?seconds=" + strconv.Itoa(max(1, int(over.Seconds())))
	}
	body, err := get(ctx, url)
	if err != nil {
		return fmt.Errorf("profile %s: %w", s.name, err)
	}
	defer func() { _ = body.Close() }()
	out, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("profile %s: %w", s.name, err)
	}
	if _, err := io.Copy(out, body); err != nil {
		_ = out.Close()
		return fmt.Errorf("profile %s: %w", s.name, err)
	}
	return out.Close()
}
