//go:build integration

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
)

// onPerson is a command on the person of these names.
func onPerson(do func(context.Context, app.Config, app.Operation, []string) error, names ...string) func(context.Context,
	app.Config, app.Operation) error {
	return func(ctx context.Context, c app.Config, o app.Operation) error { return do(ctx, c, o, names) }
}

// exported is what an operator reads of a person, by program: what it is, and what the person is in it.
func (env *environment) exported(names ...string) (found []string) {
	env.t.Helper()
	var r struct {
		Found []struct{ What, Role string }
	}
	if err := json.Unmarshal([]byte(env.operates(app.Operation{JSON: true}, onPerson(app.ExportPerson, names...))),
		&r); err != nil {
		env.t.Fatal(err)
	}
	for _, t := range r.Found {
		found = append(found, t.What+": "+t.Role)
	}
	return found
}

// useEverything has Ann leave a trace of every kind: a meeting of hers, one that she asked for and one that can come
// back, an invitation, a date, a dead letter of hers and one that names her, a throttle.
func (env *environment) useEverything(r *replica) (hers, bens string) {
	env.t.Helper()
	t := env.t
	fail := func(target string) {
		env.Slack.Fault(faultserver.Fault{Target: target, Status: http.StatusOK, ContentType: "application/json",
			Body: `{"ok":false,"error":"channel_is_archived"}`})
	}
	env.Slack.AddChannel(slacktest.Channel{ID: "C0OLD", Name: "old"})
	hers = wantCard(t, env.meet(r, ann, general, "Weekly tomorrow at 15:00"), "")
	wantCard(t, env.meet(r, ann, design, "Colours"), "")
	bens = wantCard(t, env.meet(r, ben, design, "new Shapes with <@U0ANN|ann>"), "") // hers could come back
	env.settled()

	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 2500 * time.Millisecond})
	fail("response_url")
	fail("chat.postMessage")
	env.command(r, ann, "C0OLD", "new Ballad")
	eventually(t, "her answer is a dead letter", func() bool { return strings.Contains(env.deadLetters(), ann) })
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Latency: 2500 * time.Millisecond})
	env.command(r, caio, "C0OLD", "new Song with <@U0ANN|ann>")
	eventually(t, "a dead letter names her", func() bool { return strings.Contains(env.deadLetters(), caio) })
	env.Slack.ClearFaults()
	env.Graph.ClearFaults()
	return hers, bens
}

// A person is erased end to end: an operator reads what there is, sees what it costs, erases it, and nothing in Redis
// names the person any more. Their conversations get another meeting; other people's keep theirs.
func TestErasePerson(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	r := env.bot()
	hers, bens := env.useEverything(r)

	for _, names := range [][]string{{ann}, {"ANN@contoso.example"}, {annID}, {strings.ToUpper(annID), ann}} {
		found := env.exported(names...)
		for _, want := range []string{
			"identity: U0ANN", "meeting: organizer, asked for it, set its date", "earlier meeting, for Undo: organizer, asked for it",
			"invitation: invited", "dead letter: asked", "dead letter: named in it", "count of new meetings: asked for them",
			"commands that they wait for: asked",
		} {
			if !slices.Contains(found, want) {
				t.Errorf("%v: the export lacks %q: %q", names, want, found)
			}
		}
	}
	text := env.operates(app.Operation{}, onPerson(app.ExportPerson, ann))
	for _, want := range []string{hers, annID, "ann@contoso.example", "Ballad", "stay in Microsoft Teams"} {
		if !strings.Contains(text, want) || strings.Contains(text, "/commands/") {
			t.Errorf("the export lacks %q, or has a secret:\n%s", want, text)
		}
	}

	before := env.done()
	out, err := env.operate(app.Operation{}, onPerson(app.ErasePerson, ann))
	if !errors.Is(err, app.ErrNotConfirmed) || !strings.Contains(out, "the next who asks there gets another meeting") ||
		!strings.Contains(out, "stay in Microsoft Teams") {
		t.Errorf("without --yes: %v\n%s", err, out)
	}
	env.operates(app.Operation{DryRun: true}, onPerson(app.ErasePerson, ann))
	if after := env.done(); after != before {
		t.Errorf("what was not confirmed was done; before:\n%s\nafter:\n%s", before, after)
	}

	env.operates(app.Operation{Yes: true}, onPerson(app.ErasePerson, ann))
	held := env.done()
	for _, name := range []string{ann, annID, "ann@contoso.example", "Ann Example", hers} {
		if strings.Contains(strings.ToLower(held), strings.ToLower(name)) {
			t.Errorf("Redis still holds %q:\n%s", name, held)
		}
	}
	if logs := env.logs.String(); !strings.Contains(logs, `"action":"person erase","by":`) {
		t.Errorf("no line in the log: %s", env.logs.Tail())
	}
	env.wantNoSecret("the log", env.logs.String(), false)
	if found := env.exported(annID, ann); len(found) != 0 {
		t.Errorf("found afterwards: %q", found)
	}
	if got := wantCard(t, env.meet(r, caio, design, ""), caio); got != bens {
		t.Errorf("the meeting of somebody else has changed: %s", got)
	}
	if fresh := wantCard(t, env.meet(r, ben, general, ""), ""); fresh == hers {
		t.Error("her conversation still has her meeting")
	}
	if text := env.operates(app.Operation{}, onMeeting(general, app.ShowMeeting)); !strings.Contains(text, benID) {
		t.Errorf("the meeting is not Ben's: %s", text)
	}
	if out := env.operates(app.Operation{Yes: true}, onPerson(app.ErasePerson, "U0NOBODY")); !strings.Contains(out,
		"Redis holds nothing of them.") {
		t.Errorf("nobody: %s", out)
	}
	if _, err := env.operate(app.Operation{}, onPerson(app.ExportPerson, "a")); err == nil {
		t.Error("a name that is in everything was taken")
	}
}

// Where a service account organizes, a person who asked is taken out of the record, and the meeting stays.
func TestErasePersonBesideAServiceAccount(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	env.entraUser(graphtest.User{ID: serviceID, UPN: serviceUPN, Mail: serviceUPN, DisplayName: "Meetings"})
	c := env.config()
	c.Policy.Organizer = "service:" + serviceUPN
	r := env.start(c, app.Options{})
	card := wantCard(t, env.meet(r, ann, general, "Weekly tomorrow at 15:00"), "")
	if found := env.exported(ann); !slices.Contains(found, "meeting: asked for it, set its date") {
		t.Errorf("the record does not say who asked: %q", found)
	}
	env.operates(app.Operation{Yes: true}, onPerson(app.ErasePerson, ann))
	held := env.done()
	for _, name := range []string{ann, annID, "ann@contoso.example", "Ann Example"} {
		if strings.Contains(held, name) {
			t.Errorf("Redis still holds %q:\n%s", name, held)
		}
	}
	if got := wantCard(t, env.meet(r, ben, general, ""), ben); got != card {
		t.Errorf("the meeting has changed: %s", got)
	}
}
