//go:build integration

// Package teamskit lets tests ask the programs that Microsoft publishes for makers of Teams apps: the validator of app
// manifests, the renderer of Adaptive Cards, and a client to talk to the bot with (Microsoft 365 Agents Playground).
// They run in Node.js, in the versions that package-lock.json names; `make tools` installs them beside this file.
// Without them the tests fail: their word cannot be had from a stand-in.
//
// In package.json, fs-extra and swiper are there because the validator and the renderer load them without bringing
// them, jsdom and markdown-it because the renderer expects a browser and somebody who knows Markdown; strip-bom is held
// to its last version that the validator can load in Node.js 18.
package teamskit

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// Playground is the script that starts Microsoft 365 Agents Playground, for [Node]. With TEAMSAPPTESTER_BROWSER=none in
// its environment it opens no browser of its own.
const Playground = "node_modules/@microsoft/m365agentsplayground/cli.js"

// ManifestProblems returns, for each of the documents, what Microsoft's validator has against it: nothing if it is in
// order. A document is a Teams app manifest or a localization file of one, and names its schema itself, as $schema.
func ManifestProblems(t testing.TB, documents ...[]byte) [][]string {
	t.Helper()
	return ask[[]string](t, "manifest.cjs", documents)
}

// Drawing is an Adaptive Card as Microsoft's renderer draws it.
type Drawing struct {
	Problems []string `json:"problems"` // what the renderer has against the card
	Text     []string `json:"text"`     // what a person reads, in order; Markdown is formatting by now
	Headings []string `json:"headings"` // what screen readers call a heading
}

// DrawCards draws Adaptive Cards at their own version, 1.2 or 1.4. To draw many at once takes hardly longer than one.
func DrawCards(t testing.TB, cards ...[]byte) []Drawing {
	t.Helper()
	return ask[Drawing](t, "card.cjs", cards)
}

// ask runs one of the scripts on JSON documents and returns its answer to each.
func ask[Answer any](t testing.TB, script string, documents [][]byte) []Answer {
	t.Helper()
	question := slices.Concat([]byte("["), bytes.Join(documents, []byte(",")), []byte("]"))
	command := Node(t, script)
	var out, problems bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(question), &out, &problems
	if err := command.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, problems.Bytes())
	}
	var answers []Answer
	if err := json.Unmarshal(out.Bytes(), &answers); err != nil {
		t.Fatalf("%s answered %q: %v", script, out.Bytes(), err)
	}
	if len(answers) != len(documents) {
		t.Fatalf("%s answered %d of %d documents", script, len(answers), len(documents))
	}
	return answers
}

// Node is a command, not yet started, that runs a script of the kit in Node.js until the test ends. The script is named
// from the kit's directory.
func Node(t testing.TB, script string, args ...string) *exec.Cmd {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("Node.js is needed (make tools installs it): %v", err)
	}
	kit := filepath.Join(root(t), "internal", "teamskit")
	installed, wanted := read(t, kit, "node_modules/.package-lock.json"), read(t, kit, "package-lock.json")
	if !sameVersions(t, installed, wanted) {
		t.Fatal("node_modules is not what package-lock.json names: run make tools")
	}
	path := filepath.Join(kit, script)
	if _, err := os.Stat(path); err != nil { // also lets go test know that the result depends on this file
		t.Fatal(err)
	}
	return exec.CommandContext(t.Context(), node, append([]string{path}, args...)...)
}

func read(t testing.TB, kit, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(kit, name))
	if err != nil {
		t.Fatalf("the packages of internal/teamskit are needed (make tools installs them): %v", err)
	}
	return content
}

// sameVersions tells whether what npm wrote down as installed is what was to be installed.
func sameVersions(t testing.TB, installed, wanted []byte) bool {
	t.Helper()
	versions := func(lock []byte) map[string]string {
		var file struct {
			Packages map[string]struct{ Version string }
		}
		if err := json.Unmarshal(lock, &file); err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for name, p := range file.Packages {
			if name != "" { // the kit itself
				found[name] = p.Version
			}
		}
		return found
	}
	got := versions(installed)
	for name, version := range versions(wanted) {
		if got[name] != version {
			return false
		}
	}
	return true
}

// root is the repository's directory: tests run in that of their own package.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("there is no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}
