package socketmode

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"meetbot/internal/outbound"
)

// maxMessage is the number of bytes that a message may have. The connection ends by one that is larger, so this is much
// more than Slack sends: what is too large for the handler is for the handler to refuse.
const maxMessage = 1 << 20

// connection is one WebSocket connection to Slack.
type connection struct {
	client *Client
	ws     *websocket.Conn
	ctx    context.Context // ends when the connection is to be cut
	cut    context.CancelFunc

	heard     atomic.Int64  // when something came last, in nanoseconds since since
	since     time.Time     // when it was made
	greeted   chan struct{} // closed by Slack's hello
	leave     chan struct{} // closed when another one is needed in its place
	ended     chan struct{} // closed when nothing can come by it any more
	greetOnce sync.Once
	leaveOnce sync.Once
	why       *Error // why leave was closed

	mu     sync.Mutex
	under  int           // envelopes whose handler has not returned
	closed bool          // no envelope is taken any more
	idle   chan struct{} // has an element when under became 0
}

// dial connects to Slack.
func (c *Client) dial(ctx context.Context, where string) (*connection, error) {
	u, err := c.Check(where)
	if err != nil {
		return nil, err
	}
	conn := &connection{
		client: c, since: time.Now(), greeted: make(chan struct{}), leave: make(chan struct{}),
		ended: make(chan struct{}), idle: make(chan struct{}, 1),
	}
	// A client of its own, for this host alone. The connection outlives it.
	dialler := outbound.Client(outbound.Options{Timeout: dialWithin}, u)
	defer dialler.CloseIdleConnections()
	conn.ws, _, err = websocket.Dial(ctx, u.String(), &websocket.DialOptions{
		HTTPClient:      dialler,
		CompressionMode: websocket.CompressionDisabled, // so that the limit bounds what is read
		OnPingReceived:  func(context.Context, []byte) bool { conn.hear(); return true },
		OnPongReceived:  func(context.Context, []byte) { conn.hear() },
	})
	if err != nil {
		return nil, fmt.Errorf("cannot connect to Slack: %w", outbound.Redact(err)) // the URL holds a ticket
	}
	conn.ws.SetReadLimit(maxMessage)
	conn.ctx, conn.cut = context.WithCancel(c.base)
	return conn, nil
}

// hear notes that something came.
func (c *connection) hear() { c.heard.Store(int64(time.Since(c.since))) }

// quiet is how long nothing has come.
func (c *connection) quiet() time.Duration {
	return time.Since(c.since) - time.Duration(c.heard.Load())
}

// leaves says that another connection is needed in place of this one. The first reason counts.
func (c *connection) leaves(e *Error) {
	c.leaveOnce.Do(func() {
		c.why = e
		close(c.leave)
	})
}

// read reads until the connection ends.
func (c *connection) read() {
	defer close(c.ended)
	defer func() { _ = c.ws.CloseNow() }()
	for {
		_, data, err := c.ws.Read(c.ctx)
		if err != nil {
			c.leaves(broken(err))
			return
		}
		c.hear()
		c.take(data)
	}
}

// broken is why a connection ended whose read failed.
func broken(err error) *Error {
	if errors.Is(err, websocket.ErrMessageTooBig) {
		return &Error{Reason: TooLarge, Err: fmt.Errorf("Slack sent a message of more than %d bytes", maxMessage)}
	}
	if status := websocket.CloseStatus(err); status != -1 {
		return &Error{Reason: Lost, Err: fmt.Errorf("Slack closed the connection with status %d", int(status))}
	}
	return &Error{Reason: Lost, Err: fmt.Errorf("the connection to Slack was lost: %w", outbound.Redact(err))}
}

// take does what a message asks for.
func (c *connection) take(data []byte) {
	received := time.Now()
	m, err := parse(data)
	if err != nil {
		c.client.Unreadable(c.ctx, err)
		return
	}
	switch m.Type {
	case hello:
		c.greetOnce.Do(func() {
			c.client.Log.InfoContext(c.ctx, "connected to Slack by Socket Mode", "connections", connections(data))
			close(c.greeted)
		})
	case disconnect:
		c.leaves(disconnected(m.Reason))
	default:
		c.handle(Envelope{ID: m.ID, Type: m.Type, Payload: m.Payload, TakesAnswer: m.TakesAnswer, Received: received})
	}
}

// handle gives an envelope to the handler, as soon as there is room.
func (c *connection) handle(e Envelope) {
	select {
	case c.client.slots <- struct{}{}:
	case <-c.ctx.Done():
		return
	}
	if !c.begin() {
		<-c.client.slots
		return
	}
	c.client.group.Go(func() {
		defer func() { <-c.client.slots }()
		defer c.done()
		defer func() {
			if p := recover(); p != nil {
				c.client.Log.Error("handling what Slack delivered panicked", "panic", fmt.Sprint(p), "stack",
					string(debug.Stack()))
			}
		}()
		ctx, cancel := context.WithDeadline(c.client.base, e.Received.Add(ackWithin))
		defer cancel()
		c.client.Handle(ctx, e, func(answer []byte) error { return c.acknowledge(e.ID, answer) })
	})
}

// acknowledge acknowledges an envelope. The error is ErrTooLarge if nothing was sent for that reason.
func (c *connection) acknowledge(id string, answer []byte) error {
	body, err := acknowledgement(id, answer)
	if err != nil {
		return err
	}
	if err := c.client.base.Err(); err != nil { // of a killed client, nobody hears any more
		return fmt.Errorf("acknowledge: %w", err)
	}
	ctx, cancel := context.WithTimeout(c.ctx, ackWithin)
	defer cancel()
	if err := c.ws.Write(ctx, websocket.MessageText, body); err != nil {
		return fmt.Errorf("acknowledge: %w", outbound.Redact(err))
	}
	return nil
}

// begin notes that an envelope is in hand; false if none is taken any more.
func (c *connection) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.under++
	return true
}

// done takes back what begin noted.
func (c *connection) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.under--; c.under == 0 {
		select {
		case c.idle <- struct{}{}:
		default:
		}
	}
}

// closeIfIdle takes no envelope any more, if there is none in hand.
func (c *connection) closeIfIdle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = c.closed || c.under == 0
	return c.closed
}

// drain ends the connection in order. Until nothing is in hand, what comes is taken as before, since Slack delivers it
// to nobody else; but no longer than handlers may take.
func (c *connection) drain() {
	over := time.After(ackWithin)
	for late := false; !late && !c.closeIfIdle(); {
		select {
		case <-c.idle:
		case <-c.ended:
			late = true
		case <-over:
			late = true
		}
	}
	// Slack may leave its side of the closing open: then the connection is cut.
	timer := time.AfterFunc(closeWithin, c.cut)
	defer timer.Stop()
	_ = c.ws.Close(websocket.StatusNormalClosure, "")
	c.cut()
	<-c.ended
}

// watch gives the connection up when nothing comes by it for too long. Slack sends pings; when those stay away, the
// client sends its own, so that a connection that is merely quiet is kept.
func (c *connection) watch() {
	tick := time.NewTicker(c.client.Timing.Silence / 4)
	defer tick.Stop()
	for {
		select {
		case <-c.ended:
			return
		case <-tick.C:
		}
		switch quiet := c.quiet(); {
		case quiet >= c.client.Timing.Silence:
			c.leaves(&Error{Reason: Silent, Err: fmt.Errorf("nothing came from Slack for %s",
				c.client.Timing.Silence)})
			c.cut()
			return
		case quiet >= c.client.Timing.Silence/4:
			ctx, cancel := context.WithTimeout(c.ctx, c.client.Timing.Silence/4)
			_ = c.ws.Ping(ctx) // what comes of it, hear notes
			cancel()
		}
	}
}
