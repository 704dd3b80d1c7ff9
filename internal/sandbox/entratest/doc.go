// Package entratest is Microsoft Entra on loopback: OpenID discovery and the client credentials flow of one tenant.
//
// Start it with [New], point AZURE_AUTHORITY_HOST at [Server.URL], and trust [Server.RootCAs]. It imports no package of
// the bot.
package entratest
