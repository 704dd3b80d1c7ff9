package slackapp

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kyokomi/emoji/v2"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"meetbot/bot"
)

// markup is one of Slack's <…> sequences. Source: Slack, "Formatting text for app surfaces", section "Retrieving
// formatted text".
var markup = regexp.MustCompile(`<([^<>]*)>`)

// entities are the characters that Slack escapes in text.
var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// plain turns Slack's markup into what a reader saw: mentions into @name, links into their label. nameOf gives the
// name of a user who is mentioned without one; empty for one that is not known. What is nothing but an ID goes.
func plain(text string, nameOf func(user string) string) string {
	return resolved(text, func(id, label string) string {
		if label == "" {
			label = nameOf(id)
		}
		return named("@", label)
	}, func(_, label string) string { return label })
}

// marked is plain with marks for those who are mentioned, which nobody can type. botUser is the bot's own ID.
func marked(text, botUser string, nameOf func(user string) string) string {
	return resolved(bot.Unmarked(text), func(id, label string) string {
		if label == "" {
			label = nameOf(id)
		}
		kind := bot.MentionPerson
		if id == botUser {
			kind = bot.MentionBot
		}
		return bot.Mention{Kind: kind, ID: id, Name: named("@", label)}.Mark()
	}, func(id, label string) string {
		return bot.Mention{Kind: bot.MentionGroup, ID: id, Name: label}.Mark()
	})
}

// resolved turns Slack's markup into text, users and user groups as the two functions write them.
func resolved(text string, user, group func(id, label string) string) string {
	if !strings.ContainsAny(text, "<&") {
		return text
	}
	text = markup.ReplaceAllStringFunc(text, func(m string) string {
		inner := m[1 : len(m)-1]
		if inner == "" {
			return m
		}
		target, label, _ := strings.Cut(inner, "|")
		switch inner[0] {
		case '@':
			return user(target[1:], label)
		case '#':
			return named("#", label)
		case '!':
			if id, ok := strings.CutPrefix(target[1:], "subteam^"); ok {
				return group(id, label)
			}
			if label == "" && slices.Contains([]string{"here", "channel", "everyone"}, target[1:]) {
				label = "@" + target[1:]
			}
			return label
		default:
			if label == "" {
				return target
			}
			return label
		}
	})
	return entities.Replace(text)
}

// named is a name with the sign in front of it; empty for no name.
func named(sign, name string) string {
	if name == "" {
		return ""
	}
	return sign + name
}

// nobody is a plain's nameOf that knows nobody.
func nobody(string) string { return "" }

// Bounds of looking up the people whom a text mentions without their names: the text is waited for.
const (
	namesWithin = 700 * time.Millisecond
	maxNames    = 3
	keptNames   = 1024
)

// names is a plain's nameOf that asks Slack (users.info). A look-up that fails, or takes too long, is an unknown name.
func (a *App) names(ctx context.Context) func(user string) string {
	deadline := time.Now().Add(namesWithin)
	asked := 0
	return func(user string) string {
		if name, ok := a.people.Get(user); ok {
			return name
		}
		if asked++; asked > maxNames || user == "" {
			return ""
		}
		ctx, cancel := context.WithDeadline(ctx, deadline)
		defer cancel()
		var found *slack.User
		err := a.call(ctx, "users.info", "", func(ctx context.Context) (err error) {
			found, err = a.api().GetUserInfoContext(ctx, user)
			return err
		})
		if err != nil {
			a.log.InfoContext(ctx, "cannot look up somebody who is mentioned", "error", err)
			return ""
		}
		name := botName(cmp.Or(found.Profile.DisplayName, found.RealName, found.Name))
		a.people.Add(user, name)
		return name
	}
}

// skinTone is a shortcode that changes the one before it. Slack counts from 2 to 6, as the Fitzpatrick scale does.
var skinTone = regexp.MustCompile(`:skin-tone-([2-6]):`)

// shortcode is an emoji as people type it.
var shortcode = regexp.MustCompile(`^:[a-z0-9_+'-]+:`)

// emojis writes the emojis whose shortcodes stand in a text, but not right behind a letter or a digit. Unknown ones
// stay: they are the workspace's own.
func emojis(text string) string {
	if strings.Count(text, ":") < 2 {
		return text
	}
	text = skinTone.ReplaceAllStringFunc(text, func(code string) string {
		return string('\U0001f3fb' + rune(code[len(code)-2]-'2'))
	})
	known := emoji.CodeMap()
	var out strings.Builder
	apart := true // from a letter or a digit
	for text != "" {
		if code := shortcode.FindString(text); code != "" && apart && known[code] != "" {
			out.WriteString(known[code])
			text = text[len(code):]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		apart = !unicode.IsLetter(r) && !unicode.IsDigit(r)
		out.WriteString(text[:size])
		text = text[size:]
	}
	return out.String()
}

// isChat tells whether a conversation is a direct one or a group message rather than a channel. An event does not
// give a name: then a group message, which is named like a channel, passes for one.
func isChat(channel, name string) bool {
	return strings.HasPrefix(channel, "D") || name == "directmessage" || strings.HasPrefix(name, "mpdm-")
}

// topic is the channel's name, as Slack writes it, where it may be told outside Slack: Slack gives stand-ins for
// channels that are not public.
func topic(channelName string) string {
	switch {
	case channelName == "", channelName == "privategroup", channelName == "directmessage",
		strings.HasPrefix(channelName, "mpdm-"):
		return ""
	default:
		return named("#", bot.Clip(bot.CleanText(channelName), maxName))
	}
}

// maxName is how many characters a channel's name may have. Source: Slack, "conversations.create".
const maxName = 80

// event is what the bot reads of a delivery of the Events API. Only what is used is read, here and in mention: what
// Slack puts into the rest one day must not lose a command. Source: Slack, "The Events API", section "Callback field
// overview".
type event struct {
	Type           string          `json:"type"`
	Challenge      string          `json:"challenge"` // of a url_verification
	TeamID         string          `json:"team_id"`
	EnterpriseID   string          `json:"enterprise_id"`
	EventID        string          `json:"event_id"`
	Inner          json.RawMessage `json:"event"`
	Authorizations []struct {
		TeamID              string `json:"team_id"`
		EnterpriseID        string `json:"enterprise_id"`
		IsEnterpriseInstall bool   `json:"is_enterprise_install"`
	} `json:"authorizations"`
}

// mention is what the bot reads of an app_mention event. Source: Slack, "app_mention event".
type mention struct {
	User            string          `json:"user"`
	BotID           string          `json:"bot_id"` // of the app that wrote the message, if one did
	Text            string          `json:"text"`
	TimeStamp       string          `json:"ts"`
	ThreadTimeStamp string          `json:"thread_ts"`
	Channel         string          `json:"channel"`
	ParentUser      string          `json:"parent_user_id"` // who wrote the message that the thread hangs under
	Edited          json.RawMessage `json:"edited"`         // there for an edit, which is an event of its own
}

// isEdit tells whether the event is that of an edit.
func (m *mention) isEdit() bool { return len(m.Edited) > 0 && string(m.Edited) != "null" }

// parseEvent reads an event, and the mention in it if it is one.
func parseEvent(body []byte) (event, *mention, error) {
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		return event{}, nil, fmt.Errorf("parse event: %w", err)
	}
	if e.Type != slackevents.CallbackEvent || e.Inner == nil {
		return e, nil, nil
	}
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(e.Inner, &kind); err != nil {
		return event{}, nil, fmt.Errorf("parse inner event: %w", err)
	}
	if kind.Type != string(slackevents.AppMention) {
		return e, nil, nil
	}
	var m mention
	if err := json.Unmarshal(e.Inner, &m); err != nil {
		return event{}, nil, fmt.Errorf("parse mention: %w", err)
	}
	return e, &m, nil
}

// mentioned returns the command that follows the first mention of the bot: what stands before it is small talk, and the
// command's own name may be said or left out.
func (a *App) mentioned(text, botUser string, nameOf func(user string) string) bot.Intent {
	for _, m := range markup.FindAllStringIndex(text, -1) {
		inner, _, _ := strings.Cut(text[m[0]+1:m[1]-1], "|")
		if inner == "@"+botUser {
			text = text[m[1]:]
			break
		}
	}
	return a.parser.ParseAddressed(emojis(marked(text, botUser, nameOf)))
}
