package main

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The package is the same in a file and on standard output, and says what the flags said.
func TestTeamsPackageIsWritten(t *testing.T) {
	args := []string{"manifest", "teams", "--url", "https://bot.contoso.example", "--app-id",
		"00001111-aaaa-2222-bbbb-3333cccc4444",
		"--app-version", "2.10.0", "--developer", "Contoso", "--website", "https://contoso.example",
		"--privacy", "https://contoso.example/privacy", "--terms", "https://contoso.example/terms"}
	var printed bytes.Buffer
	var problems strings.Builder
	if code := run(t.Context(), args, streams{Out: &printed, Err: &problems}); code != 0 {
		t.Fatalf("code %d: %s", code, &problems)
	}
	path := filepath.Join(t.TempDir(), "meetbot.zip")
	var nothing bytes.Buffer
	if code := run(t.Context(), append(args, "-o", path), streams{Out: &nothing, Err: &problems}); code != 0 ||
		nothing.Len() > 0 {
		t.Fatalf("code %d, %d bytes printed: %s", code, nothing.Len(), &problems)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, printed.Bytes()) {
		t.Error("the file is not what is printed")
	}
	archive, err := zip.NewReader(bytes.NewReader(written), int64(len(written)))
	if err != nil {
		t.Fatal(err)
	}
	in, err := archive.Open("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"id": "00001111-aaaa-2222-bbbb-3333cccc4444"`, `"version": "2.10.0"`,
		`"name": "Contoso"`,
		`"websiteUrl": "https://contoso.example"`, `"privacyUrl": "https://contoso.example/privacy"`,
		`"termsOfUseUrl": "https://contoso.example/terms"`} {
		if !strings.Contains(string(manifest), want) {
			t.Errorf("the manifest lacks %s:\n%s", want, manifest)
		}
	}
}

func TestTeamsPackageGoesNowhere(t *testing.T) {
	args := []string{"manifest", "teams", "--url", "https://bot.contoso.example", "--app-id",
		"00001111-aaaa-2222-bbbb-3333cccc4444"}
	var problems strings.Builder
	missing := filepath.Join(t.TempDir(), "missing", "meetbot.zip")
	if code := run(t.Context(), append(args, "-o", missing), streams{Out: io.Discard, Err: &problems}); code != 1 ||
		!strings.Contains(problems.String(), missing) || !strings.Contains(problems.String(), "no such file") {
		t.Errorf("into no directory: code %d, %s", code, &problems)
	}
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // stands for a terminal: both are devices
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = device.Close() }()
	problems.Reset()
	if code := run(t.Context(), args, streams{Out: device, Err: &problems}); code != 1 ||
		!strings.Contains(problems.String(), "-o meetbot.zip") {
		t.Errorf("to a terminal: code %d, %s", code, &problems)
	}
}

// The Slack manifest asks for the scope of bookmarks where the setting of the bot itself says so.
func TestSlackManifestFollowsTheSetting(t *testing.T) {
	args := []string{"manifest", "slack", "--url", "https://bot.contoso.example"}
	for _, tt := range []struct {
		value string
		args  []string
		code  int
		scope bool
	}{
		{"", nil, 1, false}, {"false", nil, 0, false}, {"true", nil, 0, true}, {" true\n", nil, 0, true}, {"maybe", nil, 1, false},
		{"false", []string{"--slack-bookmark", "true"}, 0, true},
	} {
		t.Setenv("SLACK_BOOKMARK", tt.value)
		var printed, problems strings.Builder
		code := run(t.Context(), append(args[:len(args):len(args)], tt.args...), streams{Out: &printed, Err: &problems})
		if code != tt.code || strings.Contains(printed.String(), "bookmarks:write") != tt.scope ||
			(code != 0) != strings.Contains(problems.String(), "SLACK_BOOKMARK") {
			t.Errorf("%q %v: code %d, %s%s", tt.value, tt.args, code, &printed, &problems)
		}
	}
}
