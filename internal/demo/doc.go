// Package demo is what the demo shows and understands: one types as any of a few people in any of a few channels and
// chats, sees the cards as Slack and Teams would show them, and lets things fail.
//
// Call [Run] with a function that starts the bot: command demo passes the real one. The environment is package
// testenv's, on an embedded Redis. This package does not import package app, so that its fuzz target needs no Graph
// SDK.
package demo
