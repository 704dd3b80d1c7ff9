// Package teamstest is Microsoft Teams on loopback: the Bot Connector, the keys of its tokens, and the activities of
// one tenant's people.
//
// Start it with [New] and the Entra of package entratest, and play people with [Server.Post], [Server.Press],
// [Server.Install], [Server.ChangeMember] and [Server.Delete]; [Server.Messages] is what they then see. [Server.Fault]
// makes it fail. It imports no package of the bot.
package teamstest
