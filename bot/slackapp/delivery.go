package slackapp

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"meetbot/bot"
)

// delivery is one thing that Slack delivers, in a signed request or in an envelope of Socket Mode. Who makes one has
// proof that it is Slack's.
type delivery struct {
	id       string // names it; the same whenever the same request or envelope comes again
	received time.Time
}

// notTaken is why a delivery is not taken, as the answer to a request says it. With 503 it is good to deliver it again.
type notTaken struct {
	status int // of HTTP
	text   string
}

func (e *notTaken) Error() string { return e.text }

// errNotWritten is what became of an answer if nothing else is known.
var errNotWritten = errors.New("answer was not written")

// command answers a slash command by show, which returns whether the answer was written. The error is a notTaken;
// nothing was shown then.
func (a *App) command(
	ctx context.Context, b bot.Bot, d delivery, form url.Values, show func(bot.Reply) error,
) error {
	// With both forms there, package http does not parse anything, nor copy the form.
	c, err := slack.SlashCommandParse(&http.Request{Form: form, PostForm: form})
	if err != nil {
		return &notTaken{http.StatusBadRequest, "cannot parse command"}
	}
	if twice(form) {
		return &notTaken{http.StatusBadRequest, "field given twice"}
	}
	if form.Get("ssl_check") == "1" {
		return nil
	}
	in := a.installed.Load()
	if in == nil {
		_ = show(bot.TroubleReply(a.language, "starting"))
		return nil
	}
	workspace, ok := in.workspace(c.TeamID, c.EnterpriseID, c.IsEnterpriseInstall)
	switch {
	case !ok:
		a.log.WarnContext(ctx, "command from a workspace that is not configured", "team", c.TeamID,
			"enterprise", c.EnterpriseID)
		_ = show(bot.TroubleReply(a.language, "workspace"))
		return nil
	case c.Command != a.catalog.CommandName().Slash():
		_ = show(bot.TroubleReply(a.language, "command"))
		return nil
	case c.ChannelID == "" || c.UserID == "":
		return &notTaken{http.StatusBadRequest, "command names no channel or no user"}
	}
	given := errNotWritten
	answer := b.Ask(ctx, bot.Request{
		ID:           d.id,
		Conversation: bot.Conversation{Platform: Platform, Workspace: workspace, Channel: c.ChannelID},
		Asker:        bot.Asker{Platform: Platform, Workspace: workspace, User: c.UserID},
		Intent:       a.parser.Parse(emojis(marked(c.Text, in.botUser, a.names(ctx)))),
		Topic:        topic(c.ChannelName),
		Place:        placeName(c.ChannelID, c.ChannelName),
		Route: bot.Route{
			Channel: c.ChannelID, User: c.UserID, ResponseURL: c.ResponseURL,
			Chat: isChat(c.ChannelID, c.ChannelName),
		},
		Received: d.received,
		Trace:    rand.Text(),
	})
	defer func() { answer.Given(given) }()
	given = show(answer.Reply)
	return nil
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

// event accepts the mention m of an event, if it is one. The error is a notTaken.
func (a *App) event(ctx context.Context, b bot.Bot, e event, m *mention, received time.Time) error {
	in := a.installed.Load()
	if in == nil {
		return &notTaken{http.StatusServiceUnavailable, "not ready"}
	}
	if m == nil || m.BotID != "" || m.User == "" || m.User == in.botUser || m.Channel == "" || m.TimeStamp == "" ||
		e.EventID == "" {
		return nil
	}
	team, enterprise, wide := e.TeamID, e.EnterpriseID, false
	if len(e.Authorizations) > 0 {
		auth := e.Authorizations[0]
		team, enterprise, wide = auth.TeamID, auth.EnterpriseID, auth.IsEnterpriseInstall
	}
	workspace, ok := in.workspace(team, enterprise, wide)
	if m.isEdit() && received.Sub(said(m.TimeStamp)) > editsFor {
		a.log.InfoContext(ctx, "edit of an old message ignored", "event", e.EventID)
		return nil
	}
	if !ok {
		a.log.WarnContext(ctx, "event from a workspace that is not configured", "team", team, "enterprise",
			enterprise)
		return nil
	}
	a.refused.forget(m.Channel) // Slack delivers mentions to members alone
	if err := b.Accept(ctx, a.mentionRequest(ctx, e, m, in, workspace, received)); err != nil {
		a.log.WarnContext(ctx, "cannot accept event; Slack will deliver it again", "event", e.EventID, "error", err)
		return &notTaken{http.StatusServiceUnavailable, "try again"}
	}
	return nil
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

// interaction takes the press of a button. The Join button is a link that the client opens by itself; Slack still
// wants its interaction acknowledged, and tells by it which message in the channel the card is. Any other button
// carries an action. The error is a notTaken. Source: Slack, "Block Kit reference: button element", url, and "Handling
// user interaction".
func (a *App) interaction(ctx context.Context, b bot.Bot, d delivery, payload []byte) error {
	var p press
	if err := json.Unmarshal(payload, &p); err != nil {
		return &notTaken{http.StatusBadRequest, "cannot parse interaction"}
	}
	in := a.installed.Load()
	if in == nil || p.Type != string(slack.InteractionTypeBlockActions) || p.Container.Channel == "" {
		return nil
	}
	workspace, ok := in.workspace(p.Team.ID, p.Enterprise.ID, p.EnterpriseInstall)
	if !ok {
		return nil
	}
	channel := bot.Conversation{Platform: Platform, Workspace: workspace, Channel: p.Container.Channel}
	if !p.Container.Ephemeral && !p.inThread() && p.Container.Message != "" {
		if err := b.LinkThread(ctx, channel, p.Container.Message); err != nil {
			a.log.WarnContext(ctx, "cannot remember where a card is", "error", err)
		}
	}
	if len(p.Actions) != 1 || p.User.ID == "" {
		return nil
	}
	intent, ok := bot.ParseAction(p.Actions[0].ID, p.Actions[0].Value)
	if !ok {
		return nil
	}
	return a.pressed(ctx, b, p, bot.Request{
		ID: d.id, Conversation: channel, Intent: intent, Received: d.received, Trace: rand.Text(),
	})
}

// pressed accepts the press of a button that carries an action. Slack shows nothing of the answer to it, and does not
// deliver a press again: whoever pressed is told by the response_url if it cannot be kept. The error is a notTaken.
func (a *App) pressed(ctx context.Context, b bot.Bot, p press, request bot.Request) error {
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
	err := b.Accept(ctx, request)
	if err == nil {
		return nil
	}
	a.log.WarnContext(ctx, "cannot accept press", "request", request.Trace, "error", err)
	sorry := answerTo(a.catalog, bot.UnreachableReply(a.language, request.Intent), a.style(p.inThread()))
	if err := a.postHook(ctx, p.ResponseURL, hookPost{answer: sorry, Thread: request.Route.Thread}); err != nil {
		a.log.WarnContext(ctx, "cannot say so either", "request", request.Trace, "error", err)
		return &notTaken{http.StatusServiceUnavailable, "try again"}
	}
	return nil
}
