// Package guid tells GUIDs from other texts: the IDs of tenants, apps and users in Entra, and of requests to Graph.
// Call [Valid]. It imports no other package of the program.
package guid

import "github.com/google/uuid"

// length is that of a GUID as Microsoft writes it: 32 hexadecimal digits and four hyphens.
const length = 36

// Valid tells whether s is a GUID in the form 8eaef023-2b34-4da1-9baa-8bc8c9d6a490, in any case of letters. The library
// takes other forms too, with braces, with a prefix, without hyphens; they differ in length.
func Valid(s string) bool { return len(s) == length && uuid.Validate(s) == nil }
