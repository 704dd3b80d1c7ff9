//go:build !race

package modelcheck

import (
	"context"
	"crypto/rand"
	"testing"

	"go.uber.org/goleak"

	"meetbot/bot"
	"meetbot/store"
)

// No goroutine outlives what started it, but for the second within which go-redis notices that its pool was closed
// while it looked for a server that is away.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, url string, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(url, o)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// channel returns a channel that no other test uses.
func channel() bot.Conversation {
	return bot.Conversation{Platform: "slack", Workspace: "T024BE7LD", Channel: "C" + rand.Text()[:10]}
}

// meetingFor is what Graph makes of a claim.
func meetingFor(claim bot.Claim) bot.Meeting {
	return bot.Meeting{
		OnlineMeeting: bot.OnlineMeeting{JoinURL: "https://teams.example/join/" + claim.ID,
			Subject: claim.Request.Subject},
		ExternalID: claim.Request.ExternalID, Organizer: claim.Organizer, Language: claim.Language,
	}
}

// reading is one reading of a conversation, by whichever of the store's methods it takes.
type reading struct {
	Root     string    // link the thread under this message first; empty for none
	Announce string    // the request that is about to show the card; empty for a mere Read
	Asker    bot.Asker // whose identity is read along
}

func read(ctx context.Context, s bot.Conversations, c bot.Conversation, r reading) (bot.State, error) {
	if r.Root != "" {
		if err := s.LinkThread(ctx, c.InChannel(), r.Root); err != nil {
			return bot.State{}, err
		}
	}
	if r.Announce != "" {
		return s.Announce(ctx, c, r.Announce, r.Asker)
	}
	return s.Read(ctx, c, r.Asker)
}
