package bot

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
)

// LinkPath is the beginning of the path of a conversation's lasting link; its token follows.
const LinkPath = "/j/"

// newLinkToken returns the token of a new lasting link: 130 random bits as 26 letters and digits. It has neither a
// hyphen nor an underscore, as base64url has: where people paste a link into a chat, a wiki or a mail, what makes links
// of text leaves those out at the end, and takes underscores for italics.
func newLinkToken() string { return rand.Text() }

// linkToken is the form of every token.
var linkToken = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// IsLinkToken tells whether a text has the form of a lasting link's token. Any other text is no conversation's token.
func IsLinkToken(text string) bool { return linkToken.MatchString(text) }

// linkFingerprint tells tokens apart without giving them away: what a button that replaces a token carries of it.
func linkFingerprint(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:8])
}

// linkPrint is the form of a fingerprint.
var linkPrint = regexp.MustCompile(`^[0-9a-f]{16}$`)

// Followed is where a lasting link leads.
type Followed struct {
	JoinURL  string   // of the conversation's meeting; empty if it has none that works
	Language Language // of the conversation's meeting, whether or not it still works; empty if there is none
}

// Follow looks up where a lasting link leads now. That makes nothing, and counts as a use of the meeting. The error is
// ErrNoLink if no conversation has the token, or not any more; any other error may pass.
func (s *Service) Follow(ctx context.Context, token string) (Followed, error) {
	if !IsLinkToken(token) {
		return Followed{}, ErrNoLink
	}
	state, err := s.Links.Follow(ctx, token)
	switch {
	case CodeOf(err) == UnreadableRecord: // an asker is told what mends it
		return Followed{}, nil
	case err != nil:
		return Followed{}, err
	case state.Meeting == nil:
		return Followed{}, nil
	case !state.Meeting.Alive(s.Clock()):
		return Followed{Language: state.Meeting.Language}, nil
	default:
		s.tendAfterUse(state, Job{Trace: "link"})
		return Followed{JoinURL: state.Meeting.JoinURL, Language: state.Meeting.Language}, nil
	}
}

// linkURL is the lasting link with this token.
func (s *Service) linkURL(token string) string { return s.PublicURL + LinkPath + token }

// linkCommand shows the asker the conversation's lasting link. Where there is no meeting it makes none, and no link.
type linkCommand struct{}

func (linkCommand) announces() bool { return false }

// answer leaves the link itself to an attempt, since the conversation may get its token only then.
func (linkCommand) answer(s *Service, i Intent, where Route, state *State, lang Language) (Reply, Outcome) {
	if s.PublicURL == "" {
		return NoLinksReply(lang), OutcomeWords
	}
	shown, outcome := showCommand{}.answer(s, i, where, state, lang)
	if shown.Card != nil {
		return Reply{}, ""
	}
	return shown, outcome // there is no meeting, or nobody knows yet
}

func (c linkCommand) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, lang, done, err := s.opening(ctx, t, c)
	if err != nil || done.outcome != "" {
		return done, err
	}
	token, err := s.Links.Link(ctx, state.Conversation, newLinkToken(), "")
	if err != nil {
		return result{}, err
	}
	if err := s.missBookmark(ctx, t, state); err != nil {
		return result{}, err
	}
	return result{outcome: OutcomeKnown, reply: LinkReply(lang, LinkShown, s.linkURL(token), token)}, nil
}

// relink replaces the token of the conversation's lasting link, so that every earlier one leads nowhere.
type relink struct{}

func (relink) announces() bool { return false }

func (relink) answer(s *Service, _ Intent, _ Route, _ *State, lang Language) (Reply, Outcome) {
	if s.PublicURL == "" {
		return NoLinksReply(lang), OutcomeWords
	}
	return Reply{}, ""
}

// execute replaces the token that the pressed button stands beside, and no other: an old message replaces nothing by
// mistake. A link is also replaced where the meeting does not work any more: it may have come into wrong hands.
func (r relink) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, lang, done, err := s.opening(ctx, t, r)
	if err != nil || done.outcome != "" {
		return done, err
	}
	if state.Meeting == nil {
		return result{outcome: OutcomeKnown, reply: NoMeetingReply(lang)}, nil
	}
	token, err := s.Links.Link(ctx, state.Conversation, newLinkToken(), "")
	if err != nil {
		return result{}, err
	}
	what, outcome := LinkStale, OutcomeKnown
	if linkFingerprint(token) == t.Link {
		if token, err = s.Links.Link(ctx, state.Conversation, newLinkToken(), token); err != nil {
			return result{}, err
		}
		what, outcome = LinkReplaced, OutcomeRelinked
	}
	// Also where nothing was replaced: that may have been done by an attempt that broke off here.
	if err := s.wantBookmark(ctx, t, state); err != nil {
		return result{}, err
	}
	return result{outcome: outcome, reply: LinkReply(lang, what, s.linkURL(token), token)}, nil
}
