package slackapp

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"meetbot/bot"
)

// The endpoints, as the app manifest names them.
const (
	CommandsPath      = "/slack/commands"
	EventsPath        = "/slack/events"
	InteractivityPath = "/slack/interactivity"
)

// Paths are all the endpoints.
var Paths = []string{CommandsPath, EventsPath, InteractivityPath}

// Uses are the settings that need a scope of their own.
type Uses struct {
	Bookmarks bool // channels' bookmarks are set: see [App.SetBookmark]
	Places    bool // something depends on what a channel is called, or on how many people are in it: see [App.Place]
}

// Scopes are the permissions that the app asks for, none of them more than what is used. Without the last three, people are invited all the same: see [App.GroupMembers] and
// [App.Outside]. Without chat:write.public everything works, but a card in a public channel that the bot
// is not a member of is an answer in place, which cannot be changed later.
func Scopes(uses Uses) []string {
	scopes := []string{
		"commands",          // the slash command
		"app_mentions:read", // mentions, the way into threads
		"chat:write",        // chat.postMessage, chat.postEphemeral and chat.update
		"chat:write.public", // the same in public channels that the bot was not invited to
		"users:read",        // users.info: whether the asker is a member, and their language
		"users:read.email",  // the e-mail in it, by which they are found in Entra
		"usergroups:read",   // usergroups.users.list: whom a user group invites
		"channels:read",     // conversations.members: who is told of an invitation by the card
		"groups:read",       // the same in private channels
	}
	if uses.Places {
		scopes = append(scopes, "mpim:read") // conversations.info in group messages; channels:read and groups:read elsewhere
	}
	if uses.Bookmarks {
		scopes = append(scopes, "bookmarks:write") // bookmarks.add and bookmarks.edit
	}
	return scopes
}

// Register adds the endpoints to mux.
func (a *App) Register(mux *http.ServeMux, b bot.Bot) {
	mux.Handle(CommandsPath, a.verified(formType, a.commands(b)))
	mux.Handle(EventsPath, a.verified(jsonType, a.events(b)))
	mux.Handle(InteractivityPath, a.verified(formType, a.interactivity(b)))
}

// errNotWritten is what became of an answer if nothing else is known.
var errNotWritten = errors.New("answer was not written")

// commands answers slash commands. Source: Slack, "Implementing slash commands".
func (a *App) commands(b bot.Bot) signedHandler {
	return func(w http.ResponseWriter, r *http.Request, body []byte) {
		received := time.Now()
		if err := setForm(r, body); err != nil {
			http.Error(w, "cannot parse command", http.StatusBadRequest)
			return
		}
		c, err := slack.SlashCommandParse(r)
		if err != nil {
			http.Error(w, "cannot parse command", http.StatusBadRequest)
			return
		}
		if twice(r.PostForm) {
			http.Error(w, "field given twice", http.StatusBadRequest)
			return
		}
		if r.PostForm.Get("ssl_check") == "1" {
			return
		}
		in := a.installed.Load()
		if in == nil {
			_ = a.answer(w, bot.TroubleReply(a.language, "starting"))
			return
		}
		workspace, ok := in.workspace(c.TeamID, c.EnterpriseID, c.IsEnterpriseInstall)
		switch {
		case !ok:
			a.log.WarnContext(r.Context(), "command from a workspace that is not configured", "team", c.TeamID,
				"enterprise", c.EnterpriseID)
			_ = a.answer(w, bot.TroubleReply(a.language, "workspace"))
			return
		case c.Command != a.catalog.CommandName().Slash():
			_ = a.answer(w, bot.TroubleReply(a.language, "command"))
			return
		case c.ChannelID == "" || c.UserID == "":
			http.Error(w, "command names no channel or no user", http.StatusBadRequest)
			return
		}
		given := errNotWritten
		answer := b.Ask(r.Context(), bot.Request{
			ID:           signatureID(r.Header),
			Conversation: bot.Conversation{Platform: Platform, Workspace: workspace, Channel: c.ChannelID},
			Asker:        bot.Asker{Platform: Platform, Workspace: workspace, User: c.UserID},
			Intent:       a.parser.Parse(emojis(marked(c.Text, in.botUser, a.names(r.Context())))),
			Topic:        topic(c.ChannelName),
			Place:        placeName(c.ChannelID, c.ChannelName),
			Route: bot.Route{
				Channel: c.ChannelID, User: c.UserID, ResponseURL: c.ResponseURL,
				Chat: isChat(c.ChannelID, c.ChannelName),
			},
			Received: received,
			Trace:    rand.Text(),
		})
		defer func() { answer.Given(given) }()
		// Asked before the answer is written: afterwards, a client that has read it all may have gone its way.
		if given = r.Context().Err(); given == nil {
			given = a.answer(w, answer.Reply)
		}
	}
}

// twice tells whether a form gives a field twice: which of them counts would be anybody's guess.
func twice(form url.Values) bool {
	for _, values := range form {
		if len(values) > 1 {
			return true
		}
	}
	return false
}

// answer writes a reply as the answer to a command.
func (a *App) answer(w http.ResponseWriter, r bot.Reply) error {
	if r.Empty() { // Slack shows nothing then. Source: Slack, "Slash commands", section "Sending an immediate response"
		w.WriteHeader(http.StatusOK)
		return http.NewResponseController(w).Flush()
	}
	body, err := a.encode(r)
	if err != nil {
		http.Error(w, "cannot write answer", http.StatusInternalServerError)
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if _, err := w.Write(body); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// events accepts mentions. An answer other than 2xx makes Slack deliver the event again. Source: Slack, "The Events
// API", sections "Responding to events" and "Error handling".
func (a *App) events(b bot.Bot) signedHandler {
	return func(w http.ResponseWriter, r *http.Request, body []byte) {
		received := time.Now()
		e, m, err := parseEvent(body)
		if err != nil {
			http.Error(w, "cannot parse event", http.StatusBadRequest)
			return
		}
		if e.Type == "url_verification" {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = io.WriteString(w, e.Challenge)
			return
		}
		in := a.installed.Load()
		if in == nil {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		if m == nil || m.BotID != "" || m.User == "" || m.User == in.botUser || m.Channel == "" || m.TimeStamp == "" ||
			e.EventID == "" {
			return
		}
		team, enterprise, wide := e.TeamID, e.EnterpriseID, false
		if len(e.Authorizations) > 0 {
			auth := e.Authorizations[0]
			team, enterprise, wide = auth.TeamID, auth.EnterpriseID, auth.IsEnterpriseInstall
		}
		workspace, ok := in.workspace(team, enterprise, wide)
		if m.isEdit() && received.Sub(said(m.TimeStamp)) > editsFor {
			a.log.InfoContext(r.Context(), "edit of an old message ignored", "event", e.EventID)
			return
		}
		if !ok {
			a.log.WarnContext(r.Context(), "event from a workspace that is not configured", "team", team, "enterprise",
				enterprise)
			return
		}
		a.refused.forget(m.Channel) // Slack delivers mentions to members alone
		if err := b.Accept(r.Context(), a.mentionRequest(r.Context(), e, m, in, workspace, received)); err != nil {
			a.log.WarnContext(r.Context(), "cannot accept event; Slack will deliver it again", "event", e.EventID,
				"error", err)
			http.Error(w, "try again", http.StatusServiceUnavailable)
		}
	}
}

// editsFor is how old a message may be whose edit is looked at. Slack delivers an edit as a new event with the
// message's own time stamp, perhaps minutes late. Until then it is known whether the message was answered; later an
// edit is more likely a mended typo than a new command.
const editsFor = bot.RequestsKnownFor / 2

// said is when a message was written, by its time stamp. The zero time if that is none.
func said(timeStamp string) time.Time {
	seconds, _, _ := strings.Cut(timeStamp, ".")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0)
}

// mentionRequest is a mention as the bot understands it.
func (a *App) mentionRequest(
	ctx context.Context, e event, m *mention, in *installation, workspace string, received time.Time,
) bot.Request {
	channel := bot.Conversation{Platform: Platform, Workspace: workspace, Channel: m.Channel}
	r := bot.Request{
		// An edit is delivered as an event of its own, so the message names the request.
		ID:           "slack:message:" + channel.ChannelKey() + ":" + m.TimeStamp,
		Alias:        "slack:event:" + e.EventID, // as the release before names it
		Conversation: channel,
		Asker:        bot.Asker{Platform: Platform, Workspace: workspace, User: m.User},
		Intent:       a.mentioned(m.Text, in.botUser, a.names(ctx)),
		Place:        placeName(m.Channel, ""),
		Route:        bot.Route{Channel: m.Channel, User: m.User, Chat: isChat(m.Channel, "")},
		Received:     received,
		Trace:        rand.Text(),
	}
	if m.ThreadTimeStamp == "" || m.ThreadTimeStamp == m.TimeStamp {
		r.Root = m.TimeStamp
		return r
	}
	r.Conversation.Thread, r.Route.Thread = m.ThreadTimeStamp, m.ThreadTimeStamp
	if m.ParentUser == in.botUser {
		// The thread hangs under something that the bot wrote in the channel: a card, though perhaps one whose
		// timestamp Slack never told (an answer to a slash command).
		r.Root = m.ThreadTimeStamp
	}
	return r
}

// press is what the bot reads of a pressed button. Source: Slack, "Reference: block_actions payload". The container's
// thread_ts is not in it; others have recorded it.
type press struct {
	Type string `json:"type"`
	Team struct {
		ID string `json:"id"`
	} `json:"team"`
	Enterprise struct {
		ID string `json:"id"`
	} `json:"enterprise"`
	EnterpriseInstall bool `json:"is_enterprise_install"`
	User              struct {
		ID string `json:"id"`
	} `json:"user"`
	Channel struct {
		Name string `json:"name"`
	} `json:"channel"`
	Container struct {
		Message   string `json:"message_ts"`
		Channel   string `json:"channel_id"`
		Thread    string `json:"thread_ts"`
		Ephemeral bool   `json:"is_ephemeral"`
	} `json:"container"`
	ResponseURL string `json:"response_url"`
	Actions     []struct {
		ID    string `json:"action_id"`
		Value string `json:"value"`
	} `json:"actions"`
}

// inThread tells whether the button stands in a thread, rather than in the channel.
func (p press) inThread() bool {
	return p.Container.Thread != "" && p.Container.Thread != p.Container.Message
}

// interactivity answers presses of buttons. The Join button is a link that the client opens by itself; Slack still
// wants its interaction acknowledged, and tells by it which message in the channel the card is. Any other button
// carries an action. Source: Slack, "Block Kit reference: button element", url, and "Handling user interaction".
func (a *App) interactivity(b bot.Bot) signedHandler {
	return func(w http.ResponseWriter, r *http.Request, body []byte) {
		received := time.Now()
		if err := setForm(r, body); err != nil {
			http.Error(w, "cannot parse interaction", http.StatusBadRequest)
			return
		}
		// The form of the body alone: the signature covers nothing else.
		var p press
		if err := json.Unmarshal([]byte(r.PostForm.Get("payload")), &p); err != nil {
			http.Error(w, "cannot parse interaction", http.StatusBadRequest)
			return
		}
		if twice(r.PostForm) {
			http.Error(w, "field given twice", http.StatusBadRequest)
			return
		}
		in := a.installed.Load()
		if in == nil || p.Type != string(slack.InteractionTypeBlockActions) || p.Container.Channel == "" {
			return
		}
		workspace, ok := in.workspace(p.Team.ID, p.Enterprise.ID, p.EnterpriseInstall)
		if !ok {
			return
		}
		channel := bot.Conversation{Platform: Platform, Workspace: workspace, Channel: p.Container.Channel}
		if !p.Container.Ephemeral && !p.inThread() && p.Container.Message != "" {
			if err := b.LinkThread(r.Context(), channel, p.Container.Message); err != nil {
				a.log.WarnContext(r.Context(), "cannot remember where a card is", "error", err)
			}
		}
		if len(p.Actions) != 1 || p.User.ID == "" {
			return
		}
		if intent, ok := bot.ParseAction(p.Actions[0].ID, p.Actions[0].Value); ok {
			a.pressed(w, r, b, p, bot.Request{
				ID: signatureID(r.Header), Conversation: channel, Intent: intent, Received: received,
				Trace: rand.Text(),
			})
		}
	}
}

// pressed accepts the press of a button that carries an action. Slack shows nothing of the answer to it, and does not
// deliver a press again: whoever pressed is told by the response_url if it cannot be kept.
func (a *App) pressed(w http.ResponseWriter, r *http.Request, b bot.Bot, p press, request bot.Request) {
	channel := request.Conversation
	request.Asker = bot.Asker{Platform: Platform, Workspace: channel.Workspace, User: p.User.ID}
	request.Place = placeName(channel.Channel, p.Channel.Name)
	request.Route = bot.Route{
		Channel: channel.Channel, User: p.User.ID, ResponseURL: p.ResponseURL,
		Chat: isChat(channel.Channel, p.Channel.Name), Private: p.Container.Ephemeral,
	}
	if p.inThread() {
		request.Conversation.Thread, request.Route.Thread = p.Container.Thread, p.Container.Thread
	}
	err := b.Accept(r.Context(), request)
	if err == nil {
		return
	}
	a.log.WarnContext(r.Context(), "cannot accept press", "request", request.Trace, "error", err)
	sorry := answerTo(a.catalog, bot.UnreachableReply(a.language, request.Intent), a.style(p.inThread()))
	if err := a.postHook(r.Context(), p.ResponseURL,
		hookPost{answer: sorry, Thread: request.Route.Thread}); err != nil {
		a.log.WarnContext(r.Context(), "cannot say so either", "request", request.Trace, "error", err)
		http.Error(w, "try again", http.StatusServiceUnavailable)
	}
}
