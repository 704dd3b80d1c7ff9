// Package app is the program at work: it wires the chat platforms, the bot, Graph and Redis together from one
// configuration, and serves.
//
// Start from [Default], fill in what is yours (or let [Config.Settings] name every value for a command line), and check
// the result with [Config.Validate]. Then call [New], which opens no socket, [App.Listen] and [App.Run]. Any number of
// apps may run in one process.
//
// Everything that concerns a single chat platform is in that platform's file and in the table in platforms.go. The rest
// of the package knows platforms as [bot.Frontend] alone: one platform that is not ready, or that refuses the
// configuration, stops no other.
//
// It may import every package of this module but cmd, internal/sandbox and what only tests use.
package app
