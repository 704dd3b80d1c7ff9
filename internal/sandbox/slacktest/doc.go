// Package slacktest is Slack on loopback: the Web API, response URLs, slash commands, events and buttons of one
// workspace, delivered by signed requests or by Socket Mode.
//
// Start it with [New], point SLACK_API_URL at [Server.APIURL], and play people with [Server.Command], [Server.Mention]
// and [Server.Press]; [Server.Messages] is what they then see. [Server.Fault] makes it fail. It imports no package of
// the bot.
package slacktest
