package bot

import (
	"cmp"
	"regexp"
	"strings"
	"unicode/utf8"
)

// MentionKind says what a command mentions. Its values stand in Redis.
type MentionKind string

// The kinds of mention.
const (
	MentionPerson  MentionKind = "p"
	MentionGroup   MentionKind = "g" // a user group of the chat platform
	MentionBot     MentionKind = "b" // this bot itself
	MentionUnknown MentionKind = "n" // a name after an @ of which the platform made no mention
)

// Mention is somebody whom a command mentions, as the chat platform marked them.
type Mention struct {
	Kind MentionKind
	ID   string // the platform's; of MentionUnknown the name
	Name string // as the platform writes the mention in text, such as "@ben"; empty if it does not say
}

// shown is the mention as a reader sees it.
func (m Mention) shown() string { return cmp.Or(m.Name, "@"+m.ID) }

// People are mentions as an argument of a message.
type People []Mention

// A mention stands in the text of a command as a mark: three private-use characters with kind, ID and name between
// them. People cannot type a mark: [Unmarked] takes these characters out of what they type, and [CleanText] drops them
// everywhere else.
const (
	markBegin = "\ue000"
	markName  = "\ue001"
	markEnd   = "\ue002"
)

var (
	mark = regexp.MustCompile(markBegin + `([pgbn])([^` + markBegin + `-` + markEnd + ` ]+)` +
		markName + `([^` + markBegin + `-` + markEnd + `]*)` + markEnd)
	markStart = regexp.MustCompile(`^` + mark.String())
	unmark    = strings.NewReplacer(markBegin, "", markName, "", markEnd, "")
)

// Bounds of a mention, in characters.
const (
	maxMentionID   = 200
	maxMentionName = 80
)

// Mark is the mention as a front-end puts it into the text that [Parser] gets. A mention whose ID cannot be one is its
// name alone.
func (m Mention) Mark() string {
	name := Clip(CleanText(m.Name), maxMentionName)
	if m.ID == "" || strings.Contains(m.ID, " ") || CleanText(m.ID) != m.ID ||
		utf8.RuneCountInString(m.ID) > maxMentionID {
		return name
	}
	return markBegin + string(m.Kind) + m.ID + markName + name + markEnd
}

// Unmarked is text that people typed, without the characters that make a mark: nobody is mentioned by typing.
func Unmarked(text string) string { return unmark.Replace(text) }

// hasMark tells quickly whether there may be a mark in a text.
func hasMark(text string) bool { return strings.Contains(text, markBegin) }

// markLength is the length in bytes of the mark that a text begins with; 0 if it begins with none. It is a
// clause.Mention.
func markLength(text string) int {
	if !strings.HasPrefix(text, markBegin) {
		return 0
	}
	return len(markStart.FindString(text))
}

// marksIn lists the mentions in a text, each once, at most limit of them.
func marksIn(text string, limit int) []Mention {
	var all []Mention
	if !hasMark(text) {
		return nil
	}
	seen := map[Mention]bool{}
	for _, found := range mark.FindAllStringSubmatch(text, -1) {
		m := Mention{MentionKind(found[1]), found[2], found[3]}
		if key := (Mention{Kind: m.Kind, ID: m.ID}); !seen[key] && len(all) < limit {
			seen[key] = true
			all = append(all, m)
		}
	}
	return all
}

// marksOf are the marks of mentions, one after another.
func marksOf(people []Mention) string {
	var line strings.Builder
	for _, m := range people {
		line.WriteString(m.Mark())
	}
	return line.String()
}

// named is a text with the names of those whom it mentions in the place of the marks.
func named(text string) string {
	if !hasMark(text) {
		return text
	}
	return Unmarked(mark.ReplaceAllString(text, "$3"))
}

// fewMarks is a text without the marks after the first so many.
func fewMarks(text string, limit int) string {
	if !hasMark(text) {
		return text
	}
	n := 0
	return mark.ReplaceAllStringFunc(text, func(m string) string {
		if n++; n > limit {
			return ""
		}
		return m
	})
}

// lengthOfLine is how many characters a text has, a mark counted as one.
func lengthOfLine(text string) int {
	if !hasMark(text) {
		return utf8.RuneCountInString(text)
	}
	return utf8.RuneCountInString(mark.ReplaceAllLiteralString(text, "@"))
}

// cleanMarked is CleanText for a text with marks, which stay.
func cleanMarked(text string) string {
	if !hasMark(text) {
		return CleanText(text)
	}
	clean := cleanText(text, func(r rune) rune {
		if s := string(r); s == markBegin || s == markName || s == markEnd {
			return r
		}
		return cleanRune(r)
	})
	var whole strings.Builder
	done := 0
	for _, at := range mark.FindAllStringIndex(clean, -1) {
		whole.WriteString(Unmarked(clean[done:at[0]]))
		whole.WriteString(clean[at[0]:at[1]])
		done = at[1]
	}
	whole.WriteString(Unmarked(clean[done:]))
	return whole.String()
}
