package graphtest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Of the $filter language this service understands comparisons for equality, joined by "or".
var (
	literalFilter = `'((?:[^']|'')*)'`
	equalFilter   = regexp.MustCompile(`^\s*(mail|userPrincipalName|displayName|id) eq ` + literalFilter)
	anyFilter     = regexp.MustCompile(`^\s*proxyAddresses/any\(\s*(\w+):\s*(\w+) eq ` + literalFilter + `\s*\)`)
	orFilter      = regexp.MustCompile(`^\s+or\s+`)
)

// filter reads a filter, and tells whether it is one of those that only advanced queries may hold. Strings are
// compared without case, as the directory does.
func filter(text string) (match func(*User) bool, advanced bool, err error) {
	invalid := requestRefusal(fmt.Sprintf("Invalid filter clause: '%s'.", text))
	var terms []func(*User) bool
	for rest := text; ; {
		if m := equalFilter.FindStringSubmatch(rest); m != nil {
			rest = rest[len(m[0]):]
			read, want := userProperties[m[1]], unquote(m[2])
			terms = append(terms, func(u *User) bool {
				got, _ := read(u).(string)
				return got != "" && strings.EqualFold(got, want)
			})
		} else if m := anyFilter.FindStringSubmatch(rest); m != nil && m[1] == m[2] {
			rest = rest[len(m[0]):]
			want := unquote(m[3])
			terms = append(terms, func(u *User) bool {
				return slices.ContainsFunc(u.ProxyAddresses, func(p string) bool { return strings.EqualFold(p, want) })
			})
		} else {
			return nil, false, invalid
		}
		if strings.TrimSpace(rest) == "" {
			break
		}
		or := orFilter.FindString(rest)
		if or == "" {
			return nil, false, invalid
		}
		rest = rest[len(or):]
	}
	match = func(u *User) bool {
		return slices.ContainsFunc(terms, func(term func(*User) bool) bool { return term(u) })
	}
	return match, len(terms) > 1, nil
}

func unquote(s string) string { return strings.ReplaceAll(s, "''", "'") }
