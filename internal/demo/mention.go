package demo

import (
	"regexp"
	"strings"
)

// designTeam is the one user group of the demo's Slack, by its handle and its ID.
const (
	designTeam   = "design-team"
	designTeamID = "S0DESIGN"
)

// named is a name after an @, which no letter or digit touches from the left, as in an e-mail address.
var named = regexp.MustCompile(`(^|[^\pL\pN_.@-])@([a-z]+(?:-[a-z]+)*)`)

// mentioning makes mentions of the names that follow an @ in what somebody types, as a client does while they type: of
// those of whom mark makes something. All others stay as they are.
func mentioning(text string, mark func(name string) string) string {
	return named.ReplaceAllStringFunc(text, func(found string) string {
		at := strings.IndexByte(found, '@')
		if m := mark(found[at+1:]); m != "" {
			return found[:at] + m
		}
		return found
	})
}

// personNamed finds the person of this name.
func personNamed(name string) (person, bool) {
	for _, p := range people() {
		if p.name == name {
			return p, true
		}
	}
	return person{}, false
}
