package teamstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"unicode/utf16"
)

// The limits of a message. The first is of the document "Format your bot messages"; the second is what cards are known
// to be refused beyond.
const (
	maxMessage = 100 << 10 // bytes of the whole activity, as UTF-16
	maxCard    = 28 << 10  // bytes of a card's JSON, as UTF-8
)

// cardType is the content type of an Adaptive Card.
const cardType = "application/vnd.microsoft.card.adaptive"

// activity is a message as the bot sends it: the schema "Bot Framework Activity". A property that is not listed is
// refused, though Teams would ignore it: it is misspelt, or not meant for Teams.
type activity struct {
	Type             string          `json:"type"`
	ID               string          `json:"id"`
	Text             string          `json:"text"`
	TextFormat       string          `json:"textFormat"`
	Summary          string          `json:"summary"`
	Attachments      []attachment    `json:"attachments"`
	AttachmentLayout string          `json:"attachmentLayout"`
	Entities         []entity        `json:"entities"`
	From             *account        `json:"from"`
	Recipient        *account        `json:"recipient"`
	Conversation     json.RawMessage `json:"conversation"`
	ReplyToID        string          `json:"replyToId"`
	ChannelID        string          `json:"channelId"`
	ChannelData      json.RawMessage `json:"channelData"`
	ServiceURL       string          `json:"serviceUrl"`
	Locale           string          `json:"locale"`
	InputHint        string          `json:"inputHint"`
	Importance       string          `json:"importance"`
	DeliveryMode     string          `json:"deliveryMode"`
	Timestamp        string          `json:"timestamp"`
}

type attachment struct {
	ContentType string          `json:"contentType"`
	Content     json.RawMessage `json:"content"`
	Name        string          `json:"name"`
}

type account struct {
	ID          string `json:"id"`
	Name        string `json:"name,omitempty"`
	AADObjectID string `json:"aadObjectId,omitempty"`
	Role        string `json:"role,omitempty"`
	TenantID    string `json:"tenantId,omitempty"`
	IsTargeted  bool   `json:"isTargeted,omitempty"`
}

// entity is something that a text or a card refers to. Of the kinds there are, mentions are looked into.
type entity struct {
	Type      string   `json:"type"`
	Text      string   `json:"text"`
	Mentioned *account `json:"mentioned"`
}

// card is the activity's card; nil for none.
func (a *activity) card() json.RawMessage {
	if len(a.Attachments) == 0 {
		return nil
	}
	return a.Attachments[0].Content
}

func badSyntax(err error) reply {
	return refuse(http.StatusBadRequest, "BadSyntax", "The request body is not an activity: "+err.Error())
}

// readActivity reads and checks the activity of a request. The answer's status is 0 if it can be posted there.
func (t *Server) readActivity(r *http.Request, p location) (*activity, reply) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, badSyntax(err)
	}
	tooBig := refuse(http.StatusRequestEntityTooLarge, "MessageSizeTooBig", "Message size too large.")
	if 2*len(utf16.Encode([]rune(string(raw)))) > maxMessage {
		return nil, tooBig
	}
	var a activity
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return nil, badSyntax(err)
	}
	switch a.Type {
	case "message":
	case "typing":
		return &a, reply{}
	case "":
		return nil, refuse(http.StatusBadRequest, "BadSyntax", "Activity type is missing.")
	default:
		return nil, badArgument(fmt.Sprintf("Unknown activity type %q.", a.Type))
	}
	if len(a.card()) > maxCard {
		return nil, tooBig
	}
	if problem := t.contentProblem(&a, p); problem != "" {
		return nil, badArgument(problem)
	}
	return &a, reply{}
}

// contentProblem says what is wrong with what a message says; empty for nothing.
func (t *Server) contentProblem(a *activity, p location) string {
	switch {
	case a.Text == "" && len(a.Attachments) == 0:
		return "A message needs text or an attachment."
	case a.TextFormat != "" && !slices.Contains([]string{"plain", "markdown", "xml"}, a.TextFormat):
		return fmt.Sprintf("Unknown text format %q.", a.TextFormat)
	case len(a.Attachments) > 1:
		return "One attachment is all that is known here."
	}
	if problem := t.mentionProblem([]string{a.Text}, a.Entities, p); problem != "" {
		return problem
	}
	for _, attachment := range a.Attachments {
		if attachment.ContentType != cardType {
			return fmt.Sprintf("Unknown attachment type %q.", attachment.ContentType)
		}
		c := checkCard(attachment.Content)
		if len(c.problems) > 0 {
			return "The card is invalid: " + c.problems[0]
		}
		if problem := t.mentionProblem(c.texts, c.entities, p); problem != "" {
			return "The card is invalid: " + problem
		}
	}
	return ""
}

// markedMention is a mention as a text has it.
var markedMention = regexp.MustCompile(`<at>([^<]*)</at>`)

// mentionProblem says what is wrong with mentions: the document "Channel and group chat conversations with a bot", "Add
// mentions to your messages". Each has an entity with the same text, and each entity stands in a text and names a
// member.
func (t *Server) mentionProblem(texts []string, entities []entity, p location) string {
	known := map[string]bool{}
	for _, e := range entities {
		if e.Type != "mention" {
			continue
		}
		if e.Mentioned == nil || e.Mentioned.ID == "" {
			return fmt.Sprintf("The mention %q does not say who is mentioned.", e.Text)
		}
		if u, ok := t.user(e.Mentioned.ID); e.Mentioned.ID != t.BotID() && (!ok || !p.has(u.ID)) {
			return fmt.Sprintf("The mention %q names nobody in the conversation.", e.Text)
		}
		known[e.Text] = false
	}
	for _, text := range texts {
		for _, marked := range markedMention.FindAllString(text, -1) {
			if _, ok := known[marked]; !ok {
				return fmt.Sprintf("The mention %q has no entity.", marked)
			}
			known[marked] = true
		}
	}
	for text, stands := range known {
		if !stands {
			return fmt.Sprintf("The mention %q does not stand in the text.", text)
		}
	}
	return ""
}
