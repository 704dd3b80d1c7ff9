package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// environ looks variables up in a map.
func environ(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

// write writes a file in a directory of the test, and returns its path.
func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "value")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every setting may stand in a file, without the line break at the end of that.
func TestValuesFromFiles(t *testing.T) {
	for content, want := range map[string]string{
		"secret": "secret", "secret\n": "secret", "secret\r\n": "secret", "\ufeffsecret\r\n": "secret", " a b \n\n": " a b ",
	} {
		c := valid()
		vars := map[string]string{
			"AZURE_CLIENT_CERTIFICATE_PASSWORD_FILE": write(t, content), "NEW_MEETINGS_PER_USER_FILE": write(t, "7\n"),
			"AZURE_CLIENT_SECRET_FILE": write(t, "from a file\n"), "AZURE_CLIENT_SECRET": "",
			"LOCALE_FILE": "/nothing", // a flag counts before it
		}
		c.Files = ReadFiles(c.Settings(), environ(vars), []string{"LOCALE"})
		if err := c.Validate(); err != nil || c.Entra.CertificatePassword != want || c.Policy.PerUser != 7 ||
			c.Entra.ClientSecret != "from a file" {
			t.Errorf("%q: %v; %+v", content, err, c.Entra)
		}
	}
}

// What is wrong with a file is told by the variable and the path, and nothing else is missing then.
func TestWrongFiles(t *testing.T) {
	locked := write(t, "hunter2")
	if err := os.Chmod(locked, 0); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ path, want string }{
		"missing":   {"/run/secrets/none", "cannot be read (no such file or directory)"},
		"empty":     {write(t, " \n"), "is empty"},
		"directory": {t.TempDir(), "cannot be read (is a directory)"},
		"large":     {write(t, strings.Repeat("hunter2", maxFile)), "is larger than any value"},
		"locked":    {locked, "cannot be read (permission denied)"},
	}
	if os.Geteuid() == 0 { // whom no permission stops
		delete(cases, "locked")
	}
	for name, tt := range cases {
		c := valid()
		c.Entra.ClientSecret, c.Slack.BotToken = "", ""
		c.Files = ReadFiles(c.Settings(), environ(map[string]string{
			"AZURE_CLIENT_SECRET_FILE": tt.path, "SLACK_BOT_TOKEN_FILE": write(t, "xoxb-1-2-3\n"),
		}), nil)
		want := "the configuration is not complete:\n  - AZURE_CLIENT_SECRET_FILE names " + tt.path + ", which " + tt.want
		if err := c.Validate(); err == nil || err.Error() != want || c.Files.Err() == nil {
			t.Errorf("%s: %v\nwant %s", name, err, want)
		}
	}
}

// A setting comes from one place, and a secret that stands where its path belongs is not told.
func TestFilesAreNotValues(t *testing.T) {
	c := valid()
	c.Files = ReadFiles(c.Settings(), environ(map[string]string{
		"SLACK_BOT_TOKEN": "xoxb-1-2-3", "SLACK_BOT_TOKEN_FILE": write(t, "xoxb-4"), "AZURE_CLIENT_SECRET_FILE": "hunter2",
		"REDIS_URL_FILE": "redis://:hunter2@localhost/0", "NEW_MEETINGS_PER_USER_FILE": write(t, "hunter2"),
	}), nil)
	err := c.Validate()
	if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Count(err.Error(), "\n") != 4 {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{
		"SLACK_BOT_TOKEN_FILE is set, and so is SLACK_BOT_TOKEN: leave one of them",
		"REDIS_URL_FILE is not the path of a file; for example REDIS_URL_FILE=/run/secrets/redis-url",
		"AZURE_CLIENT_SECRET_FILE is not the path of a file", "want a whole number",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	if c.Slack.BotToken != "xoxb-1-2-3" {
		t.Errorf("the token is %s", c.Slack.BotToken)
	}
}

// Both secrets of Slack may be away: the platform is still on.
func TestAPlatformByFiles(t *testing.T) {
	c := valid()
	c.Slack.SigningSecret, c.Slack.BotToken = "", ""
	c.Files = ReadFiles(c.Settings(), environ(map[string]string{
		"SLACK_BOT_TOKEN_FILE": "/nothing", "SLACK_SIGNING_SECRET_FILE": "/nothing/else",
	}), nil)
	if err := c.Validate(); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("%v", err)
	}
	token := write(t, "xoxb-1\n")
	c = valid()
	c.Files = ReadFiles(c.Settings(), environ(map[string]string{"SLACK_BOT_TOKEN_FILE": token}), nil)
	if err := os.WriteFile(token, []byte("xoxb-2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again := c.Reread(); again.Slack.BotToken != "xoxb-2" || again.Files.Err() != nil || c.Slack.BotToken != "xoxb-1" {
		t.Errorf("read again: %q, %v; before: %q", again.Slack.BotToken, again.Files.Err(), c.Slack.BotToken)
	}
}
