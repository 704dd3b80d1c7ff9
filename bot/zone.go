package bot

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Zone is a time zone by its name in the IANA database, such as America/Sao_Paulo; empty where none is known.
type Zone string

// zonePattern is how the names of zones look. Other spellings of one name, which a file system may take, are none.
var zonePattern = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]{0,31}(/[A-Z][A-Za-z0-9_+-]{0,31}){0,2}$`)

// zones are the zones that were loaded, by name. There are as many as the database has.
var zones sync.Map // Zone to *time.Location

// ZoneOf returns the zone of this name, or none if there is no such zone.
func ZoneOf(name string) Zone {
	zone := Zone(name)
	if zone.location() == nil {
		return ""
	}
	return zone
}

// location returns the zone's rules; nil if there is no such zone.
func (z Zone) location() *time.Location {
	if known, ok := zones.Load(z); ok {
		return known.(*time.Location)
	}
	if z == "Local" || !zonePattern.MatchString(string(z)) { // Local is the server's
		return nil
	}
	location, err := time.LoadLocation(string(z))
	if err != nil {
		return nil
	}
	zones.Store(z, location)
	return location
}

// in returns the moment as the zone's clocks show it; as UTC without a zone.
func (z Zone) in(t time.Time) time.Time {
	if location := z.location(); location != nil {
		return t.In(location)
	}
	return t.UTC()
}

// zoneLabel names the zone of a moment for people: "UTC", "(UTC-3, Sao Paulo)", "(UTC+5:30, Kolkata)".
func zoneLabel(t time.Time) string {
	_, offset := t.Zone()
	label := "UTC"
	if offset != 0 {
		sign := "+"
		if offset < 0 {
			sign, offset = "-", -offset
		}
		label += sign + strconv.Itoa(offset/3600)
		if minutes := offset / 60 % 60; minutes != 0 {
			label += ":" + strconv.Itoa(minutes/10) + strconv.Itoa(minutes%10)
		}
	}
	name := t.Location().String()
	if city := strings.LastIndexByte(name, '/'); city > 0 && !strings.HasPrefix(name, "Etc/") { // Etc/GMT+3 is UTC-3
		label += ", " + strings.ReplaceAll(name[city+1:], "_", " ")
	}
	if label == "UTC" {
		return label
	}
	return "(" + label + ")"
}
