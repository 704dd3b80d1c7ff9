package doctor

import (
	"regexp"
	"slices"
	"strings"

	"meetbot/internal/app"
)

// guess is what a variable's name may stand for.
type guess struct {
	ours  bool   // it is meant for the bot, which does not know it
	meant string // the name that was probably meant; empty if none is close
}

// ourPrefixes begin the names of the bot's variables and of no others that are common. AZURE_ and REDIS_ are not among
// them: Azure, and Kubernetes for a service of the name redis, set variables that begin so.
var ourPrefixes = []string{"SLACK_", "TEAMS_", "GRAPH_", "MEETBOT_"}

// foreign are names that look like ours, and that others set: Kubernetes for its services, Azure's programs.
var foreign = regexp.MustCompile(
	`_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_.*)?)$` +
		`|^AZURE_(CONFIG_DIR|SUBSCRIPTION_ID|RESOURCE_GROUP|REGIONAL_AUTHORITY_NAME|USERNAME|PASSWORD|CLOUD_NAME|` +
		`POD_IDENTITY_AUTHORITY_HOST)$`)

// nicknames are names that people use for one variable, though they might stand for several.
var nicknames = map[string]string{"SLACK_TOKEN": "SLACK_BOT_TOKEN"}

// guessName tells whether a variable is meant for the bot, which reads the known ones.
func guessName(name string, known []string) guess {
	if slices.Contains(known, strings.TrimSuffix(name, app.FileSuffix)) || slices.Contains(known, name) ||
		foreign.MatchString(name) {
		return guess{}
	}
	upper := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	if meant := nicknames[upper]; meant != "" {
		return guess{ours: true, meant: meant}
	}
	if meant := closest(upper, known); meant != "" {
		return guess{ours: true, meant: meant}
	}
	if of, isFile := strings.CutSuffix(upper, app.FileSuffix); isFile {
		if meant := closest(of, known); meant != "" {
			return guess{ours: true, meant: meant + app.FileSuffix}
		}
	}
	ours := slices.ContainsFunc(ourPrefixes, func(prefix string) bool { return strings.HasPrefix(upper, prefix) })
	return guess{ours: ours}
}

// closest is the known name that a misspelt one stands for: with a letter or two that differ, or with some of its
// words; empty if there is none.
func closest(name string, known []string) string {
	best, least := "", len(name)/6+1 // ORGANISER may differ in one letter, a name of twelve letters in two
	for _, k := range known {
		if d := distance(name, k); d < least {
			best, least = k, d
		}
	}
	if best != "" || !strings.Contains(name, "_") {
		return best
	}
	words := strings.Split(name, "_")
	for _, k := range known {
		parts := strings.Split(k, "_")
		strange := func(word string) bool {
			return !slices.ContainsFunc(parts, func(part string) bool { return distance(word, part) <= len(part)/6 })
		}
		if len(words) < len(parts) && !slices.ContainsFunc(words, strange) {
			if best != "" {
				return "" // it may be either
			}
			best = k
		}
	}
	return best
}

// distance is how many letters have to be changed, added, left out or exchanged with their neighbour to make one word
// of the other (optimal string alignment).
func distance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row := rows[(i+2)%3], rows[i%3], rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[(len(a)+1)%3][len(b)]
}
