//go:build integration

package e2e

import (
	"os/exec"
	"strings"
	"testing"
)

// The benchmark runs, and every measurement but the comparison with Bolt for JavaScript, which npm would have to
// install, comes to a row. It is tested here because here the bot's packages are built already when it builds the bot.
func TestBenchRuns(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "run", "./internal/bench", "-bolt=false", "-only",
		"repeat,cold,large,replicas,idle,start,dates",
		"-rounds", "1", "-round", "100ms", "-cold", "100ms", "-idle", "1s", "-conversations", "2000")
	cmd.Dir = "../.."
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("bench: %v\n%s", err, problems.String())
	}
	for _, row := range []string{
		"| repeat, bot against bare handler: throughput |", "allocations per request |", "memory after the load |",
		"| cold, asker known, Graph 0s: p50", "| cold, asker not known, Graph 800ms: p99",
		"calls to Graph per command | 1.00 |", "calls to Slack per command | 1.00 |",
		"| 2000 conversations: memory of Redis for each", "all of them asked for: p99 |",
		"| 3 replicas on one Redis against one: throughput", "| 3 replicas: CPU per repeat",
		"| 2000 conversations, plain: memory", "| 2000 conversations, with a date and its reminder: memory",
		"| idle: commands a second", "| start, bot against bare handler",
	} {
		if !strings.Contains(string(out), row) {
			t.Errorf("the report has no %q:\n%s", row, out)
		}
	}
	for line := range strings.Lines(string(out)) {
		// The kernel counts CPU in hundredths of a second, which so short a load may not fill.
		if strings.Contains(line, "NaN") && !strings.Contains(line, "CPU") {
			t.Errorf("a figure was not measured: %s", line)
		}
	}
}
