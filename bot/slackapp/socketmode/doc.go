// Package socketmode keeps a connection of Slack's Socket Mode open, and hands over what Slack delivers by it.
//
// Make a [Client] with [New] and call [Client.Run]. The client asks Config.Open where to connect, connects, gives every
// [Envelope] to Config.Handle in a goroutine of its own, and connects again whenever the connection ends or Slack asks
// for another one. Slack wants each envelope acknowledged within three seconds; the handler decides when. What an
// envelope carries is the handler's: the client reads nothing of it.
//
// It imports internal/outbound and a WebSocket library, and no other package of the program. It promises that no
// message of Slack's ends it, that messages are bounded before they are read, and that Run leaves no goroutine behind.
//
// Source: Slack, "Using Socket Mode". What it does not say was read in the clients that Slack maintains.
package socketmode
