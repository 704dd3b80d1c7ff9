package main

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The program that people deploy carries no fakes, no embedded Redis with its Lua, and nothing that keeps the linker
// from leaving out what is not used.
func TestPackagesOfTheProgram(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	unwanted := regexp.MustCompile(`^(meetbot/internal/(sandbox|testenv|demo|redistest|e2e)(/.*)?` +
		`|github\.com/(alecthomas/kong|alicebob/miniredis|yuin/gopher-lua|nicksnyder/go-i18n)(/.*)?` +
		`|github\.com/microsoftgraph/msgraph-sdk-go)$`) // of the SDK, this is the root client
	found := 0
	for name := range strings.Lines(string(out)) {
		found++
		if name = strings.TrimSpace(name); unwanted.MatchString(name) {
			t.Errorf("the program links %s", name)
		}
	}
	if found < 100 {
		t.Errorf("the program has only %d packages", found)
	}
}
