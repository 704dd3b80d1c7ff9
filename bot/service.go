package bot

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Timing holds the service's periods. Its zero value means the defaults, with which the promises are made; tests shorten
// them. Queue and Attempt together must stay below the time after which the queue hands a job to somebody else.
type Timing struct {
	Answer     time.Duration // how long a command may wait for its meeting before it is acknowledged; 2 s
	Attempt    time.Duration // how long an attempt may take; 10 s
	SlotWait   time.Duration // how long an accepted job waits for a free place here before it is left to others; 3 s
	Reclaim    time.Duration // how often a replica looks for jobs that nobody works on; 1 s
	GiveUp     time.Duration // from when on a job's author is told that it failed; 25 min
	DeadLetter time.Duration // from when on a job whose author cannot even be told is a dead letter; 40 min
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
	Organizers OrganizerPolicy
	Askers     AskerPolicy
	Limits     Limits   // optional: none
	ClientID   string   // of the Entra app, for what an administrator must type
	Language   Language // where nothing better is known
	Attempts   int      // how many run at once; optional: 256, for they mostly wait
	Timing     Timing   // optional
}

// Service is the bot at work: it answers commands, and finishes those that it accepted.
type Service struct {
	Config
	graph   *graph
	service serviceAccount

	places chan struct{}      // one token for every attempt under way
	base   context.Context    // of all attempts
	kill   context.CancelFunc // ends base
	wg     sync.WaitGroup     // attempts under way or waiting for a place

	answered sync.Map // IDs of jobs that were answered and could not be marked as done yet
}

// NewService returns a service that answers at once, and takes over what others left behind while Run runs.
func NewService(c Config) *Service {
	if c.Attempts == 0 {
		c.Attempts = 256
	}
	c.Timing = c.Timing.withDefaults()
	s := &Service{Config: c, places: make(chan struct{}, c.Attempts)}
	s.base, s.kill = context.WithCancel(context.Background())
	s.graph = &graph{meetings: c.Meetings, directory: c.Directory, throttles: c.Queue, base: s.base, attempt: c.Timing.Attempt}
	return s
}

// Run takes over jobs that nobody works on, once a second, until ctx ends.
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

// Wait returns when the attempts under way have ended, which their deadline bounds. It must be called when no command can
// come in any more, and Run has returned.
func (s *Service) Wait() { s.wg.Wait() }

// Kill ends all attempts where they stand, as a crash would. A killed service is of no further use.
func (s *Service) Kill() { s.kill() }

func (s *Service) reclaim(ctx context.Context) {
	free := cap(s.places) - len(s.places)
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

// Request is one verified command.
type Request struct {
	ID           string // the same for every delivery of the same command
	Conversation Conversation
	Asker        Asker
	Command      Command
	Root         string   // the message of the command itself, where a thread can be opened under it
	Topic        string   // the channel's name where it is known and public
	Language     Language // the asker's, where the request tells; otherwise what is remembered of them counts
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

// Ask answers a command where the platform shows the answer to its request: with the card if it is known or ready
// within Timing.Answer, otherwise with an acknowledgement, and the card follows.
func (s *Service) Ask(ctx context.Context, r Request) Answer {
	timer := time.NewTimer(s.Timing.Answer - time.Since(r.Received))
	defer timer.Stop()

	var state State
	var err error
	if r.Command.Kind == Meet {
		state, err = s.Conversations.Announce(ctx, r.Conversation, r.ID, r.Asker)
	} else {
		state, err = s.Conversations.Read(ctx, r.Conversation, r.Asker)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "cannot read conversation", "request", r.Trace, "error", err)
		lang := s.language(nil, r.Language)
		if reply, ok := s.wordsOnly(r.Command, lang); ok {
			return s.at(ctx, r, "words", reply)
		}
		return s.at(ctx, r, "unreachable", UnreachableReply(lang, r.Command))
	}
	lang := s.language(state.Identity, r.Language)
	if reply, ok := s.wordsOnly(r.Command, lang); ok {
		return s.at(ctx, r, "words", reply)
	}
	if reply, ok := s.known(r.Command, state, lang); ok {
		return s.at(ctx, r, "known", reply)
	}

	lease, err := s.Queue.Accept(ctx, s.job(r, state))
	switch {
	case errors.Is(err, ErrDuplicate):
		return s.at(ctx, r, "duplicate", DuplicateReply(lang))
	case err != nil:
		s.Log.WarnContext(ctx, "cannot accept job", "request", r.Trace, "error", err)
		return s.at(ctx, r, "unreachable", UnreachableReply(lang, r.Command))
	}
	place := newInPlace()
	s.start(lease, place)
	select {
	case reply := <-place.offer:
		return Answer{Reply: reply, Given: func(err error) { place.given <- err }}
	case <-timer.C:
	case <-ctx.Done():
	}
	close(place.closed)
	return s.at(ctx, r, "acknowledged", WorkingReply(lang))
}

// Accept stores a command whose answer is posted later. It returns nil once the command is safe; a command that was
// accepted before is.
func (s *Service) Accept(ctx context.Context, r Request) error {
	if r.Root != "" {
		if err := s.Conversations.LinkThread(ctx, r.Conversation.InChannel(), r.Root); err != nil {
			return err
		}
	}
	state, err := s.Conversations.Read(ctx, r.Conversation, r.Asker)
	if err != nil {
		return err
	}
	lease, err := s.Queue.Accept(ctx, s.job(r, state))
	if errors.Is(err, ErrDuplicate) {
		s.Observer.Command(r.Conversation.Platform, r.Command.Kind, "duplicate", time.Since(r.Received))
		return nil
	}
	if err != nil {
		return err
	}
	s.start(lease, nil)
	return nil
}

// job is the request as any replica can finish it.
func (s *Service) job(r Request, state State) Job {
	return Job{
		ID: r.ID, Conversation: state.Conversation, Command: r.Command, Asker: r.Asker, Seen: state.Generation(),
		Language: s.language(state.Identity, r.Language), Topic: r.Topic, Route: r.Route, Accepted: r.Received, Trace: r.Trace,
	}
}

// at counts an answer given in place, and returns it.
func (s *Service) at(ctx context.Context, r Request, outcome string, reply Reply) Answer {
	level := slog.LevelInfo
	if outcome == "known" {
		level = slog.LevelDebug // nothing happened, and there may be thousands
	}
	s.Log.LogAttrs(ctx, level, "command answered in place", slog.String("request", r.Trace),
		slog.String("platform", r.Conversation.Platform), slog.String("workspace", r.Conversation.Workspace),
		slog.String("channel", r.Conversation.Channel), slog.String("user", r.Asker.User),
		slog.String("command", string(r.Command.Kind)), slog.String("outcome", outcome))
	s.Observer.Command(r.Conversation.Platform, r.Command.Kind, outcome, time.Since(r.Received))
	return answered(reply)
}

// wordsOnly answers the commands that concern no meeting.
func (s *Service) wordsOnly(c Command, lang Language) (Reply, bool) {
	switch c.Kind {
	case Help:
		return HelpReply(s.Catalog, lang), true
	case Unclear:
		return DidYouMeanReply(lang, c), true
	case Welcome:
		return GreetingReply(lang), true
	default:
		return Reply{}, false
	}
}

// known answers a command that the conversation's state alone answers.
func (s *Service) known(c Command, state State, lang Language) (Reply, bool) {
	switch {
	case c.Kind == Show && state.Meeting == nil:
		return NoMeetingReply(lang), true
	case c.Kind == Show:
		return Reply{Audience: AudienceAsker, Language: lang, Card: &Card{Meeting: *state.Meeting}}, true
	case c.Kind == Meet && state.Meeting != nil:
		return s.card(c, state, lang, false), true
	default:
		return Reply{}, false
	}
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

// language is the asker's: what their platform remembers of them, or else what came with the request, or else the default.
func (s *Service) language(id *Identity, told Language) Language {
	if id != nil {
		told = cmp.Or(id.Language, told)
	}
	return cmp.Or(told, s.Language)
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
