//go:build integration

package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"testing"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"meetbot/bot"
	"meetbot/internal/redistest"
)

// between is a hook of the Redis client that splits the pipeline of a read after its first command, and calls what is
// to happen there once.
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

// announce asks for the right, and checks the answer. The last store asks as the first release does: by the script
// alone.
func (a *announcing) announce(by int, request string) {
	s, read := a.stores[by], a.stores[by].readByScript
	if by < len(a.stores)-1 {
		read = s.read
	}
	before := maps.Clone(a.right)
	state, err := read(context.Background(), a.c, request, bot.Asker{Platform: "slack", Workspace: "T", User: "U"})
	if err != nil {
		a.t.Fatal(err)
	}
	if !a.allows(before, state, request) && !a.allows(a.right, state, request) {
		a.t.Fatalf("%s finds generation %d and may show it: %v; before and after it was shown by %v and %v",
			request, state.Generation(), state.MayAnnounce, before, a.right)
	}
	if state.MayAnnounce {
		a.right[state.Generation()] = request
	}
}

// allows tells whether the answer is right, if these requests have the right to show a generation.
func (a *announcing) allows(right map[int]string, state bot.State, request string) bool {
	if state.Meeting == nil {
		return !state.MayAnnounce
	}
	holder, taken := right[state.Generation()]
	return state.MayAnnounce == (!taken || holder == request)
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

// Whatever servers of this release and of the first one do, in whichever order, and between the commands of a pipeline
// too: exactly one request may show each generation of a meeting to everybody, and it keeps that right while its mark
// lasts.
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
				name := event.Draw(t, "meanwhile")
				a.hooks[i].once = func() { events[name](t) }
				a.announce(i, request.Draw(t, "request"))
				a.hooks[i].once = nil
				if name == "expire" { // whether the mark was read before or after that, it is gone now
					a.expire()
				}
			},
		}
		for name, e := range events {
			all[name] = e
		}
		t.Repeat(all)
	})
}
