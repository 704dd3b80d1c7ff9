package doctor

import (
	"context"
	"errors"
	"strings"

	"meetbot/bot"
)

// graphOptions tries the options of new meetings on the trial meetings, one after the other: Graph may refuse one of
// them, as a label or a policy of the tenant may forbid it. The bot makes its meetings all the same.
func (e *examination) graphOptions(ctx context.Context) []finding {
	wanted := e.config.MeetingOptions()
	if wanted == (bot.MeetingOptions{}) {
		return nil
	}
	if len(e.trials) == 0 {
		return one(skip("MEETING_…", "The options of new meetings can be tried only on a trial meeting, and "+
			"graph.meeting "+
			"made none."))
	}
	graph, err := e.graph()
	if err != nil {
		return one(skip("MEETING_…", "The client of Graph cannot be made."))
	}
	var all []finding
	for _, t := range e.trials {
		for _, o := range []struct {
			variable, value string
			only            bot.MeetingOptions
		}{
			{"MEETING_LOBBY", wanted.Lobby, bot.MeetingOptions{Lobby: wanted.Lobby}},
			{"MEETING_PRESENTERS", wanted.Presenters, bot.MeetingOptions{Presenters: wanted.Presenters}},
			{"MEETING_CHAT", wanted.Chat, bot.MeetingOptions{Chat: wanted.Chat}},
			{"MEETING_RECORD", wanted.Record, bot.MeetingOptions{Record: wanted.Record}},
			{"MEETING_ANNOUNCE", wanted.Announce, bot.MeetingOptions{Announce: wanted.Announce}},
		} {
			if o.value == "" {
				continue
			}
			_, err := graph.ChangeMeeting(ctx, e.tenant(), t.organizer, t.meeting, bot.MeetingChange{Options: o.only})
			if err != nil {
				all = append(all, e.refusedOption(o.variable+"="+o.value, t.who, err))
			}
		}
	}
	if len(all) == 0 {
		all = one(ok("MEETING_…", "Graph takes the options of new meetings."))
	}
	return all
}

// refusedOption explains why Graph did not take an option.
func (e *examination) refusedOption(setting, who string, err error) finding {
	refusal, _ := errors.AsType[*bot.Error](err)
	variable, _, _ := strings.Cut(setting, "=")
	stays := " New meetings are made all the same, with what the organizer's meeting policy says."
	switch refusal.Code {
	case bot.BadRequest:
		why := refusal.Reason
		if why == "" {
			why = "it does not say why"
		}
		why = strings.TrimRight(why, ".")
		return fail(variable, "Graph does not take "+setting+" for a meeting of "+who+" ("+why+")."+stays,
			"Remove "+variable+", or choose another value: docs/configuration.md.")
	case bot.OrganizerRefused, bot.NoAccessPolicy, bot.NoPermission:
		return fail(variable, "Graph lets the app make a meeting for "+who+", and not change it to "+setting+" ("+
			withoutCode(err)+")."+stays, "A Teams administrator looks at the meeting policy and the sensitivity "+
			"labels "+
			"of "+who+": Teams admin center (https://admin.teams.microsoft.com), Meetings, Meeting policies.")
	}
	f := e.graphTrouble(variable, err)
	f.status = Warn
	return f
}
