package bot_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/bot"
)

// memoryLinks keeps links in memory. What a conversation holds is read from the store.
type memoryLinks struct {
	bot.Conversations
	mu        sync.Mutex
	tokens    map[bot.Conversation]string
	bookmarks map[bot.Conversation]string
	fault     error // of every call
	made      int   // tokens
}

func newMemoryLinks(c bot.Conversations) *memoryLinks {
	return &memoryLinks{
		Conversations: c, tokens: map[bot.Conversation]string{}, bookmarks: map[bot.Conversation]string{},
	}
}

func (l *memoryLinks) Link(_ context.Context, c bot.Conversation, proposed, replaces string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault != nil {
		return "", l.fault
	}
	if token := l.tokens[c]; token == "" || token == replaces {
		l.tokens[c] = proposed
		l.made++
	}
	return l.tokens[c], nil
}

func (l *memoryLinks) Token(_ context.Context, c bot.Conversation) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tokens[c], l.fault
}

func (l *memoryLinks) Follow(ctx context.Context, token string) (bot.State, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault != nil {
		return bot.State{}, l.fault
	}
	for c, own := range l.tokens {
		if own == token {
			return l.Read(ctx, c, bot.Asker{})
		}
	}
	return bot.State{}, bot.ErrNoLink
}

func (l *memoryLinks) Bookmark(_ context.Context, c bot.Conversation) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bookmarks[c], l.fault
}

func (l *memoryLinks) SetBookmark(_ context.Context, c bot.Conversation, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bookmarks[c] = id
	return l.fault
}

// linkStand is a stand with lasting links, and the conversation that the tests are about.
type linkStand struct {
	*stand
	links *memoryLinks
}

var (
	linkedChannel = bot.Conversation{Platform: "test", Workspace: "W", Channel: "C"}
	linkAsker     = bot.Asker{Platform: "test", Workspace: "W", User: "ann"}
)

func newLinkStand(t *testing.T) *linkStand {
	t.Helper()
	st := newStand(t, brisk, func(context.Context, int) error { return nil })
	links := newMemoryLinks(st.Conversations)
	st.Links, st.CalendarKeys, st.PublicURL = links, st.queue.Store, "https://bot.example.com"
	return &linkStand{st, links}
}

// ask asks as a slash command does, and returns the answer.
func (st *linkStand) ask(t *testing.T, id string, i bot.Intent) bot.Reply {
	t.Helper()
	answer := st.Ask(t.Context(), bot.Request{
		ID: id, Conversation: linkedChannel, Asker: linkAsker, Intent: i, Received: time.Now(), Trace: id,
	})
	answer.Given(nil)
	return answer.Reply
}

func (st *linkStand) link(t *testing.T, id string) bot.Reply {
	t.Helper()
	return st.ask(t, id, bot.Intent{Command: bot.Command{Kind: bot.Link}})
}

// press presses the reply's button.
func (st *linkStand) press(t *testing.T, id string, r bot.Reply) bot.Reply {
	t.Helper()
	if len(r.Actions) != 1 {
		t.Fatalf("buttons %+v", r.Actions)
	}
	i, ok := bot.ParseAction(string(r.Actions[0].ID), r.Actions[0].Value)
	if !ok || i.Kind != bot.JobRelink {
		t.Fatalf("the button means %+v, %v", i, ok)
	}
	return st.ask(t, id, i)
}

// tokenOf is the token that a reply shows, which must be for the asker alone and say this.
func tokenOf(t *testing.T, r bot.Reply, says bot.LinkNews) string {
	t.Helper()
	if r.Audience != bot.AudienceAsker || len(r.Messages) != 1 || r.Messages[0].ID != "link."+string(says) ||
		len(r.Messages[0].Code) != 1 {
		t.Fatalf("the reply is %+v, want link.%s", r, says)
	}
	token, ok := strings.CutPrefix(r.Messages[0].Code[0], "https://bot.example.com/j/")
	if !ok || !bot.IsLinkToken(token) {
		t.Fatalf("the link is %q", r.Messages[0].Code[0])
	}
	if strings.Contains(token, r.Actions[0].Value) {
		t.Errorf("the button tells the token: %q", r.Actions[0].Value)
	}
	return token
}

// follows wants the token to lead to the conversation's meeting, or nowhere.
func (st *linkStand) follows(t *testing.T, token string, leads bool) {
	t.Helper()
	got, err := st.Follow(t.Context(), token)
	if !leads {
		if !errors.Is(err, bot.ErrNoLink) || got != (bot.Followed{}) {
			t.Errorf("a replaced link leads to %+v, %v", got, err)
		}
		return
	}
	state, readErr := st.Conversations.Read(t.Context(), linkedChannel, bot.Asker{})
	if err != nil || readErr != nil || got.JoinURL == "" || got.JoinURL != state.Meeting.JoinURL {
		t.Errorf("the link leads to %+v, %v", got, err)
	}
}

// A conversation has one lasting link, whoever asks. It is replaced by the button beside it and by no older one.
func TestLastingLink(t *testing.T) {
	t.Parallel()
	st := newLinkStand(t)
	if r := st.link(t, "r0"); len(r.Messages) != 1 || r.Messages[0].ID != "show.none" {
		t.Errorf("without a meeting: %+v", r)
	}
	forged := bot.Reply{Actions: []bot.Action{{ID: bot.ActionRelink, Value: "0123456789abcdef"}}}
	if r := st.press(t, "r00", forged); len(r.Messages) != 1 || r.Messages[0].ID != "show.none" {
		t.Errorf("a press without a meeting: %+v", r)
	}
	if st.links.made != 0 || st.graph.calls.Load() != 0 {
		t.Errorf("%d tokens and %d meetings were made", st.links.made, st.graph.calls.Load())
	}
	st.accept(t, "r1", "ann")
	st.card(t)

	first := st.link(t, "r2")
	token := tokenOf(t, first, bot.LinkShown)
	st.follows(t, token, true)
	if again := tokenOf(t, st.link(t, "r3"), bot.LinkShown); again != token {
		t.Errorf("the second asker gets %s, the first %s", again, token)
	}

	second := tokenOf(t, st.press(t, "r4", first), bot.LinkReplaced)
	st.follows(t, token, false)
	st.follows(t, second, true)
	if stays := tokenOf(t, st.press(t, "r5", first), bot.LinkStale); stays != second {
		t.Errorf("the button of an old message made %s of %s", stays, second)
	}
	st.follows(t, second, true)
	if st.links.made != 2 || st.graph.calls.Load() != 1 {
		t.Errorf("%d tokens and %d meetings were made", st.links.made, st.graph.calls.Load())
	}

	// A fresh meeting is behind the same link.
	st.ask(t, "r6", bot.Intent{Command: bot.Command{Kind: bot.New}})
	st.follows(t, second, true)
}

// Without an address of its own the bot has no lasting links, and says so.
func TestLinksAreOff(t *testing.T) {
	t.Parallel()
	st := newLinkStand(t)
	st.accept(t, "r1", "ann")
	st.card(t)
	shown := st.link(t, "r2")
	st.PublicURL = ""
	if r := st.link(t, "r3"); len(r.Messages) != 1 || r.Messages[0].ID != "link.off" || len(r.Actions) != 0 {
		t.Errorf("the reply is %+v", r)
	}
	if r := st.press(t, "r4", shown); len(r.Messages) != 1 || r.Messages[0].ID != "link.off" {
		t.Errorf("the press is answered with %+v", r)
	}
	if st.links.made != 1 {
		t.Errorf("%d tokens", st.links.made)
	}
}

// A link whose meeting does not work leads nowhere, and is not shown as one that does. It can still be replaced.
func TestLinkOfADeadMeeting(t *testing.T) {
	t.Parallel()
	for name, die := range map[string]func(*bot.Meeting){ // by the end of the sentence's ID
		"expired":  func(m *bot.Meeting) { m.Expires = time.Now().Add(-time.Minute) },
		"orphaned": func(m *bot.Meeting) { m.Orphaned = true },
	} {
		t.Run(name, func(t *testing.T) {
			st := newLinkStand(t)
			st.accept(t, "r1", "ann")
			st.card(t)
			shown := st.link(t, "r2")
			token := tokenOf(t, shown, bot.LinkShown)
			st.Conversations = &altered{Conversations: st.Conversations, alter: die}
			st.links.Conversations = st.Conversations
			if got, err := st.Follow(t.Context(), token); err != nil ||
				got != (bot.Followed{Language: bot.English}) {
				t.Errorf("it leads to %+v, %v", got, err)
			}
			if r := st.link(t, "r3"); r.Messages[0].ID != "show."+name {
				t.Errorf("the reply is %+v", r)
			}
			tokenOf(t, st.press(t, "r4", shown), bot.LinkReplaced)
			st.follows(t, token, false)
		})
	}
}

// altered is a store whose meetings are altered as they are read, and which remembers how they were changed.
type altered struct {
	bot.Conversations
	alter func(*bot.Meeting)

	mu sync.Mutex
	to bot.Todo // what ChangeMeeting left to do
}

func (a *altered) Read(ctx context.Context, c bot.Conversation, asker bot.Asker) (bot.State, error) {
	state, err := a.Conversations.Read(ctx, c, asker)
	if state.Meeting != nil {
		m := *state.Meeting
		a.mu.Lock()
		m.Todo = a.to
		a.mu.Unlock()
		a.alter(&m)
		state.Meeting = &m
	}
	return state, err
}

func (a *altered) ChangeMeeting(
	ctx context.Context, c bot.Conversation, claimID string, change func(*bot.Meeting),
) (bot.State, error) {
	state, err := a.Read(ctx, c, bot.Asker{})
	if err == nil && state.Meeting != nil && state.Meeting.ClaimID == claimID {
		change(state.Meeting)
		a.mu.Lock()
		defer a.mu.Unlock()
		a.to = state.Meeting.Todo
	}
	return state, err
}

func (a *altered) todo() bot.Todo {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.to
}

// What is no token costs no look-up, and a fault of the store is none of the link's.
func TestFollowFaults(t *testing.T) {
	t.Parallel()
	st := newLinkStand(t)
	st.links.fault = errors.New("away")
	for _, text := range []string{"", "x", strings.Repeat("A", 25), strings.Repeat("A", 27), strings.Repeat("a", 26),
		strings.Repeat("A", 25) + "\n", strings.Repeat("A", 25) + "1"} {
		if _, err := st.Follow(t.Context(), text); !errors.Is(err, bot.ErrNoLink) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := st.Follow(t.Context(), strings.Repeat("A", 26)); err == nil || errors.Is(err, bot.ErrNoLink) {
		t.Errorf("with the store away: %v", err)
	}
}

// The value of the button is a fingerprint, and nothing else is taken for one.
func TestRelinkValues(t *testing.T) {
	for value, want := range map[string]bool{
		"0123456789abcdef": true, "": false, "0123456789abcde": false, "0123456789abcdef0": false,
		"0123456789ABCDEF": false, "0123456789abcdef\n": false, strings.Repeat("A", 26): false,
	} {
		i, ok := bot.ParseAction("relink", value)
		if ok != want || ok && (i != bot.Intent{Kind: bot.JobRelink, Link: value}) {
			t.Errorf("%q: %+v, %v", value, i, ok)
		}
	}
}
