package bot

import (
	"strings"
	"time"
)

// Explain turns a refusal into what its asker reads: the one place where failures become sentences. The organizer is
// the one in whose name the meeting was to be made, clientID is the Entra app's, c is the command that was refused, and
// reference is what the asker can quote: see [Job.Reference].
func Explain(
	lang Language, refusal *Error, organizer Organizer, clientID string, c Command, reference string,
) Reply {
	aloud := message("refusal.aloud", Arg{"Again", c})
	reply := Reply{Audience: AudienceAsker, Language: lang, PublicFallback: &aloud}
	id := "refusal." + string(refusal.Code)
	switch refusal.Code {
	case NoAccessPolicy:
		reply.Messages = accessPolicy(organizer, clientID, c)
	case BadRequest, NotOrganizer:
		if refusal.Reason == "" {
			id += "_bare"
		}
		reply.Messages = []Message{message(id, Arg{"Reason", refusal.Reason}, Arg{"Again", c})}
	case PlaceDenied, PlaceUnknown, UnreadableRecord:
		reply.PublicFallback = nil // there is nothing private about it
		reply.Messages = []Message{message(id, Arg{"Again", c})}
	case TooManyAtOnce:
		reply.PublicFallback = nil // there is nothing private about it
		reply.Messages = []Message{message(id, Arg{"Count", MaxUnfinished}, Arg{"Again", c})}
	case TooMany:
		reply.Messages = []Message{message(id, Arg{"Minutes", int(refusal.Wait/time.Minute) + 1}, Arg{"Again", c})}
	default:
		if refusal.Cause != "" {
			id += "_" + string(refusal.Cause)
		}
		reply.Messages = []Message{message(id,
			Arg{"Organizer", organizer.Name}, Arg{"Reason", refusal.Reason}, Arg{"Client", clientID}, Arg{"Again", c})}
	}
	if forAdministrators[refusal.Code] || refusal.Code == BadRequest && refusal.Reason == "" {
		reply.Messages = append(reply.Messages, referenceMessages(reference)...)
	}
	return reply
}

// forAdministrators are the refusals that an administrator mends, and not the asker.
var forAdministrators = map[Code]bool{
	NoAccessPolicy: true, OrganizerRefused: true, NoPermission: true, NoSuchUser: true, Credentials: true,
	ServiceAccount: true, ChatCredentials: true, PlaceUnknown: true,
}

// referenceMessages is the sentence with the reference to quote; none without a reference.
func referenceMessages(reference string) []Message {
	if reference == "" {
		return nil
	}
	return []Message{message("refusal.reference", Arg{"Reference", reference})}
}

// accessPolicy says what a Teams administrator types to let the app make meetings for the organizer: a policy of its
// own or, where the organizer has one, the app added to that.
func accessPolicy(organizer Organizer, client string, c Command) []Message {
	const id = "refusal.no_access_policy"
	which := message(id, Arg{"Organizer", organizer.Name})
	steps := AccessPolicyFor(client, organizer.ID)
	which.Code = steps.Show
	none := message(id + "_none")
	none.Code = steps.Make
	own := message(id + "_own")
	own.Code = steps.Extend
	return []Message{which, none, own, message(id+"_next", Arg{"Again", c})}
}

// HelpReply lists the command table in at most eight lines, and says what there is besides where the answer goes. With
// administrators, the bot has some, and the commands for them are listed, too.
func HelpReply(catalog *Catalog, lang Language, where Route, administrators bool) Reply {
	var forAll, forYou []Message
	var words []string
	for _, spec := range Commands {
		if spec.Word == "" || spec.Administrators && !administrators {
			continue
		}
		line := message("help."+string(spec.Kind), Arg{"Command", command{word: spec.Word}})
		if spec.ForAll {
			forAll = append(forAll, line)
		} else {
			forYou = append(forYou, line)
		}
		if word := wordsOf(catalog, lang, "commands."+string(spec.Kind))[0]; word != spec.Word {
			words = append(words, word)
		}
	}
	example := catalog.PlainText(lang, message("when.example_line"))
	literal := catalog.PlainText(lang, message("help.example_literal"))
	reply := Reply{Audience: AudienceAsker, Language: lang, Messages: []Message{
		message("help.intro"),
		message("help.meet", Arg{"Command", command{}}, Arg{"Example", command{subject: example}}),
		message("help.for_all", Arg{"Commands", forAll}),
		message("help.for_you", Arg{"Commands", forYou}),
		message("help.quotes", Arg{"Command", command{subject: literal}}),
	}}
	if !where.Chat {
		reply.Messages = append(reply.Messages, message("help.thread", Arg{"Command", mention{}}))
	}
	if len(words) > 0 {
		reply.Messages = append(reply.Messages, message("help.words", Arg{"Words", strings.Join(words, ", ")}))
	}
	return reply
}

// GreetingReply says how to start, once the bot has come into a conversation.
func GreetingReply(lang Language) Reply {
	reply := sentence(lang, message("welcome.start"))
	reply.Audience = AudienceEveryone
	return reply
}

// DidYouMeanReply asks what a near miss was meant to be: guess, or the command as it was typed.
func DidYouMeanReply(lang Language, typed Command, guess Kind) Reply {
	spec, _ := specOf(guess)
	return Reply{Audience: AudienceAsker, Language: lang, Messages: []Message{message("unclear.question",
		Arg{"Guess", command{word: spec.Word}},
		Arg{"Subject", typed.Subject},
		Arg{"Literal", command{subject: `"` + typed.Subject + `"`}})}}
}

// AdviceReply says what there is instead of something that the bot does not do, and how to take the words literally.
func AdviceReply(lang Language, typed Command, about Advice) Reply {
	reply := sentence(lang, message("advice."+string(about)))
	reply.Messages = append(reply.Messages, message("advice.literal",
		Arg{"Subject", typed.Subject}, Arg{"Literal", command{subject: `"` + typed.Subject + `"`}}))
	return reply
}

// OfferReply asks whether what was said to the bot asks for a meeting, with a button that makes it as the whole line
// says. Where no button can hold the line, it says what to type.
func OfferReply(lang Language, typed Command) Reply {
	create, ok := createAction(typed)
	if !ok {
		return sentence(lang, message("offer.long", Arg{"Subject", typed.Subject}))
	}
	reply := sentence(lang, message("offer.question", Arg{"Subject", typed.Subject}, Arg{"Literal", typed}))
	reply.Actions = []Action{create}
	return reply
}

// UnreachableReply says that the request may not have been kept.
func UnreachableReply(lang Language, i Intent) Reply {
	var again any = i.Command
	switch i.kind() {
	case JobCommand:
	case JobRelink: // the button is there again with the link
		again = Command{Kind: Link}
	default:
		again = command{subject: i.Command.Subject}
	}
	return sentence(lang, message("trouble.store", Arg{"Again", again}))
}

// TroubleReply is a reply about the bot's own state: "starting", "workspace" or "command".
func TroubleReply(lang Language, what string) Reply { return sentence(lang, message("trouble."+what)) }

// WorkingReply promises an answer and nothing else: the line that the asker sees while the meeting takes time. It stays
// true whatever the answer is.
func WorkingReply(lang Language) Reply { return sentence(lang, message("ack.working")) }

// AcceptedReply is WorkingReply for an intent that may be about something else than a meeting's card.
func AcceptedReply(lang Language, i Intent) Reply {
	noCard := i.Command.Kind == Link || i.Command.Kind == Doctor
	if i.Kind == JobRelink || i.Kind == JobQuiet || i.kind() == JobCommand && noCard {
		return sentence(lang, message("ack.link"))
	}
	return WorkingReply(lang)
}

// DuplicateReply answers a request that was accepted before.
func DuplicateReply(lang Language) Reply { return sentence(lang, message("ack.duplicate")) }

// NoMeetingReply answers `show` where there is nothing to show.
func NoMeetingReply(lang Language) Reply { return sentence(lang, message("show.none")) }

// EndedReply says that the conversation's meeting is there no more, and how it gets another one.
func EndedReply(lang Language, m Meeting) Reply {
	if m.Orphaned {
		return sentence(lang, message("show.orphaned", Arg{"Organizer", m.Organizer.Name}))
	}
	return sentence(lang, message("show.expired"))
}

// ExplainChange is [Explain] for a command that was to change a meeting, and did not: its link is as good as before.
// unchanged is the ID of the sentence that says what stays.
func ExplainChange(
	lang Language, unchanged string, refusal *Error, organizer Organizer, clientID string, c Command, reference string,
) Reply {
	reply := Explain(lang, refusal, organizer, clientID, c, reference)
	if refusal.Code == BadRequest && refusal.Reason != "" {
		reply.Messages[0] = message("refusal.bad_change", Arg{"Reason", refusal.Reason})
	}
	if refusal.Code != MissingMeeting {
		reply.Messages = append([]Message{message(unchanged)}, reply.Messages...)
	}
	return reply
}

// NamelessReply says that a command wants a subject, with an example.
func NamelessReply(catalog *Catalog, lang Language) Reply {
	example := catalog.PlainText(lang, message("help.example_subject"))
	return sentence(lang, message("rename.nameless", Arg{"Example", command{word: "rename", subject: example}}))
}

// TooLongReply says that a subject is too long.
func TooLongReply(lang Language) Reply {
	return sentence(lang, message("rename.too_long", Arg{"Most", MaxSubject}))
}

// LinkNews is what a reply says of a conversation's lasting link. It is the end of the sentence's ID in the catalogue.
type LinkNews string

// What there is to say.
const (
	LinkShown    LinkNews = "shown"    // this is it
	LinkReplaced LinkNews = "replaced" // the earlier one leads nowhere now
	LinkStale    LinkNews = "stale"    // the pressed button stands beside one that leads nowhere any more
)

// LinkReply shows a conversation's lasting link, with a button that replaces it. Everybody who reads the conversation
// may have the link, so the reply may be shown to all where the asker cannot be told alone.
func LinkReply(lang Language, news LinkNews, link, token string) Reply {
	m := message("link." + string(news))
	m.Code = []string{link}
	reply := sentence(lang, m)
	reply.Actions = []Action{{ID: ActionRelink, Value: linkFingerprint(token)}}
	return reply
}

// NoLinksReply says that there are no lasting links.
func NoLinksReply(lang Language) Reply { return sentence(lang, message("link.off")) }

// LinkPage is what a page says that a browser gets at a public address: where there is no meeting to go to, or no
// calendar entry.
type LinkPage string

// The pages.
const (
	LinkPageNoMeeting   LinkPage = "no_meeting"  // the link is right, and there is no meeting that works
	LinkPageUnknown     LinkPage = "unknown"     // the link leads nowhere, or not any more
	LinkPageUnavailable LinkPage = "unavailable" // nobody can tell now
	LinkPageNoEntry     LinkPage = "no_entry"    // no calendar entry has the address, or none any more
)

// Title is the title of every page.
func (LinkPage) Title() Message { return message("page.title") }

// Message is what stands on the page.
func (p LinkPage) Message() Message { return message("page."+string(p), Arg{"Mention", mention{}}) }

// NotYoursReply tells who may undo, as far as that is known.
func NotYoursReply(lang Language, owner *Identity) Reply {
	if owner == nil || owner.Name == "" {
		return sentence(lang, message("undo.not_yours_unknown"))
	}
	return sentence(lang, message("undo.not_yours", Arg{"Owner", owner.Name}))
}

// GaveUpReply tells a job's author that it was tried for so long in vain, with the reference of [Job.Reference].
// where is the zero value for a conversation without a name.
func GaveUpReply(lang Language, where Conversation, c Command, after time.Duration, reference string) Reply {
	id := "trouble.gave_up"
	if where == (Conversation{}) {
		id = "trouble.gave_up_chat"
	}
	reply := sentence(lang, message(id,
		Arg{"Minutes", int(after.Minutes())}, Arg{"Place", where}, Arg{"Again", c}))
	reply.Messages = append(reply.Messages, referenceMessages(reference)...)
	reply.Audience = AudienceDirect
	return reply
}

// BrokenReply tells a job's author that work on it has broken off so often that it is not tried again, with the
// reference of [Job.Reference].
func BrokenReply(lang Language, where Conversation, reference string) Reply {
	reply := sentence(lang, message("trouble.broken", Arg{"Place", where}))
	reply.Messages = append(reply.Messages, referenceMessages(reference)...)
	reply.Audience = AudienceDirect
	return reply
}

func sentence(lang Language, m Message) Reply {
	return Reply{Audience: AudienceAsker, Language: lang, Messages: []Message{m}}
}
