package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The sample script tells the whole story, and every expectation in it holds.
func TestDemoScript(t *testing.T) {
	t.Parallel()
	var out, problems strings.Builder
	code := run(t.Context(), []string{"demo", "--script", "../../docs/demo.meetbot"}, Streams{In: strings.NewReader(""), Out: &out, Err: &problems})
	if code != 0 {
		t.Fatalf("code %d: %s\n%s", code, problems.String(), out.String())
	}
}

// A script whose expectation does not hold fails, and says where.
func TestDemoScriptFails(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("/meet Weekly\n/expect Weekly\n/expect Monthly\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, problems strings.Builder
	code := run(t.Context(), []string{"demo", "--script", script}, Streams{In: strings.NewReader(""), Out: &out, Err: &problems})
	if code != 1 || !strings.Contains(problems.String(), "line 3") {
		t.Errorf("code %d: %s", code, problems.String())
	}
}

// By hand, nothing that goes wrong ends the session.
func TestDemoTypedByHand(t *testing.T) {
	t.Parallel()
	var out, problems strings.Builder
	lines := "/?\n/as ben\n/in #design\n/meet\n/expect something that is not there\n/fly\n/fault\n/join\n/quit\n/meet never\n"
	if code := run(t.Context(), []string{"demo"}, Streams{In: strings.NewReader(lines), Out: &out, Err: &problems}); code != 0 {
		t.Fatalf("code %d: %s", code, problems.String())
	}
	for _, want := range []string{"ben in #design> ", "New meeting", "does not hold", "/? lists what you can type", "graph-429", "the client opens the link"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the session does not show %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "never") {
		t.Error("the session went on after /quit")
	}
}
