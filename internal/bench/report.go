package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// series is one figure, round by round. Ratios are taken within a round, whose sides ran right after one another.
type series []float64

// median is the middle of the values, or of an even number the mean of the two middle ones; NaN of none.
func (s series) median() float64 {
	n := len(s)
	if n == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// over divides round by round.
func (s series) over(t series) series {
	ratios := make(series, min(len(s), len(t)))
	for i := range ratios {
		ratios[i] = s[i] / t[i]
	}
	return ratios
}

// quantile is the shortest of the durations, which are sorted, that at least the fraction q of them do not exceed, in
// seconds; NaN of none.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)].Seconds()
}

// unit writes a value for people.
type unit func(float64) string

func perSecond(v float64) string { return fmt.Sprintf("%.0f/s", v) }
func count(v float64) string     { return fmt.Sprintf("%.0f", v) }
func few(v float64) string       { return fmt.Sprintf("%.2f", v) }
func percent(v float64) string   { return fmt.Sprintf("%.1f %%", 100*v) }
func mebibytes(v float64) string { return fmt.Sprintf("%.1f MiB", v/(1<<20)) }
func bytesOf(v float64) string   { return fmt.Sprintf("%.0f B", v) }

// span writes seconds in the unit that suits them.
func span(v float64) string {
	switch {
	case math.Abs(v) < 1e-3:
		return fmt.Sprintf("%.0f µs", v*1e6)
	case math.Abs(v) < 1:
		return fmt.Sprintf("%.1f ms", v*1e3)
	default:
		return fmt.Sprintf("%.2f s", v)
	}
}

// goal is what a row should come to. The zero value is none. A goal that is missed is told, and fails nothing: on a
// machine that is shared, a figure alone proves little.
type goal struct {
	atLeast, atMost float64 // 0: no such bound
	words           string  // how it reads; empty: the bound as a ratio
}

func atLeast(v float64) goal { return goal{atLeast: v, words: fmt.Sprintf("≥ %.2f", v)} }
func atMost(v float64) goal  { return goal{atMost: v, words: fmt.Sprintf("≤ %.2f", v)} }

// verdict tells what became of the goal.
func (g goal) verdict(v float64) string {
	switch {
	case g == goal{}:
		return ""
	case math.IsNaN(v), g.atLeast != 0 && v < g.atLeast, g.atMost != 0 && v > g.atMost:
		return "**missed**"
	default:
		return "met"
	}
}

// row is a line of the report: a figure beside what it is measured against in the same run.
type row struct {
	what, figure, against, ratio, goal, verdict string
}

// report collects the rows.
type report struct {
	rows  []row
	notes []string
}

// compare adds the ratio of two figures, by the median of the rounds and with the least and the greatest. The goal is
// for that ratio.
func (r *report) compare(what string, u unit, figure, against series, g goal) {
	ratios := figure.over(against)
	ratio := few(ratios.median())
	if len(ratios) > 1 {
		ratio += fmt.Sprintf(" (%s–%s)", few(slices.Min(ratios)), few(slices.Max(ratios)))
	}
	r.rows = append(r.rows, row{what, u(figure.median()), u(against.median()), ratio, g.words,
		g.verdict(ratios.median())})
}

// compareTo is compare with a goal for the figure itself rather than for the ratio.
func (r *report) compareTo(what string, u unit, figure, against series, g goal) {
	r.compare(what, u, figure, against, goal{})
	last := &r.rows[len(r.rows)-1]
	last.goal, last.verdict = g.words, g.verdict(figure.median())
}

// single adds a figure that there is nothing to measure against but its goal.
func (r *report) single(what string, u unit, figure series, g goal) {
	r.rows = append(r.rows, row{what: what, figure: u(figure.median()), goal: g.words,
		verdict: g.verdict(figure.median())})
}

// note adds a remark below the table.
func (r *report) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// write prints the report as Markdown.
func (r *report) write(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| what | figure | against | ratio | goal | |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, row := range r.rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", row.what, row.figure, row.against, row.ratio, row.goal,
			row.verdict)
	}
	for i, note := range r.notes {
		if i == 0 {
			b.WriteString("\n")
		}
		b.WriteString("- " + note + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
