//go:build integration

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"meetbot/internal/e2e/historycheck"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/testenv"
)

// chaosCompany is whom a command names. Everybody in it but colleagues is named by this command alone, so that the card
// that mentions them is known to be its answer.
type chaosCompany struct {
	typed   []string // as Slack writes mentions
	marks   []string // as a card mentions them
	named   []string // who can be invited
	outside []string // who does not read the channel
	unknown []string // who is not in Entra
}

// with is a text that invites them.
func (p chaosCompany) with(text string) string {
	if len(p.typed) == 0 {
		return text
	}
	return strings.TrimSpace(text + " with " + strings.Join(p.typed, ", "))
}

// base is such a text without them.
func (p chaosCompany) base(text string) string {
	return strings.TrimSpace(strings.TrimSuffix(text, "with "+strings.Join(p.typed, ", ")))
}

// add adds somebody who is not in the channel.
func (p *chaosCompany) add(user string) {
	p.mention(user)
	p.outside = append(p.outside, user)
}

func (p *chaosCompany) mention(user string) {
	p.typed = append(p.typed, "<@"+user+"|"+strings.ToLower(user)+">")
	p.marks = append(p.marks, user)
}

// company draws whom a command names: people who do not read the channel, alone or in a user group, sometimes a
// colleague of the asker, who does, and sometimes somebody whom nobody knows in Entra.
func (c *chaos) company(d *rand.Rand, asker string) (p chaosCompany) {
	for range 1 + d.IntN(2) {
		user := c.outsider(true)
		p.add(user)
		p.named = append(p.named, user)
	}
	colleague := chaosUser(d.IntN(c.People))
	if d.IntN(3) == 0 && colleague != asker {
		p.mention(colleague)
		p.named = append(p.named, colleague)
	}
	if d.IntN(5) == 0 {
		user := c.outsider(false)
		p.add(user)
		p.unknown = append(p.unknown, user)
	}
	if d.IntN(5) == 0 {
		member := c.outsider(true)
		group := "S0" + strings.TrimPrefix(member, "U0")
		c.Slack.AddUserGroup(slacktest.UserGroup{ID: group, Users: []string{member, asker}})
		p.typed, p.marks = append(p.typed, "<!subteam^"+group+"|@"+strings.ToLower(group)+">"), append(p.marks, group)
		p.named, p.outside = append(p.named, member), append(p.outside, member)
	}
	return p
}

// outsider adds somebody who reads no channel and never asks, known in Entra or not.
func (c *chaos) outsider(known bool) string {
	c.mu.Lock()
	c.outsiders++
	user := fmt.Sprintf("U0OUT%05d", c.outsiders)
	id := newGUID()
	if known {
		c.userOf[strings.ToLower(id)] = user
	}
	c.mu.Unlock()
	email := strings.ToLower(user) + "@contoso.example"
	p := testenv.Person{Slack: &slacktest.User{ID: user, Name: strings.ToLower(user), RealName: user, Email: email,
		EmailConfirmed: true, Locale: "en-US"}}
	if known {
		p.Entra = &graphtest.User{ID: id, UPN: email, Mail: email, DisplayName: user}
	}
	if err := c.AddPerson(p); err != nil {
		c.t.Errorf("add %s: %v", user, err)
	}
	return user
}

// invites makes a request one that names people.
func (c *chaos) invites(d *rand.Rand, a chaosAsk) chaosAsk {
	a.company = c.company(d, a.user)
	a.text, a.edit = a.company.with(a.text), 0
	return a
}

// askWith is askIn for so many users of whom each names other people.
func (c *chaos) askWith(d *rand.Rand, replica int, room chaosRoom, text string, users int) (wait func()) {
	var wg sync.WaitGroup
	for range users {
		a := c.invites(d, c.spareAsk(d, replica, room, text))
		wg.Go(func() { c.ask(a) })
	}
	return wg.Wait
}

// inviteFaults strike while people are invited.
func inviteFaults() []chaosFault {
	text := func(d *rand.Rand) string {
		return pick(d, "", "", "new", "tomorrow at 10:00", "new Plan tomorrow at 11:00")
	}
	return []chaosFault{
		{name: "several invite at once", weight: 4, strike: func(c *chaos, d *rand.Rand) {
			room, victim := c.rooms[d.IntN(len(c.rooms))], d.IntN(6)
			c.askIn(d, d.IntN(3), room, "", 1)()
			if d.IntN(2) == 0 {
				c.Graph.Fault(faultserver.Fault{Target: pick(d, "meeting", "changeMeeting"), Latency: upTo(d, 2*time.Second)})
			}
			var waits []func()
			for i := range 3 + d.IntN(4) {
				waits = append(waits, c.askWith(d, i%len(c.replicas), room, "", 1))
			}
			if victim < len(c.replicas) {
				c.pause(upTo(d, time.Second))
				c.kill(victim)
				c.launch(victim)
			}
			for _, wait := range waits {
				wait()
			}
			c.Graph.ClearFaults()
		}},
		{name: "replica ended while people are looked up or put on the list", weight: 4,
			strike: func(c *chaos, d *rand.Rand) {
				victim := d.IntN(3)
				f, struck := struckOnce(faultserver.Fault{Target: pick(d, "users", "meeting", "changeMeeting"),
					Latency: 3 * time.Second, Works: true, Reset: true})
				c.Graph.Fault(f)
				wait := c.askWith(d, victim, c.rooms[d.IntN(len(c.rooms))], text(d), 2)
				c.endAt(d, victim, struck)
				c.Graph.ClearFaults()
				c.launch(victim)
				wait()
			}},
		{name: "a meeting is replaced before its people are mentioned", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			room, victim := c.rooms[d.IntN(len(c.rooms))], d.IntN(6)
			c.askIn(d, d.IntN(3), room, "", 1)()
			f, struck := struckOnce(faultserver.Fault{Target: "chat.postMessage", Status: http.StatusServiceUnavailable,
				Latency: upTo(d, time.Second)})
			c.Slack.Fault(f)
			wait := c.askWith(d, victim%len(c.replicas), room, pick(d, "", "tomorrow at 10:00"), 1)
			if victim < len(c.replicas) {
				c.endAt(d, victim, struck)
				c.launch(victim)
			} else {
				c.pause(upTo(d, time.Second))
			}
			c.askIn(d, d.IntN(3), room, "new", 1)()
			c.Slack.ClearFaults()
			wait()
		}},
		{name: "replica ended while people are told", weight: 4, strike: func(c *chaos, d *rand.Rand) {
			victim := d.IntN(3)
			f, struck := struckOnce(faultserver.Fault{Target: pick(d, "conversations.members", "usergroups.users.list",
				"users.info", "chat.postMessage"), Latency: 3 * time.Second, Works: d.IntN(2) == 0, Reset: true})
			c.Slack.Fault(f)
			wait := c.askWith(d, victim, c.rooms[d.IntN(len(c.rooms))], text(d), 2)
			c.endAt(d, victim, struck)
			c.Slack.ClearFaults()
			c.launch(victim)
			wait()
		}},
		{name: "Graph fails about people", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			c.Graph.Fault(failing(d, pick(d, "users", "user", "meeting", "changeMeeting")))
			wait := c.askWith(d, d.IntN(3), c.rooms[d.IntN(len(c.rooms))], text(d), 3)
			c.pause(upTo(d, 4*time.Second))
			c.Graph.ClearFaults()
			wait()
		}},
		{name: "Slack fails about people", weight: 3, strike: func(c *chaos, d *rand.Rand) {
			c.Slack.Fault(failing(d, pick(d, "conversations.members", "usergroups.users.list", "users.info",
				"chat.postMessage")))
			wait := c.askWith(d, d.IntN(3), c.rooms[d.IntN(len(c.rooms))], text(d), 3)
			c.pause(upTo(d, 4*time.Second))
			c.Slack.ClearFaults()
			wait()
		}},
	}
}

var chaosMark = regexp.MustCompile(`<(?:@|!subteam\^)([A-Z0-9]+)>`)

// marksOn are those whom a card mentions. A card has no other mentions.
func marksOn(m slacktest.Message) (marks []string) {
	for _, found := range chaosMark.FindAllStringSubmatch(m.Text, -1) {
		marks = append(marks, found[1])
	}
	return marks
}

var chaosDate = regexp.MustCompile(`(?:· |New time: |Starts )<!date\^([0-9]+)\^`)

// startOn is the date on a card; zero for none.
func startOn(text string) time.Time {
	found := chaosDate.FindStringSubmatch(text)
	if found == nil {
		return time.Time{}
	}
	unix, err := strconv.ParseInt(found[1], 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

// saysLeftOut tells whether the words say who is not on a meeting's list.
func saysLeftOut(text string) bool {
	return strings.Contains(text, "are not on the meeting's list") || refusesList(text)
}

// refusesList tells whether the words say that nobody who was named is on the list.
func refusesList(text string) bool {
	return strings.Contains(text, "Microsoft Teams did not take the list of people") ||
		strings.Contains(text, "everybody you named on the meeting's list")
}

// asides begin, or hold, what the asker alone is told beside a card for everybody. It is no answer of its own.
var asides = regexp.MustCompile(`already has a meeting, “|^I left “|^That time is past today|^The clocks s|` +
	`^I do not know your time zone|^I read the date with|is a part of the name now\.|^If you want another time`)

func saysAside(text string) bool { return asides.MatchString(text) }

func saysInvited(text string) bool {
	return strings.Contains(text, "invites you to this Microsoft Teams meeting")
}

func saysReminded(text string) bool { return strings.Contains(text, "Starts <!date^") }

func saysQuiet(text string) bool {
	return strings.Contains(text, "I will not remind anybody of this date")
}

// aboutPeople makes the event of a message that is no answer, for what it says of people and dates.
func (c *chaos) aboutPeople(m slacktest.Message, e historycheck.Event) (historycheck.Event, bool) {
	switch {
	case m.Author != c.Slack.BotUser():
		return e, false
	case saysLeftOut(m.Text):
		e.Kind = historycheck.LeftOut
		if !refusesList(m.Text) {
			e.Named = marksOn(m)
		}
	case saysInvited(m.Text):
		e.Kind = historycheck.Invited
	case saysReminded(m.Text):
		e.Kind, e.Start = historycheck.Reminded, startOn(m.Text)
		e.Left = e.Start.Sub(c.clockAt(e.At.Add(-chaosOvertaking)))
		e.Since = c.reached(e.Start.Add(-chaosRemindBefore))
	default:
		return e, false
	}
	return e, true
}

// rests notes what each conversation holds now that nothing is left to do.
func (c *chaos) rests() {
	c.t.Helper()
	lists := map[string][]string{} // by link
	for _, m := range c.Graph.Meetings() {
		users := []string{c.userBy(m.UserID)}
		for _, id := range attendeeIDs(m) {
			users = append(users, c.userBy(id))
		}
		lists[m.JoinURL] = users
	}
	seen := map[string]bool{}
	for _, room := range c.rooms {
		if seen[room.conversation] {
			continue
		}
		seen[room.conversation] = true
		m := c.holds(room)
		if m == nil {
			continue
		}
		c.happened(historycheck.Event{Kind: historycheck.Rest, Conversation: room.conversation, Link: m.JoinURL,
			Named: slices.Clone(lists[m.JoinURL])})
	}
}

// userBy is the user who is this person in Entra.
func (c *chaos) userBy(entraID string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.userOf[strings.ToLower(entraID)]
}

// namedIn is the request that a job follows from which the queue has under that name: one that invites people, or tells
// them. It is empty if there is none.
func (c *chaos) namedIn(job string) string {
	if !strings.HasPrefix(job, "invite-") && !strings.HasPrefix(job, "tell-") {
		return ""
	}
	const mostGenerations = 100
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, p := range c.companies {
		for generation := range mostGenerations {
			invite := "invite-" + jobHash(fmt.Sprintf("%s\n%d", id, generation))
			if job == invite || slices.ContainsFunc(p.outside, func(user string) bool {
				return job == "tell-"+jobHash(invite+"\n"+user)
			}) {
				return c.requests[id]
			}
		}
	}
	return ""
}

// jobHash is how the names of such jobs end.
func jobHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// attendeeIDs are the object IDs of a meeting's attendees.
func attendeeIDs(m graphtest.Meeting) (ids []string) {
	for _, raw := range m.Attendees {
		var a struct {
			Identity struct{ User struct{ ID string } }
		}
		if json.Unmarshal(raw, &a) == nil {
			ids = append(ids, a.Identity.User.ID)
		}
	}
	return ids
}
