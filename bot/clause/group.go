package clause

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// when is what the clauses of a group say.
type when struct {
	day              day
	also             day // the same day by another name: "Friday 27 November"
	start            clock
	end              clock
	endDay           day
	length           time.Duration
	offset           time.Duration // from now
	people           []Person
	now              bool
	hasStart, hasEnd bool
	explicit         bool // a word such as "at" opened the start
	ranged           bool // the end came with the start: 9-10
	opened           bool // a word such as "on" opened the day
	linked           bool // a word such as "of" stands before the day
	lengthOpened     bool // a word such as "for" opened the length
	problem          Code // of one clause alone
	problemAt        Span // its tokens
}

// clauseSpan is the place of a clause, in tokens.
type clauseSpan struct {
	words  Span
	people bool
}

// group is a run of clauses that stand beside each other.
type group struct {
	when
	words Span // tokens
	spans []clauseSpan
}

// hasTime tells whether the group has more than people.
func (w *when) hasTime() bool {
	return w.day.kind != noDay || w.hasStart || w.hasEnd || w.length > 0 || w.offset > 0 || w.now || w.problem != ""
}

// maxClauses bounds a group: there are fewer kinds of clauses. It keeps the time that a hostile text takes in
// proportion to its length.
const maxClauses = 16

// group reads as many clauses as stand beside each other from i on. ok is false if there is none.
func (r *reader) group(i int) (g group, ok bool) {
	if r.at(i).barren || !r.mayBegin(i) {
		return group{}, false
	}
	at := i
	for at < r.limit && len(g.spans) < maxClauses {
		from := at
		if at > i && r.at(at).word == "-" {
			from++
		}
		after, people, found := r.clause(from, &g.when)
		if !found {
			break
		}
		g.spans = append(g.spans, clauseSpan{Span{from, after}, people})
		at = after
	}
	g.words = Span{i, at}
	r.tokens[i].barren = at == i
	return g, at > i
}

// clause reads one clause at i into w, which is changed only if there is one. found is false if there is none, or if w
// has one of the kind already.
func (r *reader) clause(i int, w *when) (after int, people, found bool) {
	if !r.mayBegin(i) {
		return i, false, false
	}
	if after, ok := r.people(i, w); ok {
		return after, true, true
	}
	after, ok := r.offset(i, w)
	if !ok {
		after, ok = r.lengthClause(i, w)
	}
	if !ok {
		after, ok = r.endClause(i, w)
	}
	if !ok {
		after, ok = r.dayClause(i, w)
	}
	if !ok {
		after, ok = r.startClause(i, w)
	}
	if !ok {
		after, ok = r.bare(i, w)
	}
	if !ok {
		after, ok = r.unreadable(i, w)
	}
	if !ok {
		return i, false, false
	}
	if zone, _, ok := r.match(after, zoneName); ok && w.hasStart {
		w.blame(OtherZone, Span{after, zone})
		after = zone
	}
	return after, false, true
}

// mayBegin tells quickly that no clause begins at i, as at most words. True says nothing.
func (r *reader) mayBegin(i int) bool {
	t := r.at(i)
	return t.roles != 0 || t.mention || startsWithDigit(t.word) || strings.HasPrefix(t.word, "@")
}

// blame records what is wrong with a clause. The first one counts.
func (w *when) blame(code Code, words Span) {
	if w.problem == "" {
		w.problem, w.problemAt = code, words
	}
}

// people reads "with @ann, @ben and @caio". At the beginning of the text and after a time, mentions need no word
// before them.
func (r *reader) people(i int, w *when) (after int, ok bool) {
	at, _, opened := r.match(i, opensPeople)
	if !opened {
		if !r.at(i).mention || i > 0 && !w.hasTime() && len(w.people) == 0 {
			return i, false
		}
		at = i
	}
	people := w.people[:len(w.people):len(w.people)]
	for after = i; ; {
		if j, _, ok := r.match(at, article); ok {
			at = j
		}
		t := r.at(at)
		if !t.mention && !isName(r.text[t.Start:t.End]) {
			break
		}
		people = append(people, Person{Span: t.Span, Mention: t.mention})
		at++
		after = at
		if j, _, ok := r.match(at, joins); ok {
			at = j
		}
	}
	if after > i {
		w.people = people
	}
	return after, after > i
}

// isName tells whether a word is a name after an @, as people write a mention.
func isName(word string) bool {
	name, ok := strings.CutPrefix(word, "@")
	first, _ := utf8.DecodeRuneInString(name)
	return ok && unicode.IsLetter(first) && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r)
	})
}
