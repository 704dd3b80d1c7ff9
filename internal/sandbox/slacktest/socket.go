package slacktest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"meetbot/internal/sandbox/faultserver"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// What Slack documents of Socket Mode, and what its own clients know of it.
const (
	maxConnections = 10               // of one app
	maxAck         = 20 << 10         // bytes; a larger acknowledgement is dropped without a word
	ticketLife     = 30 * time.Second // of the URL to connect to
	pingEvery      = 10 * time.Second
	farewell       = 10 * time.Second // between a disconnect and the end of the connection
)

// sockets are the app's connections of Socket Mode.
type sockets struct {
	mu      sync.Mutex
	on      bool // Socket Mode is on in the app's settings
	revoked bool // the app token is
	mute    bool // nothing is sent, and no ping is answered
	tickets map[string]time.Time
	open    []*socket // greeted, oldest first
	last    int       // which of them got the last envelope
	waiting map[string]chan Ack
	acks    []Ack
	group   sync.WaitGroup
	closing context.Context
	close   context.CancelFunc
}

// socket is one connection.
type socket struct {
	*websocket.Conn
	leaving bool // it was told so, and gets no envelope any more
	ended   chan struct{}
}

// Ack is an acknowledgement of the app's.
type Ack struct {
	EnvelopeID string          `json:"envelope_id"`
	Payload    json.RawMessage `json:"payload"`
}

func newSockets(on bool) *sockets {
	k := &sockets{on: on, tickets: map[string]time.Time{}, waiting: map[string]chan Ack{}}
	k.closing, k.close = context.WithCancel(context.Background())
	return k
}

// AppToken is the token of the app itself, which apps.connections.open accepts.
func (s *Server) AppToken() string { return s.o.AppToken }

// SocketMode tells whether Socket Mode is on in the app's settings.
func (s *Server) SocketMode() bool {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	return s.sockets.on
}

// SetSocketMode turns Socket Mode on or off in the app's settings. When it goes off, every connection is told so and
// ended. From then on everything is delivered the other way.
func (s *Server) SetSocketMode(on bool) {
	s.sockets.mu.Lock()
	s.sockets.on = on
	s.sockets.mu.Unlock()
	if !on {
		s.Disconnect("link_disabled", 0)
	}
}

// RevokeAppToken revokes the app token, or makes it good again. Connections are cut when it is revoked.
func (s *Server) RevokeAppToken(revoked bool) {
	s.sockets.mu.Lock()
	s.sockets.revoked = revoked
	s.sockets.mu.Unlock()
	if revoked {
		s.CutConnections()
	}
}

// Mute makes every connection fall silent, without an end, or speak again.
func (s *Server) Mute(mute bool) {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	s.sockets.mute = mute
}

// Connections is how many connections the app has.
func (s *Server) Connections() int { return len(s.sockets.list()) }

// Acks are the acknowledgements that came so far, oldest first, those that Slack drops included.
func (s *Server) Acks() []Ack {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	return slices.Clone(s.sockets.acks)
}

// Disconnect asks for other connections in place of the present ones, for a reason such as "refresh_requested", and
// ends these after a while. They get no envelope any more. A negative while is Slack's ten seconds.
func (s *Server) Disconnect(reason string, after time.Duration) {
	if after < 0 {
		after = farewell
	}
	for _, k := range s.sockets.list() {
		s.sockets.mu.Lock()
		k.leaving = true
		s.sockets.mu.Unlock()
		s.sendOver(k, disconnect(reason))
		s.sockets.group.Go(func() {
			select {
			case <-time.After(after):
			case <-s.sockets.closing.Done():
			}
			_ = k.Close(websocket.StatusNormalClosure, "")
		})
	}
}

// CutConnections ends every connection without a word.
func (s *Server) CutConnections() {
	for _, k := range s.sockets.list() {
		_ = k.CloseNow()
		<-k.ended
	}
}

// SendRaw sends a message to every connection as it is.
func (s *Server) SendRaw(message []byte) {
	for _, k := range s.sockets.list() {
		s.sendOver(k, message)
	}
}

// sendOver sends a message to a connection, unless Slack is mute. A connection that is gone gets nothing.
func (s *Server) sendOver(k *socket, message []byte) {
	s.sockets.mu.Lock()
	mute := s.sockets.mute
	s.sockets.mu.Unlock()
	if mute {
		return
	}
	ctx, cancel := context.WithTimeout(s.sockets.closing, 5*time.Second)
	defer cancel()
	_ = k.Write(ctx, websocket.MessageText, message)
}

// list are the connections that are open.
func (k *sockets) list() []*socket {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.open)
}

// next is the connection that gets the next envelope: Slack spreads them in no order that it tells. Nil if there is
// none.
func (k *sockets) next() *socket {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last++
	for i := range k.open {
		if s := k.open[(k.last+i)%len(k.open)]; !s.leaving {
			return s
		}
	}
	return nil
}

// appsConnectionsOpen hands out a URL to connect to.
func (s *Server) appsConnectionsOpen(callArgs) reply {
	k := s.sockets
	k.mu.Lock()
	defer k.mu.Unlock()
	ticket := faultserver.RandomHex(16)
	k.tickets[ticket] = s.o.Now().Add(ticketLife)
	query := url.Values{"ticket": {ticket}, "app_id": {appID}}
	return agree(map[string]any{"url": strings.Replace(s.base, "http", "ws", 1) + "/link/?" + query.Encode()})
}

// redeem takes a ticket, which is good for one connection.
func (k *sockets) redeem(ticket string, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	expires, ok := k.tickets[ticket]
	delete(k.tickets, ticket)
	return ok && now.Before(expires)
}

// link serves a connection. Its fault target is "websocket".
func (s *Server) link(w http.ResponseWriter, r *http.Request) {
	s.faults.Serve("websocket", w, r, func(http.ResponseWriter, *http.Request) {
		if !s.sockets.redeem(r.URL.Query().Get("ticket"), s.o.Now()) {
			http.Error(w, "not_found", http.StatusNotFound)
			return
		}
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
			OnPingReceived: func(context.Context, []byte) bool {
				s.sockets.mu.Lock()
				defer s.sockets.mu.Unlock()
				return !s.sockets.mute
			},
		})
		if err != nil {
			return // it has answered
		}
		defer func() { _ = conn.CloseNow() }()
		conn.SetReadLimit(-1)
		s.greet(&socket{Conn: conn, ended: make(chan struct{})})
	})
}

// greet welcomes a connection and reads what comes by it, or says why it is not welcome.
func (s *Server) greet(k *socket) {
	all := s.sockets
	all.mu.Lock()
	reason := ""
	switch {
	case !all.on:
		reason = "link_disabled"
	case len(all.open) >= s.o.MaxConnections:
		reason = "too_many_websockets"
	}
	if all.closing.Err() != nil {
		all.mu.Unlock()
		return
	}
	if reason != "" {
		all.mu.Unlock()
		s.sendOver(k, disconnect(reason))
		_ = k.Close(websocket.StatusNormalClosure, "")
		return
	}
	all.open = append(all.open, k)
	count := len(all.open)
	all.group.Add(1)
	all.mu.Unlock()
	defer all.group.Done()
	s.sendOver(k, hello(count))
	pinging, stop := context.WithCancel(all.closing)
	all.group.Go(func() { s.ping(pinging, k) })
	s.listen(k)
	stop()
	all.mu.Lock()
	all.open = slices.DeleteFunc(all.open, func(other *socket) bool { return other == k })
	all.mu.Unlock()
	close(k.ended)
}

// ping pings a connection until ctx ends.
func (s *Server) ping(ctx context.Context, k *socket) {
	tick := time.NewTicker(s.o.PingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.sockets.mu.Lock()
		mute := s.sockets.mute
		s.sockets.mu.Unlock()
		if !mute {
			answered, cancel := context.WithTimeout(ctx, s.o.PingEvery)
			_ = k.Ping(answered)
			cancel()
		}
	}
}

// listen takes acknowledgements until the connection ends.
func (s *Server) listen(k *socket) {
	for {
		_, data, err := k.Read(s.sockets.closing)
		if err != nil {
			return
		}
		var ack Ack
		if json.Unmarshal(data, &ack) != nil {
			continue
		}
		s.sockets.mu.Lock()
		s.sockets.acks = append(s.sockets.acks, ack)
		waiting := s.sockets.waiting[ack.EnvelopeID]
		if len(data) < maxAck && waiting != nil {
			delete(s.sockets.waiting, ack.EnvelopeID)
			waiting <- ack
		}
		s.sockets.mu.Unlock()
	}
}

// hello greets a connection.
func hello(count int) []byte {
	return mustMarshal(map[string]any{
		"type": "hello", "num_connections": count, "connection_info": map[string]any{"app_id": appID},
		"debug_info": map[string]any{"host": "applink-1", "build_number": 44, "approximate_connection_time": 18060},
	})
}

// disconnect says that the connection ends.
func disconnect(reason string) []byte {
	return mustMarshal(map[string]any{
		"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "applink-1"},
	})
}

// mustMarshal writes what can always be written.
func mustMarshal(object map[string]any) []byte {
	body, err := json.Marshal(object)
	if err != nil {
		panic(fmt.Sprintf("slacktest: %v", err))
	}
	return body
}

// overSocket delivers to the app by Socket Mode, and gives it its three seconds. Its outcome is that of a request: 200
// for an acknowledgement, whose answer is the body.
func (s *Server) overSocket(ctx context.Context, d delivery) (outcome, error) {
	start := time.Now()
	k := s.sockets.next()
	if k == nil {
		return outcome{cut: true}, nil
	}
	id := fmt.Sprintf("%s-%04x", faultserver.RandomHex(8), rand.IntN(1<<16)) //nolint:gosec // a name, no secret
	envelope := map[string]any{
		"envelope_id": id, "type": d.kind, "payload": d.payload,
		"accepts_response_payload": d.kind == slashCommands && !s.o.NoAnswersInPlace,
	}
	if d.kind == eventsAPI {
		envelope["retry_attempt"], envelope["retry_reason"] = d.retry, ""
		if d.retry > 0 {
			envelope["retry_reason"] = "timeout"
		}
	}
	acked := make(chan Ack, 1)
	s.sockets.mu.Lock()
	s.sockets.waiting[id] = acked
	s.sockets.mu.Unlock()
	defer func() {
		s.sockets.mu.Lock()
		defer s.sockets.mu.Unlock()
		delete(s.sockets.waiting, id)
	}()
	s.sendOver(k, mustMarshal(envelope))
	timer := time.NewTimer(s.o.Deadline)
	defer timer.Stop()
	out := outcome{}
	select {
	case ack := <-acked:
		out.status, out.body = http.StatusOK, ack.Payload
		out.header = http.Header{"Content-Type": {"application/json"}}
	case <-k.ended:
		out.cut = true
	case <-timer.C:
		out.timedOut = true
	case <-ctx.Done():
		return out, fmt.Errorf("call the app: %w", ctx.Err())
	}
	out.took = time.Since(start)
	return out, nil
}
