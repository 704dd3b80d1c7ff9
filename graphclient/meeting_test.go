package graphclient_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/graphtest"
)

// made is a rig with one meeting of Ann's.
func made(t *testing.T) (*rig, bot.OnlineMeeting) {
	t.Helper()
	r := start(t, setup{})
	m, _, err := r.CreateOrGet(t.Context(), tenant, annID, bot.MeetingRequest{ExternalID: "x", Subject: "Design"})
	if err != nil {
		t.Fatal(err)
	}
	return r, m
}

// Whatever is told of a meeting when it is made is told when it is read.
func TestMeeting(t *testing.T) {
	r, m := made(t)
	if time.Until(m.Expires) < 60*24*time.Hour || m.ChatThread != r.graph.Meetings()[0].ThreadID ||
		m.End.Sub(m.Start) != time.Hour || m.Expires.Sub(m.End) != 60*24*time.Hour {
		t.Errorf("made %+v", m)
	}
	got, err := r.Meeting(t.Context(), tenant, annID, m.ID)
	if err != nil || got != m {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, got, m)
	}
	calls := r.graph.Calls()
	// A cloud that does not know a property refuses to select it, so everything is read.
	if last := calls[len(calls)-1]; last.Op != "meeting" || last.MeetingID != m.ID || last.Query != "" || last.Body != nil {
		t.Errorf("sent %+v", last)
	}
	if seen := r.Exchanges(); seen["meeting"] != 1 {
		t.Errorf("observed %v", seen)
	}
}

func TestChangeMeeting(t *testing.T) {
	at := time.Date(2026, 5, 4, 15, 0, 0, 0, time.FixedZone("", -3*3600))
	for name, tt := range map[string]struct {
		change bot.MeetingChange
		want   string // the body
	}{
		"subject": {bot.MeetingChange{Subject: `"Olá"`}, `{"subject":"\"Olá\""}`},
		"times": {
			bot.MeetingChange{Start: at, End: at.Add(time.Hour)},
			`{"startDateTime":"2026-05-04T18:00:00Z","endDateTime":"2026-05-04T19:00:00Z"}`,
		},
		"one option": {
			bot.MeetingChange{Options: bot.MeetingOptions{Announce: "false"}}, `{"isEntryExitAnnounced":false}`,
		},
		"everything": {
			bot.MeetingChange{Subject: "x", Start: at, End: at, Options: bot.MeetingOptions{
				Lobby: "organizationExcludingGuests", Presenters: "organizer", Chat: "limited", Record: "true",
				Announce: "true",
			}},
			`{"subject":"x","startDateTime":"2026-05-04T18:00:00Z","endDateTime":"2026-05-04T18:00:00Z",
			  "lobbyBypassSettings":{"scope":"organizationExcludingGuests"},"allowedPresenters":"organizer",
			  "allowMeetingChat":"limited","recordAutomatically":true,"isEntryExitAnnounced":true}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, m := made(t)
			got, err := r.ChangeMeeting(t.Context(), tenant, annID, m.ID, tt.change)
			if err != nil {
				t.Fatal(err)
			}
			calls := r.graph.Calls()
			last := calls[len(calls)-1]
			var sent, want any
			if err := json.Unmarshal(last.Body, &sent); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if last.Op != "changeMeeting" || !reflect.DeepEqual(sent, want) {
				t.Errorf("sent %s", last.Body)
			}
			read, err := r.Meeting(t.Context(), tenant, annID, m.ID)
			if err != nil || got != read || got.JoinURL != m.JoinURL {
				t.Errorf("%v\nchanged %+v\nread    %+v", err, got, read)
			}
			if tt.change.Subject != "" && got.Subject != tt.change.Subject ||
				!tt.change.Start.IsZero() && !got.Start.Equal(at) {
				t.Errorf("changed %+v", got)
			}
		})
	}
}

// Every value of an option that the administrator may choose is Graph's.
func TestEveryOption(t *testing.T) {
	r, m := made(t)
	var all []bot.MeetingOptions
	for _, scope := range []string{
		"organizer", "organization", "organizationAndFederated", "everyone", "invited", "organizationExcludingGuests",
	} {
		all = append(all, bot.MeetingOptions{Lobby: scope})
	}
	for _, who := range []string{"everyone", "organization", "organizer"} {
		all = append(all, bot.MeetingOptions{Presenters: who})
	}
	for _, chat := range []string{"enabled", "disabled", "limited"} {
		all = append(all, bot.MeetingOptions{Chat: chat})
	}
	for _, set := range []string{"true", "false"} {
		all = append(all, bot.MeetingOptions{Record: set}, bot.MeetingOptions{Announce: set})
	}
	for _, o := range all {
		if _, err := r.ChangeMeeting(t.Context(), tenant, annID, m.ID, bot.MeetingChange{Options: o}); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestUnsoundChangesAreNotSent(t *testing.T) {
	r := start(t, setup{})
	now := time.Now()
	option := func(o bot.MeetingOptions) bot.MeetingChange { return bot.MeetingChange{Options: o} }
	for name, tt := range map[string]struct {
		organizer string
		change    bot.MeetingChange
	}{
		"nothing":              {annID, bot.MeetingChange{}},
		"start without end":    {annID, bot.MeetingChange{Subject: "x", Start: now}},
		"end without start":    {annID, bot.MeetingChange{Subject: "x", End: now}},
		"end before start":     {annID, bot.MeetingChange{Start: now, End: now.Add(-time.Minute)}},
		"organizer by UPN":     {"ann@contoso.example", bot.MeetingChange{Subject: "x"}},
		"unknown lobby":        {annID, option(bot.MeetingOptions{Lobby: "nobody"})},
		"future lobby":         {annID, option(bot.MeetingOptions{Lobby: "unknownFutureValue"})},
		"unknown presenters":   {annID, option(bot.MeetingOptions{Presenters: "Everyone"})},
		"presenters by role":   {annID, option(bot.MeetingOptions{Presenters: "roleIsPresenter"})}, // needs attendees
		"unknown chat":         {annID, option(bot.MeetingOptions{Chat: "off"})},
		"unknown recording":    {annID, option(bot.MeetingOptions{Record: "yes"})},
		"unknown announcement": {annID, option(bot.MeetingOptions{Announce: "1"})},
	} {
		_, err := r.ChangeMeeting(t.Context(), tenant, tt.organizer, "MSo1", tt.change)
		if e := wantCode(t, err, bot.BadRequest); e.Reason == "" {
			t.Errorf("%s: no reason", name)
		}
	}
	_, err := r.Meeting(t.Context(), tenant, "ann@contoso.example", "MSo1")
	_ = wantCode(t, err, bot.BadRequest)
	// What is no name of a meeting must not become the name of another resource.
	for _, id := range []string{"", ".", ".."} {
		_, err := r.Meeting(t.Context(), tenant, annID, id)
		_ = wantCode(t, err, bot.MissingMeeting)
		_, err = r.ChangeMeeting(t.Context(), tenant, annID, id, bot.MeetingChange{Subject: "x"})
		_ = wantCode(t, err, bot.MissingMeeting)
	}
	if n := len(r.graph.Calls()) + r.entra.Requests(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// An ID is opaque: whatever stands in it reaches Graph as it is, in one segment of the path.
func TestMeetingIDsCannotWander(t *testing.T) {
	var mu sync.Mutex
	var paths []string
	c := bare(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		paths = append(paths, r.Method+" "+r.RequestURI)
		w.WriteHeader(http.StatusNotFound)
	})
	prefix := " /v1.0/users/" + annID + "/onlineMeetings/"
	for id, want := range map[string]string{
		"MSo1+/x==":       "MSo1%2B%2Fx%3D%3D",
		"5f_19:m@thread":  "5f_19%3Am%40thread",
		"../../groups":    "..%2F..%2Fgroups",
		"x?$select=id#x":  "x%3F%24select%3Did%23x",
		"100%25 {x} “é”":  "100%2525%20%7Bx%7D%20%E2%80%9C%C3%A9%E2%80%9D",
		"a\nHost: b\x00&": "a%0AHost%3A%20b%00%26",
	} {
		paths = nil
		_, err := c.Meeting(t.Context(), tenant, annID, id)
		_ = wantCode(t, err, bot.MissingMeeting)
		_, err = c.ChangeMeeting(t.Context(), tenant, annID, id, bot.MeetingChange{Subject: "x"})
		_ = wantCode(t, err, bot.MissingMeeting)
		if len(paths) != 2 || paths[0] != "GET"+prefix+want || paths[1] != "PATCH"+prefix+want {
			t.Errorf("%q: %q", id, paths)
		}
	}
}

func TestMeetingRefusalsOfLife(t *testing.T) {
	for name, tt := range map[string]struct {
		arm          func(*rig, bot.OnlineMeeting)
		read, change bot.Code // empty: it works
	}{
		"as it was":   {func(*rig, bot.OnlineMeeting) {}, "", ""},
		"no policy":   {func(r *rig, _ bot.OnlineMeeting) { r.graph.SetPolicy(annID, false) }, bot.NoAccessPolicy, bot.NoAccessPolicy},
		"no roles":    {func(r *rig, _ bot.OnlineMeeting) { r.entra.SetRoles("User.Read.All") }, bot.NoPermission, bot.NoPermission},
		"may read":    {func(r *rig, _ bot.OnlineMeeting) { r.entra.SetRoles("OnlineMeetings.Read.All") }, "", bot.NoPermission},
		"removed":     {func(r *rig, _ bot.OnlineMeeting) { r.graph.RemoveUser(annID) }, bot.MissingMeeting, bot.MissingMeeting},
		"deleted":     {func(r *rig, m bot.OnlineMeeting) { r.graph.DeleteMeeting(m.JoinURL) }, bot.MissingMeeting, bot.MissingMeeting},
		"in progress": {func(r *rig, m bot.OnlineMeeting) { r.graph.StartSession(m.JoinURL) }, "", bot.BadRequest},
		"expired": {func(r *rig, m bot.OnlineMeeting) {
			r.graph.SetClock(faultserver.NewClock(m.Expires).Now) // to the tick that the answer tells
		}, bot.MissingMeeting, bot.MissingMeeting},
		"throttled": {func(r *rig, _ bot.OnlineMeeting) {
			r.graph.Fault(faultserver.Fault{Target: "meeting", Status: 429, RetryAfter: "7"})
			r.graph.Fault(faultserver.Fault{Target: "changeMeeting", Status: 503, RetryAfter: "7"})
		}, bot.Throttled, bot.Throttled},
		"away": {func(r *rig, _ bot.OnlineMeeting) { r.graph.Fault(faultserver.Fault{Reset: true}) }, bot.Unavailable, bot.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			r, m := made(t)
			tt.arm(r, m)
			if name == "no roles" || name == "may read" {
				r.Client = r.client(t) // the token that was given before tells the former roles
			}
			at := time.Now()
			_, read := r.Meeting(t.Context(), tenant, annID, m.ID)
			_, change := r.ChangeMeeting(t.Context(), tenant, annID, m.ID, bot.MeetingChange{Start: at, End: at})
			for doing, got := range map[string]struct {
				err  error
				want bot.Code
			}{"read": {read, tt.read}, "change": {change, tt.change}} {
				if got.want == "" {
					if got.err != nil {
						t.Errorf("%s: %v", doing, got.err)
					}
					continue
				}
				e := wantCode(t, got.err, got.want)
				if e.Code == bot.BadRequest && !strings.Contains(e.Reason, "in progress") {
					t.Errorf("%s: reason %q", doing, e.Reason)
				}
				if e.Code == bot.Throttled && e.Wait != 7*time.Second {
					t.Errorf("%s: waits %v", doing, e.Wait)
				}
			}
		})
	}
}

// What Graph's words amount to. The 404s are those that people report (microsoft-graph-docs#10770, question 2084475,
// msgraph-sdk-dotnet#1215, document "errors"); the 400 is msgraph-sdk-java#2589.
func TestWordsAboutAMeeting(t *testing.T) {
	const roles = "Application is not allowed to perform operations on the user '5f1c', neither is allowed access through " +
		"RSC permission evaluation."
	for _, tt := range []struct {
		status        int
		code, message string
		want          bot.Code
		reason        string
	}{
		{404, "NotFound", "3004: Specified meeting is not found", bot.MissingMeeting, ""},
		{404, "NotFound", "Organizer Id mismatch User Id: 5f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e11.", bot.MissingMeeting, ""},
		{404, "General", "Meeting not found.", bot.MissingMeeting, ""},
		{404, "UnknownError", "", bot.MissingMeeting, ""},
		{404, "ResourceNotFound", "", bot.MissingMeeting, ""},
		{404, "Request_ResourceNotFound", "Resource '5f1c' does not exist.", bot.MissingMeeting, ""},
		{400, "InvalidArgument", "One or more properties do not support updating.", bot.BadRequest,
			"One or more properties do not support updating."},
		{400, "BadRequest", "1026: An error has occurred.", bot.BadRequest, ""},
		{403, "General", "No application access policy found for this app.", bot.NoAccessPolicy, ""},
		{403, "Forbidden", roles, bot.NoAccessPolicy, ""},
		{403, "Forbidden", "", bot.NoPermission, ""}, // to a token that tells no roles
		{500, "InternalServerError", "x", bot.Unavailable, ""},
	} {
		body, err := json.Marshal(map[string]any{"error": map[string]any{"code": tt.code, "message": tt.message}})
		if err != nil {
			t.Fatal(err)
		}
		c := bare(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(tt.status)
			_, _ = w.Write(body)
		})
		_, read := c.Meeting(t.Context(), tenant, annID, "MSo1")
		_, changed := c.ChangeMeeting(t.Context(), tenant, annID, "MSo1", bot.MeetingChange{Subject: "x"})
		for _, err := range []error{read, changed} {
			e := wantCode(t, err, tt.want)
			if e.Reason != tt.reason || strings.Contains(e.Error(), annID) {
				t.Errorf("%s %q: reason %q, error %v", tt.code, tt.message, e.Reason, e)
			}
		}
	}
}

// A refusal of somebody for whom the app has the permission concerns the organizer.
func TestOrganizerRefusedLater(t *testing.T) {
	for _, tt := range []struct {
		roles        []string
		read, change bot.Code
	}{
		{entratest.Roles, bot.OrganizerRefused, bot.OrganizerRefused},
		{[]string{"OnlineMeetings.Read.All"}, bot.OrganizerRefused, bot.NoPermission},
		{[]string{"User.Read.All"}, bot.NoPermission, bot.NoPermission},
	} {
		r := start(t, setup{})
		r.entra.SetRoles(tt.roles...)
		r.graph.Fault(faultserver.Fault{Status: 403, Body: `{"error":{"code":"Forbidden","message":""}}`})
		_, err := r.Meeting(t.Context(), tenant, annID, "MSo1")
		_ = wantCode(t, err, tt.read)
		_, err = r.ChangeMeeting(t.Context(), tenant, annID, "MSo1", bot.MeetingChange{Subject: "x"})
		_ = wantCode(t, err, tt.change)
	}
}

// A conflict says that Graph will not do it; a reader or a maker has none.
func TestConflict(t *testing.T) {
	c := bare(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write([]byte(`{"error":{"code":"Conflict","message":"The meeting is locked."}}`))
	})
	_, err := c.ChangeMeeting(t.Context(), tenant, annID, "MSo1", bot.MeetingChange{Subject: "x"})
	if e := wantCode(t, err, bot.BadRequest); e.Reason != "The meeting is locked." {
		t.Errorf("reason %q", e.Reason)
	}
	_, err = c.Meeting(t.Context(), tenant, annID, "MSo1")
	_ = wantCode(t, err, bot.Unavailable)
}

// The answer to a change may be partial: what it does not say stays empty. It names the meeting, or it is none.
func TestPartialAnswers(t *testing.T) {
	link := "https://teams.microsoft.com/meet/1?p=x"
	for body, want := range map[string]*bot.OnlineMeeting{
		`{"id":"MSo1","subject":"Two"}`:                                     {ID: "MSo1", Subject: "Two"},
		`{"joinWebUrl":"` + link + `","subject":null}`:                      {JoinURL: link},
		`{"id":"MSo1","subject":"Two","expiryDateTime":"2027-01-02T03:04"}`: {ID: "MSo1", Subject: "Two"},
		`{"error":{"code":"Conflict"}}`:                                     nil,
		`{}`:                                                                nil,
		`{"joinWebUrl":"javascript:alert(1)"}`:                              nil,
		`null`:                                                              nil,
		``:                                                                  nil,
	} {
		c := bare(t, answering(http.StatusOK, body))
		got, err := c.ChangeMeeting(t.Context(), tenant, annID, "MSo1", bot.MeetingChange{Subject: "Two"})
		if want == nil {
			_ = wantCode(t, err, bot.Unavailable)
		} else if err != nil || got != *want {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
		_, err = c.Meeting(t.Context(), tenant, annID, "MSo1") // and what is read has a link
		if want == nil || want.JoinURL == "" {
			_ = wantCode(t, err, bot.Unavailable)
		}
	}
}

func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// A time that cannot be is as good as none: the link counts.
func TestTimesOfAMeeting(t *testing.T) {
	full := time.Date(2027, 1, 2, 3, 4, 5, 600_000_000, time.UTC)
	const body = `{"joinWebUrl":"https://teams.microsoft.com/meet/1?p=x","creationDateTime":"2026-11-01T00:00:00Z",
		"%s":%s}`
	for text, want := range map[string]time.Time{
		`"2027-01-02T03:04:05.6Z"`:       full,
		`"2027-01-02T03:04:05.6000000Z"`: full,
		`"2027-01-02T00:04:05.6-03:00"`:  full,
		`null`:                           {},
		`"0001-01-01T00:00:00Z"`:         {}, // the default of the service's language
		`"1601-01-01T00:00:00Z"`:         {},
		`"1970-01-01T00:00:00Z"`:         {},
		`"9999-12-31T23:59:59-12:00"`:    {}, // the year 10000 in UTC, which no record can hold
	} {
		for _, name := range []string{"startDateTime", "endDateTime", "expiryDateTime"} {
			c := bare(t, answering(http.StatusOK, fmt.Sprintf(body, name, text)))
			m, err := c.Meeting(t.Context(), tenant, annID, "MSo1")
			got := map[string]time.Time{"startDateTime": m.Start, "endDateTime": m.End, "expiryDateTime": m.Expires}
			if err != nil || !got[name].Equal(want) || !want.IsZero() && got[name].Location() != time.UTC {
				t.Errorf("%s %s: %+v, %v", name, text, m, err)
			}
		}
	}
	for text, want := range map[string]time.Time{
		`"2027-01-02T03:04:05.6"`: full, // Graph's times are in UTC
		`""`:                      {},
		`"soon"`:                  {},
		`"2027-13-02T03:04:05Z"`:  {},
		`"10000-01-02T03:04:05Z"`: {},
		`"2026-10-31T23:59:59Z"`:  {}, // before it was made
		`1798859045`:              {},
		`{"dateTime":"x"}`:        {},
		`["x"]`:                   {},
		`true`:                    {},
	} {
		c := bare(t, answering(http.StatusOK, fmt.Sprintf(body, "expiryDateTime", text)))
		m, err := c.Meeting(t.Context(), tenant, annID, "MSo1")
		if err != nil || !m.Expires.Equal(want) {
			t.Errorf("expiryDateTime %s: %v, %v", text, m.Expires, err)
		}
	}
}

// A meeting whose answer was lost is changed all the same, and the repeat finds it so.
func TestAChangeWhoseAnswerWasLost(t *testing.T) {
	r, m := made(t)
	r.graph.Fault(faultserver.Fault{Target: "changeMeeting", Times: 1, Reset: true, Works: true})
	change := bot.MeetingChange{Subject: "Two"}
	_, err := r.ChangeMeeting(t.Context(), tenant, annID, m.ID, change)
	_ = wantCode(t, err, bot.Unavailable)
	got, err := r.ChangeMeeting(t.Context(), tenant, annID, m.ID, change)
	if err != nil || got.Subject != "Two" || got.JoinURL != m.JoinURL || r.graph.Counts()["changeMeeting"] != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Many at once, since the SDK's builders are not for several requests.
func TestMeetingsAtTheSameTime(t *testing.T) {
	r := start(t, setup{graph: graphtest.Options{}})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			name := fmt.Sprint("m", i)
			m, _, err := r.CreateOrGet(t.Context(), tenant, annID, bot.MeetingRequest{ExternalID: name, Subject: name})
			if err != nil {
				t.Error(err)
				return
			}
			changed, err := r.ChangeMeeting(t.Context(), tenant, annID, m.ID, bot.MeetingChange{Subject: name + "!"})
			if err != nil || changed.Subject != name+"!" || changed.ID != m.ID {
				t.Errorf("changed %+v, %v", changed, err)
			}
			if read, err := r.Meeting(t.Context(), tenant, annID, m.ID); err != nil || read != changed {
				t.Errorf("read %+v, %v", read, err)
			}
		})
	}
	wg.Wait()
}
