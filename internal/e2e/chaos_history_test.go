//go:build integration

package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"meetbot/internal/e2e/historycheck"
	"meetbot/internal/sandbox/slacktest"
)

// history is what the driver noted, what Slack showed and what Graph did. Links, which are long and secret, have names.
func (c *chaos) history() []historycheck.Event {
	events := c.rawHistory()
	names := map[string]string{}
	for i, m := range c.Graph.Meetings() {
		names[m.JoinURL] = fmt.Sprintf("meeting %d", i+1)
	}
	for i, e := range events {
		events[i].Link = cmp.Or(names[e.Link], e.Link)
	}
	return events
}

// rawHistory is history with the links as they are.
func (c *chaos) rawHistory() []historycheck.Event {
	c.mu.Lock()
	events := append([]historycheck.Event(nil), c.events...)
	channels := map[string]bool{}
	for _, e := range events {
		if e.Kind == historycheck.Asked {
			channel, _, _ := strings.Cut(e.Place, "/")
			channels[channel], channels["D"+e.User] = true, true
			for _, user := range e.Outside {
				channels["D"+user] = true
			}
		}
	}
	c.mu.Unlock()
	for _, m := range c.Graph.Meetings() {
		conversation, generation := tracedBy(m.ExternalID)
		events = append(events, historycheck.Event{
			Kind: historycheck.Made, At: c.realTime(m.Created), Link: m.JoinURL, Conversation: conversation,
			Generation: generation, Organizer: m.UserID,
		})
	}
	for channel := range channels {
		for _, last := range c.Slack.Messages(channel) {
			for i, m := range slices.Concat(last.Earlier, []slacktest.Message{last}) {
				if m.Via == "user" || link(m) == "" && saysAside(m.Text) {
					continue
				}
				e := historycheck.Event{Kind: historycheck.Shown, At: m.At, User: m.To,
					Place: placeOf(m.Channel, m.ThreadTS), Link: link(m), None: saysNone(m.Text), Why: saysWhy(m.Text),
					Marks: marksOn(m), Start: startOn(m.Text), Quiet: saysQuiet(m.Text)}
				if user, direct := strings.CutPrefix(channel, "D"); direct {
					e.User = user
				}
				if about, ok := c.aboutPeople(m, e); ok {
					e = about
				} else if i > 0 {
					e.Kind, e.At = historycheck.Changed, m.Edited
				}
				events = append(events, e)
			}
		}
	}
	for _, call := range c.Graph.Calls() {
		if call.Op == "createOrGet" && (call.Status == http.StatusForbidden ||
			call.Status == http.StatusNotFound) {
			conversation, generation := tracedBy(call.ExternalID)
			events = append(events, historycheck.Event{
				Kind: historycheck.Refused, At: call.At, Conversation: conversation, Generation: generation,
				Organizer: call.UserID,
			})
		}
	}
	return slices.Concat(events, c.gaveWay(), c.unsureReminders())
}

// gaveWay is what the replicas logged of claims that they released because Graph failed for them. Their meetings are as
// those of organizers who were refused.
func (c *chaos) gaveWay() (events []historycheck.Event) {
	for line := range strings.Lines(c.logs.String()) {
		var l struct {
			Time         time.Time `json:"time"`
			Conversation string    `json:"conversation"`
			Generation   int       `json:"generation"`
			Organizer    string    `json:"organizer"`
		}
		if !strings.Contains(line, "it gives way") || json.Unmarshal([]byte(line), &l) != nil {
			continue
		}
		events = append(events, historycheck.Event{Kind: historycheck.Refused, At: l.Time, Conversation: l.Conversation,
			Generation: l.Generation, Organizer: l.Organizer})
	}
	return events
}

// editsCarriedOut says which edits were taken for commands of their own, by the subjects of the meetings in Graph: edits
// of messages that were accepted before, and edits that made a meeting beside that of their message.
func (c *chaos) editsCarriedOut() (violations []string) {
	subjects := map[string]bool{}
	for _, m := range c.Graph.Meetings() {
		subjects[m.Subject] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	lost := map[string]bool{} // requests of which a fail-over lost that they were accepted
	for _, e := range c.events {
		if e.Kind == historycheck.Lost {
			lost[e.Request] = true
		}
	}
	for _, e := range c.edited {
		switch {
		case lost[e.id] || !subjects[e.final()]:
		case e.accepted:
			violations = append(violations, fmt.Sprintf("request %s was edited after it was accepted, and the edit "+
				"made a meeting", e.id))
		case subjects[e.draft()]:
			violations = append(violations, fmt.Sprintf("request %s and its edit made a meeting each", e.id))
		}
	}
	return violations
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
