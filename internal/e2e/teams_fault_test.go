//go:build integration

package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/teamstest"
	"meetbot/internal/testenv"
)

// patient are timings that bear a busy machine: an attempt that is slow to end is not taken for one that died.
func patient() app.Options {
	return app.Options{
		Timing: bot.Timing{Attempt: 2 * time.Second, SlotWait: 200 * time.Millisecond, Reclaim: 100 * time.Millisecond},
		Idle:   6 * time.Second,
	}
}

// isTeamsCard tells whether a message leads to a meeting.
func isTeamsCard(m teamstest.Message) bool { return teamstest.ReadCard(m.Card).Link() != "" }

// teamsCalls lists the bot's calls of one operation.
func (env *environment) teamsCalls(op string) []teamstest.Call {
	return slices.DeleteFunc(env.Teams.Calls(), func(c teamstest.Call) bool { return c.Op != op })
}

// The limits of sending belong to the conversation: one replica that is told to wait holds the others back too.
func TestTeamsThrottling(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		after string
		wait  time.Duration
	}{
		"for so long":  {"4", 4 * time.Second},
		"for a while":  {"", 2 * time.Second},
		"in no number": {"soon", 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newTeamsEnv(t)
			env.Teams.Fault(faultserver.Fault{Target: "send", Times: 1, Status: http.StatusTooManyRequests,
				RetryAfter: tt.after})
			r, s := env.start(env.teamsConfig(), patient()), env.start(env.teamsConfig(), patient())
			env.call(r, annID, teamsChat, "", "meet")
			eventually(t, "Teams has asked to wait", func() bool { return len(env.teamsCalls("send")) > 0 })
			env.call(s, benID, teamsChat, "", "meet")
			first := env.answer(teamsChat, nil, nil)
			link := wantTeamsCard(t, first, first.To)
			if got := env.answer(teamsChat, []teamstest.Message{first}, nil); wantTeamsCard(t, got, got.To) != link {
				t.Error("the two cards lead to two meetings")
			}
			sends := env.teamsCalls("send")
			for _, later := range sends[1:] {
				if wait := later.At.Sub(sends[0].At); wait < tt.wait-100*time.Millisecond {
					t.Errorf("a message was sent %s after Teams asked for %s", wait, tt.wait)
				}
			}
			env.wantRepeated(r, 0) // Teams had refused the first
			env.wantRepeated(s, 0)
		})
	}
}

// Whatever passes is waited out: the card comes, once if that is certain.
func TestTeamsPassingFaults(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault    faultserver.Fault
		repeated int // answers that may be second ones
	}{
		"500": {faultserver.Fault{Status: 500}, 1},
		"502 of a proxy": {faultserver.Fault{Status: 502, ContentType: "text/html",
			Body: "<html><h1>Bad Gateway</h1></html>"}, 1},
		"503":                       {faultserver.Fault{Status: 503}, 1},
		"504":                       {faultserver.Fault{Status: 504}, 1},
		"408":                       {faultserver.Fault{Status: 408}, 1},
		"a redirect":                {faultserver.Fault{Status: 307}, 1},
		"412":                       {faultserver.Fault{Status: 412}, 0},
		"401, as of old keys":       {faultserver.Fault{Status: 401}, 0},
		"a connection cut":          {faultserver.Fault{Reset: true}, 1},
		"an answer out of its time": {faultserver.Fault{Latency: 3 * time.Second}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newTeamsEnv(t)
			tt.fault.Target, tt.fault.Times = "send", 1
			env.Teams.Fault(tt.fault)
			r := env.start(env.teamsConfig(), patient())
			card := env.callAnswered(r, annID, teamsGeneral, "", "meet Weekly")
			wantTeamsCard(t, card, "")
			env.wantRepeated(r, tt.repeated)
			if n := len(env.Teams.Messages(teamsGeneral)); n != 2 {
				t.Errorf("%d messages, want the command and the card", n)
			}
			if calls := env.teamsCalls("create"); len(calls) != 0 {
				t.Errorf("the asker's own chat was opened: %+v", calls)
			}
			env.wantMeetings(1)
		})
	}
}

// An answer that may have been delivered is given again rather than lost, and counted.
func TestTeamsAnswerPerhapsDelivered(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]faultserver.Fault{
		"502":              {Status: http.StatusBadGateway},
		"a connection cut": {Reset: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newTeamsEnv(t)
			fault.Target, fault.Times, fault.Works = "send", 1, true
			env.Teams.Fault(fault)
			r := env.start(env.teamsConfig(), patient())
			env.call(r, annID, teamsChat, "", "meet")
			first := env.answer(teamsChat, nil, nil)
			second := env.answer(teamsChat, []teamstest.Message{first}, nil)
			if a, b := wantTeamsCard(t, first, ""), wantTeamsCard(t, second, ""); a != b {
				t.Errorf("the second card leads to %s, the first to %s", b, a)
			}
			env.wantRepeated(r, 1)
			env.wantMeetings(1)
		})
	}
}

// refusal is an answer of the connector's that is final.
func refusal(status int, code string) faultserver.Fault {
	return faultserver.Fault{
		Target: "send", Status: status, ContentType: "application/json",
		Body: `{"error":{"code":"` + code + `","message":"for ann@contoso.example"}}`,
	}
}

// Where the bot may not speak, the asker gets the card in the chat with the bot.
func TestTeamsBotNotInConversation(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	fault := refusal(http.StatusForbidden, "BotNotInConversationRoster")
	fault.Times = 1
	env.Teams.Fault(fault)
	r := env.start(env.teamsConfig(), patient())
	env.call(r, annID, teamsChat, "", "meet")
	wantTeamsCard(t, env.answer(env.Teams.Personal(annID), nil, nil), "")
	env.wantRepeated(r, 0)
	if n := len(env.Teams.Messages(teamsChat)); n != 1 {
		t.Errorf("%d messages in the chat, want the command alone", n)
	}
}

// An answer that reaches nobody is put aside without anything secret, an operator sees it, and can run it again.
func TestTeamsDeadLetters(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	env.teamsUser(teamstest.User{ID: annID, Name: "Ann Example", NotInstalled: true})
	env.Teams.Fault(refusal(http.StatusForbidden, "BotNotInConversationRoster"))
	r := env.start(env.teamsConfig(), patient())
	env.call(r, annID, teamsChat, "", "meet")
	eventually(t, "a dead letter is counted", func() bool {
		_, metrics := get(t, r.AdminURL()+"/metrics")
		return strings.Contains(metrics, `meetbot_jobs{state="dead"} 1`) &&
			strings.Contains(metrics, "meetbot_answers_undeliverable_total 1")
	})
	listed := env.deadLetters()
	if !strings.Contains(listed, "teams:"+testenv.TenantID) || !strings.Contains(listed, "BotNotInConversationRoster") {
		t.Errorf("listed: %s", listed)
	}
	for _, secret := range []string{"eyJ", "@contoso.example", "meetup-join", env.Teams.AppSecret()} {
		if strings.Contains(listed, secret) || strings.Contains(env.logs.String(), secret) {
			t.Errorf("%q stands in the letter or in the log\n%s", secret, listed)
		}
	}
	env.Teams.ClearFaults()
	entry := regexp.MustCompile(`(?m)^\d+-\d+`).FindString(listed)
	if err := app.RetryDeadLetter(t.Context(), env.config(), entry, io.Discard); err != nil {
		t.Fatal(err)
	}
	wantTeamsCard(t, env.answer(teamsChat, nil, nil), "")
	env.wantMeetings(1)
}

// Promise 2: a replica that is killed right after its 200 loses nothing. Another one brings the card.
func TestTeamsKilledAfterAcknowledgement(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 4 * time.Second})
	victim, url := env.process(env.teamsConfig())
	env.process(env.teamsConfig())
	d, err := env.Teams.Post(t.Context(), url, teamstest.Post{User: annID, Conversation: teamsChat,
		Text: env.Teams.Mention() + " meet Retrospective"})
	if err != nil || !slices.Equal(d.Attempts, []int{http.StatusOK}) {
		t.Fatalf("%+v, %v", d, err)
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	card := env.answer(teamsChat, nil, nil) // within 30 s
	wantTeamsCard(t, card, "")
	if m := env.wantMeetings(1); len(m) == 1 && m[0].Subject != "Retrospective" {
		t.Errorf("subject is %q", m[0].Subject)
	}
}

// With Redis away the asker is told at once, through the connector, and all is well again by itself.
func TestTeamsRedisAway(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ away, back func(*environment) }{
		"stopped": {func(env *environment) { env.redis.Kill() }, func(env *environment) { env.redis.Restart() }},
		"frozen":  {func(env *environment) { env.redis.Pause() }, func(env *environment) { env.redis.Resume() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newTeamsEnv(t)
			r := env.start(env.teamsConfig(), app.Options{})
			card := env.callAnswered(r, annID, teamsChat, "", "meet")
			link := wantTeamsCard(t, card, "")
			personal := env.Teams.Personal(caioID)
			tt.away(env)
			for _, text := range []string{"meet", "new", "show"} {
				seen := env.Teams.Messages(teamsChat)
				if d := env.call(r, benID, teamsChat, "", text); d.Took > 10*time.Second {
					t.Errorf("%q was answered after %s", text, d.Took)
				}
				wantTeamsWords(t, env.answer(teamsChat, seen, nil), benID, "cannot reach my database")
			}
			env.say(r, teamstest.Post{User: caioID, Conversation: personal, Text: "meet"})
			wantTeamsWords(t, env.answer(personal, nil, nil), "", "banco de dados")
			a, err := env.Teams.Press(t.Context(), r.URL(), teamstest.Press{User: benID, Message: card})
			if err != nil || a.Message == nil || !strings.Contains(a.Message.Words(), "cannot reach my database") {
				t.Errorf("the button: %+v, %v", a, err)
			}
			// Whom nobody can tell is at least not told that all is well.
			env.Teams.Fault(faultserver.Fault{Status: http.StatusServiceUnavailable})
			if status, answer := env.deliver(t, r, env.activity(benID, "meet"),
				teamstest.Token{}); status != http.StatusServiceUnavailable {
				t.Errorf("with Teams away too: %d %q", status, answer)
			}
			env.Teams.ClearFaults()
			tt.back(env)
			if err := testenv.WaitReady(t.Context(), r.URL()); err != nil {
				t.Fatal(err)
			}
			if got := wantTeamsCard(t, env.callAnswered(r, benID, teamsChat, "", "show"), benID); got != link {
				t.Errorf("afterwards the meeting is %s, want %s", got, link)
			}
			env.wantMeetings(1)
		})
	}
}

// While Entra has no token for the bot nothing is lost, and nothing is counted as perhaps given twice.
func TestTeamsWithoutBotToken(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]faultserver.Fault{
		"Entra away":      {Status: http.StatusServiceUnavailable},
		"Entra throttles": {Status: http.StatusTooManyRequests, RetryAfter: "1"},
		"Entra silent":    {Reset: true},
		"secret expired": {
			Status: http.StatusUnauthorized, ContentType: "application/json",
			Body: `{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys are expired."}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := newTeamsEnv(t)
			fault.Target = "token"
			env.Entra.Fault(fault)
			r := env.start(env.teamsConfig(), patient())
			env.call(r, annID, teamsChat, "", "help") // which needs no other token than the bot's
			eventually(t, "the attempt has failed",
				func() bool { return strings.Contains(env.logs.String(), "attempt failed") })
			if n := len(env.Teams.Calls()); n != 0 {
				t.Errorf("%d calls without a token", n)
			}
			env.Entra.ClearFaults()
			wantTeamsWords(t, env.answer(teamsChat, nil, nil), annID, "meet new")
			env.wantRepeated(r, 0)
			if logs := env.logs.String(); strings.Contains(logs, env.Teams.AppSecret()) ||
				strings.Contains(logs, "eyJ") {
				t.Errorf("the log holds a secret:\n%s", logs)
			}
		})
	}
}

// Promise 1: however many ask at once, of whichever replica, they get one link and Graph makes one meeting; and whoever
// asks again costs one post and nothing else.
func TestTeamsManyAskers(t *testing.T) {
	t.Parallel()
	const askers = 150
	env := newTeamsEnv(t)
	c := env.teamsConfig()
	replicas := []*replica{env.start(c, app.Options{}), env.start(c, app.Options{}), env.start(c, app.Options{})}
	ids := make([]string, askers)
	for i := range ids {
		ids[i] = newGUID()
		name := fmt.Sprintf("Asker %d", i)
		env.entraUser(graphtest.User{ID: ids[i], UPN: fmt.Sprintf("asker%d@contoso.example", i), DisplayName: name})
		env.teamsUser(teamstest.User{ID: ids[i], Name: name})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	// ask returns the answer to one message. On a machine so busy that Redis or the bot does not answer in time, the
	// asker is told to type it again, or sees that nothing came of it.
	ask := func(id string, r *replica) (teamstest.Message, error) {
		for {
			d, err := env.Teams.Post(ctx, r.URL(), teamstest.Post{User: id, Conversation: teamsChat,
				Text: env.Teams.Mention() + " meet"})
			if err != nil {
				return teamstest.Message{}, err
			}
			if !slices.Equal(d.Attempts, []int{http.StatusOK}) {
				continue
			}
			m, err := env.Teams.WaitFor(ctx, teamsChat, func(m teamstest.Message) bool { return m.ReplyTo == d.ID })
			if err != nil || !strings.Contains(m.Words(), "cannot reach my database") {
				return m, err
			}
		}
	}
	var mu sync.Mutex
	links, everybody := map[string]bool{}, 0
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() {
			m, err := ask(id, replicas[i%len(replicas)])
			if err != nil || !isTeamsCard(m) || m.To != "" && m.To != id {
				t.Errorf("asker %d: %s for %q, %v", i, m.Words(), m.To, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			links[teamstest.ReadCard(m.Card).Link()] = true
			if m.To == "" {
				everybody++
			}
		})
	}
	wg.Wait()
	if len(links) != 1 || everybody == 0 {
		t.Errorf("the cards lead to %d meetings; %d were for everybody", len(links), everybody)
	}
	answered := map[string]int{}
	for _, r := range replicas {
		env.wantRepeated(r, 0)
	}
	for _, m := range env.Teams.Messages(teamsChat) {
		if isTeamsCard(m) {
			if answered[m.ReplyTo]++; answered[m.ReplyTo] > 1 {
				t.Errorf("the message %s was answered twice", m.ReplyTo)
			}
		}
	}
	env.wantMeetings(1)

	graph, entra := len(env.Graph.Calls()), env.Entra.Requests()
	env.Teams.ResetCalls()
	again := env.callAnswered(replicas[0], ids[0], teamsChat, "", "meet")
	if !links[wantTeamsCard(t, again, again.To)] {
		t.Error("a repeat brings another link")
	}
	env.wantRepeated(replicas[0], 0)
	if calls := env.Teams.Calls(); len(calls) != 1 || len(env.Graph.Calls()) != graph || env.Entra.Requests() != entra {
		t.Errorf("a repeat cost %d calls of Teams, %d of Graph, %d of Entra", len(calls), len(env.Graph.Calls())-graph,
			env.Entra.Requests()-entra)
	}
}
