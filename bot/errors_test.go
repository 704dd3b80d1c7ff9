package bot

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// Codes has every code that this package names.
func TestCodesAreComplete(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	constant := regexp.MustCompile(`(?m)^(?:const|\t)\s*\w+\s+Code\s+= "(\w+)"`)
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range constant.FindAllSubmatch(text, -1) {
			found++
			if !slices.Contains(Codes, Code(m[1])) {
				t.Errorf("Codes lacks %s of %s", m[1], file)
			}
		}
	}
	if found != len(Codes) {
		t.Errorf("%d codes are named, and Codes has %d", found, len(Codes))
	}
}
