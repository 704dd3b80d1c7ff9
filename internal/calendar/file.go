package calendar

import (
	"strings"
	"time"
	"unicode"

	ics "github.com/arran4/golang-ical"

	"meetbot/bot"
)

// product names the program that made the file, in the form of a formal public identifier.
const product = "-//meetbot//meetbot//EN"

// refresh is how often programs that subscribe to the address are to fetch it.
const refresh = "PT1H"

// File writes an entry as an iCalendar file with METHOD:PUBLISH, which every program takes without asking whether its
// user attends. Times are in UTC, so that no rules of time zones are needed. Of an entry that is gone, the calendar is
// empty: programs that subscribe to the address drop what they had. A date that was taken away is a cancelled event
// until its time comes. Sources: RFC 5545, RFC 5546 (PUBLISH), RFC 7986 (CONFERENCE, REFRESH-INTERVAL); Microsoft,
// [MS-OXCICAL].
//
// It names no calendar: by a name, Outlook takes a file for a whole calendar.
func File(e bot.CalendarEntry) string {
	c := ics.NewCalendar()
	c.SetProductId(product)
	c.SetMethod(ics.MethodPublish)
	c.SetCalscale("GREGORIAN")
	c.SetRefreshInterval(refresh)
	c.SetXPublishedTTL(refresh)
	if e.Gone {
		// A calendar has one component at least.
		zone := c.AddTimezone("UTC")
		standard := zone.AddStandard()
		standard.AddProperty(ics.ComponentProperty(ics.PropertyDtstart), "19700101T000000")
		standard.AddProperty(ics.ComponentProperty(ics.PropertyTzoffsetfrom), "+0000")
		standard.AddProperty(ics.ComponentProperty(ics.PropertyTzoffsetto), "+0000")
	} else {
		c.AddVEvent(event(e))
	}
	return c.Serialize(ics.WithNewLineWindows)
}

func event(e bot.CalendarEntry) *ics.VEvent {
	v := ics.NewEvent(e.UID)
	v.SetDtStampTime(whole(e.Stamp))
	v.SetSequence(e.Sequence)
	v.SetStartAt(whole(e.Start))
	v.SetEndAt(whole(e.End))
	v.SetSummary(line(e.Title))
	v.SetLocation(bot.CalendarLocation)
	v.SetDescription(lines(e.Text))
	v.SetURL(line(e.Link))
	if name := line(e.Organizer); name != "" {
		v.AddProperty(organizer(name), noAddress)
	}
	v.AddProperty("CONFERENCE", line(e.JoinURL), ics.WithValue("URI"),
		&ics.KeyValues{Key: "FEATURE", Value: []string{"AUDIO", "VIDEO", "SCREEN"}},
		&ics.KeyValues{Key: "LABEL", Value: []string{"Microsoft Teams"}})
	v.AddProperty("X-MICROSOFT-SKYPETEAMSMEETINGURL", line(e.JoinURL))
	status, transparency, busy := ics.ObjectStatusConfirmed, ics.TransparencyOpaque, "BUSY"
	if e.Cancelled {
		status, transparency, busy = ics.ObjectStatusCancelled, ics.TransparencyTransparent, "FREE"
	}
	v.SetStatus(status)
	v.SetTimeTransparency(transparency)
	v.AddProperty("X-MICROSOFT-CDO-BUSYSTATUS", busy)
	return v
}

// noAddress is the calendar address of somebody whose e-mail is not told. The file goes to whoever has its address, so
// no e-mail stands in it. It is what Microsoft's programs are to write for a person without one. Source: Microsoft,
// [MS-OXCICAL], section 2.1.3.1.1.20.16, "Property: ORGANIZER".
const noAddress = "invalid:nomail"

// organizer is the property ORGANIZER with somebody's name. The name is quoted here: the library would set a backslash
// before a comma or an apostrophe, which means nothing in a parameter, and programs would show it.
func organizer(name string) ics.ComponentProperty {
	quoted := `"` + strings.ReplaceAll(name, `"`, "'") + `"`
	return ics.ComponentProperty(string(ics.ComponentPropertyOrganizer) + ";CN=" + quoted)
}

// lines is text without the characters that no iCalendar file may have: controls but the ends of lines, and what is no
// UTF-8.
func lines(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}

// line is lines without an end of a line, so that nothing begins a property of its own.
func line(text string) string { return strings.ReplaceAll(lines(text), "\n", "") }

// whole is a moment to the second, in UTC.
func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
