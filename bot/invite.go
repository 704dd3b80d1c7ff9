package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// inviting makes a card one that announces whom its asker invites: everybody reads it.
func (r *Reply) inviting(people []Mention, state State) {
	shown := slices.DeleteFunc(slices.Clone(people), func(m Mention) bool { return m.Kind == MentionBot })
	if r.Card == nil || len(shown) == 0 {
		return
	}
	r.Card.Invited = shown[:min(len(shown), MaxInvited)]
	r.Card.Copy = false
	if !state.Meeting.Withheld {
		r.Audience, r.Language = AudienceEveryone, state.Meeting.Language
	}
}

// withPeople invites those whom the command names, if it came to a card: the card mentions them, and a job of its own
// puts them on the meeting's list. The job is safe in the queue before the command is answered, so no crash loses it.
// It is started after the answer, so that what its asker is told of it comes after the card.
func (s *Service) withPeople(ctx context.Context, t task, asker Identity, state State, done result, err error) (result,
	error) {
	people := t.wish.people
	switch {
	case err != nil, len(people) == 0, state.Meeting == nil:
		return done, err
	case !done.show && done.reply.Card == nil:
		done.reply.askedAbout(people)
		return done, nil
	}
	j := Job{
		Intent: Intent{
			Kind: JobInvite, Command: Command{Kind: Meet, Line: marksOf(people)}, Generation: state.Generation(),
			Listed: listPrint(done.listed),
		},
		// Another attempt may find another meeting: its card shows that one, and so people are invited to it.
		ID:           "invite-" + shortHash(fmt.Sprintf("%s\n%d", t.ID, state.Generation())),
		Conversation: state.Conversation, Asker: t.Asker, Seen: state.Generation(), Language: asker.Language,
		Zone: t.Zone, Route: t.Route, Accepted: time.Now(), Trace: t.Trace,
	}
	done.next, err = s.acceptFor(ctx, j)
	if _, tooMany := errors.AsType[BusyError](err); tooMany { // some of the asker's other commands are done soon
		err = &Error{Code: Throttled, Err: err}
	}
	if err != nil {
		return result{}, err
	}
	if done.show {
		done.invited, done.invitedTo = shownTo(people, t), state.Generation()
		return done, nil
	}
	done.reply.inviting(shownTo(people, t), state)
	return done, nil
}

// askedAbout says what becomes of the people of a command whose asker is asked first whether a date is to be changed:
// the button invites them too, if it can hold them.
func (r *Reply) askedAbout(people []Mention) {
	for i, a := range r.Actions {
		change, ok := parseRedate(a.Value)
		if a.ID != ActionRedate || !ok {
			continue
		}
		change.people = marksOf(marksIn(marksOf(people), maxMentions))
		if value := change.String(); len(value) <= MaxActionValue {
			r.Actions[i].Value = value
			r.Messages = append(r.Messages, message("people.asked_too"))
		} else {
			r.Messages = append(r.Messages, message("people.asked"))
		}
	}
}

// shownTo are those whom a card mentions: everybody who is named but the asker.
func shownTo(people []Mention, t task) []Mention {
	return slices.DeleteFunc(slices.Clone(people), func(m Mention) bool {
		return strings.EqualFold(m.ID, t.Asker.User) || strings.EqualFold(m.ID, t.Route.User)
	})
}

// shortHash makes an ID of a text, for a job that follows from it.
func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// faultsFor is how long somebody who cannot be looked up is tried again.
const faultsFor = 2 * time.Minute

// invite puts those whom a command names on the meeting's list, and sends an invitation to those who do not read the
// conversation. The asker hears of it only if somebody is left out.
type invite struct{ byAttempt }

func (invite) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, nothing, err := s.stillAbout(ctx, t)
	if err != nil || nothing != "" {
		return result{outcome: nothing, silent: true}, err
	}
	m := state.Meeting
	in, err := s.invitation(ctx, t, marksIn(t.Command.Line, maxMentions))
	if err == nil {
		err = s.tellOutsiders(ctx, t, state, in.people)
	}
	if err != nil {
		return result{}, err
	}
	people, err := s.mapPeople(ctx, ctx, t, in.people)
	if err != nil {
		return result{}, err
	}
	for _, p := range people {
		switch {
		case p.fault != nil && t.lease.age() < faultsFor:
			return result{}, p.fault
		case p.fault != nil:
			in.left = append(in.left, LeftOut{p.Mention, Unavailable})
		case p.why != "":
			in.left = append(in.left, LeftOut{p.Mention, p.why})
		}
	}
	refused, err := s.putOnList(ctx, t, state.Conversation, *m, attendeesOf(people, m.Organizer.ID))
	if err != nil {
		return result{}, err
	}
	reply := LeftOutReply(t.workspace.language(state.Identity, t.Language), in.left, in.more, refused)
	if reply.Empty() {
		return silent(OutcomeInvited)
	}
	return result{outcome: OutcomeInvited, reply: reply}, nil
}

// stillAbout reads the meeting that the job is about. nothing says why there is nothing to do, if there is not.
func (s *Service) stillAbout(ctx context.Context, t task) (state State, nothing Outcome, err error) {
	if state, err = s.standing(ctx, t, t.Asker); err != nil {
		return state, "", err
	}
	switch m := state.Meeting; {
	case m == nil || m.Generation != t.Generation || !m.Alive(s.Clock()):
		return state, OutcomeObsolete, nil
	case t.lease.age() >= s.Timing.GiveUp:
		return state, OutcomeGaveUp, nil
	default:
		return state, "", nil
	}
}

// tellOutsiders starts a job for each of the people who do not read the conversation.
func (s *Service) tellOutsiders(ctx context.Context, t task, state State, people []Mention) error {
	platform, ok := s.Platforms[t.Asker.Platform].(Inviter)
	if !ok || len(people) == 0 {
		return nil
	}
	users := make([]string, len(people))
	for i, p := range people {
		users[i] = p.ID
	}
	var outside []string
	err := retryThrottled(ctx, t.slot, func() (err error) {
		if outside = users; state.Meeting.Withheld { // nobody reads a card that mentions them
			return nil
		}
		outside, err = platform.Outside(ctx, t.Route, users)
		return err
	})
	if err != nil {
		return err
	}
	by := ""
	if state.Identity != nil {
		by = state.Identity.Name
	}
	for _, user := range outside {
		to := t.Asker
		to.User = user
		err := s.acceptUpkeep(ctx, Job{
			Intent: Intent{
				Kind: JobTell, Command: Command{Kind: Meet, Subject: CleanText(by)}, Generation: t.Generation,
			},
			ID: "tell-" + shortHash(t.ID+"\n"+user), Conversation: t.Conversation, Asker: to, Seen: t.Generation,
			Route: Route{Channel: t.Route.Channel, User: user}, Accepted: time.Now(), Trace: t.Trace,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tell sends an invitation as a direct message. One that cannot be delivered is no dead letter: the card mentions the
// person too.
type tell struct{ inBackground }

func (tell) execute(ctx context.Context, s *Service, t task) (result, error) {
	state, nothing, err := s.stillAbout(ctx, t)
	if err != nil || nothing != "" {
		return result{outcome: nothing, silent: true}, err
	}
	m := state.Meeting
	platform, ok := s.Platforms[t.Conversation.Platform]
	if !ok {
		return result{}, &Error{Code: Unavailable, Err: errors.New("the platform is not configured")}
	}
	reply := InvitationReply(t.workspace.language(state.Identity, m.Language), *m, t.Command.Subject, s.Clock())
	reply.Card.Of = state.Conversation
	s.addCalendar(ctx, &reply)
	reply.setZone(state.Identity.zone(""))
	again, err := s.Queue.BeginSend(ctx, t.lease)
	if err != nil {
		return result{}, err
	}
	if again {
		s.Observer.PossibleDuplicate()
	}
	err = retryThrottled(ctx, t.slot, func() error {
		_, err := platform.Deliver(ctx, t.Job, reply)
		return err
	})
	if Temporary(err) {
		if CodeOf(err) == Unavailable && !Unsent(err) { // it may have arrived, and is sent again
			s.Observer.PossibleDuplicate()
		}
		return result{}, s.notSent(ctx, &t.lease, err)
	}
	if err != nil {
		s.Log.InfoContext(ctx, "somebody who was invited cannot get a direct message", "request", t.Trace,
			"error", err)
	}
	return silent(OutcomeTold)
}

// InvitationReply is the card for somebody who is invited and does not read the conversation, as a direct message.
func InvitationReply(lang Language, m Meeting, by string, now time.Time) Reply {
	if by == "" {
		by = m.Organizer.Name
	}
	card := &Card{Meeting: m, Ahead: m.ahead(now), InvitedBy: by}
	return Reply{Audience: AudienceDirect, Language: lang, Card: card}
}

// LeftOutReply tells the asker who is mentioned and not on the meeting's list, each with the reason in a word. It is
// empty if there is nothing to tell. more says that more than MaxInvited were named, and refused that Graph did not
// take the list.
func LeftOutReply(lang Language, left []LeftOut, more, refused bool) Reply {
	aloud := message("people.aloud")
	reply := Reply{Audience: AudienceAsker, Language: lang, PublicFallback: &aloud}
	if len(left) > 0 {
		reply.Messages = append(reply.Messages, message("people.left_out"))
	}
	var whys []Code
	for _, l := range left {
		if !slices.Contains(whys, l.Why) {
			whys = append(whys, l.Why)
		}
	}
	for _, why := range whys {
		var who People
		for _, l := range left {
			if l.Why == why {
				who = append(who, l.Mention)
			}
		}
		if !hasReason[why] {
			why = otherReason
		}
		reply.Messages = append(reply.Messages, message("people.why_"+string(why), Arg{"Who", who}))
	}
	if refused {
		reply.Messages = append(reply.Messages, message("people.refused"))
	}
	if more {
		reply.Messages = append(reply.Messages, message("people.more", Arg{"Most", MaxInvited}))
	}
	return reply
}

// otherReason is any reason that has no words.
const otherReason Code = "other"

// hasReason are the reasons that have words, in the catalogue under "people.why_" and the code.
var hasReason = map[Code]bool{
	NotAPerson: true, OutsideWorkspace: true, NoEmail: true, UnconfirmedEmail: true, NotInDirectory: true,
	AmbiguousIdentity: true, DisabledAccount: true, Unavailable: true, UnknownPerson: true, ClosedGroup: true,
}
