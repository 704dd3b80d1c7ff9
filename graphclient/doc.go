// Package graphclient reaches Microsoft Graph and Entra for package bot: it makes online meetings ([bot.Meetings]) and
// finds users of the tenant ([bot.Directory]), through msgraph-sdk-go and azidentity.
//
// It imports bot, for the types it speaks in, and internal/outbound, for the HTTP clients it speaks through; no other
// package of the program. No type of the SDK leaves it.
//
// # What it promises
//
// A request goes to the configured Graph host or it fails, and it never leaves without a token. No redirect is
// followed. Nothing is repeated behind the caller's back, except one quick second try at a token: whoever holds the job
// repeats it. A context that ends ends the call, also one that waits for another call's token.
//
// # Errors
//
// Every error is a [*bot.Error]. Its code decides what the asker reads, and every code is settled in one place,
// verdict.go, from the answer's status, its Retry-After and Graph's own error object. The SDK takes no part in it: it
// has three kinds of error, and forgets the status of an answer that is not JSON.
//
//	NoAccessPolicy  403 with one of Graph's two messages       an administrator grants the policy (PowerShell lines)
//	NoPermission    any other 403                              an administrator consents to the permissions
//	NoSuchUser      404                                        the asker is not in the tenant
//	BadRequest      400 and the like; refused by ourselves     Reason, to be read by the asker
//	Credentials     401; a refusal by Entra                    the operator mends secret, certificate or identity
//	Throttled       429; 5xx with Retry-After                  nobody: repeated after Wait
//	Unavailable     everything else, above all what is not     nobody: repeated
//	                Graph's own answer (a proxy's page)
//
// After NoPermission or Credentials the cached token is given up, at most once a minute, so that a consent or a new
// certificate works at the next try and not when the old token has run out.
//
// The text of an error is for the log: it names operation, status and the upstream's error code, never a token, a
// secret, a person or a path. Reason alone holds Graph's words.
package graphclient
