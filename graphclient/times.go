package graphclient

import (
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
)

// The SDK has no getter for this property, which Graph has since December 2025 (resource "onlineMeetingBase").
const expiryProperty = "expiryDateTime"

// oldest is before any meeting in Teams, which began in 2017. An earlier time is the default of some system, such as
// the years 1, 1601 and 1970, and says nothing.
var oldest = time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)

// plausible returns the time in UTC, or zero if it says nothing or its year cannot be written in JSON.
func plausible(t time.Time) time.Time {
	t = t.In(time.UTC)
	if t.Before(oldest) || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// expiryOf is when the meeting expires, by an answer of Graph's; zero if it does not say. The link counts more than
// this time, so what cannot be read, or lies before the meeting was made, is as good as nothing.
func expiryOf(a models.OnlineMeetingable, created time.Time) time.Time {
	var at time.Time
	switch v := a.GetAdditionalData()[expiryProperty].(type) { // the SDK does not promise a type
	case *string:
		at = readTime(value(v))
	case string:
		at = readTime(v)
	case *time.Time:
		at = value(v)
	case time.Time:
		at = v
	}
	if at.Before(created) {
		return time.Time{}
	}
	return plausible(at)
}

// readTime reads a time of Graph's, which is in UTC if it names no zone; zero if it cannot be read.
func readTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}
