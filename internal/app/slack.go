package app

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"meetbot/bot"
	"meetbot/bot/slackapp"
	"meetbot/bot/slackapp/socketmode"
	"meetbot/store"
)

// SlackConfig says which Slack app this is. Slack is off while all three secrets are empty.
type SlackConfig struct {
	SigningSecret string // where Slack sends requests
	// PreviousSecret is the signing secret of before, which counts too while the secret is changed; empty for none.
	PreviousSecret string
	AppToken       string // xapp-…; where Slack delivers by Socket Mode, in place of the signing secret
	BotToken       string // xoxb-…
	APIURL         string // base of the Web API; ends in a slash
	ConfigToken    string // xoxe.xoxp-…: by which the doctor sees how the app is configured; empty for none
	FormerTeamID   string // T…: where the app was installed before it was installed for the organization
	Bookmark       string // "true" or "false", as strconv.ParseBool takes it: channels get a bookmark to their meeting
}

var defaultSlack = SlackConfig{APIURL: "https://slack.com/api/", Bookmark: "false"}

// Settings names the values of this concern.
func (c *SlackConfig) Settings() []Setting {
	return []Setting{
		{
			Env: "SLACK_SIGNING_SECRET", Kind: Secret, Since: first, Value: (*text)(&c.SigningSecret),
			Help:    "The Slack app's signing secret (Basic Information). Slack is off without the secrets of its app.",
			Example: "8f742231b10e8888abcd99yyyzzz85a5", Unset: "Slack is off",
		}, {
			Env: "SLACK_SIGNING_SECRET_PREVIOUS", Kind: Secret, Value: (*text)(&c.PreviousSecret),
			Help: "The signing secret of before, while it is changed: requests that are signed with it count too.",
			More: "operating.md#changing-credentials", Example: "8f742231b10e8888abcd99yyyzzz85a5",
		}, {
			Env: "SLACK_APP_TOKEN", Kind: Secret, Value: (*text)(&c.AppToken),
			Help: "The Slack app's app-level token (Basic Information), in place of the signing secret: Slack " +
				"delivers by Socket Mode, and need not reach the bot.",
			Example: "xapp-…", More: "operating.md#slack-without-a-public-address",
		}, {
			Env: "SLACK_BOT_TOKEN", Kind: Secret, Since: first, Value: (*text)(&c.BotToken),
			Help: "The Slack app's bot token (OAuth & Permissions).", Example: "xoxb-…", Unset: "Slack is off",
		}, {
			Env: "SLACK_API_URL", Kind: URL, Since: first, Value: (*text)(&c.APIURL),
			Help: "Base of the Slack Web API; ends in a slash.",
		}, {
			Env: "SLACK_CONFIG_TOKEN", Kind: Secret, Value: (*text)(&c.ConfigToken), More: "operating.md#the-doctor",
			Help: "An app configuration token, by which bot doctor compares the Slack app's settings with what the " +
				"bot needs. It is good for 12 hours. The bot itself does not use it.",
			Example: "xoxe.xoxp-…",
		}, {
			Env: "SLACK_FORMER_TEAM_ID", Kind: ID, Value: (*text)(&c.FormerTeamID),
			More: "operating.md#slack-ids-that-change", Example: "T024BE7LD",
			Help: "Workspace that the Slack app was installed in before its organization; its channels keep their " +
				"meetings.",
		},
		c.bookmark(),
	}
}

// bookmark is the setting that decides about a scope of the app, too.
func (c *SlackConfig) bookmark() Setting {
	return Setting{
		Env: "SLACK_BOOKMARK", Kind: Switch, Value: (*text)(&c.Bookmark), More: "operating.md#slacks-scopes",
		Help: "Channels that the bot is a member of get a bookmark that leads to their meeting. It needs PUBLIC_URL " +
			"and the scope bookmarks:write.",
	}
}

// Bookmarks tells whether channels get a bookmark. The error says that the value is no such answer.
func (c SlackConfig) Bookmarks() (bool, error) {
	on, err := strconv.ParseBool(c.Bookmark)
	if err != nil {
		return false, errors.New("SLACK_BOOKMARK is neither true nor false")
	}
	return on, nil
}

func (c Config) slackOn() bool {
	return c.Slack.SigningSecret != "" || c.Slack.AppToken != "" || c.Slack.BotToken != "" ||
		c.Files.names("SLACK_SIGNING_SECRET") || c.Files.names("SLACK_APP_TOKEN") || c.Files.names("SLACK_BOT_TOKEN")
}

// slackPaths are the paths of Slack's endpoints: none in Socket Mode.
func (c Config) slackPaths() []string {
	if c.Slack.AppToken != "" {
		return nil
	}
	return slackapp.Paths
}

// validateSlack also finds out that no platform is on at all: Slack is then the one that is asked for first.
func (c Config) validateSlack(p *problems) {
	if c.slackOn() || !c.teamsOn() {
		c.Slack.validateDelivery(p)
		rotates := strings.HasPrefix(c.Slack.BotToken, "xoxe.") || strings.HasPrefix(c.Slack.BotToken, "xoxe-")
		p.need(!rotates, "SLACK_BOT_TOKEN", "is a token that rotates: it expires after 12 hours, and this bot does "+
			"not renew it; switch token rotation off in the Slack app or, where Slack does not allow that any more, "+
			"create the app again "+
			"from the manifest, which has token rotation off, and install that", "xoxb-…")
		p.need(rotates || strings.HasPrefix(c.Slack.BotToken, "xoxb-"), "SLACK_BOT_TOKEN",
			"is missing or is not a bot token (Slack app, OAuth & Permissions)", "xoxb-…")
	}
	p.need(c.Slack.PreviousSecret == "" || c.Slack.SigningSecret != "" || c.slackOn(), "SLACK_SIGNING_SECRET",
		"is missing, and SLACK_SIGNING_SECRET_PREVIOUS is only for the time of a change",
		"8f742231b10e8888abcd99yyyzzz85a5")
	p.need(c.slackOn() || c.teamsOn(), "TEAMS_APP_ID",
		"is missing too, and one chat platform is needed: Slack or Teams", "22222222-3333-4444-5555-666666666666")
	p.need(isBase(c.Slack.APIURL) && strings.HasSuffix(c.Slack.APIURL, "/"), "SLACK_API_URL",
		"must be an https URL that ends in a slash", "https://slack.com/api/")
	p.need(c.Slack.FormerTeamID == "" || teamID.MatchString(c.Slack.FormerTeamID), "SLACK_FORMER_TEAM_ID",
		"is not the ID of a workspace", "T024BE7LD")
	bookmarks, err := c.Slack.Bookmarks()
	p.need(err == nil, "SLACK_BOOKMARK", "is neither true nor false", "false")
	p.need(!bookmarks || c.Links.PublicURL != "", "PUBLIC_URL", "is missing, and SLACK_BOOKMARK needs it",
		"https://bot.example.com")
}

// validateDelivery finds out whether it is clear how Slack delivers.
func (c SlackConfig) validateDelivery(p *problems) {
	switch {
	case c.AppToken == "":
		p.need(c.SigningSecret != "", "SLACK_SIGNING_SECRET", "is missing (Slack app, Basic Information), and so is "+
			"SLACK_APP_TOKEN, which takes its place in Socket Mode", "8f742231b10e8888abcd99yyyzzz85a5")
	case c.SigningSecret != "":
		*p = append(*p, Problem{Variable: "SLACK_APP_TOKEN", Wrong: "is set, and so is SLACK_SIGNING_SECRET: Slack " +
			"either delivers by Socket Mode or sends requests. Keep SLACK_APP_TOKEN alone if Socket Mode is on in " +
			"the settings of the Slack app, and SLACK_SIGNING_SECRET alone if it is off"})
	default:
		p.need(strings.HasPrefix(c.AppToken, "xapp-"), "SLACK_APP_TOKEN", "is not the token of an app (Slack app, "+
			"Basic Information, App-Level Tokens, with the scope connections:write)", "xapp-…")
	}
}

// teamID is the form of a workspace's ID in Slack.
var teamID = regexp.MustCompile(`^T[A-Z0-9]+$`)

// names tells which names a conversation may have had or may get; see store.Names.
func (c Config) names() store.Names {
	if !c.slackOn() {
		return nil
	}
	slack := slackapp.Names(c.Slack.FormerTeamID)
	return func(conversation bot.Conversation) []bot.Conversation {
		if conversation.Platform != slackapp.Platform {
			return nil
		}
		return slack(conversation)
	}
}

func newSlack(c Config, o Options, in shared) (bot.Frontend, error) {
	bookmarks, err := c.Slack.Bookmarks()
	if err != nil {
		return nil, err
	}
	app, err := slackapp.New(slackapp.Config{
		SigningSecret: c.Slack.SigningSecret, PreviousSecret: c.Slack.PreviousSecret,
		AppToken: c.Slack.AppToken, BotToken: c.Slack.BotToken, APIURL: c.Slack.APIURL,
		Connections: in.metrics.SlackConnections(socketmode.Reasons), Socket: o.Socket,
		Catalog: in.catalog, Language: in.language, Throttles: in.store, Log: in.log,
		Requests: in.requests, Bookmarks: bookmarks,
		Signed: in.metrics.Signed(slackapp.Current, slackapp.Previous),
	})
	if err != nil {
		return nil, err
	}
	in.onChange(func(_ context.Context, c Config) error {
		app.SetSigningSecrets(c.Slack.SigningSecret, c.Slack.PreviousSecret)
		return nil
	}, "SLACK_SIGNING_SECRET", "SLACK_SIGNING_SECRET_PREVIOUS")
	in.onChange(func(_ context.Context, c Config) error {
		app.SetAppToken(c.Slack.AppToken)
		return nil
	}, "SLACK_APP_TOKEN")
	in.onChange(newToken(app), "SLACK_BOT_TOKEN")
	return app, nil
}

// newToken has Slack's front-end take a changed bot token. Slack is not asked twice about one that it refuses.
func newToken(app *slackapp.App) taker {
	var refused string
	var refusal error
	return func(ctx context.Context, c Config) error {
		if c.Slack.BotToken == refused {
			return refusal
		}
		err := app.SetToken(ctx, c.Slack.BotToken)
		if errors.Is(err, slackapp.ErrToken) {
			refused, refusal = c.Slack.BotToken, err
		}
		return err
	}
}
