// Package replytest lists every reply that the bot can give, so that the tests of each platform show how it draws every
// sentence and every card. Call [Replies], or [Meeting] for the meeting that the cards show.
//
// It imports bot and no other package of the program. It promises a reply for every code of an error that a person can
// meet.
package replytest

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"meetbot/bot"
)

// Meeting is the meeting that the replies show.
func Meeting() bot.Meeting {
	return bot.Meeting{
		OnlineMeeting: bot.OnlineMeeting{
			JoinURL: "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?" +
				"context=%7b%22Tid%22%3a%22t%22%2c%22Oid%22%3a%22o%22%7d",
			Subject:      "Design review",
			Created:      time.Date(2026, 3, 12, 15, 4, 5, 0, time.UTC),
			JoinID:       "291 845 773 102",
			Passcode:     "Xy7pQ2",
			TollNumber:   "+1 555 0100",
			ConferenceID: "123 456 789#",
		},
		ClaimID: "CLAIM", Generation: 1, ExternalID: "slack:T024BE7LD:C2147483705",
		Organizer: bot.Organizer{ID: "a1111111-0000-4000-8000-000000000001", Name: "Ann Example"},
		Language:  bot.English,
		StartedBy: bot.Starter{User: "U0ANN", Name: "Ann Example"},
	}
}

// Lives are the cards that tell of a meeting's life: it was renamed, it took an earlier one's place, or another took
// its place.
func Lives(lang bot.Language) map[string]bot.Reply {
	meeting := Meeting()
	current := meeting
	current.Generation, current.Subject = 2, "Design review, next quarter"
	current.JoinURL = strings.Replace(current.JoinURL, "meeting_abc", "meeting_def", 1)
	served := meeting
	served.StartedBy = bot.Starter{User: "U0BEN", Name: "Ben Example"}
	all := map[string]bot.Reply{}
	for name, card := range map[string]bot.Card{
		"renamed":       {Meeting: current, Renamed: true},
		"started-by":    {Meeting: served},
		"ended":         {Meeting: meeting, Ended: true},
		"ended-current": {Meeting: meeting, Ended: true, Current: &current},
	} {
		all["card-"+name] = bot.Reply{Language: lang, Card: &card}
	}
	maps.Copy(all, calendars(lang))
	for _, why := range []bot.Reason{bot.ReasonExpired, bot.ReasonOrphaned, bot.ReasonLost} {
		card := bot.Card{Meeting: current, New: true, Why: bot.Replacement{Why: why, Organizer: "Caio Example"}}
		all["card-why-"+string(why)] = bot.Reply{Language: lang, Card: &card}
	}
	return all
}

// Invitations are the cards that mention people or tell them, and what an asker is told of people who are left out.
func Invitations(lang bot.Language) map[string]bot.Reply {
	person := func(id, name string) bot.Mention {
		return bot.Mention{Kind: bot.MentionPerson, ID: id, Name: name}
	}
	people := []bot.Mention{
		person("U0BEN", "Ben Example"), person("U0BEN2", "Ben Example"), person("U0X", "<!here> *x* [y](z) </at>"),
		{Kind: bot.MentionGroup, ID: "S0TEAM", Name: "@team"},
		{Kind: bot.MentionUnknown, ID: "<!zoe>", Name: "@<!zoe>"},
	}
	var left []bot.LeftOut
	for i, why := range []bot.Code{
		bot.NotAPerson, bot.OutsideWorkspace, bot.NoEmail, bot.UnconfirmedEmail, bot.NotInDirectory,
		bot.AmbiguousIdentity, bot.DisabledAccount, bot.Unavailable, bot.UnknownPerson, bot.ClosedGroup, bot.BadRequest,
	} {
		left = append(left, bot.LeftOut{Mention: people[i%len(people)], Why: why})
	}
	dated := bot.InvitationReply(lang, datedMeeting(), "Ann Example", Meeting().Created)
	dated.Card.Calendar = calendarLinks()
	return map[string]bot.Reply{
		"card-invitation-dated": dated,
		"card-with":             {Language: lang, Card: &bot.Card{Meeting: Meeting(), New: true, Invited: people}},
		"card-invitation": bot.InvitationReply(lang, Meeting(), "Ann <!here>",
			time.Date(2026, 3, 12, 15, 4, 5, 0, time.UTC)),
		"people-left-out": bot.LeftOutReply(lang, left, true, true),
	}
}

// calendarLinks are the ways into a calendar.
func calendarLinks() bot.CalendarLinks {
	return bot.CalendarLinks{
		File: "https://bot.example.com" + bot.CalendarPath + "MxP0Rau3PprlhQaUdEIeMwGI5RD47yNy" + bot.CalendarSuffix,
		Outlook: "https://outlook.office.com/calendar/deeplink/compose?path=/calendar/action/compose&rru=addevent" +
			"&subject=Design%20review",
		Google: "https://calendar.google.com/calendar/render?action=TEMPLATE&text=Design%20review",
	}
}

// datedMeeting is a meeting with a date, on the day after it was made.
func datedMeeting() bot.Meeting {
	m := Meeting()
	m.Dated, m.DatedBy = true, "U0BEN"
	m.Start, m.End = m.Created.Add(24*time.Hour), m.Created.Add(25*time.Hour)
	return m
}

// calendars are the cards that have ways into a calendar.
func calendars(lang bot.Language) map[string]bot.Reply {
	links, dated := calendarLinks(), datedMeeting()
	noFile := links
	noFile.File = ""
	all := map[string]bot.Reply{}
	for name, card := range map[string]bot.Card{
		"dated":         {Meeting: dated, Ahead: true, New: true, Calendar: links},
		"dated-no-file": {Meeting: dated, Ahead: true, Calendar: noFile},
		"now":           {Meeting: Meeting(), ForCalendar: true, Calendar: links},
	} {
		all["calendar-"+name] = bot.Reply{Language: lang, Card: &card}
	}
	now := all["calendar-now"]
	now.Audience = bot.AudienceAsker
	all["calendar-now"] = now
	return all
}

// Reminders are what the bot says of the date of a meeting, and of the reminder of it.
func Reminders(lang bot.Language) map[string]bot.Reply {
	dated := Meeting()
	dated.Dated, dated.Zone = true, "America/Sao_Paulo"
	dated.Start = time.Date(2026, 11, 24, 15, 0, 0, 0, time.FixedZone("UTC-3", -3*3600))
	dated.End = dated.Start.Add(45 * time.Minute)
	all := map[string]bot.Reply{
		"card-reminder": {Language: lang, Card: &bot.Card{Meeting: dated, Reminder: true}},
		"card-dated": {Language: lang, Card: &bot.Card{Meeting: dated, New: true, Ahead: true},
			Actions: []bot.Action{{ID: bot.ActionQuiet, Value: "1 0 1795975200 1795977900"}}},
	}
	for _, news := range []bot.ReminderNews{bot.ReminderOff, bot.ReminderLate, bot.ReminderStale} {
		all["reminder-"+string(news)] = bot.ReminderReply(lang, news)
	}
	return all
}

// Diagnoses are what an administrator is told of what is wrong with the bot.
func Diagnoses(lang bot.Language) map[string]bot.Reply {
	c := bot.Command{Kind: bot.Doctor}
	findings := []bot.Finding{
		{
			Failed: true, Check: "redis.eviction", Subject: "REDIS_URL",
			Detail: "maxmemory-policy is allkeys-lru. When its memory is full, Redis deletes meetings.",
			Next:   "redis-cli -h redis -p 6379 CONFIG SET maxmemory-policy noeviction\nSet the same in redis.conf.",
		},
		{
			Failed: true, Check: "slack.scopes", Subject: "users:read <!here> *x*",
			Detail: strings.Repeat("The bot token lacks the scope `users:read` & <@U0BEN>. ", 8),
			Next:   strings.Repeat("Add it: https://api.slack.com/apps, your app, OAuth & Permissions. ", 7),
		},
	}
	for range bot.MaxFindings {
		findings = append(findings, bot.Finding{
			Check: "slack.requests", Detail: "No request of Slack has ever come.", Next: "Type a command.",
		})
	}
	return map[string]bot.Reply{
		"doctor-found": bot.DiagnosisReply(lang, bot.Diagnosis{Findings: findings[:1], Skipped: 2, Fine: 30}, c),
		"doctor-many":  bot.DiagnosisReply(lang, bot.Diagnosis{Findings: findings, Skipped: 2, Fine: 30}, c),
		"doctor-well":  bot.DiagnosisReply(lang, bot.Diagnosis{Fine: 36}, c),
		"doctor-busy":  bot.DoctorBusyReply(lang, c),
	}
}

// What sentences hold.
const (
	clientID  = "0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9e01"
	reference = "K5RVXJ3Q"
	token     = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	link      = "https://bot.example.com" + bot.LinkPath + token
)

// Replies is everything that the bot can say in answer to a command, by name, in one language and about one
// conversation.
func Replies(catalog *bot.Catalog, lang bot.Language, where bot.Conversation) map[string]bot.Reply {
	card := func(audience bot.Audience, c bot.Card) bot.Reply {
		return bot.Reply{Audience: audience, Language: lang, Card: &c}
	}
	meeting := Meeting()
	bare := meeting
	bare.Subject, bare.Created, bare.Passcode, bare.TollNumber, bare.ConferenceID = "", time.Time{}, "", "", ""
	bare.StartedBy = bot.Starter{}
	hostile := meeting
	hostile.Subject = "<!channel> *bold* `code` <https://evil.example|click> \u202egnp.exe & :tada:"
	hostile.Organizer.Name = "<@U0BEN> _Ann_ <!here>"
	hostile.StartedBy.Name = hostile.Organizer.Name
	all := map[string]bot.Reply{
		"card-new":          card(bot.AudienceEveryone, bot.Card{Meeting: meeting, New: true}),
		"card-again":        card(bot.AudienceEveryone, bot.Card{Meeting: meeting}),
		"card-asker":        card(bot.AudienceAsker, bot.Card{Meeting: meeting}),
		"card-kept-subject": card(bot.AudienceAsker, bot.Card{Meeting: meeting, Asked: "Budget"}),
		"card-restored":     card(bot.AudienceEveryone, bot.Card{Meeting: meeting, Restored: true}),
		"card-undo-late":    card(bot.AudienceAsker, bot.Card{Meeting: meeting, TooLate: true}),
		"card-replaces": {Audience: bot.AudienceEveryone, Language: lang,
			Card:    &bot.Card{Meeting: meeting, New: true, Replaces: true},
			Actions: []bot.Action{{ID: bot.ActionUndo, Value: "2"}}},
		"card-withheld": {Audience: bot.AudienceAsker, Language: lang,
			Card:    &bot.Card{Meeting: meeting, New: true, Withheld: true},
			Actions: []bot.Action{{ID: bot.ActionReveal, Value: "2"}}},
		"card-revealed": card(bot.AudienceEveryone, bot.Card{Meeting: meeting, Revealed: true}),
		"card-copy":     card(bot.AudienceAsker, bot.Card{Meeting: meeting, Copy: true}),
		"card-details":  card(bot.AudienceAsker, bot.Card{Meeting: meeting, Details: true}),
		"card-current": card(bot.AudienceAsker,
			bot.Card{Meeting: meeting, Details: true, Checked: meeting.Created.Add(6 * time.Hour)}),
		"card-newer": card(bot.AudienceAsker,
			bot.Card{Meeting: meeting, Details: true, Newer: true, Checked: meeting.Created.Add(6 * time.Hour)}),
		"card-chat":      card(bot.AudienceEveryone, bot.Card{Meeting: meeting, Chat: true}),
		"card-elsewhere": card(bot.AudienceEveryone, bot.Card{Meeting: meeting, New: true, Elsewhere: true}),
		"card-thread": card(bot.AudienceEveryone, bot.Card{Meeting: meeting, Of: bot.Conversation{
			Platform: where.Platform, Workspace: where.Workspace, Channel: where.Channel, Thread: "1712345678.000100",
		}}),
		"undo-not-yours":         bot.NotYoursReply(lang, &bot.Identity{Name: "Ann Example"}),
		"undo-not-yours-unknown": bot.NotYoursReply(lang, nil),
		"card-bare":              card(bot.AudienceEveryone, bot.Card{Meeting: bare}),
		"card-hostile":           card(bot.AudienceEveryone, bot.Card{Meeting: hostile, New: true}),
		"help":                   bot.HelpReply(catalog, lang, bot.Route{}, false),
		"help-administered":      bot.HelpReply(catalog, lang, bot.Route{}, true),
		"help-chat":              bot.HelpReply(catalog, lang, bot.Route{Chat: true}, false),
		"ask-back":               bot.DidYouMeanReply(lang, bot.Command{Kind: bot.Meet, Subject: "hlep"}, bot.Help),
		"offer":                  bot.OfferReply(lang, bot.Command{Kind: bot.Meet, Subject: "thanks!"}),
		"offer-line":             bot.OfferReply(lang, Line(1)),
		"offer-long":             bot.OfferReply(lang, Line(60)),
		"working":                bot.WorkingReply(lang),
		"duplicate":              bot.DuplicateReply(lang),
		"no-meeting":             bot.NoMeetingReply(lang),
		"link-shown":             bot.LinkReply(lang, bot.LinkShown, link, token),
		"link-replaced":          bot.LinkReply(lang, bot.LinkReplaced, link, token),
		"link-stale":             bot.LinkReply(lang, bot.LinkStale, link, token),
		"links-off":              bot.NoLinksReply(lang),
		"accepted-link":          bot.AcceptedReply(lang, bot.Intent{Command: bot.Command{Kind: bot.Link}}),
		"broken":                 bot.BrokenReply(lang, where, reference),
		"gave-up": bot.GaveUpReply(lang, where, bot.Command{Kind: bot.New, Subject: "Weekly"},
			25*time.Minute, reference),
		"gave-up-chat": bot.GaveUpReply(lang, bot.Conversation{}, bot.Command{Kind: bot.Meet}, 25*time.Minute,
			reference),
		"trouble-store-relink": bot.UnreachableReply(lang, bot.Intent{Kind: bot.JobRelink}),
		"trouble-store": bot.UnreachableReply(lang,
			bot.Intent{Command: bot.Command{Kind: bot.Meet, Subject: "new hires"}}),
	}
	maps.Copy(all, Lives(lang))
	maps.Copy(all, Invitations(lang))
	maps.Copy(all, Reminders(lang))
	maps.Copy(all, Diagnoses(lang))
	for _, about := range bot.Advices {
		all["advice-"+string(about)] = bot.AdviceReply(lang, bot.Command{Kind: bot.Meet, Subject: "cancel"}, about)
	}
	for _, what := range []string{"starting", "workspace", "command"} {
		all["trouble-"+what] = bot.TroubleReply(lang, what)
	}
	for _, code := range []bot.Code{
		bot.NoAccessPolicy, bot.OrganizerRefused, bot.NoPermission, bot.NoSuchUser, bot.ServiceAccount, bot.BadRequest,
		bot.Credentials,
		bot.ChatCredentials,
		bot.NotAPerson, bot.OutsideWorkspace, bot.GuestAccount, bot.NoEmail, bot.UnconfirmedEmail, bot.DomainNotAllowed,
		bot.NotInDirectory, bot.AmbiguousIdentity, bot.DisabledAccount, bot.TooMany,
		bot.TooManyAtOnce, bot.UnreadableRecord, bot.PlaceDenied, bot.PlaceUnknown, bot.NotOrganizer,
		bot.NotAdministrator,
	} {
		reason := "ann@contoso.example"
		switch code {
		case bot.BadRequest:
			reason = "The end time <must> be after the start time."
		case bot.NotOrganizer:
			reason = "Meeting organizers"
		case bot.ChatCredentials:
			reason = "missing_scope"
		}
		all["refusal-"+strings.ReplaceAll(string(code), "_", "-")] = bot.Explain(lang,
			&bot.Error{Code: code, Reason: reason, Wait: 754 * time.Second},
			meeting.Organizer, clientID, bot.Command{Kind: bot.New}, reference)
	}
	for _, cause := range []bot.Cause{
		bot.UnknownTenant, bot.UnknownApp, bot.DisabledApp, bot.WrongSecret, bot.ExpiredSecret, bot.UnknownCertificate,
		bot.ConditionalAccess, bot.WrongClock,
	} {
		all["refusal-credentials-"+strings.ReplaceAll(string(cause), "_", "-")] = bot.Explain(lang,
			&bot.Error{Code: bot.Credentials, Cause: cause}, meeting.Organizer, clientID, bot.Command{Kind: bot.New},
			reference)
	}
	all["refusal-no-permission-groups"] = bot.Explain(lang, &bot.Error{Code: bot.NoPermission, Cause: bot.NoGroups},
		meeting.Organizer, clientID, bot.Command{Kind: bot.New}, reference)
	all["refusal-not-organizer-bare"] = bot.Explain(lang, &bot.Error{Code: bot.NotOrganizer}, meeting.Organizer, "",
		bot.Command{Kind: bot.Meet}, reference)
	all["refusal-no-administrators"] = bot.Explain(lang,
		&bot.Error{Code: bot.NotAdministrator, Cause: bot.NoAdministrators}, bot.Organizer{}, "",
		bot.Command{Kind: bot.Doctor}, reference)
	for _, reply := range all {
		if reply.Card != nil && reply.Card.Of == (bot.Conversation{}) {
			reply.Card.Of = where
		}
	}
	all["refusal-bad-request-bare"] = bot.Explain(lang, &bot.Error{Code: bot.BadRequest}, meeting.Organizer, "",
		bot.Command{Kind: bot.Meet}, reference)
	return all
}

// Line is a command with a date and that many people.
func Line(people int) bot.Command {
	line := "Retro tomorrow at 15:00 with"
	for i := range people {
		name := fmt.Sprintf("P %d", i)
		line += " " + bot.Mention{Kind: bot.MentionPerson, ID: fmt.Sprintf("U0PERSON%d", i), Name: name}.Mark()
	}
	return bot.Command{Kind: bot.Meet, Subject: "Retro", Line: line}
}
