package graphtest

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/faultserver"
)

// path is the path of a meeting below a user.
func path(userID, meetingID string) string {
	return "/users/" + userID + "/onlineMeetings/" + url.PathEscape(meetingID)
}

// change sends a PATCH.
func (g *rig) change(t *testing.T, userID, meetingID, body string) answer {
	t.Helper()
	return g.do(t, "PATCH", path(userID, meetingID), nil, []byte(body))
}

func (a answer) message() string {
	e, _ := a.Body["error"].(map[string]any)
	message, _ := e["message"].(string)
	return message
}

func (a answer) text(name string) string {
	s, _ := a.Body[name].(string)
	return s
}

// at reads a time of an answer.
func (a answer) at(t *testing.T, name string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, a.text(name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return at
}

const day = 24 * time.Hour

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// startAged is a Graph with one meeting of Ann's, and the clock of meetings' lives.
func startAged(t *testing.T, c Choices) (g *rig, clock *faultserver.Clock, made answer) {
	t.Helper()
	clock = faultserver.NewClock(noon)
	g = startGraph(t, Options{Clock: clock.Now, Choices: c})
	made = g.make(t, ann, `{"externalId":"x","subject":"One"}`)
	if made.Status != 201 {
		t.Fatalf("status %d", made.Status)
	}
	return g, clock, made
}

// Document "limits-specifications-teams", table "Meeting expiration": end + 60 days; each start or update: + 60 days.
func TestExpiry(t *testing.T) {
	g, clock, made := startAged(t, Choices{})
	id, link := made.text("id"), made.text("joinWebUrl")
	want := noon.Add(time.Hour + 60*day)
	if got := made.at(t, "expiryDateTime"); !got.Equal(want) {
		t.Errorf("made: expires %v, want %v", got, want)
	}
	clock.Move(30 * day)
	if a := g.do(t, "GET", path(ann, id), nil, nil); a.Status != 200 || !a.at(t, "expiryDateTime").Equal(want) {
		t.Errorf("reading changes the expiry: %d %v", a.Status, a.Body)
	}
	if a := g.make(t, ann, `{"externalId":"x"}`); !a.at(t, "expiryDateTime").Equal(want) {
		t.Errorf("createOrGet of a meeting that is there changes the expiry: %v", a.Body)
	}
	want = noon.Add(90 * day)
	if a := g.change(t, ann, id, `{"subject":"Two"}`); a.Status != 200 || !a.at(t, "expiryDateTime").Equal(want) {
		t.Errorf("updated: %d %v", a.Status, a.Body)
	}
	clock.Move(59 * day)
	if !g.StartSession(link) {
		t.Fatal("the meeting does not start")
	}
	g.EndSession(link)
	want = noon.Add(149 * day)
	if a := g.do(t, "GET", path(ann, id), nil, nil); !a.at(t, "expiryDateTime").Equal(want) {
		t.Errorf("started: %v", a.Body["expiryDateTime"])
	}
	// An end far away counts more than the update.
	a := g.change(t, ann, id, `{"startDateTime":"2026-12-01T09:00:00Z","endDateTime":"2026-12-01T10:00:00Z"}`)
	want = time.Date(2027, 1, 30, 10, 0, 0, 0, time.UTC)
	if a.Status != 200 || !a.at(t, "expiryDateTime").Equal(want) || !g.Meetings()[0].Expires.Equal(want) {
		t.Errorf("moved: %d %v", a.Status, a.Body)
	}
	clock.Move(want.Sub(clock.Now()) - time.Second)
	if !g.Joinable(link) {
		t.Error("the link is dead a second before its expiry")
	}
	clock.Move(time.Second)
	if g.Joinable(link) || g.StartSession(link) {
		t.Error("the link outlives its expiry")
	}
	for doing, a := range map[string]answer{
		"read":    g.do(t, "GET", path(ann, id), nil, nil),
		"changed": g.change(t, ann, id, `{"subject":"Three"}`),
		"renewed": g.change(t, ann, id, `{"startDateTime":"2027-12-01T09:00:00Z","endDateTime":"2027-12-01T10:00:00Z"}`),
		"deleted": g.do(t, "DELETE", path(ann, id), nil, nil),
	} {
		if a.Status != 404 || a.code() != "NotFound" || a.message() != "3004: Specified meeting is not found" {
			t.Errorf("%s after its expiry: %d %v", doing, a.Status, a.Body)
		}
	}
}

// What createOrGet answers for an expired meeting is not documented: the dead one, or a fresh one.
func TestCreateOrGetAfterExpiry(t *testing.T) {
	for _, fresh := range []bool{false, true} {
		g, clock, made := startAged(t, Choices{FreshAfterExpiry: fresh})
		clock.Move(61*day + time.Hour)
		again := g.make(t, ann, `{"externalId":"x"}`)
		same := again.text("id") == made.text("id") && again.text("joinWebUrl") == made.text("joinWebUrl")
		if want := map[bool]int{false: 200, true: 201}[fresh]; again.Status != want || same == fresh {
			t.Errorf("fresh %v: status %d, the same meeting %v", fresh, again.Status, same)
		}
		if g.Joinable(again.text("joinWebUrl")) != fresh || g.Joinable(made.text("joinWebUrl")) {
			t.Errorf("fresh %v: wrong links can be joined", fresh)
		}
		if made := g.Meetings(); len(made) != map[bool]int{false: 1, true: 2}[fresh] {
			t.Errorf("fresh %v: %d meetings", fresh, len(made))
		}
	}
}

// Clouds that do not know the property leave it out, and refuse to select it.
func TestSilenceAboutExpiry(t *testing.T) {
	g, clock, made := startAged(t, Choices{NoExpiry: true})
	read := g.do(t, "GET", path(ann, made.text("id")), nil, nil)
	for _, a := range []answer{made, read} {
		if _, told := a.Body["expiryDateTime"]; told {
			t.Error("the expiry is told")
		}
	}
	clock.Move(61 * day)
	if g.Joinable(made.text("joinWebUrl")) {
		t.Error("a meeting whose expiry nobody tells lives for ever")
	}
	g.Choose(func(c *Choices) { c.NoExpiry = false })
	fresh := g.make(t, ann, `{"externalId":"y"}`)
	if fresh.text("expiryDateTime") == "" {
		t.Error("the expiry is not told")
	}
}

// Document "onlinemeeting-get": the organizer's or an invited attendee's user ID.
func TestGetMeeting(t *testing.T) {
	g := startGraph(t, Options{})
	made := g.make(t, ann, `{"externalId":"x","subject":"One","participants":{"attendees":[
		{"identity":{"user":{"id":"`+guest+`"}},"upn":"gus@fabrikam.example"}]}}`)
	id := made.text("id")
	for _, user := range []string{ann, strings.ToUpper(ann), guest} {
		a := g.do(t, "GET", path(user, id), nil, nil)
		thread, _ := a.Body["chatInfo"].(map[string]any)["threadId"].(string)
		if a.Status != 200 || a.text("id") != id || a.text("subject") != "One" || a.text("externalId") != "x" ||
			a.text("joinWebUrl") != made.text("joinWebUrl") || !strings.HasPrefix(thread, "19:meeting_") ||
			thread != g.Meetings()[0].ThreadID {
			t.Errorf("read by %s: %d %v", user, a.Status, a.Body)
		}
	}
	a := g.do(t, "GET", path(ann, id)+"?$select=id,expiryDateTime", nil, nil)
	if a.Status != 200 || len(a.Body) != 3 || a.text("expiryDateTime") == "" {
		t.Errorf("selected: %d %v", a.Status, a.Body)
	}
	if a := g.do(t, "GET", path(ann, id)+"?$select=shoeSize", nil, nil); a.Status != 400 {
		t.Errorf("selected an unknown property: %d", a.Status)
	}
	calls := g.Calls()
	if last := calls[len(calls)-1]; last.Op != "meeting" || last.UserID != ann || last.MeetingID != id {
		t.Errorf("reported call %+v", last)
	}
	if n := g.Counts(); n["meeting"] != 5 || n["createOrGet"] != 1 {
		t.Errorf("counts %v", n)
	}
	g.ResetCalls()
	if n := g.Counts(); len(n) != 0 {
		t.Errorf("counts %v after their reset", n)
	}
}

// A 404 says little. The words are those that people report (docs issue microsoft-graph-docs#10770, question 2084475).
func TestMissingMeetings(t *testing.T) {
	g := startGraph(t, Options{})
	made := g.make(t, ann, `{"externalId":"x"}`)
	id := made.text("id")
	stranger := base64.StdEncoding.EncodeToString([]byte("1*" + ann + "*0**19:meeting_x@thread.v2"))
	for name, tt := range map[string]struct {
		user, id      string
		status        int
		code, message string
	}{
		"another user":    {brian, id, 404, "NotFound", "Organizer Id mismatch User Id: " + brian + "."},
		"never made":      {ann, stranger, 404, "NotFound", "3004: Specified meeting is not found"},
		"no meeting's ID": {ann, "19:meeting_x@thread.v2", 400, "BadRequest", "Invalid meeting id 19:meeting_x@thread.v2."},
		"user by UPN": {"ann@contoso.example", id, 400, "BadRequest",
			"The user in the path must be given by object ID."},
		"no such user": {"5f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e99", id, 404, "NotFound", "User not found."},
	} {
		for method, body := range map[string]string{"GET": "", "PATCH": `{"subject":"x"}`, "DELETE": ""} {
			a := g.do(t, method, path(tt.user, tt.id), nil, []byte(body))
			if a.Status != tt.status || a.code() != tt.code || a.message() != tt.message {
				t.Errorf("%s, %s: %d %v", name, method, a.Status, a.Body)
			}
		}
	}
	if m := g.Meetings()[0]; m.Subject != "" {
		t.Errorf("subject %q", m.Subject)
	}
}

// Document "onlinemeeting-update": what can be changed, and with what beside it.
func TestChangeMeeting(t *testing.T) {
	const times = `"startDateTime":"2026-04-01T09:00:00+02:00","endDateTime":"2026-04-01T10:00:00+02:00"`
	const brianAttends = `{"identity":{"user":{"id":"` + brian + `"}},"upn":"brian@contoso.example","role":"presenter"}`
	const unknown = "does not exist on type"
	const fixed = "One or more properties do not support updating."
	for name, tt := range map[string]struct {
		body    string
		message string // part of the refusal's; empty: it is changed
		want    string // part of the meeting afterwards, in JSON
	}{
		"subject":          {`{"subject":"Two"}`, "", `"subject":"Two"`},
		"times":            {`{` + times + `}`, "", `"endDateTime":"2026-04-01T08:00:00.0000000Z"`},
		"lobby":            {`{"lobbyBypassSettings":{"scope":"everyone"}}`, "", `{"isDialInBypassEnabled":false,"scope":"everyone"}`},
		"lobby for phones": {`{"lobbyBypassSettings":{"isDialInBypassEnabled":true}}`, "", `{"isDialInBypassEnabled":true,"scope":"organization"}`},
		"presenters":       {`{"allowedPresenters":"organizer"}`, "", `"allowedPresenters":"organizer"`},
		"chat":             {`{"allowMeetingChat":"limited"}`, "", `"allowMeetingChat":"limited"`},
		"recording":        {`{"recordAutomatically":true,"isEntryExitAnnounced":true}`, "", `"recordAutomatically":true`},
		"attendees":        {`{"participants":{"attendees":[` + brianAttends + `]}}`, "", brian},
		"presenters by role": {`{"allowedPresenters":"roleIsPresenter","participants":{"attendees":[` + brianAttends + `]}}`,
			"", `"allowedPresenters":"roleIsPresenter"`},
		"label": {`{"sensitivityLabelAssignment":{"sensitivityLabelId":"` + ann + `"}}`, "", `"sensitivityLabelId":"` + ann},

		"start alone":         {`{"startDateTime":"2026-04-01T09:00:00Z"}`, "both startDateTime and endDateTime", ""},
		"end alone":           {`{"endDateTime":"2026-04-01T09:00:00Z"}`, "both startDateTime and endDateTime", ""},
		"end before start":    {`{"startDateTime":"2026-04-01T09:00:00Z","endDateTime":"2026-04-01T08:00:00Z"}`, "must not be earlier", ""},
		"time without a zone": {`{"startDateTime":"2026-04-01T09:00:00","endDateTime":"2026-04-01T10:00:00"}`, "Edm.DateTimeOffset", ""},
		"unknown member":      {`{"subject":"Two","shoeSize":42}`, unknown, ""},
		"unknown, nested":     {`{"lobbyBypassSettings":{"shoeSize":42}}`, unknown, ""},
		"read-only":           {`{"joinWebUrl":"https://contoso.example"}`, fixed, ""},
		"expiry":              {`{"expiryDateTime":"2030-04-01T09:00:00Z"}`, fixed, ""},
		"passcode":            {`{"joinMeetingIdSettings":{"isPasscodeRequired":false}}`, fixed, ""},
		"type":                {`{"@odata.type":"#microsoft.graph.onlineMeeting","subject":"Two"}`, fixed, ""},
		"organizer":           {`{"participants":{"organizer":{"upn":"brian@contoso.example"}}}`, fixed, ""},
		"unknown scope":       {`{"lobbyBypassSettings":{"scope":"nobody"}}`, "Cannot convert the literal 'nobody'", ""},
		"future scope":        {`{"lobbyBypassSettings":{"scope":"unknownFutureValue"}}`, "Cannot convert the literal", ""},
		"unknown presenters":  {`{"allowedPresenters":"Everyone"}`, "Cannot convert the literal 'Everyone'", ""},
		"unknown chat":        {`{"allowMeetingChat":"off"}`, "Cannot convert the literal 'off'", ""},
		"text for a boolean":  {`{"recordAutomatically":"true"}`, "Edm.Boolean", ""},
		"number for a text":   {`{"subject":5}`, "Edm.String", ""},
		"attendee without ID": {`{"participants":{"attendees":[{"upn":"brian@contoso.example"}]}}`, "Invalid attendee", ""},
		"no presenter":        {`{"allowedPresenters":"roleIsPresenter"}`, "full list of attendees", ""},
		"half a body":         {`{"subject":"Tw`, "Unable to read JSON", ""},
		"a list":              {`[]`, "Unable to read JSON", ""},
		"no body":             {``, "Empty Payload", ""},
		"nothing":             {`{}`, "Empty Payload", ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := startGraph(t, Options{})
			made := g.make(t, ann, `{"externalId":"x","subject":"One"}`)
			a := g.change(t, ann, made.text("id"), tt.body)
			now, err := json.Marshal(g.do(t, "GET", path(ann, made.text("id")), nil, nil).Body)
			if err != nil {
				t.Fatal(err)
			}
			if tt.message != "" {
				before, err := json.Marshal(made.Body)
				if err != nil {
					t.Fatal(err)
				}
				if a.Status != 400 || !strings.Contains(a.message(), tt.message) || string(now) != string(before) {
					t.Errorf("status %d, body %v\nnow    %s\nbefore %s", a.Status, a.Body, now, before)
				}
				return
			}
			answered, err := json.Marshal(a.Body)
			if err != nil {
				t.Fatal(err)
			}
			if a.Status != 200 || string(answered) != string(now) || !strings.Contains(string(now), tt.want) ||
				a.text("joinWebUrl") != made.text("joinWebUrl") {
				t.Errorf("status %d\nanswer %s\nnow    %s", a.Status, answered, now)
			}
		})
	}
}

// The list of attendees is replaced as a whole.
func TestAttendeesAreAWholeList(t *testing.T) {
	attendee := func(id string) string { return `{"identity":{"user":{"id":"` + id + `"}},"upn":"x@contoso.example"}` }
	g := startGraph(t, Options{})
	made := g.make(t, ann, `{"externalId":"x","participants":{"attendees":[`+attendee(brian)+`]}}`)
	a := g.change(t, ann, made.text("id"), `{"participants":{"attendees":[`+attendee(guest)+`]}}`)
	if now := g.Meetings()[0].Attendees; a.Status != 200 || len(now) != 1 || !strings.Contains(string(now[0]), guest) {
		t.Errorf("attendees %s", now)
	}
	if a := g.do(t, "GET", path(brian, made.text("id")), nil, nil); a.Status != 404 {
		t.Errorf("who is no longer invited reads the meeting: %d", a.Status)
	}
}

// Times take no effect for a meeting in progress; other settings do (document "onlinemeeting-update").
func TestWhileASessionRuns(t *testing.T) {
	const times = `{"startDateTime":"2026-04-01T09:00:00Z","endDateTime":"2026-04-01T10:00:00Z"}`
	g, clock, made := startAged(t, Choices{})
	id, link := made.text("id"), made.text("joinWebUrl")
	if g.StartSession("https://contoso.example") || !g.StartSession(link) {
		t.Fatal("the wrong meeting started")
	}
	if a := g.change(t, ann, id, times); a.Status != 400 || !strings.Contains(a.message(), "in progress") {
		t.Errorf("times: %d %v", a.Status, a.Body)
	}
	if a := g.change(t, ann, id, `{"lobbyBypassSettings":{"scope":"everyone"},"subject":"Two"}`); a.Status != 200 {
		t.Errorf("settings: %d %v", a.Status, a.Body)
	}
	g.Choose(func(c *Choices) { c.TimesWhileRunning = true })
	if a := g.change(t, ann, id, times); a.Status != 200 {
		t.Errorf("times, where Graph takes them: %d %v", a.Status, a.Body)
	}
	g.Choose(func(c *Choices) { c.TimesWhileRunning = false })
	g.EndSession(link)
	if a := g.change(t, ann, id, times); a.Status != 200 {
		t.Errorf("times afterwards: %d %v", a.Status, a.Body)
	}
	g.StartSession(link)
	clock.Move(30 * time.Hour) // the longest that a session may last
	if a := g.change(t, ann, id, times); a.Status != 200 {
		t.Errorf("times after 30 hours: %d %v", a.Status, a.Body)
	}
}

// Permissions: onlinemeeting-get takes Read.All too, the others take ReadWrite.All alone; all want the access policy.
func TestWhoMayReadAndChange(t *testing.T) {
	g := startGraph(t, Options{})
	made := g.make(t, ann, `{"externalId":"x"}`)
	id := made.text("id")
	const readOnly = "3b0e7a52-6c1f-4f0e-9a44-5d2c8f9b7a02"
	err := g.entra.AddApp(entratest.App{ClientID: readOnly, ClientSecret: secret, Roles: []string{"OnlineMeetings.Read.All"}})
	if err != nil {
		t.Fatal(err)
	}
	full := g.token
	if g.token, err = g.entra.Mint(readOnly, g.origin(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if a := g.do(t, "GET", path(ann, id), nil, nil); a.Status != 200 {
		t.Errorf("reading with Read.All: %d %v", a.Status, a.Body)
	}
	for method, body := range map[string]string{"PATCH": `{"subject":"x"}`, "DELETE": ""} {
		a := g.do(t, method, path(ann, id), nil, []byte(body))
		if a.Status != 403 || !strings.Contains(a.message(), "Missing role permissions") {
			t.Errorf("%s with Read.All: %d %v", method, a.Status, a.Body)
		}
	}
	g.token = full
	g.SetPolicy(ann, false)
	for method, body := range map[string]string{"GET": "", "PATCH": `{"subject":"x"}`, "DELETE": ""} {
		a := g.do(t, method, path(ann, id), nil, []byte(body))
		if a.Status != 403 || a.message() != "No application access policy found for this app." {
			t.Errorf("%s without a policy: %d %v", method, a.Status, a.Body)
		}
	}
	if !g.Joinable(made.text("joinWebUrl")) {
		t.Error("a lost policy killed the link")
	}
}

// What becomes of the links of somebody whose account changes (message MC772556; document "meeting-expiration").
func TestLinksOfAChangedAccount(t *testing.T) {
	for name, tt := range map[string]struct {
		change   func(*User)
		joinable bool
		read     int
		again    int // createOrGet
	}{
		"as it was":         {func(*User) {}, true, 200, 200},
		"no licence":        {func(u *User) { u.Unlicensed = true }, true, 200, 403},
		"no meetings":       {func(u *User) { u.NoMeetings = true }, false, 200, 403},
		"disabled":          {func(u *User) { u.Disabled = true }, false, 200, 200},
		"deleted":           {nil, false, 404, 404},
		"unknown to Teams":  {func(u *User) { u.Unprovisioned = true }, true, 404, 404},
		"another last name": {func(u *User) { u.UPN = "ann.other@contoso.example" }, true, 200, 200},
	} {
		t.Run(name, func(t *testing.T) {
			g := startGraph(t, Options{})
			made := g.make(t, ann, `{"externalId":"x"}`)
			link := made.text("joinWebUrl")
			if !g.Joinable(link) || g.Joinable(link+"x") || g.Joinable("") {
				t.Error("wrong links can be joined")
			}
			if tt.change == nil {
				g.RemoveUser(ann)
			} else {
				if err := g.ChangeUser(strings.ToUpper(ann), tt.change); err != nil {
					t.Fatal(err)
				}
			}
			if got := g.Joinable(link); got != tt.joinable {
				t.Errorf("can be joined: %v", got)
			}
			if a := g.do(t, "GET", path(ann, made.text("id")), nil, nil); a.Status != tt.read {
				t.Errorf("read: %d %v", a.Status, a.Body)
			}
			if a := g.make(t, ann, `{"externalId":"x"}`); a.Status != tt.again {
				t.Errorf("createOrGet: %d %v", a.Status, a.Body)
			}
			if err := g.AddUser(users[0]); err != nil {
				t.Fatal(err)
			}
			if !g.Joinable(link) {
				t.Error("the account is as it was, and the link is dead")
			}
		})
	}
}

// Document "onlinemeeting-delete". After it the external ID is free.
func TestDeleteMeeting(t *testing.T) {
	g := startGraph(t, Options{})
	made := g.make(t, ann, `{"externalId":"x"}`)
	a := g.do(t, "DELETE", path(ann, made.text("id")), nil, nil)
	if a.Status != 204 || a.Body != nil || g.Joinable(made.text("joinWebUrl")) {
		t.Errorf("deleted: %d %v", a.Status, a.Body)
	}
	if a := g.do(t, "GET", path(ann, made.text("id")), nil, nil); a.Status != 404 {
		t.Errorf("read afterwards: %d", a.Status)
	}
	again := g.make(t, ann, `{"externalId":"x"}`)
	if again.Status != 201 || again.text("id") == made.text("id") {
		t.Errorf("made again: %d", again.Status)
	}
	if g.DeleteMeeting(made.text("joinWebUrl")) || !g.DeleteMeeting(again.text("joinWebUrl")) {
		t.Error("the wrong meeting was deleted")
	}
}

// Message MC772556 "Shorter meeting URLs": neither tenant nor organizer stands in the link.
func TestShortLinks(t *testing.T) {
	g := startGraph(t, Options{Choices: Choices{ShortLinks: true}})
	made := g.make(t, ann, `{"externalId":"x"}`)
	link, err := url.Parse(made.text("joinWebUrl"))
	if err != nil {
		t.Fatal(err)
	}
	joinID := made.Body["joinMeetingIdSettings"].(map[string]any)["joinMeetingId"].(string)
	if link.Host != "teams.microsoft.com" || link.Path != "/meet/"+joinID || link.Query().Get("p") == "" ||
		strings.Contains(link.String(), ann) || !g.Joinable(link.String()) {
		t.Errorf("link %s", link)
	}
}

// Faults strike the operations of one meeting by name, and for one person.
func TestFaultsOfOneMeeting(t *testing.T) {
	g := startGraph(t, Options{})
	made := g.make(t, ann, `{"externalId":"x"}`)
	id := made.text("id")
	for _, op := range []string{"meeting", "changeMeeting", "deleteMeeting"} {
		g.Fault(faultserver.Fault{Target: op, Whose: ann, Times: 1, Status: 503, Works: true})
	}
	if a := g.do(t, "GET", path(brian, id), nil, nil); a.Status != 404 {
		t.Errorf("the fault struck another person: %d", a.Status)
	}
	for method, body := range map[string]string{"GET": "", "PATCH": `{"subject":"Two"}`, "DELETE": ""} {
		if a := g.do(t, method, path(ann, id), nil, []byte(body)); a.Status != 503 {
			t.Errorf("%s: %d", method, a.Status)
		}
	}
	if g.ArmedFaults() != 0 || g.Joinable(made.text("joinWebUrl")) {
		t.Error("the work behind the faults was not done")
	}
}

// The clock can be set while the server runs.
func TestSetClock(t *testing.T) {
	g := startGraph(t, Options{})
	made := g.make(t, ann, `{"externalId":"x"}`)
	clock := faultserver.NewClock(time.Now())
	g.SetClock(clock.Now)
	clock.Move(62 * day)
	if g.Joinable(made.text("joinWebUrl")) {
		t.Error("the clock moved, and the link did not expire")
	}
	if a := g.do(t, "GET", "/users/"+ann, nil, nil); a.Status != 200 {
		t.Errorf("the token expired with the meeting: %d", a.Status)
	}
}

// An account changes in what is changed and in nothing else.
func TestChangeUser(t *testing.T) {
	g := startGraph(t, Options{})
	if err := g.ChangeUser(ann, func(u *User) { u.Disabled, u.UPN = true, "ann.other@contoso.example" }); err != nil {
		t.Fatal(err)
	}
	a := g.do(t, "GET", "/users/ann.other@contoso.example?$select=id,displayName,accountEnabled", nil, nil)
	if a.Status != 200 || a.text("id") != ann || a.text("displayName") != "Ann" || a.Body["accountEnabled"] != false {
		t.Errorf("changed: %d %v", a.Status, a.Body)
	}
	if a := g.do(t, "GET", "/users/ann@contoso.example", nil, nil); a.Status != 404 {
		t.Errorf("the former name: %d", a.Status)
	}
	g.RemoveUser(brian)
	for name, err := range map[string]error{
		"nobody":            g.ChangeUser(brian, func(*User) {}),
		"somebody's UPN":    g.ChangeUser(ann, func(u *User) { u.UPN = users[2].UPN }),
		"another object ID": g.ChangeUser(ann, func(u *User) { u.ID = brian }),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
