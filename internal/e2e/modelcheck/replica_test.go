//go:build !race

package modelcheck

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"meetbot/bot"
)

// op is one of the calls between which anything may happen.
type op string

const (
	opRead     op = "read"
	opClaim    op = "claim"
	opCreate   op = "createOrGet"
	opComplete op = "complete"
	opRelease  op = "release"
	opUndo     op = "undo"
	opDone     op = "done"
	opChange   op = "change the record"
	opUser     op = "user"          // of the directory
	opMeeting  op = "meeting"       // of Graph
	opAgain    op = "confirm"       // createOrGet without a claim, to find out about a meeting
	opPatch    op = "changeMeeting" // of Graph
	opCards    op = "cards"
	opKeep     op = "keep a card"
	opUpdate   op = "update a card"
)

// call is what an attempt asks of the store or of Graph, with all that it says.
type call struct {
	op        op
	place     bot.Conversation
	reading   reading
	claim     bot.Claim // claim, complete, release; createOrGet: the claim that is carried out
	fresh     bool
	seen      int
	meeting   bot.Meeting // complete
	undo      bot.Undo    // undo
	organizer string      // createOrGet, user, meeting, changeMeeting
	request   bot.MeetingRequest
	id        string             // meeting, changeMeeting: Graph's ID; change the record: the claim's
	wanted    bot.MeetingChange  // changeMeeting
	change    func(*bot.Meeting) // change the record
	effect    string             // change the record: what change makes of some records
	card      bot.PostedCard     // keep a card, update a card
	shows     [2]any             // update a card: generation and subject that it shows
}

func (c call) String() string {
	switch c.op {
	case opRead:
		if c.reading.Announce != "" {
			return "announce"
		}
		return "read"
	case opDone:
		return "done"
	case opCreate:
		return fmt.Sprintf("createOrGet for claim %s of %s", c.claim.ID, c.organizer)
	case opClaim:
		return fmt.Sprintf("claim %s, generation %d", c.claim.ID, c.claim.Generation)
	case opUndo:
		return fmt.Sprintf("undo generation %d", c.undo.Generation)
	case opChange:
		return fmt.Sprintf("change the record of claim %s", c.id)
	case opUser, opMeeting, opAgain, opCards:
		return fmt.Sprintf("%s %s", c.op, c.organizer)
	case opPatch:
		return fmt.Sprintf("changeMeeting %+v", c.wanted)
	case opKeep, opUpdate:
		return fmt.Sprintf("%s %+v, which shows %v", c.op, c.card, c.shows)
	default:
		return fmt.Sprintf("%s %s", c.op, c.claim.ID)
	}
}

// answer is what a call is answered with.
type answer struct {
	state   bot.State      // of the store
	undone  bot.UndoResult // undo
	made    bot.OnlineMeeting
	created bool
	refused bool // by Graph
	failed  bool // Graph's call failed in passing
	old     bool // claim: the pending claim is old enough to give way
	// rejected says why: for what the organizer is, and not for want of an access policy.
	rejected bool
	gone     bool // user: the account is disabled
	missing  bool // meeting, changeMeeting: not found
	cards    []bot.PostedCard
}

func (a answer) String() string {
	meeting, pending, first := "no meeting", "", ""
	if m := a.state.Meeting; m != nil {
		meeting = fmt.Sprintf("generation %d of claim %s, %s", m.Generation, m.ClaimID, m.JoinURL)
		if m.Orphaned || !m.Expires.IsZero() || m.Todo != 0 || m.Replaced != (bot.Replacement{}) {
			meeting += fmt.Sprintf(" %q until %s, confirmed %v, orphaned %v, to do %b, replaced %q, changed %d times",
				m.Subject, m.Expires.Format(time.DateOnly), !m.Confirmed.IsZero(), m.Orphaned, m.Todo,
				m.Replaced.Why, m.Sequence)
		}
	}
	if p := a.state.Pending; p != nil {
		pending = fmt.Sprintf(", pending %s of generation %d for %s by job %s", p.ID, p.Generation, p.Organizer.ID,
			p.Job)
	}
	if a.old {
		pending += ", old"
	}
	if a.state.MayAnnounce {
		first = ", for everybody to see"
	}
	if a.undone.Done {
		first += ", undone"
	}
	if a.undone.Owner != "" {
		first += ", for " + a.undone.Owner + " to undo"
	}
	switch {
	case a.gone:
		return "disabled"
	case a.cards != nil:
		return fmt.Sprintf("%+v", a.cards)
	case a.state.Conversation == (bot.Conversation{}) && a.made.JoinURL == "" && !a.refused && !a.failed && !a.missing:
		return "ok"
	case a.failed:
		return "failed in passing"
	case a.missing:
		return "missing"
	case a.refused:
		return "refused"
	case a.made.JoinURL != "":
		return fmt.Sprintf("%s, created %v, %q until %s", a.made.JoinURL, a.created, a.made.Subject,
			a.made.Expires.Format(time.DateOnly))
	default:
		return meeting + pending + first
	}
}

// renamed is the answer with the claims' names replaced.
func (a answer) renamed(names *strings.Replacer) answer {
	if m := a.state.Meeting; m != nil {
		other := *m
		other = namedMeeting(other, names)
		a.state.Meeting = &other
	}
	if p := a.state.Pending; p != nil {
		other := *p
		other.ID, other.Request.ExternalID = names.Replace(p.ID), names.Replace(p.Request.ExternalID)
		a.state.Pending = &other
	}
	a.made.JoinURL, a.made.ID = names.Replace(a.made.JoinURL), names.Replace(a.made.ID)
	return a
}

// namedMeeting is the meeting with the claims' names replaced.
func namedMeeting(m bot.Meeting, names *strings.Replacer) bot.Meeting {
	m.ClaimID, m.ExternalID = names.Replace(m.ClaimID), names.Replace(m.ExternalID)
	m.JoinURL, m.ID = names.Replace(m.JoinURL), names.Replace(m.ID)
	return m
}

// point is a place in the course of an attempt: who attempts, for the how manieth time, and every answer so far. As
// the bot has no other input, this is all of its local state.
type point struct {
	asker   int
	attempt int
	aged    bool // the job is so old that the attempt gives it up
	old     bool // the job was accepted before the attempt began
	history []answer
	job     *bot.Job // nil until accepted

	// What comes of it, as the bot itself says when it is run up to here.
	next     call       // op is empty at the end
	call     int32      // its number
	told     *bot.Reply // what was delivered between the last answer and the next call
	outcome  string     // once delivered
	rounds   int        // claims that the attempt has made
	log      string     // if it ended without an answer
	children map[int32]int32
}

func (p *point) ended() bool { return p.next.op == "" }

// person is somebody who asks.
type person struct {
	name  string
	kind  bot.Kind
	spent bool   // has made as many meetings as anybody may
	same  string // this is a second attempt at the job of the person named, while the first one goes on
	// undoes is whose fresh meeting this person takes back once its asker has the card, or tries to. as is who presses
	// the button: the asker, or somebody else.
	undoes, as string
	// upkeep is the kind of a job in the background; as is whose `meet` it carries, empty for nobody's.
	upkeep bot.JobKind
}

// identity is who the person is in chat and in Entra.
func (p person) identity() string {
	return cmp.Or(p.same, p.as, p.name)
}

// newName is what a rename gives the meeting.
const newName = "Retro"

// founder is the organizer of the meeting that a conversation has from the beginning.
const founder = "founder"

// serviceAccount is the organizer that a policy may name.
const serviceAccount = "service"

// errHere ends an attempt where its script ends. The wait that it asks for is too long for any attempt to keep.
var errHere = &bot.Error{Code: bot.Throttled, Wait: time.Hour, Err: errors.New("this is as far as the attempt goes")}

// replica is everything around a bot.Service that makes one attempt. It gives the answers of the point's history in
// turn, and ends the attempt at the call after them.
type replica struct {
	p        *point
	who      person
	spent    func(identity string) bool
	at       int      // answers given
	names    []string // real claim ID, the model's name for it, and so on
	accepted bool
	stopped  bool
}

// run makes the attempt up to the point, and fills in what comes next. Its clock is its own, so that no wait takes
// time.
func run(t *testing.T, catalog *bot.Catalog, sc scenario, who person, spent func(identity string) bool,
	place bot.Conversation, p *point) {
	synctest.Test(t, func(t *testing.T) {
		r := &replica{p: p, who: who, spent: spent}
		platform := bot.Platform(r)
		if sc.cards {
			platform = updater{r}
		}
		command := bot.Command{Kind: who.kind}
		if who.kind == bot.Rename {
			command.Subject = newName
		}
		var log bytes.Buffer
		s := bot.NewService(bot.Config{
			Conversations: r, Identities: r, Queue: r, Limiter: r, Meetings: graph{r}, Directory: r,
			Cards: r, Invitations: r, Schedule: r, Observer: observer{p}, Catalog: catalog, Clock: func() time.Time { return present },
			Log:       slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})),
			Platforms: map[string]bot.Platform{place.Platform: platform},
			Workspaces: bot.OneWorkspace{Tenant: bot.Tenant{ClientID: "client"}, Organizers: sc.policy,
				Language: bot.English, Options: sc.options},
			Language: bot.English,
		})
		// Where the job is an old one this is merely the way to have an attempt started.
		err := s.Accept(t.Context(), bot.Request{
			ID: cmp.Or(who.same, who.name), Conversation: place, Intent: bot.Intent{Command: command},
			Asker:    bot.Asker{Platform: place.Platform, Workspace: place.Workspace, User: who.identity()},
			Received: time.Now(),
		})
		if err != nil && !errors.Is(err, errHere) {
			t.Fatal(err)
		}
		s.Wait()
		if p.ended() && p.outcome == "" {
			p.log = log.String()
		}
	})
}

// answer gives the next answer, or notes the call as the one that the point has come to.
func (r *replica) answer(c call) (answer, error) {
	switch {
	case r.stopped:
		return answer{}, errHere
	case r.at < len(r.p.history):
		given := r.p.history[r.at]
		r.at++
		r.p.told = nil // what was told before this answer belongs to an earlier point
		backwards := slices.Clone(r.names)
		slices.Reverse(backwards)
		return given.renamed(strings.NewReplacer(backwards...)), nil
	}
	r.stopped, r.p.next = true, c
	return answer{}, errHere
}

// known is the model's form of a claim: with the name that the model has for it.
func (r *replica) known(claim bot.Claim) bot.Claim {
	names := strings.NewReplacer(r.names...)
	claim.ID, claim.Request.ExternalID = names.Replace(claim.ID), names.Replace(claim.Request.ExternalID)
	return claim
}

func (r *replica) state(c call) (bot.State, error) {
	a, err := r.answer(c)
	return a.state, err
}

// Read is the first call of accepting a job too; where the job is an old one, that call is none of the model's.
func (r *replica) Read(_ context.Context, c bot.Conversation, asker bot.Asker) (bot.State, error) {
	if r.p.old && !r.accepted {
		return bot.State{Conversation: c}, nil
	}
	return r.state(call{op: opRead, place: c, reading: reading{Asker: asker}})
}

func (r *replica) Announce(_ context.Context, c bot.Conversation, request string, asker bot.Asker) (bot.State, error) {
	return r.state(call{op: opRead, place: c, reading: reading{Announce: request, Asker: asker}})
}

func (r *replica) LinkThread(_ context.Context, c bot.Conversation, root string) error {
	_, err := r.state(call{op: opRead, place: c, reading: reading{Root: root}})
	return err
}

func (r *replica) Claim(_ context.Context, claim bot.Claim, fresh bool, seen int) (bot.State, error) {
	// Whoever makes the same claim in the same attempt gives it the same name, in whichever order others come in
	// between.
	name := fmt.Sprintf("%s-%d-%d-g%d-%s", r.who.name, r.p.attempt, r.p.rounds, claim.Generation, claim.Organizer.ID)
	r.names = append(r.names, claim.ID, name)
	r.p.rounds++
	return r.state(call{op: opClaim, place: claim.Conversation, claim: r.known(claim), fresh: fresh, seen: seen})
}

func (r *replica) Complete(_ context.Context, claim bot.Claim, m bot.Meeting) (bot.State, error) {
	claim = r.known(claim)
	names := strings.NewReplacer(r.names...)
	return r.state(call{op: opComplete, place: claim.Conversation, claim: claim, meeting: namedMeeting(m, names)})
}

func (r *replica) Release(_ context.Context, claim bot.Claim) (bot.State, error) {
	return r.state(call{op: opRelease, place: claim.Conversation, claim: r.known(claim)})
}

func (r *replica) Undo(_ context.Context, c bot.Conversation, u bot.Undo) (bot.State, bot.UndoResult, error) {
	a, err := r.answer(call{op: opUndo, place: c, undo: u})
	return a.state, a.undone, err
}

// ChangeMeeting makes a call of a change. Two changes are one call if they make the same of some records.
func (r *replica) ChangeMeeting(_ context.Context, c bot.Conversation, claimID string, change func(*bot.Meeting)) (
	bot.State, error) {
	names, back := r.replacers()
	named := func(m *bot.Meeting) {
		real := namedMeeting(*m, back)
		change(&real)
		*m = namedMeeting(real, names)
	}
	probes := []bot.Meeting{{}, {
		OnlineMeeting: bot.OnlineMeeting{ID: "id", JoinURL: "url", Subject: "subject", Expires: present,
			Start: present, End: present, Created: present},
		Orphaned: true, Confirmed: present.Add(-time.Hour), Replaced: bot.Replacement{Why: bot.ReasonExpired},
		Todo: bot.TodoOptions | bot.TodoCards | bot.TodoBookmark,
	}}
	for _, a := range r.p.history {
		if a.state.Meeting != nil {
			probes = append(probes, *a.state.Meeting)
		}
	}
	var effect strings.Builder
	for _, probe := range probes {
		named(&probe)
		fmt.Fprintf(&effect, "%+v\n", probe)
	}
	return r.state(call{op: opChange, place: c, id: names.Replace(claimID), change: named, effect: effect.String()})
}

// replacers put the model's names in the place of the real ones, and the other way round.
func (r *replica) replacers() (names, back *strings.Replacer) {
	backwards := slices.Clone(r.names)
	slices.Reverse(backwards)
	return strings.NewReplacer(r.names...), strings.NewReplacer(backwards...)
}

// graph is a replica as Graph, which changes meetings by a method of the same name as the store's.
type graph struct{ *replica }

func (g graph) Meeting(_ context.Context, _ bot.Tenant, organizer, id string) (bot.OnlineMeeting, error) {
	names, _ := g.replacers()
	return g.found(call{op: opMeeting, organizer: organizer, id: names.Replace(id)})
}

func (g graph) Invite(context.Context, bot.Tenant, string, string, []bot.Attendee) error { return nil }

func (g graph) ChangeMeeting(_ context.Context, _ bot.Tenant, organizer, id string, change bot.MeetingChange) (
	bot.OnlineMeeting, error) {
	names, _ := g.replacers()
	return g.found(call{op: opPatch, organizer: organizer, id: names.Replace(id), wanted: change})
}

func (r *replica) found(c call) (bot.OnlineMeeting, error) {
	a, err := r.answer(c)
	switch {
	case err == nil && a.missing:
		err = &bot.Error{Code: bot.MissingMeeting, Status: 404}
	case err == nil && a.failed:
		err = &bot.Error{Code: bot.Throttled, Wait: time.Hour, Status: 503}
	}
	return a.made, err
}

// updater is a replica whose platform can change cards.
type updater struct{ *replica }

func (u updater) Update(_ context.Context, _ bot.Conversation, ref bot.MessageRef, reply bot.Reply) error {
	shown := reply.Card.Meeting
	if reply.Card.Ended {
		shown = *reply.Card.Current
	}
	_, err := u.answer(call{op: opUpdate, card: bot.PostedCard{Ref: ref}, shows: [2]any{shown.Generation,
		reply.Card.Meeting.Subject}})
	return err
}

func (r *replica) Cards(_ context.Context, c bot.Conversation) ([]bot.PostedCard, error) {
	a, err := r.answer(call{op: opCards, place: c})
	return a.cards, err
}

func (r *replica) KeepCard(_ context.Context, c bot.Conversation, card bot.PostedCard) error {
	_, err := r.answer(call{op: opKeep, place: c, card: card})
	return err
}

func (r *replica) ForgetCard(context.Context, bot.Conversation, bot.MessageRef) error {
	panic("every card of the model can be changed")
}

func (r *replica) Invite(context.Context, bot.Conversation, string, bot.Invitation) ([]bot.Invitation, error) {
	panic("nobody is invited in the model")
}

func (r *replica) CreateOrGet(_ context.Context, _ bot.Tenant, organizer string, q bot.MeetingRequest) (
	bot.OnlineMeeting, bool, error) {
	q.ExternalID = strings.NewReplacer(r.names...).Replace(q.ExternalID)
	c := call{op: opCreate, organizer: organizer, request: q}
	if n := len(r.p.history); r.at == n && n > 0 && r.p.history[n-1].state.Pending != nil {
		c.claim = *r.p.history[n-1].state.Pending // what the bot has just been told to carry out
	} else if r.at == n && r.who.upkeep != "" {
		c.op = opAgain
	}
	a, err := r.answer(c)
	switch {
	case err == nil && a.rejected:
		err = &bot.Error{Code: bot.OrganizerRefused, Status: 403}
	case err == nil && a.refused:
		err = &bot.Error{Code: bot.NoAccessPolicy, Status: 403}
	case err == nil && a.failed: // with a wait, so that the attempt makes no second call
		err = &bot.Error{Code: bot.Throttled, Wait: time.Hour, Status: 503}
	}
	return a.made, a.created, err
}

func (r *replica) Accept(_ context.Context, j bot.Job) (bot.Lease, error) {
	if r.accepted { // what is to be done in the background has attempts of its own
		return bot.Lease{}, bot.ErrDuplicate
	}
	r.accepted = true
	if r.p.old {
		j = *r.p.job
	}
	lease := bot.Lease{Job: j, Entry: "1-1", Attempt: r.p.attempt + 1, Given: time.Now()}
	if r.p.old && r.p.aged {
		lease.Age = 30 * time.Minute
	}
	r.p.job = &j
	return lease, nil
}

func (r *replica) Done(context.Context, bot.Lease) error {
	_, err := r.answer(call{op: opDone})
	return err
}

func (r *replica) Deliver(_ context.Context, _ bot.Job, reply bot.Reply) (bot.Posted, error) {
	if reply.Card != nil {
		card := *reply.Card
		card.Meeting = *answer{state: bot.State{Meeting: &card.Meeting}}.renamed(strings.NewReplacer(r.names...)).state.Meeting
		reply.Card = &card
	}
	r.p.told = &reply
	return bot.Posted{}, nil
}

// observer notes the outcome.
type observer struct{ p *point }

func (o observer) Command(_, _ string, outcome bot.Outcome, _ time.Duration) {
	o.p.outcome = string(outcome)
}

func (observer) Identity(bool) {}

func (observer) PossibleDuplicate() {}

func (observer) DeadLettered() {}

func (observer) UnreadableRecord() {}

func (observer) GaveWay() {}

// Who people are is settled: what the protocol does must not depend on it.

func (r *replica) Identity(context.Context, bot.Asker) (*bot.Identity, error) {
	return &bot.Identity{ID: r.who.identity(), Name: r.who.identity(), Language: bot.English}, nil
}

func (r *replica) User(_ context.Context, _ bot.Tenant, id string) (bot.DirectoryUser, error) {
	if id == founder {
		a, err := r.answer(call{op: opUser, organizer: id})
		return bot.DirectoryUser{ID: id, Name: id, Enabled: !a.gone}, err
	}
	return bot.DirectoryUser{ID: serviceAccount, Name: serviceAccount, Enabled: true}, nil
}

// Spend gives the same answer whoever asks and whenever, as it must for the same claim.
func (r *replica) Spend(_ context.Context, a bot.Asker, _ string, _ bot.Limits) (time.Duration, error) {
	if r.spent(a.User) {
		return time.Minute, nil
	}
	return 0, nil
}

// What plays no part.

func (r *replica) Refund(context.Context, bot.Asker, string) error { return nil }

func (r *replica) Remember(context.Context, bot.Asker, bot.Identity, time.Duration) error { return nil }

func (r *replica) UsersByEmail(context.Context, bot.Tenant, string, bool) ([]bot.DirectoryUser, error) {
	return nil, nil
}

func (r *replica) Profile(context.Context, bot.Asker, bot.Route) (bot.Profile, error) {
	return bot.Profile{}, nil
}

func (r *replica) SetDue(context.Context, bot.Due) error { return nil }

func (r *replica) TakeDue(context.Context, []bot.DueKind, time.Time, int) ([]bot.Due, error) {
	return nil, nil
}

func (r *replica) DropDue(context.Context, bot.Due) error { return nil }

func (r *replica) Reclaim(context.Context, int, func(bot.Lease) bool) ([]bot.Lease, error) {
	return nil, nil
}

func (r *replica) GiveBack(context.Context, bot.Lease, bool) error { return nil }

func (r *replica) Serves(string) bool { return true }

func (r *replica) BeginSend(context.Context, bot.Lease) (bool, error) { return false, nil }

func (r *replica) Keep(context.Context, bot.Lease) error { return nil }

func (r *replica) AbortSend(context.Context, bot.Lease) error { return nil }

func (r *replica) MoveToDeadLetters(context.Context, bot.Lease, string) error { return nil }

func (r *replica) Throttle(context.Context, bot.Upstream, time.Duration) error { return nil }

func (r *replica) ThrottledFor(context.Context, bot.Upstream) (time.Duration, error) { return 0, nil }
