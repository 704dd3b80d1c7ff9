package bot

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Examiner finds out what is wrong with the installation of the bot.
type Examiner interface {
	// Examine makes all checks that can be made until ctx ends. ok is false if an examination is under way in this
	// process already; then nothing was examined.
	Examine(ctx context.Context) (d Diagnosis, ok bool)
}

// Diagnosis is what an [Examiner] found. Its texts are for administrators, in English, and hold no secret.
type Diagnosis struct {
	Findings []Finding // what somebody has to do something about, the worst first
	Skipped  int       // how many checks could not be made
	Fine     int       // how many found that all is well
}

// Finding is one thing that is wrong.
type Finding struct {
	Failed  bool   // something does not work; otherwise it is a warning
	Check   string // the name of the check
	Subject string // what was looked at; empty where the check says it
	Detail  string // what was found, and why it matters
	Next    string // the next step; lines to copy may follow its first line
}

// MaxFindings is how many findings a message shows: on every platform it stays far below the size that a message may
// have.
const MaxFindings = 6

// NotAdministrator says that the asker is not one of the administrators of the bot, as the configuration lists them.
const NotAdministrator Code = "not_administrator"

// NoAdministrators is the cause of NotAdministrator where the configuration lists nobody.
const NoAdministrators Cause = "nobody"

// examineMargin is what an examination leaves of an attempt's time, for the answer.
const examineMargin = 2 * time.Second

// doctorCommand tells an administrator of the bot what is wrong with it.
type doctorCommand struct{ byAttempt }

func (doctorCommand) execute(ctx context.Context, s *Service, t task) (result, error) {
	if t.lease.age() >= s.Timing.GiveUp {
		return result{outcome: OutcomeGaveUp, reply: s.gaveUpReply(t, t.Language)}, nil
	}
	if s.Examiner == nil || len(t.workspace.Administrators) == 0 {
		return refused(t, t.Language, &Error{Code: NotAdministrator, Cause: NoAdministrators}, Organizer{}), nil
	}
	asker, err := s.identify(ctx, t)
	lang := t.workspace.language(&asker, t.Language)
	if err == nil {
		err = s.mustAdminister(ctx, t, asker)
	}
	if refusal := refusalOf(err); refusal != nil {
		s.Log.WarnContext(ctx, "the doctor was asked by somebody who may not", "request", t.Trace,
			"platform", t.Asker.Platform, "user", t.Asker.User, "entra", asker.ID, "error", err)
		return refused(t, lang, refusal, Organizer{}), nil
	}
	if err != nil {
		return result{}, err
	}
	examined, cancel := context.WithTimeout(ctx, s.Timing.Attempt-min(examineMargin, s.Timing.Attempt/2))
	defer cancel()
	found, ok := s.Examiner.Examine(examined)
	s.Log.InfoContext(ctx, "the doctor was asked by an administrator", "request", t.Trace,
		"platform", t.Asker.Platform, "user", t.Asker.User, "entra", asker.ID, "examined", ok,
		"findings", len(found.Findings))
	if !ok {
		return result{outcome: OutcomeWords, reply: DoctorBusyReply(lang, t.Command)}, nil
	}
	return result{outcome: OutcomeExamined, reply: DiagnosisReply(lang, found, t.Command)}, nil
}

// mustAdminister returns nil if the asker is one of those whom the workspace lists as administrators of the bot, by
// object ID, user principal name or primary e-mail. A guest has whatever e-mail another organization gave them, so
// theirs does not count.
func (s *Service) mustAdminister(ctx context.Context, t task, asker Identity) error {
	listed := func(names ...string) bool {
		return slices.ContainsFunc(t.workspace.Administrators, func(listed string) bool {
			is := func(name string) bool { return name != "" && strings.EqualFold(name, listed) }
			return slices.ContainsFunc(names, is)
		})
	}
	if listed(asker.ID, asker.UPN) {
		return nil
	}
	user, err := s.graph.user(ctx, t.slot, s.graph.forCommand, t.workspace.Tenant, asker.ID)
	switch {
	case err != nil:
		return err
	case user.Enabled && listed(user.UPN), user.Enabled && !user.Guest && listed(user.Mail):
		return nil
	}
	return &Error{Code: NotAdministrator}
}

// DiagnosisReply tells an administrator what was found: the worst, as much as fits, with the next steps.
func DiagnosisReply(lang Language, d Diagnosis, c Command) Reply {
	aloud := message("doctor.aloud", Arg{"Again", c})
	reply := Reply{Audience: AudienceAsker, Language: lang, PublicFallback: &aloud}
	failed := 0
	for _, f := range d.Findings {
		if f.Failed {
			failed++
		}
	}
	count := []Arg{
		{"Failed", failed}, {"Warned", len(d.Findings) - failed}, {"Skipped", d.Skipped}, {"Fine", d.Fine},
	}
	if len(d.Findings) == 0 {
		reply.Messages = []Message{message("doctor.well", count...)}
		return reply
	}
	reply.Messages = []Message{message("doctor.found", count...)}
	if lang != English {
		reply.Messages = append(reply.Messages, message("doctor.english"))
	}
	for _, f := range d.Findings[:min(len(d.Findings), MaxFindings)] {
		id, what := "doctor.warning", f.Check
		if f.Failed {
			id = "doctor.failure"
		}
		if f.Subject != "" {
			what += " (" + f.Subject + ")"
		}
		first, lines, _ := strings.Cut(f.Next, "\n")
		next := message("doctor.next", Arg{"Next", longText(first)})
		if lines != "" {
			next.Code = strings.Split(lines, "\n")
		}
		reply.Messages = append(reply.Messages, message(id, Arg{"Check", what}, Arg{"Detail", longText(f.Detail)}),
			next)
	}
	if more := len(d.Findings) - MaxFindings; more > 0 {
		reply.Messages = append(reply.Messages, message("doctor.more", Arg{"Count", more}))
	}
	return reply
}

// DoctorBusyReply says that an examination is under way.
func DoctorBusyReply(lang Language, c Command) Reply {
	return sentence(lang, message("doctor.busy", Arg{"Again", c}))
}
