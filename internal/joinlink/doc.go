// Package joinlink answers the lasting links of conversations: addresses that people keep in bookmarks, calendars and
// wikis, and that lead a browser to the meeting that the conversation has at that moment.
//
// Make a [Handler] with [New] and give it to the public server under [Path].
//
// It imports bot, internal/inbound and internal/webpage. It promises that a request makes nothing and reveals nothing
// but the redirect;
// that what cannot be a token costs no look-up; that look-ups at the same time are bounded; and that wrong links are
// counted each and logged once a minute.
package joinlink
