package slackapp

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

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

// Scopes are the permissions that the app asks for, none of them more than what is used; with bookmarks, also the one
// that [App.SetBookmark] needs. Without the last three, people are invited all the same: see [App.GroupMembers] and
// [App.Outside]. Without chat:write.public everything works, but a card in a public channel that the bot
// is not a member of is an answer in place, which cannot be changed later.
func Scopes(bookmarks bool) []string {
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
	if bookmarks {
		scopes = append(scopes, "bookmarks:write") // bookmarks.add and bookmarks.edit
	}
	return scopes
}

// Register adds the endpoints to mux. In Socket Mode there are none.
func (a *App) Register(mux *http.ServeMux, b bot.Bot) {
	if a.bot = b; a.socket != nil {
		return
	}
	mux.Handle(CommandsPath, a.verified(formType, a.commands(b)))
	mux.Handle(EventsPath, a.verified(jsonType, a.events(b)))
	mux.Handle(InteractivityPath, a.verified(formType, a.interactivity(b)))
}

// refuse answers a request whose delivery was not taken; nil is no refusal, and needs no further answer.
func refuse(w http.ResponseWriter, err error) {
	if e, ok := errors.AsType[*notTaken](err); ok {
		http.Error(w, e.text, e.status)
	}
}

// commands answers slash commands. Source: Slack, "Implementing slash commands".
func (a *App) commands(b bot.Bot) signedHandler {
	return func(w http.ResponseWriter, r *http.Request, body []byte) {
		d := delivery{id: signatureID(r.Header), received: time.Now()}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			http.Error(w, "cannot parse command", http.StatusBadRequest)
			return
		}
		refuse(w, a.command(r.Context(), b, d, form, func(reply bot.Reply) error {
			// Asked before the answer is written: afterwards, a client that has read it all may have gone its way.
			if err := r.Context().Err(); err != nil {
				return err
			}
			return a.answer(w, reply)
		}))
	}
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
		refuse(w, a.event(r.Context(), b, e, m, received))
	}
}

// interactivity answers presses of buttons.
func (a *App) interactivity(b bot.Bot) signedHandler {
	return func(w http.ResponseWriter, r *http.Request, body []byte) {
		d := delivery{id: signatureID(r.Header), received: time.Now()}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			http.Error(w, "cannot parse interaction", http.StatusBadRequest)
			return
		}
		if twice(form) {
			http.Error(w, "field given twice", http.StatusBadRequest)
			return
		}
		// The form of the body alone: the signature covers nothing else.
		refuse(w, a.interaction(r.Context(), b, d, []byte(form.Get("payload"))))
	}
}
