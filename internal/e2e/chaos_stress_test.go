//go:build integration

package e2e

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/internal/sandbox/slacktest"
)

// Promise 1 at its narrowest: askers at the same moment over three replica processes get one link, round after round.
// STRESS_ASKERS and STRESS_ROUNDS say how many. So many that the machine cannot answer them in Slack's three seconds
// are counted; none of them may see another link either.
func TestOneMeetingForAllAtOnce(t *testing.T) {
	t.Parallel()
	const few = 150
	n, rounds := number(t, "STRESS_ASKERS", few), number(t, "STRESS_ROUNDS", 5)
	env := newEnv(t, slacktest.Options{PostBurst: -1, Keep: 1_000_000})
	var urls []string
	for range 3 {
		c := env.config()
		c.HTTP.AdminAddr = freeAddress(t)
		_, url := env.process(c)
		urls = append(urls, url)
	}
	askers := make([]string, n)
	for i := range askers {
		askers[i] = "U" + token()[:8]
		env.person(askers[i], "asker"+strings.ToLower(token()[:8]), "en-US", newGUID())
	}
	away, slowest := 0, time.Duration(0)
	for round, void := 0, 0; round < rounds; {
		channel := "C" + token()[:8]
		env.Slack.AddChannel(slacktest.Channel{ID: channel, Name: strings.ToLower(channel)})
		before := len(env.Graph.Meetings())
		var mu sync.Mutex
		owed := map[string]bool{} // who was promised an answer, or has one
		var wg sync.WaitGroup
		for i, user := range askers {
			wg.Go(func() {
				a, err := env.Slack.Command(t.Context(), urls[i%3], slacktest.Command{User: user, Channel: channel})
				posted := a.Status == http.StatusOK && a.Message == nil && len(a.Body) == 0
				served := err == nil && a.Problem == "" && (posted || a.Message != nil && !isNoAnswer(a.Message.Text))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case served:
					owed[user] = true
				case n <= few || err != nil:
					t.Errorf("asker %d: %+v, %v", i, a, err)
				default:
					away++
				}
			})
		}
		wg.Wait()
		if len(owed) == 0 { // the machine was at its end, and the round shows nothing
			if void++; void > rounds {
				t.Fatalf("%d rounds in which nobody was answered", void)
			}
			continue
		}
		round++
		links := map[string]bool{}
		unserved := func() int {
			alone, all := map[string]bool{}, 0 // who has a card of their own, and how many cards are for everybody
			for _, m := range env.Slack.Messages(channel) {
				if url := link(m); url == "" {
					continue
				} else if links[url] = true; m.To == "" {
					all++
				} else {
					alone[m.To] = true
				}
			}
			missing := 0
			for user := range owed {
				if !alone[user] {
					missing++
				}
			}
			return missing - all // the card of one is seen by all, once in half a minute
		}
		asked := time.Now()
		for unserved() > 0 {
			if time.Since(asked) > chaosWithin {
				t.Fatalf("round %d: of %d who were promised a card, %d have none %s later: %s", round, len(owed),
					unserved(), chaosWithin, env.logs.Tail())
			}
			time.Sleep(50 * time.Millisecond) // between two looks
		}
		slowest = max(slowest, time.Since(asked))
		if len(links) != 1 {
			t.Fatalf("round %d: %d links were shown", round, len(links))
		}
		a, err := env.Slack.Command(t.Context(), urls[0], slacktest.Command{User: askers[0], Channel: channel,
			Text: "show"})
		if err != nil || a.Message == nil || !links[wantCard(t, *a.Message, askers[0])] {
			t.Errorf("round %d: the next asker gets another link: %+v, %v", round, a, err)
		}
		if made := len(env.Graph.Meetings()) - before; made != 1 {
			t.Errorf("round %d: Graph holds %d meetings for the conversation", round, made)
		}
	}
	t.Logf("%d askers in each of %d rounds; of all, %d were not answered within three seconds; the last card came %s after that", n, rounds, away, slowest.Round(time.Millisecond))
}
