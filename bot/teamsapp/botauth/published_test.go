package botauth_test

import (
	"net/http"
	"strings"
	"testing"

	"meetbot/internal/sandbox/faultserver"
)

// What is announced can be read without a token, and what fails is told.
func TestPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := w.verifier.Published(t.Context())
	if err != nil || got.Issuer != issuer || got.Keys != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	w.Fault(faultserver.Fault{Target: "keys", Status: http.StatusNotFound})
	if _, err := w.verifier.Published(t.Context()); err == nil || !strings.Contains(err.Error(), "key set: HTTP status 404") {
		t.Errorf("%v", err)
	}
}
