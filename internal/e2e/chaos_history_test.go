//go:build integration

package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"meetbot/internal/e2e/historycheck"
)

// history is what the driver noted, what Slack showed and what Graph did.
func (c *chaos) history() []historycheck.Event {
	c.mu.Lock()
	events := append([]historycheck.Event(nil), c.events...)
	channels := map[string]bool{}
	for _, e := range events {
		if e.Kind == historycheck.Asked {
			channel, _, _ := strings.Cut(e.Place, "/")
			channels[channel], channels["D"+e.User] = true, true
		}
	}
	c.mu.Unlock()
	names := map[string]string{} // of links, which are long and secret
	for i, m := range c.Graph.Meetings() {
		conversation, generation := tracedBy(m.ExternalID)
		names[m.JoinURL] = fmt.Sprintf("meeting %d", i+1)
		events = append(events, historycheck.Event{
			Kind: historycheck.Made, At: m.Created, Link: names[m.JoinURL], Conversation: conversation,
			Generation: generation, Organizer: m.UserID,
		})
	}
	for i, e := range events {
		if e.Kind == historycheck.Shown {
			events[i].Link = cmp.Or(names[e.Link], e.Link)
		}
	}
	for channel := range channels {
		for _, m := range c.Slack.Messages(channel) {
			if m.Via == "user" {
				continue
			}
			e := historycheck.Event{Kind: historycheck.Shown, At: m.At, User: m.To,
				Place: placeOf(m.Channel, m.ThreadTS), Link: link(m), None: saysNone(m.Text)}
			e.Link = cmp.Or(names[e.Link], e.Link)
			if user, direct := strings.CutPrefix(channel, "D"); direct {
				e.User = user
			}
			events = append(events, e)
		}
	}
	for _, call := range c.Graph.Calls() {
		if call.Op == "createOrGet" && call.Status == http.StatusForbidden {
			conversation, generation := tracedBy(call.ExternalID)
			events = append(events, historycheck.Event{
				Kind: historycheck.Refused, At: call.At, Conversation: conversation, Generation: generation,
				Organizer: call.UserID,
			})
		}
	}
	return events
}

func placeOf(channel, thread string) string {
	if thread == "" {
		return channel
	}
	return channel + "/" + thread
}

// tracedBy reads an external ID: the conversation, and from the first `new` on the generation and the claim.
func tracedBy(externalID string) (conversation string, generation int) {
	parts := strings.Split(externalID, "/")
	if len(parts) != 3 {
		return externalID, 1
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		return externalID, 1
	}
	return parts[0], n
}

// keep writes down what it takes to understand a failure.
func (c *chaos) keep() {
	dir := c.t.ArtifactDir()
	lines := &strings.Builder{}
	for _, e := range c.history() {
		line, _ := json.Marshal(e) // strings, numbers and times cannot fail
		lines.Write(append(line, '\n'))
	}
	for name, text := range map[string]string{"history.jsonl": lines.String(), "replicas.jsonl": c.logs.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			c.t.Errorf("keep what happened: %v", err)
		}
	}
}
