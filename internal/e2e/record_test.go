//go:build integration

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"meetbot/internal/app"
)

// Records that are not as this release writes them keep the link, and are filled in when they are next confirmed.
func TestOlderRecords(t *testing.T) {
	onEveryPlatform(t, map[string]func(*testing.T, *environment, app.Config){
		"impossible times":      impossibleTimes,
		"of the first release":  func(t *testing.T, env *environment, c app.Config) { olderRecord(t, env, c, firstReleaseFields) },
		"of the release before": func(t *testing.T, env *environment, c app.Config) { olderRecord(t, env, c, releaseBeforeFields) },
	})
}

// The fields of a meeting's record that the releases before know.
var (
	firstReleaseFields  = []string{"u", "s", "c", "j", "p", "t", "n", "x", "o", "l"}
	releaseBeforeFields = append([]string{"v", "i", "g", "z"}, firstReleaseFields...)
)

// rewrite changes the payload of the only meeting's record in Redis.
func (env *environment) rewrite(change func(map[string]json.RawMessage)) {
	env.t.Helper()
	key, record := env.record()
	words := strings.SplitN(record, " ", 3)
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(words[2]), &fields); err != nil {
		env.t.Fatal(err)
	}
	change(fields)
	version := ""
	if v := fields["v"]; v != nil { // it is the first field
		version = `"v":` + string(v) + `,`
		delete(fields, "v")
	}
	payload, err := json.Marshal(fields)
	if err != nil {
		env.t.Fatal(err)
	}
	env.store(key, words[0]+" "+words[1]+" {"+version+strings.TrimPrefix(string(payload), "{"))
}

// wantFilledIn waits until the record says when the link stops working, and what is Graph's ID of the meeting.
func (env *environment) wantFilledIn() { env.t.Helper(); env.wantGoodFor(0) }

// wantGoodFor waits until the record of the only meeting says that its link works for longer than that, and what is
// Graph's ID of the meeting.
func (env *environment) wantGoodFor(period time.Duration) {
	env.t.Helper()
	eventually(env.t, fmt.Sprintf("the record says that the link works for %v", period), func() bool {
		_, record := env.record()
		var fields struct {
			Times   []int64 `json:"f"`
			I, G, H string
		}
		err := json.Unmarshal([]byte(strings.SplitN(record, " ", 3)[2]), &fields)
		return err == nil && fields.I+fields.G+fields.H != "" && len(fields.Times) > 2 &&
			fields.Times[2] > env.Clock.Now().Add(period).Unix()
	})
}

// impossibleTimes: what no meeting's time can be counts as not known.
func impossibleTimes(t *testing.T, env *environment, c app.Config) {
	f := env.started(c)
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	env.settled()
	for _, times := range []string{
		`[999999999999999,-5,1,99999999999999999999]`, `["soon",null,{},[]]`, `[0,0,-62135596800,1e30]`, `"never"`, `[]`,
		`[1,2,3,4,5,6,7,8,9]`,
	} {
		env.rewrite(func(fields map[string]json.RawMessage) {
			fields["f"], fields["c"] = json.RawMessage(times), json.RawMessage(`"yesterday"`)
		})
		for _, command := range []string{"show", "meet"} {
			if again := card(t, f, asked{user: members.ben, command: command}, "Weekly"); joinable(t, env, again) != first.link {
				t.Errorf("with the times %s: another link, %+v", times, again)
			}
		}
		env.settled()
		env.Clock.Move(2 * day)
		card(t, f, asked{user: members.caio, command: "meet"})
		env.wantFilledIn()
		env.settled()
	}
	env.wantMeetings(1)
}

// olderRecord: a record with these fields alone works, is filled in, and its meeting is renewed while it is used.
func olderRecord(t *testing.T, env *environment, c app.Config, known []string) {
	r := env.start(c, app.Options{})
	f := env.frontOf(r)
	first := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	env.settled()
	id := env.wantMeetings(1)[0].ID
	env.rewrite(func(fields map[string]json.RawMessage) {
		older := map[string]json.RawMessage{}
		for _, name := range known {
			if value := fields[name]; value != nil {
				older[name] = value
			}
		}
		clear(fields)
		for name, value := range older {
			fields[name] = value
		}
		if older["v"] != nil && older["g"] == nil { // what the release before kept of the ID
			fields["i"] = json.RawMessage(`"` + id + `"`)
		}
	})
	env.Clock.Move(40 * day)
	if again := card(t, f, asked{user: members.ben, command: "meet"}, "Weekly"); joinable(t, env, again) != first.link {
		t.Fatalf("another link: %+v", again)
	}
	env.wantFilledIn()
	env.Clock.Move(15 * day)
	card(t, f, asked{user: members.ben, command: "meet"})
	env.wantGoodFor(30 * day)
	env.Clock.Move(30 * day)
	if again := card(t, f, asked{user: members.caio, command: "meet"}, "Weekly"); joinable(t, env, again) != first.link {
		t.Errorf("it was not renewed: %+v", again)
	}
	card(t, f, asked{user: members.ben, command: "rename Retro"}, "Renamed.")
	env.wantName("Retro")
}
