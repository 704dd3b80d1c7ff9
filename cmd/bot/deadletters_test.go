package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"meetbot/bot"
	"meetbot/store"
)

// deadLetter makes a dead letter in a new Redis and returns that.
func deadLetter(t *testing.T) (redisURL string) {
	t.Helper()
	redisURL = "redis://" + miniredis.RunT(t).Addr() + "/0"
	s, err := store.Open(redisURL, store.Options{Replica: "one"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	lease, err := s.Accept(t.Context(), bot.Job{
		ID: "slack:request:1", Accepted: time.Now(), Intent: bot.Intent{Command: bot.Command{Kind: bot.New}},
		Conversation: bot.Conversation{Platform: "slack", Workspace: "T024BE7LD", Channel: "C0GENERAL"},
		Asker:        bot.Asker{Platform: "slack", Workspace: "T024BE7LD", User: "U0ANN"},
		Route:        bot.Route{Channel: "C0GENERAL", User: "U0ANN", ResponseURL: "https://hooks.slack.com/commands/T1/2/secret"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.MoveToDeadLetters(t.Context(), lease, "chat.postMessage (is_archived): gone"); err != nil {
		t.Fatal(err)
	}
	return redisURL
}

// What an operator types and sees, by either name of the command, and with its flags wherever they stand.
func TestDeadLetters(t *testing.T) {
	for _, name := range []string{"deadletters", "letters"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("REDIS_URL", deadLetter(t))
			bot := func(args ...string) (string, string, int) {
				var out, problems strings.Builder
				code := run(t.Context(), append([]string{name}, args...), streams{&out, &problems})
				return out.String(), problems.String(), code
			}
			table := regexp.MustCompile(`^ENTRY +SINCE +CONVERSATION +USER +COMMAND +REASON\n` +
				`(\d+-\d+)  \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  slack:T024BE7LD:C0GENERAL  U0ANN  new      chat\.postMessage \(is_archived\): gone\n$`)
			var entry string
			for _, args := range [][]string{nil, {"list"}, {"--limit", "1"}, {"list", "--limit=1"}} {
				out, problems, code := bot(args...)
				m := table.FindStringSubmatch(out)
				if code != exitDone || m == nil || problems != "" {
					t.Fatalf("bot %s %v: code %d, %q\n%s", name, args, code, problems, out)
				}
				entry = m[1]
			}
			if _, problems, code := bot("retry", "1-1"); code != exitFailed || problems == "" {
				t.Errorf("an entry that is not there: code %d, %q", code, problems)
			}
			if out, problems, code := bot("retry", entry); code != exitDone || !strings.Contains(out, "run again") {
				t.Errorf("retry: code %d, %q %q", code, out, problems)
			}
			if out, _, code := bot("list"); code != exitDone ||
				out != "No dead letters: every answer reached somebody.\n" {
				t.Errorf("afterwards: code %d, %q", code, out)
			}
			file := filepath.Join(t.TempDir(), "redis-url")
			if err := os.WriteFile(file, []byte(os.Getenv("REDIS_URL")+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("REDIS_URL", "")
			t.Setenv("REDIS_URL_FILE", file)
			if out, problems, code := bot("list"); code != exitDone || !strings.HasPrefix(out, "No dead letters") {
				t.Errorf("by a file: code %d, %q %q", code, out, problems)
			}
			away := []string{"--redis-url", "redis://127.0.0.1:1/0"}
			for _, args := range [][]string{away, append([]string{"retry", entry}, away...),
				append(away, "retry", entry)} {
				if _, problems, code := bot(args...); code != exitFailed ||
					!strings.HasPrefix(problems, "bot: REDIS_URL: ") {
					t.Errorf("bot %s %v: code %d, %q", name, args, code, problems)
				}
			}
		})
	}
}
