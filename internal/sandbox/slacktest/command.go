package slacktest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"meetbot/internal/sandbox/faultserver"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Command is a slash command that a user runs.
type Command struct {
	User    string // user ID
	Channel string // channel ID; "D" and the user's ID for the direct message with the app
	Command string // with its slash; default "/meet"
	Text    string // as Slack sends it: see SlackEscape

	// To forge a request, instead of the truth.
	Team       string
	Enterprise string
}

// Escape writes what a user typed as Slack sends it for a command whose manifest sets should_escape: the three
// characters that mean something to Slack as entities.
func Escape(typed string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(typed)
}

// Answer is what came of a command or of a button.
type Answer struct {
	Status   int // HTTP status; 0: no answer
	Body     []byte
	Took     time.Duration
	TimedOut bool     // the three seconds passed
	Message  *Message // what Slack posted of the answer; nil for none
	// Problem is Slack's word for what the user is shown instead of an answer: "operation_timeout", "dispatch_failed",
	// or what is wrong with the message, with details after a colon: "invalid_blocks: ...". Empty for none.
	Problem string
}

// Command runs a slash command: it delivers it by Socket Mode if that is on, otherwise posts the signed form to botURL
// + "/slack/commands", waits for as long as Slack does, and posts what the answer says. An error means that the sandbox
// was used wrongly, or that ctx ended.
func (s *Server) Command(ctx context.Context, botURL string, c Command) (Answer, error) {
	d, err := s.command(c)
	if err != nil {
		return Answer{}, err
	}
	out, err := s.hand(ctx, botURL, d)
	if err != nil {
		return Answer{}, err
	}
	answer := out.answer()
	if answer.Problem != "" {
		return answer, nil
	}
	a, err := parseAnswer(out.header.Get("Content-Type"), out.body)
	if err != nil {
		answer.Problem = "invalid_command_response: " + err.Error()
		return answer, nil
	}
	if a == nil {
		return answer, nil
	}
	content := a.content()
	if word, details := content.check(); word != "" {
		answer.Problem = strings.Join(append([]string{word}, details...), ": ")
		return answer, nil
	}
	m := s.post(a.message(c.Channel, c.User, "answer", content))
	answer.Message = &m
	return answer, nil
}

// CommandRequest prepares the request that Command sends, signed and with a response_url of its own. Sent by hand, its
// answer is not posted. It can be sent more than once, as a replay.
func (s *Server) CommandRequest(ctx context.Context, botURL string, c Command) (*http.Request, error) {
	d, err := s.command(c)
	if err != nil {
		return nil, err
	}
	return s.asRequest(ctx, botURL, d)
}

// command is a slash command as it is delivered.
func (s *Server) command(c Command) (delivery, error) {
	user, ok := s.user(c.User)
	if !ok {
		return delivery{}, fmt.Errorf("run a command: no user %q", c.User)
	}
	channel, ok := s.channel(c.Channel)
	if !ok {
		return delivery{}, fmt.Errorf("run a command: no channel %q", c.Channel)
	}
	name := channel.Name
	if channel.Private {
		name = "privategroup"
	}
	form := url.Values{
		"token":                 {s.verification},
		"team_id":               {cmp.Or(c.Team, s.o.Team)},
		"team_domain":           {"contoso"},
		"channel_id":            {channel.ID},
		"channel_name":          {name},
		"user_id":               {user.ID},
		"user_name":             {user.Name},
		"command":               {cmp.Or(c.Command, "/meet")},
		"text":                  {c.Text},
		"api_app_id":            {appID},
		"is_enterprise_install": {strconv.FormatBool(s.installed().wide)},
		"response_url":          {s.ticket("commands", ticket{channel: channel.ID, user: user.ID})},
		"trigger_id":            {s.trigger()},
	}
	if enterprise := cmp.Or(c.Enterprise, s.installed().enterprise); enterprise != "" {
		form.Set("enterprise_id", enterprise)
		form.Set("enterprise_name", "Contoso")
	}
	fields := map[string]any{}
	for name := range form {
		fields[name] = form.Get(name)
	}
	return delivery{kind: slashCommands, payload: mustMarshal(fields), form: form}, nil
}

// trigger returns a trigger_id of the real shape. Nothing here accepts one.
func (s *Server) trigger() string {
	return strconv.FormatInt(s.o.Now().UnixMilli(), 10) + ".2345678901." + faultserver.RandomHex(16)
}

// answer tells what the user sees so far.
func (o outcome) answer() Answer {
	return Answer{Status: o.status, Body: o.body, Took: o.took, TimedOut: o.timedOut, Problem: o.problem()}
}

// answerBody is a message as the app gives it in an answer or to a response_url: the documentation of handling
// user interaction, "Message responses".
type answerBody struct {
	ResponseType    string          `json:"response_type"`
	Text            string          `json:"text"`
	Blocks          json.RawMessage `json:"blocks"`
	ThreadTS        string          `json:"thread_ts"`
	ReplaceOriginal bool            `json:"replace_original"`
	DeleteOriginal  bool            `json:"delete_original"`
}

// parseAnswer reads the answer to a command: JSON, or else plain text for the user alone. It is nil if there is
// nothing to post.
func parseAnswer(contentType string, body []byte) (*answerBody, error) {
	if len(strings.TrimSpace(string(body))) == 0 {
		return nil, nil
	}
	media, _, _ := mime.ParseMediaType(contentType)
	if media != "application/json" {
		return &answerBody{Text: string(body)}, nil
	}
	var a answerBody
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if a.Text == "" && a.Blocks == nil {
		return nil, nil
	}
	return &a, nil
}

func (a *answerBody) content() content { return content{text: a.Text, blocks: a.Blocks} }

// message is the answer as a message of the app's: for the user alone unless it says in_channel.
func (a *answerBody) message(channel, user, via string, c content) Message {
	m := Message{
		Channel: channel, ThreadTS: a.ThreadTS, Author: botUser, To: user, Text: c.text, Blocks: c.blocks, Via: via,
	}
	if a.ResponseType == "in_channel" {
		m.To = ""
	}
	return m
}
