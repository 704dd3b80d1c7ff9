// Package slackapp is the Slack front-end: signed HTTP requests become commands of package bot, and its replies
// become Block Kit.
//
// A request is bounded, then its signature is checked over the raw bytes, and only then is it parsed and believed.
// The converters between Slack's wire format and the bot's types (parse.go, render.go) are pure functions.
//
// It may import package bot, slack-go, internal/inbound and internal/outbound, and nothing of Graph or Redis.
package slackapp
