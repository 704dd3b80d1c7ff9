package slacktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// The limits of blocks in a message, by the Block Kit reference: "Blocks" and the page of each block and element.
const (
	maxBlocks          = 50
	maxHeader          = 150
	maxSection         = 3000
	maxFields          = 10
	maxField           = 2000
	maxActions         = 25
	maxContextElements = 10
	maxButton          = 75
	maxURL             = 3000
	maxID              = 255
	maxValue           = 2000
	maxAlt             = 2000
	maxAccessibility   = 75
)

// looseBlocks are the types that a message may hold and that are not looked into here: their type and block_id
// alone are checked. Alerts are for modals only.
var looseBlocks = []string{
	"call", "card", "carousel", "container", "context_actions", "data_table", "data_visualization", "file", "input",
	"layout", "markdown", "plan", "table", "task_card", "video",
}

// looseElements are the interactive elements that are not looked into.
var looseElements = []string{
	"channels_select", "checkboxes", "conversations_select", "datepicker", "datetimepicker", "external_select",
	"multi_channels_select", "multi_conversations_select", "multi_external_select", "multi_static_select",
	"multi_users_select", "overflow", "radio_buttons", "rich_text_input", "static_select", "timepicker", "users_select",
	"workflow_button",
}

// richElements are the elements of text within a rich_text block.
var richElements = []string{
	"attachment_mention", "broadcast", "canvas", "canvas_message_unfurl", "canvas_user_mention", "channel", "citation",
	"color", "date", "emoji", "file", "link", "list_record", "message_mention", "salesforce_data_field", "tag", "team",
	"text", "user", "usergroup", "work_object_mention", "workflow_mention",
}

// blockProblems lists what Slack has against the blocks of a message, each with a pointer into them. The error
// means that they are no array of objects at all. The words are Slack's own where they are known from its answers:
// "must be less than N characters", "no more than N items allowed", "unsupported type", "must define either `text` or
// `fields`", "invalid additional property". Lengths are counted in code points; whether Slack counts UTF-16 units is
// not known.
func blockProblems(raw json.RawMessage) ([]string, error) {
	var blocks []map[string]any
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return nil, errors.New("blocks are not an array of objects")
	}
	c := check{blockIDs: map[string]bool{}}
	if len(blocks) > maxBlocks {
		c.fail("/blocks", "no more than %d items allowed", maxBlocks)
	}
	for i, block := range blocks {
		c.block(block, fmt.Sprintf("/blocks/%d", i))
	}
	return c.problems, nil
}

// check collects the problems of one message.
type check struct {
	problems  []string
	blockIDs  map[string]bool
	actionIDs map[string]bool // of the present block
}

func (c *check) fail(at, format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...)+" [json-pointer:"+at+"]")
}

func (c *check) block(b map[string]any, at string) {
	c.actionIDs = map[string]bool{}
	if id := c.text(b, "block_id", at, maxID, false); id != "" {
		if c.blockIDs[id] {
			c.fail(at+"/block_id", "`block_id` %q already exists for another block", id)
		}
		c.blockIDs[id] = true
	}
	kind, _ := b["type"].(string)
	switch kind {
	case "":
		c.fail(at, "missing required field: type")
	case "header":
		c.only(b, at, "type", "block_id", "text", "level")
		c.textObject(b, "text", at, maxHeader, true, "plain_text")
	case "section":
		c.section(b, at)
	case "divider":
		c.only(b, at, "type", "block_id")
	case "image":
		c.only(b, at, "type", "block_id", "image_url", "slack_file", "alt_text", "title")
		c.image(b, at)
		c.textObject(b, "title", at, maxAlt, false, "plain_text")
	case "actions":
		c.only(b, at, "type", "block_id", "elements")
		for i, e := range c.list(b, "elements", at, maxActions) {
			c.interactive(e, fmt.Sprintf("%s/elements/%d", at, i))
		}
	case "context":
		c.only(b, at, "type", "block_id", "elements")
		for i, e := range c.list(b, "elements", at, maxContextElements) {
			c.contextElement(e, fmt.Sprintf("%s/elements/%d", at, i))
		}
	case "rich_text":
		c.only(b, at, "type", "block_id", "elements")
		for i, e := range c.list(b, "elements", at, 0) {
			c.richText(e, fmt.Sprintf("%s/elements/%d", at, i))
		}
	default:
		if !slices.Contains(looseBlocks, kind) {
			c.fail(at+"/type", "unsupported type: %s", kind)
		}
	}
}

func (c *check) section(b map[string]any, at string) {
	c.only(b, at, "type", "block_id", "text", "fields", "accessory", "expand")
	if b["text"] == nil && b["fields"] == nil {
		c.fail(at+"/type", "must define either `text` or `fields`")
	}
	c.textObject(b, "text", at, maxSection, false, "plain_text", "mrkdwn")
	if b["fields"] != nil {
		for i, f := range c.list(b, "fields", at, maxFields) {
			c.textValue(f, fmt.Sprintf("%s/fields/%d", at, i), maxField, "plain_text", "mrkdwn")
		}
	}
	if accessory, ok := b["accessory"]; ok {
		if e, ok := accessory.(map[string]any); ok && e["type"] == "image" {
			c.only(e, at+"/accessory", "type", "image_url", "slack_file", "alt_text")
			c.image(e, at+"/accessory")
		} else {
			c.interactive(accessory, at+"/accessory")
		}
	}
}

func (c *check) interactive(v any, at string) {
	e, ok := v.(map[string]any)
	if !ok {
		c.fail(at, "must be an object")
		return
	}
	if id := c.text(e, "action_id", at, maxID, false); id != "" {
		if c.actionIDs[id] {
			c.fail(at+"/action_id", "`action_id` %q already exists for another element", id)
		}
		c.actionIDs[id] = true
	}
	switch kind, _ := e["type"].(string); {
	case kind == "":
		c.fail(at, "missing required field: type")
	case kind == "button":
		c.button(e, at)
	case !slices.Contains(looseElements, kind):
		c.fail(at+"/type", "unsupported type: %s", kind)
	}
}

func (c *check) button(e map[string]any, at string) {
	c.only(e, at, "type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label",
		"agent_prompt", "agent_prompt_display", "visible_to_user_ids")
	c.textObject(e, "text", at, maxButton, true, "plain_text")
	c.text(e, "value", at, maxValue, false)
	c.text(e, "accessibility_label", at, maxAccessibility, false)
	c.link(e, "url", at, false)
	if style, ok := e["style"]; ok && style != "primary" && style != "danger" {
		c.fail(at+"/style", "must be one of: primary, danger")
	}
}

func (c *check) contextElement(v any, at string) {
	e, ok := v.(map[string]any)
	switch {
	case !ok:
		c.fail(at, "must be an object")
	case e["type"] == "image":
		c.only(e, at, "type", "image_url", "slack_file", "alt_text")
		c.image(e, at)
	default:
		c.textValue(v, at, maxSection, "plain_text", "mrkdwn")
	}
}

func (c *check) image(e map[string]any, at string) {
	c.text(e, "alt_text", at, maxAlt, true)
	if e["slack_file"] == nil {
		c.link(e, "image_url", at, true)
	}
}

// richText checks a part of a rich_text block, a list's items included.
func (c *check) richText(v any, at string) {
	e, _ := v.(map[string]any)
	kind, _ := e["type"].(string)
	switch kind {
	case "rich_text_list":
		if e["style"] != "bullet" && e["style"] != "ordered" {
			c.fail(at+"/style", "must be one of: bullet, ordered")
		}
		for i, item := range c.list(e, "elements", at, 0) {
			inner := fmt.Sprintf("%s/elements/%d", at, i)
			if m, _ := item.(map[string]any); m["type"] != "rich_text_section" {
				c.fail(inner+"/type", "must be a rich_text_section")
				continue
			}
			c.richText(item, inner)
		}
	case "rich_text_section", "rich_text_quote", "rich_text_preformatted":
		elements, ok := e["elements"].([]any)
		if !ok {
			c.fail(at, "missing required field: elements")
		}
		for i, element := range elements {
			c.richElement(element, fmt.Sprintf("%s/elements/%d", at, i))
		}
	case "":
		c.fail(at, "missing required field: type")
	default:
		c.fail(at+"/type", "unsupported type: %s", kind)
	}
}

func (c *check) richElement(v any, at string) {
	e, _ := v.(map[string]any)
	kind, _ := e["type"].(string)
	required := map[string]string{
		"text": "text", "user": "user_id", "channel": "channel_id", "usergroup": "usergroup_id", "emoji": "name",
		"broadcast": "range",
	}
	switch {
	case kind == "":
		c.fail(at, "missing required field: type")
	case !slices.Contains(richElements, kind):
		c.fail(at+"/type", "unsupported type: %s", kind)
	case kind == "link":
		c.text(e, "url", at, 0, true)
	case required[kind] != "":
		c.text(e, required[kind], at, 0, true)
	}
}

// only refuses properties that the object does not have.
func (c *check) only(o map[string]any, at string, names ...string) {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(names, name) {
			c.fail(at, "invalid additional property: %s", name)
		}
	}
}

// list returns the items of a required array. A limit of 0 is none.
func (c *check) list(o map[string]any, key, at string, limit int) []any {
	items, ok := o[key].([]any)
	switch {
	case !ok:
		c.fail(at, "missing required field: %s", key)
	case len(items) == 0:
		c.fail(at+"/"+key, "no less than 1 items allowed")
	case limit > 0 && len(items) > limit:
		c.fail(at+"/"+key, "no more than %d items allowed", limit)
	}
	return items
}

// text checks a string and returns it. A limit of 0 is none.
func (c *check) text(o map[string]any, key, at string, limit int, required bool) string {
	v, there := o[key]
	if !there {
		if required {
			c.fail(at, "missing required field: %s", key)
		}
		return ""
	}
	s, ok := v.(string)
	switch {
	case !ok:
		c.fail(at+"/"+key, "must be a string")
	case s == "" && required:
		c.fail(at+"/"+key, "must be more than 0 characters")
	case limit > 0 && utf8.RuneCountInString(s) > limit:
		c.fail(at+"/"+key, "must be less than %d characters", limit+1)
	}
	return s
}

// link checks a web address.
func (c *check) link(o map[string]any, key, at string, required bool) {
	address := c.text(o, key, at, maxURL, required)
	if address == "" {
		return
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		c.fail(at+"/"+key, "must be a valid URL")
	}
}

// textObject checks the text object under a key.
func (c *check) textObject(o map[string]any, key, at string, limit int, required bool, kinds ...string) {
	v, there := o[key]
	switch {
	case there:
		c.textValue(v, at+"/"+key, limit, kinds...)
	case required:
		c.fail(at, "missing required field: %s", key)
	}
}

// textValue checks a text object: the reference of composition objects, "Text object".
func (c *check) textValue(v any, at string, limit int, kinds ...string) {
	o, ok := v.(map[string]any)
	if !ok {
		c.fail(at, "must be an object")
		return
	}
	kind, _ := o["type"].(string)
	switch {
	case !slices.Contains(kinds, kind):
		c.fail(at+"/type", "must be one of: %s", strings.Join(kinds, ", "))
		return
	case kind == "plain_text":
		c.only(o, at, "type", "text", "emoji")
	default:
		c.only(o, at, "type", "text", "verbatim")
	}
	c.text(o, "text", at, limit, true)
}
