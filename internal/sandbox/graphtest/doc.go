// Package graphtest is the part of Microsoft Graph on loopback that the bot uses: users, and online meetings, which are
// made by createOrGet, read, changed and deleted.
//
// Start it with [New] and the Entra of package entratest, and point GRAPH_BASE_URL at [Server.BaseURL].
// [Server.Meetings] is what was made, [Server.Counts] how often it was asked, [Server.Fault] makes it fail. A meeting
// has a life: it expires by a clock that tests move ([Options].Clock, [Server.SetClock]), and [Server.Joinable] tells
// whether its link works. What Microsoft does not document is chosen by [Choices]. It imports no package of the bot.
package graphtest
