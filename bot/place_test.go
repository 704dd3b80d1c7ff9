package bot

import (
	"slices"
	"strings"
	"testing"
)

func TestMatchesPattern(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"general", "general", true}, {"general", "general-2", false}, {"eng-*", "eng-", true}, {"eng-*", "eng-api", true},
		{"eng-*", "team-eng-api", false}, {"*", "", true}, {"*", "anything", true}, {"*-private", "hr-private", true},
		{"*-private", "hr-private-2", false}, {"a*b*c", "abc", true}, {"a*b*c", "axxbyyc", true}, {"a*b*c", "acb", false},
		{"a*a", "a", false}, {"a*a", "aa", true}, {"**", "x", true}, {"", "x", false}, {"a**b", "ab", true},
	} {
		if got := matchesPattern(tt.pattern, tt.text); got != tt.want {
			t.Errorf("%q matches %q: %t", tt.pattern, tt.text, got)
		}
	}
}

func TestJudgePlace(t *testing.T) {
	isID := func(rule string) bool { return strings.HasPrefix(rule, "C") }
	for _, tt := range []struct {
		name            string
		allowed, denied string
		id              string
		called          string
		want            verdict
	}{
		{"no rules", "", "", "C1", "", placeAllowed},
		{"allowed by ID", "C1", "", "C1", "", placeAllowed},
		{"not allowed by ID", "C2", "", "C1", "", placeDenied},
		{"denied by ID", "", "C1", "C1", "", placeDenied},
		{"another is denied", "", "C2", "C1", "", placeAllowed},
		{"denied beats allowed", "C1", "C1", "C1", "", placeDenied},
		{"denied by name beats allowed by ID", "C1", "hr-*", "C1", "hr-pay", placeDenied},
		{"denied by a name that is not known", "C1", "hr-*", "C1", "", placeNeedsName},
		{"denied by ID, whatever the name", "", "hr-*,C1", "C1", "", placeDenied},
		{"allowed by name", "eng-*", "", "C1", "Eng-API", placeAllowed},
		{"not allowed by name", "eng-*", "", "C1", "sales", placeDenied},
		{"allowed by a name that is not known", "eng-*", "", "C1", "", placeNeedsName},
		{"allowed by ID, whatever the name", "eng-*,C1", "", "C1", "", placeAllowed},
		{"a name that looks like an ID of an allowed place", "C2", "", "C1", "C2", placeDenied},
		{"a direct message", "kind:direct", "", "D1", PlaceDirect, placeAllowed},
		{"no direct message", "", "kind:direct", "D1", PlaceDirect, placeDenied},
	} {
		rules := func(list string) []string {
			return slices.DeleteFunc(strings.Split(list, ","), func(r string) bool { return r == "" })
		}
		policy := PlacePolicy{Allowed: rules(tt.allowed), Denied: rules(tt.denied)}
		got, why := policy.judge(place{tt.id, tt.called}, isID)
		if got != tt.want || (why != "") != (got == placeDenied) {
			t.Errorf("%s: %d, %q; want %d", tt.name, got, why, tt.want)
		}
	}
}
