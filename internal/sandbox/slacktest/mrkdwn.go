package slacktest

import (
	"regexp"
	"strings"
)

// Slack's markup: the documentation of formatting text for app surfaces.
var (
	reference = regexp.MustCompile(`<(?:[@#!]|[a-z][a-z0-9+.-]*:)[^<>\n]+>`)
	marks     = []*regexp.Regexp{mark(`\*`), mark(`_`), mark(`~`)}
	entities  = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// mark matches text between two marks that stand at the edges of words.
func mark(mark string) *regexp.Regexp {
	inner := `[^\s` + mark + `]`
	return regexp.MustCompile(`(^|[\s(\["'*_~])` + mark + `(` + inner + `|` + inner + `[^\n` + mark + `]*` + inner +
		`)` + mark + `($|[\s)\]"'.,:;!?*_~])`)
}

// plain turns mrkdwn into what a reader sees, without the weight of letters. Code keeps its back-ticks, and is left
// alone otherwise.
func plain(mrkdwn string) string {
	var b strings.Builder
	for i, part := range strings.Split(mrkdwn, "`") {
		if i > 0 {
			b.WriteByte('`')
		}
		if i%2 == 0 { // outside of code; three ticks count as one, with two empty parts between them
			for _, mark := range marks {
				part = mark.ReplaceAllString(part, "$1$2$3")
			}
		}
		b.WriteString(reference.ReplaceAllStringFunc(part, resolve))
	}
	return entities.Replace(b.String())
}

// resolve turns one "<...>" into what it stands for.
func resolve(reference string) string {
	target, label, labelled := strings.Cut(strings.Trim(reference, "<>"), "|")
	kind, id := target[:1], target[1:]
	switch kind {
	case "@", "#":
		if labelled && label != "" {
			id = label
		}
		return kind + id
	case "!":
		switch {
		case labelled: // a date's fallback, or a group's name
			return label
		case strings.HasPrefix(id, "date^"):
			return "(date)"
		default:
			return "@" + id
		}
	}
	if label == "" || label == target {
		return target
	}
	return label + " (" + target + ")"
}
