package teamstest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// This file writes activities as Teams sends them: the examples in the documents "Messages in bot conversations",
// "Channel and group chat conversations with a bot", "Conversation events in your Teams bot" and "Universal Actions for
// Adaptive Cards".

// bare is what every activity has. The conversation of an event has no thread, and the sender no name.
func (t *Server) bare(kind, id string, u User, p location) map[string]any {
	now := t.o.Now()
	return map[string]any{
		"type": kind, "id": id, "timestamp": now.UTC().Format("2006-01-02T15:04:05.000Z"),
		"channelId": channelID, "serviceUrl": t.ServiceURL(),
		"from":         map[string]any{"id": t.MemberID(u.ID), "aadObjectId": u.ID},
		"recipient":    map[string]any{"id": t.BotID(), "name": t.o.BotName},
		"conversation": t.wireConversation(u, p),
		"channelData":  t.channelData(u, p),
	}
}

// spoken is what an activity has beyond that if it comes from a user's client.
func (t *Server) spoken(kind, id string, u User, p location) map[string]any {
	a := t.bare(kind, id, u, p)
	local := t.o.Now()
	if zone, err := time.LoadLocation(u.TZ); err == nil {
		local = local.In(zone)
	}
	country := u.Locale[strings.LastIndexByte(u.Locale, '-')+1:]
	a["localTimestamp"], a["localTimezone"], a["locale"] = local.Format("2006-01-02T15:04:05.000-07:00"), u.TZ, u.Locale
	a["from"].(map[string]any)["name"] = u.Name
	a["entities"] = []any{map[string]any{
		"type": "clientInfo", "locale": u.Locale, "country": country, "platform": "Windows", "timezone": u.TZ,
	}}
	return a
}

// tenant is the organization that an activity names: the host's, but for a chat with the bot alone.
func (t *Server) tenant(u User, p location) string {
	if p.Kind == Personal {
		return u.Tenant
	}
	return t.TenantID()
}

func (t *Server) wireConversation(u User, p location) map[string]any {
	c := map[string]any{"id": p.wire(), "tenantId": t.tenant(u, p)}
	switch p.Kind {
	case Personal:
		c["conversationType"] = "personal"
	case Channel:
		c["conversationType"], c["isGroup"] = "channel", true
	default:
		c["conversationType"], c["isGroup"] = "groupChat", true
	}
	return c
}

func (t *Server) channelData(u User, p location) map[string]any {
	d := map[string]any{"tenant": map[string]any{"id": t.tenant(u, p)}}
	switch p.Kind {
	case Channel:
		d["teamsTeamId"], d["teamsChannelId"] = p.Team, p.ID
		d["team"], d["channel"] = map[string]any{"id": p.Team}, map[string]any{"id": p.ID}
	case MeetingChat:
		d["meeting"] = map[string]any{"id": base64.StdEncoding.EncodeToString([]byte("0#" + p.ID + "#0"))}
	}
	return d
}

// message is the activity of a user's message. It has no sound way to tell a root post from a reply but that its own ID
// is the thread's.
func (t *Server) message(post Post, u User, p location, id string) (map[string]any, error) {
	if p.Kind == Channel && p.thread == "" {
		p.thread = id
	}
	a := t.spoken("message", id, u, p)
	if post.NoObjectID || u.Anonymous {
		delete(a["from"].(map[string]any), "aadObjectId")
	}
	if post.ThreadApart {
		a["conversation"].(map[string]any)["id"] = p.ID
		a["channelData"].(map[string]any)["thread"] = map[string]any{"id": p.thread}
	}
	mentions, err := t.mentions(post.Text, p)
	if err != nil {
		return nil, err
	}
	text := post.Text
	if post.Quote != "" {
		text = `<quoted messageId="` + post.Quote + `"/> ` + text
		mentions = append(mentions, map[string]any{"type": "quotedReply",
			"quotedReply": map[string]any{"messageId": post.Quote}})
	}
	if post.Forward != "" {
		text += "\n\n" + post.Forward
	}
	for _, m := range mentions {
		if about, ok := m.(map[string]any)["mentioned"].(map[string]any); post.NoText && ok &&
			about["id"] == t.BotID() {
			delete(m.(map[string]any), "text")
		}
	}
	a["text"], a["textFormat"] = text, "plain"
	a["attachments"] = []any{map[string]any{"contentType": "text/html", "content": renderHTML(post.Text)}}
	a["entities"] = append(mentions, a["entities"].([]any)...)
	if post.Slash {
		a["recipient"].(map[string]any)["isTargeted"] = true
	}
	return a, nil
}

// mentions are the entities of the mentions in a text.
func (t *Server) mentions(text string, p location) ([]any, error) {
	var list []any
	for _, m := range markedMention.FindAllStringSubmatch(text, -1) {
		id, name := "", html.UnescapeString(m[1])
		if name == t.o.BotName || slices.Contains(strings.Fields(t.o.BotName), name) {
			id = t.BotID()
		}
		for _, u := range t.roster(p.Conversation) {
			if id == "" && u.Name == m[1] {
				id = t.MemberID(u.ID)
			}
		}
		if id == "" {
			return nil, fmt.Errorf("the text mentions %q, who is not in the conversation", m[1])
		}
		list = append(list, map[string]any{"type": "mention", "text": m[0],
			"mentioned": map[string]any{"id": id, "name": name}})
	}
	return list, nil
}

// renderHTML is a text as the client made it, which comes beside the plain one.
func renderHTML(text string) string {
	n := -1
	return "<p>" + markedMention.ReplaceAllStringFunc(text, func(m string) string {
		n++
		name := markedMention.FindStringSubmatch(m)[1]
		return fmt.Sprintf(`<span itemtype="http://schema.skype.com/Mention" itemscope="" itemid="%d">%s</span>`, n,
			html.EscapeString(name))
	}) + "</p>"
}

// invoke is the activity of a button.
func (t *Server) invoke(u User, p location, m Message, action map[string]any) map[string]any {
	if p.Kind == Channel {
		p.thread = m.Thread
		if p.thread == "" {
			p.thread = m.ID
		}
	}
	a := t.spoken("invoke", "f:"+uuid.NewString(), u, p)
	a["name"], a["replyToId"] = "adaptiveCard/action", m.ID
	a["value"] = map[string]any{"action": action, "trigger": "manual"}
	a["channelData"].(map[string]any)["source"] = map[string]any{"name": "message"}
	return a
}

// installation are the activities of the bot coming or going: members that change first, then the installation.
func (t *Server) installation(u User, p location, remove bool) []map[string]any {
	event := func(kind string) map[string]any {
		a := t.bare(kind, "f:"+uuid.NewString(), u, p)
		if p.Kind == Channel {
			d := t.describeTeam(a, p)
			d["settings"] = map[string]any{"selectedChannel": map[string]any{"id": p.ID}}
		}
		return a
	}
	update, install := event("conversationUpdate"), event("installationUpdate")
	bot := map[string]any{"id": t.BotID()}
	changed, what := "membersAdded", "teamMemberAdded"
	install["action"] = "add"
	if remove {
		changed, what, install["action"] = "membersRemoved", "teamMemberRemoved", "remove"
	}
	update[changed] = []any{bot}
	if p.Kind == Channel {
		update["channelData"].(map[string]any)["eventType"] = what
	}
	if p.Kind == Personal {
		update[changed] = []any{bot, map[string]any{"id": t.MemberID(u.ID), "aadObjectId": u.ID}}
	}
	install["locale"] = u.Locale
	install["entities"] = []any{map[string]any{"type": "clientInfo", "locale": u.Locale}}
	if remove && p.Kind == Personal {
		return []map[string]any{install}
	}
	return []map[string]any{update, install}
}

// describeTeam makes the channelData of an event about a team out of that of a message in a channel, and returns it.
func (t *Server) describeTeam(a map[string]any, p location) map[string]any {
	d := a["channelData"].(map[string]any)
	delete(d, "teamsTeamId")
	delete(d, "teamsChannelId")
	delete(d, "channel")
	d["team"] = map[string]any{"id": p.Team, "name": p.team,
		"aadGroupId": uuid.NewSHA1(uuid.NameSpaceURL, []byte(p.Team)).String()}
	return d
}

// speaker finds who speaks and where, and checks that this is possible.
func (t *Server) speaker(user, conversation string) (User, location, error) {
	u, ok := t.user(user)
	if !ok {
		return u, location{}, fmt.Errorf("no user %q", user)
	}
	p, ok := t.place(conversation)
	switch {
	case !ok:
		return u, p, fmt.Errorf("no conversation %q", conversation)
	case !p.has(u.ID):
		return u, p, fmt.Errorf("%s is not a member of %s", u.Name, conversation)
	}
	return u, p, nil
}

// Activity is the body that Post would send, without writing or sending anything: for a test to change and Deliver.
func (t *Server) Activity(p Post) (json.RawMessage, error) {
	u, place, err := t.scene(p)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	id := t.talk.stamp(t.o.Now())
	t.mu.Unlock()
	return t.wired(p, u, place, id)
}

// scene finds who posts and where.
func (t *Server) scene(p Post) (User, location, error) {
	where := p.Conversation
	if p.Thread != "" {
		where += ";messageid=" + p.Thread
	}
	u, place, err := t.speaker(p.User, where)
	if err != nil {
		return u, place, fmt.Errorf("post a message: %w", err)
	}
	if p.Slash && place.Kind == Personal {
		return u, place, errors.New("post a message: there is no slash menu in a chat with the bot alone")
	}
	return u, place, nil
}

func (t *Server) wired(p Post, u User, place location, id string) (json.RawMessage, error) {
	a, err := t.message(p, u, place, id)
	if err != nil {
		return nil, fmt.Errorf("post a message: %w", err)
	}
	body, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("post a message: %w", err)
	}
	return body, nil
}
