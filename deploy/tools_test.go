//go:build deploy

package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tool runs a program in a folder and returns what it said.
func tool(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// copied writes a file of this folder to another one, with replacements: old, new, old, new.
func copied(t *testing.T, from, to string, replace ...string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, []byte(strings.NewReplacer(replace...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
}

// systemd understands every line of the unit, which lets the program do little: 1.5 of 10 at most.
func TestUnit(t *testing.T) {
	tool(t, ".", "systemd-analyze", "security", "--offline=true", "--threshold=15", "systemd/meetbot.service")
	unit := filepath.Join(t.TempDir(), "meetbot.service")
	copied(t, "systemd/meetbot.service", unit, "/usr/local/bin/meetbot", "/bin/true") // it is not installed here
	if said := tool(t, ".", "systemd-analyze", "verify", unit); strings.Contains(said, "meetbot.service:") {
		t.Error(said)
	}
}

// Compose understands the file, of which the Redis is durable and evicts nothing.
func TestCompose(t *testing.T) {
	dir := t.TempDir()
	copied(t, "compose.yaml", filepath.Join(dir, "compose.yaml"))
	copied(t, "env.example", filepath.Join(dir, ".env"))
	compose := []string{"docker", "compose"}
	if exec.CommandContext(t.Context(), "docker", "compose", "version").Run() != nil {
		compose = []string{"docker-compose"}
	}
	said := tool(t, dir, compose[0], append(compose[1:], "-f", "compose.yaml", "config")...)
	for _, want := range []string{"noeviction", "--appendonly", "read_only: true", "condition: service_healthy"} {
		if !strings.Contains(said, want) {
			t.Errorf("what Compose makes of the file lacks %s:\n%s", want, said)
		}
	}
}

// Prometheus understands the alerts, and each fires in its test and not without its reason.
func TestAlerts(t *testing.T) {
	tool(t, "prometheus", "promtool", "check", "rules", "meetbot.rules.yml")
	tool(t, "prometheus", "promtool", "test", "rules", "meetbot.test.yml")
}
