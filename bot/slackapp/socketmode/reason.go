package socketmode

import (
	"errors"
	"time"
)

// The reasons for which a connection ends, or is not made. A reason is a label of a metric.
const (
	Refresh     = "refresh"     // Slack asks for another one in its place
	Disabled    = "disabled"    // Socket Mode is off in the app's settings
	TooMany     = "too_many"    // the app has as many as Slack allows
	Silent      = "silent"      // nothing came by it for too long
	TooLarge    = "too_large"   // a message was larger than the client reads
	Lost        = "lost"        // it broke, or Slack closed it
	Refused     = "refused"     // Slack does not say where to connect: the app token is no good
	Throttled   = "throttled"   // the same, since it was asked too often
	Unreachable = "unreachable" // Slack does not answer, or not as it should
)

// Reasons are all of them.
var Reasons = []string{Refresh, Disabled, TooMany, Silent, TooLarge, Lost, Refused, Throttled, Unreachable}

// MaxConnections is how many connections Slack allows an app. Source: Slack, "Using Socket Mode", section "Using
// multiple connections".
const MaxConnections = 10

// Error is why a connection ended or was not made. Its text is for an operator, as half a sentence.
type Error struct {
	Reason  string
	Wait    time.Duration // how long Slack asks to wait; 0 if it does not
	Lasting bool          // nothing gets better before somebody changes the app or the token
	Err     error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// What disconnects say. Their texts are for an operator.
var (
	errRefresh  = errors.New("Slack closes the connection, and has another one made")
	errDisabled = errors.New("Socket Mode is off in the settings of the Slack app (link_disabled)")
	errTooMany  = errors.New("the Slack app has the 10 connections that Slack allows (too_many_websockets)")
)

// disconnected is the error for a disconnect with this reason. Slack documents the first three.
func disconnected(reason string) *Error {
	switch reason {
	case "link_disabled":
		return &Error{Reason: Disabled, Lasting: true, Err: errDisabled}
	case "too_many_websockets":
		return &Error{Reason: TooMany, Err: errTooMany}
	default: // "warning", "refresh_requested"
		return &Error{Reason: Refresh, Err: errRefresh}
	}
}
