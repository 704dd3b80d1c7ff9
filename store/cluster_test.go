//go:build integration

package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/internal/redistest"
	"meetbot/store"
)

func TestStoreOnACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, redistest.Options{})
	nodes := cluster.Nodes
	s := open(t, cluster.URL(), store.Options{Replica: "one", Idle: 20 * time.Millisecond})
	several := open(t, fmt.Sprintf("redis://%s?addr=%s", nodes[1].Addr(), nodes[2].Addr()), store.Options{Replica: "two"})
	ann := bot.Asker{Platform: "slack", Workspace: "T024BE7LD", User: "U1"}
	no(t, s.Remember(t.Context(), ann, bot.Identity{ID: "ann"}, time.Hour))
	for range 20 { // so that every node gets some
		c := channel()
		claim := bot.NewClaim(c, 1, false)
		_, err := s.Claim(t.Context(), claim, false, 0)
		no(t, err)
		_, err = s.Complete(t.Context(), claim, meetingFor(claim))
		no(t, err)
		_, err = read(t.Context(), s, c, reading{Root: "1.1"})
		no(t, err)
		st, err := read(t.Context(), several, thread(c, "1.1"), reading{Announce: "r1", Asker: ann})
		no(t, err)
		if st.Conversation != c || st.Meeting == nil || st.Meeting.ClaimID != claim.ID || !st.MayAnnounce || st.Identity == nil || st.Identity.ID != "ann" {
			t.Fatalf("look found %+v", st)
		}
		st, err = s.Release(t.Context(), claim)
		no(t, err)
		if st.Meeting == nil {
			t.Fatal("release took the meeting")
		}
	}

	one, two := accept(t, s, job("Ev1")), accept(t, s, job("Ev2"))
	_, err := s.BeginSend(t.Context(), one)
	no(t, err)
	no(t, s.Done(t.Context(), one))
	no(t, s.MoveToDeadLetters(t.Context(), two, "x"))
	letters, err := s.DeadLetters(t.Context(), 1)
	no(t, err)
	no(t, s.Retry(t.Context(), letters[0].Entry))
	no(t, s.Done(t.Context(), takeover(t, s)))
	no(t, s.Throttle(t.Context(), bot.Upstream{Name: "graph"}, time.Minute))
	if left, err := several.ThrottledFor(t.Context(), bot.Upstream{Name: "graph"}); err != nil || left == 0 {
		t.Errorf("held for %v, %v", left, err)
	}
	part := bot.Upstream{Name: "other", Part: "createOrGet:ann"}
	no(t, s.Throttle(t.Context(), part, time.Minute))
	if left, err := several.ThrottledFor(t.Context(), part); err != nil || left == 0 {
		t.Errorf("a part is held for %v, %v", left, err)
	}
	if d := depth(t, s); d != (bot.Depth{}) {
		t.Errorf("the queue holds %+v", d)
	}
	no(t, several.Ping(t.Context()))
	no(t, several.Close())
}

// An operator finds what lies on every node, and erases it.
func TestOperatorOnACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, redistest.Options{})
	s := open(t, cluster.URL(), store.Options{Replica: "one"})
	other := open(t, cluster.URL(), store.Options{Replica: "one", Prefix: "other"})
	everythingOf(t, s)
	want := map[bot.Conversation]bool{}
	for range 30 {
		c := channel()
		makeMeeting(t, s, c, false, 0)
		want[c] = true
	}
	found := 0
	no(t, s.Meetings(t.Context(), func(h store.Held) error {
		if want[h.Conversation] {
			found++
		}
		return nil
	}))
	if found != len(want) {
		t.Errorf("found %d meetings of %d", found, len(want))
	}
	no(t, s.Export(t.Context(), func(e store.Entry) error { return other.Import(t.Context(), e) }))
	if err := s.Export(t.Context(), func(e store.Entry) error { return other.Import(t.Context(), e) }); !errors.Is(err,
		store.ErrHeld) {
		t.Errorf("what is there was replaced: %v", err)
	}
	eraseAll(t, s)
	eraseAll(t, other)
}

// Posted cards, links and the schedule lie on different nodes, and every call works on all of them.
func TestWhatHangsOnAConversationOnACluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, redistest.Options{})
	s := open(t, cluster.URL(), store.Options{Replica: "one"})
	several := open(t, cluster.URL(), store.Options{Replica: "two"})
	const n = 30
	for i := range n {
		c := thread(channel(), "1.1")
		made := makeMeeting(t, s, c, false, 0).Meeting
		st, err := several.ChangeMeeting(t.Context(), c, made.ClaimID, func(m *bot.Meeting) { m.Todo = bot.TodoCards })
		if err != nil || st.Meeting.Todo != bot.TodoCards {
			t.Fatalf("changed to %+v, %v", st.Meeting, err)
		}
		card := bot.PostedCard{Ref: "C1/1.1", Generation: 1, Subject: "Weekly", Language: bot.English}
		no(t, s.KeepCard(t.Context(), c, card))
		if cards, err := several.Cards(t.Context(), c); err != nil || len(cards) != 1 || cards[0] != card {
			t.Fatalf("the cards are %+v, %v", cards, err)
		}
		no(t, s.ForgetCard(t.Context(), c, card.Ref))
		token := fmt.Sprint("token", i)
		link(t, s, c, token, "", token)
		link(t, several, c, token+"x", token, token+"x")
		leads(t, s, token+"x", c, st.Meeting)
		leads(t, s, token, bot.Conversation{}, nil)
		no(t, s.SetBookmark(t.Context(), c, "Bk1"))
		no(t, s.SetDue(t.Context(), bot.Due{Kind: bot.DueConfirm, Conversation: c, At: noon}))
	}
	due := append(take(t, s, confirmKind, noon, 20), take(t, several, confirmKind, noon, 20)...)
	if len(due) != n {
		t.Errorf("%d of %d are due", len(due), n)
	}
	for _, d := range due {
		no(t, s.DropDue(t.Context(), d))
	}
	if due := take(t, s, confirmKind, noon.AddDate(1, 0, 0), n); len(due) != 0 {
		t.Errorf("%d are left", len(due))
	}
}

func TestFrozenClusterCostsTheBudget(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, redistest.Options{})
	nodes := cluster.Nodes
	s := open(t, cluster.URL(), store.Options{Replica: "one"})
	no(t, s.Ping(t.Context()))
	for _, node := range nodes {
		node.Pause()
	}
	unreachable(t, s)
	unreachable(t, s)
}
