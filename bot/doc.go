// Package bot is the domain: which conversation a command is for, what the command asks for, who the asker is, which
// meeting the conversation has, and what is said to whom.
//
// It promises: one conversation has one meeting, whoever asks, from however many replicas; a command that was
// accepted ends with a meeting or an explanation; only a proven Entra user makes a meeting; every failure reads as the
// next step to take.
//
// It imports no platform SDK, no Redis client and no Graph client. What it needs of them it declares as small
// interfaces: [Conversations], [Identities] and [Queue] (package store), [Meetings] and [Directory] (package
// graphclient), and [Platform] (packages bot/slackapp and so on).
package bot
