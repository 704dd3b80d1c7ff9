package slackapp

import "meetbot/bot"

// Names tells the names that a conversation in Slack may have had or may get, the oldest one first, as a store wants
// it; nil for a conversation with one name:
//
//   - A private channel whose ID begins with G gets the same ID with a C when somebody begins to share it. Source:
//     Slack, reference of the event "channel_id_changed".
//   - An app that is installed for an organization was perhaps installed in one of its workspaces before. formerTeam is
//     that workspace's team ID; empty for none.
func Names(formerTeam string) func(bot.Conversation) []bot.Conversation {
	return func(c bot.Conversation) []bot.Conversation {
		workspaces := []string{c.Workspace}
		if formerTeam != "" && formerTeam != c.Workspace {
			workspaces = []string{formerTeam, c.Workspace}
		}
		channels := []string{c.Channel}
		if len(c.Channel) > 1 && (c.Channel[0] == 'G' || c.Channel[0] == 'C') {
			channels = []string{"G" + c.Channel[1:], "C" + c.Channel[1:]}
		}
		if len(workspaces)*len(channels) == 1 {
			return nil
		}
		all := make([]bot.Conversation, 0, len(workspaces)*len(channels))
		for _, workspace := range workspaces {
			for _, channel := range channels {
				c.Workspace, c.Channel = workspace, channel
				all = append(all, c)
			}
		}
		return all
	}
}
