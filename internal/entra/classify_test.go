package entra

import (
	"net/http"
	"testing"

	"meetbot/bot"
	"meetbot/internal/outbound/outboundtest"
)

func FuzzClassify(f *testing.F) {
	outboundtest.Seeds(func(status int, retryAfter, date, _, body string) { f.Add(status, retryAfter, date, body) })
	f.Fuzz(func(t *testing.T, status int, retryAfter, date, body string) {
		h := http.Header{}
		h.Set("Retry-After", retryAfter)
		h.Set("Date", date)
		e := classify(opToken, status, h, []byte(body), outboundtest.ClientSecret)
		outboundtest.Check(t, status, e, bot.Throttled, bot.Unavailable, bot.Credentials)
	})
}
