// Package golden compares what a test produced with a file that a person has read and agreed to.
package golden

import (
	"os"
	"path/filepath"
	"testing"
)

// Update is the environment variable that makes the tests write the files instead: read the difference before it is
// committed.
const Update = "UPDATE_GOLDEN"

// Check fails the test unless got is what testdata/golden/name holds.
func Check(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if os.Getenv(Update) != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with %s=1 to write it", err, Update)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs; with %s=1 the test writes what it got\n--- got\n%s\n--- want\n%s", path, Update, got,
			want)
	}
}
