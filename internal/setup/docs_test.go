package setup_test

import (
	"os"
	"strings"
	"testing"

	"meetbot/internal/golden"
	"meetbot/internal/setup"
)

// The document has the tables of permissions and scopes, as the code has them.
func TestTablesOfTheDocument(t *testing.T) {
	const path = "../../docs/install.md"
	read, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	document := string(read)
	for name, table := range map[string]string{"permissions": setup.PermissionTable(), "scopes": setup.ScopeTable()} {
		begin, end := "<!-- "+name+" -->\n", "<!-- end -->"
		before, rest, there := strings.Cut(document, begin)
		shown, after, ends := strings.Cut(rest, end)
		switch {
		case !there || !ends:
			t.Fatalf("the document has no place for the table of %s", name)
		case os.Getenv(golden.Update) != "":
			document = before + begin + table + end + after
		case shown != table:
			t.Errorf("the table of %s differs; with %s=1 the test writes it\n--- the document\n%s\n--- the code\n%s", name,
				golden.Update, shown, table)
		}
	}
	if os.Getenv(golden.Update) != "" {
		if err := os.WriteFile(path, []byte(document), 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
	}
}
