package slacktest

import (
	"encoding/json"
	"fmt"
	"meetbot/internal/sandbox/faultserver"
	"net/http"
	"time"
)

// ticket is the right to post that a response_url gives.
type ticket struct {
	path     string
	channel  string
	user     string
	thread   string // the thread that an original message stands in
	original string // the message that the user acted on; empty for a command
	uses     int
	expires  time.Time
}

// tickets are the response URLs handed out. They belong to a Slack and are guarded by its lock.
type tickets struct {
	byPath map[string]*ticket
	queue  []*ticket // oldest first
	count  int
}

// rename makes the response URLs of a channel those of its new ID. Call it with the lock held.
func (t *tickets) rename(old, id string) {
	for _, ticket := range t.queue {
		if ticket.channel == old {
			ticket.channel = id
		}
	}
}

// ticket hands out a new response_url of the given kind.
func (s *Server) ticket(kind string, t ticket) string {
	now := s.o.Now()
	t.expires = now.Add(responseLife)
	s.mu.Lock()
	defer s.mu.Unlock()
	all := &s.tickets
	if all.byPath == nil {
		all.byPath = map[string]*ticket{}
	}
	for len(all.queue) > 0 && now.After(all.queue[0].expires) {
		delete(all.byPath, all.queue[0].path) // a stranger's and an expired one are answered alike
		all.queue[0] = nil
		all.queue = all.queue[1:]
	}
	all.count++
	t.path = fmt.Sprintf("/%s/%s/%d/%s", kind, s.o.Team, 2345678901000+all.count, faultserver.RandomHex(12))
	all.byPath[t.path] = &t
	all.queue = append(all.queue, &t)
	return s.base + t.path
}

// use takes one use off the ticket, or returns Slack's word for why there is none.
func (s *Server) use(path string) (ticket, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tickets.byPath[path]
	switch {
	case t == nil || s.o.Now().After(t.expires):
		return ticket{}, "expired_url"
	case t.uses == responseUses:
		return ticket{}, "used_url"
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
func (s *Server) respond(r *http.Request) reply {
	var a answerBody
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
		return webhookReply(http.StatusBadRequest, "invalid_payload")
	}
	content := a.content()
	if word, _ := content.check(); word != "" && !a.DeleteOriginal {
		return webhookReply(http.StatusBadRequest, word)
	}
	t, word := s.use(r.URL.Path)
	if word != "" {
		return jsonReply(http.StatusNotFound, word, map[string]any{"ok": false, "error": word})
	}
	if channel, _ := s.channel(t.channel); channel.Archived {
		return webhookReply(http.StatusGone, "channel_is_archived")
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
	return webhookReply(http.StatusOK, "ok")
}

// webhookReply is a plain word, as an incoming webhook answers: the documentation of incoming webhooks, "Handling
// errors".
func webhookReply(status int, word string) reply {
	reply := reply{status: status, header: http.Header{"Content-Type": {"text/html"}}, body: []byte(word)}
	if status != http.StatusOK {
		reply.err = word
	}
	return reply
}

// jsonReply is an object as Slack's servers answer it.
func jsonReply(status int, word string, object map[string]any) reply {
	reply := reply{status: status, err: word, header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}}
	body, err := json.Marshal(object)
	if err != nil { // a message that was accepted with broken JSON in it, which the check of its blocks rules out
		reply.status, reply.err, body = http.StatusInternalServerError, "internal_error",
			[]byte(`{"ok":false,"error":"internal_error"}`)
	}
	reply.body = body
	return reply
}
