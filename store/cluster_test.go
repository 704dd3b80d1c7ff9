package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
	"meetbot/internal/redistest"
	"meetbot/store"
)

// startCluster runs three masters that share the slots and returns them.
func startCluster(t *testing.T) []*redistest.Server {
	t.Helper()
	var nodes []*redistest.Server
	var raws []*redis.Client
	for i := range 3 {
		node := redistest.Start(t, redistest.Options{Cluster: true})
		raw := backendAt(t, node.URL()).raw
		first, last := i*16384/3, (i+1)*16384/3-1
		no(t, raw.Do(t.Context(), "CLUSTER", "ADDSLOTSRANGE", first, last).Err())
		no(t, raw.Do(t.Context(), "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err())
		if i > 0 {
			no(t, raw.Do(t.Context(), "CLUSTER", "MEET", "127.0.0.1", nodes[0].Port(), nodes[0].BusPort()).Err())
		}
		nodes, raws = append(nodes, node), append(raws, raw)
	}
	eventually(t, "the cluster agreeing with itself", func() bool {
		for _, raw := range raws {
			shards, err := raw.ClusterShards(t.Context()).Result()
			if err != nil || len(shards) != 3 || !strings.Contains(raw.ClusterInfo(t.Context()).Val(), "cluster_state:ok") {
				return false
			}
		}
		return true
	})
	return nodes
}

func TestStoreOnACluster(t *testing.T) {
	t.Parallel()
	nodes := startCluster(t)
	s := open(t, fmt.Sprintf("redis://%s/0?cluster=true", nodes[0].Addr()), store.Options{Replica: "one", Idle: 20 * time.Millisecond})
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
		_, err = s.Look(t.Context(), c, bot.Look{Root: "1.1"})
		no(t, err)
		st, err := several.Look(t.Context(), thread(c, "1.1"), bot.Look{Show: "r1", Asker: ann})
		no(t, err)
		if st.Conversation != c || st.Meeting == nil || st.Meeting.ClaimID != claim.ID || !st.First || st.Identity == nil || st.Identity.ID != "ann" {
			t.Fatalf("look found %+v", st)
		}
		st, err = s.Release(t.Context(), claim)
		no(t, err)
		if st.Meeting == nil {
			t.Fatal("release took the meeting")
		}
	}

	one, two := accept(t, s, job("Ev1")), accept(t, s, job("Ev2"))
	_, err := s.Sending(t.Context(), one)
	no(t, err)
	no(t, s.Done(t.Context(), one))
	no(t, s.Bury(t.Context(), two, "x"))
	letters, err := s.DeadLetters(t.Context(), 1)
	no(t, err)
	no(t, s.Retry(t.Context(), letters[0].Entry))
	no(t, s.Done(t.Context(), takeover(t, s)))
	no(t, s.Hold(t.Context(), "graph", time.Minute))
	if left, err := several.Held(t.Context(), "graph"); err != nil || left == 0 {
		t.Errorf("held for %v, %v", left, err)
	}
	if d := depth(t, s); d != (bot.Depth{}) {
		t.Errorf("the queue holds %+v", d)
	}
	no(t, several.Ping(t.Context()))
	no(t, several.Close())
}

func TestFrozenClusterCostsTheBudget(t *testing.T) {
	t.Parallel()
	nodes := startCluster(t)
	s := open(t, fmt.Sprintf("redis://%s/0?cluster=true", nodes[0].Addr()), store.Options{Replica: "one"})
	no(t, s.Ping(t.Context()))
	for _, node := range nodes {
		node.Pause()
	}
	unreachable(t, s)
	unreachable(t, s)
}
