package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// Post writes the user's message, and delivers it to botURL + "/api/messages" if the bot hears it: in channels and group
// chats, when it is mentioned. An error means that the sandbox was used wrongly, or that ctx ended.
func (t *Teams) Post(ctx context.Context, botURL string, p TeamsPost) (TeamsDelivery, error) {
	return TeamsDelivery{}, errors.New("not yet")
}

// Press sends the invoke activity of an Action.Execute and does with the answer what a client does: replaces the card or
// shows the message. An error means that there is no such button, or that ctx ended.
func (t *Teams) Press(ctx context.Context, botURL string, p TeamsPress) (TeamsAnswer, error) {
	return TeamsAnswer{}, errors.New("not yet")
}

// Install adds the bot to a conversation, or takes it out, and delivers what Teams sends then: installationUpdate and
// conversationUpdate.
func (t *Teams) Install(ctx context.Context, botURL string, i TeamsInstall) ([]TeamsDelivery, error) {
	return nil, errors.New("not yet")
}

// Activity is the body that Post would send, without writing or sending anything: for a test to change and Deliver.
func (t *Teams) Activity(p TeamsPost) (json.RawMessage, error) { return nil, errors.New("not yet") }

// Deliver sends an activity's body once, as it is, under this token.
func (t *Teams) Deliver(ctx context.Context, botURL string, activity json.RawMessage, token TeamsToken) (TeamsDelivery, error) {
	return TeamsDelivery{}, errors.New("not yet")
}

// Say writes a user's message that no bot hears, for example to open a thread under it.
func (t *Teams) Say(user, conversation, text string) TeamsMessage { return TeamsMessage{} }

// Messages lists what stands in a channel with its threads, or in a chat, oldest first, what only one member sees
// included.
func (t *Teams) Messages(conversation string) []TeamsMessage { return nil }

// Seen is Messages as far as this user sees them.
func (t *Teams) Seen(conversation, user string) []TeamsMessage { return nil }

// WaitFor returns the first message in the conversation that matches, at once if there is one, otherwise as soon as there
// is or one is changed so that it does. The error is the context's.
func (t *Teams) WaitFor(ctx context.Context, conversation string, match func(TeamsMessage) bool) (TeamsMessage, error) {
	return TeamsMessage{}, errors.New("not yet")
}

// TeamsCard is an Adaptive Card as a reader reads it, from top to bottom.
type TeamsCard struct {
	Title   string   // the first text
	Lines   []string // every text after it
	Facts   []TeamsFact
	Buttons []TeamsButton
}

// TeamsFact is a line of a fact set.
type TeamsFact struct{ Title, Value string }

// TeamsButton is an action of a card.
type TeamsButton struct {
	Title string
	URL   string          // of an Action.OpenUrl
	Verb  string          // of an Action.Execute
	Data  json.RawMessage // of an Action.Execute or an Action.Submit
}

// ReadTeamsCard reads a card. It is zero if there is none.
func ReadTeamsCard(card json.RawMessage) TeamsCard { return TeamsCard{} }

// RenderTeamsMessage draws a message for a terminal, about as Teams shows it, in plain text no wider than width columns
// (addresses are never broken). It ends with a line break.
func RenderTeamsMessage(m TeamsMessage, width int) string { return "" }

// Relay takes the activities that Microsoft 365 Agents Playground sends, which carry no token, from loopback only, signs
// them with the sandbox's key for their own serviceUrl, passes them on to botURL + "/api/messages", and returns the bot's
// answer.
func (t *Teams) Relay(botURL string) http.Handler { return nil }
