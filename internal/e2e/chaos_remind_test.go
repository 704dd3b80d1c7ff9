//go:build integration

package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
	"meetbot/internal/e2e/historycheck"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// chaosRemindBefore is how long before a date the replicas remind of it: the default.
const chaosRemindBefore = 10 * time.Minute

// datedRoom is a channel of a fault's own, in which nobody else talks, with a date.
type datedRoom struct {
	chaosRoom
	user   string
	fate   string
	start  time.Time
	stands bool
}

// What becomes of a date before its reminder is due.
const (
	fateStands    = "stands"
	fateKept      = "somebody else is asked whether to change it, and does not"
	fateCancelled = "is cancelled"
	fateMoved     = "is moved"
	fateQuiet     = "nobody wants to be reminded"
	fateReplaced  = "its meeting is replaced"
)

// disturbance is what happens when a reminder is due.
type disturbance struct {
	name   string
	well   bool // the reminder is not in its way
	past   bool // it is too late for the reminder then
	strike func(c *chaos, d *rand.Rand, rooms []*datedRoom)
}

// becomesDue moves the clock to that long before the first of the dates.
func (c *chaos) becomesDue(rooms []*datedRoom, before time.Duration) {
	first := slices.MinFunc(rooms, func(a, b *datedRoom) int { return a.start.Compare(b.start) })
	if by := first.start.Add(-before).Sub(c.Clock.Now()); by > 0 {
		c.moves(by)
	}
}

// justDue is when the reminders of dates that were set within a minute are due.
const justDue = chaosRemindBefore - time.Minute

func disturbances() []disturbance {
	return []disturbance{
		{name: "none", well: true, strike: func(c *chaos, _ *rand.Rand, rooms []*datedRoom) {
			c.becomesDue(rooms, justDue)
		}},
		{name: "all replicas are away until a minute before the date", well: true,
			strike: func(c *chaos, _ *rand.Rand, rooms []*datedRoom) {
				c.away(func() { c.becomesDue(rooms, time.Minute) })
			}},
		{name: "all replicas are away until the date has passed", past: true,
			strike: func(c *chaos, _ *rand.Rand, rooms []*datedRoom) {
				c.away(func() {
					c.becomesDue(rooms, -2*time.Minute)
					c.pause(chaosOvertaking) // what was under way has been posted by then
				})
			}},
		{name: "a replica ends when the job is accepted", strike: func(c *chaos, d *rand.Rand, rooms []*datedRoom) {
			accepted := c.remindAccepted(rooms[0])
			c.becomesDue(rooms, justDue)
			c.endSome(d, accepted)
		}},
		{name: "a replica ends while it posts", strike: func(c *chaos, d *rand.Rand, rooms []*datedRoom) {
			c.Slack.Fault(faultserver.Fault{Target: "chat.postMessage", Latency: 3 * time.Second, Works: d.IntN(2) == 0,
				Reset: true})
			accepted, posting := c.remindAccepted(rooms[0]), make(chan struct{})
			c.stops.Go(func() {
				select {
				case <-accepted:
					c.pause(200 * time.Millisecond) // from there, the post is some calls of Redis away
					close(posting)
				case <-time.After(4 * time.Second): // it is not waited for any longer
				}
			})
			c.becomesDue(rooms, justDue)
			c.endSome(d, posting)
			c.Slack.ClearFaults()
		}},
		{name: "Slack refuses", strike: func(c *chaos, d *rand.Rand, rooms []*datedRoom) {
			f := faultserver.Fault{Target: "chat.postMessage", Status: pick(d, 429, 500, 503), Works: d.IntN(4) == 0}
			if f.Status == http.StatusTooManyRequests {
				f.RetryAfter, f.Works = pick(d, "1", "2"), false
			}
			c.Slack.Fault(f)
			c.becomesDue(rooms, justDue)
			c.pause(time.Second + upTo(d, 3*time.Second))
			c.Slack.ClearFaults()
		}},
		{name: "Redis is away", strike: func(c *chaos, d *rand.Rand, rooms []*datedRoom) {
			victim := c.redisVictim(d)
			c.becomesDue(rooms, justDue)
			c.pause(upTo(d, 1500*time.Millisecond))
			if d.IntN(2) == 0 {
				c.redis.kill(victim)
				c.pause(upTo(d, c.patience()))
				c.redis.restart(victim)
			} else {
				c.redis.freeze(victim)
				c.pause(upTo(d, 4*time.Second))
				c.redis.thaw(victim)
			}
		}},
		{name: "replicas are stopped one after the other", strike: func(c *chaos, d *rand.Rand, rooms []*datedRoom) {
			c.becomesDue(rooms, justDue)
			for i := range c.replicas {
				c.pause(upTo(d, time.Second))
				c.terminate(i)
				c.launch(i)
			}
		}},
	}
}

// remindAccepted is the moment at which the job is accepted that reminds a channel.
func (c *chaos) remindAccepted(room *datedRoom) <-chan struct{} {
	return c.once(func() bool {
		jobs, _ := c.redis.client.XRevRangeN(c.t.Context(), "{mb:jobs}:stream", "+", "-", 10).Result()
		return slices.ContainsFunc(jobs, func(j redis.XMessage) bool {
			job := fmt.Sprint(j.Values["job"])
			return strings.Contains(job, string(bot.JobRemind)) && strings.Contains(job, room.channel)
		})
	})
}

// remindFaults strike when the reminders of dates are due.
func remindFaults() []chaosFault {
	var faults []chaosFault
	for _, dis := range disturbances() {
		faults = append(faults, chaosFault{name: "a reminder is due: " + dis.name, weight: 2,
			strike: func(c *chaos, d *rand.Rand) { c.reminders(d, dis) }})
	}
	return faults
}

// away ends all replicas, and has them back after that was done.
func (c *chaos) away(do func()) {
	for i := range c.replicas {
		c.kill(i)
	}
	do()
	for i := range c.replicas {
		c.launch(i)
	}
}

// endSome ends one replica, or all of them, when the moment comes.
func (c *chaos) endSome(d *rand.Rand, moment <-chan struct{}) {
	victim, all := d.IntN(len(c.replicas)), d.IntN(2) == 0
	c.endAt(d, victim, moment)
	for i := range c.replicas {
		if all && i != victim {
			c.kill(i)
		}
	}
	for i := range c.replicas {
		if all || i == victim {
			c.launch(i)
		}
	}
}

// reminders has some people set dates, lets something become of them and something happen when their reminders are due,
// and notes that those of dates that stand must have been posted.
func (c *chaos) reminders(d *rand.Rand, dis disturbance) {
	fates := []string{fateStands, pick(d, fateStands, fateKept, fateCancelled, fateMoved, fateQuiet, fateReplaced)}
	var rooms []*datedRoom
	for i, fate := range fates {
		room := &datedRoom{chaosRoom: c.ownRoom(), user: c.nextSpare(), fate: fate}
		if c.sets(d, room, i == 0 && d.IntN(3) == 0) {
			rooms = append(rooms, room)
		}
	}
	if len(rooms) == 0 {
		c.missed++
		return
	}
	for _, room := range rooms {
		c.decides(d, room)
	}
	dis.strike(c, d, rooms)
	c.heal()
	if dis.past {
		c.pause(3 * time.Second) // three looks of each replica at what is due
		return
	}
	c.awaitReminders(rooms)
	c.moves(bot.DueLease + 10*time.Second) // what a replica took that is no more comes again
	c.awaitReminders(rooms)
	c.pause(2 * time.Second) // two looks of each replica at what is due
	for _, room := range rooms {
		if c.Clock.Now().Before(room.start) {
			c.happened(historycheck.Event{Kind: historycheck.Due, Conversation: room.conversation, Start: room.start,
				Well: dis.well})
		}
	}
}

// ownRoom makes a channel in which only the fault talks.
func (c *chaos) ownRoom() chaosRoom {
	c.ownRooms++
	id := fmt.Sprintf("C0OWN%05d", c.ownRooms)
	c.channelOf(id)
	return chaosRoom{channel: id, conversation: c.conversation(id, "")}
}

// sets has somebody set a date. With a crash, a replica ends right after the meeting was made. It tells whether the date
// was shown.
func (c *chaos) sets(d *rand.Rand, room *datedRoom, crash bool) bool {
	a := c.scripted(d, *room, "Plan in 25 minutes")
	if crash {
		key := "mb:{" + room.conversation + "}:m:"
		complete := c.once(func() bool {
			n, err := c.redis.client.Exists(c.t.Context(), key).Result()
			return err == nil && n > 0
		})
		var wg sync.WaitGroup
		wg.Go(func() { c.ask(a) })
		c.endAt(d, a.at, complete)
		c.launch(a.at)
		wg.Wait()
		c.awaitAnswer(a, true)
	}
	for tries := 0; tries < 3; tries++ {
		for _, m := range c.Slack.Messages(room.channel) {
			if start := startOn(m.Text); !start.IsZero() && m.Author == c.Slack.BotUser() && link(m) != "" {
				room.start = start
				return true
			}
		}
		if tries > 0 || crash {
			a = c.scripted(d, *room, "Plan in 25 minutes")
		}
		c.askAndWait(a)
	}
	return false
}

// decides carries out what becomes of a date.
func (c *chaos) decides(d *rand.Rand, room *datedRoom) {
	other := *room
	other.user = c.nextSpare()
	switch room.fate {
	case fateKept:
		c.askAndWait(c.scripted(d, other, "tomorrow at 9:00"))
	case fateCancelled:
		c.askAndWait(c.scripted(d, *room, "cancel"))
	case fateMoved:
		c.askAndWait(c.scripted(d, *room, "in 3 hours"))
	case fateReplaced:
		c.askAndWait(c.scripted(d, other, "new"))
	case fateQuiet:
		c.quiets(d, other)
	}
	room.stands = room.fate == fateStands || room.fate == fateKept
}

// askAndWait asks and waits for the answer.
func (c *chaos) askAndWait(a chaosAsk) {
	c.ask(a)
	c.awaitAnswer(a, false)
}

// scripted is a command of the room's user.
func (c *chaos) scripted(d *rand.Rand, room datedRoom, text string) chaosAsk {
	a := c.spareAsk(d, d.IntN(len(c.replicas)), room.chaosRoom, text)
	a.user, a.mention = room.user, false
	return a
}

// nextSpare is a user of this batch who has not asked yet.
func (c *chaos) nextSpare() string {
	c.spare++
	return chaosSpare(c.spare - 1)
}

// quiets has somebody press the button against the reminder of a date.
func (c *chaos) quiets(d *rand.Rand, room datedRoom) {
	a := c.scripted(d, room, "")
	var card slacktest.Message
	for _, m := range c.Slack.Messages(room.channel) {
		if startOn(m.Text).Equal(room.start) && strings.Contains(string(m.Blocks), `"`+string(bot.ActionQuiet)+`"`) {
			card = m
		}
	}
	if card.TS == "" { // the card is an answer in place, which nobody can press here
		return
	}
	c.happened(historycheck.Event{Kind: historycheck.Asked, Request: a.id, User: a.user, Place: a.room.place(),
		Conversation: a.room.conversation, Link: link(card), Start: room.start})
	url, _ := c.replicas[a.at].at()
	said, err := c.Slack.Press(c.t.Context(), url, slacktest.Press{User: a.user, Message: card,
		ActionID: string(bot.ActionQuiet)})
	if err != nil {
		c.t.Errorf("press: %v", err)
	}
	if said.Status != http.StatusOK {
		c.leftUnsure("press")
		return
	}
	c.happened(historycheck.Event{Kind: historycheck.Acknowledged, Request: a.id})
	c.awaitAnswer(a, false)
}

// awaitAnswer waits until a request that is the only one in its place is answered. One that was not acknowledged may
// have been accepted all the same: with unsure, that is waited for.
func (c *chaos) awaitAnswer(a chaosAsk, unsure bool) {
	asked, acknowledged := time.Time{}, unsure
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); c.pause(30 * time.Millisecond) { // between two looks
		c.mu.Lock()
		for _, e := range c.events {
			switch {
			case e.Request != a.id:
			case e.Kind == historycheck.Asked:
				asked = e.At
			case e.Kind == historycheck.Shown:
				c.mu.Unlock()
				return
			case e.Kind == historycheck.Acknowledged:
				acknowledged = true
			}
		}
		c.mu.Unlock()
		if !acknowledged {
			return
		}
		for _, m := range c.Slack.Messages(a.room.channel) {
			if m.Author == c.Slack.BotUser() && m.At.After(asked) && !saysReminded(m.Text) {
				return
			}
		}
	}
}

// awaitReminders waits until every date that stands was reminded of, or the bot has said that its reminder may be
// missing. It does not wait for long.
func (c *chaos) awaitReminders(rooms []*datedRoom) {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); c.pause(50 * time.Millisecond) { // between looks
		unsure := c.unsureReminders()
		if !slices.ContainsFunc(rooms, func(room *datedRoom) bool {
			return room.stands && !slices.ContainsFunc(c.Slack.Messages(room.channel), func(m slacktest.Message) bool {
				return m.Author == c.Slack.BotUser() && saysReminded(m.Text)
			}) && !slices.ContainsFunc(unsure, func(e historycheck.Event) bool {
				return e.Conversation == room.conversation
			})
		}) {
			return
		}
	}
}

// unsureReminders are those of which the replicas logged that they may be missing.
func (c *chaos) unsureReminders() (events []historycheck.Event) {
	for line := range strings.Lines(c.logs.String()) {
		var l struct {
			Time         time.Time `json:"time"`
			Conversation string    `json:"conversation"`
		}
		if !strings.Contains(line, "it is not posted again") || json.Unmarshal([]byte(line), &l) != nil {
			continue
		}
		events = append(events, historycheck.Event{Kind: historycheck.Unsure, At: l.Time, Conversation: l.Conversation})
	}
	return events
}

// clockAt is what the clock of meetings showed at that time.
func (c *chaos) clockAt(at time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ahead time.Duration
	for _, move := range c.moved {
		if at.Before(move.at) {
			break
		}
		ahead = move.ahead
	}
	return at.Add(ahead)
}

// reached is when the clock of meetings first showed that time, or a later one.
func (c *chaos) reached(told time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	var from time.Time
	var ahead time.Duration
	for _, move := range c.moved {
		if at := told.Add(-ahead); at.Before(move.at) {
			return latestOf(at, from)
		}
		from, ahead = move.at, move.ahead
	}
	return latestOf(told.Add(-ahead), from)
}

func latestOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
