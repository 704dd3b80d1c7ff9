//go:build integration

package e2e

import (
	"sync"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/slacktest"
)

const (
	private      = "G0PRIVATE"
	organization = "E0CONTOSO"
)

// share begins to share the private channel and returns its new ID.
func (env *environment) share() string {
	env.t.Helper()
	id, err := env.Slack.ShareChannel(private)
	if err != nil {
		env.t.Fatal(err)
	}
	return id
}

// Promise 1: a private channel that is shared gets another ID and keeps its meeting, and so do its threads, under cards
// and of their own. `new` replaces it there.
func TestSharedChannelKeepsItsMeeting(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	env.Slack.AddChannel(slacktest.Channel{ID: private, Name: "plans", Private: true})
	r := env.bot()
	card := env.asks(r, ann, private, "", "meet Plans")
	channelURL := wantCard(t, card, "")
	root := env.Slack.Say(ann, private, "What about the budget?").TS
	threadURL := wantCard(t, env.asks(r, ann, private, root, "meet Budget"), "")
	wantCard(t, env.asks(r, ben, private, card.TS, ""), "")

	shared := env.share()
	for name, at := range map[string]*replica{"the same replica": r, "another replica": env.bot()} {
		if url := link(env.meet(at, ben, shared, "")); url != channelURL {
			t.Errorf("%s: the channel has %s, and had %s", name, url, channelURL)
		}
		if url := link(env.asks(at, ben, shared, root, "")); url != threadURL {
			t.Errorf("%s: the thread has %s, and had %s", name, url, threadURL)
		}
		if url := link(env.asks(at, ben, shared, card.TS, "")); url != channelURL {
			t.Errorf("%s: the thread under the card has %s, want the channel's %s", name, url, channelURL)
		}
	}
	env.wantMeetings(2)

	next := wantCard(t, env.meet(r, ann, shared, "new"), "")
	if url := link(env.meet(r, ben, shared, "")); url != next || next == channelURL {
		t.Errorf("after new the channel has %s, want %s", url, next)
	}
	env.wantMeetings(3)
}

// A channel whose ID is new to everybody keeps the meeting that it gets.
func TestSharedChannelWithoutAMeeting(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	env.Slack.AddChannel(slacktest.Channel{ID: private, Name: "plans", Private: true})
	r := env.bot()
	shared := env.share()
	url := wantCard(t, env.meet(r, ann, shared, ""), "")
	if again := link(env.meet(r, ben, shared, "")); again != url {
		t.Errorf("the channel has %s, and had %s", again, url)
	}
	env.wantMeetings(1)
}

// Promise 1 holds while the ID changes: whoever asks at the same moment under either, from any replica, gets the one
// meeting.
func TestAskersWhileAChannelIsShared(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r, s := env.bot(), env.bot()
	for _, id := range []string{"0ONE", "0TWO", "0THREE", "0FOUR", "0FIVE"} {
		// Slack's own change is no more atomic than this: both IDs are there.
		for _, letter := range []string{"G", "C"} {
			env.Slack.AddChannel(slacktest.Channel{ID: letter + id, Name: "plans", Private: true})
		}
		before := len(env.Graph.Meetings())
		var wg sync.WaitGroup
		for _, user := range []string{ann, ben, caio} {
			for i, at := range []*replica{r, s} {
				for _, letter := range []string{"G", "C"} {
					wg.Go(func() { env.command(at, user, letter+id, []string{"", "show"}[i]) })
				}
			}
		}
		wg.Wait()
		urls := map[string]bool{}
		for _, letter := range []string{"G", "C"} {
			eventually(t, "there is a meeting", func() bool {
				urls[link(env.meet(r, ann, letter+id, ""))] = true
				return !urls[""]
			})
		}
		if n := len(env.Graph.Meetings()) - before; n != 1 || len(urls) != 1 {
			t.Errorf("%s: %d meetings, links %v", id, n, urls)
		}
	}
}

// A workspace whose app becomes its organization's keeps the meetings of its channels and threads, those under an ID of
// old too.
func TestInstallForTheOrganizationKeepsMeetings(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	env.Slack.AddChannel(slacktest.Channel{ID: private, Name: "plans", Private: true})
	r := env.bot()
	generalURL := wantCard(t, env.meet(r, ann, general, ""), "")
	privateURL := wantCard(t, env.meet(r, ann, private, ""), "")
	root := env.Slack.Say(ann, general, "What about the budget?").TS
	threadURL := wantCard(t, env.asks(r, ann, general, root, "meet Budget"), "")
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}

	env.Slack.InstallForOrganization(organization)
	c := env.config()
	c.Slack.FormerTeamID = env.Slack.Team()
	r = env.start(c, app.Options{})
	shared := env.share()
	if url := link(env.meet(r, ben, general, "")); url != generalURL {
		t.Errorf("the channel has %s, and had %s", url, generalURL)
	}
	if url := link(env.asks(r, ben, general, root, "")); url != threadURL {
		t.Errorf("the thread has %s, and had %s", url, threadURL)
	}
	if url := link(env.meet(r, ben, shared, "")); url != privateURL {
		t.Errorf("the shared channel has %s, and had %s", url, privateURL)
	}
	a, err := env.Slack.Command(t.Context(), r.URL(), slacktest.Command{User: caio, Channel: general, Team: "T0SECOND"})
	if err != nil || a.Message == nil || link(*a.Message) != generalURL {
		t.Errorf("from another workspace of the organization: %+v, %v", a, err)
	}
	env.wantMeetings(3)
	if m := env.meet(r, ann, design, ""); link(m) == "" {
		t.Errorf("a channel that had no meeting: %s", m.Text)
	}
	env.wantMeetings(4)
}
