package slacktest

import (
	"encoding/json"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// callArgs are the arguments of a Web API call. One that came as JSON, and is not a string, is its JSON.
type callArgs map[string]string

// method is a method of the Web API: the scope that it takes, besides any token at all, and what it does.
type method struct {
	scope string
	do    func(*Server, callArgs) reply
}

var methods = map[string]method{
	"apps.connections.open": {"connections:write", (*Server).appsConnectionsOpen},
	"auth.test":             {"", (*Server).authTest},
	"users.info":            {"users:read", (*Server).usersInfo},
	"bots.info":             {"users:read", (*Server).botsInfo},
	"chat.postMessage":      {"chat:write", (*Server).chatPostMessage},
	"chat.postEphemeral":    {"chat:write", (*Server).chatPostEphemeral},
	"chat.update":           {"chat:write", (*Server).chatUpdate},
	"conversations.open":    {"im:write", (*Server).conversationsOpen},
	// The scope of the next two depends on the channel.
	"conversations.info":    {"", (*Server).conversationsInfo},
	"conversations.members": {"", (*Server).conversationsMembers},
	"usergroups.users.list": {"usergroups:read", (*Server).usergroupsUsersList},
	"bookmarks.add":         {"bookmarks:write", (*Server).bookmarksAdd},
	"bookmarks.edit":        {"bookmarks:write", (*Server).bookmarksEdit},
	"bookmarks.remove":      {"bookmarks:write", (*Server).bookmarksRemove},
	"bookmarks.list":        {"bookmarks:read", (*Server).bookmarksList},
}

// webAPI answers one call: the documentation of the Web API, "Using the Slack Web API" and each method's page. A
// refusal has status 200 and says so in its body.
func (s *Server) webAPI(name string, r *http.Request) reply {
	if name == manifestExport {
		return s.exportManifest(r)
	}
	m, ok := methods[name]
	if !ok {
		return refuse("unknown_method", nil)
	}
	args, token, word := readCall(r)
	scopes, wanted, other := s.Scopes(), s.BotToken(), s.o.AppToken
	if strings.HasPrefix(name, "apps.") { // a method of the app itself
		scopes, wanted, other = s.o.AppScopes, other, wanted
	}
	switch {
	case word != "":
		return refuse(word, nil)
	case token == "":
		return refuse("not_authed", nil)
	case token == other:
		return refuse("not_allowed_token_type", nil)
	case token != wanted:
		return refuse("invalid_auth", nil)
	case token == s.o.AppToken && s.appTokenRevoked():
		return refuse("token_revoked", nil)
	case m.scope != "" && !slices.Contains(scopes, m.scope):
		return refuse("missing_scope", map[string]any{"needed": m.scope, "provided": strings.Join(scopes, ",")})
	}
	reply := m.do(s, args)
	reply.header.Set("X-Oauth-Scopes", strings.Join(scopes, ","))
	reply.header.Set("X-Accepted-Oauth-Scopes", m.scope)
	return reply
}

func (s *Server) appTokenRevoked() bool {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	return s.sockets.revoked
}

// readCall reads arguments and token. The token is a bearer token, or an argument unless the arguments are JSON.
func readCall(r *http.Request) (args callArgs, token, word string) {
	args = callArgs{}
	for key, values := range r.URL.Query() {
		args[key] = values[0]
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, "", "request_timeout"
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case len(body) == 0:
	case media == "application/json":
		var object map[string]json.RawMessage
		if json.Unmarshal(body, &object) != nil {
			return nil, "", "invalid_json"
		}
		for key, raw := range object {
			var text string
			if json.Unmarshal(raw, &text) != nil {
				text = string(raw)
			}
			args[key] = text
		}
		delete(args, "token")
	case media == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, "", "invalid_form_data"
		}
		for key, values := range form {
			args[key] = values[0]
		}
	default:
		return nil, "", "invalid_post_type"
	}
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return args, bearer, ""
	}
	return args, args["token"], ""
}

// refuse is Slack's refusal, with more about it where there is more.
func refuse(word string, more map[string]any) reply {
	object := map[string]any{"ok": false, "error": word}
	for key, value := range more {
		object[key] = value
	}
	return jsonReply(http.StatusOK, word, object)
}

func agree(object map[string]any) reply {
	object["ok"] = true
	return jsonReply(http.StatusOK, "", object)
}

func (s *Server) authTest(callArgs) reply {
	object := map[string]any{
		"url": "https://contoso.slack.com/", "team": "Contoso", "user": "meetbot", "team_id": s.o.Team,
		"user_id": botUser, "bot_id": botID, "is_enterprise_install": s.installed().wide,
	}
	if s.installed().enterprise != "" {
		object["enterprise_id"] = s.installed().enterprise
	}
	return agree(object)
}

func (s *Server) usersInfo(args callArgs) reply {
	u, ok := s.user(args["user"])
	if !ok {
		return refuse("user_not_found", nil)
	}
	profile := map[string]any{
		"real_name": u.RealName, "real_name_normalized": u.RealName, "display_name": u.Name, "team": u.Team,
	}
	if u.Email != "" && s.granted("users:read.email") {
		profile["email"] = u.Email
	}
	offset, label := 0, "Coordinated Universal Time"
	if zone, err := time.LoadLocation(u.TZ); err == nil {
		label, offset = s.o.Now().In(zone).Zone()
	}
	object := map[string]any{
		"id": u.ID, "team_id": u.Team, "name": u.Name, "real_name": u.RealName, "deleted": u.Deleted,
		"profile": profile, "tz": u.TZ, "tz_label": label, "tz_offset": offset, "is_admin": false, "is_owner": false,
		"is_primary_owner": false, "is_restricted": u.Restricted || u.UltraRestricted,
		"is_ultra_restricted": u.UltraRestricted, "is_bot": u.Bot, "is_app_user": false,
		"is_email_confirmed": u.EmailConfirmed, "updated": s.o.Now().Unix(),
	}
	if u.EmailUnsaid {
		delete(object, "is_email_confirmed")
	}
	if u.Stranger {
		object["is_stranger"] = true
	}
	if args.is("include_locale") {
		object["locale"] = u.Locale
	}
	return agree(map[string]any{"user": object})
}

func (s *Server) conversationsOpen(args callArgs) reply {
	user := args["users"]
	if _, ok := s.user(user); !ok {
		return refuse("user_not_found", nil)
	}
	return agree(map[string]any{"channel": map[string]any{"id": "D" + user}})
}

func (s *Server) chatPostMessage(args callArgs) reply {
	id := args["channel"]
	if u, ok := s.user(id); ok {
		if word := cannotMessage(u); word != "" {
			return refuse(word, nil)
		}
		id = "D" + id // a user stands for the direct message with them
	}
	channel, word := s.mayWrite(id, "is_archived")
	if word != "" {
		return refuse(word, nil)
	}
	content := args.content()
	if word, details := content.check(); word != "" {
		return refuseContent(word, details)
	}
	if wait := s.throttle(channel.ID); wait > 0 {
		return rateLimited(wait)
	}
	m := s.post(Message{
		Channel: channel.ID, ThreadTS: args["thread_ts"], Author: botUser, Text: content.text, Blocks: content.blocks,
		Via: "chat.postMessage",
	})
	return agree(map[string]any{"channel": m.Channel, "ts": m.TS, "message": messageObject(m)})
}

// mayWrite finds the channel that the app wants to write into, or returns Slack's word for why it may not. A public
// channel is open to an app that is not a member with the scope chat:write.public: the documentation of that scope. An
// archived channel is refused with the word given.
func (s *Server) mayWrite(id, archived string) (Channel, string) {
	channel, ok := s.channel(id)
	switch {
	case !ok, channel.Private && channel.BotAbsent:
		return Channel{}, "channel_not_found"
	case channel.Archived:
		return Channel{}, archived
	case channel.BotAbsent && !s.granted("chat:write.public"):
		return Channel{}, "not_in_channel"
	default:
		return channel, ""
	}
}

func (s *Server) chatPostEphemeral(args callArgs) reply {
	channel, ok := s.channel(args["channel"])
	_, known := s.user(args["user"])
	switch {
	case !ok, channel.Private && channel.BotAbsent:
		return refuse("channel_not_found", nil)
	case channel.Archived:
		return refuse("is_archived", nil)
	case channel.BotAbsent:
		return refuse("not_in_channel", nil)
	case !known, !channel.has(args["user"]):
		return refuse("user_not_in_channel", nil)
	}
	content := args.content()
	if word, details := content.check(); word != "" {
		return refuseContent(word, details)
	}
	m := s.post(Message{
		Channel: channel.ID, ThreadTS: args["thread_ts"], Author: botUser, To: args["user"], Text: content.text,
		Blocks: content.blocks, Via: "chat.postEphemeral",
	})
	return agree(map[string]any{"message_ts": m.TS})
}

// is tells whether a Boolean argument is set.
func (a callArgs) is(key string) bool {
	set, err := strconv.ParseBool(a[key])
	return err == nil && set
}

func (a callArgs) content() content {
	c := content{text: a["text"]}
	if blocks := a["blocks"]; blocks != "" {
		c.blocks = json.RawMessage(blocks)
	}
	return c
}

// refuseContent says what is wrong with a message. The details of blocks come twice, as Slack sends them.
func refuseContent(word string, details []string) reply {
	if len(details) == 0 {
		return refuse(word, nil)
	}
	marked := make([]string, len(details))
	for i, d := range details {
		marked[i] = "[ERROR] " + d
	}
	return refuse(word, map[string]any{"errors": details, "response_metadata": map[string]any{"messages": marked}})
}

// rateLimited is the one refusal that is no 200: the documentation of rate limits.
func rateLimited(wait time.Duration) reply {
	reply := jsonReply(http.StatusTooManyRequests, "ratelimited", map[string]any{"ok": false, "error": "ratelimited"})
	reply.header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	return reply
}

// bucket is what a channel may still take of messages: it fills by one a second, up to the burst.
type bucket struct {
	left  float64
	since time.Time
}

// throttle takes one message off the channel's bucket, or returns how long it takes until there is one.
func (s *Server) throttle(channel string) time.Duration {
	if s.o.PostBurst < 0 {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now, burst := s.o.Now(), float64(s.o.PostBurst)
	b, ok := s.posts[channel]
	if !ok {
		b = &bucket{left: burst, since: now}
		s.posts[channel] = b
	}
	b.left = min(burst, b.left+now.Sub(b.since).Seconds())
	b.since = now
	if b.left < 1 {
		return time.Duration((1 - b.left) * float64(time.Second))
	}
	b.left--
	return 0
}
