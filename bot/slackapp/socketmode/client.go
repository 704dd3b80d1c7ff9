package socketmode

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"sync"
	"time"
)

// atOnce is how many envelopes are handled at the same time. Further ones wait unread.
const atOnce = 256

// Observer is told of connections, for the operator's figures.
type Observer interface {
	// Open is called with the number of connections that are open, whenever it changes.
	Open(connections int)
	// Ended is called with one of Reasons when another connection is needed, or could not be made.
	Ended(reason string)
}

// Config is what a client needs. Every field without "optional" is required.
type Config struct {
	// Open asks Slack where to connect (apps.connections.open). Its error is an Error.
	Open func(ctx context.Context) (where string, err error)
	// Check returns the URL with its scheme as http or https, or an error if that is no place to connect to.
	Check func(where string) (*url.URL, error)
	// Handle gets every envelope. ctx ends when Slack does not wait any longer. ack acknowledges the envelope, with an
	// answer in JSON if it takes one; nil for none. Its error says that Slack has not got the acknowledgement; it is
	// ErrTooLarge if a smaller answer may be tried. An envelope that is not acknowledged is delivered again, or its
	// user is shown a failure, as its type has it.
	Handle func(ctx context.Context, e Envelope, ack func(answer []byte) error)
	// Unreadable is told of a message that is none of Socket Mode. The error is an ErrMessage.
	Unreadable func(ctx context.Context, err error)
	Log        *slog.Logger
	Observer   Observer // optional
	Timing     Timing   // optional
}

// Client keeps a connection open. It is safe for concurrent use.
type Client struct {
	Config
	base  context.Context // of everything; ends by Kill
	kill  context.CancelFunc
	slots chan struct{} // an element for every envelope in hand
	again chan struct{} // an element to end a pause
	group sync.WaitGroup

	mu      sync.Mutex
	open    map[*connection]bool // greeted, and not ended
	trouble error                // of late; nil for none
}

// New returns a client that is not connected: see Run.
func New(c Config) *Client {
	c.Timing = c.Timing.withDefaults()
	client := &Client{Config: c, slots: make(chan struct{}, atOnce),
		again: make(chan struct{}, 1), open: map[*connection]bool{}}
	client.base, client.kill = context.WithCancel(context.Background())
	return client
}

// errConnecting is why a client is not ready that has not met with any trouble.
var errConnecting = errors.New("the bot is not connected to Slack yet (Socket Mode)")

// Ready returns nil if there is a connection, and otherwise the reason, for an operator.
func (c *Client) Ready() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.open) > 0:
		return nil
	case c.trouble != nil:
		return c.trouble
	default:
		return errConnecting
	}
}

// Retry ends a pause before the next attempt to connect: something has changed.
func (c *Client) Retry() {
	select {
	case c.again <- struct{}{}:
	default:
	}
}

// Kill cuts every connection and ends every handler, as a crash would. Run returns.
func (c *Client) Kill() { c.kill() }

// Run keeps a connection open until ctx ends, and then ends in order: envelopes in hand are handled and acknowledged
// before the connection is closed. That takes five seconds at most. It is to be called once.
func (c *Client) Run(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(c.base, stop)()
	waits := pauses{timing: c.Timing}
	var former []*connection // another one is to take the place of these
	for ctx.Err() == nil {
		conn, err := c.connect(ctx)
		if err == nil {
			for _, old := range former {
				c.group.Go(func() { old.retire(ctx) })
			}
			former = nil
			select {
			case <-conn.leave:
				err = conn.why
				former = append(former, conn)
			case <-ctx.Done():
			}
			if time.Since(conn.since) >= c.Timing.LongestPause {
				waits.reset()
			}
		}
		if ctx.Err() != nil {
			break
		}
		if e := problem(err); e.Reason == TooMany && len(former) > 0 { // there is no room for both
			c.ended(e)
			for _, old := range former {
				old.drain()
			}
			former = nil
		} else {
			c.pause(ctx, &waits, conn, e)
		}
	}
	for _, conn := range c.connections() {
		c.group.Go(conn.drain)
	}
	c.group.Wait()
	c.kill()
}

// problem is why there is no connection any more, or none was made.
func problem(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Reason: Unreachable, Err: err}
}

// ended tells that another connection is needed.
func (c *Client) ended(e *Error) {
	if c.Observer != nil {
		c.Observer.Ended(e.Reason)
	}
}

// pause waits before the next attempt. conn is the connection that has to be replaced; nil if none was made.
func (c *Client) pause(ctx context.Context, waits *pauses, conn *connection, e *Error) {
	c.ended(e)
	if e.Reason == Refresh && time.Since(conn.since) >= c.Timing.LongestPause { // as it should be, every few hours
		c.Log.InfoContext(ctx, "Slack has another connection made")
		return
	}
	wait := waits.next(e)
	c.mu.Lock()
	c.trouble = e
	c.mu.Unlock()
	level := slog.LevelWarn
	switch {
	case e.Lasting:
		level = slog.LevelError
	case e.Reason == Refresh:
		level = slog.LevelInfo
	}
	what := "cannot connect to Slack; trying again"
	if conn != nil {
		what = "another connection to Slack is needed"
	}
	c.Log.Log(ctx, level, what, "reason", e.Reason, "error", e, "in",
		wait.Round(time.Millisecond).String())
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.again:
	case <-ctx.Done():
	}
}

// connect makes a connection. It returns when Slack has greeted.
func (c *Client) connect(ctx context.Context) (*connection, error) {
	opening, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	where, err := c.Open(opening)
	if err != nil {
		return nil, err
	}
	conn, err := c.dial(ctx, where)
	if err != nil {
		return nil, err
	}
	c.group.Go(conn.read)
	c.group.Go(conn.watch)
	timer := time.NewTimer(greetWithin)
	defer timer.Stop()
	select {
	case <-conn.greeted:
		c.opened(conn)
		return conn, nil
	case <-conn.leave:
		err = conn.why
	case <-timer.C:
		err = &Error{Reason: Silent, Err: errors.New("Slack does not greet on a new connection")}
	case <-ctx.Done():
		err = ctx.Err()
	}
	conn.cut()
	return nil, err
}

// opened notes that there is a connection, until it ends.
func (c *Client) opened(conn *connection) {
	c.note(func() {
		c.open[conn] = true
		c.trouble = nil
	})
	c.group.Go(func() {
		<-conn.ended
		c.note(func() { delete(c.open, conn) })
	})
}

// note changes what is known of connections, and tells how many there are.
func (c *Client) note(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	if c.Observer != nil {
		c.Observer.Open(len(c.open))
	}
}

// connections are those that are open.
func (c *Client) connections() []*connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*connection, 0, len(c.open))
	for conn := range c.open {
		all = append(all, conn)
	}
	return all
}

// retire ends a connection that another one has taken the place of: Slack closes it when it has nothing more for it.
// Past Linger, or if ctx ends, it is drained.
func (c *connection) retire(ctx context.Context) {
	timer := time.NewTimer(c.client.Timing.Linger)
	defer timer.Stop()
	select {
	case <-c.ended:
	case <-timer.C:
		c.drain()
	case <-ctx.Done(): // Run drains it
	}
}
