package store

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"meetbot/bot"
)

// Most of a meeting's record are a few long texts, and some of them hold others: Graph's ID of a meeting holds the
// organizer's ID and that of the chat, and the join link holds that of the chat, too. A record holds each of them once,
// and elsewhere a reference. The texts are opaque all the same: they are compared and replaced, and nobody reads them.

// references are the texts that other texts of a record refer to, by the letter after "$".
type references struct {
	organizer string // $o, the organizer's ID
	thread    string // $t, the ID of the meeting's chat
}

// shorten puts references into a text, and doubles every "$" that is its own.
func (r references) shorten(text string) string {
	pairs := []string{"$", "$$"}
	if r.organizer != "" {
		pairs = append(pairs, r.organizer, "$o")
	}
	if r.thread != "" {
		pairs = append(pairs, r.thread, "$t")
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// restore undoes shorten. It returns nothing if the text refers to what is not there.
func (r references) restore(short string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(short, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		text := ""
		switch {
		case strings.HasPrefix(after, "$"):
			text = "$"
		case strings.HasPrefix(after, "o"):
			text = r.organizer
		case strings.HasPrefix(after, "t"):
			text = r.thread
		}
		if text == "" {
			return ""
		}
		b.WriteString(text)
		short = after[1:]
	}
}

// plainText returns the text that the meeting's ID is the base64 of, if that gives the same ID again; otherwise an
// empty one. Graph's IDs are such texts.
func plainText(id string) string {
	text, err := base64.StdEncoding.DecodeString(id)
	escaped := func(r rune) bool { return r < ' ' || r > '~' }
	if err != nil || bytes.ContainsFunc(text, escaped) || base64.StdEncoding.EncodeToString(text) != id {
		return ""
	}
	return string(text)
}

// placeRecord is where a text stands in the join link, percent-encoded: the first byte, and how many.
type placeRecord [2]int

// placeIn looks for a text in a link. It returns no bytes where the text is not there.
func placeIn(link, text string) placeRecord {
	if text != "" {
		for _, form := range []string{url.QueryEscape(text), url.PathEscape(text), text} {
			place := placeRecord{strings.Index(link, form), len(form)}
			if place[0] >= 0 && place.in(link) == text {
				return place
			}
		}
	}
	return placeRecord{}
}

// in returns the text at the place; an empty one if there is none.
func (p placeRecord) in(link string) string {
	if p[0] < 0 || p[1] <= 0 || p[1] > len(link) || p[0] > len(link)-p[1] {
		return ""
	}
	text, err := url.QueryUnescape(link[p[0] : p[0]+p[1]])
	if err != nil || !utf8.ValidString(text) {
		return ""
	}
	return text
}

// The times that are believed, in Unix seconds: from the year 2015, in which there was no Teams yet, to the year 9999.
const (
	beginOfTime = 1420070400
	endOfTime   = 253370764800
)

// believed returns a time to the second, in UTC; the zero one for what cannot be the time of a meeting.
func believed(t time.Time) time.Time { return atSecond(t.Unix()) }

// atSecond is the time of a Unix second.
func atSecond(second int64) time.Time {
	if second < beginOfTime || second >= endOfTime {
		return time.Time{}
	}
	return time.Unix(second, 0).UTC()
}

// moment is a time in RFC 3339. What is no time, or none that is believed, is read as the zero one: it must not cost
// the link.
type moment struct{ time.Time }

// UnmarshalJSON returns no error.
func (m *moment) UnmarshalJSON(text []byte) error {
	var t time.Time
	_ = json.Unmarshal(text, &t)
	m.Time = believed(t)
	return nil
}

// timesRecord are a meeting's start and end, when it expires, and when it was confirmed, as Unix seconds; 0 is none. It
// is read as leniently as a moment.
type timesRecord [4]time.Time

// IsZero tells whether there is none.
func (t timesRecord) IsZero() bool { return t == timesRecord{} }

// MarshalJSON leaves out what is zero at the end.
func (t timesRecord) MarshalJSON() ([]byte, error) {
	text, end := []byte{'['}, 0
	for i, at := range t {
		if i > 0 {
			text = append(text, ',')
		}
		if at.IsZero() {
			text = append(text, '0')
			continue
		}
		text = strconv.AppendInt(text, at.Unix(), 10)
		end = len(text)
	}
	return append(text[:end], ']'), nil
}

// UnmarshalJSON returns no error.
func (t *timesRecord) UnmarshalJSON(text []byte) error {
	*t = timesRecord{}
	var seconds []json.RawMessage
	_ = json.Unmarshal(text, &seconds)
	for i, second := range seconds[:min(len(seconds), len(t))] {
		if n, err := strconv.ParseInt(string(second), 10, 64); err == nil {
			t[i] = atSecond(n)
		}
	}
	return nil
}

// todoRecord is a bot.Todo. A later release that needs more than eight things to do has to use another field.
type todoRecord bot.Todo

// UnmarshalJSON returns no error: what cannot be read is nothing to do.
func (t *todoRecord) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseUint(string(text), 10, 8)
	if err != nil {
		n = 0
	}
	*t = todoRecord(n)
	return nil
}

// meetingFields are the names of the fields of a meeting's record.
var meetingFields = func() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[meetingRecord]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}()

// keepUnknown adds to a meeting's record what a later release wrote into the record before it, in fields that this one
// does not know.
func keepUnknown(record, before string) string {
	var fields map[string]json.RawMessage
	if _, _, err := decode(before, &fields); err != nil {
		return record
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		known := func(field string) bool { return strings.EqualFold(field, name) } // as encoding/json compares
		if !slices.ContainsFunc(meetingFields, known) {
			quoted, _ := json.Marshal(name) // a string cannot fail
			record = strings.TrimSuffix(record, "}") + "," + string(quoted) + ":" + string(fields[name]) + "}"
		}
	}
	return record
}
