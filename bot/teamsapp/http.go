package teamsapp

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"meetbot/bot"
	"meetbot/bot/teamsapp/botauth"
	"meetbot/bot/teamsapp/connector"
	"meetbot/internal/inbound"
	"meetbot/internal/outbound"
)

// MessagesPath is the endpoint, as the bot's registration names it.
const MessagesPath = "/api/messages"

// MaxBody is the number of bytes that an activity may have: several times what Teams sends for the longest message.
const MaxBody = 256 << 10

// Paths are all the endpoints.
var Paths = []string{MessagesPath}

// The reasons for which a request is refused that are Teams' own; see [inbound.Reasons].
const (
	NoToken       = "no_token"
	WrongToken    = "token"
	WrongTime     = "timestamp"
	WrongAudience = "audience"
	WrongTenant   = "tenant"
	WrongService  = "service"
	KeysAway      = "keys_away" // nobody could tell whether the token is valid
)

// Refusals are all the reasons for which a request to the endpoint may be refused.
var Refusals = slices.Concat(inbound.Reasons, []string{
	NoToken, WrongToken, WrongTime, WrongAudience, WrongTenant, WrongService, KeysAway,
})

// channelID is what Teams calls itself in activities.
const channelID = "msteams"

// Register adds the endpoint to mux.
func (a *App) Register(mux *http.ServeMux, b bot.Bot) {
	mux.HandleFunc(MessagesPath, func(w http.ResponseWriter, r *http.Request) {
		received := time.Now()
		in, ok := a.activity(w, r)
		if !ok {
			return
		}
		switch {
		case in.Type == "message":
			a.message(w, r, b, in, received)
		case in.Type == "invoke" && in.Name == "adaptiveCard/action":
			a.answerButton(w, r, b, in, received)
		case in.Type == "invoke":
			w.WriteHeader(http.StatusNotImplemented)
		case in.Type == "installationUpdate" && in.Action == "add":
			a.installed(w, r, b, in, received)
		}
	})
}

// activity returns the activity of a request, if the request is a bounded POST of JSON with a token that is valid
// for that activity, and the activity is of the one tenant that is served. Otherwise it answers the request and returns
// false.
func (a *App) activity(w http.ResponseWriter, r *http.Request) (connector.Activity, bool) {
	var in connector.Activity
	if !a.guard.Head(w, r) {
		return in, false
	}
	grant, err := a.tokens.Verify(r.Context(), r.Header)
	if err != nil && !errors.Is(err, botauth.ErrRefused) {
		a.requests.Refused(r.Context(), KeysAway,
			"the keys that tokens are checked with cannot be fetched: "+
				"may this machine reach TEAMS_OPENID_METADATA_URL?",
			"error", err)
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return in, false
	}
	if err != nil {
		a.refuseToken(w, r, err)
		return in, false
	}
	body, ok := a.guard.Body(w, r)
	if !ok {
		return in, false
	}
	in, err = readActivity(body)
	if err != nil {
		a.requests.Refused(r.Context(), inbound.Unreadable, "the body is not an activity as Teams writes it")
		http.Error(w, "cannot read activity", http.StatusBadRequest)
		return in, false
	}
	if err := grant.Covers(in.ChannelID, in.ServiceURL); err != nil {
		a.refuseToken(w, r, err)
		return in, false
	}
	switch {
	case in.ChannelID != channelID:
		a.refuse(w, r, WrongToken, "activity is not of Teams: which other channels has the bot's registration?")
	case !a.isOurTenant(in):
		a.refuse(w, r, WrongTenant, "activity is of another tenant than TEAMS_TENANT_ID")
	case !a.service.Allows(in.ServiceURL):
		service, _ := url.Parse(in.ServiceURL)
		a.refuse(w, r, WrongService, "activity names a service that is not Microsoft's: if Microsoft has a new host, "+
			"add it to TEAMS_SERVICE_HOSTS", "host", outbound.LoggedHost(service))
	default:
		service, _ := url.Parse(in.ServiceURL) // Allows could
		a.requests.AcceptedFrom(service.Host)
		return in, true
	}
	return in, false
}

// refuseToken answers a request whose token is missing or not valid.
func (a *App) refuseToken(w http.ResponseWriter, r *http.Request, err error) {
	reason, hint := WrongToken, "the token is not one that Teams made for this bot"
	switch {
	case errors.Is(err, botauth.ErrNoToken):
		reason, hint = NoToken, "there is no bearer token: does a proxy take the Authorization header away?"
	case errors.Is(err, botauth.ErrTime):
		reason, hint = WrongTime, "the token is expired or not valid yet: is this machine's clock right?"
	case errors.Is(err, botauth.ErrAudience):
		reason, hint = WrongAudience, "the token is for another bot: is TEAMS_APP_ID this bot's?"
	}
	a.refuse(w, r, reason, hint, "error", err)
}

// refuse answers a request that is not for this bot. The sender is not told why.
func (a *App) refuse(w http.ResponseWriter, r *http.Request, reason, hint string, args ...any) {
	a.requests.Refused(r.Context(), reason, hint, args...)
	w.WriteHeader(http.StatusUnauthorized)
}

// isOurTenant tells whether the activity names the tenant that is served and no other. The token names none.
func (a *App) isOurTenant(in connector.Activity) bool {
	named := false
	for _, tenant := range []string{in.ChannelData.Tenant.ID, in.Conversation.TenantID} {
		if tenant == "" {
			continue
		}
		if !strings.EqualFold(tenant, a.tenant) {
			return false
		}
		named = true
	}
	return named
}

// request is what every activity's request has in common.
func (a *App) request(in connector.Activity, p place, received time.Time) bot.Request {
	r := bot.Request{
		Conversation: p.conversation,
		Asker: bot.Asker{
			Platform: Platform, Workspace: a.tenant, User: strings.ToLower(cmp.Or(in.From.AADObjectID, in.From.ID)),
		},
		Root:     p.root,
		Place:    placeName(in),
		Language: bot.LanguageOf(in.Locale, ""),
		Zone:     bot.ZoneOf(in.Zone),
		Route: bot.Route{
			Channel: p.answer, Thread: p.conversation.Thread, Team: in.ChannelData.TeamID(),
			User: in.From.ID, Service: in.ServiceURL, Message: in.ID,
			Alone: p.alone, Chat: in.Conversation.Kind != connector.Channel,
		},
		Received: received,
		Trace:    rand.Text(),
	}
	return r
}

// message accepts a message: 200 at once, the answer through the connector. Microsoft documents no redelivery, so
// the author of a message that cannot be kept is told right away.
func (a *App) message(w http.ResponseWriter, r *http.Request, b bot.Bot, in connector.Activity, received time.Time) {
	p := a.placeOf(in)
	if in.ID == "" || p.conversation.Channel == "" || in.From.ID == "" {
		http.Error(w, "activity names no message, conversation or sender", http.StatusBadRequest)
		return
	}
	if strings.HasPrefix(in.From.ID, botPrefix) { // a bot, perhaps this one
		return
	}
	// An app that may read all messages of a conversation is told of those too that do not concern it.
	if !p.alone && !isForBot(in) {
		return
	}
	request := a.request(in, p, received)
	request.ID = requestID("message", in.Conversation.ID, in.ID)
	request.Intent = a.intentOf(in, p.alone)
	request.Topic = bot.CleanText(in.ChannelData.Channel.Name)
	if in.Recipient != nil && in.Recipient.IsTargeted {
		// The message is its author's alone, so an answer to all cannot be an answer to it: it is a post of its own.
		request.Route.Message = ""
		request.Route.Root = p.conversation.Thread == "" && in.Conversation.Kind == connector.Channel
	}
	err := b.Accept(r.Context(), request)
	if err == nil {
		return
	}
	a.log.WarnContext(r.Context(), "cannot accept message", "request", request.Trace, "error", err)
	direct := *a
	direct.throttles = neverThrottled{} // the real one is in Redis, where the message could not be stored
	job := bot.Job{ID: request.ID, Conversation: request.Conversation, Asker: request.Asker, Route: request.Route}
	reply := bot.UnreachableReply(cmp.Or(request.Language, a.language), request.Intent)
	if _, err := direct.Deliver(r.Context(), job, reply); err != nil {
		a.log.WarnContext(r.Context(), "cannot say so either", "request", request.Trace, "error", err)
		http.Error(w, "try again", http.StatusServiceUnavailable)
	}
}

// neverThrottled knows of no service that asked to wait.
type neverThrottled struct{}

func (neverThrottled) Throttle(context.Context, bot.Upstream, time.Duration) error { return nil }
func (neverThrottled) ThrottledFor(context.Context, bot.Upstream) (time.Duration, error) {
	return 0, nil
}

// installed greets a conversation that the bot has come into. Teams tells it in a conversationUpdate as well, which
// does not say in which language.
func (a *App) installed(w http.ResponseWriter, r *http.Request, b bot.Bot, in connector.Activity, received time.Time) {
	p := a.placeOf(in)
	if p.conversation.Channel == "" {
		http.Error(w, "activity names no conversation", http.StatusBadRequest)
		return
	}
	request := a.request(in, p, received)
	// One greeting, however many events tell of the bot's coming.
	request.Conversation = p.conversation.InChannel()
	request.ID = requestID("welcome", request.Conversation.Channel)
	request.Alias = requestID("welcome", in.Conversation.ID, in.ID) // as the release before names it
	request.Intent = bot.Intent{Kind: bot.JobWelcome}
	request.Route.Message = ""
	if err := b.Accept(r.Context(), request); err != nil {
		a.log.WarnContext(r.Context(), "cannot accept installation", "request", request.Trace, "error", err)
		http.Error(w, "try again", http.StatusServiceUnavailable)
	}
}

// invokeAnswer is the answer to a pressed button. Source: Microsoft, "Universal Actions for Adaptive Cards", section
// "Response format".
type invokeAnswer struct {
	StatusCode int    `json:"statusCode"`
	Type       string `json:"type"`
	Value      any    `json:"value"`
}

// answerButton answers the press of a card's button in the response. What the pressed button asks for itself is in the
// answer; what concerns the conversation is accepted as a command is, and the answer to it is posted.
func (a *App) answerButton(w http.ResponseWriter, r *http.Request, b bot.Bot, in connector.Activity,
	received time.Time) {
	var value struct {
		Action struct {
			Verb string          `json:"verb"`
			Data json.RawMessage `json:"data"`
		} `json:"action"`
	}
	var about data
	p := a.placeOf(in)
	err := json.Unmarshal(in.Value, &value)
	_ = json.Unmarshal(value.Action.Data, &about) // clients put more into it, and nothing of it where there is no value
	intent, ok := bot.ParseAction(value.Action.Verb, about.Value)
	if err != nil || !ok || p.conversation.Channel == "" || in.From.ID == "" {
		_ = a.respond(w, invokeAnswer{http.StatusBadRequest, "application/vnd.microsoft.error", map[string]string{
			"code": "BadRequest", "message": "unknown action",
		}})
		return
	}
	request := a.request(in, p, received)
	request.ID = requestID("action", in.Conversation.ID, in.ID)
	request.Intent = intent
	if intent.Kind == bot.JobCard || intent.Kind == "" && intent.Command.Kind == bot.Show {
		answer := b.Ask(r.Context(), request)
		answer.Given(a.respondWith(w, answer.Reply, p))
		return
	}
	request.Route.Message = "" // the button's card may be the asker's alone
	request.Route.Root = p.conversation.Thread == "" && in.Conversation.Kind == connector.Channel
	language := cmp.Or(request.Language, a.language)
	if err := b.Accept(r.Context(), request); err != nil {
		a.log.WarnContext(r.Context(), "cannot accept press", "request", request.Trace, "error", err)
		_ = a.respondWith(w, bot.UnreachableReply(language, intent), p)
		return
	}
	if intent.Kind == bot.JobUndo { // the card stays, for it is everybody's
		_ = a.respondWith(w, bot.WorkingReply(language), p)
		return
	}
	// The card takes the place of the one with the button, for whoever pressed.
	card := cardOf(a.catalog, bot.AcceptedReply(language, intent), style{alone: p.alone})
	_ = a.respond(w, invokeAnswer{http.StatusOK, connector.CardType, card})
}

// respondWith answers a pressed button with a card in the place of the button's, or with words beside it.
func (a *App) respondWith(w http.ResponseWriter, reply bot.Reply, p place) error {
	s := style{alone: p.alone}
	if reply.Card == nil {
		text := strings.ReplaceAll(reply.Text(a.catalog, s), "`", "")
		return a.respond(w, invokeAnswer{http.StatusOK, "application/vnd.microsoft.activity.message", text})
	}
	return a.respond(w, invokeAnswer{http.StatusOK, connector.CardType, cardOf(a.catalog, reply, s)})
}

func (a *App) respond(w http.ResponseWriter, answer invokeAnswer) error {
	body, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, "cannot write answer", http.StatusInternalServerError)
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, err = w.Write(body)
	return err
}
