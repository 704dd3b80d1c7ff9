package bot

import "context"

// MessageRef names a message that can still be changed. A front-end makes it, and only that front-end reads it. It is
// short: it is kept for every card.
type MessageRef string

// Posted is what a front-end knows of a message that it sent.
type Posted struct {
	// Root is the message's own name if a thread may open under it in the channel; empty otherwise.
	Root string
	Ref  MessageRef // empty if the message cannot be changed later, such as Slack's answer in place
}

// Poster is the ability of a [Platform] whose best way of answering leaves a message that cannot be changed later.
type Poster interface {
	// Post sends a reply for everybody to the job's conversation as a message that can be changed. An error that is
	// not Temporary, or that is Unsent, says that nothing was sent, so that [Platform.Deliver] is right.
	Post(ctx context.Context, j Job, r Reply) (Posted, error)
}

// Updater is the ability of a [Platform] to change messages.
type Updater interface {
	// Update replaces what stands in a message of the conversation. With an error of code Undeliverable the message
	// cannot be changed any more: it is deleted, too old, or out of reach. Other errors may pass.
	Update(ctx context.Context, c Conversation, ref MessageRef, r Reply) error
}

// Reminder is the ability of a [Platform] to post in a conversation though nobody has asked for anything there.
type Reminder interface {
	// Remind posts a reply for everybody in the conversation: below the newest of the cards that show its meeting,
	// where messages can stand below others. cards are the conversation's posted cards, the newest first. It is called
	// once for a reminder. An error that is Temporary and not Unsent says that the message may have been posted all the
	// same; with an error of code Undeliverable nothing was posted, and nothing can be.
	Remind(ctx context.Context, c Conversation, cards []PostedCard, r Reply) (Posted, error)
}

// PostedCard is a card for everybody that can be changed while it can be.
type PostedCard struct {
	Ref        MessageRef
	Generation int    // of the meeting that it shows
	Sequence   int    // of that meeting when the card was made
	LeadsTo    int    // generation of the meeting that it leads to since its own was replaced; 0 before
	Subject    string // that it shows as its title
	Language   Language
}

// MaxPostedCards is how many cards of a conversation are kept, the newest.
const MaxPostedCards = 20

// PostedCards keeps the cards of conversations that can be changed. Every method is atomic and safe to repeat.
type PostedCards interface {
	// KeepCard remembers a card as the newest. Of more than MaxPostedCards, the oldest is forgotten. A card whose
	// reference is known keeps its place; what is known of it is replaced.
	KeepCard(ctx context.Context, c Conversation, card PostedCard) error
	// Cards returns the cards of a conversation, the newest first.
	Cards(ctx context.Context, c Conversation) ([]PostedCard, error)
	// ForgetCard forgets the card of this reference.
	ForgetCard(ctx context.Context, c Conversation, ref MessageRef) error
}
