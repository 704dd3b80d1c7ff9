package slacktest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// The kinds of delivery, as Socket Mode names them.
const (
	slashCommands = "slash_commands"
	eventsAPI     = "events_api"
	interactive   = "interactive"
)

// delivery is something for the app.
type delivery struct {
	kind    string
	payload json.RawMessage
	form    url.Values // of a request; nil for one that carries the payload itself
	retry   int        // which redelivery this is
	reason  string     // for it
}

// paths are where requests go.
var paths = map[string]string{
	slashCommands: "/slack/commands", eventsAPI: "/slack/events", interactive: "/slack/interactivity",
}

// hand gives the app a delivery, by Socket Mode if that is on in its settings, otherwise by a signed request.
func (s *Server) hand(ctx context.Context, botURL string, d delivery) (outcome, error) {
	if s.SocketMode() {
		return s.overSocket(ctx, d)
	}
	r, err := s.asRequest(ctx, botURL, d)
	if err != nil {
		return outcome{}, err
	}
	return s.send(r)
}

// asRequest is a delivery as a signed request.
func (s *Server) asRequest(ctx context.Context, botURL string, d delivery) (*http.Request, error) {
	contentType, body := "application/json", []byte(d.payload)
	if d.form != nil {
		contentType, body = "application/x-www-form-urlencoded", []byte(d.form.Encode())
	}
	r, err := s.request(ctx, botURL+paths[d.kind], contentType, body)
	if err == nil && d.retry > 0 {
		r.Header.Set("X-Slack-Retry-Num", strconv.Itoa(d.retry))
		r.Header.Set("X-Slack-Retry-Reason", d.reason)
	}
	return r, err
}
