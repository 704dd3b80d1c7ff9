package bot

import (
	"strconv"
	"strings"
)

// ActionID names what a button does. Its values stand in messages that people may press much later, so they keep their
// meaning.
type ActionID string

// The actions.
const (
	// ActionShow, ActionMore and ActionCalendar show the conversation's meeting to the person who presses: whether it
	// is still the current one, with everything there is to say, with the ways into a calendar. The value is the
	// generation of the meeting that the button belongs to. Releases up to 1.3 give ActionShow none.
	ActionShow     ActionID = "show"
	ActionMore     ActionID = "more"
	ActionCalendar ActionID = "calendar"

	ActionCreate ActionID = "create" // makes the conversation's meeting if there is none; the value is its subject
	ActionLine   ActionID = "line"   // does what a line with a time or people says; the value is the line, [spelled]
	ActionUndo   ActionID = "undo"   // takes a fresh meeting back; the value is the meeting's generation
	ActionRedate ActionID = "redate" // changes the date, or takes it away; the value says which date of which meeting
	ActionKeep   ActionID = "keep"   // shows the conversation's meeting, which stays as it is; no value
	ActionQuiet  ActionID = "quiet"  // there is to be no reminder of a date; the value says of which one
	ActionReveal ActionID = "reveal" // shows a meeting to everybody; the value is its generation
	ActionRelink ActionID = "relink" // replaces the conversation's lasting link; the value names the one to replace
)

// MaxActionValue is how many bytes an action's value may have. It is below the limits of every platform.
const MaxActionValue = 1000

// Action is a button of a reply that asks the bot for something. Each platform draws it from its ID, its value and its
// label, and gives ID and value back when somebody presses it: see [ParseAction].
type Action struct {
	ID    ActionID
	Value string // what the action is about; at most MaxActionValue bytes
}

// maxLabel is how many characters of a value stand on a button: as many as fit on the narrowest of phones.
const maxLabel = 24

// Label is the text of the button.
func (a Action) Label() Message {
	id := "action." + string(a.ID)
	if r, ok := parseRedate(a.Value); ok && a.ID == ActionRedate && r.to == (Period{}) {
		id = "action.undate"
	}
	value := a.Value
	if a.ID == ActionLine {
		value = named(unspelled(value))
	}
	return message(id, Arg{"Value", shorten(CleanText(value), maxLabel)})
}

// The characters of a mark as an action's value has them: no platform promises to give back private-use characters as
// they were.
var (
	spelling   = strings.NewReplacer("%", "%%", markBegin, "%<", markName, "%|", markEnd, "%>")
	unspelling = strings.NewReplacer("%%", "%", "%<", markBegin, "%|", markName, "%>", markEnd)
)

// spelled is a line as the value of an action, and unspelled is the line again.
func spelled(line string) string { return spelling.Replace(line) }

func unspelled(value string) string { return unspelling.Replace(value) }

// createAction is the button that does what somebody typed: the whole line, with its time and its people. ok is false
// if no button can hold that.
func createAction(typed Command) (a Action, ok bool) {
	a = Action{ID: ActionCreate, Value: typed.Subject}
	if typed.Line != "" {
		a = Action{ID: ActionLine, Value: spelled(typed.Line)}
	}
	return a, len(a.Value) <= MaxActionValue
}

// pressed is what the value of a card's own button says: which meeting the button belongs to.
type pressed struct{ generation int }

func (p pressed) String() string { return strconv.Itoa(p.generation) }

// parsePressed reads the value of a card's own button; ok is false if it has another form.
func parsePressed(value string) (p pressed, ok bool) {
	if value == "" {
		return pressed{}, true
	}
	generation, err := strconv.ParseUint(value, 10, 31)
	return pressed{int(generation)}, err == nil && generation > 0
}

// ParseAction understands the press of a button. ok is false for an action that this release does not know, and for a
// value that none of its buttons has. A press proves who pressed and where, by the signature or the token of its
// request. Its value proves nothing: it counts as if that person had typed it just now, so "tomorrow" is the day after
// the press, in that person's zone.
func ParseAction(id, value string) (i Intent, ok bool) {
	if len(value) > MaxActionValue {
		return Intent{}, false
	}
	switch ActionID(id) {
	case ActionKeep:
		return Intent{Command: Command{Kind: Show}}, true
	case ActionShow, ActionMore, ActionCalendar:
		p, ok := parsePressed(value)
		return Intent{Kind: JobCard, Action: ActionID(id), Generation: p.generation}, ok
	case ActionLine:
		c := lined(Command{Kind: Meet}, cleanMarked(unspelled(value)))
		return Intent{Command: c}, c.Line != ""
	case ActionCreate:
		if text := CleanText(value); !quoted(text) {
			return Intent{Command: lined(Command{Kind: Meet}, text)}, true
		}
		return Intent{Command: Command{Kind: Meet, Subject: shorten(CleanText(value), MaxSubject)}}, true
	case ActionRedate:
		_, ok := parseRedate(value)
		return Intent{Kind: JobRedate, Redate: value}, ok
	case ActionQuiet:
		_, ok := parseRedate(value)
		return Intent{Kind: JobQuiet, Redate: value}, ok
	case ActionUndo:
		generation, err := strconv.ParseUint(value, 10, 31)
		return Intent{Kind: JobUndo, Generation: int(generation)}, err == nil && generation > 0
	case ActionReveal:
		generation, err := strconv.ParseUint(value, 10, 31)
		return Intent{Kind: JobReveal, Generation: int(generation)}, err == nil && generation > 0
	case ActionRelink:
		return Intent{Kind: JobRelink, Link: value}, linkPrint.MatchString(value)
	default:
		return Intent{}, false
	}
}
