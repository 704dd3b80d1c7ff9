package doctor

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/golden"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
	"meetbot/internal/testenv"
)

const (
	annID    = "a0000000-0000-4000-8000-000000000001"
	twoID    = "a0000000-0000-4000-8000-000000000002"
	ann      = "ann@contoso.example"
	meetings = "meetings@contoso.example"
	teamsApp = "22222222-3333-4444-5555-666666666666"
)

// world is an installation in which everything is right, until a test makes a mistake in it.
type world struct {
	*testenv.Environment
	vars map[string]string // of the environment
	o    Options
	dir  string // for files
}

func newWorld(t *testing.T, o slacktest.Options) *world {
	t.Helper()
	env, err := testenv.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(env.Close)
	if err := env.AddTeams(teamstest.Options{AppID: teamsApp}); err != nil {
		t.Fatal(err)
	}
	w := &world{Environment: env, dir: t.TempDir()}
	env.RedisURL = "redis://127.0.0.1:1/0"
	w.vars = env.Variables()
	w.o = Options{RootCAs: env.Entra.RootCAs()}
	w.person(t, graphtest.User{ID: annID, UPN: ann, Mail: ann, DisplayName: "Ann"})
	return w
}

// person adds somebody to Entra, or replaces them.
func (w *world) person(t *testing.T, u graphtest.User) {
	t.Helper()
	if err := w.Graph.AddUser(u); err != nil {
		t.Fatal(err)
	}
}

// keys is where the Bot Framework's keys are.
func (w *world) keys() string {
	return strings.Replace(w.Teams.MetadataURL(), ".well-known/openidconfiguration", ".well-known/keys", 1)
}

// file writes a file, and returns its name.
func (w *world) file(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// config is the configuration that the variables make, and the variables that it does not know stay in the environment.
func (w *world) config(t *testing.T) app.Config {
	t.Helper()
	c := app.Default()
	known := map[string]string{}
	for _, s := range c.Settings() {
		if value, there := w.vars[s.Env]; there {
			known[s.Env] = value
		}
	}
	if err := c.Set(known); err != nil {
		t.Fatal(err)
	}
	c.Files = app.ReadFiles(c.Settings(), func(name string) string { return w.vars[name] }, nil)
	w.o.Environ = nil
	for name, value := range w.vars {
		w.o.Environ = append(w.o.Environ, name+"="+value)
	}
	return c
}

// examine runs the doctor.
func (w *world) examine(t *testing.T, areas ...string) Report {
	t.Helper()
	c := w.config(t)
	w.o.Only = areas
	report := Run(t.Context(), c, w.o)
	var text bytes.Buffer
	if err := report.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, s := range c.Settings() {
		if value := s.Value.String(); s.Secret() && s.Env != "REDIS_URL" && len(value) > 8 &&
			strings.Contains(text.String(), value) {
			t.Errorf("the report tells %s", s.Env)
		}
	}
	for _, r := range report.Checks {
		if (r.Status == Fail || r.Status == Warn) && (r.Next == "" || r.Detail == "") {
			t.Errorf("%s does not say what to do: %+v", r.Check, r)
		}
	}
	return report
}

// ports are what differs each time.
var ports = regexp.MustCompile(`(127\.0\.0\.1(?::| -p ))\d{2,5}`)

// check compares what is not well with the golden file of that name.
func (w *world) check(t *testing.T, name string, report Report) {
	t.Helper()
	var wrong Report
	for _, r := range report.Checks {
		if r.Status != OK {
			wrong.Checks = append(wrong.Checks, r)
		}
	}
	var text bytes.Buffer
	if err := wrong.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	said, _, _ := strings.Cut(text.String(), "\n\n") // without the numbers
	said = ports.ReplaceAllString(strings.ReplaceAll(said, w.dir, "DIR"), "${1}PORT")
	golden.Check(t, name+".txt", []byte(strings.TrimSuffix(said, "\n")+"\n"))
}

// silentServer takes connections and never answers. It returns its address.
func silentServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}
