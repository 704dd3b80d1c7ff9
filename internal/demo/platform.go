package demo

import (
	"context"
	"errors"
	"time"
)

// platform is one chat platform, as the people of the demo use it.
type platform interface {
	// places lists where one can go.
	places() []place
	// rooms lists where the bot's answer to somebody there may stand: there, and in their own chat with the bot.
	rooms(at spot) []string
	// await returns the first message of the bot's in the room that matches, as soon as there is one. The error is the
	// context's.
	await(ctx context.Context, room string, match func(message) bool) (message, error)
	// say gives what somebody types to the bot at that URL, if the bot hears it.
	say(ctx context.Context, url string, at spot, how manner, text string) (outcome, error)
	// post writes a message that the bot does not hear, and returns the thread under it.
	post(at spot, text string) (thread string, err error)
	// join presses the button that joins, of a card that the bot at that URL sent, and says what came of it.
	join(ctx context.Context, url string, at spot, card message) (string, error)
	// press presses the button with this label of the newest message of the bot's that the person sees there. What the
	// bot does then may be a new message, or another content of the old one; a link is opened by the client alone.
	press(ctx context.Context, url string, at spot, label string) (outcome, error)
	// said lists what the bot said anywhere and what still stands, as it stands, in no order.
	said() []message

	// controls and faults are what this platform has and others have not; mend ends the faults.
	controls() []control
	faults() []fault
	mend()
}

// place is a channel or a chat.
type place struct {
	name  string // as /in takes it
	shown string // as the prompt shows it
	id    string // the platform's; empty for everybody's own chat with the bot
}

// spot is who types, and where.
type spot struct {
	who      person
	platform platform
	place    place
	thread   string // its root message; empty outside a thread
}

// room is where the spot is, as [platform] calls it.
func (s spot) room() string { return s.platform.rooms(s)[0] }

// manner is how somebody calls the bot.
type manner int

const (
	bySlash   manner = iota // by the slash command, or the entry of a slash menu
	byMention               // by its name
	plainly                 // not at all
)

// message is something that the bot said.
type message struct {
	id, room string
	to       string // who alone sees it; empty for everybody there
	text     string // as plain text
	drawn    string // as the platform shows it
	via      string
	at       time.Time
	changed  time.Time // when it got its present content; zero for its first one
	card     bool      // has a button to join, for everybody to press
	thread   string    // where the talk about it goes on; empty where there are no threads
}

// key names the message among all of a session.
func (m message) key() string { return m.room + " " + m.id }

// since is when the message got its present content.
func (m message) since() time.Time {
	if m.changed.IsZero() {
		return m.at
	}
	return m.changed
}

// outcome is what came of typing something. Without an answer, it follows as a message.
type outcome struct {
	answer *message // that the platform showed at once
	late   bool     // the bot has not accepted it, and the platform goes on delivering it
	opens  string   // the link that the client opens instead
}

// errNoButton says that nothing that the person sees there has such a button.
var errNoButton = errors.New("no message here has a button with that label")

// errUnheard says that a text is nothing to the bot.
var errUnheard = errors.New("the bot hears /meet and what mentions it, @meetbot …, " +
	"and not what people say to each other")
