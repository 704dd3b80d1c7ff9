package bot

import (
	"strings"
	"testing"
	"time"
)

// A moment is written in the reader's zone, with the zone.
func TestZones(t *testing.T) {
	at := time.Date(2026, 3, 12, 15, 4, 5, 0, time.UTC)
	for name, want := range map[string]string{
		"America/Sao_Paulo":         "12 Mar 2026 12:04 (UTC-3, Sao Paulo)",
		"Asia/Kolkata":              "12 Mar 2026 20:34 (UTC+5:30, Kolkata)",
		"Asia/Kathmandu":            "12 Mar 2026 20:49 (UTC+5:45, Kathmandu)",
		"America/St_Johns":          "12 Mar 2026 12:34 (UTC-2:30, St Johns)",
		"America/Indiana/Knox":      "12 Mar 2026 10:04 (UTC-5, Knox)",
		"Europe/London":             "12 Mar 2026 15:04 (UTC, London)",
		"Pacific/Kiritimati":        "13 Mar 2026 05:04 (UTC+14, Kiritimati)",
		"Etc/GMT+3":                 "12 Mar 2026 12:04 (UTC-3)",
		"Etc/UTC":                   "12 Mar 2026 15:04 UTC",
		"UTC":                       "12 Mar 2026 15:04 UTC",
		"EST":                       "12 Mar 2026 10:04 (UTC-5)",
		"":                          "12 Mar 2026 15:04 UTC",
		"Local":                     "12 Mar 2026 15:04 UTC",
		"No/Such_Zone":              "12 Mar 2026 15:04 UTC",
		"W. Europe Standard Time":   "12 Mar 2026 15:04 UTC",
		"Europe//Berlin":            "12 Mar 2026 15:04 UTC",
		"Europe/./Berlin":           "12 Mar 2026 15:04 UTC",
		"../Europe/Berlin":          "12 Mar 2026 15:04 UTC",
		"/etc/passwd":               "12 Mar 2026 15:04 UTC",
		"<script>\x00":              "12 Mar 2026 15:04 UTC",
		strings.Repeat("A/", 10000): "12 Mar 2026 15:04 UTC",
	} {
		if got := (PlainStyle{}).Time(ZoneOf(name).in(at), English); got != want {
			t.Errorf("%.40q: %q, want %q", name, got, want)
		}
	}
	if got := (PlainStyle{}).Time(Zone("Asia/Tokyo").in(at), Portuguese); got != "13/03/2026 00:04 (UTC+9, Tokyo)" {
		t.Errorf("in Portuguese: %q", got)
	}
}

// What one person reads is in their zone, or in the maker's if theirs is not known; what everybody reads is in the
// maker's.
func TestZoneOfReplies(t *testing.T) {
	at := time.Date(2026, 3, 12, 15, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		audience     Audience
		asker, maker Zone
		want         string
	}{
		{AudienceEveryone, "Asia/Tokyo", "Asia/Kolkata", "Asia/Kolkata"},
		{AudienceEveryone, "Asia/Tokyo", "", "UTC"},
		{AudienceAsker, "Asia/Tokyo", "Asia/Kolkata", "Asia/Tokyo"},
		{AudienceAsker, "", "Asia/Kolkata", "Asia/Kolkata"},
		{AudienceDirect, "Asia/Tokyo", "", "Asia/Tokyo"},
	} {
		m := Meeting{OnlineMeeting: OnlineMeeting{Created: at}, Zone: tt.maker}
		r := Reply{Audience: tt.audience, Card: &Card{Meeting: m}}
		r.setZone(tt.asker)
		if got := r.Card.Meeting.Created; got.Location().String() != tt.want || !got.Equal(at) {
			t.Errorf("%+v: %s", tt, got)
		}
	}
	words := sentence(English, message("show.none"))
	words.setZone("Asia/Tokyo")
}
