package teamsapp

import (
	"context"
	"errors"
	"strings"

	"meetbot/bot"
)

var _ bot.Updater = (*App)(nil)

// reference is what an update needs of a message that was posted.
type reference struct {
	service  string // service URL, which a token proved when the message was posted; without a slash at its end
	place    string // the conversation's ID, with the thread
	activity string
	alone    bool // nobody but the asker reads the conversation
}

// The forms of a reference. It is a form, the service, the thread, and the activity, with a space between them, and
// then the channel or chat if it is not the conversation's. Of the service, the usual host is left out, and the tenant
// is written as sameTenant. For example: "1 /emea 1712345678901 1712345678955".
const (
	formShared = "1"
	formAlone  = "1a" // in a chat with the bot alone

	usualService = "https://smba.trafficmanager.net"
	sameTenant   = "~"
	maxReference = 400 // bytes: a reference is kept for every card
)

// referenceTo writes the reference to a message of the conversation. It is empty if the message has none: Teams did not
// name it, or its name is like no name that Teams gives.
func (a *App) referenceTo(c bot.Conversation, m reference) bot.MessageRef {
	m.service = strings.TrimRight(m.service, "/")
	service, usual := strings.CutPrefix(m.service, usualService)
	if !usual || service != "" && service[0] != '/' {
		service = m.service
	}
	parts := strings.Split(service, "/")
	for i, part := range parts {
		if part == a.tenant {
			parts[i] = sameTenant
		}
	}
	form := formShared
	if m.alone {
		form = formAlone
	}
	channel, thread, _ := strings.Cut(m.place, threadMark)
	fields := []string{form, strings.Join(parts, "/"), thread, m.activity}
	if channel != c.Channel {
		fields = append(fields, channel)
	}
	ref := bot.MessageRef(strings.Join(fields, " "))
	if back, ok := a.readReference(c, ref); !ok || back != m {
		return ""
	}
	return ref
}

// readReference reads the reference to a message of the conversation. It is false for one that is not of a known form.
func (a *App) readReference(c bot.Conversation, ref bot.MessageRef) (reference, bool) {
	fields := strings.Split(string(ref), " ")
	if len(ref) > maxReference || len(fields) < 4 || len(fields) > 5 {
		return reference{}, false
	}
	form, service, thread, channel := fields[0], fields[1], fields[2], c.Channel
	if len(fields) == 5 {
		channel = fields[4]
	}
	m := reference{place: channel, activity: fields[3], alone: form == formAlone}
	if form != formShared && form != formAlone || channel == "" || m.activity == "" {
		return reference{}, false
	}
	if thread != "" {
		m.place += threadMark + thread
	}
	parts := strings.Split(service, "/")
	for i, part := range parts {
		if part == sameTenant {
			parts[i] = a.tenant
		}
	}
	m.service = strings.Join(parts, "/")
	if service == "" || service[0] == '/' {
		m.service = usualService + m.service
	}
	return m, true
}

// Update changes a card, as bot.Updater wants it: what stands there then is what a new post would say. The service is
// not asked, and the error is Undeliverable, if the bot's token may not be sent there any more.
func (a *App) Update(ctx context.Context, c bot.Conversation, ref bot.MessageRef, r bot.Reply) error {
	m, ok := a.readReference(c, ref)
	if !ok {
		return &bot.Error{Code: bot.Undeliverable, Err: errors.New("update: the reference is of no known form")}
	}
	message := messageOf(a.catalog, r, style{alone: m.alone})
	return a.call(ctx, m.place, "update", func(ctx context.Context) error {
		return a.service.Update(ctx, m.service, m.place, m.activity, message)
	})
}
