//go:build integration

package e2e

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Nothing in the program looks a method up by a name that the linker cannot know, except in package reflect itself: one
// such place would keep every exported method of the Graph SDK in the program. text/template has one, and so have many
// libraries for command lines.
func TestNoMethodIsLookedUpByName(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-dumpdep", "-o", filepath.Join(t.TempDir(), "bot"),
		"meetbot/cmd/bot")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// The linker marks what looks methods up, and also what is converted to an interface: so it still speaks the same.
	if !strings.Contains(string(out), "<UsedInIface>") {
		t.Fatalf("the linker's report is not understood; it has %d bytes", len(out))
	}
	marked := regexp.MustCompile(`(\S+) (?:<\w+> )*<ReflectMethod>`)
	for _, m := range marked.FindAllStringSubmatch(string(out), -1) {
		if !strings.HasPrefix(m[1], "reflect.") {
			t.Errorf("%s looks methods up by name", m[1])
		}
	}
}
