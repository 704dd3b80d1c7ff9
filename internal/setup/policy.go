package setup

import (
	"cmp"
	"strings"

	"meetbot/bot"
	"meetbot/internal/guid"
)

// accessPolicy writes how to let the app act for people in Teams. Sources: Microsoft Graph, "Configure application
// access to online meetings"; Microsoft Teams PowerShell, "Grant-CsApplicationAccessPolicy",
// "New-CsGroupPolicyAssignment" and "Get-CsUserPolicyAssignment".
func (e Entra) accessPolicy(p *page) {
	policy := bot.AccessPolicyFor("$ClientId", "$User")
	p.heading(2, "Step 4, the access policy, with Microsoft Teams PowerShell")
	p.say("Permissions alone are not enough for meetings: a policy of Teams says for whom this app may act. **A " +
		"person has one such policy at a time**, and it lists all apps that may act for them. So look first at what " +
		"there is: a grant can take another app's right away.")
	p.block(inPowerShell,
		installTeams,
		e.cloud().connectTeams(e.TenantID),
		"[guid]$ClientId = '"+cmp.Or(e.ClientID, clientIDHere)+"'",
		"Get-CsApplicationAccessPolicy | Format-List -Property 'Identity', 'AppIds'",
		"Get-CsGroupPolicyAssignment -PolicyType ApplicationAccessPolicy")
	p.say("**If there are policies for other apps**, add this app to each of them whose people are to have " +
		"meetings, and grant these people nothing else. This takes nothing from anybody:")
	p.block(inPowerShell, policy.Extend...)
	p.say("(`NAME` is what stands behind `Tag:` in `Identity`.) **Otherwise make a policy**, and grant it in one of " +
		"the three ways below. Each takes up to 30 minutes to work, for a large group up to a day.")
	p.block(inPowerShell, policy.Make[0])
	switch {
	case e.Service != "" && !e.Fallback:
		p.say("`ORGANIZER` is a service account, which makes all meetings. So grant the policy to this account " +
			"alone: form b.")
	case e.Service != "":
		p.say("`ORGANIZER` names a service account that makes meetings where Graph refuses the asker. Grant the " +
			"policy to it too: form b. For a person whom the policy does not cover, that account then makes the " +
			"meeting.")
	}
	e.grantToGroup(p)
	e.grantToPerson(p)
	e.grantToAll(p)
	p.heading(3, "Which policy somebody has")
	p.say("`PolicyName` is the one that counts. Nothing comes out for those who have the tenant's. " +
		"(`Get-CsOnlineUser` does not show what somebody has through a group.)")
	p.block(inPowerShell, append([]string{e.userLine()}, policy.Show...)...)
}

func (e Entra) grantToGroup(p *page) {
	p.heading(3, "a. A group (recommended)")
	if e.cloud().noGroups {
		p.say("Not in this cloud: Microsoft does not offer policies for groups in the US Government's DoD cloud.")
		return
	}
	p.items(
		"It covers the direct members of the group, today's and later ones, and so bounds what the app can do. "+
			"Members of "+
			"groups inside the group are not covered. At most 50,000 members are recommended.",
		"Members who have a policy of their own keep that one, and the bot cannot act for them: add the app to it.",
		"It counts more than the tenant's policy: what that allows other apps ends for the members.",
		"For members of several groups with policies, the group with the smallest rank counts. A new assignment "+
			"without "+
			"`-Rank` comes last; `-Rank 1` puts it first, and then it replaces the other group's policy for "+
			"people who are in both.",
	)
	lines := []string{"$Group = " + powerShell(cmp.Or(e.Group, groupHere))}
	p.block(inPowerShell, append(lines, `Grant-CsApplicationAccessPolicy -PolicyName Meetbot -Group "$Group"`)...)
	if e.Group == "" {
		p.say("A Microsoft 365 group, a security group or a distribution list, by its object ID or e-mail. If there " +
			"is none yet, this makes one in bash, and adds somebody:")
		p.block(inBash,
			"GROUP_ID=$(az ad group create --display-name 'Meetbot organizers' --mail-nickname meetbot-organizers "+
				"--query id --output tsv)",
			`az ad group member add --group "$GROUP_ID" \`,
			"  --member-id \"$(az ad user show --id "+word(e.person())+" --query id --output tsv)\"",
			`echo "$GROUP_ID"`)
	}
}

func (e Entra) grantToPerson(p *page) {
	p.heading(3, "b. One person, or a service account")
	p.items(
		"It replaces the policy that was granted to this person before: the apps of that one can no longer act for "+
			"them.",
		"It counts more than every group and than the tenant's policy: what these allow other apps ends for this "+
			"person.",
	)
	p.block(inPowerShell, e.userLine(), bot.AccessPolicyFor("$ClientId", "$User").Make[1])
	p.say("`$Null` in place of `Meetbot` takes the grant back.")
}

func (e Entra) grantToAll(p *page) {
	p.heading(3, "c. Everybody")
	p.items(
		"It covers everybody who has no policy of their own and none through a group. The app can then read and "+
			"change the "+
			"online meetings of all these people.",
		"It replaces the policy that was granted to the whole tenant before: the apps of that one lose everybody. "+
			"If there is "+
			"one, add the app to it instead.",
	)
	p.block(inPowerShell, "Grant-CsApplicationAccessPolicy -PolicyName Meetbot -Global")
}

// userLine puts the object ID of the person into $User.
func (e Entra) userLine() string {
	who := e.person()
	if e.Service != "" && !e.Fallback {
		who = e.Service
	}
	if guid.Valid(who) {
		return "$User = '" + strings.ToLower(who) + "'"
	}
	return "$User = (Get-CsOnlineUser -Identity " + powerShell(who) + ").Identity"
}
