package bot

import (
	"fmt"
	"regexp"
	"strings"
)

// CommandName is the word that calls the bot: a slash command on Slack, the first word after a mention elsewhere. It is
// without the slash. The [Catalog] has the name by which its bot is called.
type CommandName string

// DefaultCommandName is the name of a bot whose administrator has chosen no other.
const DefaultCommandName CommandName = "meet"

// commandName is the form of a name. Source: Slack, "Implementing slash commands": at most 32 characters, in lower
// case, without blanks.
var commandName = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)

// ParseCommandName reads a name, with or without its slash; no text is the default one. The error says what is wrong,
// to be read behind the name of a setting: "is …".
func ParseCommandName(text string) (CommandName, error) {
	name := CommandName(strings.TrimPrefix(text, "/"))
	switch {
	case text == "":
		return DefaultCommandName, nil
	case !commandName.MatchString(string(name)):
		return "", fmt.Errorf("is not a command: want at most %d characters of a-z, 0-9, - and _", maxCommandName)
	}
	for _, spec := range Commands { // "@meetbot show" would no longer be understood
		if string(name) == spec.Word {
			return "", fmt.Errorf("is the word of one of the bot's own commands: %s",
				DefaultCommandName.Line(spec.Word, ""))
		}
	}
	return name, nil
}

const maxCommandName = 32

// Slash is the bare command where slash commands exist.
func (n CommandName) Slash() string { return "/" + string(n) }

// Line is a command of the bot as it is typed without a slash; word is empty for the bare command.
func (n CommandName) Line(word, subject string) CommandLine { return CommandLine{n, word, subject} }

// CommandLine is a command as it is typed.
type CommandLine struct {
	Name    CommandName
	Word    string // the subcommand; empty for the bare command
	Subject string
}

// String is the line from the command's name on.
func (l CommandLine) String() string { return join(string(l.Name), l.Arguments()) }

// Slash is the line as it is typed where slash commands exist.
func (l CommandLine) Slash() string { return "/" + l.String() }

// Arguments are what follows the command's name.
func (l CommandLine) Arguments() string { return join(l.Word, l.Subject) }

// join puts a blank between two texts, unless one of them is empty.
func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}
