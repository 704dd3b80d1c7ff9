package store_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"meetbot/bot"
	"meetbot/store"
)

// script drives one conversation at a time through the store and remembers claims by name.
type script struct {
	t      *testing.T
	s      *store.Store
	claims map[string]bot.Claim
}

// claim records, or repeats, the claim of this name.
func (x script) claim(name string, c bot.Conversation, fresh bool, seen int) bot.State {
	x.t.Helper()
	claim, ok := x.claims[name]
	if !ok {
		claim = bot.NewClaim(c, seen+1, fresh)
		claim.Organizer = bot.Organizer{ID: "id-of-" + name, Name: name}
		x.claims[name] = claim
	}
	st, err := x.s.Claim(x.t.Context(), claim, fresh, seen)
	no(x.t, err)
	return st
}

func (x script) complete(name string) bot.State {
	x.t.Helper()
	st, err := x.s.Complete(x.t.Context(), x.claims[name], meetingFor(x.claims[name]))
	no(x.t, err)
	return st
}

func (x script) release(name string) bot.State {
	x.t.Helper()
	st, err := x.s.Release(x.t.Context(), x.claims[name])
	no(x.t, err)
	return st
}

func (x script) read(c bot.Conversation, l reading) bot.State {
	x.t.Helper()
	st, err := read(x.t.Context(), x.s, c, l)
	no(x.t, err)
	return st
}

// is asserts what a state holds: "-" for nothing, "ann" for her meeting, "ann+ben" for hers with his claim pending.
func (x script) is(st bot.State, want string) {
	x.t.Helper()
	if got := x.describe(st); got != want {
		x.t.Fatalf("conversation holds %q, want %q", got, want)
	}
}

func (x script) describe(st bot.State) string {
	var b strings.Builder
	if st.Meeting == nil {
		b.WriteString("-")
	} else {
		b.WriteString(x.name(st.Meeting.ClaimID))
		if x.claims[b.String()].Generation != st.Meeting.Generation {
			fmt.Fprintf(&b, " with generation %d", st.Meeting.Generation)
		}
	}
	if st.Pending != nil {
		b.WriteString("+" + x.name(st.Pending.ID))
	}
	return b.String()
}

func (x script) name(id string) string {
	for name, claim := range x.claims {
		if claim.ID == id {
			return name
		}
	}
	return "somebody (" + id + ")"
}

func TestConversationRules(t *testing.T) {
	rules := []struct {
		name string
		play func(x script, c bot.Conversation)
	}{
		{"nothing is there at first", func(x script, c bot.Conversation) {
			x.is(x.read(c, reading{}), "-")
		}},
		{"the first asker's claim is recorded", func(x script, c bot.Conversation) {
			x.is(x.claim("ann", c, false, 0), "-+ann")
			x.is(x.read(c, reading{}), "-+ann")
		}},
		{"a second asker joins the pending claim", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.is(x.claim("ben", c, false, 0), "-+ann")
		}},
		{"a completed claim is the meeting", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.is(x.complete("ann"), "ann")
			x.is(x.read(c, reading{}), "ann")
		}},
		{"who comes later gets the meeting", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.complete("ann")
			x.is(x.claim("ben", c, false, 0), "ann")
		}},
		{"a claim may be repeated at any stage", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.is(x.claim("ann", c, false, 0), "-+ann")
			x.complete("ann")
			x.is(x.claim("ann", c, false, 0), "ann")
		}},
		{"complete may be repeated", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.complete("ann")
			x.is(x.complete("ann"), "ann")
		}},
		{"a claim that was never recorded completes nothing", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.claim("ben", c, false, 0)
			x.is(x.complete("ben"), "-+ann")
		}},
		{"release frees the conversation", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.is(x.release("ann"), "-")
			x.is(x.claim("ben", c, false, 0), "-+ben")
		}},
		{"a released claim completes nothing", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.release("ann")
			x.is(x.complete("ann"), "-")
			x.claim("ben", c, false, 0)
			x.is(x.complete("ann"), "-+ben")
		}},
		{"only one's own claim can be released", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.claim("ben", c, false, 0)
			x.is(x.release("ben"), "-+ann")
		}},
		{"release after complete changes nothing", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.complete("ann")
			x.is(x.release("ann"), "ann")
		}},
		{"new on nothing makes the first", func(x script, c bot.Conversation) {
			x.is(x.claim("ann", c, true, 0), "-+ann")
		}},
		{"new stands beside the current meeting until it is complete", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.complete("ann")
			x.is(x.claim("ben", c, true, 1), "ann+ben")
			x.is(x.claim("cleo", c, false, 0), "ann+ben")
			x.is(x.complete("ben"), "ben")
		}},
		{"a refused new leaves the current meeting", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.complete("ann")
			x.claim("ben", c, true, 1)
			x.is(x.release("ben"), "ann")
		}},
		{"two who press new at once make one", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.complete("ann")
			x.claim("ben", c, true, 1)
			x.is(x.claim("cleo", c, true, 1), "ann+ben")
			x.complete("ben")
			x.is(x.claim("cleo", c, true, 1), "ben")
		}},
		{"new joins a first meeting that is being made", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.is(x.claim("ben", c, true, 0), "-+ann")
		}},
		{"new by one who saw nothing joins what is there", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.complete("ann")
			x.is(x.claim("ben", c, true, 0), "ann")
		}},
		{"new by one who saw a generation that Redis lost joins what is there", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.complete("ann")
			x.is(x.claim("ben", c, true, 3), "ann")
		}},
		{"a retried new changes nothing", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.complete("ann")
			x.claim("ben", c, true, 1)
			x.is(x.claim("ben", c, true, 1), "ann+ben")
			x.complete("ben")
			x.is(x.claim("ben", c, true, 1), "ben")
		}},
		{"a late complete of an earlier generation changes nothing", func(x script, c bot.Conversation) {
			x.claim("ann", c, false, 0)
			x.complete("ann")
			x.claim("ben", c, true, 1)
			x.is(x.complete("ann"), "ann+ben")
			x.complete("ben")
			x.is(x.complete("ann"), "ben")
			x.is(x.release("ann"), "ben")
		}},
		{"generations never go down", func(x script, c bot.Conversation) {
			x.claim("ann", c, true, 6)
			x.complete("ann")
			low := bot.NewClaim(c, 7, true)
			low.Organizer.ID = "id-of-low"
			x.claims["low"] = low
			x.is(x.claim("low", c, true, 7), "ann")
			if got := x.read(c, reading{}).Generation(); got != 7 {
				x.t.Fatalf("generation is %d, want 7", got)
			}
		}},
		{"a thread has its own meeting", func(x script, c bot.Conversation) {
			th := thread(c, "1712345678.000100")
			x.claim("ann", c, false, 0)
			x.complete("ann")
			x.is(x.read(th, reading{}), "-")
			x.claim("ben", th, false, 0)
			x.is(x.complete("ben"), "ben")
			x.is(x.read(c, reading{}), "ann")
		}},
		{"a thread under a known message is its channel's", func(x script, c bot.Conversation) {
			th := thread(c, "1712345678.000100")
			x.claim("ann", c, false, 0)
			x.complete("ann")
			x.read(c, reading{Root: th.Thread})
			st := x.read(th, reading{})
			x.is(st, "ann")
			if st.Conversation != c {
				x.t.Fatalf("thread belongs to %v, want its channel", st.Conversation)
			}
			x.is(x.read(thread(c, "1712345678.000200"), reading{}), "-")
		}},
		{"a claim for a thread that is its channel's is not recorded", func(x script, c bot.Conversation) {
			th := thread(c, "1712345678.000100")
			x.read(c, reading{Root: th.Thread})
			st := x.claim("ann", th, false, 0)
			x.is(st, "-")
			if st.Conversation != c {
				x.t.Fatalf("claim is answered for %v, want the channel", st.Conversation)
			}
			x.is(x.read(c, reading{}), "-")
		}},
		{"a thread that has its own keeps it", func(x script, c bot.Conversation) {
			th := thread(c, "1712345678.000100")
			x.claim("ann", th, false, 0)
			x.read(c, reading{Root: th.Thread})
			x.is(x.read(th, reading{}), "-+ann")
			x.complete("ann")
			st := x.read(th, reading{})
			x.is(st, "ann")
			if st.Conversation != th {
				x.t.Fatalf("thread belongs to %v", st.Conversation)
			}
			x.is(x.claim("ben", th, true, 1), "ann+ben")
		}},
		{"a thread may tell of its own root that it is the channel's", func(x script, c bot.Conversation) {
			th := thread(c, "1712345678.000100")
			if got := x.read(th, reading{Root: th.Thread}).Conversation; got != c {
				x.t.Fatalf("thread belongs to %v", got)
			}
			if got := x.read(th, reading{}).Conversation; got != c {
				x.t.Fatalf("afterwards the thread belongs to %v", got)
			}
		}},
		{"names with odd characters stay apart", func(x script, c bot.Conversation) {
			odd := c
			odd.Channel = c.Channel + ":m:{x}%"
			x.claim("ann", odd, false, 0)
			x.is(x.read(c, reading{}), "-")
			x.is(x.read(thread(c, "m:{x}%"), reading{}), "-")
			x.is(x.complete("ann"), "ann")
		}},
	}
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		for _, rule := range rules {
			t.Run(rule.name, func(t *testing.T) {
				rule.play(script{t: t, s: s, claims: map[string]bot.Claim{}}, channel())
			})
		}
	})
}

func TestCardForEverybodyIsShownOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		x := script{t: t, s: b.open(t, "one"), claims: map[string]bot.Claim{}}
		c := channel()
		first := func(c bot.Conversation, show string) bool { return x.read(c, reading{Announce: show}).MayAnnounce }
		if first(c, "r1") {
			t.Fatal("the right to show a card was given where there is no meeting")
		}
		x.claim("ann", c, false, 0)
		if first(c, "r1") {
			t.Fatal("the right to show a card was given before the meeting is complete")
		}
		x.complete("ann")
		if x.read(c, reading{}).MayAnnounce {
			t.Fatal("the right to show a card was given to one who did not ask")
		}
		for range 2 {
			if !first(c, "r1") {
				t.Fatal("the first request, or its repetition, may not show the card")
			}
		}
		if first(c, "r2") {
			t.Fatal("a second request may show the card too")
		}
		th := thread(c, "1712345678.000100")
		x.read(c, reading{Root: th.Thread})
		if !first(th, "r3") || first(th, "r4") {
			t.Fatal("what was shown in the channel was not seen in its thread; there it is shown once too")
		}
		x.claim("fresh", c, true, 1)
		x.complete("fresh")
		if !first(c, "r4") || first(c, "r5") {
			t.Fatal("a fresh meeting is not shown to everybody, once")
		}
		keys, err := b.raw.Keys(t.Context(), "*"+c.Channel+"}:s:").Result()
		no(t, err)
		if len(keys) != 1 { // the thread has its own
			t.Fatalf("shown marks: %q", keys)
		}
		left, err := b.raw.PTTL(t.Context(), keys[0]).Result()
		no(t, err)
		if left <= 0 || left > bot.AnnounceInterval {
			t.Fatalf("the mark lasts %v, want up to %v", left, bot.AnnounceInterval)
		}
		no(t, b.raw.Del(t.Context(), keys[0]).Err())
		if !first(c, "r2") {
			t.Fatal("after the time has passed, the card may not be shown again")
		}
	})
}

func TestRecordsComeBackWhole(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		at := time.Date(2026, 11, 23, 15, 30, 14, 123456700, time.UTC)
		for _, fresh := range []bool{false, true} {
			c := thread(channel(), "1712345678.000100")
			claim := bot.NewClaim(c, 1, fresh)
			claim.Job, claim.Language = "Ev024BE7LD", bot.Portuguese
			claim.Organizer = bot.Organizer{ID: "6e4d3b6c-0000-4c1a-9d6e-1f1f1f1f1f1f", Name: "Ann Müller <&>"}
			claim.Request.Subject, claim.Request.Start, claim.Request.End = "Planning & \"more\"\n", at, at.Add(time.Hour)
			claim.Request.Attendees = []bot.Attendee{{ID: "1", UPN: "ben@contoso.example"}, {ID: "2", UPN: "cleo@contoso.example"}}
			st, err := s.Claim(t.Context(), claim, fresh, 0)
			no(t, err)
			if st.Pending == nil || !reflect.DeepEqual(*st.Pending, claim) {
				t.Fatalf("claim came back as %+v, want %+v", st.Pending, claim)
			}
			meeting := meetingFor(claim)
			meeting.OnlineMeeting = bot.OnlineMeeting{
				JoinURL: "https://teams.example/l/meetup-join/19%3a?a=1&b=<2>", Subject: "Planning", Created: at, JoinID: "123 456 789 012",
				Passcode: "aB3dE6", TollNumber: "+1 323-555-0166", ConferenceID: "123456789",
			}
			meeting.ClaimID, meeting.Generation = claim.ID, claim.Generation
			meeting.Withheld, meeting.ShownBy = fresh, "0123456789abcdef"
			kept := meeting
			kept.Created = at.Truncate(time.Second) // nobody reads fractions, and there is one record for every conversation
			if st, err = s.Complete(t.Context(), claim, meeting); err != nil || st.Meeting == nil || !reflect.DeepEqual(*st.Meeting, kept) {
				t.Fatalf("meeting came back as %+v, %v, want %+v", st.Meeting, err, kept)
			}
		}
	})
}

// unreadableRecords are what this release cannot read, with the generation if they tell it.
var unreadableRecords = map[string]int{
	"": 0, "nonsense": 0, "1": 0, "1 ID": 0, "0 ID {}": 0, "-1 ID {}": 0, "99999999999999 ID {}": 0,
	"1 ID {": 1, "1 ID {}": 1, `1 ID {"u":7}`: 1, "7 ID nonsense": 7, `7 ID {"v":3,"u":"https://teams.example/of-a-later-release"}`: 7,
}

func meetingOf(c bot.Conversation) string { return "mb:{" + c.ChannelKey() + "}:m:" + c.Thread }
func pendingOf(c bot.Conversation) string { return "mb:{" + c.ChannelKey() + "}:p:" + c.Thread }

// wantUnreadable fails the test unless the call could not read a record, and says so.
func wantUnreadable(t *testing.T, st bot.State, err error) bot.State {
	t.Helper()
	if bot.CodeOf(err) != bot.UnreadableRecord || bot.Temporary(err) {
		t.Fatalf("got %+v, %v; want an error of code %s", st, err, bot.UnreadableRecord)
	}
	return st
}

func TestUnreadableMeetingGivesWayToAFreshOne(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		ann := bot.Asker{Platform: "slack", Workspace: "T024BE7LD", User: "U1"}
		no(t, s.Remember(t.Context(), ann, bot.Identity{ID: "ann"}, time.Hour))
		for record, generation := range unreadableRecords {
			for _, known := range []bool{false, true} { // whether this store has read the conversation before
				c := channel()
				first := bot.NewClaim(c, 1, false)
				_, err := s.Claim(t.Context(), first, false, 0)
				no(t, err)
				_, err = s.Complete(t.Context(), first, meetingFor(first))
				no(t, err)
				reader := s
				if !known {
					reader = b.open(t, "two")
				}
				no(t, b.raw.Set(t.Context(), meetingOf(c), record, 0).Err())

				st, err := reader.Read(t.Context(), c, ann)
				wantUnreadable(t, st, err)
				if st, err = reader.Announce(t.Context(), c, "r1", ann); wantUnreadable(t, st, err).Identity == nil || st.Conversation != c || st.MayAnnounce {
					t.Errorf("record %q: Announce found %+v", record, st)
				}
				seen := st.Generation()
				if generation > 0 && seen != generation || seen < 1 {
					t.Errorf("record %q has generation %d, want %d", record, seen, generation)
				}

				// A plain claim changes nothing.
				st, err = reader.Claim(t.Context(), bot.NewClaim(c, seen+1, false), false, seen)
				wantUnreadable(t, st, err)
				// Nor does one for a fresh meeting, by somebody who saw another generation.
				st, err = reader.Claim(t.Context(), bot.NewClaim(c, seen, true), true, seen-1)
				if wantUnreadable(t, st, err); generation > 0 && st.Generation() != seen {
					t.Errorf("record %q: a claim found generation %d, want %d", record, st.Generation(), seen)
				}
				if got := b.raw.Get(t.Context(), meetingOf(c)).Val(); got != record {
					t.Errorf("record %q was overwritten by %q", record, got)
				}

				// Two ask for a fresh meeting, and get the same one.
				fresh := bot.NewClaim(c, seen+1, true)
				st, err = reader.Claim(t.Context(), fresh, true, seen)
				if generation == 0 && bot.CodeOf(err) == bot.UnreadableRecord { // a minute has passed: it counts as another one
					seen = st.Generation()
					fresh.Generation = seen + 1
					st, err = reader.Claim(t.Context(), fresh, true, seen)
				}
				no(t, err)
				other := bot.NewClaim(c, seen+1, true)
				if st.Pending == nil || st.Pending.ID != fresh.ID {
					t.Fatalf("record %q: a claim for a fresh meeting was not recorded: %+v", record, st)
				}
				if st, err = reader.Claim(t.Context(), other, true, seen); err != nil || st.Pending == nil || st.Pending.ID != fresh.ID {
					t.Errorf("record %q: a second claim found %+v, %v", record, st, err)
				}
				if st, err = reader.Claim(t.Context(), bot.NewClaim(c, 1, false), false, 0); err != nil || st.Pending == nil || st.Pending.ID != fresh.ID {
					t.Errorf("record %q: a plain claim found %+v, %v", record, st, err)
				}
				st, err = reader.Complete(t.Context(), fresh, meetingFor(fresh))
				no(t, err)
				if st.Meeting == nil || st.Meeting.ClaimID != fresh.ID || st.Generation() != seen+1 {
					t.Errorf("record %q: completed to %+v", record, st)
				}
				if st, err = s.Claim(t.Context(), other, true, seen); err != nil || st.Pending != nil || st.Generation() != seen+1 {
					t.Errorf("record %q: who saw the unreadable one is given %+v, %v", record, st, err)
				}
				if st, err = s.Announce(t.Context(), c, "r2", ann); err != nil || st.Meeting == nil || st.Meeting.ClaimID != fresh.ID || !st.MayAnnounce {
					t.Errorf("record %q: the fresh meeting is announced as %+v, %v", record, st, err)
				}
			}
		}
	})
}

func TestUnreadableClaimGivesWayToAFreshOne(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		for record := range unreadableRecords {
			// Without a meeting.
			c := channel()
			no(t, b.raw.Set(t.Context(), pendingOf(c), record, 0).Err())
			st, err := s.Read(t.Context(), c, bot.Asker{})
			if record == `1 ID {}` { // a claim for nothing in particular, but a claim
				no(t, err)
				continue
			}
			if record == `1 ID {"u":7}` {
				continue
			}
			wantUnreadable(t, st, err)
			st, err = s.Claim(t.Context(), bot.NewClaim(c, 1, false), false, 0)
			wantUnreadable(t, st, err)
			if got := b.raw.Get(t.Context(), pendingOf(c)).Val(); got != record {
				t.Errorf("claim %q was overwritten by %q", record, got)
			}
			fresh := bot.NewClaim(c, 1, true)
			if st, err = s.Claim(t.Context(), fresh, true, 0); err != nil || st.Pending == nil || st.Pending.ID != fresh.ID {
				t.Fatalf("claim %q did not give way: %+v, %v", record, st, err)
			}
			if st, err = s.Claim(t.Context(), bot.NewClaim(c, 1, true), true, 0); err != nil || st.Pending == nil || st.Pending.ID != fresh.ID {
				t.Errorf("claim %q: a second one found %+v, %v", record, st, err)
			}
			st, err = s.Complete(t.Context(), fresh, meetingFor(fresh))
			no(t, err)
			if st.Meeting == nil || st.Meeting.ClaimID != fresh.ID {
				t.Errorf("claim %q: completed to %+v", record, st)
			}

			// Beside a meeting, which everybody gets as before.
			no(t, b.raw.Set(t.Context(), pendingOf(c), record, 0).Err())
			st, err = s.Read(t.Context(), c, bot.Asker{})
			no(t, err)
			if st.Meeting == nil || st.Meeting.ClaimID != fresh.ID || st.Pending != nil {
				t.Errorf("beside claim %q there is %+v", record, st)
			}
			next := bot.NewClaim(c, 2, true)
			if st, err = s.Claim(t.Context(), next, true, 1); err != nil || st.Pending == nil || st.Pending.ID != next.ID || st.Generation() != 1 {
				t.Errorf("claim %q did not give way beside a meeting: %+v, %v", record, st, err)
			}
		}
	})
}

// Whatever stands in the place of a meeting's record: it is a meeting, or gives way to a fresh one of a later
// generation.
func TestAnyRecordGivesWayToAFreshMeeting(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		rapid.Check(t, func(t *rapid.T) {
			c := channel()
			record := rapid.StringMatching(`[0-9]{0,11}[ \t\v\r\n-]{0,2}[A-Z\x{80}-\x{ff}\v]{0,3} ?(\{("v":[0-4],)?"u":"x"\}|\{\}|x)?`).Draw(t, "record")
			pending := rapid.SampledFrom([]string{"", "x", "7 ID {", `7 ID {"v":3}`}).Draw(t, "pending")
			if err := b.raw.MSet(t.Context(), meetingOf(c), record, pendingOf(c), pending).Err(); err != nil {
				t.Fatal(err)
			}
			seen, err := s.Read(t.Context(), c, bot.Asker{})
			if (err == nil) != (seen.Meeting != nil) || err != nil && bot.CodeOf(err) != bot.UnreadableRecord {
				t.Fatalf("found %+v, %v", seen, err)
			}
			if seen.Generation() == 1<<31-1 {
				return // there is none after it
			}
			claim := bot.NewClaim(c, seen.Generation()+1, true)
			st, err := s.Claim(t.Context(), claim, true, seen.Generation())
			if bot.CodeOf(err) == bot.UnreadableRecord && st.Generation() > seen.Generation() { // a minute has passed
				claim = bot.NewClaim(c, st.Generation()+1, true)
				st, err = s.Claim(t.Context(), claim, true, st.Generation())
			}
			if err != nil || st.Pending == nil || st.Pending.ID != claim.ID {
				t.Fatalf("claimed after %+v: %+v, %v", seen, st, err)
			}
			st, err = s.Complete(t.Context(), claim, meetingFor(claim))
			if err != nil || st.Meeting == nil || st.Meeting.ClaimID != claim.ID || st.Generation() <= seen.Generation() {
				t.Fatalf("completed to %+v, %v", st, err)
			}
		})
	})
}

func TestUnfitClaimIsNotRecorded(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s, c := b.open(t, "one"), channel()
		for _, claim := range []bot.Claim{
			{Conversation: c, Generation: 1}, {Conversation: c, Generation: 1, ID: "a b"}, {Conversation: c, ID: "a"},
		} {
			if _, err := s.Claim(t.Context(), claim, false, 0); err == nil {
				t.Errorf("claim %+v was recorded", claim)
			}
		}
		claim := bot.NewClaim(c, 1, false)
		_, err := s.Claim(t.Context(), claim, false, 0)
		no(t, err)
		if _, err := s.Complete(t.Context(), claim, bot.Meeting{}); err == nil {
			t.Error("a meeting without a join link was recorded")
		}
	})
}

// A pending claim has an age by Redis' clock, also one that the release before wrote.
func TestClaimHasAnAge(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		older := func(claim bot.Claim, than time.Duration) {
			t.Helper()
			st, err := s.Claim(t.Context(), bot.NewClaim(claim.Conversation, 1, false), false, 0)
			no(t, err)
			if st.Pending == nil || st.Pending.ID != claim.ID || st.PendingAge < than || st.PendingAge > time.Minute {
				t.Fatalf("pending is %+v, %v old, want %s, at least %v old", st.Pending, st.PendingAge, claim.ID, than)
			}
		}
		claim := bot.NewClaim(channel(), 1, false)
		claim.Request.Subject = `a subject,"r":1}`
		st, err := s.Claim(t.Context(), claim, false, 0)
		no(t, err)
		if st.PendingAge != 0 || st.Pending.Request.Subject != claim.Request.Subject {
			t.Errorf("a claim begins with the age %v and the subject %q", st.PendingAge, st.Pending.Request.Subject)
		}
		time.Sleep(20 * time.Millisecond) // the claim grows older
		older(claim, 20*time.Millisecond)

		before := bot.NewClaim(channel(), 1, false)
		record := "1 " + before.ID + ` {"v":2,"b":"job","o":{"i":"ann"},"x":"name","l":"en"}`
		no(t, b.raw.Set(t.Context(), pendingOf(before.Conversation), record, 0).Err())
		older(before, 0)
		time.Sleep(20 * time.Millisecond) // the claim grows older
		older(before, 20*time.Millisecond)
		// The release before completes it as if nothing had happened.
		st, err = s.Complete(t.Context(), before, meetingFor(before))
		no(t, err)
		if st.Meeting == nil || st.Meeting.ClaimID != before.ID || st.Pending != nil {
			t.Errorf("completed: %+v", st)
		}
	})
}
