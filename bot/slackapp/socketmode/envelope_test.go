package socketmode

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// FuzzMessage: a message is understood or refused, and its kind, ID and payload are those that it has.
func FuzzMessage(f *testing.F) {
	for _, seed := range []string{
		`{"type":"hello","num_connections":1,"debug_info":{"host":"applink-1","build_number":44,"approximate_connection_time":18060},"connection_info":{"app_id":"A1"}}`,
		`{"type":"disconnect","reason":"refresh_requested","debug_info":{"host":"wss-1"}}`,
		`{"envelope_id":"1d3c","payload":{"token":"x","command":"/meet"},"type":"slash_commands","accepts_response_payload":true}`,
		`{"envelope_id":"cda4","payload":{"event":{}},"type":"events_api","accepts_response_payload":false,"retry_attempt":1,"retry_reason":"timeout"}`,
		`{"type":"events_api","envelope_id":5}`, `{"type":""}`, `{}`, `[]`, `null`, `5`, ``, `{`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parse(data)
		if err != nil {
			if !errors.Is(err, ErrMessage) || m.Type != "" || strings.Contains(err.Error(), "token") {
				t.Errorf("%v, with %+v", err, m)
			}
			return
		}
		if m.Type == "" || m.ID == "" && m.Type != hello && m.Type != disconnect {
			t.Errorf("%s is understood as %+v", data, m)
		}
		if len(m.Payload) > 0 && !json.Valid(m.Payload) {
			t.Errorf("payload %s", m.Payload)
		}
		if connections(data) != 0 && !json.Valid(data) {
			t.Error("connections in what is no JSON")
		}
		if e := disconnected(m.Reason); e.Lasting != (m.Reason == "link_disabled") || e.Err == nil {
			t.Errorf("%q is %+v", m.Reason, e)
		}
		if ack, err := acknowledgement(m.ID, m.Payload); err == nil && (len(ack) >= MaxAck || !json.Valid(ack)) {
			t.Errorf("acknowledged with %s", ack)
		}
	})
}

// An acknowledgement stays below Slack's limit, and names its envelope.
func TestAcknowledgement(t *testing.T) {
	if ack, err := acknowledgement("e1", nil); err != nil || string(ack) != `{"envelope_id":"e1"}` {
		t.Errorf("%s, %v", ack, err)
	}
	if ack, err := acknowledgement("e1", []byte(`{"text":"x"}`)); err != nil ||
		string(ack) != `{"envelope_id":"e1","payload":{"text":"x"}}` {
		t.Errorf("%s, %v", ack, err)
	}
	const around = len(`{"envelope_id":"e1","payload":""}`)
	for size, fits := range map[int]bool{MaxAck - 1: true, MaxAck: false, MaxAck + 1: false} {
		answer := []byte(`"` + strings.Repeat("x", size-around) + `"`)
		ack, err := acknowledgement("e1", answer)
		if fits != (err == nil) || fits && len(ack) != size || !fits && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%d bytes: %d, %v", size, len(ack), err)
		}
	}
}

// Pauses grow to a bound, spread, begin anew, and honour what Slack asks for.
func TestPauses(t *testing.T) {
	p := pauses{timing: Timing{}.withDefaults()}
	within := func(e *Error, middle time.Duration) {
		t.Helper()
		if got := p.next(e); got < middle/2 || got > middle*3/2 {
			t.Errorf("a pause of %s, want %s around", got, middle)
		}
	}
	short, lasting := &Error{Reason: Lost}, &Error{Reason: Refused, Lasting: true}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
		within(short, want*time.Second)
	}
	for _, want := range []time.Duration{30, 60, 120, 240, 300, 300} {
		within(lasting, want*time.Second)
	}
	within(short, 30*time.Second)
	p.reset()
	within(short, time.Second)
	if got := p.next(&Error{Reason: Throttled, Wait: time.Minute}); got < 61*time.Second || got > 63*time.Second {
		t.Errorf("Slack asked for a minute; the pause is %s", got)
	}
}
