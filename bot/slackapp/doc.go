// Package slackapp is the Slack front-end: what Slack delivers becomes commands of package bot, and its replies become
// Block Kit.
//
// Slack delivers by signed HTTP requests (http.go) or by Socket Mode (socket.go, package socketmode). A request is
// bounded, then its signature is checked over the raw bytes, and only then is it parsed and believed. An envelope of
// Socket Mode is proven by the connection that it comes by. Both are read by the same code (delivery.go).
// The converters between Slack's wire format and the bot's types (parse.go, render.go) are pure functions.
//
// It may import package bot, its own package socketmode, slack-go, internal/inbound and internal/outbound, and nothing
// of Graph or Redis.
package slackapp
