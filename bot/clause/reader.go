package clause

// reader reads the tokens of one text.
type reader struct {
	text   string
	tokens []token
	limit  int // how many of the tokens may be read; what is behind has been taken already
	// nothing is the token outside of the text.
	nothing token
}

// at returns the token at that place. Outside of the text it is one that is nothing.
func (r *reader) at(i int) *token {
	if i < 0 || i >= r.limit {
		return &r.nothing
	}
	return &r.tokens[i]
}

// may tells quickly that the word at i begins with no digit and has none of the roles. True says nothing.
func (r *reader) may(i int, roles role) bool {
	t := r.at(i)
	return t.roles&roles != 0 || startsWithDigit(t.word)
}

// match returns the place behind the longest word or phrase at i that has the role, and its entry. ok is false if there
// is none.
func (r *reader) match(i int, want role) (after int, found entry, ok bool) {
	if i < 0 || i >= r.limit || r.tokens[i].roles&want == 0 {
		return i, entry{}, false
	}
	entries := r.tokens[i].entries
	for k := range entries {
		e := &entries[k]
		if e.role&want == 0 || ok && len(e.rest) < len(found.rest) {
			continue
		}
		if r.follow(i+1, e.rest) {
			after, found, ok = i+1+len(e.rest), *e, true
		}
	}
	return after, found, ok
}

// follow tells whether these words stand at i.
func (r *reader) follow(i int, words []string) bool {
	for j, word := range words {
		if r.at(i+j).word != word {
			return false
		}
	}
	return true
}

// has tells whether the word at i alone has the role.
func (r *reader) has(i int, want role) bool {
	for _, e := range r.at(i).entries {
		if e.role&want != 0 && len(e.rest) == 0 {
			return true
		}
	}
	return false
}

// before tells whether a word or phrase that has the role ends right before i, and where it begins.
func (r *reader) before(i int, want role) (start int, ok bool) {
	for start = max(i-4, 0); start < i; start++ {
		for _, e := range r.at(start).entries {
			if e.role&want != 0 && start+1+len(e.rest) == i && r.follow(start+1, e.rest) {
				return start, true
			}
		}
	}
	return i, false
}

// span is the place of the tokens in the text.
func (r *reader) span(words Span) Span {
	if words.Start >= words.End {
		return Span{}
	}
	return Span{r.tokens[words.Start].Start, r.tokens[words.End-1].End}
}
