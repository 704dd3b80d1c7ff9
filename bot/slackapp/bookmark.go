package slackapp

import (
	"context"
	"errors"
	"strings"

	"github.com/slack-go/slack"

	"meetbot/bot"
)

var _ bot.Bookmarker = (*App)(nil)

// SetBookmark edits the channel's bookmark of that ID, or adds one, as bot.Bookmarker wants it. Slack limits the two
// methods by their calls in a minute, whatever channels they are for. Source: Slack, "bookmarks.add" and
// "bookmarks.edit", "Rate limits": Tier 2.
func (a *App) SetBookmark(ctx context.Context, c bot.Conversation, id, title, url string) (string, error) {
	if err := a.reaches(c); err != nil {
		return "", err
	}
	if !a.bookmarks || c.Thread != "" || strings.HasPrefix(c.Channel, "D") {
		err := errors.New("bookmarks are switched off, or the conversation is no channel")
		return "", &bot.Error{Code: bot.Undeliverable, Err: err}
	}
	if id != "" {
		found, err := a.editBookmark(ctx, c.Channel, id, title, url)
		if e, ok := errors.AsType[*bot.Error](err); !ok || e.Reason != "not_found" {
			return found, err
		}
	}
	var added slack.Bookmark
	err := a.call(ctx, "bookmarks.add", "", func(ctx context.Context) (err error) {
		bookmark := slack.AddBookmarkParameters{Title: title, Type: "link", Link: url}
		added, err = a.api().AddBookmarkContext(ctx, c.Channel, bookmark)
		return err
	})
	return added.ID, bookmarkError(err)
}

// editBookmark gives a bookmark another title and address, and returns its ID.
func (a *App) editBookmark(ctx context.Context, channel, id, title, url string) (string, error) {
	err := a.call(ctx, "bookmarks.edit", "", func(ctx context.Context) error {
		bookmark := slack.EditBookmarkParameters{Title: &title, Link: url}
		_, err := a.api().EditBookmarkContext(ctx, channel, id, bookmark)
		return err
	})
	if err != nil {
		return "", bookmarkError(err)
	}
	return id, nil
}

// bookmarkError makes a lack of permission Undeliverable: the bot goes on without bookmarks, and nobody has to wait.
// That Slack refuses the token itself stays what it is.
func bookmarkError(err error) error {
	if e, ok := errors.AsType[*bot.Error](err); ok && mayNotPost[e.Reason] {
		e.Code = bot.Undeliverable
	}
	return err
}
