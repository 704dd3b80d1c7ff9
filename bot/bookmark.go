package bot

import "context"

// Bookmarker is the ability of a [Platform] whose channels have a bar of bookmarks.
type Bookmarker interface {
	// SetBookmark gives the channel's bookmark of that ID this title and address, and returns its ID. Without an ID, or
	// if members have removed that bookmark, it makes a new one. With an error of code Undeliverable there is none, and
	// another attempt changes nothing before a person does: c is no channel, the bot is not a member, it lacks the
	// permission, or bookmarks are switched off. Other errors may pass; after Unavailable there may be a bookmark whose
	// ID nobody knows.
	SetBookmark(ctx context.Context, c Conversation, id, title, url string) (newID string, err error)
}
