//go:build integration

package e2e

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// The options of new meetings are one PATCH after the first card, and never cost the link.
func TestMeetingOptions(t *testing.T) {
	onEveryPlatform(t, map[string]func(*testing.T, *environment, app.Config){
		"applied":                      optionsApplied,
		"refused":                      optionsRefused,
		"not of a meeting that is old": optionsOfOldMeeting,
	})
}

// withOptions sets every option of new meetings.
func withOptions(c app.Config) app.Config {
	m := &c.Meetings
	m.Lobby, m.Presenters, m.Chat, m.Record, m.Announce = "everyone", "organizer", "limited", "true", "false"
	return c
}

// wantOptions wants one change of a meeting, with all options and nothing else.
func wantOptions(t *testing.T, env *environment) {
	t.Helper()
	changes := env.changes()
	if len(changes) != 1 {
		t.Fatalf("Graph was asked for %d changes: %+v", len(changes), changes)
	}
	var sent map[string]any
	if err := json.Unmarshal(changes[0].Body, &sent); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"lobbyBypassSettings": map[string]any{"scope": "everyone"}, "allowedPresenters": "organizer",
		"allowMeetingChat": "limited", "recordAutomatically": true, "isEntryExitAnnounced": false,
	}
	if !reflect.DeepEqual(sent, want) {
		t.Errorf("the change is %v, want %v", sent, want)
	}
}

func optionsApplied(t *testing.T, env *environment, c app.Config) {
	f := env.started(withOptions(c))
	env.Graph.Fault(faultserver.Fault{Target: "changeMeeting", Times: 1, Status: http.StatusServiceUnavailable,
		RetryAfter: "2"})
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting") // does not wait for that
	if changed := env.changes(); len(changed) > 1 {
		t.Errorf("the card waited for its options: %+v", changed)
	}
	eventually(t, "the options are applied", func() bool {
		all := env.changes()
		return len(all) == 2 && all[1].Status == http.StatusOK
	})
	env.settled()
	env.Graph.ResetCalls()
	fresh := card(t, f, asked{user: members.ben, command: "new Retro"}, "Microsoft Teams meeting")
	eventually(t, "the fresh meeting has them too", func() bool { return len(env.changes()) == 1 })
	wantOptions(t, env)
	env.settled()
	for _, user := range []member{members.ann, members.ben} {
		if again := card(t, f, asked{user: user, command: "meet"}); again.link != fresh.link || again.link == first.link {
			t.Errorf("another link: %+v", again)
		}
	}
	env.settled()
	wantOptions(t, env) // once
}

func optionsRefused(t *testing.T, env *environment, c app.Config) {
	f := env.started(withOptions(c))
	env.Graph.Fault(faultserver.Fault{Target: "changeMeeting", Status: http.StatusBadRequest,
		ContentType: "application/json", Body: `{"error":{"code":"BadRequest","message":"Not with this licence."}}`})
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	eventually(t, "the options were refused", func() bool { return len(env.changes()) == 1 })
	env.settled()
	for range 3 {
		if again := card(t, f, asked{user: members.ben, command: "meet"}); again.link != first.link {
			t.Errorf("another link: %+v", again)
		}
		env.settled()
	}
	wantOptions(t, env) // once
	logs := env.logs.String()
	if !strings.Contains(logs, "Graph refuses to read or change a meeting; its link stays") ||
		!strings.Contains(logs, `"kind":"options","code":"bad_request"`) {
		t.Errorf("the operator is not told: %s", env.logs.Tail())
	}
	env.wantMeetings(1)
}

// optionsOfOldMeeting: Redis was lost, so Graph gives back a meeting that people have used for long. Its options belong
// to them.
func optionsOfOldMeeting(t *testing.T, env *environment, c app.Config) {
	f := env.started(withOptions(c))
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	eventually(t, "the options are applied", func() bool { return len(env.changes()) == 1 })
	env.settled()
	env.flush()
	env.Clock.Move(2 * day)
	env.Graph.ResetCalls()
	if again := card(t, f, asked{user: members.ann, command: "meet"}); again.link != first.link {
		t.Fatalf("another link: %+v", again)
	}
	env.settled()
	if changes := env.changes(); len(changes) != 0 {
		t.Errorf("an old meeting was changed: %s", changes[0].Body)
	}
	env.wantMeetings(1)
}

// A process that ends by force before it has applied the options leaves them to another one.
func TestKilledBeforeOptionsAreApplied(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	c := withOptions(env.config())
	victim, url := env.process(c)
	env.Graph.Fault(faultserver.Fault{Target: "changeMeeting", Times: 1, Reset: true,
		Struck: func() { _ = victim.Process.Kill() }})
	if _, err := env.Slack.Command(t.Context(), url, slacktest.Command{User: ann, Channel: general}); err != nil {
		t.Fatal(err)
	}
	first := wantCard(t, env.next(general, nil, isCard), "")
	_ = victim.Wait()
	env.Graph.ResetCalls()
	r := env.start(c, quick())
	eventually(t, "the options are applied", func() bool {
		all := env.changes()
		return len(all) > 0 && all[len(all)-1].Status == http.StatusOK
	})
	env.settled()
	if again := wantCard(t, env.meet(r, ben, general, ""), ben); again != first {
		t.Errorf("another link: %s", again)
	}
	wantOptions(t, env)
}
