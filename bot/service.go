package bot

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Timing holds the service's periods. Its zero value means the defaults, with which the promises are made; tests
// shorten them. Queue and Attempt together must stay below the time after which the queue hands a job to somebody else.
type Timing struct {
	Answer     time.Duration // how long a command may wait for its meeting before it is acknowledged; 2 s
	Attempt    time.Duration // how long an attempt may take; 10 s
	SlotWait   time.Duration // how long an accepted job waits for a free place here before it is left to others; 3 s
	Reclaim    time.Duration // how often a replica looks for jobs that nobody works on; 1 s
	GiveUp     time.Duration // from when on a job's author is told that it failed; 25 min
	DeadLetter time.Duration // from when on a job whose author cannot even be told is a dead letter; 40 min
	GiveWay    time.Duration // age at which a claim that fails in passing gives way to another; longer than Attempt; 45 s
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
	Meetings      Meetings
	Directory     Directory
	Catalog       *Catalog
	Log           *slog.Logger
	Observer      Observer

	Platforms  map[string]Platform // by the name that conversations carry
	Workspaces Workspaces
	Language   Language // of a request whose workspace is not known
	Attempts   int      // how many run at once; optional: 256, since they wait most of the time
	Timing     Timing   // optional
}

// Service is the bot at work: it answers commands, and finishes those that it accepted.
type Service struct {
	Config
	graph    *graph
	accounts serviceAccounts

	slots slots              // one for every attempt under way
	base  context.Context    // of all attempts
	kill  context.CancelFunc // ends base
	wg    sync.WaitGroup     // attempts under way or waiting, for a slot or for their time

	leaving   chan struct{} // closed when jobs that wait for their time are left to others
	leaveOnce sync.Once     // closes leaving

	answered sync.Map // IDs of jobs that were answered and could not be marked as done yet
	unknown  sync.Map // kinds of job that were left in the queue, as bool: a warning was logged
}

// NewService returns a service that answers at once, and takes over what others left behind while Run runs.
func NewService(c Config) *Service {
	if c.Attempts == 0 {
		c.Attempts = 256
	}
	c.Timing = c.Timing.withDefaults()
	s := &Service{Config: c, slots: make(slots, c.Attempts), leaving: make(chan struct{})}
	s.base, s.kill = context.WithCancel(context.Background())
	s.graph = &graph{
		meetings: c.Meetings, directory: c.Directory, throttles: c.Queue, slots: s.slots, base: s.base,
		attempt: c.Timing.Attempt,
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
		}
	}
}

// Wait returns when the attempts under way have ended, which their deadline bounds. Jobs that wait for their next
// attempt are left to other replicas. It must be called when no command can come in any more, and Run has returned.
func (s *Service) Wait() {
	s.leaveOnce.Do(func() { close(s.leaving) })
	s.wg.Wait()
}

// Kill ends all attempts where they stand, as a crash would. A killed service is of no further use.
func (s *Service) Kill() { s.kill() }

func (s *Service) reclaim(ctx context.Context) {
	free := s.slots.free()
	if free == 0 {
		return
	}
	leases, err := s.Queue.Reclaim(ctx, free)
	if err != nil {
		if ctx.Err() == nil {
			s.Log.WarnContext(ctx, "cannot look for unfinished jobs", "error", err)
		}
		return
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
	Root         string   // the message of the command itself, where a thread can be opened under it
	Topic        string   // the channel's name where it is known and public
	Language     Language // the asker's, where the request tells; otherwise what is remembered of them counts
	Zone         Zone     // as Language
	Route        Route
	Received     time.Time
	Trace        string
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
	state, err := s.read(ctx, r)
	known := &state
	if err != nil {
		s.Log.WarnContext(ctx, "cannot read conversation", "request", r.Trace, "error", err)
		known = nil
	}
	lang := s.languageOf(r, state.Identity)
	if h, ok := r.handler(); ok {
		if reply, outcome := h.answer(s, r.Intent, r.Route, known, lang); outcome != "" {
			reply.setZone(state.Identity.zone(r.Zone))
			return s.answerInPlace(ctx, r, outcome, reply)
		}
	}
	if err != nil && CodeOf(err) != UnreadableRecord { // which an attempt explains, or repairs
		return s.answerInPlace(ctx, r, OutcomeUnreachable, UnreachableReply(lang, r.Intent))
	}

	lease, err := s.Queue.Accept(ctx, s.job(r, state))
	switch {
	case errors.Is(err, ErrDuplicate):
		return s.answerInPlace(ctx, r, OutcomeDuplicate, DuplicateReply(lang))
	case err != nil:
		s.Log.WarnContext(ctx, "cannot accept job", "request", r.Trace, "error", err)
		return s.answerInPlace(ctx, r, OutcomeUnreachable, UnreachableReply(lang, r.Intent))
	}
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
	return s.answerInPlace(ctx, r, OutcomeAcknowledged, WorkingReply(lang))
}

// read returns what the request's conversation holds. Where the answer may show the card to everybody, it announces.
func (s *Service) read(ctx context.Context, r Request) (State, error) {
	if h, ok := r.handler(); ok && h.announces() {
		return s.Conversations.Announce(ctx, r.Conversation, r.ID, r.Asker)
	}
	return s.Conversations.Read(ctx, r.Conversation, r.Asker)
}

// Accept stores a request whose answer is posted later. It returns nil once the request is safe, and also for a request
// that was accepted before.
func (s *Service) Accept(ctx context.Context, r Request) error {
	if r.Root != "" {
		if err := s.LinkThread(ctx, r.Conversation.InChannel(), r.Root); err != nil {
			return err
		}
	}
	state, err := s.Conversations.Read(ctx, r.Conversation, r.Asker)
	if err != nil && CodeOf(err) != UnreadableRecord {
		return err
	}
	lease, err := s.Queue.Accept(ctx, s.job(r, state))
	if errors.Is(err, ErrDuplicate) {
		s.Observer.Command(r.Conversation.Platform, r.Label(), OutcomeDuplicate, time.Since(r.Received))
		return nil
	}
	if err != nil {
		return err
	}
	s.start(lease, nil)
	return nil
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

// card shows the conversation's meeting: to everybody in the conversation's language, or, if everybody saw it just
// now, to the asker in theirs.
func (s *Service) card(c Command, state State, lang Language, made bool) Reply {
	m := *state.Meeting
	reply := Reply{Audience: AudienceAsker, Language: lang, Card: &Card{
		Meeting:     m,
		New:         made,
		KeptSubject: !made && c.Subject != "" && CleanText(m.Subject) != c.Subject,
	}}
	if state.MayAnnounce {
		reply.Audience, reply.Language = AudienceEveryone, m.Language
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
