package store

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

// A lasting link is kept twice: the conversation has the token, and the token leads to the conversation. The two lie on
// different nodes of a cluster, so no script can write both. What the conversation has is what counts. The way from the
// token is written before that and deleted after it: a crash in between leaves a way that leads nowhere.

// The fields of a link.
const (
	tokenField    = "token"
	bookmarkField = "bookmark"
)

// Link returns the conversation's token, and gives it one if need be; see [bot.Links].
func (s *Store) Link(ctx context.Context, c bot.Conversation, proposed, replaces string) (token string, err error) {
	err = s.withBudget(ctx, "link to a conversation", func(ctx context.Context) error {
		home, err := s.linkHome(ctx, c)
		if err != nil {
			return err
		}
		key := s.keys.of(home).link
		if token, err = s.linkField(ctx, home, tokenField); err != nil {
			return err
		}
		if token == "" || token == replaces {
			if err := s.leadTo(ctx, proposed, home); err != nil {
				return err
			}
			if token, err = lastingLinkScript.Run(ctx, s.client, []string{key}, proposed, replaces).Text(); err != nil {
				return err
			}
			if token != proposed { // another call was quicker
				if err := s.client.Del(ctx, s.keys.linked(proposed)).Err(); err != nil {
					return err
				}
			}
		}
		if token != proposed { // a server that failed may have lost the one key and kept the other
			if err := s.leadTo(ctx, token, home); err != nil {
				return err
			}
		}
		if replaces == "" || replaces == token {
			return nil
		}
		place, err := s.client.Get(ctx, s.keys.linked(replaces)).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		if place != encodePlace(home) {
			return nil // it is gone, or never was this conversation's
		}
		return s.client.Del(ctx, s.keys.linked(replaces)).Err()
	})
	return token, err
}

// leadTo makes a token lead to the conversation.
func (s *Store) leadTo(ctx context.Context, token string, c bot.Conversation) error {
	key, place := s.keys.linked(token), encodePlace(c)
	set, err := s.client.SetNX(ctx, key, place, 0).Result()
	if err != nil || set {
		return err
	}
	switch found, err := s.client.Get(ctx, key).Result(); {
	case err != nil:
		return err
	case found != place:
		return errors.New("the token is another conversation's")
	}
	return nil
}

// Follow returns what the conversation of a token holds; see [bot.Links]. An unknown token costs one GET.
func (s *Store) Follow(ctx context.Context, token string) (bot.State, error) {
	found := true
	state, err := s.changeConversation(ctx, "follow a link", func(ctx context.Context) (bot.State, error) {
		place, err := s.client.Get(ctx, s.keys.linked(token)).Result()
		if errors.Is(err, redis.Nil) {
			found = false
			return bot.State{}, nil
		}
		if err != nil {
			return bot.State{}, err
		}
		c, ok := decodePlace(place)
		if !ok {
			return bot.State{}, &bot.Error{Code: bot.UnreadableRecord, Err: fmt.Errorf("place of a link in Redis: %w",
				errCorrupt)}
		}
		own, err := s.linkField(ctx, c, tokenField)
		if err != nil {
			return bot.State{}, err
		}
		if subtle.ConstantTimeCompare([]byte(own), []byte(token)) != 1 {
			found = false
			return bot.State{}, nil
		}
		return s.readAnyName(ctx, c, "", bot.Asker{})
	})
	if err == nil && !found {
		err = bot.ErrNoLink
	}
	return state, err
}

// Token returns the conversation's token; see [bot.Links].
func (s *Store) Token(ctx context.Context, c bot.Conversation) (string, error) {
	return s.linkFieldOf(ctx, "read a link", c, tokenField)
}

// Bookmark returns the ID of the bookmark that holds the conversation's link; see [bot.Links].
func (s *Store) Bookmark(ctx context.Context, c bot.Conversation) (string, error) {
	return s.linkFieldOf(ctx, "read a bookmark", c, bookmarkField)
}

// linkFieldOf reads a field of a conversation's link; empty if there is none.
func (s *Store) linkFieldOf(
	ctx context.Context, doing string, c bot.Conversation, field string,
) (value string, err error) {
	err = s.withBudget(ctx, doing, func(ctx context.Context) error {
		home, err := s.linkHome(ctx, c)
		if err == nil {
			value, err = s.linkField(ctx, home, field)
		}
		return err
	})
	return value, err
}

// SetBookmark remembers the ID of the bookmark; see [bot.Links].
func (s *Store) SetBookmark(ctx context.Context, c bot.Conversation, id string) error {
	return s.withBudget(ctx, "remember a bookmark", func(ctx context.Context) error {
		home, err := s.linkHome(ctx, c)
		switch key := s.keys.of(home).link; {
		case err != nil:
			return err
		case id == "":
			return s.client.HDel(ctx, key, bookmarkField).Err()
		default:
			return s.client.HSet(ctx, key, bookmarkField, id).Err()
		}
	})
}

// linkField reads a field of the link that is kept under this name of a conversation; empty if there is none.
func (s *Store) linkField(ctx context.Context, c bot.Conversation, field string) (string, error) {
	value, err := s.client.HGet(ctx, s.keys.of(c).link, field).Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	return value, err
}

// linkHome is the name of the conversation under which its link is kept: where it has one, and otherwise where its
// meeting is. A thread that belongs to its channel has the channel's.
func (s *Store) linkHome(ctx context.Context, c bot.Conversation) (bot.Conversation, error) {
	state, err := s.readAnyName(ctx, c, "", bot.Asker{})
	if err != nil && !isUnreadable(err) {
		return c, err
	}
	home := state.Conversation
	older, newer := s.otherNames(home)
	if len(older)+len(newer) == 0 {
		return home, nil
	}
	for _, name := range append(append(older, home), newer...) {
		switch n, err := s.client.Exists(ctx, s.keys.of(name).link).Result(); {
		case err != nil:
			return home, err
		case n == 1:
			return name, nil
		}
	}
	return home, nil
}
