// Package graphtest is the part of Microsoft Graph on loopback that the bot uses: users, and online meetings by
// createOrGet.
//
// Start it with [New] and the Entra of package entratest, and point GRAPH_BASE_URL at [Server.BaseURL].
// [Server.Meetings] is what was made, [Server.Fault] makes it fail. It imports no package of the bot.
package graphtest
