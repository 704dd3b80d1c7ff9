package store

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"meetbot/bot"
)

// Person is one person, by the names that Redis may have of them.
type Person struct {
	Users []string // chat users, as Slack or Teams names them
	IDs   []string // Entra object IDs, and user principal names and e-mail addresses
	Names []string // display names: they prove nothing, and are looked for only beside the others
}

// Trace is something that Redis holds of a person.
type Trace struct {
	What         string           // what it is, in words for an operator
	Role         string           // what the person is in it, likewise
	Conversation bot.Conversation // zero for what belongs to none
	Meeting      *bot.Meeting     // where it is one
	Record       string           // otherwise what is stored, without secrets; empty where the key says all
	Replaced     bool             // erasing it takes the conversation's meeting: the next asker gets another one
	Stays        string           // why Erase leaves it where it is; empty for what it deletes

	erase func(context.Context) error
}

// Erase deletes what Find found, or takes the person out of it. What changed since then is left alone, so that Find has
// to be asked again after it.
func (s *Store) Erase(ctx context.Context, t Trace) error {
	if t.erase == nil {
		return nil
	}
	return t.erase(ctx)
}

// Find finds everything that Redis holds of the person. It goes through the whole database: it is for an operator.
// Without the right to SCAN the error is [ErrNotAllowed].
//
// Only for an hour Redis knows which chat user is which Entra user. Within it, one of the names is enough, and the
// person is returned with all that are known; later a chat user and an object ID have to be named both.
func (s *Store) Find(ctx context.Context, p Person) (Person, []Trace, error) {
	f := &finder{store: s, person: p}
	for _, step := range []func(context.Context) error{
		f.identities, f.conversations, f.counts, f.holds, f.queue, f.jobs, f.deadLetters,
	} {
		if err := step(ctx); err != nil {
			return f.person, nil, err
		}
	}
	return f.person, f.traces, nil
}

// finder is one search for a person.
type finder struct {
	store  *Store
	person Person
	words  *regexp.Regexp // the person's names, anywhere in a text
	traces []Trace
	seen   map[string]bool // SCAN may return a key twice
}

func (f *finder) found(t Trace) { f.traces = append(f.traces, t) }

// know adds names, and tells whether one of them is new.
func (f *finder) know(users, ids, names []string) (more bool) {
	add := func(all *[]string, some []string) {
		for _, name := range some {
			if name != "" && !slices.ContainsFunc(*all, func(s string) bool { return strings.EqualFold(s, name) }) {
				*all, more = append(*all, name), true
			}
		}
	}
	add(&f.person.Users, users)
	add(&f.person.IDs, ids)
	add(&f.person.Names, names)
	return more
}

// isUser tells whether a chat user is the person. In Teams, chat users are named by their object IDs.
func (f *finder) isUser(user string) bool {
	return user != "" && slices.Contains(f.person.Users, user) || f.isID(user)
}

func (f *finder) isID(id string) bool {
	return id != "" && slices.ContainsFunc(f.person.IDs, func(s string) bool { return strings.EqualFold(s, id) })
}

func (f *finder) isName(name string) bool { return name != "" && slices.Contains(f.person.Names, name) }

func (f *finder) isAttendee(a bot.Attendee) bool { return f.isID(a.ID) || f.isID(a.UPN) }

// compile makes the expression that finds the person's names in a text, also as part of a key, of a URL (behind %22, a
// quotation mark) or of a line with mentions (behind U+E000 and a letter).
func (f *finder) compile() {
	var names []string
	for _, name := range slices.Concat(f.person.Users, f.person.IDs) {
		names = append(names, regexp.QuoteMeta(name))
		if escaped := url.QueryEscape(name); escaped != name {
			names = append(names, regexp.QuoteMeta(escaped))
		}
	}
	const before, after = `(?i)(?:^|[^A-Z0-9]|%22|\x{E000}[A-Z])(?:`, `)(?:$|[^A-Z0-9])`
	f.words = regexp.MustCompile(before + strings.Join(names, "|") + after)
}

// each hands the keys of a pattern to do, each once.
func (f *finder) each(ctx context.Context, pattern string, do func(ctx context.Context, keys []string) error) error {
	f.seen = map[string]bool{}
	return f.store.scan(ctx, pattern, func(ctx context.Context, keys []string) error {
		keys = slices.DeleteFunc(keys, func(key string) bool { return f.seen[key] })
		for _, key := range keys {
			f.seen[key] = true
		}
		return do(ctx, keys)
	})
}

// del returns what deletes a key.
func (f *finder) del(key string) func(context.Context) error {
	return func(ctx context.Context) error {
		return f.store.withBudget(ctx, "delete what is known of a person", func(ctx context.Context) error {
			return f.store.client.Del(ctx, key).Err()
		})
	}
}

// identities finds who chat users are in Entra, and learns the person's other names by that.
func (f *finder) identities(ctx context.Context) error {
	type known struct {
		user, record string
		id           bot.Identity
	}
	all := map[string]known{}
	prefix := string(f.store.keys) + ":id:"
	err := f.each(ctx, prefix+"*", func(ctx context.Context, keys []string) error {
		records, err := f.store.texts(ctx, keys)
		for key, record := range records {
			parts := strings.Split(strings.TrimPrefix(key, prefix), ":")
			k := known{record: record}
			if user, err := url.QueryUnescape(parts[len(parts)-1]); err == nil {
				k.user = user
			}
			if id := decodeIdentity(record); id != nil {
				k.id = *id
			}
			all[key] = k
		}
		return err
	})
	if err != nil {
		return err
	}
	for again := true; again; {
		again = false
		for _, k := range all {
			if f.isUser(k.user) || f.isID(k.id.ID) || f.isID(k.id.UPN) {
				again = f.know([]string{k.user}, []string{k.id.ID, k.id.UPN}, []string{k.id.Name}) || again
			}
		}
	}
	f.compile()
	for key, k := range all {
		if f.isUser(k.user) || f.isID(k.id.ID) || f.words.MatchString(k.record) {
			f.found(Trace{What: "identity", Role: k.user, Record: k.record, erase: f.del(key)})
		}
	}
	return nil
}

// conversationKey matches the key of something that belongs to a conversation; see keyspace.of.
var conversationKey = regexp.MustCompile(`:\{([^{}]+)\}:([a-z])(|:.*)$`)

// conversations finds meetings, claims and invitations.
func (f *finder) conversations(ctx context.Context) error {
	type held struct {
		c      bot.Conversation
		kind   string
		key    string
		record string
	}
	var all []held
	err := f.each(ctx, string(f.store.keys)+":{*}:?*", func(ctx context.Context, keys []string) error {
		keys = slices.DeleteFunc(keys, func(key string) bool {
			m := conversationKey.FindStringSubmatch(key)
			if m == nil {
				return true
			}
			if c, ok := bot.ParseConversation(m[1]); ok && f.words.MatchString(c.Channel) {
				c.Thread = strings.TrimPrefix(m[3], ":")
				f.chat(c, m[2], key)
				return true
			}
			return !strings.Contains("mpui", m[2])
		})
		if len(keys) == 0 {
			return nil
		}
		records, err := f.store.texts(ctx, keys)
		for key, record := range records {
			m := conversationKey.FindStringSubmatch(key)
			if c, ok := bot.ParseConversation(m[1]); ok {
				if m[2] != "i" { // behind which stands a hash
					c.Thread = strings.TrimPrefix(m[3], ":")
				}
				all = append(all, held{c, m[2], key, record})
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b held) int { return strings.Compare(a.key, b.key) })
	for _, h := range all { // first, for the names that stand beside the object ID
		if m, err := decodeMeeting(h.c, h.record); h.kind == "m" && err == nil {
			if f.isID(m.Organizer.ID) {
				f.know(nil, nil, []string{m.Organizer.Name})
			}
			if f.isUser(m.StartedBy.User) {
				f.know(nil, nil, []string{m.StartedBy.Name})
			}
		}
	}
	for _, h := range all {
		switch h.kind {
		case "m":
			f.meeting(h.c, h.record)
		case "p":
			f.claim(h.c, h.record)
		case "u":
			f.earlier(h.c, h.key, h.record)
		case "i":
			f.invitations(h.c, h.key, h.record)
		}
	}
	return nil
}

// chat finds what belongs to a conversation that is named after the person: a chat of two people in Teams has both
// their object IDs in its name. All of it goes, its lasting link and what is due there too.
func (f *finder) chat(c bot.Conversation, kind, key string) {
	s := f.store
	f.found(Trace{
		What: "conversation that is named after them", Role: "takes part", Conversation: c, Replaced: kind == "m",
		erase: func(ctx context.Context) error {
			return s.withBudget(ctx, "forget a conversation", func(ctx context.Context) error {
				if kind == "l" {
					token, err := s.linkField(ctx, c, tokenField)
					if err == nil && token != "" {
						err = s.client.Del(ctx, s.keys.linked(token)).Err()
					}
					if err != nil {
						return err
					}
				}
				for _, due := range []bot.DueKind{bot.DueConfirm, bot.DueRemind} {
					if err := s.client.ZRem(ctx, s.keys.due(due, dueShard(c)), encodePlace(c)).Err(); err != nil {
						return err
					}
				}
				return s.client.Del(ctx, key).Err()
			})
		},
	})
}

// roles are what the person is in a meeting; organizer tells whether they are its organizer.
func (f *finder) roles(m *bot.Meeting) (role string, organizer bool) {
	var roles []string
	add := func(is bool, role string) {
		if is {
			roles = append(roles, role)
		}
	}
	organizer = f.isID(m.Organizer.ID)
	add(organizer, "organizer")
	add(f.isUser(m.StartedBy.User), "asked for it")
	add(f.isUser(m.DatedBy), "set its date")
	add(f.isName(m.Replaced.Organizer), "organizer of the one before")
	return strings.Join(roles, ", "), organizer
}

func (f *finder) meeting(c bot.Conversation, record string) {
	s := f.store
	m, err := decodeMeeting(c, record)
	if err != nil {
		if f.words.MatchString(record) {
			f.found(Trace{
				What: "meeting that this release cannot read", Conversation: c, Record: record, Replaced: true,
				erase: func(ctx context.Context) error { _, err := s.Forget(ctx, c, ""); return err },
			})
		}
		return
	}
	role, organizer := f.roles(m)
	switch {
	case organizer:
		f.found(Trace{
			What: "meeting", Role: role, Conversation: c, Meeting: m, Replaced: true,
			erase: func(ctx context.Context) error { _, err := s.Forget(ctx, c, m.ClaimID); return err },
		})
	case role != "":
		f.found(Trace{What: "meeting", Role: role, Conversation: c, Meeting: m, erase: func(ctx context.Context) error {
			_, err := s.ChangeMeeting(ctx, c, m.ClaimID, func(m *bot.Meeting) {
				if f.isUser(m.StartedBy.User) {
					m.StartedBy = bot.Starter{}
				}
				if f.isUser(m.DatedBy) {
					m.DatedBy = ""
				}
				if f.isName(m.Replaced.Organizer) {
					m.Replaced.Organizer = ""
				}
			})
			return err
		}})
	}
}

func (f *finder) claim(c bot.Conversation, record string) {
	claim, err := decodeClaim(c, record)
	if err != nil {
		return // `new` replaces it
	}
	var role string
	switch {
	case f.isID(claim.Organizer.ID):
		role = "organizer"
	case f.isUser(claim.User):
		role = "asked for it"
	case slices.ContainsFunc(claim.Request.Attendees, f.isAttendee):
		role = "invited"
	case f.isName(claim.Replaced.Organizer):
		role = "organizer of the one before"
	default:
		return
	}
	f.found(Trace{
		What: "meeting that is being made", Role: role, Conversation: c, Record: record,
		erase: func(ctx context.Context) error { _, err := f.store.Release(ctx, *claim); return err },
	})
}

// earlier finds the meeting that Undo can bring back; see undo.lua.
func (f *finder) earlier(c bot.Conversation, key, record string) {
	parts := strings.SplitN(record, " ", 3)
	if len(parts) != 3 {
		return
	}
	user, _ := url.QueryUnescape(parts[1])
	m, err := decodeMeeting(c, parts[2])
	if err != nil {
		m = &bot.Meeting{}
	}
	role, _ := f.roles(m)
	if f.isUser(user) {
		role = strings.TrimPrefix(role+", may bring it back", ", ")
	}
	if role != "" {
		f.found(Trace{What: "earlier meeting, for Undo", Role: role, Conversation: c, Meeting: m, erase: f.del(key)})
	}
}

// invitations finds whom jobs invited lately.
func (f *finder) invitations(c bot.Conversation, key, record string) {
	for _, entry := range lengthed(record) {
		i, ok := decodeInvitation(entry)
		if !ok || !slices.ContainsFunc(i.Attendees, f.isAttendee) {
			continue
		}
		kept := ""
		rest := i
		rest.Attendees = slices.DeleteFunc(slices.Clone(i.Attendees), f.isAttendee)
		if len(rest.Attendees) > 0 {
			kept = encodeInvitation(rest)
		}
		f.found(Trace{
			What: "invitation", Role: "invited", Conversation: c, Record: entry,
			erase: func(ctx context.Context) error {
				return f.store.withBudget(ctx, "forget an invitation", func(ctx context.Context) error {
					return inviteScript.Run(ctx, f.store.client, []string{key}, invitationHead(i.Job), kept,
						bot.MaxInvitations, int(bot.InvitationsKnownFor.Seconds())).Err()
				})
			},
		})
	}
}
