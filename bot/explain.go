package bot

import "time"

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
	case BadRequest:
		if refusal.Reason == "" {
			id += "_bare"
		}
		reply.Messages = []Message{message(id, Arg{"Reason", refusal.Reason}, Arg{"Again", c})}
	case UnreadableRecord:
		reply.PublicFallback = nil // there is nothing private about it
		reply.Messages = []Message{message(id)}
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
	ServiceAccount: true, ChatCredentials: true,
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

// HelpReply lists the command table, and says what there is besides where the answer goes.
func HelpReply(catalog *Catalog, lang Language, where Route) Reply {
	reply := Reply{Audience: AudienceAsker, Language: lang, Messages: []Message{message("help.intro")}}
	for _, spec := range Commands {
		id := "help." + string(spec.Kind)
		reply.Messages = append(reply.Messages, message(id, Arg{"Command", command{word: spec.Word}}))
		if spec.Word == "" && spec.Takes(Subject) {
			example := catalog.PlainText(lang, message("help.example_subject"))
			reply.Messages = append(reply.Messages,
				message("help.meet_subject", Arg{"Command", command{subject: example}}))
		}
	}
	literal := catalog.PlainText(lang, message("help.example_literal"))
	reply.Messages = append(reply.Messages, message("help.quotes", Arg{"Command", command{subject: literal}}))
	if !where.Chat {
		reply.Messages = append(reply.Messages, message("help.thread", Arg{"Command", mention{}}))
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

// OfferReply asks whether what was said to the bot is the subject of a meeting, with a button that makes it.
func OfferReply(lang Language, typed Command) Reply {
	reply := sentence(lang, message("offer.question", Arg{"Subject", typed.Subject}, Arg{"Literal", typed}))
	reply.Actions = []Action{{ID: ActionCreate, Value: typed.Subject}}
	return reply
}

// UnreachableReply says that the request may not have been kept.
func UnreachableReply(lang Language, i Intent) Reply {
	var again any = i.Command
	if i.kind() != JobCommand {
		again = command{subject: i.Command.Subject}
	}
	return sentence(lang, message("trouble.store", Arg{"Again", again}))
}

// TroubleReply is a reply about the bot's own state: "starting", "workspace" or "command".
func TroubleReply(lang Language, what string) Reply { return sentence(lang, message("trouble."+what)) }

// WorkingReply promises an answer and nothing else: the line that the asker sees while the meeting takes time. It stays
// true whatever the answer is.
func WorkingReply(lang Language) Reply { return sentence(lang, message("ack.working")) }

// DuplicateReply answers a request that was accepted before.
func DuplicateReply(lang Language) Reply { return sentence(lang, message("ack.duplicate")) }

// NoMeetingReply answers `show` where there is nothing to show.
func NoMeetingReply(lang Language) Reply { return sentence(lang, message("show.none")) }

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
