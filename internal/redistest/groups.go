//go:build integration

package redistest

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// groupWithin is how long servers may take to agree with each other.
const groupWithin = 40 * time.Second

// Sentinel is a primary and two replicas, all with an AOF, and three sentinels that make a replica the primary when two
// of them have not heard from it for a second and a half.
type Sentinel struct {
	Servers   []*Server
	Sentinels []*Server

	clients []*redis.SentinelClient // of each sentinel
}

// MainName is what the sentinels call the primary.
const MainName = "main"

// sentinelLines configure a sentinel.
func sentinelLines(primary *Server) []string {
	return []string{
		fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d 2", MainName, primary.port),
		"sentinel down-after-milliseconds " + MainName + " 1500",
		"sentinel failover-timeout " + MainName + " 6000",
	}
}

// StartSentinel runs them until the test ends, and waits until all of them know each other.
func StartSentinel(t testing.TB) *Sentinel {
	t.Helper()
	s := &Sentinel{Servers: []*Server{Start(t, Options{AOF: true})}}
	for range 2 {
		s.Servers = append(s.Servers, Start(t, Options{AOF: true, ReplicaOf: s.Servers[0]}))
	}
	for range 3 {
		watcher := Start(t, Options{watch: s.Servers[0]})
		client := redis.NewSentinelClient(&redis.Options{
			Addr: watcher.Addr(), DialTimeout: time.Second, ReadTimeout: time.Second, MaxRetries: -1,
		})
		t.Cleanup(func() { _ = client.Close() })
		s.Sentinels, s.clients = append(s.Sentinels, watcher), append(s.clients, client)
	}
	agree(t, "the sentinels", s.Whole)
	return s
}

// URL is the form in which a client finds the primary.
func (s *Sentinel) URL() string {
	return fmt.Sprintf("redis://%s/0?master_name=%s&addr=%s&addr=%s", s.Sentinels[0].Addr(), MainName,
		s.Sentinels[1].Addr(), s.Sentinels[2].Addr())
}

// Named returns the server that each sentinel calls the primary, nil for one that does not say.
func (s *Sentinel) Named(ctx context.Context) []*Server {
	var named []*Server
	for _, client := range s.clients {
		addr, err := client.GetMasterAddrByName(ctx, MainName).Result()
		var found *Server
		if err == nil && len(addr) == 2 {
			at := slices.IndexFunc(s.Servers, func(r *Server) bool { return strconv.Itoa(r.port) == addr[1] })
			if at >= 0 {
				found = s.Servers[at]
			}
		}
		named = append(named, found)
	}
	return named
}

// FailOver has a sentinel hand the role of the primary over to a replica, with the primary well. A sentinel refuses
// while it has not quite done with the last time.
func (s *Sentinel) FailOver(ctx context.Context) error {
	if err := s.clients[0].Failover(ctx, MainName).Err(); err != nil {
		return fmt.Errorf("ask a sentinel for a fail-over: %w", err)
	}
	return nil
}

// Whole tells whether all sentinels agree, and both replicas follow the primary.
func (s *Sentinel) Whole(ctx context.Context) bool {
	named := s.Named(ctx)
	for _, n := range named {
		if n == nil || n != named[0] {
			return false
		}
	}
	for _, r := range s.Servers {
		wants := []string{"master_link_status:up", fmt.Sprintf("master_port:%d\r", named[0].port)}
		if r == named[0] {
			wants = []string{"role:master", "connected_slaves:2"}
		}
		if !says(ctx, r, wants, "INFO", "replication") {
			return false
		}
	}
	for _, watcher := range s.Sentinels {
		if !says(ctx, watcher, []string{"status=ok", "slaves=2,sentinels=3"}, "INFO", "sentinel") {
			return false
		}
	}
	return true
}

// Cluster is three primaries that share the slots. Nobody takes over for one that is away.
type Cluster struct{ Nodes []*Server }

// StartCluster runs it until the test ends, and waits until its nodes agree.
func StartCluster(t testing.TB, o Options) *Cluster { return StartClusterOf(t, o, o, o) }

// StartClusterOf is StartCluster with options for each of the three nodes.
func StartClusterOf(t testing.TB, nodes ...Options) *Cluster {
	t.Helper()
	c := &Cluster{}
	for i, o := range nodes {
		o.Cluster = true
		node := Start(t, o)
		first, last := i*16384/3, (i+1)*16384/3-1
		commands := [][]any{{"CLUSTER", "ADDSLOTSRANGE", first, last}, {"CLUSTER", "SET-CONFIG-EPOCH", i + 1}}
		if i > 0 {
			port := c.Nodes[0].port
			if o.TLS != nil { // which then is what the nodes call the port
				port = c.Nodes[0].tlsPort
			}
			commands = append(commands, []any{"CLUSTER", "MEET", "127.0.0.1", port, c.Nodes[0].busPort})
		}
		for _, command := range commands {
			if _, err := asked(t.Context(), node, command...); err != nil {
				t.Fatalf("%v: %v", command, err)
			}
		}
		c.Nodes = append(c.Nodes, node)
	}
	agree(t, "the cluster", c.Whole)
	return c
}

// URL is the form in which a client finds the cluster.
func (c *Cluster) URL() string { return "redis://" + c.Nodes[0].Addr() + "/0?cluster=true" }

// Whole tells whether every node knows of all, and serves.
func (c *Cluster) Whole(ctx context.Context) bool {
	for _, node := range c.Nodes {
		whole := []string{"cluster_state:ok", "cluster_size:3", "cluster_known_nodes:3"}
		if !says(ctx, node, whole, "CLUSTER", "INFO") {
			return false
		}
	}
	return true
}

// agree waits until a group is whole.
func agree(t testing.TB, who string, whole func(context.Context) bool) {
	t.Helper()
	deadline := time.Now().Add(groupWithin)
	for !whole(t.Context()) {
		if time.Now().After(deadline) {
			t.Fatalf("%s do not agree within %s", who, groupWithin)
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}

// says tells whether a server's answer to a command holds all the words.
func says(ctx context.Context, s *Server, words []string, command ...any) bool {
	answer, err := asked(ctx, s, command...)
	return err == nil && !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(answer, word) })
}

// asked sends a server one command, and returns the answer as text.
func asked(ctx context.Context, s *Server, command ...any) (string, error) {
	client := redis.NewClient(&redis.Options{
		Addr: s.Addr(), Protocol: 2, DisableIdentity: true, DialTimeout: time.Second, ReadTimeout: time.Second,
		MaxRetries: -1, Dialer: (&net.Dialer{Timeout: time.Second}).DialContext,
	})
	defer func() { _ = client.Close() }()
	answer, err := client.Do(ctx, command...).Result()
	return fmt.Sprint(answer), err
}
