package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// slackTicket is the right to post that a response_url gives.
type slackTicket struct {
	path     string
	channel  string
	user     string
	thread   string // the thread that an original message stands in
	original string // the message that the user acted on; empty for a command
	uses     int
	expires  time.Time
}

// slackTickets are the response URLs handed out. They belong to a Slack and are guarded by its lock.
type slackTickets struct {
	byPath map[string]*slackTicket
	queue  []*slackTicket // oldest first
	count  int
}

// ticket hands out a new response_url of the given kind.
func (s *Slack) ticket(kind string, t slackTicket) string {
	now := s.o.Now()
	t.expires = now.Add(slackResponseLife)
	s.mu.Lock()
	defer s.mu.Unlock()
	all := &s.tickets
	if all.byPath == nil {
		all.byPath = map[string]*slackTicket{}
	}
	for len(all.queue) > 0 && now.After(all.queue[0].expires) {
		delete(all.byPath, all.queue[0].path) // a stranger's and an expired one are answered alike
		all.queue[0] = nil
		all.queue = all.queue[1:]
	}
	all.count++
	t.path = fmt.Sprintf("/%s/%s/%d/%s", kind, s.o.Team, 2345678901000+all.count, randomHex(12))
	all.byPath[t.path] = &t
	all.queue = append(all.queue, &t)
	return s.base + t.path
}

// use takes one use off the ticket, or returns Slack's word for why there is none.
func (s *Slack) use(path string) (slackTicket, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tickets.byPath[path]
	switch {
	case t == nil || s.o.Now().After(t.expires):
		return slackTicket{}, "expired_url"
	case t.uses == slackResponseUses:
		return slackTicket{}, "used_url"
	}
	t.uses++
	return *t, ""
}

// respond serves a response_url. The number of uses and the life are documented. How a refusal looks is not: the two
// words with status 404 are what apps report to have seen, and a refused message is answered as by an incoming webhook,
// which is documented. There are also reports of status 200 with {"ok":false} for it; a Fault can answer that.
//
// A command has no original message: whether replace_original finds the command's own first answer is doubtful, so
// here it does not, and the message is posted.
func (s *Slack) respond(r *http.Request) slackReply {
	var a slackAnswerBody
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
		return slackWebhookReply(http.StatusBadRequest, "invalid_payload")
	}
	content := a.content()
	if word, _ := content.check(); word != "" && !a.DeleteOriginal {
		return slackWebhookReply(http.StatusBadRequest, word)
	}
	t, word := s.use(r.URL.Path)
	if word != "" {
		return slackJSON(http.StatusNotFound, word, map[string]any{"ok": false, "error": word})
	}
	if channel, _ := s.channel(t.channel); channel.Archived {
		return slackWebhookReply(http.StatusGone, "channel_is_archived")
	}
	switch {
	case a.DeleteOriginal:
		s.change(t.channel, t.original, nil)
	case a.ReplaceOriginal && s.change(t.channel, t.original, &content):
	default:
		m := a.message(t.channel, t.user, "response_url", content)
		if m.ThreadTS == "" {
			m.ThreadTS = t.thread
		}
		s.post(m)
	}
	return slackWebhookReply(http.StatusOK, "ok")
}

// slackWebhookReply is a plain word, as an incoming webhook answers: the documentation of incoming webhooks, "Handling
// errors".
func slackWebhookReply(status int, word string) slackReply {
	reply := slackReply{status: status, header: http.Header{"Content-Type": {"text/html"}}, body: []byte(word)}
	if status != http.StatusOK {
		reply.err = word
	}
	return reply
}

// slackJSON is an object as Slack's servers answer it.
func slackJSON(status int, word string, object map[string]any) slackReply {
	reply := slackReply{status: status, err: word, header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}}
	body, err := json.Marshal(object)
	if err != nil { // a message that was accepted with broken JSON in it, which the check of its blocks rules out
		reply.status, reply.err, body = http.StatusInternalServerError, "internal_error", []byte(`{"ok":false,"error":"internal_error"}`)
	}
	reply.body = body
	return reply
}
