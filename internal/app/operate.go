package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"meetbot/bot"
	"meetbot/bot/slackapp"
	"meetbot/store"
)

// Operation is how a command of an operator's on the data runs.
type Operation struct {
	JSON   bool         // the result is written as JSON, for programs
	DryRun bool         // tell what would be changed, and change nothing
	Yes    bool         // change what takes something away; without it nothing is changed
	Out    io.Writer    // gets the result
	Log    *slog.Logger // gets a line for each change, and for each time that a person's data is read out
}

// ErrNotConfirmed says that a change needs [Operation.Yes].
var ErrNotConfirmed = errors.New("nothing was changed; --yes changes it")

// DataSettings are the settings that the commands on data read.
func (c *Config) DataSettings() []Setting {
	former := slices.DeleteFunc(c.Slack.Settings(), func(s Setting) bool { return s.Env != "SLACK_FORMER_TEAM_ID" })
	return slices.Concat(c.StoreSettings(), former, c.Logging.Settings())
}

// withStore opens the store for one command of an operator.
func withStore(ctx context.Context, c Config, do func(*store.Store) error) error {
	if err := store.CheckPrefix(c.Redis.Prefix); err != nil {
		return fmt.Errorf("REDIS_PREFIX: %w", err)
	}
	slack := slackapp.Names(c.Slack.FormerTeamID)
	s, end, err := OpenStore(ctx, c, store.Options{
		Replica: "operator",
		Names: func(conversation bot.Conversation) []bot.Conversation {
			if conversation.Platform != slackapp.Platform {
				return nil
			}
			return slack(conversation)
		},
	}, nil)
	if err != nil {
		return err
	}
	defer end()
	if err := s.Ping(ctx); err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	err = do(s)
	if errors.Is(err, store.ErrNotAllowed) {
		return errors.New("the user of REDIS_URL may not SCAN; docs/operating.md has the rights that these commands " +
			"need")
	}
	return err
}

// confirmed tells whether the change may be made now. What it is was written to Out before that.
func (o Operation) confirmed() (bool, error) {
	switch {
	case o.DryRun:
		return false, nil
	case !o.Yes:
		return false, ErrNotConfirmed
	}
	return true, nil
}

// audit logs that an operator did something.
func (o Operation) audit(ctx context.Context, action string, args ...any) {
	who := strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	o.Log.InfoContext(ctx, "an operator used the data", append([]any{"action", action, "by", who}, args...)...)
}

// write writes the result: as JSON, or else by text.
func (o Operation) write(result any, text func(w io.Writer)) error {
	if o.JSON {
		e := json.NewEncoder(o.Out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(result)
	}
	w := tabwriter.NewWriter(o.Out, 0, 0, 2, ' ', 0)
	text(w)
	return w.Flush()
}

// conversationNamed reads the name of a conversation as an operator types it.
func conversationNamed(name string) (bot.Conversation, error) {
	c, ok := bot.ParseConversation(name)
	if !ok || c.Platform == "" || c.Workspace == "" || c.Channel == "" {
		return c, fmt.Errorf("%q is no conversation: want platform:workspace:channel or "+
			"platform:workspace:channel:thread, as `bot meeting list` and the log have it", name)
	}
	return c, nil
}

// shownTime is a time for an operator; empty for none.
func shownTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
