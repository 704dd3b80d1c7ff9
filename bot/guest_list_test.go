package bot

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// listWorld is Graph's list of one meeting, and what is remembered of invitations to it. One job at a time goes on, by
// one step: it asks for its turn before each.
type listWorld struct {
	list       []string // object IDs
	remembered []Invitation
	turns      []chan bool   // of each job; false: its attempt breaks off
	ready      chan struct{} // the job whose turn it was waits for the next one, or is done
}

// refusedPerson is somebody whom Graph refuses.
const refusedPerson = "refused"

var errLost = &Error{Code: Unavailable}

// step waits for a job's turn; false if its attempt breaks off.
func (w *listWorld) step(job int) bool {
	w.ready <- struct{}{}
	return <-w.turns[job]
}

func (w *listWorld) remember(job int, i Invitation) ([]Invitation, error) {
	if !w.step(job) {
		return nil, errLost
	}
	w.remembered = slices.DeleteFunc(w.remembered, func(other Invitation) bool { return other.Job == i.Job })
	if len(i.Attendees) > 0 {
		w.remembered = append(w.remembered, i)
	}
	all := slices.Clone(w.remembered)
	if !w.step(job) {
		return nil, errLost // the answer is lost
	}
	return all, nil
}

// send reads the list, and then replaces it as a whole, as package graphclient does.
func (w *listWorld) send(job int, attendees []Attendee) error {
	if !w.step(job) {
		return errLost
	}
	list := slices.Clone(w.list)
	for _, a := range attendees {
		if !slices.Contains(list, a.ID) {
			list = append(list, a.ID)
		}
	}
	if len(list) == len(w.list) {
		return nil
	}
	if !w.step(job) {
		return errLost
	}
	if slices.Contains(list, refusedPerson) {
		return &Error{Code: BadRequest}
	}
	w.list = list
	if !w.step(job) {
		return errLost
	}
	return nil
}

// However the steps of jobs that invite people to one meeting fall between each other, and wherever their attempts
// break off, everybody is on the list in the end but those whom Graph refuses.
func TestGuestListConverges(t *testing.T) {
	for seed := range uint64(3000) {
		convergesBy(t, seed, rand.New(rand.NewPCG(seed, 0)))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// convergesBy tries one order of the steps.
func convergesBy(t *testing.T, seed uint64, dice *rand.Rand) {
	people := []string{"ann", "ben", "caio", "dora", "emil", "finn"}
	if seed%3 == 0 {
		people = append(people, refusedPerson)
	}
	invited := make([][]string, 2+dice.IntN(3))
	w := &listWorld{list: []string{"zoe"}, ready: make(chan struct{})}
	refused := make([]*Error, len(invited))
	running := make([]bool, len(invited))
	for range invited {
		w.turns = append(w.turns, make(chan bool))
	}
	for job := range invited {
		own := Invitation{Job: fmt.Sprint(job)}
		for _, n := range dice.Perm(len(people))[:1+dice.IntN(2)] {
			invited[job] = append(invited[job], people[n])
			own.Attendees = append(own.Attendees, Attendee{ID: people[n]})
		}
		list := guestList{
			remember: func(_ context.Context, i Invitation) ([]Invitation, error) { return w.remember(job, i) },
			send:     func(_ context.Context, all []Attendee) error { return w.send(job, all) },
		}
		running[job] = true
		go func() {
			var err error
			for again := true; again; again = err != nil {
				refused[job], err = list.put(context.Background(), own)
			}
			running[job] = false
			w.ready <- struct{}{}
		}()
		<-w.ready
	}
	for steps, breaks := 0, 0; slices.Contains(running, true); steps++ {
		if steps > 3000 {
			t.Fatalf("seed %d: it comes to no end", seed)
		}
		var able []int
		for job, runs := range running {
			if runs {
				able = append(able, job)
			}
		}
		goesOn := breaks >= 3 || dice.IntN(8) > 0
		if !goesOn {
			breaks++
		}
		w.turns[able[dice.IntN(len(able))]] <- goesOn
		<-w.ready
	}
	for job, names := range invited {
		bad := slices.Contains(names, refusedPerson)
		if bad != (refused[job] != nil) {
			t.Errorf("job %d, which invites %q, was refused: %v", job, names, refused[job])
		}
		for _, name := range append(names, "zoe") {
			if !bad && !slices.Contains(w.list, name) {
				t.Errorf("%s is not on the list %q; the jobs invited %q", name, w.list, invited)
			}
		}
	}
	for _, i := range w.remembered {
		if slices.ContainsFunc(i.Attendees, func(a Attendee) bool { return a.ID == refusedPerson }) {
			t.Errorf("a refused invitation is remembered: %+v", i)
		}
	}
}

// Without others, a list costs one call of Graph, and what is remembered is read twice.
func TestGuestListAlone(t *testing.T) {
	remembered, sent := 0, 0
	list := guestList{
		remember: func(_ context.Context, i Invitation) ([]Invitation, error) {
			remembered++
			return []Invitation{i}, nil
		},
		send: func(context.Context, []Attendee) error { sent++; return nil },
	}
	own := Invitation{Job: "1", Attendees: []Attendee{{ID: "ben"}}}
	if refused, err := list.put(t.Context(), own); refused != nil || err != nil || remembered != 2 || sent != 1 {
		t.Errorf("%v, %v after %d looks and %d calls", refused, err, remembered, sent)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := list.put(ended, own); !Temporary(err) {
		t.Errorf("after its time: %v", err)
	}
}

// A list has one name, in whatever order it stands.
func TestListPrint(t *testing.T) {
	ben, caio := Attendee{ID: "B1"}, Attendee{ID: "c1"}
	if listPrint(nil) != "" || listPrint([]Attendee{ben}) == "" {
		t.Error("nobody has no name, and somebody has one")
	}
	if listPrint([]Attendee{ben, caio}) != listPrint([]Attendee{caio, {ID: "b1", UPN: "x"}, ben}) {
		t.Error("the order counts")
	}
	if listPrint([]Attendee{ben}) == listPrint([]Attendee{ben, caio}) {
		t.Error("two lists share a name")
	}
}
