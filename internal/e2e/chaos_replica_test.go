//go:build integration

package e2e

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// chaosReplica is a place for a replica process; the next one takes it when the last one died.
type chaosReplica struct {
	mu         sync.Mutex
	cmd        *exec.Cmd
	url, admin string
}

func (r *chaosReplica) at() (url, admin string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.url, r.admin
}

// launch runs a new process in the place. It is for the test's own goroutine.
func (c *chaos) launch(i int) {
	config := c.config()
	config.HTTP.AdminAddr, config.Redis.URL, config.Policy.Organizer = freeAddress(c.t), c.redis.of(i), c.Organizer
	config.Links.PublicURL = chaosPublic
	cmd, url := c.process(config)
	r := c.replicas[i]
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cmd, r.url, r.admin = cmd, url, "http://"+config.HTTP.AdminAddr
}

// kill ends the process in the place as a crash does, once its figures are read.
func (c *chaos) kill(i int) {
	c.scrape(i)
	c.kills++
	_ = c.replicas[i].cmd.Process.Kill()
	_ = c.replicas[i].cmd.Wait()
}

// endAt ends the process in the place at a moment: as a crash does, or one time in three in an orderly way. A moment
// that does not come within three seconds is not waited for any longer.
func (c *chaos) endAt(d *rand.Rand, i int, moment <-chan struct{}) {
	orderly := d.IntN(3) == 0
	_, admin := c.replicas[i].at()
	ctx, cancel := context.WithTimeout(c.t.Context(), 3*time.Second)
	defer cancel()
	var figures sync.WaitGroup
	figures.Go(func() { c.scrapeUntil(admin, ctx.Done()) })
	select {
	case <-moment:
	case <-ctx.Done():
		c.missed++
	}
	if orderly {
		c.terminate(i)
	} else {
		c.kills++
		_ = c.replicas[i].cmd.Process.Kill()
		_ = c.replicas[i].cmd.Wait()
	}
	cancel()
	figures.Wait()
}

// once returns the moment at which a condition, looked at again and again, first holds.
func (c *chaos) once(holds func() bool) <-chan struct{} {
	moment := make(chan struct{})
	ctx, cancel := context.WithTimeout(c.t.Context(), 3*time.Second)
	go func() {
		defer cancel()
		for ctx.Err() == nil {
			if holds() {
				close(moment)
				return
			}
			time.Sleep(200 * time.Microsecond) // between two looks
		}
	}()
	return moment
}

// terminate tells the process in the place to stop, and reads its figures to the last.
func (c *chaos) terminate(i int) {
	c.orderly++
	_, admin := c.replicas[i].at()
	cmd := c.replicas[i].cmd
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Errorf("SIGTERM: %v", err)
	}
	ended := make(chan struct{})
	c.stops.Go(func() {
		defer close(ended)
		if err := cmd.Wait(); err != nil {
			c.t.Errorf("a replica that was told to stop ended with %v", err)
		}
	})
	c.stops.Go(func() { c.scrapeUntil(admin, ended) })
}

// scrapeUntil reads a process' figures again and again.
func (c *chaos) scrapeUntil(admin string, ended <-chan struct{}) {
	for {
		c.scrapeFrom(admin)
		select {
		case <-ended:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

var repeatedMetric = regexp.MustCompile(`(?m)^meetbot_answers_repeated_total (\d+)$`)

func (c *chaos) scrape(i int) {
	_, admin := c.replicas[i].at()
	c.scrapeFrom(admin)
}

// scrapeFrom notes how many answers a process says that it repeated. One that is gone or too busy says nothing new.
func (c *chaos) scrapeFrom(admin string) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, admin+"/metrics", nil)
	if err != nil {
		return
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	found := repeatedMetric.FindSubmatch(body)
	if err != nil || found == nil {
		return
	}
	n, _ := strconv.Atoi(string(found[1]))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.repeated[admin] = max(c.repeated[admin], n)
}

// reported is how many repeated answers all processes together told of.
func (c *chaos) reported() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range c.repeated {
		n += of
	}
	return n
}
