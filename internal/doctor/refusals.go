package doctor

import (
	"context"
	"strings"
	"time"

	"meetbot/bot/slackapp"
	"meetbot/bot/teamsapp"
	"meetbot/internal/inbound"
	"meetbot/internal/telemetry"
)

// refusal is what an operator does about requests that are refused for one reason.
type refusal struct {
	reason string
	detail string // what is wrong with the requests: "their …"
	next   string
	see    string // in place of next: the check that tells the cause
}

// judgeRequests tells what the running bot's figures say about the requests of a platform. compare is what to look at
// where none comes. The reasons stand in the
// order in which they are worth telling.
func (e *examination) judgeRequests(ctx context.Context, platform, name string, compare string,
	reasons []refusal) []finding {
	f, err := e.figures(ctx)
	switch {
	case err != nil:
		return one(skip("", "No bot answers on ADMIN_ADDR ("+err.Error()+"), so it is not known which requests came."))
	case f.last[platform] == nil:
		return one(skip("", "The bot that runs here does not serve "+name+"."))
	}
	accepted, refused := f.last[platform][telemetry.Accepted], f.last[platform][telemetry.Refused]
	if !refused.IsZero() && refused.After(accepted) {
		for _, r := range reasons {
			if n := f.refused[platform][r.reason]; n > 0 {
				since := " Since the bot started none was accepted."
				if !accepted.IsZero() {
					since = " The last one that was accepted came " + ago(accepted) + "."
				}
				detail := "The bot refused " + plural(n, "request") + " of " + name + ": " + r.detail + since
				if e.skewed && (r.reason == slackapp.WrongTime || r.reason == teamsapp.WrongTime) {
					r.see = "graph.clock"
				}
				if r.see != "" {
					return one(skip("", detail+" See "+r.see+"."))
				}
				found := fail("", detail, r.next)
				if !accepted.IsZero() {
					found.status = Warn
				}
				return one(found)
			}
		}
	}
	if accepted.IsZero() {
		return one(warn("", "No request of "+name+" has come since the bot started. That is right where nobody has "+
			"asked yet.",
			"Type a command. If still none comes, "+compare))
	}
	return one(ok("", "The last request of "+name+" that was accepted came "+ago(accepted)+"."))
}

// ago tells how long ago something was, roughly.
func ago(t time.Time) string {
	switch d := time.Since(t); {
	case d < time.Minute:
		return "less than a minute ago"
	case d < 2*time.Hour:
		return plural(int(d/time.Minute), "minute") + " ago"
	case d < 48*time.Hour:
		return plural(int(d/time.Hour), "hour") + " ago"
	default:
		return plural(int(d/(24*time.Hour)), "day") + " ago"
	}
}

const (
	compareAddresses = "compare the addresses in the app's settings with these: "

	setClock = "Compare this machine's clock with the right time: date -u. Then switch time synchronization on: " +
		"timedatectl set-ntp true"
	passOn = "Let the proxy before the bot pass requests on as they are, with all headers and without a redirection."
)

// publicPaths are the addresses of a platform's endpoints, as people compare them.
func publicPaths(paths []string) string {
	return "https://YOUR-ADDRESS" + strings.Join(paths, ", https://YOUR-ADDRESS")
}

func (e *examination) slackRequests(ctx context.Context) []finding {
	if e.config.Slack.AppToken != "" {
		return e.judgeRequests(ctx, slackapp.Platform, "Slack", "look at "+slackApps+"Socket Mode: it must be on, in the "+
			"same app that SLACK_APP_TOKEN is of.", nil)
	}
	paths := publicPaths(slackapp.Paths)
	return e.judgeRequests(ctx, slackapp.Platform, "Slack", compareAddresses+paths, []refusal{
		{
			reason: slackapp.WrongSignature, detail: "their signature is not made with SLACK_SIGNING_SECRET.",
			next: "Copy “Signing Secret” from " + slackApps + "Basic Information, App Credentials, and set " +
				"SLACK_SIGNING_SECRET to it. It must be the same app that the bot token is of. Then start the bot " +
				"again.",
		},
		{
			reason: slackapp.WrongTime, detail: "their time is more than five minutes from this machine's.",
			next: setClock,
		},
		{
			reason: inbound.Path, detail: "their path is none of the bot's.",
			next: "Correct the Request URLs: " + slackApps + "Slash Commands, Event Subscriptions, Interactivity & " +
				"Shortcuts: " + paths,
		},
		{
			reason: slackapp.NoSignature, next: passOn,
			detail: "they have no signature of Slack's. Something on the way takes it off, or somebody else sends " +
				"them.",
		},
		{reason: inbound.ContentType, detail: "their content type is not Slack's.", next: passOn},
		{reason: inbound.Unreadable, detail: "their body cannot be read.", next: passOn},
		{reason: inbound.Method, detail: "they are no POST.", next: passOn},
	})
}

func (e *examination) teamsRequests(ctx context.Context) []finding {
	const configuration = "Azure portal (https://portal.azure.com), your Azure Bot, Configuration"
	paths := publicPaths(teamsapp.Paths)
	return e.judgeRequests(ctx, teamsapp.Platform, "Teams", compareAddresses+paths, []refusal{
		{
			reason: teamsapp.WrongAudience, detail: "their tokens are for another app than TEAMS_APP_ID.",
			next: "Set TEAMS_APP_ID to the Microsoft App ID: " + configuration + ". It is now " + e.config.Teams.AppID +
				". Then start the bot again.",
		},
		{
			reason: teamsapp.WrongTenant, detail: "they come from another tenant than the one that is served.",
			next: "Set TEAMS_TENANT_ID to the tenant whose people use the bot; it is now " +
				e.config.TeamsApp().TenantID + ". Then start the bot again.",
		},
		{
			reason: teamsapp.WrongTime, next: setClock,
			detail: "their tokens have expired, or are not valid yet, by this machine's clock.",
		},
		{reason: teamsapp.KeysAway, detail: "the Bot Framework's keys cannot be fetched.", see: "teams.keys"},
		{
			reason: teamsapp.WrongService, detail: "they want the answer at a host that is not Microsoft's.",
			next: "If the host is right, add it to TEAMS_SERVICE_HOSTS. The log names it.",
		},
		{
			reason: inbound.Path, detail: "their path is none of the bot's.",
			next: "Correct the Messaging endpoint: " + configuration + ": " + paths,
		},
		{
			reason: teamsapp.NoToken, next: passOn,
			detail: "they have no token. Something on the way takes it off, or somebody else sends them.",
		},
		{
			reason: teamsapp.WrongToken, detail: "their tokens are not the Bot Framework's.",
			next: "If you did not send them, somebody else tries the address. In a national cloud, set " +
				"TEAMS_OPENID_METADATA_URL.",
		},
		{reason: inbound.ContentType, detail: "their content type is not JSON.", next: passOn},
		{reason: inbound.Unreadable, detail: "their body cannot be read.", next: passOn},
		{reason: inbound.Method, detail: "they are no POST.", next: passOn},
	})
}
