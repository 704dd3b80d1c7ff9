package slacktest

import (
	"meetbot/internal/sandbox/faultserver"
	"slices"
	"strings"
)

// maxBookmarks is how many bookmarks a channel may have: the documentation of bookmarks.add.
const maxBookmarks = 100

// Bookmark is a link in a channel's bookmark bar.
type Bookmark struct {
	ID, Channel, Title, Link, Emoji string
}

// Bookmarks lists the bookmarks of a channel, the oldest first.
func (s *Server) Bookmarks(channel string) []Bookmark {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bookmarks[channel])
}

// RemoveBookmark takes a bookmark away, as a member may do. It tells whether it was there.
func (s *Server) RemoveBookmark(channel, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.bookmarks[channel]
	s.bookmarks[channel] = slices.DeleteFunc(slices.Clone(all), func(b Bookmark) bool { return b.ID == id })
	return len(s.bookmarks[channel]) < len(all)
}

// bookmarksOf finds the channel whose bookmarks the app wants to see or change, or returns Slack's word for why it may
// not. The words for a channel without the app and for an archived one are not documented: here they are those of
// chat.postMessage.
func (s *Server) bookmarksOf(args callArgs) (Channel, string) {
	channel, ok := s.channel(args["channel_id"])
	switch {
	case !ok, channel.Private && channel.BotAbsent:
		return Channel{}, "channel_not_found"
	case channel.Archived:
		return Channel{}, "is_archived"
	case channel.BotAbsent:
		return Channel{}, "not_in_channel"
	default:
		return channel, ""
	}
}

// isLink tells whether a bookmark may lead there: the documentation of the error invalid_link.
func isLink(link string) bool {
	return strings.HasPrefix(link, "https://") || strings.HasPrefix(link, "http://")
}

func (s *Server) bookmarksAdd(args callArgs) reply {
	channel, word := s.bookmarksOf(args)
	switch {
	case word != "":
		return refuse(word, nil)
	case args["title"] == "":
		return refuse("invalid_arguments", nil)
	case args["type"] != "link":
		return refuse("invalid_bookmark_type", nil)
	case !isLink(args["link"]):
		return refuse("invalid_link", nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.bookmarks[channel.ID]) >= maxBookmarks {
		return refuse("too_many_bookmarks", nil)
	}
	b := Bookmark{
		ID: "Bk" + faultserver.RandomHex(5), Channel: channel.ID, Title: args["title"], Link: args["link"],
		Emoji: args["emoji"],
	}
	s.bookmarks[channel.ID] = append(s.bookmarks[channel.ID], b)
	return agree(map[string]any{"bookmark": b.object()})
}

func (s *Server) bookmarksEdit(args callArgs) reply {
	channel, word := s.bookmarksOf(args)
	link, linked := args["link"]
	switch {
	case word != "":
		return refuse(word, nil)
	case linked && !isLink(link):
		return refuse("invalid_link", nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.bookmarks[channel.ID])
	i := slices.IndexFunc(all, func(b Bookmark) bool { return b.ID == args["bookmark_id"] })
	if i < 0 {
		return refuse("not_found", nil)
	}
	if linked {
		all[i].Link = link
	}
	if title, ok := args["title"]; ok {
		all[i].Title = title
	}
	if emoji, ok := args["emoji"]; ok {
		all[i].Emoji = emoji
	}
	s.bookmarks[channel.ID] = all
	return agree(map[string]any{"bookmark": all[i].object()})
}

func (s *Server) bookmarksRemove(args callArgs) reply {
	channel, word := s.bookmarksOf(args)
	switch {
	case word != "":
		return refuse(word, nil)
	case !s.RemoveBookmark(channel.ID, args["bookmark_id"]):
		return refuse("not_found", nil)
	}
	return agree(map[string]any{})
}

func (s *Server) bookmarksList(args callArgs) reply {
	channel, word := s.bookmarksOf(args)
	if word != "" {
		return refuse(word, nil)
	}
	list := []any{}
	for _, b := range s.Bookmarks(channel.ID) {
		list = append(list, b.object())
	}
	return agree(map[string]any{"bookmarks": list})
}

// object is a bookmark as Slack's own JSON has it.
func (b Bookmark) object() map[string]any {
	return map[string]any{
		"id": b.ID, "channel_id": b.Channel, "title": b.Title, "link": b.Link, "emoji": b.Emoji, "icon_url": nil,
		"type": "link", "entity_id": nil, "date_created": 0, "date_updated": 0, "rank": "g",
		"last_updated_by_user_id": botUser, "shortcut_id": nil, "app_id": appID,
	}
}
