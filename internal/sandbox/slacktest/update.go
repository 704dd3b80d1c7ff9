package slacktest

import "slices"

// chatUpdate gives a message of the app's new content: the documentation of chat.update. What the app gave as an
// answer in place, to a command or to a response_url, it cannot change by this method: apps report cant_update_message
// for it (slackapi/bolt-js, issue 2063).
func (s *Server) chatUpdate(args callArgs) reply {
	channel, word := s.mayWrite(args["channel"], "is_inactive")
	if word != "" {
		return refuse(word, nil)
	}
	i := slices.IndexFunc(s.Messages(channel.ID), func(m Message) bool { return m.TS == args["ts"] && m.To == "" })
	if i < 0 {
		return refuse("message_not_found", nil)
	}
	m := s.Messages(channel.ID)[i]
	switch {
	case m.Author != botUser, m.Via != "chat.postMessage":
		return refuse("cant_update_message", nil)
	case s.o.EditWindow > 0 && s.o.Now().Sub(m.At) > s.o.EditWindow:
		return refuse("edit_window_closed", nil)
	}
	content := args.content()
	if word, details := content.check(); word != "" {
		return refuseContent(word, details)
	}
	if args["blocks"] == "" { // "the message's previous blocks will be retained"
		content.blocks = m.Blocks
	}
	if !s.change(channel.ID, m.TS, &content) { // deleted by now
		return refuse("message_not_found", nil)
	}
	m.Text, m.Blocks = content.text, content.blocks
	return agree(map[string]any{"channel": m.Channel, "ts": m.TS, "text": m.Text, "message": messageObject(m)})
}

// DeleteMessage takes a message away, as a member or an administrator may do. It tells whether it was there.
func (s *Server) DeleteMessage(channel, ts string) bool { return s.change(channel, ts, nil) }
