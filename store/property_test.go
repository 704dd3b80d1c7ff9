//go:build integration

package store_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"meetbot/bot"
	"meetbot/internal/redistest"
	"meetbot/store"
)

// world is a channel and its threads, the people who ask there, and what must never change about it.
type world struct {
	t       *rapid.T
	s       *store.Store
	channel bot.Conversation
	places  []bot.Conversation                       // the channel and its threads
	graph   map[string]bot.Meeting                   // by organizer and external ID, as createOrGet is idempotent
	refused map[string]bool                          // organizers for whom Graph makes nothing
	seen    map[bot.Conversation]map[int]bot.Meeting // every meeting that was ever found, by generation
	highest map[bot.Conversation]int                 // generation
	pending map[bot.Conversation]string              // claim ID
	ended   map[string]bool                          // claims that became a meeting
	gone    map[string]bool                          // claims that were released
	settled map[bot.Conversation]bool                // threads that had a meeting of their own
	claims  []bot.Claim                              // all that were ever tried, for late repetitions
	askers  []*asker
}

// asker is one attempt at a command, cut into the steps between which anything may happen.
type asker struct {
	name  string
	c     bot.Conversation
	fresh bool
	seen  int
	step  step   // nil once finished or crashed
	shown string // the link that was shown in the end
}

// step makes one call and returns what comes after it.
type step func() step

// check holds a state against everything that was found before.
func (w *world) check(st bot.State) bot.State {
	w.t.Helper()
	c := st.Conversation
	if st.Meeting == nil && w.highest[c] > 0 {
		w.t.Fatalf("%v has lost its meeting", c)
	}
	if st.Meeting != nil {
		m := *st.Meeting
		if m.Generation < w.highest[c] {
			w.t.Fatalf("%v went back from generation %d to %d", c, w.highest[c], m.Generation)
		}
		if w.gone[m.ClaimID] {
			w.t.Fatalf("%v has the meeting of claim %s, which was released", c, m.ClaimID)
		}
		if w.seen[c] == nil {
			w.seen[c] = map[int]bot.Meeting{}
		}
		if before, ok := w.seen[c][m.Generation]; ok && before != m {
			w.t.Fatalf("generation %d of %v was %+v and is %+v", m.Generation, c, before, m)
		}
		w.highest[c], w.seen[c][m.Generation], w.ended[m.ClaimID] = m.Generation, m, true
		if c.Thread != "" {
			w.settled[c] = true
		}
	}
	now := ""
	if st.Pending != nil {
		now = st.Pending.ID
	}
	if before := w.pending[c]; before != "" && before != now && !w.gone[before] && !w.ended[before] {
		w.t.Fatalf("claim %s of %v gave way to %q, neither completed nor released", before, c, now)
	}
	w.pending[c] = now
	return st
}

func (w *world) release(claim bot.Claim) bot.State {
	w.t.Helper()
	st, err := w.s.Release(w.t.Context(), claim)
	if !w.ended[claim.ID] {
		w.gone[claim.ID] = true
	}
	return w.must(st, err)
}

func (w *world) must(st bot.State, err error) bot.State {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return w.check(st)
}

func (w *world) read(c bot.Conversation, l reading) bot.State {
	w.t.Helper()
	st := w.must(read(w.t.Context(), w.s, c, l))
	if w.settled[c] && st.Conversation != c {
		w.t.Fatalf("%v had a meeting of its own and belongs to %v now", c, st.Conversation)
	}
	return st
}

// create is createOrGet.
func (w *world) create(claim bot.Claim) (bot.Meeting, bool) {
	if w.refused[claim.Organizer.ID] {
		return bot.Meeting{}, false
	}
	key := claim.Organizer.ID + "|" + claim.Request.ExternalID
	m, ok := w.graph[key]
	if !ok {
		m = bot.Meeting{
			OnlineMeeting: bot.OnlineMeeting{JoinURL: fmt.Sprintf("https://teams.example/join/%d", len(w.graph))},
			ExternalID:    claim.Request.ExternalID, Organizer: claim.Organizer,
		}
		w.graph[key] = m
	}
	return m, true
}

// ask prepares an attempt as the bot makes it. Each of its steps is one call.
func (w *world) ask(name string, c bot.Conversation, fresh bool) *asker {
	a := &asker{name: name, c: c, fresh: fresh}
	var claiming, creating, completing, releasing step
	var claim, carried bot.Claim
	var made bot.Meeting
	show := func(m *bot.Meeting) step {
		// Only what Redis holds is shown, so the next asker gets it too.
		if w.seen[a.c][m.Generation] != *m {
			w.t.Fatalf("%s is shown %+v, which %v never had", name, m, a.c)
		}
		a.shown = m.JoinURL
		return nil
	}
	// onward is what an attempt does with what it found.
	onward := func(st bot.State) step {
		a.c = st.Conversation
		switch {
		case a.fresh && st.Pending != nil:
			carried = *st.Pending
			return creating
		case st.Meeting != nil && (!a.fresh || st.Meeting.Generation != a.seen):
			return show(st.Meeting)
		case st.Pending != nil:
			carried = *st.Pending
			return creating
		default:
			claim = bot.NewClaim(a.c, a.seen+1, a.fresh)
			claim.User = a.name
			claim.Organizer.ID = name
			return claiming
		}
	}
	a.step = func() step {
		st := w.read(a.c, reading{})
		a.seen = st.Generation()
		if a.fresh || st.Meeting == nil {
			a.c = st.Conversation
			claim = bot.NewClaim(a.c, a.seen+1, a.fresh)
			claim.User = a.name
			claim.Organizer.ID = name
			return claiming
		}
		return onward(st)
	}
	claiming = func() step {
		w.claims = append(w.claims, claim)
		return onward(w.must(w.s.Claim(w.t.Context(), claim, a.fresh, a.seen)))
	}
	creating = func() step {
		var ok bool
		if made, ok = w.create(carried); !ok {
			return releasing
		}
		return completing
	}
	completing = func() step {
		st := w.must(w.s.Complete(w.t.Context(), carried, made))
		if st.Meeting != nil && st.Meeting.ClaimID == carried.ID {
			if st.Meeting.JoinURL != made.JoinURL {
				w.t.Fatalf("claim %s became %s, Graph says %s", carried.ID, st.Meeting.JoinURL, made.JoinURL)
			}
			return show(st.Meeting)
		}
		return onward(st)
	}
	releasing = func() step {
		st := w.release(carried)
		if carried.Organizer.ID == name {
			return nil // told of their own refusal
		}
		return onward(st)
	}
	w.askers = append(w.askers, a)
	return a
}

// advance takes one step of an attempt; repeat throws its result away and takes it once more, as a call does whose
// answer was lost.
func (w *world) advance(a *asker, repeat bool) {
	if a.step == nil {
		return
	}
	next := a.step()
	if repeat {
		next = a.step()
	}
	a.step = next
}

// TestAnyInterleavingKeepsTheMeeting plays askers, crashes, refusals, lost answers and late repetitions in any order.
func TestAnyInterleavingKeepsTheMeeting(t *testing.T) {
	s := open(t, redistest.Start(t, redistest.Options{}).URL(), store.Options{Replica: "one"})
	rapid.Check(t, func(t *rapid.T) {
		w := &world{
			t: t, s: s, channel: channel(), graph: map[string]bot.Meeting{}, refused: map[string]bool{},
			seen: map[bot.Conversation]map[int]bot.Meeting{}, highest: map[bot.Conversation]int{}, pending: map[bot.Conversation]string{},
			ended: map[string]bool{}, gone: map[string]bool{}, settled: map[bot.Conversation]bool{},
		}
		w.places = []bot.Conversation{w.channel, thread(w.channel, "1.1"), thread(w.channel, "1.2")}
		place := rapid.SampledFrom(w.places)
		pick := func(t *rapid.T) *asker {
			if len(w.askers) == 0 {
				t.Skip("nobody asks")
			}
			return w.askers[rapid.IntRange(0, len(w.askers)-1).Draw(t, "asker")]
		}
		late := func(t *rapid.T) bot.Claim {
			if len(w.claims) == 0 {
				t.Skip("nothing was claimed")
			}
			return w.claims[rapid.IntRange(0, len(w.claims)-1).Draw(t, "claim")]
		}
		t.Repeat(map[string]func(*rapid.T){
			"ask": func(t *rapid.T) {
				name := fmt.Sprint("asker", len(w.askers))
				w.refused[name] = rapid.IntRange(0, 3).Draw(t, "refused") == 0
				w.ask(name, place.Draw(t, "place"), rapid.Bool().Draw(t, "new"))
			},
			"step":        func(t *rapid.T) { w.advance(pick(t), false) },
			"step on":     func(t *rapid.T) { w.advance(pick(t), false) },
			"lost answer": func(t *rapid.T) { w.advance(pick(t), true) },
			"crash":       func(t *rapid.T) { pick(t).step = nil },
			"late complete": func(t *rapid.T) {
				claim := late(t)
				if m, ok := w.create(claim); ok {
					w.must(w.s.Complete(t.Context(), claim, m))
				}
			},
			"undo": func(t *rapid.T) {
				claim := late(t)
				before := w.read(claim.Conversation, reading{})
				id := fmt.Sprint("undo", rapid.IntRange(0, 1000000).Draw(t, "undo"))
				st, result, err := w.s.Undo(t.Context(), claim.Conversation, bot.Undo{
					Generation: claim.Generation, User: claim.User, ID: id,
				})
				w.must(st, err)
				repeated := before.Meeting != nil && before.Meeting.ClaimID == id
				if result.Done && !repeated && (before.Generation() != claim.Generation || st.Generation() != before.Generation()+1) {
					t.Fatalf("undo of generation %d of %+v left %+v", claim.Generation, before.Meeting, st.Meeting)
				}
			},
			"late release": func(t *rapid.T) { w.release(late(t)) },
			"known message": func(t *rapid.T) {
				w.read(w.channel, reading{Root: rapid.SampledFrom([]string{"1.1", "1.2"}).Draw(t, "root")})
			},
			"": func(*rapid.T) {
				for _, c := range w.places {
					w.read(c, reading{})
				}
			},
		})

		// Whatever was left lying about, the next asker gets a meeting, and everybody after them the same.
		for i, c := range w.places {
			var links []string
			for n := range 2 {
				a := w.ask(fmt.Sprintf("last%d.%d", i, n), c, false)
				for steps := 0; a.step != nil; steps++ {
					if steps > 50 {
						t.Fatalf("%v blocks its next asker", c)
					}
					w.advance(a, false)
				}
				links = append(links, a.shown)
			}
			if links[0] == "" || len(slices.Compact(links)) != 1 {
				t.Fatalf("in %v two who came one after the other got %q", c, links)
			}
		}
	})
}
