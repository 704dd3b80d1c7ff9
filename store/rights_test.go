package store

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The document for operators has the lines with the least rights.
func TestLeastACLIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, acl := range []string{LeastACL("meetbot", ""), OperatorACL("operator", "")} {
		if want := "\n" + acl + "\n"; !strings.Contains(string(text), want) {
			t.Errorf("docs/operating.md lacks the line:%s", want)
		}
	}
}

// What a script calls is among the commands that the least ACL allows, and that Rights tries.
func TestCommandsOfTheScripts(t *testing.T) {
	rules := map[string]bool{}
	for _, c := range commands {
		if rules[c.rule] {
			t.Errorf("%s is there twice", c.rule)
		}
		rules[c.rule] = true
	}
	files, err := filepath.Glob("scripts/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatalf("scripts: %v, %v", files, err)
	}
	call := regexp.MustCompile(`'([A-Z]{3,})'(?:, '([A-Z]{3,})')?`)
	words := regexp.MustCompile(`(redis\.p?call|unless_no_group)\(|= \{'[A-Z]{3,}'`)
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			for _, at := range words.FindAllStringIndex(line, -1) {
				m := call.FindStringSubmatch(line[at[0]:])
				if m == nil {
					continue
				}
				found++
				rule := strings.ToLower(m[1])
				if slices.Contains([]string{"xgroup", "xinfo"}, rule) {
					rule += "|" + strings.ToLower(m[2])
				}
				if !rules[rule] {
					t.Errorf("%s calls %s, which store/rights.go does not list", file, rule)
				}
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d calls were found", found)
	}
}
