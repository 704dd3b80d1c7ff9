package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"meetbot/bot"
	"meetbot/bot/slackapp"
	"meetbot/bot/teamsapp"
	"meetbot/store"
)

// redisConversations looks for conversations that this bot does not serve, and for those that it cannot read. Where the
// user of REDIS_URL may not look, which the bot itself does not need, nothing is said.
func (e *examination) redisConversations(ctx context.Context) []finding {
	survey, err := e.redis.Survey(ctx)
	if err != nil {
		return nil
	}
	var all []finding
	if n := survey.Unreadable; n > 0 {
		all = append(all, warn("records", fmt.Sprintf("This release cannot read %d of %d meetings: a later "+
			"release wrote them, or they are damaged.", n, survey.Looked), "Run the "+
			"latest release that runs beside this one. Where a record is damaged, "+
			e.freshCommand()+" in its channel makes a fresh meeting; the bot's log names the channel."))
	}
	if strangers := e.strangers(survey); len(strangers) > 0 {
		all = append(all, warn("REDIS_PREFIX", "There are meetings of workspaces that this bot does not serve: "+
			strings.Join(strangers, ", ")+". Either another deployment has the same REDIS_PREFIX, or the tokens "+
			"are of another workspace than before, and its channels get new meetings.", "Give each deployment "+
			"a REDIS_PREFIX of its own. If the Slack app moved from a workspace to its organization, set "+
			"SLACK_FORMER_TEAM_ID to that workspace."))
	}
	if len(survey.Prefixes) > 0 && !e.server.Used {
		all = append(all, warn("REDIS_PREFIX", "No bot with the prefix “"+e.config.Redis.Prefix+"” has used this "+
			"Redis "+
			"yet, and there are bots with the prefix "+strings.Join(survey.Prefixes, ", ")+". Replicas with different "+
			"prefixes make different meetings for one channel.", "Give all replicas of a deployment the same "+
			"REDIS_PREFIX. Where this is a new deployment, nothing is wrong."))
	}
	if len(all) == 0 {
		all = one(ok("records", "The meetings in Redis are of this bot, and can be read."))
	}
	return all
}

// freshCommand is the slash command for a fresh meeting.
func (e *examination) freshCommand() string {
	name, err := e.config.Places.Name()
	if err != nil { // config.values tells
		name = bot.DefaultCommandName
	}
	return name.Line("new", "").Slash()
}

// strangers are the workspaces that have meetings in Redis and that are not this bot's, as far as its own are known.
func (e *examination) strangers(survey store.Survey) []string {
	own := map[string][]string{}
	if e.slack.TeamID != "" {
		own[slackapp.Platform] = []string{e.slack.TeamID, e.slack.EnterpriseID, e.config.Slack.FormerTeamID}
	}
	if e.config.TeamsOn() {
		own[teamsapp.Platform] = []string{e.config.TeamsApp().TenantID}
	}
	var strangers []string
	for place, n := range survey.Workspaces {
		if known := own[place.Platform]; known != nil && !slices.ContainsFunc(known, func(w string) bool {
			return strings.EqualFold(w, place.Workspace)
		}) {
			strangers = append(strangers, place.Platform+" "+place.Workspace+" ("+plural(n, "meeting")+")")
		}
	}
	slices.Sort(strangers)
	return strangers
}
