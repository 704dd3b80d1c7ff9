package bot

import (
	"html"
	"net/url"
	"strings"
	"time"
)

// CalendarLinks are the ways to put a meeting into a calendar. Each is a URL, or empty if there is none.
type CalendarLinks struct {
	File    string // of an iCalendar file, which follows the meeting's date
	Outlook string // opens Outlook on the web with a draft
	Google  string // opens Google Calendar with a draft
}

// CalendarLocation is where a meeting takes place, in calendars. Outlook writes the same.
const CalendarLocation = "Microsoft Teams Meeting"

// maxCalendarLink is how many characters a link may have: what Slack takes for a button. Source: Slack, "Button
// element", field url.
const maxCalendarLink = 3000

// calendarDraft is an entry that a person is about to save in a calendar.
type calendarDraft struct {
	title      string
	start, end time.Time // UTC
	label      string    // of the link
	link       string    // Graph's, by which Outlook knows a Teams meeting
}

// The beginnings of the links. Microsoft and Google document neither; both are as people have used them for years.
// Source: github.com/InteractionDesignFoundation/add-event-to-calendar-docs. Outlook's parameter online is never sent:
// it makes another Teams meeting.
const (
	outlookCompose = "https://outlook.office.com/calendar/deeplink/compose?path=/calendar/action/compose&rru=addevent"
	googleCompose  = "https://calendar.google.com/calendar/render?action=TEMPLATE"
)

// composeLinks are the links that open calendars with a draft.
func composeLinks(d calendarDraft) CalendarLinks {
	const google = "20060102T150405Z"
	outlook := outlookCompose + query("subject", d.title) + query("startdt", d.start.Format(time.RFC3339)) +
		query("enddt", d.end.Format(time.RFC3339)) + query("location", CalendarLocation)
	body := query("body", `<a href="`+html.EscapeString(d.link)+`">`+html.EscapeString(d.label)+`</a>`)
	googled := googleCompose + query("text", d.title) +
		query("dates", d.start.Format(google)+"/"+d.end.Format(google)) + query("location", CalendarLocation)
	details := query("details", d.label+": "+d.link)
	return CalendarLinks{Outlook: bounded(outlook + body), Google: bounded(googled + details)}
}

// query is a parameter of a URL. A space is %20: Outlook shows a plus sign as one.
func query(name, value string) string {
	return "&" + name + "=" + strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
}

// bounded is the link, or nothing where no button can hold it. An entry without the way to join would be of no use.
func bounded(link string) string {
	if len(link) > maxCalendarLink {
		return ""
	}
	return link
}
