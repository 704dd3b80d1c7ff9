// Package sandbox is the outside world on loopback: real HTTP servers that behave on the wire as Slack, Microsoft Teams,
// Entra and Microsoft Graph do. The demo, the tests and the benchmarks run the ordinary program against them, by its
// ordinary configuration alone.
//
// The servers enforce the platforms' rules rather than accept what the program happens to send: signatures, deadlines,
// limits of cards, rate limits, permissions, the exact error bodies. Each can be made to fail with a [Fault], and each
// reports what it saw.
package sandbox
