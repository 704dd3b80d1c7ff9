package app

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"meetbot/internal/telemetry"
)

// lookEvery is how often the files with secrets are looked at. A change counts when it was seen twice, so that a file
// that is just being written is left alone: within half a minute.
const lookEvery = 15 * time.Second

// changes has the parts of an app take over what changes in the files of a configuration: the values of secrets, and
// the certificate. What else changes there counts after a restart.
type changes struct {
	config  Config // what counts now
	log     *slog.Logger
	metrics *telemetry.Metrics
	every   time.Duration
	takers  map[string][]taker // by the setting's variable
	files   []*watched
}

// taker has a part use changed values. On an error, the part goes on with what it has.
type taker func(context.Context, Config) error

// watched is a file that is looked at.
type watched struct {
	variable string // of the setting
	path     string
	value    bool   // the file holds the setting's value; otherwise the value is the path
	blanks   bool   // blanks around the value count
	counts   string // mark of the content that counts
	seen     string // mark of what was seen last
	told     string // what was told last
}

// certificatePath is the setting whose value is the path of a file that the app reads again.
const certificatePath = "AZURE_CLIENT_CERTIFICATE_PATH"

// entraSecrets are the settings by which the app that calls Graph proves itself, of those that may change.
var entraSecrets = []string{"AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD", certificatePath}

func newChanges(c Config, every time.Duration, log *slog.Logger, metrics *telemetry.Metrics) *changes {
	ch := &changes{config: c, log: log, metrics: metrics, every: every, takers: map[string][]taker{}}
	if ch.every == 0 {
		ch.every = lookEvery
	}
	for _, s := range c.Settings() {
		if file := c.Files.paths[s.Env]; file != "" && s.Secret() {
			ch.files = append(ch.files, &watched{
				variable: s.Env, path: file, value: true, blanks: s.Kind == Password, counts: mark(s.Value.String()),
			})
		}
		if s.Env == certificatePath && s.Value.String() != "" {
			file := s.Value.String()
			content, _ := os.ReadFile(file) // New has read it
			ch.files = append(ch.files, &watched{variable: s.Env, path: file, counts: mark(string(content))})
		}
	}
	for _, w := range ch.files {
		w.seen = w.counts
		metrics.SecretWatched(w.variable)
	}
	return ch
}

// on has a part take changes of the settings with these variables.
func (ch *changes) on(take taker, variables ...string) {
	for _, v := range variables {
		ch.takers[v] = append(ch.takers[v], take)
	}
}

// run looks at the files until ctx ends.
func (ch *changes) run(ctx context.Context) {
	if len(ch.files) == 0 {
		return
	}
	tick := time.NewTicker(ch.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			ch.look(ctx)
		}
	}
}

// look takes over what has changed and is the same as at the last look. The values for Entra count together: a new
// certificate may need a new password.
func (ch *changes) look(ctx context.Context) {
	groups := map[string][]*watched{}
	values := map[string]string{}
	for _, w := range ch.files {
		value, err := w.read()
		now := mark(value)
		if err != nil {
			now = err.Error()
		}
		again := now == w.seen
		w.seen = now
		switch {
		case now == w.counts:
			ch.tell(w, nil)
		case !again: // it may change still
		case err != nil:
			ch.tell(w, err)
		default:
			group := groupOf(w.variable)
			groups[group] = append(groups[group], w)
			values[w.variable] = value
		}
	}
	for _, group := range groups {
		err := ch.take(ctx, group, values)
		for _, w := range group {
			if err == nil {
				w.counts = w.seen
				ch.metrics.SecretChanged(w.variable, telemetry.Taken)
				ch.log.InfoContext(ctx, "a secret was changed in its file, and the new one counts",
					"variable", w.variable, "file", w.path)
			}
			ch.tell(w, err)
		}
	}
}

// groupOf names the settings that count together with one.
func groupOf(variable string) string {
	const entra = "AZURE_"
	if strings.HasPrefix(variable, entra) {
		return entra
	}
	return variable
}

// read reads a file. What it holds of a certificate is not looked at here.
func (w *watched) read() (string, error) {
	if w.value {
		value, err := readValue(w.path)
		if !w.blanks {
			value = strings.TrimSpace(value)
		}
		return value, err
	}
	content, err := os.ReadFile(w.path)
	if err != nil {
		return "", cannotRead(err)
	}
	return string(content), nil
}

// take has the parts use the new values of a group, which count from then on.
func (ch *changes) take(ctx context.Context, group []*watched, values map[string]string) error {
	fresh := ch.config
	set := map[string]string{}
	for _, w := range group {
		if w.value {
			set[w.variable] = values[w.variable]
		}
	}
	if err := fresh.Set(set); err != nil {
		return err
	}
	fresh = fresh.normalized()
	for _, p := range fresh.Problems() {
		for _, w := range group {
			if groupOf(p.Variable) == groupOf(w.variable) {
				return fmt.Errorf("%s %s", p.Variable, p.Wrong)
			}
		}
	}
	for _, w := range group {
		for _, take := range ch.takers[w.variable] {
			if err := take(ctx, fresh); err != nil {
				return err
			}
		}
	}
	ch.config = fresh
	return nil
}

// tell logs that what a file holds cannot be used, once for each thing that is wrong with it. Nil takes that back.
func (ch *changes) tell(w *watched, err error) {
	ch.metrics.SecretRefused(w.variable, err != nil)
	if err == nil {
		w.told = ""
		return
	}
	if now := w.seen + err.Error(); now != w.told {
		w.told = now
		ch.metrics.SecretChanged(w.variable, telemetry.Refused)
		ch.log.Warn("what the file of a secret holds now cannot be used; the value of before still counts",
			"variable", w.variable, "file", w.path, "error", err)
	}
}

// mark tells two contents apart, and holds nothing of them.
func mark(content string) string {
	sum := sha256.Sum256([]byte(content))
	return string(sum[:])
}
