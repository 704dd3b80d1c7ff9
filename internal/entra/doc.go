// Package entra gets access tokens from Microsoft Entra ID for the program's apps: for Microsoft Graph, and for the Bot
// Connector. It wraps azidentity.
//
// Call [NewCredential] with the app's credential, then [Credential.Tokens] with the scope of the service to call. Call
// [Tokens.Token] before every request: it gives the token at hand, and asks Entra for a new one in time. Call
// [Tokens.Renew] if the service refused the token.
//
// It imports bot, for the errors, and internal/outbound, for the HTTP client; no other package of the program. No type
// of azidentity leaves it.
//
// # What it promises
//
// A request goes to the configured authority or it fails, and no redirect is followed. Nothing is repeated but one
// quick second try. A context that ends ends the call, also a call that waits for the exchange of another one.
//
// A token that was refused is given up at most once a minute, so that a consent of an administrator or a new
// certificate works at the next try, and not when the old token has run out.
//
// # Errors
//
// Every error of a call holds a [*bot.Error]; its code comes from Entra's answer:
//
//	Credentials     a refusal by Entra; no usable file     the operator mends secret, certificate or identity
//	Throttled       429; 5xx with Retry-After              nobody: repeated after Wait
//	Unavailable     everything else                        nobody: repeated
//
// The text of an error is for the log: it names the operation, the status, the AADSTS code and the error code of
// OAuth. It never holds a token, a secret or a path.
package entra
