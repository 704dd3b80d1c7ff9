package socketmode

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Envelope is one thing that Slack delivers.
type Envelope struct {
	ID      string          // names it in the acknowledgement
	Type    string          // "slash_commands", "events_api", "interactive", or what Slack thinks of next
	Payload json.RawMessage // what a request of Slack's would have carried; not checked
	// TakesAnswer tells whether the acknowledgement may carry an answer.
	TakesAnswer bool
	Received    time.Time
}

// The kinds of message that are no envelopes.
const (
	hello      = "hello"
	disconnect = "disconnect"
)

// message is what the client reads of any message. Only what is used is read: what Slack puts into the rest one day
// must not lose a command.
type message struct {
	Type        string          `json:"type"`
	Reason      string          `json:"reason"` // of a disconnect
	ID          string          `json:"envelope_id"`
	TakesAnswer bool            `json:"accepts_response_payload"`
	Payload     json.RawMessage `json:"payload"`
}

// ErrMessage says that a message is none that Slack documents.
var ErrMessage = errors.New("message is not one of Socket Mode")

// parse reads a message. The error is an ErrMessage, and quotes nothing of it.
func parse(data []byte) (message, error) {
	var m message
	if json.Unmarshal(data, &m) != nil {
		return message{}, fmt.Errorf("%w: it is not the JSON that was expected", ErrMessage)
	}
	if m.Type == "" {
		return message{}, fmt.Errorf("%w: it has no type", ErrMessage)
	}
	if m.Type != hello && m.Type != disconnect && m.ID == "" {
		return message{}, fmt.Errorf("%w: it has no envelope_id", ErrMessage)
	}
	return m, nil
}

// connections is how many connections the app has, as a hello says; 0 if it does not.
func connections(data []byte) int {
	var m struct {
		Connections int `json:"num_connections"`
	}
	if json.Unmarshal(data, &m) != nil {
		return 0
	}
	return m.Connections
}

// MaxAck is the number of bytes that an acknowledgement must stay below: Slack drops larger ones without a word.
// Source: slack-go, package socketmode, which has tried it.
const MaxAck = 20 << 10

// ErrTooLarge says that an acknowledgement was not sent, since Slack would drop it.
var ErrTooLarge = errors.New("acknowledgement is too large for Slack")

// acknowledgement is an envelope's, with an answer in JSON; nil for none. The error is ErrTooLarge.
func acknowledgement(id string, answer []byte) ([]byte, error) {
	body, err := json.Marshal(struct {
		ID      string          `json:"envelope_id"`
		Payload json.RawMessage `json:"payload,omitempty"`
	}{id, answer})
	if err != nil {
		return nil, fmt.Errorf("write acknowledgement: %w", err)
	}
	if len(body) >= MaxAck {
		return nil, ErrTooLarge
	}
	return body, nil
}
