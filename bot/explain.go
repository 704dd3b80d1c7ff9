package bot

import "time"

// Explain turns a refusal into what its asker reads: the one place where failures become sentences. The organizer is
// the one in whose name the meeting was to be made, clientID is the Entra app's, and c is the command that was refused.
func Explain(lang Language, refusal *Error, organizer Organizer, clientID string, c Command) Reply {
	aloud := say("refusal.aloud", "Again", c.typed())
	reply := Reply{Audience: AudienceAsker, Language: lang, PublicFallback: &aloud}
	id := "refusal." + string(refusal.Code)
	switch refusal.Code {
	case NoAccessPolicy:
		reply.Messages = []Message{say(id, "Organizer", organizer.Name), say(id+"_next", "Again", c.typed())}
		reply.Code = accessPolicy(clientID, organizer.ID)
	case BadRequest:
		if refusal.Reason == "" {
			id += "_bare"
		}
		reply.Messages = []Message{say(id, "Reason", refusal.Reason)}
	case TooMany:
		reply.Messages = []Message{say(id, "Minutes", int(refusal.Wait/time.Minute)+1, "Again", c.typed())}
	default:
		reply.Messages = []Message{say(id,
			"Organizer", organizer.Name, "Reason", refusal.Reason, "Client", clientID, "Again", c.typed())}
	}
	return reply
}

// accessPolicy is what a Teams administrator types to let the app make meetings for one user. Source: Microsoft
// Graph, "Configure application access to online meetings".
func accessPolicy(client, user string) []string {
	return []string{
		`New-CsApplicationAccessPolicy -Identity Meetbot -AppIds "` + client + `" -Description "Meetings made by meetbot"`,
		`Grant-CsApplicationAccessPolicy -PolicyName Meetbot -Identity "` + user + `"`,
	}
}

// HelpReply lists the command table.
func HelpReply(w *Words, lang Language) Reply {
	reply := Reply{Audience: AudienceAsker, Language: lang, Messages: []Message{say("help.intro")}}
	for _, spec := range Commands {
		id := "help." + string(spec.Kind)
		reply.Messages = append(reply.Messages, say(id, "Command", command{word: spec.Word}))
		if spec.Kind == Meet {
			example := w.Plain(lang, say("help.example_subject"))
			reply.Messages = append(reply.Messages, say("help.meet_subject", "Command", command{subject: example}))
		}
	}
	literal := w.Plain(lang, say("help.example_literal"))
	reply.Messages = append(reply.Messages,
		say("help.quotes", "Command", command{subject: literal}),
		say("help.thread", "Command", mention{}))
	return reply
}

// GreetingReply says how to start, once the bot has come into a conversation.
func GreetingReply(lang Language) Reply {
	reply := sentence(lang, say("welcome.start"))
	reply.Audience = AudienceEveryone
	return reply
}

// DidYouMeanReply asks what a near miss was meant to be.
func DidYouMeanReply(lang Language, c Command) Reply {
	return Reply{Audience: AudienceAsker, Language: lang, Messages: []Message{say("unclear.question",
		"Guess", command{word: string(c.Meant)},
		"Subject", c.Subject,
		"Literal", command{subject: `"` + c.Subject + `"`})}}
}

// UnreachableReply says that the command may not have been kept.
func UnreachableReply(lang Language, c Command) Reply {
	return sentence(lang, say("trouble.store", "Again", c.typed()))
}

// TroubleReply is a reply about the bot's own state: "starting", "workspace" or "command".
func TroubleReply(lang Language, what string) Reply { return sentence(lang, say("trouble."+what)) }

// WorkingReply only promises an answer: the one line that its author sees while the meeting takes time. It stays true whatever
// comes of it.
func WorkingReply(lang Language) Reply { return sentence(lang, say("ack.working")) }

// DuplicateReply answers a request that was accepted before.
func DuplicateReply(lang Language) Reply { return sentence(lang, say("ack.duplicate")) }

// NoMeetingReply answers `show` where there is nothing to show.
func NoMeetingReply(lang Language) Reply { return sentence(lang, say("show.none")) }

// GaveUpReply tells a job's author that it was tried for so long in vain.
func GaveUpReply(lang Language, where Conversation, c Command, after time.Duration) Reply {
	reply := sentence(lang, say("trouble.gave_up", "Minutes", int(after.Minutes()), "Place", where, "Again", c.typed()))
	reply.Audience = AudienceDirect
	return reply
}

func sentence(lang Language, m Message) Reply {
	return Reply{Audience: AudienceAsker, Language: lang, Messages: []Message{m}}
}
