// Package graphclient makes, reads and changes online meetings ([bot.Meetings]), finds users of the tenant
// ([bot.Directory]), and tells who is in a group ([bot.Groups]), by Microsoft Graph. It wraps the models and the users
// of msgraph-sdk-go, on the request adapter of msgraph-sdk-go-core. It does not import the SDK's root package, whose
// client takes a minute to compile and is not needed.
//
// Call [New] with a credential of internal/entra, then [Client.CreateOrGet], [Client.Meeting], [Client.ChangeMeeting],
// [Client.User] and [Client.UsersByEmail]; [Client.IsMember] where only members of a group may make meetings.
//
// It imports bot, for the types of its methods; internal/entra, for tokens; internal/outbound, for the HTTP client; and
// internal/guid; no other package of the program. No type of the SDK leaves it.
//
// # What it promises
//
// A request goes to the configured Graph host or it fails, and it is never sent without a token. No redirect is
// followed. Nothing is repeated, except one quick second try at a token: the caller decides whether to repeat. A
// context that ends ends the call, also a call that waits for a token that another call asked for.
//
// # Errors
//
// Every error is a [*bot.Error]. Its code decides what the asker reads. classify.go settles the code from the
// answer's status, its Retry-After and Graph's own error object; the code of a failed request for a token is Entra's.
// The SDK takes no part in it: it has three kinds of error, and forgets the status of an answer that is not JSON.
//
//	NoAccessPolicy  403 with one of Graph's three messages     an administrator grants the policy (PowerShell lines)
//	OrganizerRefused  any other 403, where the token has     an administrator gives the organizer a licence or another
//	                the permission for meetings                meeting policy
//	NoPermission    any other 403                              an administrator consents to the permissions
//	NoSuchUser      404                                        the asker is not in the tenant
//	MissingMeeting  404 about one meeting                      nobody: createOrGet tells whether it is there
//	BadRequest      400 and the like; refused by ourselves     Reason, to be read by the asker
//	Credentials     401; a refusal by Entra                    the operator mends secret, certificate or identity
//	Throttled       429; 5xx with Retry-After                  nobody: repeated after Wait
//	Unavailable     everything else, above all what is not     nobody: repeated
//	                Graph's own answer (a proxy's page)
//
// After NoPermission or Credentials the cached token is given up, at most once a minute, so that a consent or a new
// certificate works at the next try, and not when the old token has run out.
//
// The text of an error is for the log: it names the operation, the status and the upstream's error code, and never a
// token, a secret, a person or a path. Reason alone holds Graph's words.
package graphclient
