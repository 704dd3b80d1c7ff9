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
