//go:build integration

package redistest

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// times are the placeholders of a recording that stand for a moment: {ms N} in milliseconds since 1970, {at N} in RFC
// 3339. N is in milliseconds, from the moment of the replay.
var times = regexp.MustCompile(`\{(ms|at) (-?[0-9]+)\}`)

// Replay gives the server the data of a recording: a file with one command on each line, as a JSON list. In the text of
// a command, names are the placeholders and what to put in their place; {ms N} and {at N} are moments. It returns a
// function that puts the same moments and names into another text.
func (s *Server) Replay(file string, names map[string]string) (fill func(string) string) {
	s.t.Helper()
	now := time.Now()
	var pairs []string
	for name, value := range names {
		pairs = append(pairs, name, value)
	}
	replacer := strings.NewReplacer(pairs...)
	fill = func(text string) string {
		return times.ReplaceAllStringFunc(replacer.Replace(text), func(found string) string {
			parts := times.FindStringSubmatch(found)
			n, _ := strconv.ParseInt(parts[2], 10, 64)
			at := now.Add(time.Duration(n) * time.Millisecond)
			if parts[1] == "ms" {
				return strconv.FormatInt(at.UnixMilli(), 10)
			}
			return at.UTC().Format(time.RFC3339Nano)
		})
	}
	text, err := os.ReadFile(file) //nolint:gosec // a file of the test's own
	if err != nil {
		s.t.Fatalf("replay: %v", err)
	}
	client := redis.NewClient(&redis.Options{Addr: s.Addr()})
	defer func() { _ = client.Close() }()
	for line := range strings.Lines(string(text)) {
		var command []any
		if err := json.Unmarshal([]byte(line), &command); err != nil {
			s.t.Fatalf("replay %s: %v", file, err)
		}
		for i, word := range command {
			text, _ := word.(string)
			command[i] = fill(text)
		}
		if err := client.Do(context.Background(), command...).Err(); err != nil {
			s.t.Fatalf("replay %s: %v: %v", file, command[:2], err)
		}
	}
	return fill
}
