package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// How long what a platform tells about places is remembered, and of how many, the ones of late. People rename channels,
// and come and go.
const (
	placesFor  = 10 * time.Minute
	keptPlaces = 8192
)

// timed is a value that is remembered for some time.
type timed[T any] struct {
	value T
	until time.Time
}

// recent remembers values for some time, in this process. It is safe for concurrent use.
type recent[T any] struct{ values *lru.Cache[string, timed[T]] }

func newRecentValues[T any](size int) recent[T] {
	values, _ := lru.New[string, timed[T]](size) // only a size below 1 is an error
	return recent[T]{values}
}

func (m recent[T]) get(key string) (value T, ok bool) {
	found, ok := m.values.Get(key)
	if !ok || time.Now().After(found.until) {
		return value, false
	}
	return found.value, true
}

func (m recent[T]) keep(key string, value T, period time.Duration) {
	m.values.Add(key, timed[T]{value, time.Now().Add(period)})
}

// judgePlace tells whether the bot may be used in a conversation, as far as that is known without asking anybody. told
// is the place's name as a request tells it; empty if it does not.
func (s *Service) judgePlace(w Workspace, c Conversation, told string) (verdict, string) {
	if w.Places.unlimited() {
		return placeAllowed, ""
	}
	name := told
	if name == "" {
		name, _ = s.placeNames.get(c.ChannelKey())
	} else {
		s.placeNames.keep(c.ChannelKey(), name, placesFor)
	}
	isID := func(string) bool { return false }
	if placer, ok := s.Platforms[c.Platform].(Placer); ok {
		isID = placer.IsPlaceID
	}
	return w.Places.judge(place{id: c.Channel, name: name}, isID)
}

// notHere is the refusal of a place, for the reason that the operator reads.
func notHere(why string) *Error { return &Error{Code: PlaceDenied, Err: errors.New(why)} }

// keepOut ends an attempt at a job about a place in which the bot may not be used; then ok is true. Where the rules are
// about names, and nobody told the name, the platform is asked. If it does not tell, a person is refused: a rule that
// cannot be applied must not let anybody in. A job in the background goes on then: the place was allowed to whoever
// began it, and its platform may tell nothing without a request.
func (s *Service) keepOut(ctx context.Context, t task) (done result, ok bool, err error) {
	// The topic is no name for rules: it is written for readers. The name that a request tells is remembered.
	verdict, why := s.judgePlace(t.workspace, t.Conversation, "")
	var cause error
	if verdict == placeNeedsName {
		var name string
		name, err = s.placeName(ctx, t)
		switch {
		case err != nil && (Temporary(err) || CodeOf(err) == ChatCredentials):
			if t.lease.age() < s.Timing.GiveUp || t.answersNobody() {
				return result{}, false, err
			}
			return result{outcome: OutcomeGaveUp, reply: s.gaveUpReply(t, s.jobLanguage(t.Job, nil))}, true, nil
		case err != nil:
			cause = err
		default:
			verdict, why = s.judgePlace(t.workspace, t.Conversation, name)
		}
	}
	var refusal *Error
	switch {
	case verdict == placeAllowed, verdict == placeNeedsName && t.answersNobody():
		return result{}, false, nil
	case verdict == placeDenied:
		refusal = notHere(why)
	default:
		refusal = &Error{Code: PlaceUnknown, Err: fmt.Errorf(
			"CHANNELS_ALLOWED or CHANNELS_DENIED has names, and the platform does not tell this one: %w", cause)}
	}
	if t.answersNobody() || t.kind() == JobWelcome { // a greeting would promise what is refused
		return result{outcome: OutcomeRefused(refusal.Code), silent: true}, true, nil
	}
	id, err := s.Identities.Identity(ctx, t.Asker)
	if err != nil {
		return result{}, false, err
	}
	lang := t.workspace.language(id, t.Language)
	return refused(t, lang, refusal, Organizer{}), true, nil
}

// placeName asks the platform what the task's place is called.
func (s *Service) placeName(ctx context.Context, t task) (string, error) {
	placer, ok := s.Platforms[t.Conversation.Platform].(Placer)
	if !ok {
		return "", &Error{Code: Undeliverable, Err: errors.New("the platform tells nothing about places")}
	}
	var found Place
	err := retryThrottled(ctx, t.slot, func() (err error) {
		found, err = placer.Place(ctx, t.Conversation, t.Route)
		return err
	})
	if err == nil && found.Name == "" {
		err = &Error{Code: Undeliverable, Err: errors.New("the platform gives the place no name")}
	}
	return found.Name, err
}
