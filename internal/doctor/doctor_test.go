package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"meetbot/internal/sandbox/slacktest"
)

// No goroutine outlives what started it.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The table names areas and checks that there are, each check once, and no two wait for each other.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	waits := map[string][]string{}
	for _, c := range table {
		waits[c.id()] = slices.Concat(c.needs, c.uses, c.after)
	}
	var reach func(from, to string) bool
	reach = func(from, to string) bool {
		return slices.ContainsFunc(waits[from], func(next string) bool { return next == to || reach(next, to) })
	}
	for _, c := range table {
		if reach(c.id(), c.id()) {
			t.Errorf("%s waits for itself", c.id())
		}
		if !slices.Contains(Areas, c.area) || seen[c.id()] {
			t.Errorf("%s: unknown area, or there twice", c.id())
		}
		for _, id := range slices.Concat(c.needs, c.uses, c.after) {
			if !slices.ContainsFunc(table, func(other check) bool { return other.id() == id }) {
				t.Errorf("%s waits for %s, which there is not", c.id(), id)
			}
		}
		seen[c.id()] = true
	}
	for _, area := range Areas {
		if !slices.ContainsFunc(table, func(c check) bool { return c.area == area }) {
			t.Errorf("area %s has no check", area)
		}
	}
}

// What failed is named, and what needs it is skipped, however far away.
func TestNeeds(t *testing.T) {
	var mu sync.Mutex // the areas are examined at the same time
	made := map[string]bool{}
	says := func(name string, s Status) func(*examination, context.Context) []finding {
		return func(*examination, context.Context) []finding {
			mu.Lock()
			defer mu.Unlock()
			made[name] = true
			return one(finding{status: s, next: "x"})
		}
	}
	checks := []check{
		{area: areaConfig, name: "a", run: says("a", Fail)},
		{area: areaRedis, name: "b", needs: []string{"config.a"}, run: says("b", OK)},
		{area: areaRedis, name: "c", needs: []string{"redis.b"}, run: says("c", OK)},
		{area: areaRedis, name: "d", after: []string{"redis.b"}, run: says("d", Warn)},
		{area: areaConfig, name: "e", run: says("e", Fail)},
		{area: areaConfig, name: "f", run: says("f", Fail)},
		{area: areaRedis, name: "g", uses: []string{"config.e"}, after: []string{"config.f"}, run: says("g", OK)},
	}
	w := &world{}
	w.vars = map[string]string{}
	e := newExamination(w.config(t), Options{Only: []string{areaRedis}})
	got := sorted(e.run(t.Context(), checks)).Checks
	want := []Result{
		{Check: "config.a", Status: Fail, Next: "x"},
		{Check: "config.e", Status: Fail, Next: "x"},
		{Check: "redis.d", Status: Warn, Next: "x"},
		{Check: "redis.b", Status: Skipped, Detail: "It needs config.a, which failed."},
		{Check: "redis.c", Status: Skipped, Detail: "It needs config.a, which failed."},
		{Check: "redis.g", Status: OK, Next: "x"},
	}
	if !slices.Equal(got, want) || made["b"] || made["c"] || made["f"] {
		t.Errorf("got %+v\nmade %v", got, made)
	}
	broken := check{area: areaRedis, name: "x", run: func(e *examination, _ context.Context) []finding {
		return one(ok("", e.redis.User())) // there is none
	}}
	if got := e.run(t.Context(), []check{broken}); len(got) != 1 || got[0].Status != Fail || got[0].Next == "" {
		t.Errorf("a check that panics: %+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	made = map[string]bool{}
	if got := e.run(ctx, checks[:1]); len(made) != 0 || got != nil {
		t.Errorf("when no time is left: %+v, %v", got, made)
	}
}

// Programs read these names.
func TestJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	w.vars["SLACK_BOT_TOKEN"] = "xoxb-of-another-app"
	var text bytes.Buffer
	if err := w.examine(t, areaSlack).WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Checks []map[string]any `json:"checks"`
	}
	in := json.NewDecoder(bytes.NewReader(text.Bytes()))
	in.DisallowUnknownFields()
	if err := in.Decode(&got); err != nil || len(got.Checks) < 3 {
		t.Fatalf("%v: %s", err, text.String())
	}
	for _, c := range got.Checks {
		for _, key := range []string{"check", "status", "subject", "detail", "next"} {
			if _, is := c[key].(string); !is || len(c) != 5 {
				t.Errorf("%v has not %s as a text, or other keys", c, key)
			}
		}
		if !slices.Contains([]string{"ok", "warn", "fail", "skipped"}, c["status"].(string)) {
			t.Errorf("status %v", c["status"])
		}
	}
	if first := got.Checks[0]; first["check"] != "slack.token" || first["status"] != "fail" ||
		first["subject"] != "SLACK_BOT_TOKEN" {
		t.Errorf("the worst is not first: %v", first)
	}
	empty := bytes.Buffer{}
	if err := (Report{Checks: []Result{}}).WriteJSON(&empty); err != nil || strings.TrimSpace(empty.String()) !=
		"{\n  \"checks\": []\n}" {
		t.Errorf("%v, %q", err, empty.String())
	}
}

// The checks of the configuration ask nobody.
func TestConfiguration(t *testing.T) {
	w := &world{vars: map[string]string{
		"ADMIN_ADDR": ":9090", "ORGANISER": "service:x", "REDIS_URL": "redis://192.0.2.1/0",
		"SLACK_API_URL": "https://192.0.2.1/", "GRAPH_BASE_URL": "https://192.0.2.1/v1.0",
	}}
	began := time.Now()
	report := Configuration(w.config(t), w.o)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	for _, r := range report.Checks {
		if !strings.HasPrefix(r.Check, "config.") {
			t.Errorf("%+v", r)
		}
	}
	if report.Count(Warn) != 1 || report.Count(Fail) == 0 {
		t.Errorf("%+v", report)
	}
}

// Ten runs leave one meeting.
func TestOneMeetingIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	w.o.Users = []string{ann}
	for range 10 {
		if r := w.examine(t, areaGraph); r.Count(Fail) > 0 {
			t.Fatalf("%+v", r)
		}
	}
	if n := len(w.Graph.Meetings()); n != 1 {
		t.Errorf("%d meetings", n)
	}
}

// Everything ends in time, whatever does not answer.
func TestTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slacktest.Options{})
	silent := silentServer(t)
	w.vars["SLACK_API_URL"], w.vars["GRAPH_BASE_URL"] = "http://"+silent+"/api/", "http://"+silent+"/v1.0"
	w.vars["REDIS_URL"] = "redis://" + silent + "/0"
	w.o.Timeout = 300 * time.Millisecond
	began := time.Now()
	report := w.examine(t)
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %s", took)
	}
	if report.Count(Fail) < 3 {
		t.Errorf("%+v", report)
	}
}
