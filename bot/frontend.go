package bot

import (
	"context"
	"net/http"
)

// Bot is what a front-end hands commands to. A [Service] is one.
type Bot interface {
	// Ask answers a command where the platform shows the answer to its own request. The caller must call Given of the
	// answer once it was written.
	Ask(ctx context.Context, r Request) Answer
	// Accept stores a command whose answer is delivered later, by [Platform]. It returns nil once the command is safe.
	Accept(ctx context.Context, r Request) error
	// LinkThread says which conversation the thread under the message root belongs to.
	LinkThread(ctx context.Context, c Conversation, root string) error
}

// Frontend is one chat platform: it turns the platform's requests into commands, and replies into the platform's
// messages. What is listed here every platform has to do. Whatever only some platforms can do is an interface of its
// own, which the caller asks a Frontend for by type assertion.
//
// The caller registers the front-end, then runs it until the process stops, and closes it last. All methods may be
// called at the same time.
type Frontend interface {
	Platform

	// Name is the platform's name as a [Conversation] carries it.
	Name() string
	// Register adds the platform's endpoints to mux. Every command that comes in goes to b.
	Register(mux *http.ServeMux, b Bot)
	// Run does what has to be done beside the requests, for example finding out whose token this is, and returns nil
	// when ctx ends. It returns an error before that only if the platform refuses this configuration for good; the
	// error names the setting at fault. The platform then stays registered, and is not ready.
	Run(ctx context.Context) error
	// Ready returns nil if commands of this platform can be served now, and otherwise the reason, as half a sentence
	// for an operator. It waits for nothing.
	Ready() error
	// Close ends the connections that wait to be used again.
	Close()
}
