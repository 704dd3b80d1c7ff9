package slackapp

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/slack-go/slack/slackevents"

	"meetbot/bot"
)

// markup is one of Slack's <…> sequences. Source: Slack, "Formatting text for app surfaces", section "Retrieving
// formatted text".
var markup = regexp.MustCompile(`<([^<>]*)>`)

// entities are the characters that Slack escapes in text.
var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// plain turns Slack's markup into what a reader saw: mentions into @name, links into their label.
func plain(text string) string {
	if !strings.ContainsAny(text, "<&") {
		return text
	}
	text = markup.ReplaceAllStringFunc(text, func(m string) string {
		inner := m[1 : len(m)-1]
		if inner == "" {
			return m
		}
		target, label, labelled := strings.Cut(inner, "|")
		switch inner[0] {
		case '@':
			if labelled && label != "" {
				return "@" + label
			}
			return target
		case '#':
			if labelled && label != "" {
				return "#" + label
			}
			return target
		case '!':
			if labelled && label != "" {
				return label
			}
			name, _, _ := strings.Cut(target[1:], "^")
			return "@" + name
		default:
			if labelled && label != "" {
				return label
			}
			return target
		}
	})
	return entities.Replace(text)
}

// isChat tells whether a conversation is a direct one or a group message rather than a channel. An event does not give a
// name: then a group message, which is named like a channel, passes for one.
func isChat(channel, name string) bool {
	return strings.HasPrefix(channel, "D") || name == "directmessage" || strings.HasPrefix(name, "mpdm-")
}

// topic is the channel's name where it may be told outside Slack: Slack gives stand-ins for channels that are not
// public.
func topic(channelName string) string {
	switch {
	case channelName == "", channelName == "privategroup", channelName == "directmessage",
		strings.HasPrefix(channelName, "mpdm-"):
		return ""
	default:
		return bot.Clip(bot.CleanText(channelName), maxName)
	}
}

// maxName is how many characters a channel's name may have. Source: Slack, "conversations.create".
const maxName = 80

// event is one delivery of the Events API.
type event struct {
	slackevents.EventsAPICallbackEvent
	Challenge string `json:"challenge"` // of a url_verification
}

// mention is an app_mention event with the field that slack-go leaves out.
type mention struct {
	slackevents.AppMentionEvent
	ParentUser string `json:"parent_user_id"` // who wrote the message that the thread hangs under
}

// parseEvent reads an event, and the mention in it if it is one.
func parseEvent(body []byte) (event, *mention, error) {
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		return event{}, nil, fmt.Errorf("parse event: %w", err)
	}
	if e.Type != slackevents.CallbackEvent || e.InnerEvent == nil {
		return e, nil, nil
	}
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(*e.InnerEvent, &kind); err != nil {
		return event{}, nil, fmt.Errorf("parse inner event: %w", err)
	}
	if kind.Type != string(slackevents.AppMention) {
		return e, nil, nil
	}
	var m mention
	if err := json.Unmarshal(*e.InnerEvent, &m); err != nil {
		return event{}, nil, fmt.Errorf("parse mention: %w", err)
	}
	return e, &m, nil
}

// mentioned returns the command that follows the first mention of the bot: what stands before it is small talk, and the
// command's own name may be said or left out.
func (a *App) mentioned(text, botUser string) bot.Intent {
	for _, m := range markup.FindAllStringIndex(text, -1) {
		inner, _, _ := strings.Cut(text[m[0]+1:m[1]-1], "|")
		if inner == "@"+botUser {
			text = text[m[1]:]
			break
		}
	}
	return a.parser.ParseAddressed(plain(text))
}
