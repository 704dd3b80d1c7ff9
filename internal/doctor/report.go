package doctor

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Status is what came of a check.
type Status string

// The statuses.
const (
	OK      Status = "ok"
	Warn    Status = "warn"    // the bot works, and somebody should know
	Fail    Status = "fail"    // something does not work until somebody mends it
	Skipped Status = "skipped" // the check was not made; the detail says why
)

// severity orders results: the worst first.
var severity = map[Status]int{Fail: 0, Warn: 1, Skipped: 2, OK: 3}

// Result is what a check found out about one subject. The names in JSON are for programs, and stay.
type Result struct {
	Check   string `json:"check"` // area and name: "redis.eviction"
	Status  Status `json:"status"`
	Subject string `json:"subject"` // what was looked at: a variable, a host, a person
	Detail  string `json:"detail"`  // what was found, and why it matters
	Next    string `json:"next"`    // the next step to take; never empty for Warn and Fail; may have several lines
}

// Report is all that was found, the worst first.
type Report struct {
	Checks []Result `json:"checks"`
}

// sorted returns a report of results that are in the order of the table.
func sorted(results []Result) Report {
	slices.SortStableFunc(results, func(a, b Result) int {
		return cmp.Compare(severity[a.Status], severity[b.Status])
	})
	return Report{append([]Result{}, results...)} // which is a list in JSON if it is empty, too
}

// Count counts the results with a status.
func (r Report) Count(s Status) int {
	n := 0
	for _, result := range r.Checks {
		if result.Status == s {
			n++
		}
	}
	return n
}

// WriteJSON writes the report as JSON: {"checks":[…]}.
func (r Report) WriteJSON(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(r)
}

// WriteText writes the report for people.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, result := range merged(r.Checks) {
		result.write(&b)
	}
	fmt.Fprintf(&b, "\n%d failed, %d with a warning, %d skipped, %d ok\n", r.Count(Fail), r.Count(Warn),
		r.Count(Skipped), r.Count(OK))
	_, err := io.WriteString(w, b.String())
	return err
}

// merged makes one of the results that were skipped for the same reason, for people.
func merged(results []Result) []Result {
	var out []Result
	first := map[string]int{} // by reason: where the first one stands
	for _, r := range results {
		if r.Status == Skipped && r.Subject == "" {
			if at, there := first[r.Detail]; there {
				out[at].Check += ", " + r.Check
				continue
			}
			first[r.Detail] = len(out)
		}
		out = append(out, r)
	}
	return out
}

// labels are how the statuses are written for people.
var labels = map[Status]string{OK: "ok", Warn: "WARN", Fail: "FAIL", Skipped: "skip"}

func (r Result) write(b *strings.Builder) {
	const margin = "      "
	head := r.Check
	if r.Subject != "" {
		head += " (" + r.Subject + ")"
	}
	fmt.Fprintf(b, "%-4s  %s: %s\n", labels[r.Status], head, r.Detail)
	for i, line := range strings.Split(r.Next, "\n") {
		switch {
		case r.Next == "":
		case i == 0:
			b.WriteString(margin + "Next: " + line + "\n")
		default:
			b.WriteString(margin + "  " + line + "\n")
		}
	}
}
