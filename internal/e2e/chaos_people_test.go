//go:build integration

package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"meetbot/internal/e2e/historycheck"
	"meetbot/internal/sandbox/slacktest"
)

// chaosRoom is a place where people talk to the bot.
type chaosRoom struct {
	channel, thread string
	conversation    string // whose meeting it shows
}

func (r chaosRoom) place() string { return placeOf(r.channel, r.thread) }

// furnish makes room for a batch: half of the places of the last one stay, the rest are new. Every third is a thread,
// of its own or under a mention of the bot or a card of the bot's, where it belongs to the channel.
func (c *chaos) furnish(batch int) {
	c.spare = 0
	// To the limits on new meetings, an hour passes.
	for _, server := range c.redis.writable() {
		c.redis.do(server, "EVAL", "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end return 1", "0", "mb:{new:*")
	}
	c.rooms = c.rooms[len(c.rooms)-len(c.rooms)/2:]
	d := c.decisions(2, batch)
	for i := 0; len(c.rooms) < c.Conversations; i++ {
		id := fmt.Sprintf("C0%03dX%03d", batch, i)
		room := chaosRoom{channel: id, conversation: c.conversation(id, "")}
		switch d.IntN(6) {
		case 0:
			c.channelOf(id)
			room.thread = c.Slack.Say(chaosUser(0), id, "Shall we talk?").TS
			room.conversation = c.conversation(id, room.thread)
		case 1:
			// Where nobody was heard yet, there is nothing to hang under, and the place is a channel like others.
			c.channelOf(id)
			if n := len(c.rooms); n > 0 {
				at := c.rooms[d.IntN(n)]
				if root := c.root(at); root != "" {
					room = chaosRoom{channel: at.channel, thread: root, conversation: at.conversation}
				}
			}
		default:
			c.channelOf(id)
		}
		c.rooms = append(c.rooms, room)
	}
}

// channelOf makes a channel. Its members are those who ask.
func (c *chaos) channelOf(id string) {
	c.Slack.AddChannel(slacktest.Channel{ID: id, Members: c.members})
}

// root is a mention in a channel that the bot has accepted, or the newest card there; empty for neither, and for a
// thread.
func (c *chaos) root(r chaosRoom) string {
	c.t.Helper()
	if r.thread != "" {
		return ""
	}
	c.mu.Lock()
	root := c.roots[r.channel]
	c.mu.Unlock()
	if root == "" {
		return c.card(r.channel).TS
	}
	known, err := c.redis.client.SIsMember(c.t.Context(), "mb:{"+c.conversation(r.channel, "")+"}:r", root).Result()
	if known {
		return root
	}
	if err != nil || c.overs == 0 {
		c.t.Errorf("CHAOS_SEED=%d: the bot does not remember the mention %s in %s, error %v", c.Seed, root, r.channel,
			err)
	}
	return "" // a fail-over lost it, so a thread under it has a meeting of its own
}

// card is the newest card for everybody in a channel; the zero message for none.
func (c *chaos) card(channel string) (card slacktest.Message) {
	for _, m := range c.Slack.Messages(channel) {
		if m.Via != "user" && m.To == "" && m.ThreadTS == "" && link(m) != "" {
			card = m
		}
	}
	return card
}

// conversation is the name that the bot gives a place in Graph.
func (c *chaos) conversation(channel, thread string) string {
	name := "slack:" + c.Slack.Team() + ":" + channel
	if thread != "" {
		name += ":" + thread
	}
	return name
}

// people has users ask until the returned function is called, which waits for their last answer.
func (c *chaos) people(batch int) (stop func()) {
	ctx, cancel := context.WithCancel(c.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		// whoever has asked waits for the next batch, so that every answer to one user is to one request
		free := c.People
		for free > 0 {
			d := c.decisions(3, c.traffic)
			next := func() chaosAsk {
				room := c.rooms[min(d.IntN(len(c.rooms)), d.IntN(len(c.rooms)))]
				a := chaosAsk{
					id: fmt.Sprintf("%d.%d", batch, c.traffic), user: chaosUser(c.traffic % c.People), room: room,
					text: chaosText(d.IntN(16), c.traffic), at: d.IntN(3), again: d.IntN(3), repeat: d.IntN(8),
					press:   d.IntN(6) == 0,
					mention: room.thread != "" || d.IntN(3) == 0, wait: time.Duration(d.IntN(1500)) * time.Millisecond,
					edit: d.IntN(6),
				}
				c.traffic++
				free--
				if d.IntN(6) == 0 && mayInvite(a.text) {
					a = c.invites(d, a)
				}
				return a
			}
			first := next()
			switch d.IntN(20) {
			case 0: // several at the same moment, in the same place
				for range min(2+d.IntN(6), free) {
					other := next()
					other.room, other.mention = first.room, other.mention || first.room.thread != ""
					if first.repeat%2 == 0 {
						other.text = other.company.with("new")
					}
					wg.Go(func() { c.ask(other) })
				}
				if first.repeat%2 == 0 {
					first.text = first.company.with("new")
				}
				wg.Go(func() { c.ask(first) })
			case 1: // two mentions of the same person, of which the later is delivered first
				second := first
				second.text = second.company.base(second.text)
				second.id, second.at = first.id+"b", d.IntN(3)
				second.company = chaosCompany{}
				if second.room = c.rooms[d.IntN(len(c.rooms))]; second.room.place() == first.room.place() {
					first.company = chaosCompany{}
					first.text, second.text = "", "" // which of two answers in one place is whose must not matter
				}
				wg.Go(func() { c.reordered(first, second) })
			default:
				wg.Go(func() { c.ask(first) })
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Duration(d.ExpFloat64() * float64(time.Second) / float64(c.Rate))):
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
	}
}

func chaosText(n, number int) string {
	switch n {
	case 0, 1:
		return "new"
	case 2:
		return fmt.Sprintf("new Plan %d", number)
	case 3:
		return "show"
	case 4, 5:
		return fmt.Sprintf("Plan %d", number)
	case 6:
		return fmt.Sprintf("rename Name %d", number)
	case 7:
		return "link"
	case 8:
		return fmt.Sprintf("tomorrow at %d:00", 8+number%12)
	case 9:
		return fmt.Sprintf("Plan %d next tuesday at %d:30 for 45m", number, 8+number%12)
	case 10:
		return "cancel"
	default:
		return ""
	}
}

// mayInvite tells whether people can be named behind this text.
func mayInvite(text string) bool {
	return text != "show" && text != "link" && text != "cancel" && !strings.HasPrefix(text, "rename")
}

// chaosAsk is one request to come.
type chaosAsk struct {
	id, user, text string
	room           chaosRoom
	mention        bool
	at             int           // the replica that gets it
	again          int           // the one that gets it a second time
	repeat         int           // how it is repeated, if at all
	press          bool          // whether the asker presses a button afterwards
	wait           time.Duration // before that
	edit           int           // how the asker edits the mention, if at all
	company        chaosCompany  // whom it names
}

// How a mention is edited.
const (
	editsAtOnce = 1 // the edit arrives together with the message, in either order
	editsLater  = 2 // the edit arrives after the message
)

func (a chaosAsk) edits() bool { return a.edit == editsAtOnce || a.edit == editsLater }

// said is what the asker types: of a mention that is edited, a text that no other request has.
func (a chaosAsk) said() string {
	switch {
	case !a.mention || !a.edits() || a.text == "show" || a.text == "link" || a.text == "cancel",
		strings.HasPrefix(a.text, "rename"), strings.Contains(a.text, " at "):
		return a.text
	case strings.HasPrefix(a.text, "new"):
		return "new " + a.draft()
	default:
		return a.draft()
	}
}

// draft and final are the subjects of a mention before and after it is edited.
func (a chaosAsk) draft() string { return "Draft " + a.id }

func (a chaosAsk) final() string { return "Final " + a.id }

// chaosEdit is a mention that was edited.
type chaosEdit struct {
	chaosAsk
	accepted bool // the bot had accepted the message before the edit was sent
}

// ask carries the request out as the platform does.
func (c *chaos) ask(a chaosAsk) {
	c.asked(a)
	if a.mention {
		c.mentionOf(a)
	} else {
		c.commandOf(a)
	}
	if a.press {
		c.pressOf(a)
	}
}

// asked notes that a request is made.
func (c *chaos) asked(a chaosAsk) {
	c.happened(historycheck.Event{
		Kind: historycheck.Asked, Request: a.id, User: a.user, Place: a.room.place(), Conversation: a.room.conversation,
		Fresh: strings.HasPrefix(a.text, "new"), Marks: a.company.marks, Named: a.company.named,
		Outside: a.company.outside, Unknown: a.company.unknown,
	})
}

// named notes what the bot calls a request.
func (c *chaos) named(a chaosAsk, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests[id] = a.id
	if len(a.company.marks) > 0 {
		c.companies[id] = a.company
	}
}

// pressOf has the asker press the button of a card. The bot's answer to that is of no consequence, as long as it is
// none of its own: an answer that nobody asked for breaks the history.
func (c *chaos) pressOf(a chaosAsk) {
	card := c.card(a.room.channel)
	if card.TS == "" {
		return
	}
	url, _ := c.replicas[a.again].at()
	if _, err := c.Slack.Press(c.t.Context(), url, slacktest.Press{User: a.user, Message: card}); err != nil &&
		c.t.Context().Err() == nil {
		c.t.Errorf("press: %v", err)
	}
}

// commandOf runs a slash command. One in four that was answered is replayed: the answer to that reaches nobody.
func (c *chaos) commandOf(a chaosAsk) {
	url, _ := c.replicas[a.at].at()
	req, err := c.Slack.CommandRequest(c.t.Context(), url, slacktest.Command{User: a.user, Channel: a.room.channel,
		Text: a.text})
	if err != nil {
		c.t.Errorf("command: %v", err)
		return
	}
	signature := sha256.Sum256([]byte(req.Header.Get("X-Slack-Signature")))
	c.named(a, "slack:request:"+hex.EncodeToString(signature[:16]))
	m, ok := c.post(req, a)
	if !ok {
		return
	}
	for _, token := range tokensIn(m.Text) {
		c.mu.Lock()
		if c.links[a.room.conversation] == nil {
			c.links[a.room.conversation] = map[string]bool{}
		}
		c.links[a.room.conversation][token] = true
		c.mu.Unlock()
	}
	if m.Text == "" { // the card is a message of its own
		c.happened(historycheck.Event{Kind: historycheck.Acknowledged, Request: a.id})
	} else if link(m) == "" && isAcknowledgement(m.Text) {
		c.happened(historycheck.Event{Kind: historycheck.Acknowledged, Request: a.id})
	} else if !isNoAnswer(m.Text) {
		c.happened(historycheck.Event{
			Kind: historycheck.Shown, Request: a.id, User: m.To, Place: a.room.place(), Link: link(m),
			None: saysNone(m.Text), Why: saysWhy(m.Text), Marks: marksOn(m), Start: startOn(m.Text),
		})
	} else {
		c.leftUnsure(m.Text[:min(len(m.Text), 30)])
	}
	if a.repeat > 1 {
		return
	}
	c.pause(a.wait)
	other, _ := c.replicas[a.again].at()
	replay, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, other+req.URL.Path, nil)
	if err != nil {
		c.t.Errorf("replay: %v", err)
		return
	}
	replay.Header = req.Header
	replay.ContentLength = req.ContentLength
	if replay.Body, err = req.GetBody(); err != nil {
		c.t.Errorf("replay: %v", err)
		return
	}
	// Where the first answer came from what the conversation had, the request is not remembered: a meeting that has died
	// since is replaced, for everybody.
	if m, ok := c.post(replay, a); !ok || m.Text == "" || isAcknowledgement(m.Text) {
		c.mu.Lock()
		c.replays++
		c.mu.Unlock()
	}
}

// post sends a command and reads the answer as Slack does: nothing that comes later than after three seconds.
func (c *chaos) post(req *http.Request, a chaosAsk) (slacktest.Message, bool) {
	ctx, cancel := context.WithTimeout(req.Context(), 3*time.Second)
	defer cancel()
	resp, err := http.DefaultClient.Do(req.WithContext(ctx))
	if err != nil {
		c.leftUnsure("no answer")
		return slacktest.Message{}, false
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		c.leftUnsure(resp.Status)
		return slacktest.Message{}, false
	}
	if len(body) == 0 {
		return slacktest.Message{}, true
	}
	var answer struct {
		ResponseType string          `json:"response_type"`
		Text         string          `json:"text"`
		Blocks       json.RawMessage `json:"blocks"`
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err := json.Unmarshal(body, &answer); err != nil || media != "application/json" || answer.Text == "" {
		c.t.Errorf("request %s was answered with %q", a.id, body)
		return slacktest.Message{}, false
	}
	m := slacktest.Message{Text: answer.Text, Blocks: answer.Blocks, To: a.user}
	if answer.ResponseType == "in_channel" {
		m.To = ""
	}
	return m, true
}

func (c *chaos) leftUnsure(how string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unsure[how]++
}

// mentionOf mentions the bot. The event is delivered until a replica accepts it, four times at most, and sometimes once
// more: to another replica at the same moment, or later. Some mentions are edited: at once, or after they were answered
// or are about to be.
func (c *chaos) mentionOf(a chaosAsk) {
	said, ok := c.say(a)
	if !ok {
		return
	}
	var wg sync.WaitGroup
	if a.repeat == 0 {
		wg.Go(func() { c.deliver(a, said, a.again, 1) })
	}
	if a.edit == editsAtOnce {
		wg.Go(func() { c.editOf(a, said, false) })
	}
	accepted := c.deliverUntilAccepted(a, said)
	wg.Wait()
	if a.edit == editsLater {
		c.pause(2 * a.wait)
		c.editOf(a, said, accepted)
	}
	if a.repeat == 1 {
		c.pause(a.wait)
		c.deliver(a, said, a.again, 1)
	}
}

// editOf has the asker turn a mention into a wish for a new meeting. Slack delivers that as another event.
func (c *chaos) editOf(a chaosAsk, said slacktest.Delivery, accepted bool) {
	c.mu.Lock()
	c.edited = append(c.edited, chaosEdit{a, accepted})
	c.mu.Unlock()
	edit, ok := c.mention(a, "new "+a.final(), said.TS)
	if !ok {
		return
	}
	c.happened(historycheck.Event{Kind: historycheck.Wished, Conversation: a.room.conversation})
	a.at = a.again
	c.deliverUntilAccepted(a, edit)
}

// reordered mentions the bot twice, one after the other, and delivers the later mention first.
func (c *chaos) reordered(first, second chaosAsk) {
	first.edit, second.edit = 0, 0
	c.asked(first)
	earlier, ok := c.say(first)
	c.asked(second)
	later, ok2 := c.say(second)
	if !ok || !ok2 {
		return
	}
	c.deliverUntilAccepted(second, later)
	c.pause(first.wait)
	c.deliverUntilAccepted(first, earlier)
}

// say posts a mention, and has it delivered to nobody yet.
func (c *chaos) say(a chaosAsk) (slacktest.Delivery, bool) {
	d, ok := c.mention(a, a.said(), "")
	if ok {
		c.named(a, "slack:message:slack:"+c.Slack.Team()+":"+a.room.channel+":"+d.TS)
	}
	return d, ok
}

// mention posts a mention, or edits the one with the given time stamp, and has the event delivered to nobody yet.
func (c *chaos) mention(a chaosAsk, text, edits string) (slacktest.Delivery, bool) {
	d, err := c.Slack.Mention(c.t.Context(), "http://127.0.0.1:1", slacktest.Mention{
		User: a.user, Channel: a.room.channel, ThreadTS: a.room.thread, Edits: edits,
		Text: strings.TrimSpace("<@" + c.Slack.BotUser() + "> meet " + text),
	})
	if err != nil {
		c.t.Errorf("mention: %v", err)
	}
	return d, err == nil
}

// deliverUntilAccepted delivers a mention four times at most, and tells whether a replica accepted it.
func (c *chaos) deliverUntilAccepted(a chaosAsk, said slacktest.Delivery) bool {
	for retry := range 4 {
		if c.deliver(a, said, (a.at+retry)%len(c.replicas), retry) {
			return true
		}
		c.pause(a.wait)
	}
	return false
}

// deliver delivers a mention once, and tells whether the bot accepted it.
func (c *chaos) deliver(a chaosAsk, said slacktest.Delivery, to, retry int) bool {
	url, _ := c.replicas[to].at()
	status, err := c.Slack.Deliver(c.t.Context(), url, said.Envelope, retry, "http_error")
	if err != nil || status < 200 || status > 299 {
		return false
	}
	c.happened(historycheck.Event{Kind: historycheck.Acknowledged, Request: a.id})
	if a.room.thread == "" {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.roots[a.room.channel] = said.TS
	}
	return true
}

// probe asks in every place what its meeting is, when all is calm again: each replica must answer, and the history
// tells whether it is what was shown last.
func (c *chaos) probe() {
	c.t.Helper()
	var wg sync.WaitGroup
	for i, room := range c.rooms {
		wg.Go(func() {
			c.ask(chaosAsk{
				id: fmt.Sprintf("probe %d.%d", c.traffic, i), user: chaosProbe(i), room: room, text: "show",
				at:      i % len(c.replicas),
				mention: room.thread != "", repeat: 9,
			})
		})
	}
	wg.Wait()
	before := c.reported()
	c.settle()
	if again := c.reported() - before; again > 0 {
		c.t.Errorf("CHAOS_SEED=%d: %d answers were repeated with no fault about", c.Seed, again)
	}
	answered := map[string]bool{}
	asked := map[string]string{}
	for _, e := range c.history() {
		switch {
		case e.Kind == historycheck.Asked && strings.HasPrefix(e.Request, fmt.Sprintf("probe %d.", c.traffic)):
			asked[e.User] = e.Request
		case e.Kind == historycheck.Shown && e.Request != "":
			answered[e.Request] = true
		case e.Kind == historycheck.Shown && asked[e.User] != "":
			answered[asked[e.User]] = true
		}
	}
	for user, request := range asked {
		if !answered[request] {
			c.t.Errorf("CHAOS_SEED=%d: with no fault about, %s of %s was not answered", c.Seed, request, user)
		}
	}
}

func isAcknowledgement(text string) bool { return strings.Contains(text, "Setting up the meeting") }

func saysNone(text string) bool { return strings.Contains(text, "There is no meeting here yet") }

// isNoAnswer tells whether the words leave open what becomes of the request.
func isNoAnswer(text string) bool {
	for _, words := range []string{"I cannot reach my database", "Already on it",
		"I am still starting"} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}
