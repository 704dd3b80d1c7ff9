package teamstest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"math"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/faultserver"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// routes is the server that the bot sees: the document "Bot Framework REST connector API reference".
func (t *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+metadataPath, t.serveMetadata)
	mux.HandleFunc("GET "+keysPath, t.serveKeys)
	const all = region + "/v3/conversations"
	const one = all + "/{conversation}"
	for pattern, route := range map[string]struct {
		op   string
		work func(*http.Request, *Call) reply
	}{
		"POST " + all:                                              {"create", t.create},
		"POST " + one + "/activities":                              {"send", t.sendTo},
		"POST " + one + "/activities/{activity}":                   {"reply", t.sendTo},
		"PUT " + one + "/activities":                               {"", t.notAllowed},
		"PUT " + one + "/activities/{activity}":                    {"update", t.update},
		"DELETE " + one + "/activities/{activity}":                 {"delete", t.remove},
		"GET " + one + "/members":                                  {"members", t.listMembers},
		"GET " + one + "/pagedmembers":                             {"members", t.pageMembers},
		"GET " + one + "/members/{member}":                         {"member", t.getMember},
		"GET " + region + "/v3/teams/{conversation}/conversations": {"channels", t.listChannels},
		region + "/": {"", t.nothingHere},
		"GET " + one + "/activities/{any}/members/": {"", t.nothingHere},
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { t.serve(route.op, w, r, route.work) })
	}
	return mux
}

// reply is an answer of the connector.
type reply struct {
	status int
	code   string // the connector's word for what is wrong; empty for nothing
	body   any    // nil for none
	wait   time.Duration
}

// refuse is an error as the connector writes it.
func refuse(status int, code, message string) reply {
	problem := map[string]any{"code": code, "message": message}
	return reply{status: status, code: code, body: map[string]any{"error": problem}}
}

func badArgument(message string) reply {
	return refuse(http.StatusBadRequest, "BadArgument", message)
}

func (t *Server) nothingHere(*http.Request, *Call) reply {
	return refuse(http.StatusNotFound, "NotFound", "No such operation.")
}

// notAllowed answers an update that names no message (MicrosoftDocs/bot-docs, issue 2142).
func (t *Server) notAllowed(*http.Request, *Call) reply {
	return refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "The requested resource does not support PUT.")
}

// serve answers one request under whatever fault is armed for the operation, and records it before the bot can see the
// answer.
func (t *Server) serve(op string, w http.ResponseWriter, r *http.Request, work func(*http.Request, *Call) reply) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	call := Call{
		Op: op, Conversation: r.PathValue("conversation"), Activity: r.PathValue("activity"),
		Member: r.PathValue("member"), Targeted: r.URL.Query().Get("isTargetedActivity") == "true", At: t.o.Now(),
	}
	recorded := false
	defer func() { // a fault may cut the connection by a panic
		if !recorded {
			t.calls.Add(call)
		}
	}()
	call.Status = t.faults.Serve(op, w, r, func(w http.ResponseWriter, r *http.Request) {
		reply := t.authorize(r)
		if reply.status == 0 {
			reply = work(r, &call)
		}
		call.Error = reply.code
		if !faultserver.Discarded(w) {
			call.Status = reply.status
			t.calls.Add(call)
			recorded = true
		}
		if reply.wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(reply.wait.Seconds()))))
		}
		if reply.body == nil {
			w.WriteHeader(reply.status)
			return
		}
		faultserver.WriteJSON(w, reply.status, reply.body)
	})
}

// seenToken is a token whose signature was checked.
type seenToken struct {
	token  string
	claims *entratest.Claims
}

// authorize checks the bot's token. The answer's status is 0 if it is good.
func (t *Server) authorize(r *http.Request) reply {
	denied := reply{status: http.StatusUnauthorized, code: "Unauthorized", body: map[string]any{
		"message": "Authorization has been denied for this request.",
	}}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return denied
	}
	seen := t.seen.Load()
	if seen == nil || seen.token != token || !t.o.Now().Before(seen.claims.ExpiresAt.Time) {
		claims, err := t.o.Entra.Verify(token, audience, t.o.Now)
		if err != nil {
			if errors.Is(err, jwt.ErrTokenExpired) {
				denied.code = "TokenExpired"
			}
			return denied
		}
		seen = &seenToken{token, claims}
		t.seen.Store(seen)
	}
	if !strings.EqualFold(seen.claims.AppID, t.o.AppID) {
		return refuse(http.StatusUnauthorized, "BotNotRegistered", "No registration found for this bot.")
	}
	return reply{}
}

// enter finds the conversation of a path and checks that the bot may use it: the table "Status code responses" of the
// document "Messages in bot conversations". The answer's status is 0 if it may.
func (t *Server) enter(id string) (location, reply) {
	p, ok := t.place(id)
	switch {
	case !ok:
		return p, refuse(http.StatusNotFound, "ConversationNotFound", "Conversation not found.")
	case p.BotDisabled:
		return p, refuse(http.StatusForbidden, "BotDisabledByAdmin", "The tenant admin disabled this bot.")
	case p.BotAbsent:
		return p, refuse(http.StatusForbidden, "BotNotInConversationRoster",
			"The bot is not part of the conversation roster.")
	case p.blocked:
		return p, refuse(http.StatusForbidden, "ConversationBlockedByUser",
			"User blocked the conversation with the bot.")
	}
	return p, reply{}
}

// sendTo is POST …/activities and POST …/activities/{activityId}.
func (t *Server) sendTo(r *http.Request, call *Call) reply {
	p, refusal := t.enter(call.Conversation)
	if refusal.status != 0 {
		return refusal
	}
	if call.Activity != "" {
		answered, ok := t.find(p.ID, call.Activity)
		if !ok {
			return noActivity()
		}
		if p.Kind == Channel && p.thread == "" {
			p.thread = cmp.Or(answered.Thread, answered.ID)
		}
	}
	a, refusal := t.readActivity(r, p)
	if refusal.status != 0 {
		return refusal
	}
	m, refusal := t.compose(p, a, call.Targeted)
	if refusal.status != 0 {
		return refusal
	}
	if wait := t.throttle(p.ID); wait > 0 {
		reply := refuse(http.StatusTooManyRequests, "Throttled", "Too many requests.")
		reply.wait = wait
		return reply
	}
	if a.Type == "typing" {
		return reply{status: http.StatusAccepted, body: map[string]any{}}
	}
	m.Via, m.ReplyTo = call.Op, cmp.Or(call.Activity, a.ReplyToID)
	if m.Text != "" && m.Card != nil {
		// Text and attachment become two messages, and there is no ID to change either by: the note on splitting in the
		// document "Messages in bot conversations".
		card := m
		m.Card, card.Text, card.Format = nil, "", ""
		t.post(m)
		t.post(card)
		return reply{status: http.StatusCreated, body: map[string]any{}}
	}
	return reply{status: http.StatusCreated, body: map[string]any{"id": t.post(m).ID}}
}

// compose makes the message of an activity, or says what is wrong with whom it is for: the document "Targeted
// messages", "Handle errors". That a private activity is refused without the query parameter is this sandbox's own
// rule: in Teams everybody might see it.
func (t *Server) compose(p location, a *activity, targeted bool) (Message, reply) {
	m := Message{
		Conversation: p.ID, Thread: p.thread, From: t.o.AppID, Text: a.Text, Format: cmp.Or(a.TextFormat, "markdown"),
		Card: a.card(),
	}
	switch {
	case !targeted && a.Recipient != nil && a.Recipient.IsTargeted:
		return m, badArgument("The recipient is targeted, and isTargetedActivity is not set.")
	case !targeted:
		return m, reply{}
	case p.Kind == Personal:
		return m, badArgument("Targeted messages are not supported in one on one chats.")
	case p.RefuseTargeted:
		return m, badArgument("Targeted messages are not supported in this conversation.")
	case a.Recipient == nil || a.Recipient.ID == "":
		return m, badArgument("Recipient is missing.")
	}
	u, ok := t.user(a.Recipient.ID)
	if !ok || !p.has(u.ID) {
		return m, badArgument("Recipient is not a member of the conversation.")
	}
	m.To = u.ID
	return m, reply{}
}

func noActivity() reply {
	return refuse(http.StatusNotFound, "ActivityNotFoundInConversation", "Activity not found in conversation.")
}

// own finds the bot's message that a path names, and the conversation: the table "Status codes from bot conversational
// APIs" of the document "Build conversational capability". A private one is found by isTargetedActivity, and only then.
// Teams has been seen to answer 403 ServiceError where a message was deleted (microsoft/BotFramework-Services, issue
// 269); a [faultserver.Fault] of "update" does that.
func (t *Server) own(call *Call) (location, Message, reply) {
	p, refusal := t.enter(call.Conversation)
	if refusal.status != 0 {
		return p, Message{}, refusal
	}
	m, ok := t.find(p.ID, call.Activity)
	switch {
	case !ok, (m.To != "") != call.Targeted, p.thread != "" && p.thread != cmp.Or(m.Thread, m.ID):
		return p, m, noActivity()
	case m.From != t.o.AppID:
		return p, m, refuse(http.StatusForbidden, "NotEnoughPermissions", "The message is not the bot's.")
	}
	return p, m, reply{}
}

// update is PUT …/activities/{activityId}.
func (t *Server) update(r *http.Request, call *Call) reply {
	p, m, refusal := t.own(call)
	if refusal.status != 0 {
		return refusal
	}
	a, refusal := t.readActivity(r, p)
	switch {
	case refusal.status != 0:
		return refusal
	case a.Type != "message":
		return badArgument("Only messages can be updated.")
	case call.Targeted && a.Recipient != nil:
		return badArgument("Recipient must not be included.")
	case a.Text != "" && a.card() != nil:
		return badArgument("Text and attachment are two messages.")
	}
	t.change(p.ID, m.ID, func(m *Message) {
		m.Text, m.Format, m.Card = a.Text, cmp.Or(a.TextFormat, "markdown"), a.card()
		m.Edits++
		m.Changed = t.o.Now()
	})
	return reply{status: http.StatusOK, body: map[string]any{"id": m.ID}}
}

// remove is DELETE …/activities/{activityId}.
func (t *Server) remove(_ *http.Request, call *Call) reply {
	p, m, refusal := t.own(call)
	if refusal.status != 0 {
		return refusal
	}
	t.change(p.ID, m.ID, func(m *Message) { m.ID = "" })
	return reply{status: http.StatusOK}
}

// creation is the body of POST /v3/conversations.
type creation struct {
	Bot         *account        `json:"bot"`
	IsGroup     bool            `json:"isGroup"`
	Members     []account       `json:"members"`
	TenantID    string          `json:"tenantId"`
	TopicName   string          `json:"topicName"`
	Activity    json.RawMessage `json:"activity"`
	ChannelData struct {
		Tenant struct {
			ID string `json:"id"`
		} `json:"tenant"`
		Channel struct {
			ID string `json:"id"`
		} `json:"channel"`
	} `json:"channelData"`
}

// create is POST /v3/conversations: it opens the chat with one user, who is named by member ID or object ID, or a new
// post in a channel (document "Proactive messages"). A chat that exists is returned as it is.
func (t *Server) create(r *http.Request, call *Call) reply {
	var c creation
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		return badSyntax(err)
	}
	if tenant := cmp.Or(c.TenantID, c.ChannelData.Tenant.ID); !strings.EqualFold(tenant, t.TenantID()) &&
		c.ChannelData.Channel.ID == "" {
		return badArgument("The tenant of the conversation is missing or another.")
	}
	id := c.ChannelData.Channel.ID
	switch {
	case c.IsGroup && (id == "" || c.Activity == nil):
		return badArgument("A group conversation needs a channel and an activity.")
	case !c.IsGroup && len(c.Members) != 1:
		return badArgument("A conversation is with exactly one member.")
	case !c.IsGroup:
		u, ok := t.user(c.Members[0].ID)
		if !ok {
			return badArgument("Unknown member.")
		}
		if u.NotInstalled {
			return refuse(http.StatusForbidden, "ForbiddenOperationException",
				"Bot is not installed in user's personal scope.")
		}
		id = t.Personal(u.ID)
	}
	call.Conversation = id
	if c.Activity == nil {
		return reply{status: http.StatusCreated, body: map[string]any{"id": id}}
	}
	r.Body = io.NopCloser(bytes.NewReader(c.Activity))
	reply := t.sendTo(r, call)
	if sent, ok := reply.body.(map[string]any); ok && reply.code == "" && sent["id"] != nil {
		activity, _ := sent["id"].(string)
		if c.IsGroup {
			id += ";messageid=" + activity
		}
		reply.body = map[string]any{"id": id, "activityId": activity}
	}
	return reply
}

// teamsMember is a member as the connector describes one: the document "Get Teams specific context for your bot". The
// object ID is called objectId here, and aadObjectId in activities.
func (t *Server) teamsMember(u User) map[string]any {
	given, sur, _ := strings.Cut(u.Name, " ")
	m := map[string]any{
		"id": t.MemberID(u.ID), "objectId": u.ID, "name": u.Name, "givenName": given, "surname": sur,
		"tenantId": u.Tenant, "userRole": "user",
	}
	if u.Guest {
		m["userRole"] = "guest"
	}
	if u.Anonymous {
		m["userRole"] = "anonymous"
		delete(m, "objectId")
	}
	if u.UPN != "" {
		m["userPrincipalName"], m["email"] = u.UPN, u.UPN
	}
	return m
}

// enterRoster is enter for what is asked of members: a thread has none of its own, so its ID is not found
// (microsoft/botframework-sdk, issue 3062).
func (t *Server) enterRoster(id string) (location, reply) {
	p, refusal := t.enter(id)
	if refusal.status == 0 && p.thread != "" {
		refusal = refuse(http.StatusNotFound, "ThreadNotFound", "Thread not found.")
	}
	return p, refusal
}

func (t *Server) getMember(_ *http.Request, call *Call) reply {
	p, refusal := t.enterRoster(call.Conversation)
	if refusal.status != 0 {
		return refusal
	}
	u, ok := t.user(call.Member)
	if !ok || !p.has(u.ID) {
		return refuse(http.StatusNotFound, "MemberNotFoundInConversation", "Member not found in conversation.")
	}
	return reply{status: http.StatusOK, body: t.teamsMember(u)}
}

func (t *Server) listMembers(_ *http.Request, call *Call) reply {
	p, refusal := t.enterRoster(call.Conversation)
	if refusal.status != 0 {
		return refusal
	}
	list := []map[string]any{}
	for _, u := range t.roster(p.Conversation) {
		list = append(list, t.teamsMember(u))
	}
	return reply{status: http.StatusOK, body: list}
}

// listChannels is GET …/v3/teams/{team}/conversations: the document "Get Teams specific context for your bot". The
// first channel, whose ID is the team's, has no name there.
func (t *Server) listChannels(_ *http.Request, call *Call) reply {
	if _, refusal := t.enter(call.Conversation); refusal.status != 0 {
		return refusal
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	list := []map[string]any{}
	for id, c := range t.conversations {
		switch {
		case c.Kind != Channel || c.Team != call.Conversation:
		case id == c.Team:
			list = append(list, map[string]any{"id": id, "name": nil})
		default:
			list = append(list, map[string]any{"id": id, "name": c.Name})
		}
	}
	return reply{status: http.StatusOK, body: map[string]any{"conversations": list}}
}

// pageMembers is GET …/pagedmembers: pages of 50 to 500 members, 200 by default (document "Changes to teams bot API to
// fetch team or chat members").
func (t *Server) pageMembers(r *http.Request, call *Call) reply {
	p, refusal := t.enterRoster(call.Conversation)
	if refusal.status != 0 {
		return refusal
	}
	size, from := 200, 0
	q := r.URL.Query()
	if text := q.Get("pageSize"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			return badArgument("The page size is no number.")
		}
		size = min(max(n, 50), 500)
	}
	if text := q.Get("continuationToken"); text != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(text, "from-"))
		if err != nil || n < 0 {
			return badArgument("The continuation token is not one.")
		}
		from = n
	}
	roster := t.roster(p.Conversation)
	page := []map[string]any{}
	for _, u := range roster[min(from, len(roster)):min(from+size, len(roster))] {
		page = append(page, t.teamsMember(u))
	}
	body := map[string]any{"members": page}
	if from+size < len(roster) {
		body["continuationToken"] = "from-" + strconv.Itoa(from+size)
	}
	return reply{status: http.StatusOK, body: body}
}

// throttle counts one message to a conversation, or returns how long it takes until one may be sent.
func (t *Server) throttle(conversation string) time.Duration {
	if len(t.o.Posts) == 0 {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.o.Now()
	longest := slices.MaxFunc(t.o.Posts, func(a, b Quota) int { return cmp.Compare(a.Window, b.Window) }).Window
	sent := slices.DeleteFunc(t.sent[conversation], func(at time.Time) bool { return now.Sub(at) >= longest })
	t.sent[conversation] = sent
	var wait time.Duration
	for _, q := range t.o.Posts {
		if n := len(sent); n >= q.Messages {
			wait = max(wait, sent[n-q.Messages].Add(q.Window).Sub(now))
		}
	}
	if wait <= 0 {
		t.sent[conversation] = append(sent, now)
	}
	return wait
}
