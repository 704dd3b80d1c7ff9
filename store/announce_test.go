//go:build integration

package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"meetbot/bot"
	"meetbot/internal/redistest"
)

// between is a hook of the Redis client that splits the pipeline of a read after its first command, and calls what is to
// happen there once.
type between struct{ once func() }

func (*between) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (*between) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (b *between) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		if b.once == nil || commands[0].Name() != "mget" {
			return next(ctx, commands)
		}
		call := b.once
		b.once = nil
		if err := next(ctx, commands[:1]); err != nil {
			return err
		}
		call()
		return next(ctx, commands[1:])
	}
}

// announcing is one conversation, the servers that announce its card, and who has the right to show it.
type announcing struct {
	t          *rapid.T
	c          bot.Conversation
	raw        *redis.Client
	stores     []*Store
	hooks      []*between
	generation int
	right      map[int]string // by generation: the request that may show the card to everybody
}

// announce asks for the right, and checks the answer. The last store asks as the first release does: by the script alone.
func (a *announcing) announce(by int, request string) {
	s, read := a.stores[by], a.stores[by].readByScript
	if by < len(a.stores)-1 {
		read = s.read
	}
	state, err := read(context.Background(), a.c, request, bot.Asker{Platform: "slack", Workspace: "T", User: "U"})
	if err != nil {
		a.t.Fatal(err)
	}
	switch holder, taken := a.right[state.Generation()]; {
	case state.Meeting == nil && state.MayAnnounce:
		a.t.Fatalf("%s may show a meeting that is not there", request)
	case state.Meeting == nil:
	case !taken && !state.MayAnnounce:
		a.t.Fatalf("nobody has shown generation %d, and %s may not", state.Generation(), request)
	case !taken:
		a.right[state.Generation()] = request
	case state.MayAnnounce != (holder == request):
		a.t.Fatalf("generation %d is shown by %s; may %s show it: %v", state.Generation(), holder, request, state.MayAnnounce)
	}
}

// renew makes a meeting of the next generation.
func (a *announcing) renew(by int) {
	ctx, s := context.Background(), a.stores[by]
	claim := bot.NewClaim(a.c, a.generation+1, true)
	_, err := s.Claim(ctx, claim, true, a.generation)
	if err == nil {
		_, err = s.Complete(ctx, claim, bot.Meeting{OnlineMeeting: bot.OnlineMeeting{JoinURL: "https://teams.example/" + claim.ID}})
	}
	if err != nil {
		a.t.Fatal(err)
	}
	a.generation++
}

// expire lets the mark lapse.
func (a *announcing) expire() {
	a.raw.Del(context.Background(), defaultKeys.of(a.c).shown)
	a.right = map[int]string{}
}

// lose loses what Redis holds.
func (a *announcing) lose() {
	a.raw.Del(context.Background(), defaultKeys.of(a.c).meeting, defaultKeys.of(a.c).shown)
	a.generation, a.right = 0, map[int]string{}
}

// Whatever servers of this release and of the first one do, in whichever order, and between the commands of a pipeline too:
// exactly one request may show each generation of a meeting to everybody, and it keeps that right while its mark lasts.
func TestOneRequestAnnouncesAGeneration(t *testing.T) {
	server := redistest.Start(t, redistest.Options{})
	raw := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = raw.Close() })
	var stores []*Store
	var hooks []*between
	for i := range 3 {
		s, err := Open(server.URL(), Options{Replica: fmt.Sprint(i)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		hook := &between{}
		s.client.AddHook(hook)
		stores, hooks = append(stores, s), append(hooks, hook)
	}
	rapid.Check(t, func(t *rapid.T) {
		a := &announcing{
			t: t, raw: raw, stores: stores, hooks: hooks, right: map[int]string{},
			c: bot.Conversation{Platform: "slack", Workspace: "T", Channel: "C" + rand.Text()},
		}
		by, request := rapid.IntRange(0, len(stores)-1), rapid.SampledFrom([]string{"r1", "r2", "r3"})
		events := map[string]func(*rapid.T){
			"announce": func(t *rapid.T) { a.announce(by.Draw(t, "by"), request.Draw(t, "request")) },
			"again":    func(t *rapid.T) { a.announce(by.Draw(t, "by"), request.Draw(t, "request")) },
			"renew":    func(t *rapid.T) { a.renew(by.Draw(t, "by")) },
			"expire":   func(*rapid.T) { a.expire() },
			"lose":     func(*rapid.T) { a.lose() },
		}
		event := rapid.SampledFrom([]string{"announce", "renew", "expire"})
		all := map[string]func(*rapid.T){
			"interrupted": func(t *rapid.T) {
				i := rapid.IntRange(0, 1).Draw(t, "interrupted")
				meanwhile := events[event.Draw(t, "meanwhile")]
				a.hooks[i].once = func() { meanwhile(t) }
				a.announce(i, request.Draw(t, "request"))
				a.hooks[i].once = nil
			},
		}
		for name, e := range events {
			all[name] = e
		}
		t.Repeat(all)
	})
}
