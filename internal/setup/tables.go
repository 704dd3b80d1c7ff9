package setup

import (
	"slices"

	"meetbot/bot/slackapp"
	"meetbot/graphclient"
)

// ScopeTable is what the bot does with each permission in Slack and the worst that it allows, as Markdown.
func ScopeTable() string {
	rows := [][]string{{"scope", "what the bot does with it", "what a thief of the bot token could do with " +
		"it", "needed"}}
	for _, s := range slackapp.AllScopes {
		needed := "yes"
		switch {
		case s.Setting != "":
			needed = "only with `" + s.Setting + "`"
		case s.Optional:
			needed = "no: without it, " + s.Without
		}
		rows = append(rows, []string{"`" + s.Name + "`", s.Use, s.Worst, needed})
	}
	return table(rows...)
}

// PermissionTable is what the bot needs each application permission of Microsoft Graph for and the worst that it
// allows, as Markdown.
func PermissionTable() string {
	rows := [][]string{{"permission", "ID of its role", "needed", "what a thief of the app's credential could do " +
		"with it"}}
	for _, p := range graphclient.Permissions {
		needed := p.For
		if p.Setting != "" {
			needed += ", only with `" + p.Setting + "`"
		}
		rows = append(rows, []string{"`" + p.Name + "`", "`" + p.RoleID + "`", needed, p.Worst})
	}
	return table(rows...)
}

// EntraSettings are the environment variables that decide about the Entra app: what [Entra] holds, and the settings
// that make a permission needed.
func EntraSettings() []string {
	names := []string{
		"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_AUTHORITY_HOST", "GRAPH_BASE_URL",
		"ORGANIZER",
	}
	for _, p := range graphclient.Permissions {
		if p.Setting != "" && !slices.Contains(names, p.Setting) {
			names = append(names, p.Setting)
		}
	}
	return names
}
