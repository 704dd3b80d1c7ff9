package bot_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/bot"
)

// bookmarker is a platform whose channels have bookmarks.
type bookmarker struct {
	*platform
	mu    sync.Mutex
	set   []string         // "id title url" of each call
	fails []error          // of the next calls
	while func(url string) // what happens during a call; nil for nothing
}

func (b *bookmarker) SetBookmark(_ context.Context, _ bot.Conversation, id, title, url string) (string, error) {
	b.mu.Lock()
	b.set = append(b.set, fmt.Sprintf("%s %s %s", id, title, url))
	var err error
	if len(b.fails) > 0 {
		err, b.fails = b.fails[0], b.fails[1:]
	}
	while := b.while
	b.while = nil
	b.mu.Unlock()
	if while != nil {
		while(url)
	}
	return "Bk1", err
}

func (b *bookmarker) calls() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.set...)
}

// newBookmarkStand is a stand with a meeting whose bookmark has to be set.
func newBookmarkStand(t *testing.T) (*linkStand, *bookmarker, *altered) {
	t.Helper()
	st := newLinkStand(t)
	st.accept(t, "r1", "ann")
	st.card(t)
	b := &bookmarker{platform: st.platform}
	conversations := &altered{Conversations: st.Conversations, alter: func(*bot.Meeting) {}, to: bot.TodoBookmark}
	st.Conversations, st.links.Conversations = conversations, conversations
	st.Platforms["test"] = b
	w := st.Workspaces.(bot.OneWorkspace)
	w.Bookmarks = true
	st.Workspaces = w
	return st, b, conversations
}

// bookmark starts the job, and waits until it is done.
func (st *linkStand) bookmark(t *testing.T, id string) {
	t.Helper()
	err := st.Accept(t.Context(), bot.Request{
		ID: id, Conversation: linkedChannel, Intent: bot.Intent{Kind: bot.JobBookmark}, Received: time.Now(), Trace: id,
	})
	if err != nil {
		t.Fatal(err)
	}
	st.until(t, func(d bot.Depth) bool { return d.Waiting == 0 })
	select {
	case r := <-st.platform.posted:
		t.Errorf("somebody was told %+v", r)
	default:
	}
}

// idle waits until no bookmark has to be set and no job is left.
func (st *linkStand) idle(t *testing.T, conversations *altered) {
	t.Helper()
	st.until(t, func(d bot.Depth) bool { return d.Waiting == 0 && conversations.todo() == 0 })
}

// until waits until the queue is as wanted. No job may become a dead letter.
func (st *linkStand) until(t *testing.T, wanted func(bot.Depth) bool) {
	t.Helper()
	var d bot.Depth
	var err error
	eventually(t, 20*time.Second, func() bool {
		d, err = st.queue.Depth(t.Context())
		if err == nil && d.DeadLetters != 0 {
			t.Fatalf("%d dead letters; log:\n%s", d.DeadLetters, st.logs)
		}
		return err == nil && wanted(d)
	}, func() string { return fmt.Sprintf("the jobs are not done: %+v, %v; log:\n%s", d, err, st.logs) })
}

// A channel gets its bookmark, once, and another link changes it.
func TestBookmark(t *testing.T) {
	t.Parallel()
	st, b, conversations := newBookmarkStand(t)
	st.bookmark(t, "b1")
	shown := st.link(t, "r2")
	token := tokenOf(t, shown, bot.LinkShown)
	want := []string{" Join in Microsoft Teams https://bot.example.com/j/" + token}
	if got := b.calls(); len(got) != 1 || got[0] != want[0] {
		t.Fatalf("set %q, want %q", got, want)
	}
	if st.links.bookmarks[linkedChannel] != "Bk1" || conversations.todo() != 0 {
		t.Errorf("remembered %q, still to do %b", st.links.bookmarks, conversations.todo())
	}
	st.bookmark(t, "b2") // there is nothing to do
	if n := len(b.calls()); n != 1 {
		t.Errorf("set %d times", n)
	}

	token = tokenOf(t, st.press(t, "r3", shown), bot.LinkReplaced)
	st.idle(t, conversations)
	want = append(want, "Bk1 Join in Microsoft Teams https://bot.example.com/j/"+token)
	if got := b.calls(); len(got) != 2 || got[1] != want[1] {
		t.Errorf("set %q, want %q", got, want)
	}
}

// A refusal for good is noted once and costs nothing else; a passing one is tried again.
func TestBookmarkRefused(t *testing.T) {
	t.Parallel()
	st, b, conversations := newBookmarkStand(t)
	b.fails = []error{
		&bot.Error{Code: bot.Unavailable, Err: errors.New("busy")},
		&bot.Error{Code: bot.Undeliverable, Err: errors.New("not_in_channel")},
	}
	st.bookmark(t, "b1")
	if n := len(b.calls()); n != 2 || conversations.todo() != 0 {
		t.Errorf("set %d times, still to do %b", n, conversations.todo())
	}
	log := st.logs.String()
	if n := strings.Count(log, `level=INFO msg="the channel's bookmark was not set"`); n != 1 ||
		!strings.Contains(log, "not_in_channel") {
		t.Errorf("noted %d times:\n%s", n, log)
	}
	// Who asks for the link gets it, and the bookmark that the conversation misses is tried again.
	if r := st.link(t, "r2"); r.Messages[0].ID != "link.shown" {
		t.Errorf("the link: %+v", r)
	}
	st.idle(t, conversations)
	if n := len(b.calls()); n != 3 || st.links.bookmarks[linkedChannel] != "Bk1" {
		t.Errorf("set %d times, remembered %q", n, st.links.bookmarks)
	}
}

// A link that is replaced while its bookmark is being set is in the bookmark in the end.
func TestBookmarkOfALinkThatIsReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	st, b, conversations := newBookmarkStand(t)
	token, err := st.links.Link(t.Context(), linkedChannel, strings.Repeat("A", 26), "")
	if err != nil {
		t.Fatal(err)
	}
	shown := bot.LinkReply(bot.English, bot.LinkShown, "", token)
	replaced := ""
	b.while = func(string) { replaced = tokenOf(t, st.press(t, "r3", shown), bot.LinkReplaced) }
	st.bookmark(t, "b1")
	st.idle(t, conversations)
	got := b.calls()
	if last := got[len(got)-1]; !strings.HasSuffix(last, "/j/"+replaced) || conversations.todo() != 0 {
		t.Errorf("set %q, still to do %b, want the link %s last", got, conversations.todo(), replaced)
	}
}

// Where there is to be no bookmark, the job does nothing and is not asked for again.
func TestNoBookmark(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*linkStand){
		"switched off": func(st *linkStand) {
			w := st.Workspaces.(bot.OneWorkspace)
			w.Bookmarks = false
			st.Workspaces = w
		},
		"no public address":              func(st *linkStand) { st.PublicURL = "" },
		"a platform that cannot do that": func(st *linkStand) { st.Platforms["test"] = st.platform },
	} {
		t.Run(name, func(t *testing.T) {
			st, b, conversations := newBookmarkStand(t)
			change(st)
			st.bookmark(t, "b1")
			if n := len(b.calls()); n != 0 || conversations.todo() != 0 || st.links.made != 0 {
				t.Errorf("set %d times, still to do %b, %d tokens", n, conversations.todo(), st.links.made)
			}
		})
	}
}

// To follow a link is to use the conversation: what is to do about its meeting begins.
func TestFollowingALinkIsUse(t *testing.T) {
	t.Parallel()
	st, b, conversations := newBookmarkStand(t)
	token, err := st.links.Link(t.Context(), linkedChannel, strings.Repeat("A", 26), "")
	if err != nil {
		t.Fatal(err)
	}
	st.follows(t, token, true)
	st.idle(t, conversations)
	if n := len(b.calls()); n != 1 {
		t.Errorf("the bookmark was set %d times", n)
	}
}
