package slackapp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/slack-go/slack"

	"meetbot/bot"
)

// user is what is read of a user of Slack. It is not slack-go's, which does not tell an e-mail that is not confirmed
// from one of which Slack says nothing. Source: Slack, "User object".
type user struct {
	ID                string `json:"id"`
	TeamID            string `json:"team_id"`
	Locale            string `json:"locale"`
	TZ                string `json:"tz"`
	Deleted           bool   `json:"deleted"`
	IsBot             bool   `json:"is_bot"`
	IsWorkflowBot     bool   `json:"is_workflow_bot"`
	IsConnectorBot    bool   `json:"is_connector_bot"`
	IsRestricted      bool   `json:"is_restricted"`
	IsUltraRestricted bool   `json:"is_ultra_restricted"`
	IsStranger        bool   `json:"is_stranger"`
	IsEmailConfirmed  *bool  `json:"is_email_confirmed"`
	Profile           struct {
		Email string `json:"email"`
	} `json:"profile"`
	Enterprise struct {
		ID string `json:"enterprise_id"`
	} `json:"enterprise_user"`
}

// userInfo calls users.info, with the errors of slack-go's own methods.
func (a *App) userInfo(ctx context.Context, id string) (*user, error) {
	form := url.Values{"user": {id}, "include_locale": {"true"}}
	body := strings.NewReader(form.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.apiURL+"users.info", body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+a.access.Load().token)
	resp, err := a.web.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, slack.StatusCodeError{Code: resp.StatusCode, Status: resp.Status}
	}
	var answer struct {
		slack.SlackResponse
		User user `json:"user"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	return &answer.User, answer.Err()
}

// profile is what users.info says about a user, as seen from the installation. An e-mail of which Slack does not say
// whether it is confirmed counts as confirmed.
func profile(u *user, in *installation) bot.Profile {
	sameTeam := u.TeamID == "" || u.TeamID == in.team
	sameEnterprise := in.enterprise != "" && (u.Enterprise.ID == in.enterprise || u.TeamID == in.enterprise)
	return bot.Profile{
		Email:          u.Profile.Email,
		EmailConfirmed: u.IsEmailConfirmed == nil || *u.IsEmailConfirmed,
		Language:       bot.LanguageOf(u.Locale, ""),
		Zone:           bot.ZoneOf(u.TZ),
		NotAPerson:     u.IsBot || u.Deleted || u.IsWorkflowBot || u.IsConnectorBot || u.ID == "USLACKBOT",
		Outside:        u.IsStranger || !sameTeam && !sameEnterprise,
		Guest:          u.IsRestricted || u.IsUltraRestricted,
	}
}
