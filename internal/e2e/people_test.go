//go:build integration

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
	"meetbot/internal/testenv"
)

// People whom commands name, on every platform.
func TestPeople(t *testing.T) {
	onEveryFront(t, map[string]func(*testing.T, *environment, front){
		"with a new meeting":         invitedAtOnce,
		"with a meeting that exists": invitedLater,
		"in Portuguese":              invitedInPortuguese,
		"a part of the subject":      mentionedInSubject,
		"oneself and the bot":        invitedOneself,
		"a guest":                    invitedGuest,
		"who is not in Entra":        invitedStranger,
		"somebody's date":            invitedWithOthersDate,
		"Graph is slow about people": invitedSlowly,
		"Graph refuses the list":     invitedInVain,
		"typed marks":                typedMarks,
		"by two at the same moment":  invitedByTwo,
		"by talk":                    invitedByTalk,
	})
}

// nameOf is what Teams calls a member.
func (f *teamsFront) nameOf(m member) string {
	switch m {
	case members.ann:
		return "Ann Example"
	case members.ben:
		return "Ben Example"
	case members.caio:
		return "Caio Example"
	case members.gus:
		return "Gus"
	case dora:
		return "Dora"
	default:
		return strings.TrimSuffix(strings.TrimPrefix(f.Teams.Mention(), "<at>"), "</at>")
	}
}

// dora is in the chat, and not in Entra.
var dora = member{"U0DORA", "d4444444-0000-4000-8000-000000000004"}

// theBot is the bot itself.
var theBot = member{slack: "U0MEETBOT"}

func addDora(env *environment) {
	env.Slack.AddUser(slacktest.User{ID: dora.slack, Name: "dora", Email: "dora@contoso.example", EmailConfirmed: true})
	if env.Teams != nil {
		env.teamsUser(teamstest.User{ID: dora.entra, Name: "Dora"})
	}
}

// attendees lists the object IDs and UPNs of the attendees that Graph has of its only meeting.
func attendees(env *environment) []string {
	list := []string{}
	for _, m := range env.Graph.Meetings() {
		for _, raw := range m.Attendees {
			var a struct {
				UPN      string
				Identity struct{ User struct{ ID string } }
			}
			if err := json.Unmarshal(raw, &a); err != nil {
				env.t.Error(err)
			}
			list = append(list, a.Identity.User.ID+" "+a.UPN)
		}
	}
	return list
}

// The attendees as Graph has them.
const (
	benAttends  = benID + " ben@contoso.example"
	caioAttends = caioID + " caio@contoso.example"
)

func wantAttendees(t *testing.T, env *environment, want ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the attendees are %q", want), func() bool { return slices.Equal(attendees(env), want) })
}

// wantNobodyTold fails the test unless the asker got no words about people, now that all is done.
func wantNobodyTold(t *testing.T, env *environment, f front) {
	t.Helper()
	env.settled()
	for _, s := range f.cards() {
		if strings.Contains(s.words, "meeting's list") {
			t.Errorf("somebody was told:\n%s", s.words)
		}
	}
}

func changes(env *environment) int {
	n := 0
	for _, call := range env.Graph.Calls() {
		if call.Op == "changeMeeting" {
			n++
		}
	}
	return n
}

func invitedAtOnce(t *testing.T, env *environment, f front) {
	made := card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00 with",
		with: []member{members.ben, members.caio}}, "Retro", "Microsoft Teams meeting", " · ", "With ")
	if made.alone || strings.Contains(made.words, "Retro with") {
		t.Errorf("the card is %+v", made)
	}
	wantAttendees(t, env, benAttends, caioAttends)
	wantNobodyTold(t, env, f)
	for _, call := range env.Graph.Calls() {
		if call.Op == "meeting" || call.Op == "changeMeeting" {
			t.Errorf("a meeting that was made with its people is asked about or changed: %s", call.Op)
		}
	}
	if again := card(t, f, asked{user: members.ben, command: "show"}); strings.Contains(again.words, "With ") {
		t.Errorf("people are mentioned again:\n%s", again.words)
	}
}

func invitedLater(t *testing.T, env *environment, f front) {
	first := card(t, f, asked{user: members.ann, command: "meet Retro"}, "Microsoft Teams meeting")
	later := card(t, f, asked{user: members.ann, command: "meet with", with: []member{members.ben}}, "Retro", "With ")
	if later.link != first.link || later.alone {
		t.Errorf("the card is %+v", later)
	}
	wantAttendees(t, env, benAttends)
	card(t, f, asked{user: members.ben, command: "meet with", with: []member{members.caio, members.caio}}, "With ")
	wantAttendees(t, env, benAttends, caioAttends)
	env.wantMeetings(1)
	before := changes(env)
	card(t, f, asked{user: members.ann, command: "meet with", with: []member{members.ben}}, "With ")
	wantNobodyTold(t, env, f)
	if changes(env) != before {
		t.Error("a list that is complete was sent again")
	}
	card(t, f, asked{user: members.ann, command: "meet tomorrow at 15:00 with", with: []member{members.ben}}, "New time: ", "With ")
}

func invitedInPortuguese(t *testing.T, env *environment, f front) {
	card(t, f, asked{user: members.caio, command: "meet Retrospectiva amanhã às 15h com", with: []member{members.ben}},
		"Retrospectiva", "Com ")
	wantAttendees(t, env, benAttends)
}

func mentionedInSubject(t *testing.T, env *environment, f front) {
	made := card(t, f, asked{user: members.ann, command: "meet Ask", with: []member{members.ben}}, "Ask ", "Microsoft Teams meeting")
	if strings.Contains(made.words, "With ") {
		t.Errorf("somebody is invited:\n%s", made.words)
	}
	for _, m := range env.wantMeetings(1) {
		if !strings.Contains(strings.ToLower(m.Subject), "ben") || strings.ContainsAny(m.Subject, "<>\ue000\ue001\ue002") {
			t.Errorf("the subject is %q", m.Subject)
		}
	}
	env.settled()
	wantAttendees(t, env)
}

func invitedOneself(t *testing.T, env *environment, f front) {
	made := card(t, f, asked{user: members.ann, command: "meet Retro with", with: []member{members.ann, theBot}}, "Retro")
	if strings.Contains(made.words, "With ") || made.alone {
		t.Errorf("the card is %+v", made)
	}
	wantNobodyTold(t, env, f)
	wantAttendees(t, env)
}

func invitedGuest(t *testing.T, env *environment, f front) {
	f.guest(members.gus)
	env.entraUser(graphtest.User{ID: members.gus.entra, UPN: "gus_fabrikam.example#EXT#@contoso.example",
		Mail: "gus@fabrikam.example", DisplayName: "Gus", Guest: true})
	told(t, f, asked{user: members.gus, command: "meet Retro"}, "Guests cannot create meetings here")
	card(t, f, asked{user: members.ann, command: "meet Retro with", with: []member{members.gus}}, "With ")
	wantAttendees(t, env, members.gus.entra+" gus_fabrikam.example#EXT#@contoso.example")
	wantNobodyTold(t, env, f)
	told(t, f, asked{user: members.gus, command: "new"}, "Guests cannot create meetings here")
	told(t, f, asked{user: members.gus, command: "meet tomorrow at 15:00 with", with: []member{members.ben}},
		"Guests cannot create meetings here")
}

func invitedStranger(t *testing.T, env *environment, f front) {
	addDora(env)
	before := len(f.cards())
	card(t, f, asked{user: members.ann, command: "meet Retro with", with: []member{dora, members.ben}}, "With ")
	wantAttendees(t, env, benAttends)
	env.settled()
	var about []seen
	for _, s := range f.cards()[before:] {
		if strings.Contains(s.words, "These people are not on the meeting's list.") {
			about = append(about, s)
		}
	}
	if len(about) != 1 || !about[0].alone {
		t.Errorf("about who is left out there are %+v", about)
	}
}

func invitedWithOthersDate(t *testing.T, env *environment, f front) {
	card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "Microsoft Teams meeting")
	told(t, f, asked{user: members.ben, command: "meet tomorrow at 16:00 with", with: []member{members.caio}},
		"Ann Example has set this meeting for", "If you change it, I also invite the people you named.")
	env.settled()
	wantAttendees(t, env)
	if changed := f.press(members.ben, "Change it"); !strings.Contains(changed.words, "New time: ") ||
		!strings.Contains(changed.words, "With ") {
		t.Errorf("Change brought %+v", changed)
	}
	wantAttendees(t, env, caioAttends)
}

func invitedSlowly(t *testing.T, env *environment, f front) {
	card(t, f, asked{user: members.ann, command: "meet Warm up", design: true}) // Ann is remembered
	for _, target := range []string{"user", "users"} {
		env.Graph.Fault(faultserver.Fault{Target: target, Times: 1, Status: http.StatusTooManyRequests, RetryAfter: "2"})
		env.Graph.Fault(faultserver.Fault{Target: target, Times: 1, Status: http.StatusServiceUnavailable})
	}
	card(t, f, asked{user: members.ann, command: "meet Retro with", with: []member{members.ben, members.caio}}, "With ")
	eventually(t, "both attend", func() bool {
		list := attendees(env)
		return slices.Contains(list, benAttends) && slices.Contains(list, caioAttends)
	})
	wantNobodyTold(t, env, f)
}

func invitedInVain(t *testing.T, env *environment, f front) {
	env.Graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: http.StatusBadRequest,
		ContentType: "application/json", Body: `{"error":{"code":"BadRequest","message":"Invalid attendee."}}`})
	env.Graph.Fault(faultserver.Fault{Target: "changeMeeting", Times: 1, Status: http.StatusBadRequest,
		ContentType: "application/json", Body: `{"error":{"code":"BadRequest","message":"Invalid attendee."}}`})
	card(t, f, asked{user: members.ann, command: "meet Retro with", with: []member{members.ben}}, "Microsoft Teams meeting", "With ")
	eventually(t, "Ann is told", func() bool {
		return slices.ContainsFunc(f.cards(), func(s seen) bool {
			return s.alone && strings.Contains(s.words, "Microsoft Teams did not take the list of people.")
		})
	})
	env.wantMeetings(1)
}

// Of two changes of the list at the same moment, none undoes the other.
func invitedByTwo(t *testing.T, env *environment, f front) {
	card(t, f, asked{user: members.ann, command: "meet Retro"}, "Microsoft Teams meeting")
	env.settled()
	late := make(chan struct{}, 10)
	env.Graph.Fault(faultserver.Fault{Target: "changeMeeting", Times: 1, Latency: time.Second,
		Struck: func() { late <- struct{}{} }})
	card(t, f, asked{user: members.ann, command: "meet with", with: []member{members.ben}}, "With ")
	eventually(t, "a change of the list is on its way", func() bool { return len(late) > 0 })
	card(t, f, asked{user: members.ben, command: "meet with", with: []member{members.caio}}, "With ")
	env.settled()
	list := attendees(env)
	slices.Sort(list)
	if !slices.Equal(list, []string{benAttends, caioAttends}) {
		t.Errorf("the attendees are %q", list)
	}
	wantNobodyTold(t, env, f)
}

// Talk that asks for a meeting is asked back about. The button does what the whole line said.
func invitedByTalk(t *testing.T, env *environment, f front) {
	told(t, f, asked{user: members.ann, command: "Retro tomorrow at 15:00 for 45m with", with: []member{members.ben}},
		"“Retro”", "Press the button")
	env.wantMeetings(0)
	made := f.press(members.ann, "Yes: “Retro tomorrow at 15")
	if made.link == "" || !strings.Contains(made.words, "15:00-15:45") || !strings.Contains(made.words, "With ") {
		t.Errorf("the button brought %+v", made)
	}
	start := wantDate(t, env, 45*time.Minute)
	wantAttendees(t, env, benAttends)
	env.settled()
	again := card(t, f, asked{user: members.ann, command: "Retro tomorrow at 17:00 with", with: []member{members.caio}})
	eventually(t, "the offer, on a card for Ann alone or beside one for everybody", func() bool {
		return slices.ContainsFunc(f.cards(), func(s seen) bool {
			return s.alone && strings.Contains(s.words, "If you want another time or more people for this meeting") &&
				strings.Contains(s.words, "17:00 with ")
		})
	})
	if again.link != made.link || wantDate(t, env, 45*time.Minute) != start {
		t.Error("talk changed the meeting")
	}
	changed := f.press(members.ann, "Yes: “Retro tomorrow at 17")
	if changed.link != made.link || !strings.Contains(changed.words, "New time: ") || !strings.Contains(changed.words, "With ") {
		t.Errorf("the button brought %+v", changed)
	}
	if moved := wantDate(t, env, time.Hour); moved.Sub(start) != 2*time.Hour {
		t.Errorf("moved from %v to %v", start, moved)
	}
	wantAttendees(t, env, benAttends, caioAttends)
}

// Nobody is mentioned by typing what stands for a mention.
func typedMarks(t *testing.T, env *environment, f front) {
	made := card(t, f, asked{user: members.ann, command: "meet Retro with \ue000pU0BEN\ue001@ben\ue002 &#xe000;pU0BEN&#xe001;x&#xe002;"})
	if strings.Contains(made.words, "With ") {
		t.Errorf("somebody is invited:\n%s", made.words)
	}
	env.settled()
	wantAttendees(t, env)
}

// slackPeople is an environment of Slack alone.
func slackPeople(t *testing.T) (*environment, *slackFront) {
	env, c := openings["slack"](t)
	f := env.started(c)
	return env, f.(*slackFront)
}

// invitations lists what stands in the direct messages with a user.
func invitations(env *environment, user string) []slacktest.Message {
	return env.Slack.Messages("D" + user)
}

// A user group is expanded, and who does not read the channel gets the card as a direct message.
func TestUserGroup(t *testing.T) {
	t.Parallel()
	env, f := slackPeople(t)
	env.Slack.AddChannel(slacktest.Channel{ID: "C0SMALL", Name: "small", Members: []string{ann, ben, theBot.slack}})
	env.Slack.AddUserGroup(slacktest.UserGroup{ID: "S0TEAM", Users: []string{ann, ben, caio}})
	m := env.meet(f.bot, ann, "C0SMALL", "Retro tomorrow at 15:00 with <!subteam^S0TEAM|@team>")
	wantCard(t, m, "")
	if !strings.Contains(string(m.Blocks), `\u003c!subteam^S0TEAM\u003e`) && !strings.Contains(string(m.Blocks), "<!subteam^S0TEAM>") {
		t.Errorf("the card does not mention the group: %s", m.Blocks)
	}
	wantAttendees(t, env, benAttends, caioAttends)
	env.settled()
	if told := invitations(env, caio); len(told) != 1 || link(told[0]) != link(m) ||
		!strings.Contains(told[0].Text, "Ann Example convida você para esta reunião do Microsoft Teams") {
		t.Errorf("Caio, who is not in the channel, got %s", texts(told))
	}
	for _, user := range []string{ann, ben} {
		if told := invitations(env, user); len(told) != 0 {
			t.Errorf("%s, who is in the channel, got %s", user, texts(told))
		}
	}
}

// Who does not read the channel gets the ways into a calendar too, and with them no more than the meeting.
func TestInvitedIntoCalendar(t *testing.T) {
	t.Parallel()
	env, _, r := linkFronts["slack"](t)
	env.Slack.AddChannel(slacktest.Channel{ID: "C0SMALL", Name: "small", Members: []string{ann, theBot.slack}})
	m := env.meet(r, ann, "C0SMALL", "Retro tomorrow at 15:00 for 45m with <@U0BEN|ben>")
	wantCard(t, m, "")
	start := wantDate(t, env, 45*time.Minute)
	env.settled()
	told := invitations(env, ben)
	if len(told) != 1 {
		t.Fatalf("Ben got %s", texts(told))
	}
	into := intoCalendar(t, string(told[0].Blocks))
	wantDrafts(t, into, "Retro", start, 45*time.Minute, link(m))
	before := env.Slack.Messages("C0SMALL")
	env.command(r, ann, "C0SMALL", "link")
	lasting := lastingLink.FindString(env.next("C0SMALL", before, nil).Text)
	if lasting == "" {
		t.Fatal("the channel has no lasting link")
	}
	uid, _ := wantEvent(t, r, into.file, "CONFIRMED", "", start, 45*time.Minute)
	e := fetchEvent(t, r, into.file)
	text, err := e.Props.Text("DESCRIPTION")
	if err != nil || strings.Contains(text, "/j/") || value(e, "URL") != link(m) || !strings.Contains(text, link(m)) {
		t.Errorf("the event says %q and leads to %s", text, value(e, "URL"))
	}
	before = env.Slack.Messages("C0SMALL")
	env.command(r, ann, "C0SMALL", "calendar")
	inside := intoCalendar(t, string(env.next("C0SMALL", before, nil).Blocks))
	if value(fetchEvent(t, r, inside.file), "UID") != uid || value(fetchEvent(t, r, inside.file), "URL") != lasting {
		t.Errorf("in the channel, the file of %s is another entry than %s", inside.file, into.file)
	}
	env.command(r, ann, "C0SMALL", "tomorrow at 16:00 for 45m")
	env.settled()
	wantEvent(t, r, into.file, "CONFIRMED", uid, start.Add(time.Hour), 45*time.Minute)
}

// Where nobody knows whether an invitation arrived, it is sent again, and that is counted.
func TestInvitationAgain(t *testing.T) {
	t.Parallel()
	env, f := slackPeople(t)
	env.Slack.AddChannel(slacktest.Channel{ID: "C0SMALL", Name: "small", Members: []string{ann, theBot.slack}})
	wantCard(t, env.meet(f.bot, ann, "C0SMALL", "Retro"), "")
	env.Slack.Fault(faultserver.Fault{Target: "conversations.members", Status: http.StatusServiceUnavailable})
	env.mention(f.bot, ann, "C0SMALL", "", "meet with <@U0BEN|ben>")
	env.next("C0SMALL", nil, func(m slacktest.Message) bool { return strings.Contains(m.Text, "With <@U0BEN>.") })
	env.Slack.ClearFaults() // the card is posted, and the invitation comes next
	env.Slack.Fault(faultserver.Fault{Target: "chat.postMessage", Times: 1, Works: true, Reset: true})
	eventually(t, "the invitation comes again", func() bool { return len(invitations(env, ben)) == 2 })
	env.wantRepeated(f.bot, 1)
	if told := invitations(env, ben); len(told) != 2 {
		t.Errorf("Ben got %s", texts(told))
	}
}

// A command that names people is attempted again, and the meeting was replaced meanwhile: they are invited to the one
// that the card shows.
func TestInvitedToReplacement(t *testing.T) {
	t.Parallel()
	env, f := slackPeople(t)
	first := wantCard(t, env.meet(f.bot, ann, general, "Retro"), "")
	failed := make(chan struct{})
	env.Slack.Fault(faultserver.Fault{Target: "chat.postMessage", Times: 1, Status: http.StatusServiceUnavailable,
		Struck: func() { close(failed) }})
	env.mention(f.bot, ann, general, "", "meet with <@U0BEN|ben>")
	<-failed
	second := wantCard(t, env.meet(f.bot, caio, general, "new"), "")
	m := env.next(general, nil, func(m slacktest.Message) bool { return strings.Contains(m.Text, "<@U0BEN>") })
	if link(m) != second || first == second {
		t.Fatalf("the card shows %s, of %s and %s", link(m), first, second)
	}
	eventually(t, "Ben is on the list of the second meeting", func() bool {
		list := env.Graph.Meetings()[1].Attendees
		return len(list) == 1 && strings.Contains(string(list[0]), benID)
	})
}

// Without the new scopes the command works: nobody of a group is put on the list, the asker is told, and everybody who
// is named gets a direct message.
func TestPeopleWithoutScopes(t *testing.T) {
	t.Parallel()
	env, f := slackPeople(t)
	env.Slack.SetScopes("commands", "app_mentions:read", "chat:write", "chat:write.public", "users:read", "users:read.email")
	env.Slack.AddUserGroup(slacktest.UserGroup{ID: "S0TEAM", Users: []string{caio}})
	wantCard(t, env.meet(f.bot, ann, general, "Retro with <@U0BEN|ben> and <!subteam^S0TEAM|@team>"), "")
	wantAttendees(t, env, benAttends)
	env.settled()
	if told := invitations(env, ben); len(told) != 1 || link(told[0]) == "" {
		t.Errorf("Ben got %s", texts(told))
	}
	if told := invitations(env, caio); len(told) != 0 {
		t.Errorf("Caio got %s", texts(told))
	}
	m := env.next(general, nil, func(m slacktest.Message) bool {
		return m.To == ann && strings.Contains(m.Text, "I may not see who belongs to this group")
	})
	if !strings.Contains(m.Text, "<!subteam^S0TEAM>") {
		t.Errorf("Ann is told %s", m.Text)
	}
}

// Bots, deleted people and names that Slack does not know are left out, each with the reason.
func TestPeopleLeftOut(t *testing.T) {
	t.Parallel()
	env, f := slackPeople(t)
	env.Slack.AddUser(slacktest.User{ID: "U0ROBOT", Bot: true})
	env.Slack.AddUser(slacktest.User{ID: "U0GONE", Deleted: true})
	env.Slack.AddUser(slacktest.User{ID: "U0FAR", Stranger: true, Team: "T0OTHER", Email: "ben@contoso.example", EmailConfirmed: true})
	addDora(env)
	m := env.meet(f.bot, ann, general, "Retro tomorrow at 15:00 with <@U0ROBOT|robot>, <@U0GONE|gone>, <@U0FAR|far>, <@U0DORA|dora>, @zoe and <@U0BEN|ben>")
	wantCard(t, m, "")
	for _, mentioned := range []string{"<@U0ROBOT>", "<@U0GONE>", "<@U0FAR>", "<@U0DORA>", "@zoe", "<@U0BEN>"} {
		if !strings.Contains(m.Text, mentioned) {
			t.Errorf("the card does not mention %s:\n%s", mentioned, m.Text)
		}
	}
	wantAttendees(t, env, benAttends)
	told := env.next(general, nil, func(m slacktest.Message) bool {
		return m.To == ann && m.TS != "" && strings.Contains(m.Text, "meeting's list")
	})
	for _, reason := range []string{"<@U0ROBOT>, <@U0GONE>: a bot or a deleted account.", "<@U0FAR>: another organization.",
		"<@U0DORA>: not in your organization's Microsoft 365.", "@zoe: I know nobody here by that name."} {
		if !strings.Contains(told.Text, reason) {
			t.Errorf("Ann is not told %q:\n%s", reason, told.Text)
		}
	}
	if env.settled(); !strings.HasPrefix(env.deadLetters(), "No dead letters") {
		t.Errorf("dead letters: %s", env.deadLetters())
	}
}

// Of 200 people the first 50 are invited, and the command is answered in time.
func TestManyPeople(t *testing.T) {
	t.Parallel()
	env, f := slackPeople(t)
	var line strings.Builder
	line.WriteString("Retro tomorrow at 15:00 with ")
	want := []string{}
	for i := range 200 {
		id, upn := fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), fmt.Sprintf("p%d@contoso.example", i)
		user := fmt.Sprintf("U0P%d", i)
		env.add(testenv.Person{
			Slack: &slacktest.User{ID: user, Email: upn, EmailConfirmed: true},
			Entra: &graphtest.User{ID: id, UPN: upn, Mail: upn, DisplayName: fmt.Sprintf("P %d", i)},
		})
		fmt.Fprintf(&line, "<@%s|p%d>, ", user, i)
		if i < 50 {
			want = append(want, id+" "+upn)
		}
	}
	began := time.Now()
	env.command(f.bot, ann, general, line.String())
	if took := time.Since(began); took > 2500*time.Millisecond {
		t.Errorf("the command was answered after %v", took)
	}
	eventually(t, "the first 50 are invited", func() bool { return len(attendees(env)) == 50 })
	list := attendees(env)
	slices.Sort(list)
	if !slices.Equal(list, want) {
		t.Errorf("the attendees are %q", list)
	}
	env.next(general, nil, func(m slacktest.Message) bool {
		return m.To == ann && strings.Contains(m.Text, "I can invite 50 people")
	})
	card := env.next(general, nil, func(m slacktest.Message) bool { return link(m) != "" && m.To == "" })
	if n := strings.Count(card.Text, "<@U0P"); n != 50 {
		t.Errorf("the card mentions %d people", n)
	}
}

// People who are named are invited though the replica ends right after it has made the meeting.
func TestPeopleSurviveCrash(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{PostBurst: -1})
	first := env.run(env.listen(env.config(), quick()))
	if err := testenv.WaitReady(t.Context(), first.URL()); err != nil {
		t.Fatal(err)
	}
	hangs := make(chan struct{}, 10)
	env.Graph.Fault(faultserver.Fault{Target: "changeMeeting", Times: 1, Latency: time.Minute,
		Struck: func() { hangs <- struct{}{} }})
	wantCard(t, env.meet(first, ben, general, "Retro"), "")
	env.mention(first, ben, general, "", "meet with <@U0CAIO|caio>")
	eventually(t, "the meeting's list is under way", func() bool { return len(hangs) > 0 })
	first.Kill()
	env.Graph.ClearFaults()
	env.start(env.config(), quick())
	wantAttendees(t, env, caioAttends)
}

// On Teams the card mentions people by entities, so that Teams tells them; where Teams refuses that, it names them.
func TestTeamsMentions(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	r := env.start(env.teamsConfig(), app.Options{})
	m := env.callAnswered(r, annID, teamsChat, "", "meet Retro with <at>Ben Example</at> and <at>Caio Example</at>")
	wantTeamsCard(t, m, "")
	for _, want := range []string{`"text":"With \u003cat\u003eBen Example\u003c/at\u003e, \u003cat\u003eCaio Example\u003c/at\u003e."`,
		`"id":"` + env.Teams.MemberID(benID) + `"`, `"id":"` + env.Teams.MemberID(caioID) + `"`} {
		if !strings.Contains(string(m.Card), want) {
			t.Errorf("the card lacks %s: %s", want, m.Card)
		}
	}
	wantAttendees(t, env, benAttends, caioAttends)

	env.Teams.Fault(faultserver.Fault{Target: "send", Times: 1, Status: http.StatusBadRequest,
		ContentType: "application/json", Body: `{"error":{"code":"BadSyntax","message":"Bad mention"}}`})
	m = env.callAnswered(r, annID, teamsChat, "", "meet with <at>Ben Example</at>")
	wantTeamsCard(t, m, "")
	if strings.Contains(string(m.Card), "entities") || !strings.Contains(m.Words(), "With Ben Example.") {
		t.Errorf("after a refusal of the mentions, the card is %s", m.Card)
	}
}

// Of 60 people who are mentioned in Teams the first 50 are invited, and the asker is told. Whoever has left is left out.
func TestManyPeopleInTeams(t *testing.T) {
	t.Parallel()
	env := newTeamsEnv(t)
	line, want := "meet Retro tomorrow at 15:00 with", []string{}
	for i := range 60 {
		id, upn := fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), fmt.Sprintf("p%d@contoso.example", i)
		env.add(testenv.Person{
			Teams: &teamstest.User{ID: id, Name: fmt.Sprintf("Person %d", i)},
			Entra: &graphtest.User{ID: id, UPN: upn, Mail: upn, DisplayName: fmt.Sprintf("Person %d", i), Disabled: i == 3},
		})
		line += fmt.Sprintf(" <at>Person %d</at>", i)
		if i < 50 && i != 3 {
			want = append(want, id+" "+upn)
		}
	}
	r := env.start(env.teamsConfig(), app.Options{})
	m := env.callAnswered(r, annID, teamsGeneral, "", line)
	wantTeamsCard(t, m, "")
	if n := strings.Count(string(m.Card), `"type":"mention"`); n != 50 {
		t.Errorf("the card mentions %d people", n)
	}
	eventually(t, "the first 50 are invited", func() bool { return len(attendees(env)) == len(want) })
	list := attendees(env)
	slices.Sort(list)
	if !slices.Equal(list, want) {
		t.Errorf("the attendees are %q", list)
	}
	eventually(t, "Ann is told", func() bool {
		return slices.ContainsFunc(env.Teams.Messages(teamsGeneral), func(m teamstest.Message) bool {
			return m.To == annID && strings.Contains(m.Words(), "I can invite 50 people") &&
				strings.Contains(m.Words(), "Person 3: the account in Microsoft 365 is disabled.")
		})
	})
}
