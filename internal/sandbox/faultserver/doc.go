// Package faultserver holds what the fakes of package sandbox's folders share: a server on loopback that can be made to
// fail ([Listen], [Faults], [Fault]), a record of what it saw ([Recorder]), a way to wait for a change ([Notifier],
// [Await]), and a clock that a test moves ([Clock]).
//
// It imports the standard library alone. The fakes are real HTTP servers that behave on the wire as Slack, Microsoft
// Teams, Entra and Microsoft Graph do: packages slacktest, teamstest, entratest and graphtest. The demo, the tests and
// the benchmarks run the ordinary program against them, by its ordinary configuration alone. They enforce the
// platforms' rules rather than accept what the program sends: signatures, deadlines, limits of cards, rate limits,
// permissions, the exact error bodies.
package faultserver
