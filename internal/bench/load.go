package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"meetbot/internal/sandbox/slacktest"
)

// commands are slash commands that can be sent any number of times, each time with a fresh signature.
type commands struct {
	slack    *slacktest.Server
	requests []*http.Request
	bodies   [][]byte
}

// commandsOf prepares these commands as Slack sends them.
func commandsOf(ctx context.Context, slack *slacktest.Server, list []slacktest.Command) (*commands, error) {
	c := &commands{slack: slack}
	for _, command := range list {
		r, err := slack.CommandRequest(ctx, "http://bot.example.com", command)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, fmt.Errorf("read a prepared command: %w", err)
		}
		c.requests, c.bodies = append(c.requests, r), append(c.bodies, body)
	}
	return c, nil
}

// sign returns the commands as they go over the wire, signed for now. A signature holds for five minutes, and names the
// request: signed anew, a command is another one.
func (c *commands) sign() ([][]byte, error) {
	wire := make([][]byte, len(c.requests))
	now := time.Now()
	for i, r := range c.requests {
		c.slack.Sign(r.Header, c.bodies[i], now)
		r.Body = io.NopCloser(bytes.NewReader(c.bodies[i]))
		var b bytes.Buffer
		if err := r.Write(&b); err != nil {
			return nil, fmt.Errorf("write a command: %w", err)
		}
		wire[i] = b.Bytes()
	}
	return wire, nil
}

// cardSign is what every card holds, and no other answer.
const cardSign = `"url":"https://teams.microsoft.com/`

// result is what came of a load.
type result struct {
	took    []time.Duration // of every card, shortest first
	elapsed time.Duration
	amiss   int    // answers that were no card
	example string // one of them
}

// tolerable tells whether so many answers that were no card, of so many, leave the figures a meaning. On a machine that
// is very busy Redis may not get its turn for a second, which strikes whatever is under way at that moment; the bot
// says so in its answer.
func tolerable(amiss, cards, underWay int) bool {
	return cards > 0 && float64(amiss) <= max(0.01*float64(cards), float64(underWay))
}

// drive sends the requests over so many keep-alive connections, each as soon as the one before it was answered, for
// that long. The connections are spread evenly over the addresses.
//
// It shares the machine with what it measures, so it does the least that it can: the bytes are prepared, and one
// goroutine writes and reads a connection.
func drive(ctx context.Context, addrs []string, wire [][]byte, connections int, long time.Duration) (result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		all result
	)
	start := time.Now()
	for i := range connections {
		wg.Go(func() {
			// Everybody starts elsewhere in the list, so that no two ask the same at the same moment.
			one, err := driveOne(ctx, addrs[i%len(addrs)], wire, i*len(wire)/connections, start.Add(long))
			if err != nil {
				cancel(err)
			}
			mu.Lock()
			defer mu.Unlock()
			all.took = append(all.took, one.took...)
			all.amiss += one.amiss
			all.example = cmp.Or(all.example, one.example)
		})
	}
	wg.Wait()
	all.elapsed = time.Since(start)
	if err := context.Cause(ctx); err != nil {
		return result{}, fmt.Errorf("put load on %v: %w", addrs, err)
	}
	if !tolerable(all.amiss, len(all.took), connections) {
		return result{}, fmt.Errorf("%d cards from %v, and %d other answers; for example %s", len(all.took), addrs,
			all.amiss, all.example)
	}
	slices.Sort(all.took)
	return all, nil
}

func driveOne(ctx context.Context, addr string, wire [][]byte, next int, end time.Time) (result, error) {
	var r result
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return r, err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(end.Add(readyWithin)); err != nil {
		return r, err
	}
	in := bufio.NewReader(conn)
	var body bytes.Buffer
	for now := time.Now(); now.Before(end) && ctx.Err() == nil; next++ {
		if _, err := conn.Write(wire[next%len(wire)]); err != nil {
			return r, err
		}
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return r, err
		}
		body.Reset()
		_, err = body.ReadFrom(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return r, err
		}
		done := time.Now()
		if resp.StatusCode == http.StatusOK && bytes.Contains(body.Bytes(), []byte(cardSign)) {
			r.took = append(r.took, done.Sub(now))
		} else {
			r.amiss++
			r.example = resp.Status + " " + body.String()
		}
		now = done
	}
	return r, nil
}

// pace calls send at a steady rate, n times, whether or not the earlier ones have returned, and waits for all of them.
// send is told when it should have been called: a latency counted from then holds the waiting, too.
func pace(ctx context.Context, perSecond float64, n int, send func(i int, due time.Time)) {
	var wg sync.WaitGroup
	defer wg.Wait()
	start := time.Now()
	for i := range n {
		due := start.Add(time.Duration(float64(i) / perSecond * float64(time.Second)))
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			return
		}
		wg.Go(func() { send(i, due) })
	}
}
