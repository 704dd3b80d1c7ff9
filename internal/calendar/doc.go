// Package calendar answers the addresses of meetings' calendar files: each gives a calendar program, or a person who
// opens it, one entry in iCalendar's form (RFC 5545), which follows the meeting.
//
// Make a [Handler] with [New] and give it to the public server under [Path]. [File] writes the entry.
//
// It imports bot, internal/inbound and internal/webpage. It promises that a request makes nothing; that an address
// which no replica has signed costs no look-up; that look-ups at the same time are bounded; and that wrong addresses
// are counted each and logged once a minute.
package calendar
