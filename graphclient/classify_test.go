package graphclient

import (
	"net/http"
	"strings"
	"testing"

	"meetbot/bot"
	"meetbot/internal/outbound"
	"meetbot/internal/outbound/outboundtest"
)

const (
	clientSecret = outboundtest.ClientSecret
	token        = outboundtest.Token
)

// A code stands in the error, and what only looks like one does not.
func TestCodes(t *testing.T) {
	for code, told := range map[string]bool{
		"Authorization_RequestDenied": true, "9041": true, "ErrorInvalidLicenseForMeeting": true, "BadRequest": true,
		clientSecret: false, token: false, token[:40]: false, clientSecret[2:20]: false, "ann@contoso.example": false,
		"a b": false, "": false,
	} {
		e := classify(answer{
			op: "user", status: http.StatusBadRequest, body: []byte(`{"error":{"code":"` + code + `","message":"x"}}`),
		}, clientSecret)
		if got := code != "" && strings.Contains(e.Error(), code); got != told {
			t.Errorf("code %q: %v", code, e)
		}
	}
}

func FuzzClassify(f *testing.F) {
	outboundtest.Seeds(func(status int, retryAfter, date, id, body string) {
		f.Add(status, retryAfter, date, id, body, false)
	})
	f.Fuzz(func(t *testing.T, status int, retryAfter, date, id, body string, listing bool) {
		ops := []string{opCreateOrGet, opMeeting, opChangeMeeting, opUser}
		a := answer{op: ops[len(id)%len(ops)], status: status, header: http.Header{}, body: []byte(body)}
		if listing {
			a.op = opUsers
		}
		a.header.Set("Retry-After", retryAfter)
		a.header.Set("Date", date)
		a.header.Set("request-id", id)
		a.permitted = len(body)%2 == 0 // either, for any status
		e := classify(a, token, clientSecret)
		outboundtest.Check(t, status, e, bot.Throttled, bot.Unavailable, bot.Credentials, bot.NoAccessPolicy,
			bot.OrganizerRefused, bot.NoPermission, bot.NoSuchUser, bot.MissingMeeting, bot.BadRequest)
		if e.Code == bot.NoSuchUser && listing {
			t.Errorf("a list says that there is no such user: %+v", a)
		}
		if e.Code == bot.MissingMeeting && a.op != opMeeting && a.op != opChangeMeeting {
			t.Errorf("%s says that a meeting is missing: %+v", a.op, a)
		}
		_ = outbound.IsJSONObject(a.header, a.body)
	})
}
