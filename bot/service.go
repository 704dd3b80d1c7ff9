package bot

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Timing holds the service's periods. Its zero value means the defaults, with which the promises are made; tests
// shorten them. Queue and Attempt together must stay below the time after which the queue hands a job to somebody else.
type Timing struct {
	Answer   time.Duration // how long a command may wait for its meeting before it is acknowledged; 2 s
	Attempt  time.Duration // how long an attempt may take; 10 s
	SlotWait time.Duration // how long an accepted job waits for a free place here before it is left to others; 3 s
	Reclaim  time.Duration // how often a replica looks for jobs that nobody works on; 1 s
	// from when on an answer that may not have arrived by its response_url goes another way too; 2 min
	NextRoute  time.Duration
	GiveUp     time.Duration // from when on a job's author is told that it failed; 25 min
	DeadLetter time.Duration // from when on a job whose author cannot even be told is a dead letter; 40 min
	// age at which a claim that fails in passing gives way to another; longer than Attempt; 45 s
	GiveWay time.Duration
}

func (t Timing) withDefaults() Timing {
	for _, d := range []struct {
		value   *time.Duration
		instead time.Duration
	}{
		{&t.Answer, 2 * time.Second},
		{&t.Attempt, 10 * time.Second},
		{&t.SlotWait, 3 * time.Second},
		{&t.Reclaim, time.Second},
		{&t.NextRoute, 2 * time.Minute},
		{&t.GiveUp, 25 * time.Minute},
		{&t.DeadLetter, 40 * time.Minute},
		{&t.GiveWay, 45 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.instead
		}
	}
	return t
}

// Config is what a Service is made of. Every field without "optional" is required.
type Config struct {
	Conversations Conversations
	Identities    Identities
	Queue         Queue
	Limiter       Limiter
	Cards         PostedCards
	Invitations   Invitations
	Schedule      Schedule
	Meetings      Meetings
	Directory     Directory
	Groups        Groups // required where a workspace has an OrganizersGroup
	Catalog       *Catalog
	Log           *slog.Logger
	Observer      Observer

	Platforms  map[string]Platform // by the name that conversations carry
	Workspaces Workspaces
	Language   Language // of a request whose workspace is not known
	Links      Links    // required with a PublicURL
	// CalendarKeys is required with a PublicURL.
	CalendarKeys CalendarKeys
	PublicURL    string // where lasting links begin, without a slash at the end; optional: there are none without it
	Attempts     int    // how many run at once; optional: 256, since they wait most of the time
	Timing       Timing // optional
	// RemindBefore is how long before a date that people have set the conversation is reminded; 0: never.
	RemindBefore time.Duration
	// Examiner finds out what is wrong, for the administrators of the workspaces; optional: nobody is told without it.
	Examiner Examiner
	// Clock tells the time for the life of meetings, in days and weeks; optional: time.Now.
	Clock func() time.Time
}

// Service is the bot at work: it answers commands, and finishes those that it accepted.
type Service struct {
	Config
	graph    *graph
	accounts serviceAccounts

	slots  slots              // one for every attempt under way
	base   context.Context    // of all attempts
	cancel context.CancelFunc // ends base
	work   *work              // what goes on in goroutines of the service

	leaving   chan struct{} // closed when jobs that wait for their time are left to others
	leaveOnce sync.Once     // closes leaving

	answered    *lru.Cache[string, struct{}] // IDs of jobs that were answered and could not be marked as done yet
	panicked    *lru.Cache[string, struct{}] // IDs of jobs whose panic was logged with its stack
	begun       *lru.Cache[string, struct{}] // IDs of jobs in the background that were accepted
	left        *lru.Cache[string, struct{}] // what kinds of job were left in the queue, and a warning was logged
	placeSizes  recent[size]                 // of the same
	placeNames  recent[string]               // of conversations' channels, by their keys
	members     recent[bool]                 // who may make meetings, by the group and their object ID
	groupNames  recent[string]
	calendarKey calendarKey
	alone       atomic.Int64  // attempts under way of which one at a time is made
	ended       endedAttempts // what the queue could not be told yet
}

// NewService returns a service that answers at once, and takes over what others left behind while Run runs.
func NewService(c Config) *Service {
	if c.Attempts == 0 {
		c.Attempts = 256
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	c.Timing = c.Timing.withDefaults()
	s := &Service{
		Config: c, slots: make(slots, c.Attempts), work: newWork(goroutinesPerSlot * c.Attempts),
		leaving:  make(chan struct{}),
		answered: newRecent(), panicked: newRecent(), begun: newRecent(), left: newRecent(),
		placeSizes: newRecentValues[size](keptPlaces), placeNames: newRecentValues[string](keptPlaces),
		members: newRecentValues[bool](keptMembers), groupNames: newRecentValues[string](keptMembers),
	}
	s.base, s.cancel = context.WithCancel(context.Background())
	s.graph = &graph{
		meetings: c.Meetings, directory: c.Directory, groups: c.Groups, throttles: c.Queue, slots: s.slots,
		base: s.base, attempt: c.Timing.Attempt,
	}
	return s
}

// Run reclaims jobs that no replica works on, once every Timing.Reclaim, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(s.Timing.Reclaim)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.base.Done():
			return
		case <-tick.C:
			s.reclaim(ctx)
			s.workOffDue(ctx)
		}
	}
}

// Wait returns when the attempts under way have ended, which their deadline bounds. Jobs that wait for their next
// attempt are left to other replicas. It must be called when no command can come in any more, and Run has returned.
func (s *Service) Wait() {
	s.leaveOnce.Do(func() { close(s.leaving) })
	s.work.group.Wait()
}

// Stop ends the service in order: no attempt begins any more, and those under way may go on until ctx ends; then they
// are broken off. Jobs that are not done are handed over to the other replicas at once. It returns whether everything
// under way ended in time.
func (s *Service) Stop(ctx context.Context) bool {
	finished := s.work.stop()
	select {
	case <-finished:
		return true
	case <-ctx.Done():
	}
	s.cancel()
	<-finished
	return false
}

// Kill ends all attempts where they stand, as a crash would: nothing is handed over. A killed service is of no further
// use.
func (s *Service) Kill() {
	s.work.crash()
	s.cancel()
}

func (s *Service) reclaim(ctx context.Context) {
	s.ended.tell(ctx, s.Queue)
	free := min(s.slots.free(), s.work.room())
	if free == 0 {
		return
	}
	leases, err := s.Queue.Reclaim(ctx, free, s.wanted())
	if err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, "cannot look for unfinished jobs", "error", err)
	}
	for _, l := range leases {
		s.start(l, nil)
	}
}

// Request is one verified intent.
type Request struct {
	Intent
	ID string // the same for every delivery of the same command
	// Alias is another name of the request, which an earlier release gives it, or another delivery; empty for none. A
	// request is a duplicate if one with the same ID or the same alias was accepted.
	Alias        string
	Conversation Conversation
	Asker        Asker
	Root         string // the message of the command itself, where a thread can be opened under it
	Topic        string // the channel's name where it is known and public
	// Place is the name of the place where the request tells it: see [Place.Name]. It is not kept with the job.
	Place    string
	Language Language // the asker's, where the request tells; otherwise what is remembered of them counts
	Zone     Zone     // as Language
	Route    Route
	Received time.Time
	Trace    string
}

// Answer is what a request is answered with in place.
type Answer struct {
	Reply Reply
	// Given must be called once the answer was written, with the error of writing it.
	Given func(error)
}

func answered(r Reply) Answer { return Answer{Reply: r, Given: func(error) {}} }

// Ask answers a request where the platform shows the answer to it: with the card if it is known or ready within
// Timing.Answer, otherwise with an acknowledgement, and the card follows.
func (s *Service) Ask(ctx context.Context, r Request) Answer {
	there, why := s.judgeRequest(r)
	if there == placeDenied {
		return s.refuseHere(ctx, r, notHere(why))
	}
	state, err := s.read(ctx, r)
	known := &state
	if err != nil {
		s.Log.WarnContext(ctx, "cannot read conversation", "request", r.Trace, "error", err)
		known = nil
	}
	lang := s.languageOf(r, state.Identity)
	if h, ok := r.handler(); ok && there == placeAllowed {
		if reply, outcome := h.answer(s, r.Intent, r.Route, known, lang); outcome != "" {
			s.addCalendar(ctx, &reply)
			reply.setZone(state.Identity.zone(r.Zone))
			reply.setAside(r.Route, lang)
			return s.answerFrom(ctx, r, state, outcome, reply)
		}
	}
	if err != nil && CodeOf(err) != UnreadableRecord { // which an attempt explains, or repairs
		return s.answerInPlace(ctx, r, OutcomeUnreachable, UnreachableReply(lang, r.Intent))
	}

	lease, err := s.Queue.Accept(ctx, s.job(r, state))
	_, tooMany := errors.AsType[BusyError](err)
	switch {
	case errors.Is(err, ErrDuplicate):
		return s.answerInPlace(ctx, r, OutcomeDuplicate, DuplicateReply(lang))
	case tooMany:
		return s.answerInPlace(ctx, r, OutcomeRefused(TooManyAtOnce), busyReply(lang, r.Command))
	case err != nil:
		s.Log.WarnContext(ctx, "cannot accept job", "request", r.Trace, "error", err)
		return s.answerInPlace(ctx, r, OutcomeUnreachable, UnreachableReply(lang, r.Intent))
	}
	lease.Given = r.Received
	place := newInPlace()
	s.start(lease, place)
	timer := time.NewTimer(s.Timing.Answer - time.Since(r.Received))
	defer timer.Stop()
	select {
	case reply := <-place.offer:
		return Answer{Reply: reply, Given: func(err error) { place.given <- err }}
	case <-timer.C:
	case <-ctx.Done():
	}
	close(place.closed)
	return s.answerInPlace(ctx, r, OutcomeAcknowledged, AcceptedReply(lang, r.Intent))
}

// read returns what the request's conversation holds. Where the answer may show the card to everybody, it announces.
func (s *Service) read(ctx context.Context, r Request) (State, error) {
	if h, ok := r.handler(); ok && h.announces() {
		return s.Conversations.Announce(ctx, r.Conversation, r.ID, r.Asker)
	}
	return s.Conversations.Read(ctx, r.Conversation, r.Asker)
}

// Accept stores a request whose answer is posted later. It returns nil once the request is safe, and also for a request
// that was accepted before, or that its asker was told not to be accepted.
func (s *Service) Accept(ctx context.Context, r Request) error {
	if r.Root != "" {
		if err := s.LinkThread(ctx, r.Conversation.InChannel(), r.Root); err != nil {
			return err
		}
	}
	s.judgeRequest(r) // remembers the place's name for the attempt
	state, err := s.Conversations.Read(ctx, r.Conversation, r.Asker)
	if err != nil && CodeOf(err) != UnreadableRecord {
		return err
	}
	lease, err := s.Queue.Accept(ctx, s.job(r, state))
	if errors.Is(err, ErrDuplicate) {
		s.Observer.Command(r.Conversation.Platform, r.Label(), OutcomeDuplicate, time.Since(r.Received))
		return nil
	}
	if busy, tooMany := errors.AsType[BusyError](err); tooMany {
		s.Observer.Command(r.Conversation.Platform, r.Label(), OutcomeRefused(TooManyAtOnce), time.Since(r.Received))
		if busy.First {
			s.tellBusy(s.job(r, state))
		}
		return nil
	}
	if err != nil {
		return err
	}
	lease.Given = r.Received
	s.start(lease, nil)
	return nil
}

// tellBusy tells somebody that their request was not accepted. It is posted without a job, and once only.
func (s *Service) tellBusy(j Job) {
	s.work.begin(func() {
		ctx, cancel := context.WithTimeout(s.base, s.Timing.Attempt)
		defer cancel()
		platform, ok := s.Platforms[j.Conversation.Platform]
		if !ok {
			return
		}
		if _, err := platform.Deliver(ctx, j, busyReply(j.Language, j.Command)); err != nil {
			s.Log.WarnContext(ctx, "cannot tell somebody that they wait for too many commands", "request", j.Trace,
				"user", j.Asker.User, "error", err)
		}
	})
}

func busyReply(lang Language, c Command) Reply {
	return Explain(lang, &Error{Code: TooManyAtOnce}, Organizer{}, "", c, "")
}

// LinkThread remembers that threads under this message of the channel belong to the channel's conversation.
func (s *Service) LinkThread(ctx context.Context, channel Conversation, root string) error {
	return s.Conversations.LinkThread(ctx, channel, root)
}

// job is the request as any replica can finish it.
func (s *Service) job(r Request, state State) Job {
	return Job{
		Intent: r.Intent, ID: r.ID, Alias: r.Alias, Conversation: state.Conversation, Asker: r.Asker,
		Seen:     state.Generation(),
		Language: s.languageOf(r, state.Identity), Zone: state.Identity.zone(r.Zone), Topic: r.Topic,
		Route: r.Route, Accepted: r.Received, Trace: r.Trace,
	}
}

// answerInPlace counts an answer given in place, and returns it.
func (s *Service) answerInPlace(ctx context.Context, r Request, outcome Outcome, reply Reply) Answer {
	level := slog.LevelInfo
	if outcome == OutcomeKnown {
		level = slog.LevelDebug // nothing happened, and there may be thousands
	}
	s.Log.LogAttrs(ctx, level, "command answered in place", slog.String("request", r.Trace),
		slog.String("platform", r.Conversation.Platform), slog.String("workspace", r.Conversation.Workspace),
		slog.String("channel", r.Conversation.Channel), slog.String("user", r.Asker.User),
		slog.String("command", r.Label()), slog.String("outcome", string(outcome)))
	s.Observer.Command(r.Conversation.Platform, r.Label(), outcome, time.Since(r.Received))
	return answered(reply)
}

// answerFrom is answerInPlace for an answer from the conversation's state. Showing a card uses its meeting.
func (s *Service) answerFrom(ctx context.Context, r Request, state State, outcome Outcome, reply Reply) Answer {
	answer := s.answerInPlace(ctx, r, outcome, reply)
	if reply.Card == nil {
		return answer
	}
	if s.mayTend(state) {
		s.tendAfterUse(state, s.job(r, state))
	}
	if reply.Card.Why.Why != "" || reply.Aside != nil {
		answer.Given = func(err error) {
			if err == nil {
				s.work.begin(func() {
					ctx, cancel := context.WithTimeout(s.base, s.Timing.Attempt)
					defer cancel()
					s.told(ctx, reply.Card, r.Trace)
					s.tellAside(ctx, s.job(r, state), reply)
				})
			}
		}
	}
	return answer
}

// judgeRequest tells whether the bot may be used where the request was made.
func (s *Service) judgeRequest(r Request) (verdict, string) {
	w, err := s.workspace(r.Conversation)
	if err != nil { // an attempt tells what is wrong
		return placeAllowed, ""
	}
	return s.judgePlace(w, r.Conversation, r.Place)
}

// refuseHere answers a request in a place where the bot may not be used.
func (s *Service) refuseHere(ctx context.Context, r Request, refusal *Error) Answer {
	state, err := s.Conversations.Read(ctx, r.Conversation, r.Asker)
	if err != nil {
		s.Log.WarnContext(ctx, "cannot read conversation", "request", r.Trace, "error", err)
	}
	s.Log.InfoContext(ctx, "a command is refused for where it was given", "request", r.Trace, "cause", refusal)
	reply := Explain(s.languageOf(r, state.Identity), refusal, Organizer{}, "", r.Command, "")
	return s.answerInPlace(ctx, r, OutcomeRefused(refusal.Code), reply)
}

// tellAside tells the asker alone what the card for everybody does not say. It is a note beside the answer: if it
// cannot be sent now, it is left out.
func (s *Service) tellAside(ctx context.Context, j Job, r Reply) {
	if r.Aside == nil {
		return
	}
	platform, ok := s.Platforms[j.Conversation.Platform]
	if !ok {
		return
	}
	if _, err := platform.Deliver(ctx, j, *r.Aside); err != nil {
		s.Log.InfoContext(ctx, "cannot tell somebody what their command did not do", "request", j.Trace, "error", err)
	}
}

// card shows the conversation's meeting, which state was announced with: to everybody in the conversation's language,
// or, if everybody saw it just now, to the asker in theirs.
func (s *Service) card(c Command, state State, where Route, lang Language, made bool) Reply {
	m := *state.Meeting
	reply := Reply{Audience: AudienceAsker, Language: lang, Card: &Card{
		Meeting: m, New: made, Ahead: m.ahead(s.Clock()), Of: state.Conversation, Chat: where.Chat,
		Copy: !state.MayAnnounce && !where.Alone,
	}}
	if !made && c.Subject != "" && CleanText(m.Subject) != c.Subject {
		reply.Card.Asked = c.Subject
	}
	if words := insideOf(c); made && words != "" {
		reply.Card.Wished = append(reply.Card.Wished, message("when.inside", Arg{"Words", words}))
	}
	switch {
	case m.Withheld:
		reply.Card.Withheld, reply.Actions = true, revealActions(m)
	case state.MayAnnounce:
		reply.Audience, reply.Language = AudienceEveryone, m.Language
		reply.Card.Why = m.Replaced
		reply.Actions = s.quietActions(state.Conversation, m)
	}
	return reply
}

// languageOf is the language of a request's asker.
func (s *Service) languageOf(r Request, id *Identity) Language {
	w, err := s.workspace(r.Conversation)
	if err != nil { // the asker is told in a language that everybody may know; an attempt tells what is wrong
		w.Language = s.Language
	}
	return w.language(id, r.Language)
}

// inPlace hands the result of an attempt to the request that still waits for it.
type inPlace struct {
	offer  chan Reply
	closed chan struct{} // the request does not wait any longer
	given  chan error    // the request was answered with what was offered
}

func newInPlace() *inPlace {
	return &inPlace{offer: make(chan Reply), closed: make(chan struct{}), given: make(chan error, 1)}
}

// deliver returns whether the reply was written as the answer to the request.
func (p *inPlace) deliver(ctx context.Context, r Reply) bool {
	if p == nil {
		return false
	}
	select {
	case p.offer <- r:
	case <-p.closed:
		return false
	case <-ctx.Done():
		return false
	}
	// The request has taken the offer: it says how that went, whatever becomes of the attempt meanwhile.
	return <-p.given == nil
}
