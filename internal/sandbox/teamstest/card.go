package teamstest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The limits of an Adaptive Card in Teams: the documents "Cards reference" and "Universal Actions for Adaptive Cards".
const (
	cardMinor   = 4 // of version 1.x: of a newer card Teams draws nothing on phones (msteams-docs, issue 13646)
	maxActions  = 6
	maxRefresh  = 60
	maxCardDeep = 16 // far beyond what can be read
)

// looseElements are the elements that are not looked into: the Adaptive Cards schema 1.4.
var looseElements = []string{
	"Input.ChoiceSet", "Input.Date", "Input.Number", "Input.Text", "Input.Time", "Input.Toggle", "Media",
}

// dateFunction is a function of the Adaptive Cards schema that shows a moment. In Teams each client does with it as it
// likes: the document "Format cards in Microsoft Teams" says that dates and localization are not supported.
var dateFunction = regexp.MustCompile(`\{\{(DATE|TIME)\(`)

// cardCheck collects what is wrong with one card, and what is written in it.
type cardCheck struct {
	problems []string
	texts    []string
	entities []entity
	ids      map[string]bool
	minor    int
	deep     int
}

// rule checks one property.
type rule func(v any, at string)

// checkCard checks a card against the Adaptive Cards schema, more strictly than Teams, which skips what it does not
// know. Problems name the place as a path.
func checkCard(raw json.RawMessage) *cardCheck {
	c := &cardCheck{ids: map[string]bool{}}
	var card map[string]any
	if err := json.Unmarshal(raw, &card); err != nil {
		c.fail("card", "is no JSON object")
		return c
	}
	c.card(card, "card")
	return c
}

func (c *cardCheck) fail(at, format string, args ...any) {
	c.problems = append(c.problems, at+" "+fmt.Sprintf(format, args...))
}

func (c *cardCheck) card(card map[string]any, at string) {
	if card["type"] != "AdaptiveCard" {
		c.fail(at, "is no AdaptiveCard")
		return
	}
	version, _ := card["version"].(string)
	minor, found := strings.CutPrefix(version, "1.")
	n, err := strconv.Atoi(minor)
	if !found || err != nil || n < 0 || n > cardMinor {
		c.fail(at, "has version %q, which is not between 1.0 and 1.%d", version, cardMinor)
	}
	c.minor = n
	c.object(card, at, nil, map[string]rule{
		"type": c.anything, "$schema": c.text, "version": c.text, "fallbackText": c.text, "speak": c.text,
		"lang": c.text, "minHeight": c.text, "rtl": c.boolean,
		"verticalContentAlignment": c.oneOf("top", "center", "bottom"), "body": c.list(c.element), "actions": c.actions,
		"selectAction": c.selectAction, "backgroundImage": c.anything, "metadata": c.anything, "refresh": c.refresh,
		"msteams": c.msteams,
	})
}

// object checks that there are the required properties and no others than those with rules, and that each keeps its
// rule.
func (c *cardCheck) object(o map[string]any, at string, required []string, rules map[string]rule) {
	for _, name := range required {
		if o[name] == nil {
			c.fail(at, "has no %s", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		rule, ok := rules[name]
		switch {
		case !ok:
			c.fail(at, "has the unknown property %s", name)
		case o[name] != nil:
			rule(o[name], at+"."+name)
		}
	}
}

// element checks one element of a body.
func (c *cardCheck) element(v any, at string) {
	e, ok := v.(map[string]any)
	if !ok {
		c.fail(at, "is no object")
		return
	}
	c.deep++
	defer func() { c.deep-- }()
	if c.deep > maxCardDeep {
		c.fail(at, "is nested too deeply")
		return
	}
	c.id(e, at)
	var required []string
	var rules map[string]rule
	switch kind, _ := e["type"].(string); {
	case kind == "TextBlock":
		required, rules = []string{"text"}, maps.Clone(c.letters())
		rules["text"], rules["wrap"], rules["maxLines"] = c.read, c.boolean, c.number
		rules["horizontalAlignment"], rules["style"] = c.oneOf("left", "center", "right"),
			c.oneOf("default", "heading", "columnHeader")
	case kind == "RichTextBlock":
		required = []string{"inlines"}
		rules = map[string]rule{"inlines": c.list(c.inline), "horizontalAlignment": c.oneOf("left", "center", "right")}
	case kind == "Image":
		required, rules = []string{"url"}, c.image()
	case kind == "ImageSet":
		required = []string{"images"}
		rules = map[string]rule{"images": c.list(c.element),
			"imageSize": c.oneOf("auto", "stretch", "small", "medium", "large")}
	case kind == "FactSet":
		required, rules = []string{"facts"}, map[string]rule{"facts": c.list(c.fact)}
	case kind == "ActionSet":
		required, rules = []string{"actions"}, map[string]rule{"actions": c.actions}
		c.since(2, kind, at)
	case kind == "Container":
		required, rules = []string{"items"}, c.container()
	case kind == "ColumnSet":
		rules = c.container()
		delete(rules, "items")
		rules["columns"] = c.list(c.column)
		rules["horizontalAlignment"] = c.oneOf("left", "center", "right")
	case slices.Contains(looseElements, kind):
		return
	default:
		c.fail(at, "has the unknown type %q", kind)
		return
	}
	maps.Copy(rules, map[string]rule{
		"type": c.anything, "id": c.text, "isVisible": c.boolean, "separator": c.boolean,
		"height":   c.oneOf("auto", "stretch"),
		"spacing":  c.oneOf("default", "none", "small", "medium", "large", "extraLarge", "padding"),
		"fallback": c.anything, "requires": c.anything, "targetWidth": c.text,
	})
	c.object(e, at, required, rules)
}

// letters are the properties of text.
func (c *cardCheck) letters() map[string]rule {
	return map[string]rule{
		"color": c.oneOf("default", "dark", "light", "accent", "good", "warning", "attention"), "isSubtle": c.boolean,
		"fontType": c.oneOf("default", "monospace"),
		"size":     c.oneOf("default", "small", "medium", "large", "extraLarge"),
		"weight":   c.oneOf("default", "lighter", "bolder"),
	}
}

func (c *cardCheck) inline(v any, at string) {
	if _, ok := v.(string); ok {
		c.read(v, at)
		return
	}
	run, ok := v.(map[string]any)
	if !ok || run["type"] != "TextRun" {
		c.fail(at, "is neither text nor a TextRun")
		return
	}
	rules := c.letters()
	maps.Copy(rules, map[string]rule{
		"type": c.anything, "text": c.read, "highlight": c.boolean, "italic": c.boolean, "strikethrough": c.boolean,
		"underline": c.boolean, "selectAction": c.selectAction,
	})
	c.object(run, at, []string{"text"}, rules)
}

func (c *cardCheck) image() map[string]rule {
	return map[string]rule{
		"url": c.picture, "altText": c.text, "backgroundColor": c.text, "width": c.text, "selectAction": c.selectAction,
		"size": c.oneOf("auto", "stretch", "small", "medium", "large"), "style": c.oneOf("default", "person"),
		"horizontalAlignment": c.oneOf("left", "center", "right"), "height": c.text, "msTeams": c.anything,
	}
}

func (c *cardCheck) fact(v any, at string) {
	f, ok := v.(map[string]any)
	if !ok {
		c.fail(at, "is no object")
		return
	}
	c.object(f, at, []string{"title", "value"}, map[string]rule{"title": c.read, "value": c.read})
}

func (c *cardCheck) container() map[string]rule {
	return map[string]rule{
		"items": c.list(c.element), "selectAction": c.selectAction, "bleed": c.boolean, "minHeight": c.text,
		"rtl": c.boolean, "style": c.oneOf("default", "emphasis", "good", "attention", "warning", "accent"),
		"verticalContentAlignment": c.oneOf("top", "center", "bottom"), "backgroundImage": c.anything,
	}
}

func (c *cardCheck) column(v any, at string) {
	column, ok := v.(map[string]any)
	if !ok || column["type"] != nil && column["type"] != "Column" {
		c.fail(at, "is no Column")
		return
	}
	c.id(column, at)
	rules := c.container()
	maps.Copy(rules, map[string]rule{
		"type": c.anything, "id": c.text, "width": c.anything, "isVisible": c.boolean, "separator": c.boolean,
		"spacing": c.anything, "fallback": c.anything, "requires": c.anything, "targetWidth": c.text,
	})
	c.object(column, at, nil, rules)
}

// actions checks the buttons of a card or a set.
func (c *cardCheck) actions(v any, at string) {
	if all, ok := v.([]any); ok && len(all) > maxActions {
		c.fail(at, "has more than %d actions", maxActions)
	}
	c.list(func(v any, at string) { c.action(v, at, true) })(v, at)
}

// selectAction checks the action behind a whole element, which needs no title and cannot show a card.
func (c *cardCheck) selectAction(v any, at string) { c.action(v, at, false) }

func (c *cardCheck) action(v any, at string, button bool) {
	a, ok := v.(map[string]any)
	if !ok {
		c.fail(at, "is no object")
		return
	}
	c.id(a, at)
	var required []string
	if button {
		required = []string{"title"}
	}
	rules := map[string]rule{
		"type": c.anything, "id": c.text, "title": c.text, "iconUrl": c.picture, "tooltip": c.text,
		"isEnabled": c.boolean, "style": c.oneOf("default", "positive", "destructive"),
		"mode": c.oneOf("primary", "secondary"), "fallback": c.anything, "requires": c.anything,
	}
	switch kind, _ := a["type"].(string); {
	case kind == "Action.OpenUrl":
		required, rules["url"] = append(required, "url"), c.address
	case kind == "Action.Execute":
		required = append(required, "verb")
		rules["verb"], rules["data"], rules["associatedInputs"] = c.text, c.data, c.oneOf("auto", "none")
		c.since(4, kind, at)
	case kind == "Action.Submit":
		rules["data"], rules["associatedInputs"], rules["msTeams"] = c.anything, c.oneOf("auto", "none"), c.anything
	case kind == "Action.ToggleVisibility":
		required, rules["targetElements"] = append(required, "targetElements"), c.list(c.anything)
		c.since(2, kind, at)
	case kind == "Action.ShowCard" && button:
		required = append(required, "card")
		rules["card"] = func(v any, at string) {
			inner, ok := v.(map[string]any)
			if !ok {
				c.fail(at, "is no object")
				return
			}
			if inner["version"] == nil { // it is the outer card's
				inner["version"] = "1." + strconv.Itoa(c.minor)
			}
			c.card(inner, at)
		}
	default:
		c.fail(at, "has the unknown type %q", kind)
		return
	}
	c.object(a, at, required, rules)
}

// refresh is how a card renews itself: the document "Universal Actions for Adaptive Cards".
func (c *cardCheck) refresh(v any, at string) {
	r, ok := v.(map[string]any)
	if !ok {
		c.fail(at, "is no object")
		return
	}
	c.since(4, "refresh", at)
	c.object(r, at, []string{"action"}, map[string]rule{
		"expires": c.text,
		"action": func(v any, at string) {
			if a, ok := v.(map[string]any); !ok || a["type"] != "Action.Execute" {
				c.fail(at, "is no Action.Execute")
				return
			}
			c.action(v, at, false)
		},
		"userIds": func(v any, at string) {
			if all, ok := v.([]any); ok && len(all) > maxRefresh {
				c.fail(at, "has more than %d users", maxRefresh)
			}
			c.list(c.text)(v, at)
		},
	})
}

// msteams is what only Teams knows of a card: its width, and the mentions in its texts.
func (c *cardCheck) msteams(v any, at string) {
	m, ok := v.(map[string]any)
	if !ok {
		c.fail(at, "is no object")
		return
	}
	c.object(m, at, nil, map[string]rule{
		"width": c.oneOf("full"), "allowExpand": c.boolean,
		"entities": func(v any, at string) {
			raw, err := json.Marshal(v)
			if err == nil {
				err = json.Unmarshal(raw, &c.entities)
			}
			if err != nil {
				c.fail(at, "is no list of mentions")
			}
		},
	})
}

// id notes an element's ID, which no other may have.
func (c *cardCheck) id(o map[string]any, at string) {
	id, _ := o["id"].(string)
	if id != "" && c.ids[id] {
		c.fail(at, "has the ID %q of another", id)
	}
	c.ids[id] = true
}

// since checks that the card's version knows something.
func (c *cardCheck) since(minor int, what, at string) {
	if c.minor < minor {
		c.fail(at, "has %s, which version 1.%d does not know", what, c.minor)
	}
}

func (c *cardCheck) anything(any, string) {}

func (c *cardCheck) text(v any, at string) {
	if _, ok := v.(string); !ok {
		c.fail(at, "is no text")
	}
}

// read is a text that people read.
func (c *cardCheck) read(v any, at string) {
	text, ok := v.(string)
	if !ok {
		c.fail(at, "is no text")
	}
	if dateFunction.MatchString(text) {
		c.fail(at, "has a function for dates, which Teams does not support")
	}
	c.texts = append(c.texts, text)
}

func (c *cardCheck) boolean(v any, at string) {
	if _, ok := v.(bool); !ok {
		c.fail(at, "is neither true nor false")
	}
}

func (c *cardCheck) number(v any, at string) {
	if _, ok := v.(float64); !ok {
		c.fail(at, "is no number")
	}
}

func (c *cardCheck) data(v any, at string) {
	if _, ok := v.(map[string]any); !ok {
		c.fail(at, "is no object")
	}
}

func (c *cardCheck) oneOf(words ...string) rule {
	return func(v any, at string) {
		text, _ := v.(string)
		if !slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, text) }) {
			c.fail(at, "is none of %s", strings.Join(words, ", "))
		}
	}
}

func (c *cardCheck) list(rule rule) rule {
	return func(v any, at string) {
		all, ok := v.([]any)
		if !ok {
			c.fail(at, "is no list")
			return
		}
		for i, one := range all {
			rule(one, fmt.Sprintf("%s[%d]", at, i))
		}
	}
}

// address is where a button leads: the web, and nothing else.
func (c *cardCheck) address(v any, at string) {
	text, _ := v.(string)
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		c.fail(at, "is no http or https URL")
	}
}

func (c *cardCheck) picture(v any, at string) {
	if text, _ := v.(string); !strings.HasPrefix(text, "data:image/") {
		c.address(v, at)
	}
}
