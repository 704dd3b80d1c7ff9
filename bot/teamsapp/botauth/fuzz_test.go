package botauth_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"meetbot/bot/teamsapp/botauth"
)

// Whatever stands in the header is judged without a panic, and none but the true token is taken.
func FuzzAuthorization(f *testing.F) {
	p := newPublisher(f, newKey(f), nil)
	v := p.verifier(f)
	truth := p.header(f, jwt.SigningMethodRS256, nil).Get("Authorization")
	signed := truth[:strings.LastIndexByte(truth, '.')]
	for _, seed := range []string{
		truth, "bearer" + truth[len("Bearer"):], truth + "=", signed, signed + ".", "Bearer", "Bearer ..",
		"Bearer a.b.c", "Basic eA==", "",
		p.header(f, jwt.SigningMethodRS384, nil).Get("Authorization"),
		"Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6MX0.e30.AAAA",
		`Bearer {"payload":"e30"}`,
	} {
		f.Add(seed, "")
		f.Add("", seed)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		h := http.Header{"Authorization": {first}}
		if second != "" {
			h.Add("Authorization", second)
		}
		_, err := v.Verify(t.Context(), h)
		switch {
		case err == nil:
			if second != "" || !strings.EqualFold(first[:len("Bearer ")], "Bearer ") ||
				!strings.HasPrefix(first[len("Bearer "):], signed[len("Bearer "):]) {
				t.Errorf("taken: %q, %q", first, second)
			}
		case !errors.Is(err, botauth.ErrRefused):
			t.Errorf("cannot judge %q: %v", first, err)
		}
	})
}
