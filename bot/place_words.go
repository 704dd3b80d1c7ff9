package bot

import "time"

// place names the conversation to its readers, in the form that a sentence needs.
func (c Card) place(form string) placeWords { return placeWords{form, c.Of, c.Chat} }

// PlaceKind says what a conversation is to those who talk there. It is the end of a sentence's ID in the catalogue.
type PlaceKind string

// The places.
const (
	PlaceChannel PlaceKind = "channel"
	PlaceThread  PlaceKind = "thread"
	PlaceChat    PlaceKind = "chat"
)

// onDay is a moment of which the day alone is told, as an argument of a message.
type onDay time.Time

// atClock is a moment of which the time of the day alone is told, as an argument of a message.
type atClock time.Time

// placeWords is a conversation as an argument of a message: the words for it are a sentence of the table place.
type placeWords struct {
	form string // the beginning of the sentence's name
	of   Conversation
	chat bool // it is a chat, where its name does not tell
}

// message is the sentence that names the place in that style.
func (p placeWords) message(style Style) Message {
	kind, name := style.Place(p.of)
	switch {
	case p.chat && kind == PlaceChannel:
		return message("place." + p.form + "_" + string(PlaceChat))
	case name != "":
		return message("place."+p.form+"_named", Arg{"Place", written(name)})
	default:
		return message("place." + p.form + "_" + string(kind))
	}
}

// written is an argument of a message that a [Style] has written already.
type written string
