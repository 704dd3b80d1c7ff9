package teamstest

import (
	"encoding/json"
	"fmt"
	"meetbot/internal/sandbox/faultserver"
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

func TestConnectorSends(t *testing.T) {
	w := startTeams(t, Options{})
	root := w.Say(ann, plans, "a thought").ID
	card := `{"type":"AdaptiveCard","version":"1.4","body":[{"type":"TextBlock","text":"hello"}]}`
	for name, test := range map[string]struct {
		conversation, activity, body string
		want                         Message
	}{
		"a new post":       {plans, "", hello, Message{Conversation: plans, Text: "hello", Format: "markdown", Via: "send"}},
		"in a thread":      {plans + ";messageid=" + root, "", `{"type":"message","text":"hello","textFormat":"plain","replyToId":"7"}`, Message{Conversation: plans, Thread: root, Text: "hello", Format: "plain", ReplyTo: "7", Via: "send"}},
		"a reply":          {plans, root, hello, Message{Conversation: plans, Thread: root, Text: "hello", Format: "markdown", ReplyTo: root, Via: "reply"}},
		"in a group chat":  {chat, "", hello, Message{Conversation: chat, Text: "hello", Format: "markdown", Via: "send"}},
		"in a meeting":     {meeting, "", cardMessage(card), Message{Conversation: meeting, Format: "markdown", Card: json.RawMessage(card), Via: "send"}},
		"in personal chat": {w.Personal(ann), "", hello, Message{Conversation: w.Personal(ann), Text: "hello", Format: "markdown", Via: "send"}},
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
			got := Message{Conversation: m.Conversation, Thread: m.Thread, Text: m.Text, Format: m.Format, Card: m.Card, ReplyTo: m.ReplyTo, Via: m.Via}
			if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
			call := w.Calls()[len(w.Calls())-1]
			if call.Op != test.want.Via || call.Conversation != test.conversation || call.Activity != test.activity || call.Status != 201 || call.Error != "" || call.At.IsZero() {
				t.Errorf("call %+v", call)
			}
		})
	}
	status, answer, _ := w.ask(t, "POST", strings.Replace(cardMessage(card), `"attachments"`, `"text":"and","attachments"`, 1), "", chat, "activities")
	all := w.Messages(chat)
	if status != 201 || answer["id"] != nil || len(all) < 2 || all[len(all)-2].Text != "and" || all[len(all)-1].Card == nil || all[len(all)-1].Text != "" {
		t.Errorf("text and card are split: %d %v %+v", status, answer, all)
	}
	before := len(w.Messages(chat))
	if status, _, _ := w.ask(t, "POST", `{"type":"typing"}`, "", chat, "activities"); status != 202 || len(w.Messages(chat)) != before {
		t.Errorf("typing: %d", status)
	}
}

func TestConnectorRefuses(t *testing.T) {
	w := startTeams(t, Options{})
	if err := w.AddUser(User{ID: ben, Name: "Ben", Blocked: true}); err != nil {
		t.Fatal(err)
	}
	disabled, err := w.AddConversation(Conversation{Team: general, BotDisabled: true})
	if err != nil {
		t.Fatal(err)
	}
	said := w.Say(ann, plans, "mine").ID
	other := w.Say("28:"+otherApp, plans, "another bot's").ID
	mine := w.send(t, plans, hello, "")
	big := cardMessage(`{"type":"AdaptiveCard","version":"1.4","body":[{"type":"TextBlock","text":"` + strings.Repeat("x", maxCard) + `"}]}`)
	member := w.MemberID(ann)
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
		"unknown thread":           {"POST", hello, activities(plans + ";messageid=1"), 404, "ConversationNotFound"},
		"thread in a chat":         {"POST", hello, activities(chat + ";messageid=" + said), 404, "ConversationNotFound"},
		"thread in personal chat":  {"POST", hello, activities(w.Personal(ann) + ";messageid=" + said), 404, "ConversationNotFound"},
		"unknown personal chat":    {"POST", hello, activities(w.Personal(otherTenant)), 404, "ConversationNotFound"},
		"bot absent":               {"POST", hello, activities(absent), 403, "BotNotInConversationRoster"},
		"bot not installed":        {"POST", hello, activities(w.Personal(dan)), 403, "BotNotInConversationRoster"},
		"bot disabled":             {"POST", hello, activities(disabled), 403, "BotDisabledByAdmin"},
		"bot blocked":              {"POST", hello, activities(w.Personal(ben)), 403, "ConversationBlockedByUser"},
		"reply to nothing":         {"POST", hello, append(activities(plans), "1"), 404, "ActivityNotFoundInConversation"},
		"no JSON":                  {"POST", "hello", activities(plans), 400, "BadSyntax"},
		"no type":                  {"POST", `{"text":"hello"}`, activities(plans), 400, "BadSyntax"},
		"misspelt property":        {"POST", `{"type":"message","txt":"hello"}`, activities(plans), 400, "BadSyntax"},
		"unknown type":             {"POST", `{"type":"event"}`, activities(plans), 400, "BadArgument"},
		"empty":                    {"POST", `{"type":"message"}`, activities(plans), 400, "BadArgument"},
		"unknown format":           {"POST", `{"type":"message","text":"x","textFormat":"html"}`, activities(plans), 400, "BadArgument"},
		"two attachments":          {"POST", `{"type":"message","attachments":[{},{}]}`, activities(plans), 400, "BadArgument"},
		"another attachment":       {"POST", `{"type":"message","attachments":[{"contentType":"image/png"}]}`, activities(plans), 400, "BadArgument"},
		"invalid card":             {"POST", cardMessage(`{"type":"AdaptiveCard"}`), activities(plans), 400, "BadArgument"},
		"card too big":             {"POST", big, activities(plans), 413, "MessageSizeTooBig"},
		"text too big":             {"POST", `{"type":"message","text":"` + strings.Repeat("é", 52_000) + `"}`, activities(plans), 413, "MessageSizeTooBig"},
		"mention without entity":   {"POST", at(""), activities(plans), 400, "BadArgument"},
		"mention of nobody":        {"POST", at(`{"type":"mention","text":"<at>Ann</at>"}`), activities(plans), 400, "BadArgument"},
		"mention of a stranger":    {"POST", at(`{"type":"mention","text":"<at>Ann</at>","mentioned":{"id":"29:1x"}}`), activities(plans), 400, "BadArgument"},
		"mention outside the text": {"POST", at(`{"type":"mention","text":"<at>Ann</at>","mentioned":{"id":"` + member + `"}},{"type":"mention","text":"<at>Ben</at>","mentioned":{"id":"` + member + `"}}`), activities(plans), 400, "BadArgument"},
		"private without the flag": {"POST", `{"type":"message","text":"x","recipient":{"id":"` + member + `","isTargeted":true}}`, activities(plans), 400, "BadArgument"},
		"update of nothing":        {"PUT", hello, append(activities(plans), "1"), 404, "ActivityNotFoundInConversation"},
		"update of another's":      {"PUT", hello, append(activities(plans), said), 403, "NotEnoughPermissions"},
		"update of a bot's":        {"PUT", hello, append(activities(plans), other), 403, "NotEnoughPermissions"},
		"update elsewhere":         {"PUT", hello, append(activities(chat), mine), 404, "ActivityNotFoundInConversation"},
		"update in another thread": {"PUT", hello, append(activities(plans+";messageid="+said), mine), 404, "ActivityNotFoundInConversation"},
		"update of a card too big": {"PUT", big, append(activities(plans), mine), 413, "MessageSizeTooBig"},
		"update, disabled":         {"PUT", hello, append(activities(disabled), mine), 403, "BotDisabledByAdmin"},
		"update without an ID":     {"PUT", hello, activities(plans), 405, "MethodNotAllowed"},
		"update without type":      {"PUT", `{"text":"x"}`, append(activities(plans), mine), 400, "BadSyntax"},
		"update to typing":         {"PUT", `{"type":"typing"}`, append(activities(plans), mine), 400, "BadArgument"},
		"delete nothing":           {"DELETE", "", append(activities(plans), "1"), 404, "ActivityNotFoundInConversation"},
		"delete another's":         {"DELETE", "", append(activities(plans), said), 403, "NotEnoughPermissions"},
		"unknown member":           {"GET", "", []string{plans, "members", "29:1x"}, 404, "MemberNotFoundInConversation"},
		"member of another chat":   {"GET", "", []string{chat, "members", w.MemberID(cleo)}, 404, "MemberNotFoundInConversation"},
		"members of nowhere":       {"GET", "", []string{"19:nowhere@thread.tacv2", "members"}, 404, "ConversationNotFound"},
		"no such operation":        {"GET", "", []string{plans, "history"}, 404, "NotFound"},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(w.Messages(plans))
			status, answer, code := w.ask(t, test.method, test.body, "", test.path...)
			if status != test.status || code != test.code {
				t.Errorf("got %d %s: %v", status, code, answer)
			}
			call := w.Calls()[len(w.Calls())-1]
			if call.Status != status || call.Error != code {
				t.Errorf("call %+v", call)
			}
			if len(w.Messages(plans)) != before {
				t.Error("it was posted all the same")
			}
		})
	}
	t.Run("mention", func(t *testing.T) {
		w.send(t, plans, at(`{"type":"mention","text":"<at>Ann</at>","mentioned":{"id":"`+member+`","name":"Ann"}}`), "")
	})
}

func TestConnectorChecksTokens(t *testing.T) {
	clock := faultserver.NewClock(time.Now())
	w := startTeams(t, Options{Now: clock.Now})
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
		"another audience": {other(bot, otherAudience), "Unauthorized"},
		"another app's":    {other(otherApp, audience), "BotNotRegistered"},
	} {
		w.token = test.token
		status, _, _ := w.ask(t, "GET", "", "", plans, "members")
		call := w.Calls()[len(w.Calls())-1]
		if call.Error != test.code || (status == 401) != (test.code != "") {
			t.Errorf("%s: %d %s", name, status, call.Error)
		}
	}
	w.token = good
	clock.Move(2 * time.Hour)
	if status, _, _ := w.ask(t, "GET", "", "", plans, "members"); status != 401 {
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

func TestTargeted(t *testing.T) {
	clock := faultserver.NewClock(time.Now())
	w := startTeams(t, Options{Now: clock.Now})
	closed, err := w.AddConversation(Conversation{Kind: GroupChat, RefuseTargeted: true})
	if err != nil {
		t.Fatal(err)
	}
	const flag = "?isTargetedActivity=true"
	to := func(id string) string {
		return `{"type":"message","text":"for you","recipient":{"id":"` + id + `","isTargeted":true}}`
	}
	member := w.MemberID(ann)
	for name, test := range map[string]struct {
		conversation, body string
		status             int
	}{
		"in a channel":         {plans, to(member), 201},
		"by object ID":         {chat, to(ann), 201},
		"no recipient":         {plans, hello, 400},
		"not a member":         {chat, to(w.MemberID(dan)), 400},
		"in personal chat":     {w.Personal(ann), to(member), 400},
		"where it is not had":  {closed, to(member), 400},
		"the bot is not there": {absent, to(member), 403},
	} {
		status, answer, code := w.ask(t, "POST", test.body, flag, test.conversation, "activities")
		if status != test.status || status == 400 && code != "BadArgument" {
			t.Errorf("%s: %d %s %v", name, status, code, answer)
		}
	}
	w.send(t, closed, hello, "")

	id := w.send(t, plans, to(member), flag)
	if call := w.Calls()[len(w.Calls())-1]; !call.Targeted {
		t.Errorf("call %+v", call)
	}
	seen := func(user string) bool {
		return slices.ContainsFunc(w.Seen(plans, user), func(m Message) bool { return m.ID == id })
	}
	if !seen(strings.ToUpper(ann)) || seen(ben) {
		t.Errorf("Ann sees it: %v, Ben: %v", seen(ann), seen(ben))
	}
	for name, test := range map[string]struct {
		body, query string
		status      int
	}{
		"update":                {`{"type":"message","text":"better"}`, flag, 200},
		"update of a recipient": {to(member), flag, 400},
		"update without flag":   {hello, "", 404},
	} {
		if status, _, code := w.ask(t, "PUT", test.body, test.query, plans, "activities", id); status != test.status {
			t.Errorf("%s: %d %s", name, status, code)
		}
	}
	if m, _ := w.find(plans, id); m.Text != "better" || m.To != ann || m.Edits != 1 {
		t.Errorf("updated: %+v", m)
	}
	if status, _, _ := w.ask(t, "DELETE", "", "", plans, "activities", id); status != 404 {
		t.Errorf("deleted without the flag: %d", status)
	}
	clock.Move(24*time.Hour - time.Minute)
	if !seen(ann) {
		t.Error("it is gone before its time")
	}
	clock.Move(time.Minute)
	if seen(ann) {
		t.Error("it stands after a day")
	}
	w.token = w.mint(t)
	if status, _, code := w.ask(t, "PUT", hello, flag, plans, "activities", id); status != 404 || code != "ActivityNotFoundInConversation" {
		t.Errorf("updated after a day: %d %s", status, code)
	}
}

func TestChangesAndDeletes(t *testing.T) {
	w := startTeams(t, Options{})
	id := w.send(t, plans, hello, "")
	status, answer, _ := w.ask(t, "PUT", cardMessage(`{"type":"AdaptiveCard","version":"1.4"}`), "", plans+";messageid="+id, "activities", id)
	m, _ := w.find(plans, id)
	if status != 200 || answer["id"] != id || m.Text != "" || m.Card == nil || m.Edits != 1 || m.Via != "send" {
		t.Errorf("updated: %d %v %+v", status, answer, m)
	}
	if status, _, _ := w.ask(t, "DELETE", "", "", plans, "activities", id); status != 200 || len(w.Messages(plans)) > 0 {
		t.Errorf("deleted: %d, %+v", status, w.Messages(plans))
	}
	if status, _, _ := w.ask(t, "PUT", hello, "", plans, "activities", id); status != 404 {
		t.Errorf("updated when gone: %d", status)
	}
}

// A changed message says what it says now and that it was changed, and it and what answers it stay where they are.
func TestUpdatesKeepTheirPlace(t *testing.T) {
	clock := faultserver.NewClock(time.Now())
	w := startTeams(t, Options{Now: clock.Now})
	asked := w.Say(ann, plans, "meet").ID
	thread := plans + ";messageid=" + asked
	card := w.send(t, thread, cardMessage(`{"type":"AdaptiveCard","version":"1.2","body":[{"type":"TextBlock","text":"old"}]}`), "")
	answer := w.send(t, thread, `{"type":"message","text":"after it","replyToId":"`+card+`"}`, "")
	next := w.Say(ben, plans, "another thread").ID
	before := w.Messages(plans)
	clock.Move(time.Minute)
	body := cardMessage(`{"type":"AdaptiveCard","version":"1.2","body":[{"type":"TextBlock","text":"new"}]}`)
	if status, _, code := w.ask(t, "PUT", body, "", thread, "activities", card); status != 200 {
		t.Fatalf("%d %s", status, code)
	}
	var ids []string
	for i, m := range w.Seen(plans, ben) {
		ids = append(ids, m.ID)
		if m.ID == card {
			if m.Words() != "new" || m.Edits != 1 || m.Changed.Sub(m.At) < time.Minute || !strings.Contains(RenderMessage(m, 60), "Edited") {
				t.Errorf("the card: %+v", m)
			}
			m.Card, m.Edits, m.Changed = before[i].Card, 0, time.Time{}
		}
		if fmt.Sprintf("%+v", m) != fmt.Sprintf("%+v", before[i]) {
			t.Errorf("was %+v\nis  %+v", before[i], m)
		}
	}
	if want := []string{asked, card, answer, next}; !slices.Equal(ids, want) {
		t.Errorf("order %v, want %v", ids, want)
	}
}

// A message that is deleted cannot be changed, whoever deleted it; nor one of a conversation that the bot has left.
func TestUpdatesOutOfReach(t *testing.T) {
	w := startTeams(t, Options{})
	app, _ := bot(t, w.Server, accept)
	put := func(conversation, id string) string {
		t.Helper()
		status, _, code := w.ask(t, "PUT", hello, "", conversation, "activities", id)
		return fmt.Sprint(status, " ", code)
	}
	id := w.send(t, chat, hello, "")
	if err := w.Delete(chat, id); err != nil {
		t.Fatal(err)
	}
	if got := put(chat, id); got != "404 ActivityNotFoundInConversation" {
		t.Errorf("deleted: %s", got)
	}
	if err := w.Delete(chat, id); err == nil {
		t.Error("deleted twice")
	}
	id = w.send(t, chat, hello, "")
	if _, err := w.Install(t.Context(), app, Install{User: ann, Conversation: chat, Remove: true}); err != nil {
		t.Fatal(err)
	}
	if got := put(chat, id); got != "403 BotNotInConversationRoster" {
		t.Errorf("out of the chat: %s", got)
	}
	if _, err := w.Install(t.Context(), app, Install{User: ann, Conversation: chat}); err != nil {
		t.Fatal(err)
	}
	if got := put(chat, id); got != "200 " {
		t.Errorf("in the chat again: %s", got)
	}
	id = w.send(t, w.Personal(ann), hello, "")
	if err := w.AddUser(User{ID: ann, Blocked: true}); err != nil {
		t.Fatal(err)
	}
	if got := put(w.Personal(ann), id); got != "403 ConversationBlockedByUser" {
		t.Errorf("blocked: %s", got)
	}
	for _, fault := range []faultserver.Fault{
		{Status: 405, Body: `{"error":{"code":"BadArgument"}}`}, {Status: 403, Body: `{"error":{"code":"ServiceError","message":"Unknown"}}`},
		{Status: 504, Works: true},
	} {
		fault.Target, fault.Times = "update", 1
		w.Fault(fault)
		if got := put(chat, "1"); !strings.HasPrefix(got, fmt.Sprint(fault.Status)) {
			t.Errorf("%+v: %s", fault, got)
		}
	}
}

// People come into conversations and leave them; the bot is told where it is a member.
func TestMembersComeAndGo(t *testing.T) {
	w := startTeams(t, Options{})
	app, heard := bot(t, w.Server, accept)
	for _, test := range []struct {
		change Membership
		want   string // type, eventType, who
		in     []string
		status int // of reading that member
	}{
		{Membership{User: cleo, Conversation: chat, By: ann}, "conversationUpdate/<nil>/membersAdded/" + cleo, []string{chat}, 200},
		{Membership{User: cleo, Conversation: chat, Remove: true}, "conversationUpdate/<nil>/membersRemoved/" + cleo, []string{chat}, 404},
		{Membership{User: ben, Conversation: plans, Remove: true}, "conversationUpdate/teamMemberRemoved/membersRemoved/" + ben, []string{plans, general}, 404},
		{Membership{User: ben, Conversation: general, By: ann}, "conversationUpdate/teamMemberAdded/membersAdded/" + ben, []string{plans, general}, 200},
	} {
		before := len(heard())
		all, err := w.ChangeMember(t.Context(), app, test.change)
		if err != nil || len(all) != 1 || len(heard()) != before+1 {
			t.Errorf("%+v: %+v, %v", test.change, all, err)
			continue
		}
		h := heard()[before]
		what := "membersAdded"
		if test.change.Remove {
			what = "membersRemoved"
		}
		changed, _ := h.fields[what].([]any)
		if len(changed) != 1 {
			t.Errorf("%+v: %s", test.change, h.raw)
			continue
		}
		got := fmt.Sprint(h.at("type"), "/", h.at("channelData.eventType"), "/", what, "/", changed[0].(map[string]any)["aadObjectId"])
		if got != test.want {
			t.Errorf("%+v: %s, want %s", test.change, got, test.want)
		}
		for _, conversation := range test.in {
			if status, _, _ := w.ask(t, "GET", "", "", conversation, "members", test.change.User); status != test.status {
				t.Errorf("%+v: in %s the member is %d", test.change, conversation, status)
			}
			sees := w.Seen(conversation, test.change.User) != nil
			if sees != (test.status == 200) {
				t.Errorf("%+v: sees %s: %v", test.change, conversation, sees)
			}
		}
	}
	for name, change := range map[string]Membership{
		"a member already": {User: ann, Conversation: chat}, "not a member": {User: dan, Conversation: chat, Remove: true},
		"nobody": {User: otherTenant, Conversation: chat}, "nowhere": {User: ann, Conversation: "19:x@thread.v2"},
		"a chat with the bot": {User: ann, Conversation: w.Personal(ann), Remove: true},
		"by a stranger":       {User: cleo, Conversation: chat, By: dan},
	} {
		if _, err := w.ChangeMember(t.Context(), app, change); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	before := len(heard())
	if _, err := w.ChangeMember(t.Context(), app, Membership{User: ben, Conversation: absent, Remove: true}); err != nil || len(heard()) != before {
		t.Errorf("where the bot is not: %v, %d events", err, len(heard())-before)
	}
}

func TestMembers(t *testing.T) {
	w := startTeams(t, Options{})
	for _, id := range []string{w.MemberID(ann), ann} {
		status, m, _ := w.ask(t, "GET", "", "", chat, "members", id)
		want := map[string]any{
			"id": w.MemberID(ann), "objectId": ann, "name": "Ann Archer", "givenName": "Ann", "surname": "Archer",
			"userPrincipalName": "ann@contoso.example", "email": "ann@contoso.example", "tenantId": tenant, "userRole": "user",
		}
		if status != 200 || fmt.Sprint(m) != fmt.Sprint(want) {
			t.Errorf("%s: %d %v", id, status, m)
		}
	}
	for i := range 60 {
		if err := w.AddUser(User{ID: fmt.Sprintf("f0000000-0000-4000-8000-%012d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	token := ""
	for pages := 1; ; pages++ {
		_, page, code := w.ask(t, "GET", "", "?pageSize=50&continuationToken="+url.QueryEscape(token), plans, "pagedmembers")
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
		if status, _, _ := w.ask(t, "GET", "", query, plans, "pagedmembers"); status != 400 {
			t.Errorf("%s: %d", query, status)
		}
	}
	if status, _, _ := w.ask(t, "GET", "", "", chat, "members"); status != 200 {
		t.Errorf("all at once: %d", status)
	}
}

func TestCreatesConversations(t *testing.T) {
	w := startTeams(t, Options{})
	with := func(member, tenant, more string) string {
		return `{"bot":{"id":"` + w.BotID() + `"},"isGroup":false,"members":[{"id":"` + member + `"}],"tenantId":"` + tenant + `"` + more + `}`
	}
	channel := func(more string) string {
		return `{"isGroup":true,"channelData":{"channel":{"id":"` + plans + `"}}` + more + `}`
	}
	for name, test := range map[string]struct {
		body   string
		status int
		code   string
		where  string // the conversation's ID begins so
	}{
		"by member ID":          {with(w.MemberID(ann), tenant, ""), 201, "", w.Personal(ann)},
		"by object ID":          {with(ann, tenant, ""), 201, "", w.Personal(ann)},
		"with a message":        {with(ann, tenant, `,"activity":`+hello), 201, "", w.Personal(ann)},
		"a post in a channel":   {channel(`,"activity":` + hello), 201, "", plans + ";messageid="},
		"a channel, no message": {channel(""), 400, "BadArgument", ""},
		"another tenant":        {with(ann, otherTenant, ""), 400, "BadArgument", ""},
		"no tenant":             {with(ann, "", ""), 400, "BadArgument", ""},
		"a stranger":            {with(otherTenant, tenant, ""), 400, "BadArgument", ""},
		"nobody":                {`{"tenantId":"` + tenant + `"}`, 400, "BadArgument", ""},
		"not installed":         {with(dan, tenant, ""), 403, "ForbiddenOperationException", ""},
		"an invalid message":    {with(ann, tenant, `,"activity":{"text":"x"}`), 400, "BadSyntax", ""},
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

func TestThrottles(t *testing.T) {
	clock := faultserver.NewClock(time.Now())
	w := startTeams(t, Options{Now: clock.Now})
	sends := func(conversation string) int {
		t.Helper()
		status, _, _ := w.ask(t, "POST", hello, "", conversation, "activities")
		return status
	}
	root := w.send(t, plans, hello, "")
	for i := range 6 {
		if status := sends(plans); status != 201 {
			t.Fatalf("message %d: %d", i+2, status)
		}
	}
	if status, wait := w.throttled(t, plans); status != 429 || wait != "1" || w.Calls()[len(w.Calls())-1].Error != "Throttled" {
		t.Errorf("the eighth in a second: %d, Retry-After %q", status, wait)
	}
	if status := sends(plans + ";messageid=" + root); status != 429 {
		t.Errorf("a thread has a limit of its own: %d", status)
	}
	if status := sends(chat); status != 201 {
		t.Errorf("another conversation: %d", status)
	}
	clock.Move(time.Second)
	if first, second := sends(plans), sends(plans); first != 201 || second != 429 {
		t.Errorf("eight in two seconds, then the ninth: %d, %d", first, second)
	}
	w.o.Posts = []Quota{{2, 10 * time.Second}}
	for _, step := range []struct {
		wait   time.Duration
		status int
		after  string
	}{{time.Hour, 201, ""}, {6 * time.Second, 201, ""}, {2 * time.Second, 429, "2"}, {2 * time.Second, 201, ""}, {0, 429, "6"}} {
		clock.Move(step.wait)
		w.token = w.mint(t)
		if status, after := w.throttled(t, chat); status != step.status || after != step.after {
			t.Errorf("after another %s: %d, Retry-After %q", step.wait, status, after)
		}
	}
	w.o.Posts = []Quota{}
	for range 20 {
		w.send(t, plans, hello, "")
	}
}

// throttled sends a message and returns the status and the Retry-After header.
func (w *world) throttled(t *testing.T, conversation string) (int, string) {
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
func (w *world) mint(t *testing.T) string {
	t.Helper()
	token, err := w.entra.Mint(w.AppID(), audience, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestConnectorFaults(t *testing.T) {
	w := startTeams(t, Options{Posts: []Quota{}})
	for _, fault := range []struct {
		fault  faultserver.Fault
		status int
		stands bool
	}{
		{faultserver.Fault{Status: 429, RetryAfter: "3"}, 429, false},
		{faultserver.Fault{Status: 412}, 412, false},
		{faultserver.Fault{Status: 502}, 502, false},
		{faultserver.Fault{Status: 504, Works: true}, 504, true},
		{faultserver.Fault{Reset: true}, 0, false},
		{faultserver.Fault{Reset: true, Works: true}, 0, true},
	} {
		before := len(w.Messages(plans))
		fault.fault.Target, fault.fault.Times = "send", 1
		w.Fault(fault.fault)
		if status, _, _ := w.ask(t, "GET", "", "", plans, "members", ann); status != 200 {
			t.Errorf("%+v strikes another operation: %d", fault.fault, status)
		}
		if status, _, _ := w.ask(t, "POST", hello, "", plans, "activities"); status != fault.status {
			t.Errorf("%+v: %d", fault.fault, status)
		}
		if call := w.Calls()[len(w.Calls())-1]; call.Status != fault.status || call.Op != "send" {
			t.Errorf("%+v: call %+v", fault.fault, call)
		}
		if stands := len(w.Messages(plans)) > before; stands != fault.stands {
			t.Errorf("%+v: the message stands: %v", fault.fault, stands)
		}
		w.send(t, plans, hello, "")
	}
}
