package buildinfo

import (
	"runtime/debug"
	"testing"
)

// What is told, of a build by the Go tool alone, and of one whose linker was told.
func TestInfo(t *testing.T) {
	b := &debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef0123456789abcdef01234567"},
		{Key: "vcs.time", Value: "2026-11-23T09:00:00+01:00"}, {Key: "vcs.modified", Value: "true"},
	}}
	for _, tt := range []struct {
		build                 *debug.BuildInfo
		release, commit, date string
		want                  string
	}{
		{build: b, want: "v1.2.3 (commit 0123456789ab with changes, 2026-11-23T08:00:00Z, go1.26.0)"},
		{build: &debug.BuildInfo{}, want: "(devel)"},
		{build: &debug.BuildInfo{GoVersion: "go1.26.0"}, release: "v1.2.4", commit: "abc", date: "1795852800",
			want: "v1.2.4 (commit abc, 2026-11-28T08:00:00Z, go1.26.0)"},
		{build: b, date: "nonsense", want: "v1.2.3 (commit 0123456789ab with changes, 2026-11-23T08:00:00Z, go1.26.0)"},
	} {
		if got := read(tt.build, tt.release, tt.commit, tt.date).String(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
