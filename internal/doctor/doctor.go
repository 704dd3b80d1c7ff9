package doctor

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"meetbot/internal/app"
)

// DefaultTimeout is how long all checks together may take, unless [Options] say otherwise.
const DefaultTimeout = 30 * time.Second

// Options say what is examined, and from where. The zero value examines everything that the configuration names.
type Options struct {
	Environ []string         // of the process, as os.Environ returns it
	Flags   []string         // environment variables of the settings that were given as flags instead
	Users   []string         // people to try, by e-mail address or object ID
	Only    []string         // areas to examine, of [Areas]; empty for all
	Timeout time.Duration    // of all checks; 0: DefaultTimeout
	RootCAs *x509.CertPool   // that the certificates of services are checked against; nil: the system's
	Now     func() time.Time // this machine's clock; nil: time.Now
	// AdminURL is where the figures of a running bot are read; empty for the configuration's ADMIN_ADDR.
	AdminURL string
}

// Run makes all checks of a configuration, which need not be valid. It returns when the last one has ended, or when the
// time is over.
func Run(ctx context.Context, c app.Config, o Options) Report {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(o.Timeout, DefaultTimeout))
	defer cancel()
	e := newExamination(c, o)
	defer e.close()
	return sorted(e.run(ctx, table))
}

// Configuration makes the checks that look at the configuration alone. They ask nobody, and take no time.
func Configuration(c app.Config, o Options) Report {
	var local []check
	for _, c := range table {
		if c.area == areaConfig {
			local = append(local, c)
		}
	}
	o.Only = []string{areaConfig}
	e := newExamination(c, o)
	defer e.close()
	return sorted(e.run(context.Background(), local))
}

// check is a row of the table.
type check struct {
	area, name string
	needs      []string // checks that must not have failed; this one comes after them
	uses       []string // checks whose findings this one judges by itself; it comes after them
	after      []string // checks that only have to be over, if they are made at all
	run        func(*examination, context.Context) []finding
}

func (c check) id() string { return c.area + "." + c.name }

// finding is a result of the check that returns it.
type finding struct {
	status                Status
	subject, detail, next string
}

func ok(subject, detail string) finding         { return finding{OK, subject, detail, ""} }
func warn(subject, detail, next string) finding { return finding{Warn, subject, detail, next} }
func fail(subject, detail, next string) finding { return finding{Fail, subject, detail, next} }
func skip(subject, why string) finding          { return finding{Skipped, subject, why, ""} }

// one is what most checks return.
func one(f finding) []finding { return []finding{f} }

// outcome is what became of a check.
type outcome struct {
	done     chan struct{} // closed when the rest is there
	findings []finding
	cause    string // the check that failed: this one, or the one for which it was skipped; empty if nothing failed
}

// run makes the checks, as many at once as their needs allow, and returns the results in the order of the table.
func (e *examination) run(ctx context.Context, checks []check) []Result {
	wanted, shown := e.selected(checks)
	outcomes := map[string]*outcome{}
	for id := range wanted {
		outcomes[id] = &outcome{done: make(chan struct{})}
	}
	var wg sync.WaitGroup
	for _, c := range checks {
		if wanted[c.id()] {
			wg.Go(func() { e.make(ctx, c, outcomes) })
		}
	}
	wg.Wait()
	var results []Result
	off := map[string]bool{}
	for _, c := range checks {
		made := outcomes[c.id()]
		if made == nil {
			if why := e.off(c.area); why != "" && !off[c.area] && e.asked(c.area) {
				off[c.area] = true
				results = append(results, Result{Check: c.area, Status: Skipped, Detail: why})
			}
			continue
		}
		for _, f := range made.findings {
			if shown[c.id()] || f.status == Fail { // the cause is named, whoever asked for what it is the cause of
				results = append(results, Result{c.id(), f.status, f.subject, f.detail, f.next})
			}
		}
	}
	return results
}

// asked tells whether an area is to be examined.
func (e *examination) asked(area string) bool {
	return len(e.o.Only) == 0 || slices.Contains(e.o.Only, area)
}

// selected returns the checks that are made, and those of them that were asked for.
func (e *examination) selected(checks []check) (wanted, shown map[string]bool) {
	byID := map[string]check{}
	for _, c := range checks {
		byID[c.id()] = c
	}
	wanted, shown = map[string]bool{}, map[string]bool{}
	var want func(c check)
	want = func(c check) {
		if wanted[c.id()] || e.off(c.area) != "" {
			return
		}
		wanted[c.id()] = true
		for _, id := range slices.Concat(c.needs, c.uses) {
			if other, there := byID[id]; there {
				want(other)
			}
		}
	}
	for _, c := range checks {
		if e.asked(c.area) && e.off(c.area) == "" {
			want(c)
			shown[c.id()] = true
		}
	}
	return wanted, shown
}

// make waits for the checks before one, and makes it.
func (e *examination) make(ctx context.Context, c check, outcomes map[string]*outcome) {
	own := outcomes[c.id()]
	defer close(own.done)
	for _, id := range slices.Concat(c.needs, c.uses, c.after) {
		if before := outcomes[id]; before != nil {
			<-before.done
		}
	}
	for _, id := range c.needs {
		if before := outcomes[id]; before != nil && before.cause != "" {
			own.cause = before.cause
			own.findings = one(skip("", "It needs "+before.cause+", which failed."))
			return
		}
	}
	if variables := e.wrong[c.area]; len(variables) > 0 {
		own.cause = "config.values"
		own.findings = one(skip("", "It needs a right value of "+strings.Join(variables, ", ")+"; see config.values."))
		return
	}
	if ctx.Err() != nil {
		own.findings = one(skip("", "No time was left for it; --timeout gives more."))
		return
	}
	own.findings = e.try(ctx, c)
	for _, f := range own.findings {
		if f.status == Fail {
			own.cause = c.id()
		}
	}
}

// try makes a check. One that panics must not end the bot that serves the report.
func (e *examination) try(ctx context.Context, c check) (findings []finding) {
	defer func() {
		if why := recover(); why != nil {
			findings = one(fail("", fmt.Sprintf("The check itself broke: %v.", why), "Report it, with the output "+
				"of bot version."))
		}
	}()
	return c.run(e, ctx)
}

// variables are the values in the environment of the process, by name.
func variables(environ []string) map[string]string {
	all := map[string]string{}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			all[name] = value
		}
	}
	return all
}

// sortedKeys are the names in a map, in the order of the alphabet.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// plural writes a number with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
