package graphclient_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
)

func TestCreateOrGet(t *testing.T) {
	r := start(t, setup{})
	request := bot.MeetingRequest{ExternalID: "slack:T1:C1", Subject: "Design & <review>"}
	m, created, err := r.CreateOrGet(t.Context(), tenant, annID, request)
	if err != nil || !created {
		t.Fatalf("first: created %v, %v", created, err)
	}
	made := r.graph.Meetings()[0]
	if m.ID == "" || m.JoinURL != made.JoinURL || m.Subject != request.Subject || len(m.JoinID) < 10 ||
		m.Passcode == "" ||
		!strings.HasPrefix(m.TollNumber, "+1") || m.ConferenceID == "" || time.Since(m.Created) > time.Minute {
		t.Errorf("got %+v", m)
	}
	request.Subject = "Another"
	again, created, err := r.CreateOrGet(t.Context(), tenant, annID, request)
	if err != nil || created || !reflect.DeepEqual(again, m) {
		t.Errorf("repeat: created %v, %v\ngot  %+v\nwant %+v", created, err, again, m)
	}
	other, created, err := r.CreateOrGet(t.Context(), tenant, brianID, request)
	if err != nil || !created || other.JoinURL == m.JoinURL || other.TollNumber != "" || other.ConferenceID != "" {
		t.Errorf("another organizer: created %v, %v, %+v", created, err, other)
	}
}

// Everything that the bot tells about a meeting is read from Graph's answer.
func TestWhatIsRead(t *testing.T) {
	c := bare(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json;odata.metadata=minimal")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{
			"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users('x')/onlineMeetings/$entity",
			"id":"MSo1ZjFjMmIxYSoxOTptZWV0aW5nX05q","creationDateTime":"2026-05-04T15:00:00.5-03:00","subject":"Design",
			"startDateTime":"2026-05-04T18:00:01.25Z","endDateTime":"2026-05-04T19:00:00Z",
			"expiryDateTime":"2026-07-03T19:00:00.1Z",
			"joinWebUrl":"https://teams.microsoft.com/l/meetup-join/19%3ameeting_x",
			"joinMeetingIdSettings":{"isPasscodeRequired":true,"joinMeetingId":"1234567890","passcode":"aB3"},
			"audioConferencing":{"tollNumber":"+1 555 0100","conferenceId":"42"},
			"chatInfo":{"threadId":"19:meeting_x@thread.v2"}}`))
	})
	want := bot.OnlineMeeting{
		ID: "MSo1ZjFjMmIxYSoxOTptZWV0aW5nX05q", JoinURL: "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x",
		Subject: "Design", Created: time.Date(2026, 5, 4, 18, 0, 0, 500_000_000, time.UTC), JoinID: "1234567890",
		Passcode:   "aB3",
		TollNumber: "+1 555 0100", ConferenceID: "42",
		Start:      time.Date(2026, 5, 4, 18, 0, 1, 250_000_000, time.UTC),
		End:        time.Date(2026, 5, 4, 19, 0, 0, 0, time.UTC),
		Expires:    time.Date(2026, 7, 3, 19, 0, 0, 100_000_000, time.UTC),
		ChatThread: "19:meeting_x@thread.v2",
	}
	m, created, err := c.CreateOrGet(t.Context(), tenant, annID, bot.MeetingRequest{ExternalID: "x"})
	if err != nil || !created || m != want {
		t.Errorf("created %v, %v\ngot  %+v\nwant %+v", created, err, m, want)
	}
}

// Graph gets what its documentation allows and nothing else: other properties are ignored silently.
func TestWhatIsSent(t *testing.T) {
	at := time.Date(2026, 5, 4, 15, 0, 0, 0, time.FixedZone("", -3*3600))
	for name, tt := range map[string]struct {
		request bot.MeetingRequest
		want    string
	}{
		"least": {bot.MeetingRequest{ExternalID: "a"}, `{"externalId":"a"}`},
		"start": {
			bot.MeetingRequest{ExternalID: "b", Start: at}, `{"externalId":"b","startDateTime":"2026-05-04T18:00:00Z"}`,
		},
		"all": {
			bot.MeetingRequest{
				ExternalID: "c/1", Subject: `"Olá"`, Start: at, End: at.Add(20 * time.Minute),
				Attendees: []bot.Attendee{{ID: brianID, UPN: "brian.o'neil@contoso.example"}},
			},
			`{"externalId":"c/1","subject":"\"Olá\"",
			  "startDateTime":"2026-05-04T18:00:00Z","endDateTime":"2026-05-04T18:20:00Z",
			  "participants":{"attendees":[
			    {"identity":{"user":{"id":"` + brianID + `"}},"upn":"brian.o'neil@contoso.example"}]}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, setup{})
			if _, _, err := r.CreateOrGet(t.Context(), tenant, annID, tt.request); err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := json.Unmarshal(r.graph.Calls()[0].Body, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("sent %v, want %v", got, want)
			}
		})
	}
}

func TestTimesThatGraphFillsIn(t *testing.T) {
	r := start(t, setup{})
	start := time.Now().Add(24 * time.Hour).Truncate(time.Second)
	for _, tt := range []struct {
		id         string
		start, end time.Time
		lasts      time.Duration
	}{
		{"none", time.Time{}, time.Time{}, time.Hour},
		{"start", start, time.Time{}, time.Hour},
		{"both", start, start.Add(20 * time.Minute), 20 * time.Minute},
		{"moment", start, start, 0},
	} {
		request := bot.MeetingRequest{ExternalID: tt.id, Start: tt.start, End: tt.end}
		if _, _, err := r.CreateOrGet(t.Context(), tenant, annID, request); err != nil {
			t.Fatalf("%s: %v", tt.id, err)
		}
		made := r.graph.Meetings()
		m := made[len(made)-1]
		if got := m.End.Sub(m.Start); got != tt.lasts {
			t.Errorf("%s: lasts %v", tt.id, got)
		}
		if !tt.start.IsZero() && !m.Start.Equal(tt.start) {
			t.Errorf("%s: starts %v", tt.id, m.Start)
		}
	}
}

func TestUnsoundRequestsAreNotSent(t *testing.T) {
	r := start(t, setup{})
	now := time.Now()
	for name, tt := range map[string]struct {
		organizer string
		request   bot.MeetingRequest
	}{
		"end without start": {annID, bot.MeetingRequest{ExternalID: "x", End: now}},
		"end before start":  {annID, bot.MeetingRequest{ExternalID: "x", Start: now, End: now.Add(-time.Minute)}},
		"no external ID":    {annID, bot.MeetingRequest{}},
		"organizer by UPN":  {"ann@contoso.example", bot.MeetingRequest{ExternalID: "x"}},
		"no organizer":      {"", bot.MeetingRequest{ExternalID: "x"}},
	} {
		_, _, err := r.CreateOrGet(t.Context(), tenant, tt.organizer, tt.request)
		if e := wantCode(t, err, bot.BadRequest); e.Reason == "" {
			t.Errorf("%s: no reason", name)
		}
	}
	if n := len(r.graph.Calls()) + r.entra.Requests(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// The request that is repeated after a refusal for the moment carries its body again, whole and readable.
func TestTheBodySurvivesThrottling(t *testing.T) {
	r := start(t, setup{})
	request := bot.MeetingRequest{ExternalID: "x", Subject: strings.Repeat("long ", 500)}
	r.graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 3, Status: 429, RetryAfter: "17"})
	for range 3 {
		_, _, err := r.CreateOrGet(t.Context(), tenant, annID, request)
		if e := wantCode(t, err, bot.Throttled); e.Wait != 17*time.Second || e.Status != 429 {
			t.Errorf("got status %d, wait %v", e.Status, e.Wait)
		}
	}
	if _, created, err := r.CreateOrGet(t.Context(), tenant, annID, request); err != nil || !created {
		t.Fatalf("created %v, %v", created, err)
	}
	calls := r.graph.Calls()
	if len(calls) != 4 { // nothing was repeated by the SDK
		t.Fatalf("%d calls", len(calls))
	}
	for i, c := range calls {
		if string(c.Body) != string(calls[0].Body) || c.ExternalID != "x" {
			t.Errorf("call %d: %.60s", i, c.Body)
		}
	}
}

func TestAMeetingWhoseAnswerWasLostIsFound(t *testing.T) {
	r := start(t, setup{})
	r.graph.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Reset: true, Works: true})
	_, _, err := r.CreateOrGet(t.Context(), tenant, annID, bot.MeetingRequest{ExternalID: "x"})
	if e := wantCode(t, err, bot.Unavailable); e.Status != 0 {
		t.Errorf("status %d of an answer that never came", e.Status)
	}
	m, created, err := r.CreateOrGet(t.Context(), tenant, annID, bot.MeetingRequest{ExternalID: "x"})
	if err != nil || created || m.JoinURL != r.graph.Meetings()[0].JoinURL {
		t.Errorf("created %v, %v", created, err)
	}
	if seen := r.Exchanges(); seen["none"] != 1 || seen["createOrGet"] != 2 {
		t.Errorf("observed %v", seen)
	}
}

func TestMeetingRefusals(t *testing.T) {
	const older = `{"error":{"code":"General",
		"message":"App 3b0e is not authorized to Create meeting on behalf of user 5f1c."}}`
	const newer = `{"error":{"code":"Forbidden","message":"Application is not allowed to perform operations on the user ` +
		`'5f1c', neither is allowed access through RSC permission evaluation."}}`
	const meaningless = `{"error":{"code":"BadRequest","message":"1026: An error has occurred."}}`
	for name, tt := range map[string]struct {
		arm    func(*rig)
		want   bot.Code
		status int
		reason string
	}{
		"no policy": {func(r *rig) { r.graph.SetPolicy(annID, false) }, bot.NoAccessPolicy, 403, ""},
		"no policy, of old": {
			func(r *rig) { r.graph.Fault(faultserver.Fault{Status: 403, Body: older}) }, bot.NoAccessPolicy, 403, "",
		},
		"no role": {func(r *rig) { r.entra.SetRoles("User.Read.All") }, bot.NoPermission, 403, ""},
		"no policy, in newer words": {
			func(r *rig) { r.graph.Fault(faultserver.Fault{Status: 403, Body: newer}) }, bot.NoAccessPolicy, 403, "",
		},
		"refused without meaning": {
			func(r *rig) { r.graph.Fault(faultserver.Fault{Status: 400, Body: meaningless}) }, bot.BadRequest, 400, "",
		},
		"no licence": {func(r *rig) {
			r.ann(t, func(u *graphtest.User) { u.Unlicensed = true })
		}, bot.OrganizerRefused, 403, ""},
		"no meetings by policy": {func(r *rig) {
			r.ann(t, func(u *graphtest.User) { u.NoMeetings = true })
		}, bot.OrganizerRefused, 403, ""},
		"no licence, and no role": {func(r *rig) {
			r.ann(t, func(u *graphtest.User) { u.Unlicensed = true })
			r.entra.SetRoles("User.Read.All")
		}, bot.NoPermission, 403, ""},
		"gone": {func(r *rig) { r.graph.RemoveUser(annID) }, bot.NoSuchUser, 404, ""},
		"refused by content": {func(r *rig) {
			const body = `{"error":{"code":"BadRequest","message":"Subject\r\n\tis  too\u0000 long."}}`
			r.graph.Fault(faultserver.Fault{Status: 400, Body: body})
		}, bot.BadRequest, 400, "Subject is too long."},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, setup{})
			tt.arm(r)
			_, _, err := r.CreateOrGet(t.Context(), tenant, annID, bot.MeetingRequest{ExternalID: "x"})
			e := wantCode(t, err, tt.want)
			if e.Status != tt.status || e.Reason != tt.reason {
				t.Errorf("status %d, reason %q", e.Status, e.Reason)
			}
		})
	}
}
