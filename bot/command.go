package bot

import "slices"

// Kind names a command.
type Kind string

// The commands.
const (
	Meet Kind = "meet" // the conversation's meeting: made if there is none
	New  Kind = "new"  // another meeting from now on
	Show Kind = "show" // the card for the asker alone; makes nothing
	Link Kind = "link" // the conversation's lasting link, for the asker alone; makes no meeting
	Help Kind = "help" // what the bot can do

	Calendar Kind = "calendar" // the ways to put the meeting into a calendar, for the asker alone; makes nothing
	Cancel   Kind = "cancel"   // takes the meeting's date away
	Rename   Kind = "rename"   // another subject for the meeting, in place

	Doctor Kind = "doctor" // what is wrong with the bot, for its administrators
)

// Argument is what can be said to a command besides its word.
type Argument string

// Subject is an argument: the meeting's subject, as free text.
const Subject Argument = "subject"

// Time is an argument: when the meeting is, as clauses of the text; see package clause.
const Time Argument = "time"

// Spec is a row of the command table. The parser, the help text, the app manifests and the dispatch are made from it: a
// new command is a row, its sentences in the catalogue ("help." and "manifest." and its kind, its word in each
// language, "commands." and its kind, and other words that people try, "words." and its kind) and its handler.
type Spec struct {
	Kind      Kind
	Word      string     // the subcommand; empty for the bare command. The catalogue has its words in other languages
	Arguments []Argument // that it takes
	ForAll    bool       // it changes something for everybody: help lists it apart
	Strict    bool       // a subject that is too long is refused, not cut
	// Administrators says that the command is for the administrators of the bot: nobody else is offered it.
	Administrators bool
	handler        handler
}

// Takes tells whether the command takes an argument.
func (s Spec) Takes(a Argument) bool { return slices.Contains(s.Arguments, a) }

// Commands is the command table.
var Commands = []Spec{
	{Kind: Meet, Arguments: []Argument{Subject, Time}, handler: meetCommand{}},
	{Kind: New, Word: "new", ForAll: true, Arguments: []Argument{Subject, Time}, handler: meetCommand{fresh: true}},
	{Kind: Cancel, Word: "cancel", ForAll: true, handler: cancelCommand{}},
	{Kind: Rename, Word: "rename", ForAll: true, Arguments: []Argument{Subject}, Strict: true,
		handler: renameCommand{}},
	{Kind: Show, Word: "show", handler: showCommand{}},
	{Kind: Link, Word: "link", handler: linkCommand{}},
	{Kind: Calendar, Word: "calendar", handler: showCommand{calendar: true}},
	{Kind: Help, Word: "help", handler: words{helpCommand{}}},
	{Kind: Doctor, Word: "doctor", Administrators: true, handler: doctorCommand{}},
}

// Offered are the rows of the command table that everybody is offered, in help and in the manifests.
func Offered() []Spec {
	return slices.DeleteFunc(slices.Clone(Commands), func(s Spec) bool { return s.Administrators })
}

// specOf returns the row of a command; ok is false if the table has none.
func specOf(kind Kind) (spec Spec, ok bool) {
	for _, spec := range Commands {
		if spec.Kind == kind {
			return spec, true
		}
	}
	return Spec{}, false
}

// Command is what somebody typed, understood.
type Command struct {
	Kind    Kind
	Subject string // cleaned and bounded; empty if none was given
	Line    string // what was typed after the command's word, if it has clauses of time; the subject is without them
	Clipped bool   // the subject of a Strict command was longer than MaxSubject, and this is its beginning
}

// Advice names a thing that people ask for and the bot does not do. Each has words in the catalogue ("words." and its
// name) and a sentence ("advice." and its name).
type Advice string

// Advices is everything that there is a sentence about.
var Advices = []Advice{"end", "schedule", "settings", "list"}

// Intent is what a request or a job is for.
type Intent struct {
	Kind    JobKind  // empty: JobCommand
	Command Command  // JobCommand: what to do; otherwise: what was typed, taken literally
	Guess   Kind     // JobUnclear: what it was probably meant to be
	Advice  Advice   // JobAdvice: what was asked for
	Action  ActionID // JobCard: the button that was pressed
	// Generation is the generation of the meeting that JobUndo takes back, that JobReveal shows, that the button of
	// JobCard belongs to, and that a job in the background is about.
	Generation int
	// Redate is the change of date that JobRedate carries out, as its button carries it. To JobQuiet and JobRemind it
	// is the date that they are about, in the same form.
	Redate string
	// Link is the fingerprint of the token that JobRelink replaces.
	Link string
	// Listed names the attendees with whom the meeting of JobInvite was just made; empty if that is not known.
	Listed string
}

// Label names the intent for an operator: the command, or the kind of job where that is no command.
func (i Intent) Label() string {
	if i.kind() == JobCommand {
		return string(i.Command.Kind)
	}
	return string(i.Kind)
}

func (i Intent) kind() JobKind {
	if i.Kind == "" {
		return JobCommand
	}
	return i.Kind
}

// handler returns what the intent is dispatched to; ok is false if this release does not know it.
func (i Intent) handler() (h handler, ok bool) {
	switch i.kind() {
	case JobCommand:
		spec, ok := specOf(i.Command.Kind)
		return spec.handler, ok
	case JobUnclear:
		return words{unclearCommand{}}, true
	case JobWelcome:
		return words{welcome{}}, true
	case JobAdvice:
		return words{advise{}}, true
	case JobOffer:
		return offer{}, true
	case JobCard:
		return lookCloser{}, true
	case JobUndo:
		return undo{}, true
	case JobReveal:
		return reveal{}, true
	case JobRedate:
		return redateMeeting{}, true
	case JobQuiet:
		return quiet{}, true
	case JobRemind:
		return remind{}, true
	case JobConfirm:
		return confirm{}, true
	case JobOptions:
		return applyOptions{}, true
	case JobCards:
		return updateCards{}, true
	case JobRelink:
		return relink{}, true
	case JobInvite:
		return invite{}, true
	case JobTell:
		return tell{}, true
	case JobBookmark:
		return setBookmark{}, true
	default:
		return nil, false
	}
}
