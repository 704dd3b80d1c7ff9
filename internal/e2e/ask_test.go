//go:build integration

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"meetbot/internal/sandbox/slacktest"
)

// meet runs /meet and returns what Slack shows of the answer.
func (env *environment) meet(r *replica, user, channel, text string) slacktest.Message {
	env.t.Helper()
	m, err := env.tryMeet(r, user, channel, text)
	if err != nil {
		env.t.Fatal(err)
	}
	return m
}

// tryMeet is meet for several who ask at once. Where the command was answered with nothing, the answer is the message
// that the bot has posted by then.
func (env *environment) tryMeet(r *replica, user, channel, text string) (slacktest.Message, error) {
	seen := len(env.Slack.Messages(channel))
	a, err := env.Slack.Command(env.t.Context(), r.URL(), slacktest.Command{User: user, Channel: channel, Text: text})
	switch {
	case err != nil:
		return slacktest.Message{}, err
	case a.Message != nil:
		return *a.Message, nil
	case a.Problem == "" && a.Status == http.StatusOK && len(a.Body) == 0:
		for _, m := range env.Slack.Messages(channel)[seen:] {
			if m.Via == "chat.postMessage" && m.To == "" {
				return m, nil
			}
		}
	}
	return slacktest.Message{}, fmt.Errorf("/meet %s by %s in %s: Slack shows nothing; HTTP %d, problem %q, body %s",
		text, user, channel, a.Status, a.Problem, a.Body)
}

// inPlace takes the bot's right to post away, so that it can answer commands in place alone.
func (env *environment) inPlace() {
	env.t.Helper()
	env.Slack.SetScopes(slices.DeleteFunc(env.Slack.Scopes(),
		func(scope string) bool { return scope == "chat:write.public" })...)
	for _, channel := range []string{general, design} {
		if err := env.Slack.SetBotMember(channel, false); err != nil {
			env.t.Fatal(err)
		}
	}
}

// mayPost are environments in which the bot may post the first card of a meeting, and in which it may not.
var mayPost = map[string]func(*environment){
	"chat.postMessage": func(*environment) {},
	"answer":           (*environment).inPlace,
}

func (env *environment) command(r *replica, user, channel, text string) slacktest.Answer {
	env.t.Helper()
	a, err := env.Slack.Command(env.t.Context(), r.URL(), slacktest.Command{User: user, Channel: channel, Text: text})
	if err != nil {
		env.t.Fatal(err)
	}
	if a.Problem != "" {
		env.t.Fatalf("/meet %s by %s in %s: Slack shows the problem %q; body %s", text, user, channel, a.Problem,
			a.Body)
	}
	return a
}

// mention mentions the bot and returns the user's message.
func (env *environment) mention(r *replica, user, channel, thread, text string) slacktest.Delivery {
	env.t.Helper()
	d, err := env.Slack.Mention(env.t.Context(), r.URL(), slacktest.Mention{
		User: user, Channel: channel, ThreadTS: thread, Text: strings.TrimSpace("<@" + env.Slack.BotUser() + "> " +
			text),
	})
	if err != nil {
		env.t.Fatal(err)
	}
	if n := len(d.Attempts); n == 0 || d.Attempts[n-1] != http.StatusOK {
		env.t.Fatalf("mention %q was answered with %v", text, d.Attempts)
	}
	return d
}

// next waits for a message of the bot's in the channel that is none of those already seen.
func (env *environment) next(channel string, seen []slacktest.Message,
	match func(slacktest.Message) bool) slacktest.Message {
	env.t.Helper()
	old := map[string]bool{}
	for _, m := range seen {
		old[m.TS] = true
	}
	ctx, cancel := context.WithTimeout(env.t.Context(), 30*time.Second)
	defer cancel()
	m, err := env.Slack.WaitFor(ctx, channel, func(m slacktest.Message) bool {
		return !old[m.TS] && m.Via != "user" && (match == nil || match(m))
	})
	if err != nil {
		env.t.Fatalf("no such message in %s: %v; there are %s", channel, err, texts(env.Slack.Messages(channel)))
	}
	return m
}

// asks mentions the bot and returns its answer in the channel.
func (env *environment) asks(r *replica, user, channel, thread, text string) slacktest.Message {
	env.t.Helper()
	seen := env.Slack.Messages(channel)
	env.mention(r, user, channel, thread, text)
	return env.next(channel, seen, nil)
}
