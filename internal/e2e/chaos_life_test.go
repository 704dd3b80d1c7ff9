//go:build integration

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"meetbot/bot"
	"meetbot/internal/e2e/historycheck"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
)

// chaosNotice is the time in which every replica has the moved clock, and a request under way has its answer.
const chaosNotice = time.Second

// chaosPublic is where lasting links begin.
const chaosPublic = "http://localhost:1"

// clockMove is a move of the clock by which meetings live.
type clockMove struct {
	at    time.Time     // in real time
	ahead time.Duration // from then on
}

// lifeFaults are those of a meeting's life: what Microsoft Teams and Entra do to links, and time.
func lifeFaults() []chaosFault {
	return []chaosFault{
		{name: "a meeting expires", weight: 4, strike: func(c *chaos, d *rand.Rand) {
			rooms := c.someRooms(d, 3)
			c.dying(false, func() {
				for _, room := range rooms {
					if m := c.holds(room); m != nil {
						c.Graph.ExpireMeeting(m.JoinURL)
					}
				}
			})
			c.later(d, rooms)
		}},
		{name: "an organizer is disabled", weight: 4, strike: func(c *chaos, d *rand.Rand) {
			rooms := c.someRooms(d, 3)
			var away []string
			c.dying(false, func() {
				for _, room := range rooms {
					if m := c.holds(room); m != nil && c.disabled(m.Organizer.ID, true) {
						away = append(away, m.Organizer.ID)
					}
				}
			})
			c.later(d, rooms)
			c.pause(upTo(d, 2*time.Second))
			wait := c.tenAsk(d, rooms[0])
			c.pause(upTo(d, 500*time.Millisecond))
			c.dying(false, func() {
				for _, id := range away {
					c.disabled(id, false)
				}
			})
			wait()
		}},
		{name: "an organizer is removed", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			rooms := c.someRooms(d, 2)
			c.dying(false, func() {
				for _, room := range rooms {
					if m := c.holds(room); m != nil && c.mayLeave(m.Organizer.ID) {
						c.Graph.RemoveUser(m.Organizer.ID)
					}
				}
			})
			c.later(d, rooms)
		}},
		{name: "the clock moves 61 days", weight: 4, strike: func(c *chaos, d *rand.Rand) {
			room := c.rooms[d.IntN(len(c.rooms))]
			victim := d.IntN(6)
			c.moves(61 * day)
			wait := c.tenAsk(d, room)
			if victim < len(c.replicas) { // and one of those who are asked dies of it
				c.pause(upTo(d, 200*time.Millisecond))
				c.kill(victim)
				c.launch(victim)
			}
			wait()
		}},
		{name: "chat.update fails", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			c.Slack.Fault(failing(d, "chat.update"))
			rooms := c.someRooms(d, 3)
			var waits []func()
			for i, room := range rooms {
				waits = append(waits, c.askIn(d, i, room, "new", 1), c.askIn(d, d.IntN(3), room, "rename Other", 1))
			}
			c.pause(time.Second + upTo(d, 3*time.Second))
			c.Slack.ClearFaults()
			for _, wait := range waits {
				wait()
			}
		}},
	}
}

// someRooms are so many places, or fewer.
func (c *chaos) someRooms(d *rand.Rand, n int) (rooms []chaosRoom) {
	for range n {
		if room := c.rooms[d.IntN(len(c.rooms))]; !slices.Contains(rooms, room) {
			rooms = append(rooms, room)
		}
	}
	return rooms
}

// holds is the meeting that a place has now; nil if it has none, or if Redis does not say.
func (c *chaos) holds(room chaosRoom) *bot.Meeting {
	parts := append(strings.Split(room.conversation, ":"), "")
	state, err := c.queue.Read(c.t.Context(), bot.Conversation{Platform: parts[0], Workspace: parts[1],
		Channel: parts[2], Thread: parts[3]}, bot.Asker{})
	if err != nil {
		return nil
	}
	return state.Meeting
}

// tenAsk has ten people ask for the meeting of one place at the same moment, of all replicas.
func (c *chaos) tenAsk(d *rand.Rand, room chaosRoom) (wait func()) {
	var waits []func()
	for i := range 10 {
		waits = append(waits, c.askIn(d, i%len(c.replicas), room, "", 1))
	}
	return func() {
		for _, wait := range waits {
			wait()
		}
	}
}

// later lets two days pass, after which whoever asks has the meeting looked up, and some ask.
func (c *chaos) later(d *rand.Rand, rooms []chaosRoom) {
	c.moves(2 * day)
	var waits []func()
	for _, room := range rooms {
		for range 1 + d.IntN(3) {
			waits = append(waits, c.askIn(d, d.IntN(len(c.replicas)), room, pick(d, "", "", "", "show"), 1))
		}
	}
	for _, wait := range waits {
		wait()
	}
}

// mayLeave tells whether this organizer may lose the account for good: who asks when all is calm again may not.
func (c *chaos) mayLeave(id string) bool {
	for user, entra := range c.entraID {
		if entra == id {
			return strings.HasPrefix(user, "U0CHAOS")
		}
	}
	return false
}

// disabled disables an account in Entra, or enables it again. It tells whether there is such an account.
func (c *chaos) disabled(id string, disabled bool) bool {
	return c.Graph.ChangeUser(id, func(u *graphtest.User) { u.Disabled = disabled }) == nil
}

// moves moves the clock of meetings.
func (c *chaos) moves(by time.Duration) {
	c.dying(true, func() {
		c.mu.Lock()
		c.moved = append(c.moved, clockMove{time.Now(), c.ahead + by})
		c.mu.Unlock()
		c.moveClock(by)
	})
}

// dying does something that links die or revive of, and notes which. known says that the bot knows without asking. A
// link counts as dead from before that was done, and as alive from after it.
func (c *chaos) dying(known bool, do func()) {
	before := time.Now()
	do()
	after := time.Now()
	for _, m := range c.Graph.Meetings() {
		works := c.Graph.Joinable(m.JoinURL)
		was, seen := c.works[m.JoinURL]
		c.works[m.JoinURL] = works
		switch {
		case !works && (was || !seen):
			c.happened(historycheck.Event{Kind: historycheck.Died, At: before, Link: m.JoinURL, Known: known})
		case works && seen && !was:
			c.happened(historycheck.Event{Kind: historycheck.Revived, At: after, Link: m.JoinURL})
		}
	}
}

// realTime is when something happened that Graph's clock tells.
func (c *chaos) realTime(told time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ahead time.Duration
	for _, move := range c.moved {
		if told.Add(-ahead).Before(move.at) {
			break
		}
		ahead = move.ahead
	}
	return told.Add(-ahead)
}

// saysWhy tells whether a card says why the link is another one.
func saysWhy(text string) bool {
	return strings.Contains(text, "The earlier meeting had expired") ||
		strings.Contains(text, "account is no longer active, so this is a new meeting")
}

// unasked counts the answers that were given to people whose link turned out not to work, beside those that they asked
// for.
func (c *chaos) unasked() (n int) {
	for line := range strings.Lines(c.logs.String()) {
		var l struct {
			Command, Outcome string
		}
		if strings.Contains(line, `"msg":"command answered"`) && json.Unmarshal([]byte(line), &l) == nil &&
			l.Command == string(bot.JobConfirm) && (l.Outcome == string(bot.OutcomeMade) ||
			l.Outcome == string(bot.OutcomeJoined) || l.Outcome == string(bot.OutcomeKnown) ||
			strings.HasPrefix(l.Outcome, "refused")) {
			n++
		}
	}
	return n
}

// comeBack has somebody ask in every place when all is calm, two days later: whatever died meanwhile is found out. After
// that, everybody is shown a link that can be joined, the lasting link leads to it, and so does every card that stands
// in the channel and can be changed.
func (c *chaos) comeBack() {
	c.t.Helper()
	c.moves(2 * day)
	c.everywhere("come back", "")
	c.settle()
	shown := c.everywhere("settled", "show")
	c.everywhere("lasting", "link")
	c.settle()
	for conversation, links := range shown {
		slices.Sort(links)
		links = slices.Compact(links)
		switch {
		case len(links) != 1:
			c.t.Errorf("CHAOS_SEED=%d: when all is calm, %s is shown %d links", c.Seed, conversation, len(links))
		case !c.Graph.Joinable(links[0]):
			c.t.Errorf("CHAOS_SEED=%d: when all is calm, %s is shown a link that cannot be joined", c.Seed, conversation)
		default:
			if !c.lost(conversation) {
				c.postedCards(conversation, links[0])
			}
			c.leadsOn(conversation, links[0])
		}
	}
}

// lost tells whether a fail-over lost generations of a conversation: its cards may be of a meeting of the same generation.
func (c *chaos) lost(conversation string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.events, func(e historycheck.Event) bool {
		return e.Kind == historycheck.Lost && e.Conversation == conversation
	})
}

// everywhere asks in every place, and returns the links that were shown of each conversation.
func (c *chaos) everywhere(what, text string) map[string][]string {
	c.t.Helper()
	c.mu.Lock()
	c.rounds++
	prefix := fmt.Sprintf("%s %d.", what, c.rounds)
	c.mu.Unlock()
	began := time.Now()
	var wg sync.WaitGroup
	for i, room := range c.rooms {
		wg.Go(func() {
			c.ask(chaosAsk{id: fmt.Sprint(prefix, i), user: chaosProbe(i), room: room, text: text,
				at: i % len(c.replicas), mention: room.thread != "", repeat: 9})
		})
	}
	wg.Wait()
	c.settle()
	shown := map[string][]string{}
	rooms := map[string]string{}
	for i, room := range c.rooms {
		rooms[chaosProbe(i)] = room.conversation
	}
	answered := map[string]bool{}
	for _, e := range c.rawHistory() {
		user := e.User
		if i := strings.TrimPrefix(e.Request, prefix); i != e.Request {
			n := 0
			_, _ = fmt.Sscan(i, &n)
			user = chaosProbe(n)
		}
		if e.Kind != historycheck.Shown || e.At.Before(began) || rooms[user] == "" {
			continue
		}
		answered[user] = true
		if e.Link != "" {
			shown[rooms[user]] = append(shown[rooms[user]], e.Link)
		} else if text == "show" {
			c.t.Errorf("CHAOS_SEED=%d: when all is calm, %s is shown no link in %s", c.Seed, user, rooms[user])
		}
	}
	for user, conversation := range rooms {
		if text == "show" && !answered[user] {
			c.t.Errorf("CHAOS_SEED=%d: when all is calm, %s is not answered in %s", c.Seed, user, conversation)
		}
	}
	return shown
}

// postedCards checks the cards of a conversation that the bot keeps: each shows the current meeting. The others that lead
// elsewhere are counted: the process that posted them ended before it could keep them, or Slack refused to change them.
func (c *chaos) postedCards(conversation, current string) {
	c.t.Helper()
	parts := append(strings.Split(conversation, ":"), "")
	place := bot.Conversation{Platform: parts[0], Workspace: parts[1], Channel: parts[2], Thread: parts[3]}
	forgotten := false // a process could not note a card, and said so
	for line := range strings.Lines(c.logs.String()) {
		forgotten = forgotten || strings.Contains(line, "cannot remember a card") &&
			strings.Contains(line, `"conversation":"`+conversation+`"`)
	}
	var stale []slacktest.Message
	var kept string
	var state bot.State
	for end := time.Now().Add(chaosWithin); ; c.pause(100 * time.Millisecond) { // between two looks
		cards, err := c.queue.Cards(c.t.Context(), place)
		if err == nil {
			state, err = c.queue.Read(c.t.Context(), place, bot.Asker{})
		}
		if err != nil || state.Meeting == nil {
			c.t.Errorf("CHAOS_SEED=%d: read %s when all is calm: %v", c.Seed, conversation, err)
			return
		}
		stale, kept = nil, fmt.Sprint(cards)
		wrong := 0
		for _, m := range c.Slack.Messages(parts[2]) {
			if m.Via != "chat.postMessage" || m.To != "" || link(m) == "" || c.belongs(m) != conversation ||
				link(m) == current && (saysEnded(m.Text) || strings.Contains(m.Text, state.Meeting.Subject)) {
				continue
			}
			stale = append(stale, m)
			if strings.Contains(kept, m.TS) && !forgotten {
				wrong++
			}
		}
		if wrong == 0 && state.Meeting.Todo&bot.TodoCards == 0 {
			break
		}
		if time.Now().After(end) {
			c.t.Errorf("CHAOS_SEED=%d: when all is calm, %d cards of %s can be changed and show another meeting or another "+
				"name; to do %b, kept %s: %v", c.Seed, wrong, conversation, state.Meeting.Todo, kept, texts(stale))
			return
		}
	}
	for _, m := range stale {
		c.staleCards[m.Channel+m.TS] = true
	}
}

func saysEnded(text string) bool { return strings.Contains(text, "This meeting was replaced") }

// belongs is the conversation of which a message shows the meeting; empty if it shows none.
func (c *chaos) belongs(m slacktest.Message) string {
	for _, made := range c.Graph.Meetings() {
		if made.JoinURL == link(m) {
			conversation, _ := tracedBy(made.ExternalID)
			return conversation
		}
	}
	return ""
}

var chaosLink = regexp.MustCompile(regexp.QuoteMeta(chaosPublic+bot.LinkPath) + "[A-Z2-7]{26}")

// tokensIn are the paths of the lasting links in a text.
func tokensIn(text string) (paths []string) {
	for _, url := range chaosLink.FindAllString(text, -1) {
		paths = append(paths, strings.TrimPrefix(url, chaosPublic))
	}
	return paths
}

// leadsOn checks that the conversation's lasting link, the same whenever it was shown, leads to the current meeting.
func (c *chaos) leadsOn(conversation, current string) {
	c.t.Helper()
	c.mu.Lock()
	tokens := maps.Clone(c.links[conversation])
	c.mu.Unlock()
	if tokens == nil {
		tokens = map[string]bool{}
	}
	for _, m := range c.Slack.Messages(strings.Split(conversation, ":")[2]) {
		if c.conversationOf(placeOf(m.Channel, m.ThreadTS)) == conversation {
			for _, token := range tokensIn(m.Text) {
				tokens[token] = true
			}
		}
	}
	if len(tokens) != 1 && c.overs == 0 {
		c.t.Errorf("CHAOS_SEED=%d: %s has %d lasting links", c.Seed, conversation, len(tokens))
		return
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	leads := 0
	for token := range tokens {
		url, _ := c.replicas[len(conversation)%len(c.replicas)].at()
		resp, err := client.Get(url + token)
		if err != nil {
			c.t.Errorf("CHAOS_SEED=%d: follow the lasting link of %s: %v", c.Seed, conversation, err)
			return
		}
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusFound && resp.Header.Get("Location") == current {
			leads++
		} else if c.overs == 0 {
			c.t.Errorf("CHAOS_SEED=%d: the lasting link of %s is answered with %s, and leads elsewhere", c.Seed,
				conversation, resp.Status)
		}
	}
	if leads == 0 {
		c.t.Errorf("CHAOS_SEED=%d: no lasting link of %s leads to its meeting", c.Seed, conversation)
	}
}

// conversationOf is the conversation of a place; empty if nobody asked there.
func (c *chaos) conversationOf(place string) string {
	for _, room := range c.rooms {
		if room.place() == place {
			return room.conversation
		}
	}
	return ""
}
