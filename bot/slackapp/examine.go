package slackapp

import (
	"context"
	"net/url"
	"slices"
	"strings"
)

// HookURL is where the response URLs of a Slack lead to whose Web API has this base, without a path; empty if apiURL is
// no URL.
func HookURL(apiURL string) string {
	api, err := url.Parse(apiURL)
	if err != nil || api.Host == "" {
		return ""
	}
	hooks := "hooks." + api.Host
	if slices.Contains(slackHookHosts, hooks) {
		return "https://" + hooks + "/"
	}
	return api.Scheme + "://" + api.Host + "/"
}

// Indispensable tells whether the bot gives nobody a meeting without a scope of [Scopes]. Without the others it does
// less.
func Indispensable(scope string) bool {
	switch scope {
	case "chat:write.public", "bookmarks:write", "mpim:read", "usergroups:read", "channels:read", "groups:read":
		return false
	default:
		return true
	}
}

// Installation is what Slack says about a bot token: where the app is installed with it, and what it may do there.
type Installation struct {
	Team         string   // the workspace's name
	TeamID       string   // T…
	EnterpriseID string   // E…; empty for a workspace of its own
	URL          string   // of the workspace
	BotUser      string   // U…
	Scopes       []string // that were granted; nil if Slack does not say
}

// Examine asks Slack about the bot token (auth.test). It changes nothing in the app. The error is a [*bot.Error], whose
// Reason is Slack's word for a refusal.
func (a *App) Examine(ctx context.Context) (Installation, error) {
	who, err := a.api.AuthTestContext(ctx)
	if err != nil {
		return Installation{}, apiError(err)
	}
	in := Installation{
		Team: botName(who.Team), TeamID: who.TeamID, EnterpriseID: who.EnterpriseID, URL: who.URL, BotUser: who.UserID,
	}
	for scope := range strings.SplitSeq(who.Header.Get("X-OAuth-Scopes"), ",") {
		if scope = strings.TrimSpace(scope); scope != "" {
			in.Scopes = append(in.Scopes, scope)
		}
	}
	return in, nil
}
