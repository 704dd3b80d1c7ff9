// Package doctor finds out what is wrong with an installation of the bot: in its configuration, in Redis, Entra, Graph,
// Slack and Teams, and on the way to them.
//
// Call [Run] with the configuration that the bot has. It makes every check of the table in table.go that can be made
// from here, and returns a [Report]: what is wrong, why it matters, and the exact next step. [Configuration] makes
// those checks that ask nobody. A [Doctor] examines a running bot.
//
// It reads what the other packages know of themselves (which permissions, rights, scopes and hosts they need) and keeps
// no list of its own. So it imports internal/app, for the configuration, and the packages that speak to the services;
// the command line imports it, and no other package of the program does.
//
// # What it promises
//
// It changes nothing, with two exceptions: in Redis it uses one key of its own, which it deletes again; and where it
// tries whether the app may make meetings for somebody, it leaves one meeting in their name in Graph, always the same,
// which is in no calendar. On that meeting it tries the options of new meetings.
//
// A check is made only if those that it needs went well; otherwise it is skipped, and says so. So a report names a
// cause and not its symptoms. No result holds a secret.
//
// Its sentences are for administrators, and in English alone.
package doctor
