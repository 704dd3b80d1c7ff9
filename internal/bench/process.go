package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

// How long a process may take to get ready, and to end.
const (
	readyWithin = 20 * time.Second
	endWithin   = 15 * time.Second
)

// process is a server under measurement.
type process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it ended and was waited for
	proc procfs.Proc
	log  string    // path of what it says
	born time.Time // when it was started
}

// spawn starts a process whose environment is env and nothing else but what every process needs: settings of the person
// who runs this must not reach it. What it says goes to a file, as a container's output would.
func spawn(dir, name string, env []string, command string, args ...string) (*process, error) {
	out, err := os.CreateTemp(dir, name+"-*.log")
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer func() { _ = out.Close() }()    // the process has its own
	cmd := exec.Command(command, args...) //nolint:noctx // it is ended by stop, in order
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	for _, keep := range []string{"PATH", "HOME", "GOMAXPROCS"} {
		if value, ok := os.LookupEnv(keep); ok {
			cmd.Env = append(cmd.Env, keep+"="+value)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	p := &process{name: name, cmd: cmd, done: make(chan struct{}), log: out.Name(), born: time.Now()}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(p.done)
	}()
	if p.proc, err = procfs.NewProc(cmd.Process.Pid); err != nil {
		p.stop()
		return nil, fmt.Errorf("watch %s (this needs Linux): %w", name, err)
	}
	return p, nil
}

// stop ends the process, in order if it can.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(endWithin):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// until asks again and again, at the given interval, until ready says yes, and returns how long that took from the
// start of the process.
func (p *process) until(ctx context.Context, interval time.Duration, ready func(context.Context) bool) (time.Duration,
	error) {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for !ready(ctx) {
		select {
		case <-tick.C:
		case <-p.done:
			return 0, fmt.Errorf("%s ended before it was ready: %s", p.name, p.tail())
		case <-ctx.Done():
			return 0, fmt.Errorf("%s is not ready: %w: %s", p.name, ctx.Err(), p.tail())
		}
	}
	return time.Since(p.born), nil
}

// tail is the end of what the process said.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// said is what the process said about something.
func (p *process) said(about string) string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	var lines strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, about) {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

// answers returns a condition for until: a GET of the URL is answered with 200.
func answers(url string) func(context.Context) bool {
	return func(ctx context.Context) bool {
		body, err := get(ctx, url)
		if err == nil {
			_ = body.Close()
		}
		return err == nil
	}
}

// accepts returns a condition for until: somebody listens there.
func accepts(addr string) func(context.Context) bool {
	return func(ctx context.Context) bool {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}
}

// usage is what a process has used of the machine.
type usage struct {
	cpu time.Duration // of all cores, since it was started
	rss float64       // bytes in memory
	own float64       // those of them that no file backs: the rest is the program itself, which the kernel may drop
}

func (p *process) usage() (usage, error) {
	u, err := usageOf(p.proc)
	if err != nil {
		return usage{}, fmt.Errorf("watch %s: %w: %s", p.name, err, p.tail())
	}
	return u, nil
}

func usageOf(p procfs.Proc) (usage, error) {
	stat, err := p.Stat()
	if err != nil {
		return usage{}, err
	}
	// The kernel's own running count, in stat and status, may be off by megabytes.
	maps, err := p.ProcSMapsRollup()
	if err != nil {
		return usage{}, err
	}
	return usage{cpu: time.Duration(stat.CPUTime() * float64(time.Second)), rss: float64(maps.Rss),
		own: float64(maps.Anonymous)}, nil
}

// get returns the body of a URL that answers with 200.
func get(ctx context.Context, url string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, errors.New(url + ": " + resp.Status)
	}
	return resp.Body, nil
}

// freeAddress is a port of 127.0.0.1 that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // nothing to wait for
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// build compiles a main package of this module and returns the path of the binary.
func build(ctx context.Context, dir, name, pkg string, flags ...string) (string, error) {
	binary := filepath.Join(dir, name)
	args := append([]string{"build", "-o", binary}, append(flags, pkg)...)
	if out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return binary, nil
}
