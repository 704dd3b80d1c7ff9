//go:build !race

package modelcheck

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"meetbot/bot"
	"meetbot/store"
)

// brokenStore is the store with one of its rules left out. It may break the rule by several calls: to the attempts it
// is one. What it does not mention is the store's.
type brokenStore struct {
	*store.Store
	read     func(context.Context, bot.Conversation, reading) (bot.State, error)
	claim    func(context.Context, bot.Claim, bool, int) (bot.State, error)
	complete func(context.Context, bot.Claim, bot.Meeting) (bot.State, error)
	release  func(context.Context, bot.Claim) (bot.State, error)
	undo     func(context.Context, bot.Conversation, bot.Undo) (bot.State, bot.UndoResult, error)
	change   func(context.Context, bot.Conversation, string, func(*bot.Meeting)) (bot.State, error)
}

func (b brokenStore) ChangeMeeting(ctx context.Context, c bot.Conversation, claimID string, change func(*bot.Meeting)) (
	bot.State, error) {
	if b.change != nil {
		return b.change(ctx, c, claimID, change)
	}
	return b.Store.ChangeMeeting(ctx, c, claimID, change)
}

func (b brokenStore) Read(ctx context.Context, c bot.Conversation, asker bot.Asker) (bot.State, error) {
	return b.reads(ctx, c, reading{Asker: asker})
}

func (b brokenStore) Announce(ctx context.Context, c bot.Conversation, request string, asker bot.Asker) (bot.State,
	error) {
	return b.reads(ctx, c, reading{Announce: request, Asker: asker})
}

func (b brokenStore) reads(ctx context.Context, c bot.Conversation, r reading) (bot.State, error) {
	if b.read != nil {
		return b.read(ctx, c, r)
	}
	return read(ctx, b.Store, c, r)
}

func (b brokenStore) Claim(ctx context.Context, claim bot.Claim, fresh bool, seen int) (bot.State, error) {
	if b.claim != nil {
		return b.claim(ctx, claim, fresh, seen)
	}
	return b.Store.Claim(ctx, claim, fresh, seen)
}

func (b brokenStore) Complete(ctx context.Context, claim bot.Claim, m bot.Meeting) (bot.State, error) {
	if b.complete != nil {
		return b.complete(ctx, claim, m)
	}
	return b.Store.Complete(ctx, claim, m)
}

func (b brokenStore) Release(ctx context.Context, claim bot.Claim) (bot.State, error) {
	if b.release != nil {
		return b.release(ctx, claim)
	}
	return b.Store.Release(ctx, claim)
}

func (b brokenStore) Undo(ctx context.Context, c bot.Conversation, u bot.Undo) (bot.State, bot.UndoResult, error) {
	if b.undo != nil {
		return b.undo(ctx, c, u)
	}
	return b.Store.Undo(ctx, c, u)
}

// free takes away whatever claim is pending, and returns what stands then.
func free(ctx context.Context, s *store.Store, c bot.Conversation) (bot.State, error) {
	st, err := s.Read(ctx, c, bot.Asker{})
	if err != nil || st.Pending == nil {
		return st, err
	}
	return s.Release(ctx, *st.Pending)
}

func meetingKey(c bot.Conversation) string { return "mb:{" + c.ChannelKey() + "}:m:" + c.Thread }

func pendingKey(c bot.Conversation) string { return "mb:{" + c.ChannelKey() + "}:p:" + c.Thread }

// promised is the meeting that a claim would become.
func promised(claim bot.Claim) *bot.Meeting {
	return &bot.Meeting{
		OnlineMeeting: bot.OnlineMeeting{JoinURL: linkOf(claim)}, ClaimID: claim.ID, Generation: claim.Generation,
		ExternalID: claim.Request.ExternalID, Organizer: claim.Organizer, Language: claim.Language,
	}
}

// completeAnyClaim completes a claim although another one is pending.
func completeAnyClaim(s *store.Store, _ *miniredis.Miniredis) brokenStore {
	return brokenStore{complete: func(ctx context.Context, claim bot.Claim, m bot.Meeting) (bot.State,
		error) {
		st, err := s.Read(ctx, claim.Conversation, bot.Asker{})
		if err == nil && st.Pending != nil && st.Pending.ID != claim.ID {
			_, err = s.Release(ctx, *st.Pending)
			if err == nil {
				_, err = s.Claim(ctx, claim, true, st.Generation())
			}
		}
		if err != nil {
			return bot.State{}, err
		}
		return s.Complete(ctx, claim, m)
	}}
}

// changeAny changes the meeting that is there, whichever it is.
func changeAny(s *store.Store) func(context.Context, bot.Conversation, string, func(*bot.Meeting)) (bot.State, error) {
	return func(ctx context.Context, c bot.Conversation, _ string, change func(*bot.Meeting)) (bot.State, error) {
		st, err := s.Read(ctx, c, bot.Asker{})
		if err != nil || st.Meeting == nil {
			return st, err
		}
		return s.ChangeMeeting(ctx, c, st.Meeting.ClaimID, change)
	}
}

// TestModelFindsWhatIsBroken leaves out one rule at a time: going through the same scenarios has to come upon it.
func TestModelFindsWhatIsBroken(t *testing.T) {
	for _, tc := range []struct {
		name   string
		in     string // scenario
		breaks func(s *store.Store, raw *miniredis.Miniredis) brokenStore
		blind  bool // to what Graph has: what people are shown tells, too
		want   string
	}{
		{
			name: "claim overwrites a pending one", in: "two meet",
			want: "neither became the conversation's nor was released",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{claim: func(ctx context.Context, claim bot.Claim, fresh bool, seen int) (bot.State,
					error) {
					if _, err := free(ctx, s, claim.Conversation); err != nil {
						return bot.State{}, err
					}
					return s.Claim(ctx, claim, fresh, seen)
				}}
			},
		},
		{
			name: "claim tells everybody that it was theirs that was recorded", in: "two meet",
			want: "neither became the conversation's nor was released",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{claim: func(ctx context.Context, claim bot.Claim, fresh bool, seen int) (bot.State,
					error) {
					st, err := s.Claim(ctx, claim, fresh, seen)
					if st.Pending != nil {
						st.Pending = &claim
					}
					return st, err
				}}
			},
		},
		{
			name: "claim is not kept", in: "two meet", want: "neither became the conversation's nor was released",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{claim: func(ctx context.Context, claim bot.Claim, fresh bool, seen int) (bot.State,
					error) {
					st, err := s.Claim(ctx, claim, fresh, seen)
					if err == nil && st.Pending != nil {
						_, err = s.Release(ctx, *st.Pending)
					}
					return st, err
				}}
			},
		},
		{
			name: "claim takes everybody for its author", in: "two meet, one of them refused",
			want: "is told of the refusal of ann",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{claim: func(ctx context.Context, claim bot.Claim, fresh bool, seen int) (bot.State,
					error) {
					st, err := s.Claim(ctx, claim, fresh, seen)
					if st.Pending != nil {
						st.Pending.Job = claim.Job
					}
					return st, err
				}}
			},
		},
		{
			name: "new does not heed what its asker saw", in: "two new", blind: true, want: "generations were made",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{claim: func(ctx context.Context, claim bot.Claim, fresh bool, seen int) (bot.State,
					error) {
					st, err := s.Read(ctx, claim.Conversation, bot.Asker{})
					if err != nil {
						return bot.State{}, err
					}
					claim.Generation = st.Generation() + 1
					return s.Claim(ctx, claim, fresh, st.Generation())
				}}
			},
		},
		{
			name: "new joins the meeting that its asker saw", in: "meet and new",
			want: "goes round and round",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{claim: func(ctx context.Context, claim bot.Claim, _ bool, seen int) (bot.State,
					error) {
					return s.Claim(ctx, claim, false, seen)
				}}
			},
		},
		{
			name: "complete ignores the claim's ID", in: "two meet, Graph wavers",
			want:   "neither became the conversation's nor was released",
			breaks: completeAnyClaim,
		},
		{
			name: "complete ignores the generation", in: "meet and new from nothing", blind: true,
			want: "after generation 1 and is shown generation 1",
			breaks: func(s *store.Store, raw *miniredis.Miniredis) brokenStore {
				return brokenStore{complete: func(ctx context.Context, claim bot.Claim, m bot.Meeting) (bot.State,
					error) {
					raw.Del(meetingKey(claim.Conversation))
					raw.Del(pendingKey(claim.Conversation))
					if _, err := s.Claim(ctx, claim, true, claim.Generation-1); err != nil {
						return bot.State{}, err
					}
					return s.Complete(ctx, claim, m)
				}}
			},
		},
		{
			name: "complete replaces a meeting of the same generation", in: "two meet, Graph wavers", blind: true,
			want: "generation 1 is shown with two links",
			breaks: func(s *store.Store, raw *miniredis.Miniredis) brokenStore {
				return brokenStore{complete: func(ctx context.Context, claim bot.Claim, m bot.Meeting) (bot.State,
					error) {
					st, err := s.Read(ctx, claim.Conversation, bot.Asker{})
					if err == nil && st.Generation() == claim.Generation {
						raw.Del(meetingKey(claim.Conversation))
						_, err = s.Claim(ctx, claim, false, 0)
					}
					if err != nil {
						return bot.State{}, err
					}
					return s.Complete(ctx, claim, m)
				}}
			},
		},
		{
			name: "complete leaves the claim pending", in: "two meet", want: "goes round and round",
			breaks: func(s *store.Store, raw *miniredis.Miniredis) brokenStore {
				return brokenStore{complete: func(ctx context.Context, claim bot.Claim, m bot.Meeting) (bot.State,
					error) {
					key := pendingKey(claim.Conversation)
					pending, _ := raw.Get(key)
					st, err := s.Complete(ctx, claim, m)
					if err == nil && pending != "" {
						err = raw.Set(key, pending)
					}
					return st, err
				}}
			},
		},
		{
			name: "a card is shown before complete", in: "two meet", want: "is shown",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{
					complete: func(ctx context.Context, claim bot.Claim, m bot.Meeting) (bot.State, error) {
						st, err := s.Read(ctx, claim.Conversation, bot.Asker{})
						st.Meeting, st.Pending = promised(claim), nil
						return st, err
					},
					read: func(ctx context.Context, c bot.Conversation, r reading) (bot.State, error) {
						st, err := read(ctx, s, c, r)
						if st.Pending != nil && r.Announce != "" {
							st.Meeting = promised(*st.Pending)
						}
						return st, err
					},
				}
			},
		},
		{
			name: "release ignores the claim's ID", in: "two meet, one of them refused",
			want: "neither became the conversation's nor was released",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{release: func(ctx context.Context, claim bot.Claim) (bot.State, error) {
					return free(ctx, s, claim.Conversation)
				}}
			},
		},
		{
			name: "release forgets nothing", in: "two meet, one of them refused", want: "goes round and round",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{release: func(ctx context.Context, claim bot.Claim) (bot.State, error) {
					return s.Read(ctx, claim.Conversation, bot.Asker{})
				}}
			},
		},
		{
			name: "release forgets the meeting too", in: "meet and new", blind: true, want: "is shown with two links",
			breaks: func(s *store.Store, raw *miniredis.Miniredis) brokenStore {
				return brokenStore{release: func(ctx context.Context, claim bot.Claim) (bot.State, error) {
					raw.Del(meetingKey(claim.Conversation))
					return s.Release(ctx, claim)
				}}
			},
		},
		{
			name: "a claim never grows old", in: "claim without a job", want: "ends without an answer",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{claim: func(ctx context.Context, claim bot.Claim, fresh bool, seen int) (bot.State,
					error) {
					st, err := s.Claim(ctx, claim, fresh, seen)
					st.PendingAge = 0
					return st, err
				}}
			},
		},
		{
			name: "every claim is old", in: "two meet, Graph falters", want: "did not fail when it was old",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{claim: func(ctx context.Context, claim bot.Claim, fresh bool, seen int) (bot.State,
					error) {
					st, err := s.Claim(ctx, claim, fresh, seen)
					st.PendingAge = time.Hour
					return st, err
				}}
			},
		},
		{
			name: "giving way ignores the claim's ID", in: "two new, Graph falters",
			want: "neither became the conversation's nor was released",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{release: func(ctx context.Context, claim bot.Claim) (bot.State, error) {
					return free(ctx, s, claim.Conversation)
				}}
			},
		},
		{
			name: "complete takes a claim that gave way", in: "two meet, Graph falters",
			want:   "neither became the conversation's nor was released",
			breaks: completeAnyClaim,
		},
		{
			name: "undo ignores a pending claim", in: "new and its undo, and another new", want: "may not undo generation 2",
			breaks: func(s *store.Store, raw *miniredis.Miniredis) brokenStore {
				return brokenStore{undo: func(ctx context.Context, c bot.Conversation, u bot.Undo) (bot.State,
					bot.UndoResult, error) {
					key := pendingKey(c)
					pending, _ := raw.Get(key)
					raw.Del(key)
					st, result, err := s.Undo(ctx, c, u)
					if err == nil && pending != "" {
						err = raw.Set(key, pending)
					}
					return st, result, err
				}}
			},
		},
		{
			name: "undo takes the generation of the earlier meeting", in: "new and its undo, and a meet",
			want: "from generation 2 back to 1",
			breaks: func(s *store.Store, raw *miniredis.Miniredis) brokenStore {
				return brokenStore{undo: func(ctx context.Context, c bot.Conversation, u bot.Undo) (bot.State,
					bot.UndoResult, error) {
					st, result, err := s.Undo(ctx, c, u)
					record, _ := raw.Get(meetingKey(c))
					if _, rest, ok := strings.Cut(record, " "); err == nil && ok && result.Done {
						st.Meeting.Generation = u.Generation - 1
						err = raw.Set(meetingKey(c), fmt.Sprintf("%d %s", st.Meeting.Generation, rest))
					}
					return st, result, err
				}}
			},
		},
		{
			name: "anybody may undo", in: "new and two undos", want: "may not undo generation 2",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{undo: func(ctx context.Context, c bot.Conversation, u bot.Undo) (bot.State,
					bot.UndoResult, error) {
					st, result, err := s.Undo(ctx, c, u)
					if err == nil && result.Owner != "" {
						u.User = result.Owner
						st, result, err = s.Undo(ctx, c, u)
					}
					return st, result, err
				}}
			},
		},
		{
			name: "everybody may show the card to everybody", in: "two meet", want: "is shown to everybody twice",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{read: func(ctx context.Context, c bot.Conversation, r reading) (bot.State, error) {
					st, err := read(ctx, s, c, r)
					st.MayAnnounce = true
					return st, err
				}}
			},
		},
		{
			name: "what takes the place of a dead meeting has the first external ID", in: "its organizer and another meet, expired",
			want: "of which the record says that it does not work",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{claim: func(ctx context.Context, claim bot.Claim, fresh bool, seen int) (bot.State,
					error) {
					if claim.Replaced.Why != "" {
						claim.Request.ExternalID = claim.Conversation.String()
					}
					return s.Claim(ctx, claim, fresh, seen)
				}}
			},
		},
		{
			name: "a dead meeting is replaced without a look at what is there now", in: "three meet, expired", blind: true,
			want: "generations were made",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{claim: func(ctx context.Context, claim bot.Claim, fresh bool, _ int) (bot.State,
					error) {
					st, err := s.Read(ctx, claim.Conversation, bot.Asker{})
					if err != nil {
						return bot.State{}, err
					}
					claim.Generation = st.Generation() + 1
					return s.Claim(ctx, claim, fresh, st.Generation())
				}}
			},
		},
		{
			name: "a change of the record hits whatever meeting is there", in: "two confirm and a new, orphaned",
			want: "does not work",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{change: changeAny(s)}
			},
		},
		{
			name: "a change of the record is lost", in: "two confirm, to be renewed", want: "its record says",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{change: func(ctx context.Context, c bot.Conversation, _ string, _ func(*bot.Meeting)) (
					bot.State, error) {
					return s.Read(ctx, c, bot.Asker{})
				}}
			},
		},
		{
			name: "it counts as told before it is told", in: "two meet, expired", want: "is shown",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{read: func(ctx context.Context, c bot.Conversation, r reading) (bot.State, error) {
					st, err := read(ctx, s, c, r)
					if err == nil && st.MayAnnounce && st.Meeting.Replaced.Why != "" {
						_, err = s.ChangeMeeting(ctx, c, st.Meeting.ClaimID, func(m *bot.Meeting) {
							m.Replaced = bot.Replacement{}
						})
					}
					return st, err
				}}
			},
		},
		{
			name: "a meeting forgets why it was made", in: "two meet, expired", want: "nobody was told",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{complete: func(ctx context.Context, claim bot.Claim, m bot.Meeting) (bot.State, error) {
					m.Replaced = bot.Replacement{}
					return s.Complete(ctx, claim, m)
				}}
			},
		},
		{
			name: "a meeting is said to be made for another reason", in: "two meet, expired", want: "told that the link changed",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{complete: func(ctx context.Context, claim bot.Claim, m bot.Meeting) (bot.State, error) {
					m.Replaced.Why = bot.ReasonLost
					return s.Complete(ctx, claim, m)
				}}
			},
		},
		{
			name: "another meeting of Graph's is adopted without a claim", in: "confirm and a new, another one in Graph",
			want: "which is not Graph's meeting for claim",
			breaks: func(s *store.Store, raw *miniredis.Miniredis) brokenStore {
				return brokenStore{
					claim: func(ctx context.Context, claim bot.Claim, fresh bool, seen int) (bot.State, error) {
						if claim.Replaced.Why != bot.ReasonLost {
							return s.Claim(ctx, claim, fresh, seen)
						}
						st, err := s.Read(ctx, claim.Conversation, bot.Asker{})
						st.Pending = &claim
						return st, err
					},
					complete: func(ctx context.Context, claim bot.Claim, m bot.Meeting) (bot.State, error) {
						if claim.Replaced.Why != bot.ReasonLost {
							return s.Complete(ctx, claim, m)
						}
						raw.Del(meetingKey(claim.Conversation))
						raw.Del(pendingKey(claim.Conversation))
						if _, err := s.Claim(ctx, claim, true, claim.Generation-1); err != nil {
							return bot.State{}, err
						}
						return s.Complete(ctx, claim, m)
					},
				}
			},
		},
		{
			name: "what is to do is forgotten at once", in: "rename and cards", want: "the posted card does not show",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{change: func(ctx context.Context, c bot.Conversation, id string, change func(*bot.Meeting)) (
					bot.State, error) {
					return s.ChangeMeeting(ctx, c, id, func(m *bot.Meeting) {
						change(m)
						m.Todo = 0
					})
				}}
			},
		},
		{
			name: "who changes cards is not told what stands now", in: "new, rename and two cards",
			want: "the posted card does not show",
			breaks: func(s *store.Store, _ *miniredis.Miniredis) brokenStore {
				return brokenStore{change: func(ctx context.Context, c bot.Conversation, id string, change func(*bot.Meeting)) (
					bot.State, error) {
					before, err := s.Read(ctx, c, bot.Asker{})
					if err != nil {
						return bot.State{}, err
					}
					st, err := s.ChangeMeeting(ctx, c, id, change)
					if before.Meeting != nil && before.Meeting.ClaimID != id {
						st.Meeting = nil
					}
					return st, err
				}}
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, sc := range slices.Concat(scenarios, lifetimes) {
				if sc.name != tc.in {
					continue
				}
				sc.blind = tc.blind
				sc.conversations = func(s *store.Store, raw *miniredis.Miniredis) bot.Conversations {
					b := tc.breaks(s, raw)
					b.Store = s
					return b
				}
				err := newExplorer(t, sc).explore()
				if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("want a broken promise with %q", tc.want)
				}
				t.Log(err)
				return
			}
			t.Fatalf("no scenario %q", tc.in)
		})
	}
}
