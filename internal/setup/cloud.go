package setup

import "strings"

// cloud is how the tools of administrators name one of Microsoft's clouds. Sources: "az cloud list", Microsoft Graph
// PowerShell "Connect-MgGraph", Microsoft Teams PowerShell "Connect-MicrosoftTeams", Terraform provider azuread
// "environment", Microsoft Teams PowerShell "New-CsGroupPolicyAssignment" (about groups).
type cloud struct {
	az, graph, teams, terraform string // empty: what they take if nothing is said
	portal                      string // the Entra admin center
	noGroups                    bool   // policies cannot be granted to groups
}

// cloudOf is the cloud of these settings of the bot.
func cloudOf(authorityHost, graphURL string) cloud {
	switch {
	case strings.Contains(graphURL, "//dod-graph.microsoft.us"):
		return cloud{"AzureUSGovernment", "USGovDoD", "TeamsDOD", "usgovernmentl5", "https://entra.microsoft.us", true}
	case strings.Contains(authorityHost, "//login.microsoftonline.us"):
		return cloud{"AzureUSGovernment", "USGov", "TeamsGCCH", "usgovernmentl4", "https://entra.microsoft.us", false}
	}
	return cloud{portal: "https://entra.microsoft.com"}
}

// azLogin signs in with the Azure CLI, which asks questions meanwhile: so nothing may be pasted behind it.
func (c cloud) azLogin(tenant string, options ...string) []string {
	login := strings.Join(append([]string{"az login"}, options...), " ")
	if tenant != "" {
		login += " --tenant " + word(tenant)
	}
	if c.az == "" {
		return []string{login}
	}
	return []string{"az cloud set --name " + c.az, login}
}

// tenantOfAz asks the Azure CLI which tenant it is signed in to: TENANT_ID is a GUID then, whatever was known before.
const tenantOfAz = "TENANT_ID=$(az account show --query tenantId --output tsv)"

// The modules of PowerShell. -Force keeps it from asking whether Microsoft's gallery is to be trusted.
const (
	installGraph = "Install-Module Microsoft.Graph.Applications -Scope CurrentUser -Force"
	installTeams = "Install-Module MicrosoftTeams -Scope CurrentUser -Force"
)

// connectGraph signs in with Microsoft Graph PowerShell.
func (c cloud) connectGraph(tenant, scopes string) string {
	line := "Connect-MgGraph"
	if c.graph != "" {
		line += " -Environment " + c.graph
	}
	if tenant != "" {
		line += " -TenantId " + powerShell(tenant)
	}
	return line + " -Scopes " + scopes
}

// connectTeams signs in with Microsoft Teams PowerShell.
func (c cloud) connectTeams(tenant string) string {
	line := "Connect-MicrosoftTeams"
	if c.teams != "" {
		line += " -TeamsEnvironmentName " + c.teams
	}
	if tenant != "" {
		line += " -TenantId " + powerShell(tenant)
	}
	return line
}
