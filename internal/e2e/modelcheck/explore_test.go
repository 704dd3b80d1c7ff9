//go:build !race

package modelcheck

import (
	"fmt"
	"math/bits"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"meetbot/bot"
	"meetbot/store"
)

// set is a set of claims, by number.
type set [2]uint64

func (s set) has(i int) bool    { return s[i/64]>>(i%64)&1 == 1 }
func (s set) with(i int) set    { s[i/64] |= 1 << (i % 64); return s }
func (s set) and(o set) set     { return set{s[0] & o[0], s[1] & o[1]} }
func (s set) without(o set) set { return set{s[0] &^ o[0], s[1] &^ o[1]} }
func (s set) all(yield func(int) bool) {
	for w, word := range s {
		for ; word != 0; word &= word - 1 {
			if !yield(w*64 + bits.TrailingZeros64(word)) {
				return
			}
		}
	}
}

// crowd is the largest number of attempts that go on at once.
const crowd = 4

// moment is one state of everything: what Redis holds, what Graph holds, where each attempt stands, and as much of
// the past as the promises speak of.
type moment struct {
	content  int32 // of Redis
	made     set   // claims for which Graph has made a meeting
	stood    set   // claims whose meeting was the conversation's at some time
	released set   // claims that were released; kept of those for which Graph has, or may be about to have, a meeting
	shown    struct {
		generation int32 // the last one
		link       int32
		everybody  int32 // who showed it to everybody; 0 for nobody
	}
	faults   int8         // that have happened
	refusals int8         // of organizers whom Graph serves at other calls
	failures int8         // attempts after one that ended because Graph failed, and failures where Graph falters
	at       [crowd]int32 // the point at which each attempt stands; 0 before it begins

	back    bool  // the founder's account is enabled again
	renewed bool  // the founder's meeting was given new times in Graph
	renamed bool  // the founder's meeting has its new name in Graph
	options bool  // Graph has the options of the newest meeting
	why     set   // claims of whose meeting somebody was told why it took the place of another
	card    int32 // what the posted card shows
}

// fate is what becomes of the meeting that the conversation has from the beginning.
type fate string

const (
	lives    fate = ""
	expired  fate = "expired"  // its link stopped working, as its record says
	lapsed   fate = "lapsed"   // its link stopped working, and nobody knows
	extended fate = "extended" // its record says that it has expired, and Graph that it has not
	orphaned fate = "orphaned" // its organizer's account is disabled, as its record says
	unseen   fate = "unseen"   // its organizer's account is disabled, and nobody knows
	missing  fate = "missing"  // Graph does not find it, and has another one under its external ID
	due      fate = "due"      // it can be renewed
)

// graphRule is how Graph treats an organizer.
type graphRule int

const (
	makes   graphRule = iota
	refuses           // at every call, since no access policy covers the organizer
	rejects           // at every call, for what the organizer is: no licence, or the meeting policy
	wavers            // calls are refused now and then, as while an access policy spreads
	fails             // every call fails in passing; the meeting may be made all the same
	falters           // calls fail in passing now and then; the meeting may be made all the same
)

// scenario is a small case to be gone through completely.
type scenario struct {
	name   string
	met    bool // the conversation has a meeting already
	people []person
	faults int8                 // crashes and lost answers, all in all
	giveUp bool                 // a crash can keep a job so long that it is given up
	graph  map[string]graphRule // by organizer; those not named are served
	// refusals is how many calls for organizers with whom Graph wavers are refused at most. Without a bound such a
	// Graph can keep two askers going round for ever, each of them releasing the claim that the other one is carrying
	// out.
	refusals int8
	// failures is how many calls for organizers with whom Graph falters fail at most, and how often jobs are attempted
	// again because of a failure. After that, they are too old.
	failures int8
	// left is a pending claim, of an organizer called founder, whose job is lost.
	left bool
	// blind leaves Graph's meetings unchecked, for what can be noticed without.
	blind   bool
	policy  bot.OrganizerPolicy
	fate    fate               // with met
	returns bool               // the founder's account may be enabled again at any time
	cards   bool               // a card of the first meeting was posted, and can be changed
	options bot.MeetingOptions // of new meetings
	// conversations is the store as the attempts see it; nil for as it is.
	conversations func(*store.Store, *miniredis.Miniredis) bot.Conversations
}

// record is one key of Redis.
type record struct{ key, value string }

// explorer goes through a scenario.
type explorer struct {
	t        *testing.T
	scenario scenario
	people   []person // of the scenario, then the visitors
	place    bot.Conversation
	catalog  *bot.Catalog
	mini     *miniredis.Miniredis
	store    *store.Store      // the real one
	called   bot.Conversations // as the attempts see it

	other string // the link of the meeting that Graph has in the place of one that is missing

	points   []*point // 0 is nobody's
	roots    map[string]int32
	contents [][]record
	views    []bot.State // of each content
	numbers  map[string]int32
	claimed  map[string]int // number of each claim, by ID
	claims   []bot.Claim
	links    []string // of the claims
	answers  map[asked]answered
	scripts  int // calls that Redis has really answered

	index   map[moment]int32
	moments []moment
	from    []int32 // the moment from which each was first reached
	next    [][]int32
	alone   map[moment]bool // in which only a visitor goes on

	orphans  int // the most meetings of Graph's that nobody was ever to get
	heedless int // steps that tell of a refusal or of giving up where the store has just said that there is a meeting
	rounds   int // the most claims that one attempt made
}

type asked struct {
	content, call int32
	old           bool
}

// answered is an answer, with the number by which it is known and what it leaves in Redis.
type answered struct {
	content int32
	number  int32
	answer  answer
}

// way is one way in which a call can go.
type way struct {
	to     moment
	number int32
	answer answer
}

func newExplorer(t *testing.T, sc scenario) *explorer {
	t.Helper()
	mini := miniredis.RunT(t)
	x := &explorer{
		t: t, scenario: sc, people: slices.Concat(sc.people, visitors), place: channel(), mini: mini,
		store:  open(t, "redis://"+mini.Addr(), store.Options{Replica: "one"}),
		points: []*point{nil}, roots: map[string]int32{}, numbers: map[string]int32{}, answers: map[asked]answered{},
		claimed: map[string]int{}, index: map[moment]int32{}, alone: map[moment]bool{},
	}
	mini.SetTime(present)
	x.other = "https://teams.example/join/" + url.PathEscape("other/"+x.place.String())
	catalog, err := bot.NewCatalog()
	must(t, err)
	x.catalog, x.called = catalog, x.store
	if sc.conversations != nil {
		x.called = sc.conversations(x.store, mini)
	}
	return x
}

// present is the time of Redis' clock, and aging is after how long a claim is old enough to give way.
var present = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const aging = 45 * time.Second

// number gives equal texts the same number, from 1 on.
func (x *explorer) number(text string) int32 {
	n, ok := x.numbers[text]
	if !ok {
		n = int32(len(x.numbers) + 1)
		x.numbers[text] = n
	}
	return n
}

// linkOf is the link of the meeting that Graph makes of a claim: the same for the same organizer and external ID.
func linkOf(c bot.Claim) string {
	return "https://teams.example/join/" + url.PathEscape(c.Organizer.ID+"/"+c.Request.ExternalID)
}

// claim gives the claim's number.
func (x *explorer) claim(c bot.Claim) int {
	i, ok := x.claimed[c.ID]
	if ok {
		return i
	}
	i = len(x.claims)
	if i == 128 {
		x.t.Fatal("more claims than the sets have room for")
	}
	link := linkOf(c)
	if x.scenario.fate == missing && c.ID != "first" && c.Organizer.ID == founder && c.Request.ExternalID == x.place.String() {
		link = x.other
	}
	x.claimed[c.ID], x.claims, x.links = i, append(x.claims, c), append(x.links, link)
	return i
}

// dump returns the number of what Redis holds.
func (x *explorer) dump() int32 {
	var held []record
	var text strings.Builder
	for _, key := range x.mini.Keys() {
		value, err := x.mini.Get(key)
		must(x.t, err)
		held = append(held, record{key, value})
		fmt.Fprintf(&text, "%q %q\n", key, value)
	}
	known := len(x.numbers)
	n := x.number("redis " + text.String())
	if len(x.numbers) > known {
		state, err := x.store.Read(x.t.Context(), x.place, bot.Asker{})
		must(x.t, err)
		x.contents = append(x.contents, make([][]record, int(n)+1-len(x.contents))...)
		x.views = append(x.views, make([]bot.State, int(n)+1-len(x.views))...)
		x.contents[n], x.views[n] = held, state
	}
	return n
}

// ask has the store answer a call while Redis holds the given content. With old, the pending claim was recorded a while
// ago.
// The scripts depend on nothing else, so each question is really asked once.
func (x *explorer) ask(content int32, p *point, old bool) answered {
	key := asked{content, p.call, old}
	a, ok := x.answers[key]
	if ok {
		return a
	}
	x.mini.FlushDB()
	for _, r := range x.contents[content] {
		must(x.t, x.mini.Set(r.key, r.value))
	}
	if old {
		x.mini.SetTime(present.Add(aging))
		defer x.mini.SetTime(present)
	}
	var err error
	ctx, c := x.t.Context(), p.next
	switch c.op {
	case opRead:
		a.answer.state, err = read(ctx, x.called, c.place, c.reading)
	case opClaim:
		a.answer.state, err = x.called.Claim(ctx, c.claim, c.fresh, c.seen)
	case opComplete:
		a.answer.state, err = x.called.Complete(ctx, c.claim, c.meeting)
	case opRelease:
		a.answer.state, err = x.called.Release(ctx, c.claim)
	case opUndo:
		a.answer.state, a.answer.undone, err = x.called.Undo(ctx, c.place, c.undo)
	case opChange:
		a.answer.state, err = x.called.ChangeMeeting(ctx, c.place, c.id, c.change)
	case opCards:
		a.answer.cards, err = x.store.Cards(ctx, c.place)
	case opKeep:
		err = x.store.KeepCard(ctx, c.place, c.card)
	}
	must(x.t, err)
	a.answer.old = old
	x.scripts++
	a.content, a.number = x.dump(), x.number("answer "+a.answer.String())
	x.answers[key] = a
	return a
}

// root is the beginning of an attempt: the asking itself, or a job that was accepted before.
func (x *explorer) root(asker, attempt int, job *bot.Job, aged bool) int32 {
	seen, id := -1, ""
	if job != nil {
		seen, id = job.Seen, job.ID
	}
	key := fmt.Sprint(asker, attempt, seen, aged, id)
	i, ok := x.roots[key]
	if !ok {
		i = x.add(&point{asker: asker, attempt: attempt, job: job, old: job != nil, aged: aged})
		x.roots[key] = i
	}
	return i
}

// after is the point to which an answer leads.
func (x *explorer) after(i int32, a answer, number int32) int32 {
	p := x.points[i]
	child, ok := p.children[number]
	if !ok {
		child = x.add(&point{
			asker: p.asker, attempt: p.attempt, job: p.job, old: p.old, aged: p.aged,
			history: append(slices.Clip(p.history), a),
		})
		p.children[number] = child
	}
	return child
}

// same returns one point for all that the attempt goes on from alike, however it came there. Where a round begins, all
// that an attempt carries over from earlier ones is in the claim that it makes; once the answer was given, all that is
// left is to say so, and then nothing.
func (x *explorer) same(i int32) int32 {
	p := x.points[i]
	var key string
	switch p.next.op {
	case opClaim:
		key = fmt.Sprint("claim", p.asker, p.attempt, p.aged, p.job.Seen, p.call)
	case opDone:
		key = fmt.Sprint("done", p.asker, p.attempt, p.aged, p.job.Seen, p.job.ID, p.outcome)
	case "":
		key = fmt.Sprint("end", p.asker, p.job.Seen, p.outcome)
	default:
		return i
	}
	if _, ok := x.roots[key]; !ok {
		x.roots[key] = i
	}
	return x.roots[key]
}

// spent tells whether somebody has made as many meetings as anybody may.
func (x *explorer) spent(identity string) bool {
	return slices.ContainsFunc(x.people, func(p person) bool { return p.identity() == identity && p.spent })
}

func (x *explorer) add(p *point) int32 {
	p.children = map[int32]int32{}
	run(x.t, x.catalog, x.scenario, x.people[p.asker], x.spent, x.place, p)
	type all call // without its String method, which leaves things out
	told := all(p.next)
	told.change = nil // its effect tells it from others
	p.call = x.number("call " + fmt.Sprintf("%+v", told))
	x.points = append(x.points, p)
	x.rounds = max(x.rounds, p.rounds)
	return int32(len(x.points) - 1)
}

// begin is the moment before anybody asks.
func (x *explorer) begin() moment {
	var m moment
	m.content = x.dump()
	if x.scenario.met {
		first := bot.NewClaim(x.place, 1, false)
		first.ID, first.Organizer = "first", bot.Organizer{ID: founder, Name: founder}
		_, err := x.store.Claim(x.t.Context(), first, false, 0)
		must(x.t, err)
		i := x.claim(first)
		meeting := meetingFor(first)
		meeting.OnlineMeeting = x.online(m, x.links[i])
		switch x.scenario.fate {
		case expired, extended:
			meeting.Expires = present.Add(-time.Hour)
		case lapsed:
			meeting.Expires = present.Add(30 * 24 * time.Hour)
		case orphaned:
			meeting.Orphaned = true
		}
		_, err = x.store.Complete(x.t.Context(), first, meeting)
		must(x.t, err)
		if x.scenario.cards {
			must(x.t, x.store.KeepCard(x.t.Context(), x.place, bot.PostedCard{Ref: "card", Generation: 1,
				Language: bot.English}))
			m.card = x.number(fmt.Sprint([2]any{1, ""}))
		}
		m.content, m.made, m.stood = x.dump(), m.made.with(i), m.stood.with(i)
		if x.scenario.fate == missing {
			i = x.claim(bot.Claim{ID: "other", Organizer: bot.Organizer{ID: founder},
				Request: bot.MeetingRequest{ExternalID: x.place.String()}})
			m.made, m.stood = m.made.with(i), m.stood.with(i)
		}
	}
	if x.scenario.left {
		lost := bot.NewClaim(x.place, 1, false)
		lost.ID, lost.Job, lost.Organizer.ID = "lost", "lost", "founder"
		_, err := x.store.Claim(x.t.Context(), lost, false, 0)
		must(x.t, err)
		x.claim(lost)
		m.content = x.dump()
	}
	for i, p := range x.scenario.people {
		switch {
		case p.upkeep != "" && p.upkeep != bot.JobCards:
			m.at[i] = x.root(i, 0, x.background(p, 1), false)
		case p.same == "" && p.undoes == "" && p.upkeep == "":
			m.at[i] = x.root(i, 0, nil, false)
		}
	}
	return m
}

// background is the job of a person who is none.
func (x *explorer) background(p person, generation int) *bot.Job {
	j := &bot.Job{
		ID: p.name, Conversation: x.place, Intent: bot.Intent{Kind: p.upkeep, Generation: generation},
		Seen: generation, Accepted: present,
	}
	if p.as != "" {
		j.Command = bot.Command{Kind: bot.Meet}
		j.Asker = bot.Asker{Platform: x.place.Platform, Workspace: x.place.Workspace, User: p.as}
	}
	return j
}

// reply has the store answer the call that an attempt stands at.
func (x *explorer) reply(m moment, p *point, old bool) way {
	a := x.ask(m.content, p, old)
	m.content = a.content
	if pending := x.views[m.content].Pending; pending != nil && x.scenario.fate == missing { // whose meeting may be there already
		x.claim(*pending)
	}
	if now := x.views[m.content].Meeting; now != nil {
		if p.next.op == opUndo && now.ClaimID == p.next.undo.ID { // nobody claimed it
			x.claim(bot.Claim{ID: now.ClaimID, Generation: now.Generation, Organizer: now.Organizer,
				Request: bot.MeetingRequest{ExternalID: now.ExternalID}})
		}
		if i, ok := x.claimed[now.ClaimID]; ok {
			m.stood = m.stood.with(i)
		}
	}
	if p.next.op == opRelease {
		m.released = m.released.with(x.claim(p.next.claim))
	}
	return way{to: m, number: a.number, answer: a.answer}
}

// explore goes through every schedule, the short ones first. An error tells the promise that was broken, and then
// the shortest schedule that leads to it, from its last step back to its first.
func (x *explorer) explore() error {
	x.reach(x.begin(), -1)
	for i := int32(0); int(i) < len(x.moments); i++ {
		m := x.moments[i]
		var next []int32
		err := x.onward(m, func(to moment, _ func() string) error {
			next = append(next, x.reach(to, i))
			return nil
		})
		if err == nil {
			err = x.visit(m, 0)
		}
		if err == nil && len(next) == 0 {
			err = x.settled(m)
		}
		if err != nil {
			return fmt.Errorf("%w%s", err, x.schedule(i))
		}
		x.next = append(x.next, next)
	}
	return nil
}

func (x *explorer) reach(m moment, from int32) int32 {
	i, ok := x.index[m]
	if !ok {
		i = int32(len(x.moments))
		x.index[m] = i
		x.moments, x.from = append(x.moments, m), append(x.from, from)
	}
	return i
}

// steps counts the steps from all moments to the next.
func (x *explorer) steps() (n int) {
	for _, next := range x.next {
		n += len(next)
	}
	return n
}

// schedules counts the ways from the beginning to an end. Every step is an answer more or a fault less, so there is no
// way round in circles.
func (x *explorer) schedules() float64 {
	ways := make([]float64, len(x.moments))
	var count func(i int32) float64
	count = func(i int32) float64 {
		if ways[i] == 0 {
			if len(x.next[i]) == 0 {
				ways[i] = 1
			}
			for _, next := range x.next[i] {
				ways[i] += count(next)
			}
		}
		return ways[i]
	}
	return count(0)
}

// schedule tells how a moment was reached, the last step first.
func (x *explorer) schedule(i int32) string {
	var lines strings.Builder
	for ; x.from[i] >= 0; i = x.from[i] {
		var last string
		_ = x.onward(x.moments[x.from[i]], func(to moment, step func() string) error {
			if to == x.moments[i] {
				last = step()
			}
			return nil
		})
		lines.WriteString("\n" + last)
	}
	return lines.String()
}
