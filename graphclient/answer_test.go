package graphclient

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"meetbot/internal/outbound"
)

// Whatever Graph answers about a meeting, what is read of it makes sense.
func FuzzMeetingAnswer(f *testing.F) {
	for _, body := range []string{
		`{"id":"MSo1","joinWebUrl":"https://teams.microsoft.com/meet/1?p=x","creationDateTime":"2026-11-01T00:00:00Z",
		  "startDateTime":"2026-11-01T00:00:00Z","endDateTime":"2026-11-01T01:00:00.1234567Z",
		  "expiryDateTime":"2026-12-31T01:00:00Z","chatInfo":{"threadId":"19:meeting_x@thread.v2","messageId":"0"},
		  "joinMeetingIdSettings":{"isPasscodeRequired":false,"joinMeetingId":"1","passcode":"x"},
		  "audioConferencing":{"tollNumber":"+1 425-555-0123","conferenceId":"42"}}`,
		`{"joinWebUrl":"javascript:alert(1)"}`, `{"id":1,"joinWebUrl":[]}`, `{}`, `{"expiryDateTime":-1e999}`,
		`{"expiryDateTime":{"a":[null,true]}}`, `{"expiryDateTime":"2026-12-31T01:00:00+25:00"}`,
		`{"expiryDateTime":"0001-01-01T00:00:00Z","startDateTime":"9999-12-31T23:59:59-12:00"}`,
		`{"chatInfo":null,"audioConferencing":"x","joinMeetingIdSettings":[{}]}`, `{"allowedPresenters":"x","scope":5}`,
		`{"lobbyBypassSettings":{"scope":"future"},"participants":{"attendees":[null]}}`, `{"id":`, `{"id":"\ud800"}`,
	} {
		f.Add(body)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	f.Fuzz(func(t *testing.T, body string) {
		if !outbound.IsJSONObject(header, []byte(body)) {
			return // the SDK does not see it
		}
		node, err := jsonserialization.NewJsonParseNodeFactory().GetRootParseNode("application/json", []byte(body))
		if err != nil {
			return
		}
		parsed, err := node.GetObjectValue(models.CreateOnlineMeetingFromDiscriminatorValue)
		if err != nil || parsed == nil {
			return
		}
		m, err := meetingOf(parsed.(models.OnlineMeetingable))
		if err != nil {
			if m.JoinURL != "" {
				t.Errorf("an error and a link: %+v", m)
			}
			return
		}
		if m.JoinURL != "" && !strings.HasPrefix(strings.ToLower(m.JoinURL), "https://") {
			t.Errorf("link %q", m.JoinURL)
		}
		for name, at := range map[string]time.Time{"start": m.Start, "end": m.End, "expiry": m.Expires} {
			if !at.IsZero() && (at.Before(oldest) || at.Location() != time.UTC) {
				t.Errorf("%s %v", name, at)
			}
		}
		if !m.Expires.IsZero() && m.Expires.Before(m.Created) {
			t.Errorf("made %v, expires %v", m.Created, m.Expires)
		}
		if _, err := json.Marshal(m); err != nil { // it is kept as JSON
			t.Errorf("cannot be kept: %v", err)
		}
	})
}
