package teamsapp_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/bot/teamsapp"
	"meetbot/internal/replytest"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/teamstest"
)

const (
	ann     = "a1111111-0000-4000-8000-000000000001"
	general = "19:general@thread.tacv2"
	chat    = "19:chat@thread.v2"
)

// minted gives the bot's tokens for the sandbox.
type minted struct{ entra *entratest.Server }

func (m minted) Token(context.Context) (string, error) {
	return m.entra.Mint(appID, "https://api.botframework.com", time.Hour)
}
func (minted) Renew() {}

// sandbox is a team, a group chat and Ann, and an app that answers there.
type sandbox struct {
	*teamstest.Server
	app *teamsapp.App
}

func newSandbox(t *testing.T) *sandbox {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	entra, err := entratest.New(entratest.Options{
		TenantID: tenantID, ClientID: "0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9e01", ClientSecret: "secret",
	})
	must(err)
	t.Cleanup(entra.Close)
	s, err := teamstest.New(teamstest.Options{Entra: entra, AppID: appID, Posts: []teamstest.Quota{}})
	must(err)
	t.Cleanup(s.Close)
	must(s.AddUser(teamstest.User{ID: ann, Name: "Ann"}))
	must(s.AddTeam(general, "Contoso"))
	_, err = s.AddConversation(teamstest.Conversation{ID: chat, Kind: teamstest.GroupChat})
	must(err)
	return &sandbox{s, newApp(t, &holds{waits: map[string]time.Duration{}}, minted{entra}, s.ServiceHost())}
}

func conversation(channel string) bot.Conversation {
	return bot.Conversation{Platform: teamsapp.Platform, Workspace: tenantID, Channel: channel}
}

// job is one of Ann's in a channel or chat, to be answered there.
func (s *sandbox) job(channel, answer string) bot.Job {
	return bot.Job{ID: "j", Conversation: conversation(channel), Route: bot.Route{
		Channel: answer, User: s.MemberID(ann), Service: s.ServiceURL(), Alone: channel == s.Personal(ann),
	}}
}

// card is a meeting's card for everybody; with ended, of one that was replaced.
func card(ended bool) bot.Reply {
	meeting := replytest.Meeting()
	return bot.Reply{Language: bot.English, Card: &bot.Card{Meeting: meeting, New: !ended, Ended: ended, Current: &meeting}}
}

func (s *sandbox) post(t *testing.T, j bot.Job, r bot.Reply) bot.MessageRef {
	t.Helper()
	posted, err := s.app.Deliver(t.Context(), j, r)
	if err != nil || posted.Ref == "" {
		t.Fatalf("posted %+v, %v", posted, err)
	}
	return posted.Ref
}

// A card that everybody sees can be changed, wherever it was posted: it is then what a new post would be, and stays
// where it is.
func TestPostedCardsChange(t *testing.T) {
	s := newSandbox(t)
	asked := s.Say(ann, general, "meet").ID
	thread := s.job(general, general+";messageid="+asked)
	thread.Conversation.Thread = asked
	root := s.job(general, general)
	root.Route.Root = true
	answer := s.job(general, general+";messageid="+asked)
	answer.Route.Message = asked
	toAsker := card(false)
	toAsker.Audience = bot.AudienceAsker
	for name, tt := range map[string]struct {
		job   bot.Job
		reply bot.Reply
	}{
		"below the command":      {answer, card(false)},
		"in a thread":            {thread, card(false)},
		"a post of its own":      {root, card(false)},
		"in a group chat":        {s.job(chat, chat), card(false)},
		"in a thread of a chat":  {s.job(chat, chat+";messageid="+s.Say(ann, chat, "about that").ID), card(false)},
		"in a chat with the bot": {s.job(s.Personal(ann), s.Personal(ann)), card(false)},
		"there for the asker":    {s.job(s.Personal(ann), s.Personal(ann)), toAsker},
	} {
		t.Run(name, func(t *testing.T) {
			channel := tt.job.Conversation.Channel
			ref := s.post(t, tt.job, tt.reply)
			before := s.Messages(channel)
			if err := s.app.Update(t.Context(), tt.job.Conversation.InChannel(), ref, card(true)); err != nil {
				t.Fatal(err)
			}
			if len(ref) > 80 || strings.Contains(string(ref), channel) || strings.Contains(string(ref), tenantID) {
				t.Errorf("reference %q", ref)
			}
			after := s.Messages(channel)
			changed := after[len(after)-1]
			if changed.Edits != 1 || !strings.Contains(changed.Words(), "This meeting was replaced.") {
				t.Errorf("changed to %+v", changed)
			}
			ids := func(m teamstest.Message) string { return m.ID + m.Thread + m.ReplyTo }
			if !slices.EqualFunc(before, after, func(a, b teamstest.Message) bool { return ids(a) == ids(b) }) {
				t.Errorf("places were %+v, are %+v", before, after)
			}
			s.post(t, tt.job, card(true))
			fresh := s.Messages(channel)
			if got, want := string(changed.Card), string(fresh[len(fresh)-1].Card); got != want {
				t.Errorf("changed to %s\na new post is %s", got, want)
			}
		})
	}
}

// What one person sees, and what is no card, is not kept to be changed.
func TestNotEveryPostChanges(t *testing.T) {
	s := newSandbox(t)
	toAsker, direct := card(false), card(false)
	toAsker.Audience, direct.Audience = bot.AudienceAsker, bot.AudienceDirect
	gone := s.job(chat, "19:gone@thread.v2")
	for name, tt := range map[string]struct {
		job   bot.Job
		reply bot.Reply
	}{
		"for the asker alone":             {s.job(chat, chat), toAsker},
		"in the asker's own chat":         {s.job(chat, chat), direct},
		"in the asker's chat as a resort": {gone, card(false)},
		"sentences":                       {s.job(chat, chat), bot.NoMeetingReply(bot.English)},
	} {
		if posted, err := s.app.Deliver(t.Context(), tt.job, tt.reply); err != nil || posted != (bot.Posted{}) {
			t.Errorf("%s: %+v, %v", name, posted, err)
		}
	}
}

// Teams now and then accepts a message without naming it (MicrosoftDocs/bot-docs, issue 2263).
func TestPostWithoutName(t *testing.T) {
	s := newSandbox(t)
	s.Fault(faultserver.Fault{Target: "send", Status: http.StatusAccepted, Works: true})
	posted, err := s.app.Deliver(t.Context(), s.job(chat, chat), card(false))
	if err != nil || posted != (bot.Posted{}) {
		t.Errorf("%+v, %v", posted, err)
	}
}

// The name of the post that a thread may open under is told as before.
func TestRootsAreTold(t *testing.T) {
	s := newSandbox(t)
	j := s.job(general, general)
	for _, root := range []bool{false, true} {
		j.Route.Root = root
		posted, err := s.app.Deliver(t.Context(), j, card(false))
		all := s.Messages(general)
		if want := all[len(all)-1].ID; err != nil || (posted.Root == want) != root || (posted.Root == "") == root {
			t.Errorf("root %v: %+v, %v", root, posted, err)
		}
	}
}

// A card that is gone or out of reach says so; what may pass says that.
func TestCardsOutOfReach(t *testing.T) {
	for name, tt := range map[string]struct {
		before func(s *sandbox, id string) error
		want   bot.Code
	}{
		"deleted": {func(s *sandbox, id string) error { return s.Delete(chat, id) }, bot.Undeliverable},
		"the bot has left": {func(s *sandbox, _ string) error {
			_, err := s.AddConversation(teamstest.Conversation{ID: chat, Kind: teamstest.GroupChat, BotAbsent: true})
			return err
		}, bot.Undeliverable},
		"the app is blocked": {func(s *sandbox, _ string) error {
			_, err := s.AddConversation(teamstest.Conversation{ID: chat, Kind: teamstest.GroupChat, BotDisabled: true})
			return err
		}, bot.Undeliverable},
		"updates are not had":        {fault(faultserver.Fault{Status: http.StatusMethodNotAllowed}), bot.Undeliverable},
		"deleted, as Teams was seen": {fault(faultserver.Fault{Status: http.StatusForbidden, Body: `{"error":{"code":"ServiceError"}}`}), bot.Undeliverable},
		"too big":                    {fault(faultserver.Fault{Status: http.StatusRequestEntityTooLarge}), bot.Undeliverable},
		"busy":                       {fault(faultserver.Fault{Status: http.StatusTooManyRequests, RetryAfter: "3"}), bot.Throttled},
		"another operation":          {fault(faultserver.Fault{Status: http.StatusPreconditionFailed}), bot.Throttled},
		"away":                       {fault(faultserver.Fault{Status: http.StatusBadGateway}), bot.Unavailable},
		"slow":                       {fault(faultserver.Fault{Status: http.StatusGatewayTimeout, Works: true}), bot.Unavailable},
		"cut":                        {fault(faultserver.Fault{Reset: true}), bot.Unavailable},
		"token refused":              {fault(faultserver.Fault{Status: http.StatusUnauthorized}), bot.ChatCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSandbox(t)
			ref := s.post(t, s.job(chat, chat), card(false))
			if err := tt.before(s, s.Messages(chat)[0].ID); err != nil {
				t.Fatal(err)
			}
			err := s.app.Update(t.Context(), conversation(chat), ref, card(true))
			if bot.CodeOf(err) != tt.want || strings.Contains(err.Error(), chat) {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

// fault arms a fault of the next update.
func fault(f faultserver.Fault) func(*sandbox, string) error {
	f.Target, f.Times = "update", 1
	return func(s *sandbox, _ string) error {
		s.Fault(f)
		return nil
	}
}

// A reference that this release cannot read, or that leads to a host which is not allowed, costs no call.
func TestForeignReferences(t *testing.T) {
	var hits atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer trap.Close()
	k := &tokens{err: errors.New("nobody may ask")}
	app := newApp(t, &holds{waits: map[string]time.Duration{}}, k, "smba.contoso.example")
	long := strings.Repeat("1", 500)
	for _, ref := range []bot.MessageRef{
		"", " ", "1", "1 ", "1   ", "1 /emea 1 ", "2 /emea 1 2", "1b /emea 1 2", "1 /emea 1", "1 /emea 1 2 19:x 3", "1 /emea 1 2 ",
		"x", "C024:1712345678.000100", `{"v":2}`, bot.MessageRef("1 /emea 1 " + long),
		bot.MessageRef("1 " + trap.URL + " 1 2"), "1 http://smba.trafficmanager.net/emea 1 2",
		"1 /emea?x= 1 2", "1 /emea#x 1 2", "1 https://smba.trafficmanager.net@evil.example/ 1 2", "1 .evil.example/ 1 2", "1 @evil.example 1 2",
	} {
		err := app.Update(t.Context(), conversation(chat), ref, card(true))
		if bot.CodeOf(err) != bot.Undeliverable {
			t.Errorf("%q: %v", ref, err)
		}
	}
	if err := app.Update(t.Context(), bot.Conversation{}, "1 /emea 1 2", card(true)); bot.CodeOf(err) != bot.Undeliverable {
		t.Errorf("in no conversation: %v", err)
	}
	if hits.Load() != 0 || k.asked.Load() != 0 {
		t.Errorf("%d calls, %d tokens", hits.Load(), k.asked.Load())
	}
}

// While Teams asks to leave a conversation alone, its cards are left alone, too.
func TestUpdatesWait(t *testing.T) {
	s := newSandbox(t)
	ref := s.post(t, s.job(chat, chat), card(false))
	busy := newApp(t, waiting(time.Minute), &tokens{}, s.ServiceHost())
	err := busy.Update(t.Context(), conversation(chat), ref, card(true))
	if e, ok := errors.AsType[*bot.Error](err); !ok || e.Code != bot.Throttled || e.Wait != time.Minute {
		t.Errorf("%v", err)
	}
	for _, call := range s.Calls() {
		if call.Op == "update" {
			t.Errorf("call %+v", call)
		}
	}
}

// waiting is a platform that asked to wait.
type waiting time.Duration

func (waiting) Throttle(context.Context, bot.Upstream, time.Duration) error { return nil }
func (w waiting) ThrottledFor(_ context.Context, u bot.Upstream) (time.Duration, error) {
	if u.Name != "teams:"+chat {
		return 0, nil
	}
	return time.Duration(w), nil
}
