// Package buildinfo tells which build of the program this is: for `bot version`, the log, the metrics and the
// manifests.
//
// What it tells is the same for every build of one commit: no time of the build is in it, unless whoever builds sets
// one. It imports nothing of this module.
package buildinfo

import (
	"cmp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// What the linker may set, for a build whose source has no version control beside it:
//
//	P=meetbot/internal/buildinfo
//	go build -ldflags "-X $P.release=v1.2.3 -X $P.commit=0123456789abcdef -X $P.date=$SOURCE_DATE_EPOCH" ./cmd/bot
var (
	release string // takes the place of the version that the Go tool writes
	commit  string
	date    string // seconds since 1970, as SOURCE_DATE_EPOCH has them; takes the place of the commit's time
)

// Info says which build this is. What is not known is empty.
type Info struct {
	Version  string    // a release such as v1.2.3, a pseudo-version, or "(devel)"
	Commit   string    // the hash
	Modified bool      // the source differed from the commit
	Date     time.Time // of the commit, or what the linker was told; never that of the build itself
	Go       string    // "go1.26.0"
}

// Read returns what the Go tool and the linker wrote into the program.
func Read() Info {
	b, ok := debug.ReadBuildInfo()
	if !ok {
		b = &debug.BuildInfo{}
	}
	return read(b, release, commit, date)
}

func read(b *debug.BuildInfo, release, commit, date string) Info {
	settings := map[string]string{}
	for _, s := range b.Settings {
		settings[s.Key] = s.Value
	}
	i := Info{
		Version: cmp.Or(release, b.Main.Version, "(devel)"), Commit: cmp.Or(commit, settings["vcs.revision"]),
		Modified: settings["vcs.modified"] == "true", Go: b.GoVersion,
	}
	if at, err := time.Parse(time.RFC3339, settings["vcs.time"]); err == nil {
		i.Date = at.UTC()
	}
	if seconds, err := strconv.ParseInt(date, 10, 64); err == nil {
		i.Date = time.Unix(seconds, 0).UTC()
	}
	return i
}

// String is the version and, in brackets, what else is known: "v1.2.3 (commit 0123456789ab, 2026-11-23T08:00:00Z,
// go1.26.0)".
func (i Info) String() string {
	var known []string
	if i.Commit != "" {
		text := "commit " + i.Commit[:min(len(i.Commit), 12)]
		if i.Modified {
			text += " with changes"
		}
		known = append(known, text)
	}
	if !i.Date.IsZero() {
		known = append(known, i.Date.Format(time.RFC3339))
	}
	if i.Go != "" {
		known = append(known, i.Go)
	}
	if len(known) == 0 {
		return i.Version
	}
	return i.Version + " (" + strings.Join(known, ", ") + ")"
}
