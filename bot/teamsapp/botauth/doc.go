// Package botauth tells whether an activity really comes from the Bot Framework: it checks the token of the request
// against the keys that the service publishes. Source: Microsoft, "Authentication with the Bot Connector API",
// section "Authenticate requests from the Bot Connector service to your bot".
//
// Call [New] first, then [Verifier.Verify] with the headers of a request, before its body is parsed, then
// [Grant.Covers] with what the body says.
//
// It imports internal/outbound, for the HTTP client, and no other package of the program. It promises that the keys
// come from the configured host only, that a stranger's requests have them fetched at most once a minute, and that no
// error holds any part of a token.
package botauth
