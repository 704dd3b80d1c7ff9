package main

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/testenv"
)

// asProgram makes the test binary the program: main, in a process of its own.
const asProgram = "MEETBOT_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// program is the program with these arguments, in an environment with Slack in it, and an embedded Redis.
func program(ctx context.Context, t *testing.T, change map[string]string, args ...string) *exec.Cmd {
	t.Helper()
	env, err := testenv.New(slacktest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(env.Close)
	env.RedisURL = "redis://" + miniredis.RunT(t).Addr() + "/0"
	variables := env.Variables()
	for name, value := range change {
		variables[name] = value
	}
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	for name, value := range variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// A flag is stronger than the environment, and that is stronger than the default. On a signal that asks for it the program
// ends in order.
func TestServeUntilASignal(t *testing.T) {
	t.Parallel()
	for _, end := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT} {
		t.Run(end.String(), func(t *testing.T) {
			t.Parallel()
			// Where this test runs the signal may be ignored, as under nohup, and a process inherits that. It does not
			// inherit that somebody waits for the signal.
			signal.Notify(make(chan os.Signal, 1), end)
			serveUntil(t, end)
		})
	}
}

func serveUntil(t *testing.T, end syscall.Signal) {
	t.Helper()
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listen.Addr().String()
	if err := listen.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := program(t.Context(), t, map[string]string{
		"HTTP_ADDR": "nonsense", "LOG_FORMAT": "text", "ORGANISER": "service:meetings@contoso.example",
	}, "serve",
		"--http-addr", addr)
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := testenv.WaitReady(t.Context(), "http://"+addr); err != nil {
		_ = cmd.Process.Kill()
		t.Error(err)
	} else if healthy, err := program(t.Context(), t, map[string]string{"HTTP_ADDR": addr}, "health").Output(); err != nil ||
		string(healthy) != "ok\n" {
		_ = cmd.Process.Kill()
		t.Errorf("bot health says %q, %v", healthy, err)
	} else if err := cmd.Process.Signal(end); err != nil {
		t.Error(err)
	}
	var log strings.Builder
	for lines := bufio.NewScanner(said); lines.Scan(); {
		log.WriteString(lines.Text() + "\n")
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program ended with %v", err)
	}
	for _, want := range []string{
		"level=WARN msg=\"the configuration looks wrong\" check=config.unknown subject=ORGANISER ", "msg=serving", "version=\"(devel) (go", "msg=\"connected to Slack\"", "msg=stopping", "msg=stopped",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, log.String())
		}
	}
}

// A token that the only platform refuses ends the program, with exit code 1 and the variable's name.
func TestServeWithARefusedToken(t *testing.T) {
	t.Parallel()
	cmd := program(t.Context(), t, map[string]string{"SLACK_BOT_TOKEN": "xoxb-wrong"}, "serve")
	var said strings.Builder
	cmd.Stderr = &said
	err := cmd.Run()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != exitFailed {
		t.Errorf("the program ended with %v", err)
	}
	if !strings.HasSuffix(said.String(), "\nbot: SLACK_BOT_TOKEN: Slack refuses the bot token: invalid_auth\n") {
		t.Errorf("it said: %s", said.String())
	}
}
