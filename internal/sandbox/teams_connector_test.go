package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

const hello = `{"type":"message","text":"hello"}`

func cardMessage(card string) string {
	return `{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":` + card + `}]}`
}

func TestTeamsConnectorSends(t *testing.T) {
	w := startTeams(t, TeamsOptions{})
	root := w.Say(teamsAnn, teamsPlans, "a thought").ID
	card := `{"type":"AdaptiveCard","version":"1.5","body":[{"type":"TextBlock","text":"hello"}]}`
	for name, test := range map[string]struct {
		conversation, activity, body string
		want                         TeamsMessage
	}{
		"a new post":       {teamsPlans, "", hello, TeamsMessage{Conversation: teamsPlans, Text: "hello", Format: "markdown", Via: "send"}},
		"in a thread":      {teamsPlans + ";messageid=" + root, "", `{"type":"message","text":"hello","textFormat":"plain","replyToId":"7"}`, TeamsMessage{Conversation: teamsPlans, Thread: root, Text: "hello", Format: "plain", ReplyTo: "7", Via: "send"}},
		"a reply":          {teamsPlans, root, hello, TeamsMessage{Conversation: teamsPlans, Thread: root, Text: "hello", Format: "markdown", ReplyTo: root, Via: "reply"}},
		"in a group chat":  {teamsChat, "", hello, TeamsMessage{Conversation: teamsChat, Text: "hello", Format: "markdown", Via: "send"}},
		"in a meeting":     {teamsMeeting, "", cardMessage(card), TeamsMessage{Conversation: teamsMeeting, Format: "markdown", Card: json.RawMessage(card), Via: "send"}},
		"in personal chat": {w.Personal(teamsAnn), "", hello, TeamsMessage{Conversation: w.Personal(teamsAnn), Text: "hello", Format: "markdown", Via: "send"}},
	} {
		t.Run(name, func(t *testing.T) {
			parts := []string{test.conversation, "activities"}
			if test.activity != "" {
				parts = append(parts, test.activity)
			}
			status, answer, code := w.ask(t, "POST", test.body, "", parts...)
			id, _ := answer["id"].(string)
			m, ok := w.find(test.want.Conversation, id)
			if status != 201 || !ok {
				t.Fatalf("status %d %s, %v", status, code, answer)
			}
			if m.FromName != "meetbot" || m.From != w.AppID() || m.At.IsZero() {
				t.Errorf("from %s", m.FromName)
			}
			got := TeamsMessage{Conversation: m.Conversation, Thread: m.Thread, Text: m.Text, Format: m.Format, Card: m.Card, ReplyTo: m.ReplyTo, Via: m.Via}
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
			call := w.Calls()[len(w.Calls())-1]
			if call.Op != test.want.Via || call.Conversation != test.conversation || call.Activity != test.activity || call.Status != 201 || call.Error != "" || call.At.IsZero() {
				t.Errorf("call %+v", call)
			}
		})
	}
	status, answer, _ := w.ask(t, "POST", strings.Replace(cardMessage(card), `"attachments"`, `"text":"and","attachments"`, 1), "", teamsChat, "activities")
	all := w.Messages(teamsChat)
	if status != 201 || answer["id"] != nil || len(all) < 2 || all[len(all)-2].Text != "and" || all[len(all)-1].Card == nil || all[len(all)-1].Text != "" {
		t.Errorf("text and card are split: %d %v %+v", status, answer, all)
	}
	before := len(w.Messages(teamsChat))
	if status, _, _ := w.ask(t, "POST", `{"type":"typing"}`, "", teamsChat, "activities"); status != 202 || len(w.Messages(teamsChat)) != before {
		t.Errorf("typing: %d", status)
	}
}

func TestTeamsConnectorRefuses(t *testing.T) {
	w := startTeams(t, TeamsOptions{})
	if err := w.AddUser(TeamsUser{ID: teamsBen, Name: "Ben", Blocked: true}); err != nil {
		t.Fatal(err)
	}
	disabled, err := w.AddConversation(TeamsConversation{Team: teamsGeneral, BotDisabled: true})
	if err != nil {
		t.Fatal(err)
	}
	said := w.Say(teamsAnn, teamsPlans, "mine").ID
	mine := w.send(t, teamsPlans, hello, "")
	big := cardMessage(`{"type":"AdaptiveCard","version":"1.5","body":[{"type":"TextBlock","text":"` + strings.Repeat("x", teamsMaxCard) + `"}]}`)
	member := w.MemberID(teamsAnn)
	at := func(body string) string {
		return `{"type":"message","text":"<at>Ann</at> look","entities":[` + body + `]}`
	}
	activities := func(conversation string) []string { return []string{conversation, "activities"} }
	for name, test := range map[string]struct {
		method, body string
		path         []string
		status       int
		code         string
	}{
		"unknown conversation":     {"POST", hello, activities("19:nowhere@thread.tacv2"), 404, "ConversationNotFound"},
		"unknown thread":           {"POST", hello, activities(teamsPlans + ";messageid=1"), 404, "ConversationNotFound"},
		"thread in a chat":         {"POST", hello, activities(teamsChat + ";messageid=" + said), 404, "ConversationNotFound"},
		"thread in personal chat":  {"POST", hello, activities(w.Personal(teamsAnn) + ";messageid=" + said), 404, "ConversationNotFound"},
		"unknown personal chat":    {"POST", hello, activities(w.Personal(teamsElse)), 404, "ConversationNotFound"},
		"bot absent":               {"POST", hello, activities(teamsAbsent), 403, "BotNotInConversationRoster"},
		"bot not installed":        {"POST", hello, activities(w.Personal(teamsDan)), 403, "BotNotInConversationRoster"},
		"bot disabled":             {"POST", hello, activities(disabled), 403, "BotDisabledByAdmin"},
		"bot blocked":              {"POST", hello, activities(w.Personal(teamsBen)), 403, "ConversationBlockedByUser"},
		"reply to nothing":         {"POST", hello, append(activities(teamsPlans), "1"), 404, "ActivityNotFoundInConversation"},
		"no JSON":                  {"POST", "hello", activities(teamsPlans), 400, "BadSyntax"},
		"no type":                  {"POST", `{"text":"hello"}`, activities(teamsPlans), 400, "BadSyntax"},
		"misspelt property":        {"POST", `{"type":"message","txt":"hello"}`, activities(teamsPlans), 400, "BadSyntax"},
		"unknown type":             {"POST", `{"type":"event"}`, activities(teamsPlans), 400, "BadArgument"},
		"empty":                    {"POST", `{"type":"message"}`, activities(teamsPlans), 400, "BadArgument"},
		"unknown format":           {"POST", `{"type":"message","text":"x","textFormat":"html"}`, activities(teamsPlans), 400, "BadArgument"},
		"two attachments":          {"POST", `{"type":"message","attachments":[{},{}]}`, activities(teamsPlans), 400, "BadArgument"},
		"another attachment":       {"POST", `{"type":"message","attachments":[{"contentType":"image/png"}]}`, activities(teamsPlans), 400, "BadArgument"},
		"invalid card":             {"POST", cardMessage(`{"type":"AdaptiveCard"}`), activities(teamsPlans), 400, "BadArgument"},
		"card too big":             {"POST", big, activities(teamsPlans), 413, "MessageSizeTooBig"},
		"text too big":             {"POST", `{"type":"message","text":"` + strings.Repeat("é", 52_000) + `"}`, activities(teamsPlans), 413, "MessageSizeTooBig"},
		"mention without entity":   {"POST", at(""), activities(teamsPlans), 400, "BadArgument"},
		"mention of nobody":        {"POST", at(`{"type":"mention","text":"<at>Ann</at>"}`), activities(teamsPlans), 400, "BadArgument"},
		"mention of a stranger":    {"POST", at(`{"type":"mention","text":"<at>Ann</at>","mentioned":{"id":"29:1x"}}`), activities(teamsPlans), 400, "BadArgument"},
		"mention outside the text": {"POST", at(`{"type":"mention","text":"<at>Ann</at>","mentioned":{"id":"` + member + `"}},{"type":"mention","text":"<at>Ben</at>","mentioned":{"id":"` + member + `"}}`), activities(teamsPlans), 400, "BadArgument"},
		"private without the flag": {"POST", `{"type":"message","text":"x","recipient":{"id":"` + member + `","isTargeted":true}}`, activities(teamsPlans), 400, "BadArgument"},
		"update of nothing":        {"PUT", hello, append(activities(teamsPlans), "1"), 404, "ActivityNotFoundInConversation"},
		"update of another's":      {"PUT", hello, append(activities(teamsPlans), said), 403, "Forbidden"},
		"update without type":      {"PUT", `{"text":"x"}`, append(activities(teamsPlans), mine), 400, "BadSyntax"},
		"update to typing":         {"PUT", `{"type":"typing"}`, append(activities(teamsPlans), mine), 400, "BadArgument"},
		"delete nothing":           {"DELETE", "", append(activities(teamsPlans), "1"), 404, "ActivityNotFoundInConversation"},
		"delete another's":         {"DELETE", "", append(activities(teamsPlans), said), 403, "Forbidden"},
		"unknown member":           {"GET", "", []string{teamsPlans, "members", "29:1x"}, 404, "MemberNotFoundInConversation"},
		"member of another chat":   {"GET", "", []string{teamsChat, "members", w.MemberID(teamsCleo)}, 404, "MemberNotFoundInConversation"},
		"members of nowhere":       {"GET", "", []string{"19:nowhere@thread.tacv2", "members"}, 404, "ConversationNotFound"},
		"no such operation":        {"GET", "", []string{teamsPlans, "history"}, 404, "NotFound"},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(w.Messages(teamsPlans))
			status, answer, code := w.ask(t, test.method, test.body, "", test.path...)
			if status != test.status || code != test.code {
				t.Errorf("got %d %s: %v", status, code, answer)
			}
			call := w.Calls()[len(w.Calls())-1]
			if call.Status != status || call.Error != code {
				t.Errorf("call %+v", call)
			}
			if len(w.Messages(teamsPlans)) != before {
				t.Error("it was posted all the same")
			}
		})
	}
	t.Run("mention", func(t *testing.T) {
		w.send(t, teamsPlans, at(`{"type":"mention","text":"<at>Ann</at>","mentioned":{"id":"`+member+`","name":"Ann"}}`), "")
	})
}

func TestTeamsConnectorChecksTokens(t *testing.T) {
	clock := NewClock(time.Now())
	w := startTeams(t, TeamsOptions{Now: clock.Now})
	good := w.token
	other := func(clientID, audience string) string {
		t.Helper()
		token, err := w.entra.Mint(clientID, audience, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	bot := w.AppID()
	for name, test := range map[string]struct{ token, code string }{
		"the bot's":        {good, ""},
		"none":             {"", "Unauthorized"},
		"broken":           {mangleSignature(good), "Unauthorized"},
		"another audience": {other(bot, teamsOtherAudience), "Unauthorized"},
		"another app's":    {other(teamsOtherApp, teamsAudience), "BotNotRegistered"},
	} {
		w.token = test.token
		status, _, _ := w.ask(t, "GET", "", "", teamsPlans, "members")
		call := w.Calls()[len(w.Calls())-1]
		if call.Error != test.code || (status == 401) != (test.code != "") {
			t.Errorf("%s: %d %s", name, status, call.Error)
		}
	}
	w.token = good
	clock.Move(2 * time.Hour)
	if status, _, _ := w.ask(t, "GET", "", "", teamsPlans, "members"); status != 401 {
		t.Errorf("expired: %d", status)
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", w.ServiceURL()+"v3/conversations/x/members", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := w.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != 401 {
		t.Errorf("without a header: %d", resp.StatusCode)
	}
}

func TestTeamsTargeted(t *testing.T) {
	clock := NewClock(time.Now())
	w := startTeams(t, TeamsOptions{Now: clock.Now})
	closed, err := w.AddConversation(TeamsConversation{Kind: TeamsGroupChat, RefuseTargeted: true})
	if err != nil {
		t.Fatal(err)
	}
	const flag = "?isTargetedActivity=true"
	to := func(id string) string {
		return `{"type":"message","text":"for you","recipient":{"id":"` + id + `","isTargeted":true}}`
	}
	ann := w.MemberID(teamsAnn)
	for name, test := range map[string]struct {
		conversation, body string
		status             int
	}{
		"in a channel":         {teamsPlans, to(ann), 201},
		"by object ID":         {teamsChat, to(teamsAnn), 201},
		"no recipient":         {teamsPlans, hello, 400},
		"not a member":         {teamsChat, to(w.MemberID(teamsDan)), 400},
		"in personal chat":     {w.Personal(teamsAnn), to(ann), 400},
		"where it is not had":  {closed, to(ann), 400},
		"the bot is not there": {teamsAbsent, to(ann), 403},
	} {
		status, answer, code := w.ask(t, "POST", test.body, flag, test.conversation, "activities")
		if status != test.status || status == 400 && code != "BadArgument" {
			t.Errorf("%s: %d %s %v", name, status, code, answer)
		}
	}
	w.send(t, closed, hello, "")

	id := w.send(t, teamsPlans, to(ann), flag)
	if call := w.Calls()[len(w.Calls())-1]; !call.Targeted {
		t.Errorf("call %+v", call)
	}
	seen := func(user string) bool {
		return slices.ContainsFunc(w.Seen(teamsPlans, user), func(m TeamsMessage) bool { return m.ID == id })
	}
	if !seen(strings.ToUpper(teamsAnn)) || seen(teamsBen) {
		t.Errorf("Ann sees it: %v, Ben: %v", seen(teamsAnn), seen(teamsBen))
	}
	for name, test := range map[string]struct {
		body, query string
		status      int
	}{
		"update":                {`{"type":"message","text":"better"}`, flag, 200},
		"update of a recipient": {to(ann), flag, 400},
		"update without flag":   {hello, "", 404},
	} {
		if status, _, code := w.ask(t, "PUT", test.body, test.query, teamsPlans, "activities", id); status != test.status {
			t.Errorf("%s: %d %s", name, status, code)
		}
	}
	if m, _ := w.find(teamsPlans, id); m.Text != "better" || m.To != teamsAnn || m.Edits != 1 {
		t.Errorf("updated: %+v", m)
	}
	if status, _, _ := w.ask(t, "DELETE", "", "", teamsPlans, "activities", id); status != 404 {
		t.Errorf("deleted without the flag: %d", status)
	}
	clock.Move(24*time.Hour - time.Minute)
	if !seen(teamsAnn) {
		t.Error("it is gone before its time")
	}
	clock.Move(time.Minute)
	if seen(teamsAnn) {
		t.Error("it stands after a day")
	}
	w.token = w.mint(t)
	if status, _, code := w.ask(t, "PUT", hello, flag, teamsPlans, "activities", id); status != 404 || code != "ActivityNotFoundInConversation" {
		t.Errorf("updated after a day: %d %s", status, code)
	}
}

func TestTeamsChangesAndDeletes(t *testing.T) {
	w := startTeams(t, TeamsOptions{})
	id := w.send(t, teamsPlans, hello, "")
	status, answer, _ := w.ask(t, "PUT", cardMessage(`{"type":"AdaptiveCard","version":"1.5"}`), "", teamsPlans+";messageid="+id, "activities", id)
	m, _ := w.find(teamsPlans, id)
	if status != 200 || answer["id"] != id || m.Text != "" || m.Card == nil || m.Edits != 1 || m.Via != "send" {
		t.Errorf("updated: %d %v %+v", status, answer, m)
	}
	if status, _, _ := w.ask(t, "DELETE", "", "", teamsPlans, "activities", id); status != 200 || len(w.Messages(teamsPlans)) > 0 {
		t.Errorf("deleted: %d, %+v", status, w.Messages(teamsPlans))
	}
	if status, _, _ := w.ask(t, "PUT", hello, "", teamsPlans, "activities", id); status != 404 {
		t.Errorf("updated when gone: %d", status)
	}
}

func TestTeamsMembers(t *testing.T) {
	w := startTeams(t, TeamsOptions{})
	for _, id := range []string{w.MemberID(teamsAnn), teamsAnn} {
		status, m, _ := w.ask(t, "GET", "", "", teamsChat, "members", id)
		want := map[string]any{
			"id": w.MemberID(teamsAnn), "objectId": teamsAnn, "name": "Ann Archer", "givenName": "Ann", "surname": "Archer",
			"userPrincipalName": "ann@contoso.example", "email": "ann@contoso.example", "tenantId": teamsTenant, "userRole": "user",
		}
		if status != 200 || fmt.Sprint(m) != fmt.Sprint(want) {
			t.Errorf("%s: %d %v", id, status, m)
		}
	}
	for i := range 60 {
		if err := w.AddUser(TeamsUser{ID: fmt.Sprintf("f0000000-0000-4000-8000-%012d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	token := ""
	for pages := 1; ; pages++ {
		_, page, code := w.ask(t, "GET", "", "?pageSize=50&continuationToken="+url.QueryEscape(token), teamsPlans, "pagedmembers")
		list, _ := page["members"].([]any)
		for _, m := range list {
			names = append(names, m.(map[string]any)["name"].(string))
		}
		token, _ = page["continuationToken"].(string)
		if token == "" || code != "" || pages > 2 {
			if pages != 2 || len(names) != 64 || names[0] != "Ann Archer" {
				t.Errorf("%d pages with %d members, %s", pages, len(names), code)
			}
			break
		}
	}
	for _, query := range []string{"?pageSize=many", "?continuationToken=x"} {
		if status, _, _ := w.ask(t, "GET", "", query, teamsPlans, "pagedmembers"); status != 400 {
			t.Errorf("%s: %d", query, status)
		}
	}
	if status, _, _ := w.ask(t, "GET", "", "", teamsChat, "members"); status != 200 {
		t.Errorf("all at once: %d", status)
	}
}

func TestTeamsCreatesConversations(t *testing.T) {
	w := startTeams(t, TeamsOptions{})
	with := func(member, tenant, more string) string {
		return `{"bot":{"id":"` + w.BotID() + `"},"isGroup":false,"members":[{"id":"` + member + `"}],"tenantId":"` + tenant + `"` + more + `}`
	}
	channel := func(more string) string {
		return `{"isGroup":true,"channelData":{"channel":{"id":"` + teamsPlans + `"}}` + more + `}`
	}
	for name, test := range map[string]struct {
		body   string
		status int
		code   string
		where  string // the conversation's ID begins so
	}{
		"by member ID":          {with(w.MemberID(teamsAnn), teamsTenant, ""), 201, "", w.Personal(teamsAnn)},
		"by object ID":          {with(teamsAnn, teamsTenant, ""), 201, "", w.Personal(teamsAnn)},
		"with a message":        {with(teamsAnn, teamsTenant, `,"activity":`+hello), 201, "", w.Personal(teamsAnn)},
		"a post in a channel":   {channel(`,"activity":` + hello), 201, "", teamsPlans + ";messageid="},
		"a channel, no message": {channel(""), 400, "BadArgument", ""},
		"another tenant":        {with(teamsAnn, teamsElse, ""), 400, "BadArgument", ""},
		"no tenant":             {with(teamsAnn, "", ""), 400, "BadArgument", ""},
		"a stranger":            {with(teamsElse, teamsTenant, ""), 400, "BadArgument", ""},
		"nobody":                {`{"tenantId":"` + teamsTenant + `"}`, 400, "BadArgument", ""},
		"not installed":         {with(teamsDan, teamsTenant, ""), 403, "ForbiddenOperationException", ""},
		"an invalid message":    {with(teamsAnn, teamsTenant, `,"activity":{"text":"x"}`), 400, "BadSyntax", ""},
		"no JSON":               {"x", 400, "BadSyntax", ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, answer, code := w.ask(t, "POST", test.body, "")
			id, _ := answer["id"].(string)
			if status != test.status || code != test.code || !strings.HasPrefix(id, test.where) {
				t.Fatalf("%d %s %v", status, code, answer)
			}
			if call := w.Calls()[len(w.Calls())-1]; call.Op != "create" || call.Status != status {
				t.Errorf("call %+v", call)
			}
			if status == 201 && strings.Contains(test.body, "hello") {
				base, _, _ := strings.Cut(id, ";")
				if m, ok := w.find(base, answer["activityId"].(string)); !ok || m.Via != "create" {
					t.Errorf("the message stands as %+v", m)
				}
			}
		})
	}
}

func TestTeamsThrottles(t *testing.T) {
	clock := NewClock(time.Now())
	w := startTeams(t, TeamsOptions{Now: clock.Now})
	sends := func(conversation string) int {
		t.Helper()
		status, _, _ := w.ask(t, "POST", hello, "", conversation, "activities")
		return status
	}
	root := w.send(t, teamsPlans, hello, "")
	for i := range 6 {
		if status := sends(teamsPlans); status != 201 {
			t.Fatalf("message %d: %d", i+2, status)
		}
	}
	if status, wait := w.throttled(t, teamsPlans); status != 429 || wait != "1" || w.Calls()[len(w.Calls())-1].Error != "Throttled" {
		t.Errorf("the eighth in a second: %d, Retry-After %q", status, wait)
	}
	if status := sends(teamsPlans + ";messageid=" + root); status != 429 {
		t.Errorf("a thread has a limit of its own: %d", status)
	}
	if status := sends(teamsChat); status != 201 {
		t.Errorf("another conversation: %d", status)
	}
	clock.Move(time.Second)
	if first, second := sends(teamsPlans), sends(teamsPlans); first != 201 || second != 429 {
		t.Errorf("eight in two seconds, then the ninth: %d, %d", first, second)
	}
	w.o.Posts = []TeamsQuota{{2, 10 * time.Second}}
	for _, step := range []struct {
		wait   time.Duration
		status int
		after  string
	}{{time.Hour, 201, ""}, {6 * time.Second, 201, ""}, {2 * time.Second, 429, "2"}, {2 * time.Second, 201, ""}, {0, 429, "6"}} {
		clock.Move(step.wait)
		w.token = w.mint(t)
		if status, after := w.throttled(t, teamsChat); status != step.status || after != step.after {
			t.Errorf("after another %s: %d, Retry-After %q", step.wait, status, after)
		}
	}
	w.o.Posts = []TeamsQuota{}
	for range 20 {
		w.send(t, teamsPlans, hello, "")
	}
}

// throttled sends a message and returns the status and the Retry-After header.
func (w *teamsWorld) throttled(t *testing.T, conversation string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", w.ServiceURL()+"v3/conversations/"+url.PathEscape(conversation)+"/activities", strings.NewReader(hello))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.token)
	resp, err := w.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("Retry-After")
}

// mint makes a token for the bot that is good now.
func (w *teamsWorld) mint(t *testing.T) string {
	t.Helper()
	token, err := w.entra.Mint(w.AppID(), teamsAudience, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTeamsConnectorFaults(t *testing.T) {
	w := startTeams(t, TeamsOptions{Posts: []TeamsQuota{}})
	for _, fault := range []struct {
		fault  Fault
		status int
		stands bool
	}{
		{Fault{Status: 429, RetryAfter: "3"}, 429, false},
		{Fault{Status: 412}, 412, false},
		{Fault{Status: 502}, 502, false},
		{Fault{Status: 504, Works: true}, 504, true},
		{Fault{Reset: true}, 0, false},
		{Fault{Reset: true, Works: true}, 0, true},
	} {
		before := len(w.Messages(teamsPlans))
		fault.fault.Target, fault.fault.Times = "send", 1
		w.Fault(fault.fault)
		if status, _, _ := w.ask(t, "GET", "", "", teamsPlans, "members", teamsAnn); status != 200 {
			t.Errorf("%+v strikes another operation: %d", fault.fault, status)
		}
		if status, _, _ := w.ask(t, "POST", hello, "", teamsPlans, "activities"); status != fault.status {
			t.Errorf("%+v: %d", fault.fault, status)
		}
		if call := w.Calls()[len(w.Calls())-1]; call.Status != fault.status || call.Op != "send" {
			t.Errorf("%+v: call %+v", fault.fault, call)
		}
		if stands := len(w.Messages(teamsPlans)) > before; stands != fault.stands {
			t.Errorf("%+v: the message stands: %v", fault.fault, stands)
		}
		w.send(t, teamsPlans, hello, "")
	}
}
