package inbound_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"meetbot/internal/inbound"
)

// A request is let through, or answered in full; what is wrong with its head is found before its body is touched.
func TestGuard(t *testing.T) {
	guard := inbound.Guard{ContentType: "application/json", MaxBody: 4, What: "letter"}
	broken := iotest.ErrReader(errors.New("cut"))
	for name, tt := range map[string]struct {
		method, contentType string
		body                io.Reader
		status              int
		answer              string
	}{
		"right": {"POST", "application/json", strings.NewReader("1234"), http.StatusOK, "1234"},
		"with a parameter": {"POST", "Application/JSON; charset=utf-8", strings.NewReader("{}"), http.StatusOK,
			"{}"},
		"empty": {"POST", "application/json", strings.NewReader(""), http.StatusOK, ""},
		"one byte too many": {"POST", "application/json", strings.NewReader("12345"),
			http.StatusRequestEntityTooLarge, "request too large\n"},
		"cut": {"POST", "application/json", broken, http.StatusBadRequest, "cannot read letter\n"},
		"too large, and cut": {"POST", "application/json", io.MultiReader(strings.NewReader("12345"), broken),
			http.StatusRequestEntityTooLarge, "request too large\n"},
		"GET": {"GET", "application/json", broken, http.StatusMethodNotAllowed,
			"method not allowed\n"},
		"no method": {"", "text/plain", broken, http.StatusMethodNotAllowed, "method not allowed\n"},
		"post in small letters": {"post", "application/json", broken, http.StatusMethodNotAllowed,
			"method not allowed\n"},
		"another content type": {"POST", "text/plain", broken, http.StatusUnsupportedMediaType,
			"unsupported content type\n"},
		"no content type": {"POST", "", broken, http.StatusUnsupportedMediaType, "unsupported content type\n"},
		"a list of types": {"POST", "application/json, text/plain", broken, http.StatusUnsupportedMediaType,
			"unsupported content type\n"},
		"a parameter of nothing": {"POST", "application/json; =", broken, http.StatusUnsupportedMediaType,
			"unsupported content type\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", tt.body)
			r.Method = tt.method
			r.Header.Set("Content-Type", tt.contentType)
			w := httptest.NewRecorder()
			passed := false
			if guard.Head(w, r) {
				if body, ok := guard.Body(w, r); ok {
					passed = true
					_, _ = w.Write(body)
				}
			}
			if w.Code != tt.status || w.Body.String() != tt.answer || passed != (tt.status == http.StatusOK) {
				t.Errorf("%d %q, let through: %v", w.Code, w.Body, passed)
			}
			if allow := w.Header().Get("Allow"); (allow == http.MethodPost) != (tt.status == http.StatusMethodNotAllowed) {
				t.Errorf("Allow: %q", allow)
			}
		})
	}
}
