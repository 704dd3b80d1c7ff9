//go:build integration

package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"

	"meetbot/internal/app"
	"meetbot/internal/redistest"
	"meetbot/internal/sandbox/slacktest"
)

// Calendar files and links, on every platform.
func TestCalendar(t *testing.T) {
	for name, scenario := range map[string]func(*testing.T, *environment, front, *replica){
		"follows the date":   calendarOfDate,
		"cancelled":          calendarOfCancelled,
		"replaced and back":  calendarOfReplaced,
		"stale":              calendarOfPast,
		"forged":             forgedCalendar,
		"without a date":     calendarForNow,
		"without a meeting":  calendarOfNothing,
		"of another replica": calendarOfOthers,
	} {
		for platform, open := range linkFronts {
			t.Run(name+" on "+platform, func(t *testing.T) {
				t.Parallel()
				env, f, r := open(t)
				scenario(t, env, f, r)
			})
		}
	}
}

// into are the ways into a calendar on a card.
type into struct{ file, outlook, google string }

// buttonURL is where a button leads, in the JSON of a card.
var buttonURL = regexp.MustCompile(`"url":("[^"]*")`)

// calendarOn reads the ways into a calendar on the last message of the bot in the first channel; in Slack, they are the
// answer to the press of a button.
func calendarOn(t *testing.T, f front) into {
	t.Helper()
	found := calendarShown(t, f)
	if f, ok := f.(*slackFront); ok && found == (into{}) {
		user := members.ann
		for _, m := range f.Slack.Messages(general) {
			if m.Via != "user" && m.To == ben {
				user = members.ben
			} else if m.Via != "user" {
				user = members.ann
			}
		}
		if s := f.press(user, "Add to calendar"); !s.alone || s.link == "" {
			t.Errorf("the button brought %+v", s)
		}
		found = calendarShown(t, f)
	}
	return found
}

// calendarShown reads the ways into a calendar that the last message of the bot in the first channel shows or folds away.
func calendarShown(t *testing.T, f front) into {
	t.Helper()
	raw := ""
	switch f := f.(type) {
	case *slackFront:
		for _, m := range f.Slack.Messages(general) {
			if m.Via != "user" {
				raw = string(m.Blocks)
			}
		}
	case *teamsFront:
		for _, m := range f.Teams.Messages(teamsGeneral) {
			if m.Via != "user" {
				raw = string(m.Card)
			}
		}
	}
	return intoCalendar(t, raw)
}

// intoCalendar reads the ways into a calendar in the JSON of a card.
func intoCalendar(t *testing.T, raw string) into {
	t.Helper()
	var found into
	for _, match := range buttonURL.FindAllStringSubmatch(raw, -1) {
		var link string
		if err := json.Unmarshal([]byte(match[1]), &link); err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.HasPrefix(link, publicURL+"/c/"):
			found.file = strings.TrimPrefix(link, publicURL)
		case strings.HasPrefix(link, "https://outlook.office.com/"):
			found.outlook = link
		case strings.HasPrefix(link, "https://calendar.google.com/"):
			found.google = link
		}
	}
	return found
}

// fetchEvent fetches a calendar file and returns its event; nil if it has none.
func fetchEvent(t *testing.T, r *replica, path string) *ical.Event {
	t.Helper()
	status, _, _ := follow(t, r, http.MethodHead, path)
	resp, err := http.Get(r.URL() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK || status != http.StatusOK ||
		!strings.HasPrefix(resp.Header.Get("Content-Type"), "text/calendar") {
		t.Fatalf("GET is answered with %d, HEAD with %d, %v", resp.StatusCode, status, resp.Header)
	}
	c, err := ical.NewDecoder(resp.Body).Decode()
	if err != nil {
		t.Fatal(err)
	}
	switch events := c.Events(); len(events) {
	case 0:
		return nil
	case 1:
		return &events[0]
	default:
		t.Fatalf("%d events", len(events))
		return nil
	}
}

// value is a property of an event.
func value(e *ical.Event, name string) string {
	if e == nil || e.Props.Get(name) == nil {
		return ""
	}
	return e.Props.Get(name).Value
}

// wantEvent wants a file with an event of this status at this time, which is the one of the UID, and returns its UID
// and sequence.
func wantEvent(t *testing.T, r *replica, path, status, uid string, start time.Time, long time.Duration) (string, int) {
	t.Helper()
	e := fetchEvent(t, r, path)
	sequence, err := strconv.Atoi(value(e, "SEQUENCE"))
	if err != nil || value(e, "UID") == "" || uid != "" && value(e, "UID") != uid {
		t.Errorf("sequence %q, UID %q, want %q", value(e, "SEQUENCE"), value(e, "UID"), uid)
	}
	const form = "20060102T150405Z"
	if value(e, "STATUS") != status || value(e, "DTSTART") != start.UTC().Format(form) ||
		value(e, "DTEND") != start.Add(long).UTC().Format(form) {
		t.Errorf("%s from %s to %s, want %s at %v for %v", value(e, "STATUS"), value(e, "DTSTART"), value(e, "DTEND"),
			status, start, long)
	}
	return value(e, "UID"), sequence
}

func calendarOfDate(t *testing.T, env *environment, f front, r *replica) {
	made := card(t, f, asked{user: members.ann, command: "meet Retro, part 2 tomorrow at 15:00 for 45m"}, "15:00-")
	start := wantDate(t, env, 45*time.Minute)
	first := calendarOn(t, f)
	uid, sequence := wantEvent(t, r, first.file, "CONFIRMED", "", start, 45*time.Minute)
	e := fetchEvent(t, r, first.file)
	if title, err := e.Props.Text("SUMMARY"); err != nil || title != "Retro, part 2" {
		t.Errorf("the title is %q, %v", title, err)
	}
	for name, want := range map[string]string{
		"URL": made.link, "CONFERENCE": made.link, "LOCATION": "Microsoft Teams Meeting",
		"X-MICROSOFT-CDO-BUSYSTATUS": "BUSY",
	} {
		if value(e, name) != want {
			t.Errorf("%s is %q, want %q", name, value(e, name), want)
		}
	}
	if e.Props.Get("ORGANIZER").Params.Get("CN") != "Ann Example" {
		t.Errorf("the organizer is %v", e.Props.Get("ORGANIZER"))
	}
	wantDrafts(t, first, "Retro, part 2", start, 45*time.Minute, made.link)

	// The conversation gets a lasting link, then another date.
	s, _ := f.ask(asked{user: members.ann, command: "link"})
	lasting := publicURL + linkIn(t, s, "always leads")
	e = fetchEvent(t, r, first.file)
	if text, err := e.Props.Text("DESCRIPTION"); err != nil || !strings.Contains(text, lasting) ||
		value(e, "URL") != lasting || value(e, "CONFERENCE") != made.link {
		t.Errorf("the event says %q and leads to %s", text, value(e, "URL"))
	}
	card(t, f, asked{user: members.ann, command: "meet tomorrow at 16:30 for 30m"}, "New time: ")
	start = wantDate(t, env, 30*time.Minute)
	moved := calendarOn(t, f)
	if moved.file != first.file {
		t.Errorf("the address is %s, and was %s", moved.file, first.file)
	}
	wantDrafts(t, moved, "Retro, part 2", start, 30*time.Minute, made.link)
	_, next := wantEvent(t, r, first.file, "CONFIRMED", uid, start, 30*time.Minute)
	if next <= sequence {
		t.Errorf("the sequence was %d and is %d", sequence, next)
	}
	card(t, f, asked{user: members.ann, command: "rename Review"}, "Review")
	if _, renamed := wantEvent(t, r, first.file, "CONFIRMED", uid, start, 30*time.Minute); renamed <= next {
		t.Errorf("the sequence was %d and is %d", next, renamed)
	}
	if title := value(fetchEvent(t, r, first.file), "SUMMARY"); title != "Review" {
		t.Errorf("the title is %q", title)
	}
	card(t, f, asked{user: members.ben, command: "show"})
	if shown := calendarOn(t, f); shown.file != first.file {
		t.Errorf("Ben is shown %+v", shown)
	}
}

// wantDrafts wants links that open a draft of this entry.
func wantDrafts(t *testing.T, found into, title string, start time.Time, long time.Duration, join string) {
	t.Helper()
	outlook, err := url.Parse(found.outlook)
	if err != nil {
		t.Fatal(err)
	}
	google, err := url.Parse(found.google)
	if err != nil {
		t.Fatal(err)
	}
	const form = "20060102T150405Z"
	start = start.UTC()
	for got, want := range map[string]string{
		outlook.Query().Get("subject"): title,
		outlook.Query().Get("startdt"): start.Format(time.RFC3339),
		outlook.Query().Get("enddt"):   start.Add(long).Format(time.RFC3339),
		google.Query().Get("text"):     title,
		google.Query().Get("dates"):    start.Format(form) + "/" + start.Add(long).Format(form),
		google.Query().Get("details"):  "Join in Microsoft Teams: " + join,
	} {
		if got != want {
			t.Errorf("a link has %q, want %q", got, want)
		}
	}
	if !strings.Contains(outlook.Query().Get("body"), strings.ReplaceAll(join, "&", "&amp;")) ||
		strings.Contains(found.outlook, "online=") || strings.ContainsAny(found.outlook+found.google, "+ ") {
		t.Errorf("the links are %+v", found)
	}
}

func calendarOfCancelled(t *testing.T, env *environment, f front, r *replica) {
	card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "15:00-")
	start := wantDate(t, env, time.Hour)
	first := calendarOn(t, f)
	uid, sequence := wantEvent(t, r, first.file, "CONFIRMED", "", start, time.Hour)
	card(t, f, asked{user: members.ann, command: "cancel"}, "The date is cancelled.")
	if left := calendarShown(t, f); left != (into{}) {
		t.Errorf("without a date a card has %+v", left)
	}
	_, cancelled := wantEvent(t, r, first.file, "CANCELLED", uid, start, time.Hour)
	card(t, f, asked{user: members.ben, command: "meet tomorrow at 17:00"}, "New time: ")
	_, again := wantEvent(t, r, first.file, "CONFIRMED", uid, start.Add(2*time.Hour), time.Hour)
	if sequence >= cancelled || cancelled >= again {
		t.Errorf("the sequences %d, %d, %d", sequence, cancelled, again)
	}
	// When the time comes that was cancelled, it is in no calendar, also after the meeting was renewed.
	card(t, f, asked{user: members.ben, command: "cancel"}, "The date is cancelled.")
	for _, later := range []time.Duration{3 * day, 50 * day} {
		env.Clock.Move(later)
		card(t, f, asked{user: members.ann, command: "meet"})
		env.settled()
		if left := fetchEvent(t, r, first.file); left != nil {
			t.Errorf("%v later there is %v", later, left.Props)
		}
	}
}

func calendarOfReplaced(t *testing.T, env *environment, f front, r *replica) {
	card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "15:00-")
	start := wantDate(t, env, time.Hour)
	first := calendarOn(t, f)
	uid, _ := wantEvent(t, r, first.file, "CONFIRMED", "", start, time.Hour)
	card(t, f, asked{user: members.ann, command: "new Retro tomorrow at 16:00"}, "16:00-")
	second := calendarOn(t, f)
	if second.file == first.file {
		t.Error("two meetings share an address")
	}
	if other, _ := wantEvent(t, r, second.file, "CONFIRMED", "", start.Add(time.Hour), time.Hour); other == uid {
		t.Error("two meetings share a UID")
	}
	if left := fetchEvent(t, r, first.file); left != nil {
		t.Errorf("of the replaced meeting there is %v", left.Props)
	}
	f.press(members.ann, "Undo")
	if left := fetchEvent(t, r, second.file); left != nil {
		t.Errorf("of the meeting that was taken back there is %v", left.Props)
	}
	wantEvent(t, r, first.file, "CONFIRMED", uid, start, time.Hour)
	if back := calendarOn(t, f); back.file != first.file {
		t.Errorf("the address is %s, and was %s", back.file, first.file)
	}
}

func calendarOfPast(t *testing.T, env *environment, f front, r *replica) {
	card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "15:00-")
	start := wantDate(t, env, time.Hour)
	file := calendarOn(t, f).file
	env.Clock.Move(time.Until(start.Add(time.Hour + 29*day)))
	wantEvent(t, r, file, "CONFIRMED", "", start, time.Hour)
	env.Clock.Move(2 * day)
	wantNoEntry(t, r, file)
}

// wantNoEntry wants an address to have no entry.
func wantNoEntry(t *testing.T, r *replica, path string) {
	t.Helper()
	if status, location, page := follow(t, r, http.MethodGet, path); status != http.StatusNotFound || location != "" ||
		!strings.Contains(page, "There is no calendar entry at this address") {
		t.Errorf("%s is answered with %d, %q:\n%s", path, status, location, page)
	}
}

func forgedCalendar(t *testing.T, env *environment, f front, r *replica) {
	card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "15:00-")
	file := calendarOn(t, f).file
	fetchEvent(t, r, file)
	tried := 5
	for i := len("/c/"); i < len(file)-len(".ics"); i += 7 {
		tried++
		other := "A"
		if file[i] == 'A' {
			other = "B"
		}
		wantNoEntry(t, r, file[:i]+other+file[i+1:])
	}
	for _, path := range []string{"/c/", "/c/.ics", "/c/x.ics", file + ".ics", "/c/" + strings.Repeat("A", 5000) + ".ics"} {
		wantNoEntry(t, r, path)
	}
	if log := env.logs.String(); strings.Contains(log, file) || strings.Contains(log, file[3:20]) {
		t.Errorf("an address is in the log:\n%s", log)
	}
	counted := 0
	_, metrics := get(t, r.AdminURL()+"/metrics")
	for _, found := range wrongAddresses.FindAllStringSubmatch(metrics, -1) {
		n, err := strconv.Atoi(found[2])
		if err != nil || n == 0 {
			t.Errorf("%s are counted %s times", found[1], found[2])
		}
		counted += n
	}
	if counted != tried {
		t.Errorf("of %d wrong addresses %d are counted", tried, counted)
	}
}

// wrongAddresses are the figures of addresses that no replica has made.
var wrongAddresses = regexp.MustCompile(`meetbot_calendar_requests_total\{outcome="(malformed|forged)"\} (\d+)`)

func calendarForNow(t *testing.T, env *environment, f front, r *replica) {
	made := card(t, f, asked{user: members.ann, command: "meet Weekly"}, "Microsoft Teams meeting")
	if found := calendarShown(t, f); found != (into{}) {
		t.Errorf("a card without a date has %+v", found)
	}
	before := time.Now().Truncate(time.Minute)
	shown := card(t, f, asked{user: members.ben, command: "calendar"}, "has no date, so the calendar entry is for now")
	if !shown.alone || shown.link != made.link {
		t.Errorf("the card is %+v", shown)
	}
	found := calendarOn(t, f)
	e := fetchEvent(t, r, found.file)
	start, err := e.DateTimeStart(nil)
	if err != nil || start.Before(before) || start.After(time.Now()) {
		t.Errorf("it starts at %v, %v", start, err)
	}
	uid, _ := wantEvent(t, r, found.file, "CONFIRMED", "", start, time.Hour)
	wantDrafts(t, found, "Weekly", start, time.Hour, made.link)
	// It stays what it is, whenever it is fetched; one that is asked for later is another entry.
	env.Clock.Move(3 * time.Hour)
	wantEvent(t, r, found.file, "CONFIRMED", uid, start, time.Hour)
	card(t, f, asked{user: members.ben, command: "calendar"})
	if later := value(fetchEvent(t, r, calendarOn(t, f).file), "UID"); later == uid {
		t.Error("two entries share a UID")
	}
	env.Clock.Move(31 * day)
	wantNoEntry(t, r, found.file)
}

func calendarOfNothing(t *testing.T, env *environment, f front, _ *replica) {
	told(t, f, asked{user: members.ann, command: "calendar"}, "There is no meeting here yet")
	env.wantMeetings(0)
}

func calendarOfOthers(t *testing.T, env *environment, f front, r *replica) {
	card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "15:00-")
	start := wantDate(t, env, time.Hour)
	file := calendarOn(t, f).file
	uid, _ := wantEvent(t, r, file, "CONFIRMED", "", start, time.Hour)
	var c app.Config
	if _, ok := f.(*slackFront); ok {
		c = env.config()
	} else {
		c = env.teamsConfig()
	}
	c.Links.PublicURL = publicURL
	wantEvent(t, env.start(c, app.Options{}), file, "CONFIRMED", uid, start, time.Hour)
}

// Without a public address the links that open a draft remain.
func TestCalendarWithoutPublicURL(t *testing.T) {
	for platform, open := range openings {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			env, c := open(t)
			f := env.started(c)
			made := card(t, f, asked{user: members.ann, command: "meet Retro tomorrow at 15:00"}, "15:00-")
			found := calendarOn(t, f)
			if found.file != "" {
				t.Errorf("there is the file %s", found.file)
			}
			wantDrafts(t, found, "Retro", wantDate(t, env, time.Hour), time.Hour, made.link)
		})
	}
}

// A repeat that shows a date costs one round trip to Redis as well, and an address that was not signed none.
func TestRoundTripsOfCalendars(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	wire := redistest.NewWire(t, env.redis)
	c := env.config()
	c.Redis.URL, c.Links.PublicURL = wire.URL(), publicURL
	in := app.Options{}
	in.Timing.Reclaim = time.Hour // the once-a-second look for unfinished jobs would be counted
	r := env.start(c, in)
	env.meet(r, ann, general, "Retro tomorrow at 15:00")
	env.meet(r, ben, general, "")
	env.settled()
	before := wire.Turns()
	m := env.meet(r, ben, general, "calendar")
	if turns := wire.Turns() - before; turns != 1 {
		t.Errorf("/meet calendar cost %d Redis round trips, want 1", turns)
	}
	file := regexp.MustCompile(regexp.QuoteMeta(publicURL) + `(/c/[^"]*\.ics)`).FindStringSubmatch(string(m.Blocks))
	if file == nil {
		t.Fatalf("no file on %s", m.Blocks)
	}
	fetchEvent(t, r, file[1])
	before = wire.Turns()
	wantNoEntry(t, r, "/c/AAAA"+file[1][7:])
	wantNoEntry(t, r, "/c/AAAA.ics")
	if turns := wire.Turns() - before; turns != 0 {
		t.Errorf("addresses that nobody signed cost %d Redis round trips", turns)
	}
}
