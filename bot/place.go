package bot

import (
	"context"
	"fmt"
	"strings"
)

// Place is what a platform tells about the channel or chat that a conversation is in.
type Place struct {
	Name string // [PlaceDirect], [PlaceGroup], or the channel's own name
}

// What the rules call a place without a name. No channel can be called so: neither Slack nor Teams allows a colon.
const (
	PlaceDirect = "kind:direct" // the chat of one person with the bot
	PlaceGroup  = "kind:group"  // a chat of several people that is no channel
)

// Placer is the ability of a [Platform] to tell about places.
type Placer interface {
	// IsPlaceID tells whether a rule is the ID of a place of this platform, rather than a pattern of names.
	IsPlaceID(rule string) bool
	// Place tells about the channel or chat of a conversation; at is the route of a request that was made there, or the
	// zero value. An error of code Undeliverable says that the platform will not tell: the bot is not in there, lacks a
	// permission, or needs the route.
	Place(ctx context.Context, c Conversation, at Route) (Place, error)
	// PlaceSize tells how many people are in the channel or chat; a number of enough or more need not be exact. Errors
	// are those of Place.
	PlaceSize(ctx context.Context, c Conversation, at Route, enough int) (int, error)
}

// PlacePolicy says in which places the bot may be used. A rule is the ID of a place, or a pattern of names in lower
// case, in which * stands for any text. People choose the names of channels, and nobody chooses an ID: only rules by ID
// keep out somebody who may make channels.
type PlacePolicy struct {
	Allowed []string // empty: everywhere
	Denied  []string // they count more than Allowed
}

// unlimited tells quickly that the bot may be used everywhere.
func (p PlacePolicy) unlimited() bool { return len(p.Allowed) == 0 && len(p.Denied) == 0 }

// place is what is known of a place when a rule is applied.
type place struct {
	id   string // of the channel or chat
	name string // empty if it is not known
}

// verdict is what the rules say about a place.
type verdict int

const (
	placeAllowed verdict = iota
	placeDenied
	placeNeedsName // it depends on the name, which is not known
)

// judge applies the rules to a place. isID is [Placer.IsPlaceID] of its platform. why names the setting and the rule
// that denies it.
func (p PlacePolicy) judge(at place, isID func(rule string) bool) (v verdict, why string) {
	matches := func(rule string) bool {
		if isID(rule) {
			return strings.EqualFold(at.id, rule) // no ID differs from another by case alone
		}
		return at.name != "" && matchesPattern(rule, strings.ToLower(at.name))
	}
	openRule := func(rules []string) bool {
		for _, rule := range rules {
			if at.name == "" && !isID(rule) {
				return true
			}
		}
		return false
	}
	for _, rule := range p.Denied {
		if matches(rule) {
			return placeDenied, "CHANNELS_DENIED has " + rule
		}
	}
	if openRule(p.Denied) {
		return placeNeedsName, ""
	}
	if len(p.Allowed) == 0 {
		return placeAllowed, ""
	}
	for _, rule := range p.Allowed {
		if matches(rule) {
			return placeAllowed, ""
		}
	}
	if openRule(p.Allowed) {
		return placeNeedsName, ""
	}
	return placeDenied, fmt.Sprintf("none of the %d rules of CHANNELS_ALLOWED is for it", len(p.Allowed))
}

// matchesPattern tells whether a pattern, in which * stands for any text, matches the whole of a text.
func matchesPattern(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	first, last := parts[0], parts[len(parts)-1]
	rest, begins := strings.CutPrefix(text, first)
	if !begins {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, last)
}
