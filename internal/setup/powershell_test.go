package setup_test

import (
	"fmt"
	"strings"
	"testing"
)

// Each block of PowerShell is whole: every string and every bracket ends, and a list that goes on in the next line shows
// that at the end of its own.
func TestPowerShell(t *testing.T) {
	found := 0
	for name, page := range pages(t) {
		for _, b := range blocks(page) {
			if b.language != "powershell" {
				continue
			}
			found++
			if _, err := powerShellStrings(b.text); err != nil {
				t.Errorf("%s: %v in\n%s", name, err, b.text)
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d blocks", found)
	}
}

// A value arrives as it is, whatever is in it.
func TestPowerShellValues(t *testing.T) {
	all := pages(t)["entra-quotes"]
	var got []string
	for _, b := range blocks(all) {
		if b.language == "powershell" {
			found, err := powerShellStrings(b.text)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, found...)
		}
	}
	joined := strings.Join(got, "\n")
	if !strings.Contains("\n"+joined+"\n", "\no'neil@contoso.example\n") {
		t.Errorf("the person is not among\n%s", joined)
	}
	for text, want := range map[string]string{ // the reader itself
		`'a''b'`: "a'b", "'a\u2019\u2019b'": "a\u2019b", `"x"`: "x", `'$(x) "y"'`: `$(x) "y"`,
	} {
		if read, err := powerShellStrings(text); err != nil || len(read) != 1 || read[0] != want {
			t.Errorf("%s is read as %q, %v", text, read, err)
		}
	}
	for _, text := range []string{`'a`, `"a`, `(a`, `a)`, `@{ x = 1`, "'a\nb'"} {
		if read, err := powerShellStrings(text); err == nil {
			t.Errorf("%s is read as %q", text, read)
		}
	}
}

// powerShellStrings reads PowerShell as far as its quotation marks and brackets go, and returns the strings. Source:
// Microsoft, "about_Quoting_Rules" and "about_Special_Characters"; typographic quotation marks are as good as straight
// ones.
func powerShellStrings(text string) (found []string, err error) {
	var open []rune
	pairs := map[rune]rune{')': '(', '}': '{', ']': '['}
	single := func(r rune) bool { return strings.ContainsRune("'\u2018\u2019\u201a\u201b", r) }
	double := func(r rune) bool { return strings.ContainsRune("\"\u201c\u201d\u201e", r) }
	runes := []rune(text)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		switch {
		case single(r), double(r):
			same := single
			if double(r) {
				same = double
			}
			var value strings.Builder
			closed := false
			for i++; i < len(runes); i++ {
				if same(runes[i]) {
					if i+1 < len(runes) && same(runes[i+1]) {
						value.WriteRune(runes[i])
						i++
						continue
					}
					closed = true
					break
				}
				if runes[i] == '\n' {
					return nil, fmt.Errorf("a string goes on in the next line: %q", value.String())
				}
				value.WriteRune(runes[i])
			}
			if !closed {
				return nil, fmt.Errorf("a string does not end: %q", value.String())
			}
			found = append(found, value.String())
		case strings.ContainsRune("({[", r):
			open = append(open, r)
		case strings.ContainsRune(")}]", r):
			if len(open) == 0 || open[len(open)-1] != pairs[r] {
				return nil, fmt.Errorf("%q closes nothing", r)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return nil, fmt.Errorf("%q does not end", open)
	}
	return found, nil
}
