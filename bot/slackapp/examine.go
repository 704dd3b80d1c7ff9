package slackapp

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/slack-go/slack"
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

// Installation is what Slack says about a bot token: where the app is installed with it, and what it may do there.
type Installation struct {
	Team         string   // the workspace's name
	TeamID       string   // T…
	EnterpriseID string   // E…; empty for a workspace of its own
	URL          string   // of the workspace
	BotUser      string   // U…
	BotID        string   // B…
	Scopes       []string // that were granted; nil if Slack does not say
}

// Examine asks Slack about the bot token (auth.test). It changes nothing in the app. The error is a [*bot.Error], whose
// Reason is Slack's word for a refusal.
func (a *App) Examine(ctx context.Context) (Installation, error) {
	who, err := a.api().AuthTestContext(ctx)
	if err != nil {
		return Installation{}, apiError(err)
	}
	in := Installation{
		Team: botName(who.Team), TeamID: who.TeamID, EnterpriseID: who.EnterpriseID, URL: who.URL, BotUser: who.UserID,
		BotID: who.BotID,
	}
	for scope := range strings.SplitSeq(who.Header.Get("X-OAuth-Scopes"), ",") {
		if scope = strings.TrimSpace(scope); scope != "" {
			in.Scopes = append(in.Scopes, scope)
		}
	}
	return in, nil
}

// ExamineSocket asks Slack where to connect in Socket Mode (apps.connections.open), and does not connect. It returns
// that place's scheme and host. The error is a [*bot.Error] if Slack does not say, with Slack's word for a refusal as
// Reason; otherwise the place is not Slack's.
func (a *App) ExamineSocket(ctx context.Context) (string, error) {
	_, where, err := a.appAPI().StartSocketModeContext(ctx)
	if err != nil {
		return "", apiError(err)
	}
	u, err := a.checkSocketURL(where)
	if err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host + "/", nil // the rest holds a ticket
}

// ExportManifest asks Slack how the app of a bot (B…) is configured, with a configuration token of somebody who may
// see that. It returns the app's ID, as soon as that is known, and its manifest. Errors are as those of Examine.
// Source: Slack, methods "bots.info" and "apps.manifest.export".
func (a *App) ExportManifest(
	ctx context.Context, configToken, botID string,
) (appID string, manifest []byte, err error) {
	info, err := a.api().GetBotInfoContext(ctx, slack.GetBotInfoParameters{Bot: botID})
	if err != nil {
		return "", nil, apiError(err)
	}
	manifest, err = a.api().ExportManifestRawContext(ctx, configToken, info.AppID)
	if err != nil {
		return info.AppID, nil, apiError(err)
	}
	return info.AppID, manifest, nil
}
