package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"meetbot/bot"
	"meetbot/bot/slackapp"
	"meetbot/store"
)

// meetingView is a conversation's meeting as an operator sees it.
type meetingView struct {
	Conversation string       `json:"conversation"`
	Readable     bool         `json:"readable"` // by this release
	Generation   int          `json:"generation,omitempty"`
	Subject      string       `json:"subject,omitempty"`
	JoinURL      string       `json:"join_url,omitempty"` // who has it can join
	ID           string       `json:"id,omitempty"`       // Graph's
	ExternalID   string       `json:"external_id,omitempty"`
	ClaimID      string       `json:"claim_id,omitempty"`
	Organizer    personView   `json:"organizer,omitzero"`
	StartedBy    personView   `json:"started_by,omitzero"`
	DatedBy      string       `json:"dated_by,omitempty"`
	Created      time.Time    `json:"created,omitzero"`
	Start        time.Time    `json:"start,omitzero"`
	End          time.Time    `json:"end,omitzero"`
	Dated        bool         `json:"dated,omitempty"`
	Expires      time.Time    `json:"expires,omitzero"`
	Orphaned     bool         `json:"orphaned,omitempty"`
	Pending      *pendingView `json:"pending,omitempty"`
}

type personView struct {
	ID   string `json:"id,omitempty"` // Entra's object ID, or the chat user's
	Name string `json:"name,omitempty"`
}

type pendingView struct {
	Generation int        `json:"generation"`
	Organizer  personView `json:"organizer"`
	User       string     `json:"user,omitempty"`
}

// viewOf shows a meeting; nil for one that cannot be read. The join link is shown if secrets is set.
func viewOf(c bot.Conversation, m *bot.Meeting, secrets bool) meetingView {
	if m == nil {
		return meetingView{Conversation: c.String()}
	}
	v := meetingView{
		Conversation: c.String(), Readable: true, Generation: m.Generation, Subject: bot.CleanText(m.Subject),
		ExternalID: m.ExternalID, ClaimID: m.ClaimID,
		Organizer: personView{m.Organizer.ID, bot.CleanText(m.Organizer.Name)},
		StartedBy: personView{m.StartedBy.User, bot.CleanText(m.StartedBy.Name)}, DatedBy: m.DatedBy,
		Created: m.Created, Start: m.Start, End: m.End, Dated: m.Dated, Expires: m.Expires, Orphaned: m.Orphaned,
	}
	if secrets {
		v.JoinURL, v.ID = m.JoinURL, m.ID
	}
	return v
}

// ListMeetings writes every conversation that has a meeting, by name. It goes through the whole of Redis.
func ListMeetings(ctx context.Context, c Config, o Operation) error {
	return withStore(ctx, c, func(s *store.Store) error {
		found := map[string]meetingView{} // a key may be found twice
		err := s.Meetings(ctx, func(h store.Held) error {
			v := viewOf(h.Conversation, h.Meeting, false)
			found[v.Conversation] = v
			return nil
		})
		if err != nil {
			return err
		}
		all := make([]meetingView, 0, len(found))
		for _, v := range found {
			all = append(all, v)
		}
		slices.SortFunc(all, func(a, b meetingView) int { return cmp.Compare(a.Conversation, b.Conversation) })
		return o.write(map[string]any{"meetings": all}, func(w io.Writer) {
			if len(all) == 0 {
				_, _ = fmt.Fprintln(w, "No conversation has a meeting.")
				return
			}
			_, _ = fmt.Fprintln(w, "CONVERSATION\tGENERATION\tEXPIRES\tORGANIZER\tSUBJECT")
			for _, v := range all {
				if !v.Readable {
					v.Subject = "(this release cannot read the record)"
				}
				_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", bot.CleanText(v.Conversation), v.Generation,
					cmp.Or(shownTime(v.Expires), "-"), cmp.Or(v.Organizer.Name, v.Organizer.ID, "-"), v.Subject)
			}
		})
	})
}

// heldBy reads what the conversation of this name holds. It is an error if that is nothing.
func heldBy(ctx context.Context, s *store.Store, name string) (bot.State, error) {
	conversation, err := conversationNamed(name)
	if err != nil {
		return bot.State{}, err
	}
	state, err := s.Read(ctx, conversation, bot.Asker{})
	if err != nil && bot.CodeOf(err) != bot.UnreadableRecord {
		return state, err
	}
	if state.Meeting == nil && state.Pending == nil && state.Generation() == 0 {
		return state, fmt.Errorf("%s has no meeting", name)
	}
	return state, nil
}

func stateView(state bot.State) meetingView {
	v := viewOf(state.Conversation, state.Meeting, true)
	if state.Meeting == nil {
		v.Readable, v.Generation = state.UnreadableGeneration == 0, state.UnreadableGeneration
	}
	if p := state.Pending; p != nil {
		v.Pending = &pendingView{p.Generation, personView{p.Organizer.ID, bot.CleanText(p.Organizer.Name)}, p.User}
	}
	return v
}

// writeText writes the view line by line.
func (v meetingView) writeText(w io.Writer) {
	line := func(name, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	person := func(p personView) string {
		if p.ID == "" || p.Name == "" {
			return p.ID + p.Name
		}
		return p.Name + " (" + p.ID + ")"
	}
	line("conversation", bot.CleanText(v.Conversation))
	switch {
	case !v.Readable:
		line("meeting", "this release cannot read the record")
	case v.Generation == 0:
		line("meeting", "none yet")
	}
	if v.Generation > 0 {
		line("generation", fmt.Sprint(v.Generation))
	}
	line("subject", v.Subject)
	line("join link", v.JoinURL)
	line("organizer", person(v.Organizer))
	line("asked for by", person(v.StartedBy))
	line("created", shownTime(v.Created))
	if v.Dated {
		line("date", shownTime(v.Start)+" to "+shownTime(v.End)+", set by "+v.DatedBy)
	}
	line("expires", shownTime(v.Expires))
	if v.Orphaned {
		line("orphaned", "the organizer is missing or disabled; the next asker gets another meeting")
	}
	line("external ID", bot.CleanText(v.ExternalID))
	line("Graph's ID", v.ID)
	line("claim", v.ClaimID)
	if p := v.Pending; p != nil {
		line("pending claim", fmt.Sprintf("generation %d, organizer %s, asked for by %s", p.Generation,
			person(p.Organizer), p.User))
	}
}

// ShowMeeting writes all that Redis holds of a conversation's meeting, with the join link.
func ShowMeeting(ctx context.Context, c Config, o Operation, name string) error {
	return withStore(ctx, c, func(s *store.Store) error {
		state, err := heldBy(ctx, s, name)
		if err != nil {
			return err
		}
		v := stateView(state)
		return o.write(v, v.writeText)
	})
}

// meetingChange is what a command did, or would do, to a meeting.
type meetingChange struct {
	Meeting meetingView `json:"meeting"`
	Change  string      `json:"change"`
	Done    bool        `json:"done"`
}

// change shows a change of a meeting, and makes it if the operator has confirmed it.
func (o Operation) change(ctx context.Context, state bot.State, action, would, did string, do func() error) error {
	result := meetingChange{Meeting: stateView(state), Change: would}
	may, refused := o.confirmed()
	if may {
		if err := do(); err != nil {
			return err
		}
		result.Change, result.Done = did, true
		o.audit(ctx, action, "conversation", state.Conversation.String(), "generation", state.Generation())
	}
	err := o.write(result, func(w io.Writer) {
		if !may {
			result.Meeting.writeText(w)
			_, _ = fmt.Fprintln(w)
		}
		_, _ = fmt.Fprintln(w, result.Change)
	})
	return errors.Join(err, refused)
}

// afterForgetting is what follows when a meeting is forgotten.
const afterForgetting = "The next who asks there gets a fresh one, and the cards of this one are changed then. The " +
	"meeting itself stays in Microsoft Teams, and its link goes on working."

// ForgetMeeting forgets a conversation's meeting: the next asker gets a fresh one, whoever they are.
func ForgetMeeting(ctx context.Context, c Config, o Operation, name string) error {
	return withStore(ctx, c, func(s *store.Store) error {
		state, err := heldBy(ctx, s, name)
		if err != nil {
			return err
		}
		return o.change(ctx, state, "meeting forget",
			"This meeting would be forgotten. "+afterForgetting, "The meeting is forgotten. "+afterForgetting,
			func() error {
				_, err := s.Forget(ctx, state.Conversation, "")
				return err
			})
	})
}

// ReplaceMeeting has a replica make a fresh meeting for a conversation and post its card there, as if the chat user had
// typed `new`. With an empty user it is who asked for the present meeting.
func ReplaceMeeting(ctx context.Context, c Config, o Operation, name, user string) error {
	return withStore(ctx, c, func(s *store.Store) error {
		state, err := heldBy(ctx, s, name)
		if err != nil {
			return err
		}
		if state.Conversation.Platform != slackapp.Platform {
			return errors.New("only a conversation of Slack can be replaced from here: Teams takes answers to " +
				"messages alone. Type `@meetbot new` there, or use `bot meeting forget`")
		}
		if user == "" && state.Meeting != nil {
			user = state.Meeting.StartedBy.User
		}
		if user == "" {
			return errors.New("nobody knows who asked for this meeting: say with --as USER in whose name the fresh " +
				"one is")
		}
		did := fmt.Sprintf("A replica makes a fresh meeting in the name of %s now, and posts its card there.", user)
		return o.change(ctx, state, "meeting replace",
			fmt.Sprintf("A fresh meeting would take the place of this one, in the name of %s, and its card would be "+
				"posted there.", user),
			did, func() error { return acceptNew(ctx, s, state, user) })
	})
}

// acceptNew puts `new` into the queue for the next replica that looks for work.
func acceptNew(ctx context.Context, s *store.Store, state bot.State, user string) error {
	at, id := state.Conversation, rand.Text()
	fresh := bot.Command{Kind: bot.New}
	if state.Meeting != nil {
		fresh.Subject = state.Meeting.Subject
	}
	lease, err := s.Accept(ctx, bot.Job{
		ID: "operator:" + id, Trace: id, Accepted: time.Now(),
		Intent:       bot.Intent{Kind: bot.JobCommand, Command: fresh},
		Conversation: at, Asker: bot.Asker{Platform: at.Platform, Workspace: at.Workspace, User: user},
		Seen:  state.Generation(),
		Route: bot.Route{Channel: at.Channel, Thread: at.Thread, User: user},
	})
	if _, busy := errors.AsType[bot.BusyError](err); busy {
		return fmt.Errorf("%s waits for too many commands at present", user)
	}
	if err != nil {
		return err
	}
	return s.GiveBack(ctx, lease, true)
}
