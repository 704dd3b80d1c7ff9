package bot

// AccessPolicy is what a Teams administrator types into PowerShell, with the module MicrosoftTeams and after
// Connect-MicrosoftTeams, so that an app may make meetings for an organizer. Source: Microsoft Graph, "Configure
// application access to online meetings"; Microsoft Teams PowerShell, Grant- and Set-CsApplicationAccessPolicy, and
// Get-CsUserPolicyAssignment, which also shows a policy that the organizer has through a group.
type AccessPolicy struct {
	Show   []string // shows which policy the organizer has
	Make   []string // where there is none: makes one, and grants it to the organizer
	Extend []string // where there is one: adds the app to it, in place of the word NAME
}

// AccessPolicyFor returns the lines for the app with this client ID and the organizer with this object ID.
func AccessPolicyFor(client, organizer string) AccessPolicy {
	return AccessPolicy{
		Show: []string{`Get-CsUserPolicyAssignment -Identity "` + organizer + `" -PolicyType ApplicationAccessPolicy`},
		Make: []string{
			`New-CsApplicationAccessPolicy -Identity Meetbot -AppIds "` + client +
				`" -Description "Meetings made by meetbot"`,
			`Grant-CsApplicationAccessPolicy -PolicyName Meetbot -Identity "` + organizer + `"`,
		},
		Extend: []string{`Set-CsApplicationAccessPolicy -Identity "NAME" -AppIds @{Add="` + client + `"}`},
	}
}
