package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"meetbot/bot"
	"meetbot/store"
)

// letterView is a dead letter as an operator sees it.
type letterView struct {
	Entry        string    `json:"entry"`
	Since        time.Time `json:"since"`
	Conversation string    `json:"conversation"`
	User         string    `json:"user"`
	Command      string    `json:"command"`
	Reason       string    `json:"reason"`
	Text         string    `json:"text,omitempty"` // what the person typed behind the command
	Request      string    `json:"request,omitempty"`
	Accepted     time.Time `json:"accepted,omitzero"`
}

// letterOf shows a dead letter; with everything that it holds if whole is set.
func letterOf(l bot.DeadLetter, whole bool) letterView {
	v := letterView{
		Entry: l.Entry, Since: l.At.UTC(), Conversation: bot.CleanText(l.Job.Conversation.String()),
		User: bot.CleanText(l.Job.Asker.User), Command: bot.CleanText(l.Job.Label()), Reason: bot.CleanText(l.Reason),
	}
	if whole {
		v.Text, v.Request, v.Accepted = bot.CleanText(l.Job.Command.Line), l.Job.Trace, l.Job.Accepted.UTC()
		if v.Text == "" {
			v.Text = bot.CleanText(l.Job.Command.Subject)
		}
	}
	return v
}

// ListDeadLetters writes up to limit dead letters, the newest first.
func ListDeadLetters(ctx context.Context, c Config, o Operation, limit int) error {
	return withStore(ctx, c, func(s *store.Store) error {
		letters, err := s.DeadLetters(ctx, limit)
		if err != nil {
			return err
		}
		all := make([]letterView, 0, len(letters))
		for _, l := range letters {
			all = append(all, letterOf(l, false))
		}
		return o.write(map[string]any{"dead_letters": all}, func(w io.Writer) {
			if len(all) == 0 {
				_, _ = fmt.Fprintln(w, "No dead letters: every answer reached somebody.")
				return
			}
			_, _ = fmt.Fprintln(w, "ENTRY\tSINCE\tCONVERSATION\tUSER\tCOMMAND\tREASON")
			for _, v := range all {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", v.Entry, shownTime(v.Since), v.Conversation, v.User,
					v.Command, v.Reason)
			}
		})
	})
}

// ShowDeadLetter writes all of a dead letter.
func ShowDeadLetter(ctx context.Context, c Config, o Operation, entry string) error {
	return withStore(ctx, c, func(s *store.Store) error {
		l, err := s.DeadLetter(ctx, entry)
		if err != nil {
			return err
		}
		v := letterOf(l, true)
		return o.write(v, v.writeText)
	})
}

func (v letterView) writeText(w io.Writer) {
	for _, line := range [][2]string{
		{"entry", v.Entry}, {"since", shownTime(v.Since)}, {"conversation", v.Conversation}, {"user", v.User},
		{"command", v.Command}, {"text", v.Text}, {"accepted", shownTime(v.Accepted)}, {"request", v.Request},
		{"reason", v.Reason},
	} {
		if line[1] != "" {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", line[0], line[1])
		}
	}
}

// letterChange is what a command did, or would do, to a dead letter.
type letterChange struct {
	Letter letterView `json:"dead_letter"`
	Change string     `json:"change"`
	Done   bool       `json:"done"`
}

// RetryDeadLetter makes the dead letter of that entry a fresh job.
func RetryDeadLetter(ctx context.Context, c Config, o Operation, entry string) error {
	return withStore(ctx, c, func(s *store.Store) error {
		l, err := s.DeadLetter(ctx, entry)
		if err == nil {
			err = s.Retry(ctx, entry)
		}
		if err != nil {
			return err
		}
		o.audit(ctx, "deadletters retry", "entry", entry, "conversation", l.Job.Conversation.String(), "user",
			l.Job.Asker.User)
		const did = "The command will be run again by the next replica that looks for work."
		return o.write(letterChange{letterOf(l, false), did, true}, func(w io.Writer) { _, _ = fmt.Fprintln(w, did) })
	})
}

// DropDeadLetter deletes the dead letter of that entry. Its command is never run again.
func DropDeadLetter(ctx context.Context, c Config, o Operation, entry string) error {
	return withStore(ctx, c, func(s *store.Store) error {
		l, err := s.DeadLetter(ctx, entry)
		if err != nil {
			return err
		}
		result := letterChange{Letter: letterOf(l, true), Change: "This dead letter would be deleted."}
		may, refused := o.confirmed()
		if may {
			if err := s.DropDeadLetter(ctx, entry); err != nil {
				return err
			}
			result.Change, result.Done = "The dead letter is deleted.", true
			o.audit(ctx, "deadletters drop", "entry", entry, "conversation", l.Job.Conversation.String(), "user",
				l.Job.Asker.User)
		}
		err = o.write(result, func(w io.Writer) {
			result.Letter.writeText(w)
			_, _ = fmt.Fprintf(w, "\n%s\n", result.Change)
		})
		return errors.Join(err, refused)
	})
}
