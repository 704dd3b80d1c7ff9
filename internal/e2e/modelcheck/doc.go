// Package modelcheck holds an exhaustive check of the claim protocol for small cases: [meetbot/bot.Service] on the
// store's own scripts, in every order of calls. model_test.go says what is covered.
//
// Nothing imports this package. Its tests need nothing but Go.
package modelcheck
