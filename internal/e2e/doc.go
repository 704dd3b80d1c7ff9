// Package e2e holds the tests of the wired program: package app with all its parts, on a real Redis, against the fakes
// of package testenv, by its ordinary configuration alone. They assert what a person or an operator notices.
//
// One suite holds all chat platforms to the same (conformance_test.go). Another lets faults strike three replica
// processes for as long as one likes (chaos_*_test.go); package historycheck judges what people saw meanwhile. Package
// modelcheck goes through every order of calls of the claim protocol.
//
// Nothing imports this package. Its tests need redis-server, Node.js and Chromium: `make tools` installs what is
// missing.
package e2e
