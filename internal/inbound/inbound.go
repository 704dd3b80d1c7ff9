// Package inbound refuses HTTP requests that cannot be a chat platform's, before anything of them is parsed: those of
// another method or content type, and those that are too large.
//
// A front-end describes its requests by a [Guard], calls [Guard.Head] first and [Guard.Body] when it wants the body:
// before or after it has checked who sends the request, as the platform's rules have it.
//
// [Requests] tells the operator about the requests that come to a platform's endpoints: figures for each, and a log
// line a minute for each reason of refusal. A front-end reports to it what it lets through and what it refuses; the
// guard reports its own refusals.
//
// It imports the standard library alone.
package inbound

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
)

// Guard describes the requests that an endpoint takes. All of them are POST requests.
type Guard struct {
	ContentType string    // media type without parameters, in lower case
	MaxBody     int64     // bytes
	What        string    // what a body is, for the answer to one that cannot be read: "cannot read <What>"
	Requests    *Requests // optional: is told of the requests that the guard refuses
}

// Head tells whether the request's method and content type are right. If not, it has answered: 405 or 415.
func (g Guard) Head(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		g.Requests.Refused(r.Context(), Method,
			"the endpoint takes POST only: does a proxy redirect http to https, which turns a POST into a GET?")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return false
	}
	if given := r.Header.Get("Content-Type"); given != g.ContentType {
		if media, _, err := mime.ParseMediaType(given); err != nil || media != g.ContentType {
			g.Requests.Refused(r.Context(), ContentType, "the endpoint takes "+g.ContentType+
				" only: do the app's settings have the URL of another endpoint here?")
			http.Error(w, "unsupported content type", http.StatusUnsupportedMediaType)
			return false
		}
	}
	return true
}

// firstRoom is how much room is made at most for a body whose sender has only said how long it is.
const firstRoom = 4 << 10

// Body reads the request's body. If it is too large or cannot be read, Body returns false and has answered: 413 or 400.
func (g Guard) Body(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	var body bytes.Buffer
	// At the end a Buffer wants to have that much room left.
	body.Grow(int(min(max(r.ContentLength, 0), firstRoom)) + bytes.MinRead)
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, g.MaxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		g.Requests.Refused(r.Context(), TooLarge, fmt.Sprintf("the body has more than %d bytes", g.MaxBody))
		http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
		return nil, false
	}
	if err != nil {
		g.Requests.Refused(r.Context(), Unreadable, "the body did not arrive whole: is the connection slow or cut?")
		http.Error(w, "cannot read "+g.What, http.StatusBadRequest)
		return nil, false
	}
	return body.Bytes(), true
}
