package setup

import (
	"cmp"
	"io"
	"strings"

	"meetbot/bot/teamsapp"
	"meetbot/manifest"
)

// Teams is what is known about the Teams bot. Everything but the address may be empty.
type Teams struct {
	URL       string // the bot's public https address, for example https://bot.example.com
	TenantID  string // GUID or domain: where the bot is registered
	AppID     string // GUID of the bot's own app; empty: it has none yet, and may use ClientID's
	ClientID  string // GUID of the app that calls Graph; empty: it is not known
	Group     string // the group that may use the app in Teams, by object ID; empty for everybody
	Authority string // Entra of the cloud: https URL
	GraphURL  string // Graph of the cloud: https URL that ends in /v1.0
}

// The Teams CLI whose options these are.
const teamsCLI = "@microsoft/teams.cli@3"

// appIDHere is the placeholder of the bot's app ID.
const appIDHere = "APP-ID-HERE"

// Write writes how to register the bot, with an Azure subscription and without one, and how to give its app to people.
// The error says what is wrong with the address.
func (t Teams) Write(w io.Writer) error {
	endpoint, err := t.endpoint()
	if err != nil {
		return err
	}
	p := &page{}
	p.heading(1, "The Teams app of meetbot")
	p.say("Nothing was run: these are lines to read, change and paste. The bot is reached at <" + endpoint + ">.")
	if t.app() == "" {
		p.say("Not known:")
		p.items("`AZURE_CLIENT_ID` or `TEAMS_APP_ID`: way A makes an app of its own for the bot. With " +
			"`AZURE_CLIENT_ID`, the bot is the app that calls Graph, and needs no secret of its own")
	}
	p.table(
		[]string{"step", "who may do it"},
		[]string{"1. register the bot, way A", "a Contributor of the Azure resource group, who may register apps in " +
			"Entra"},
		[]string{"1. register the bot, way B", "everybody with a licence for Teams who may register apps in Entra"},
		[]string{"2. pack the app", "everybody"},
		[]string{"3. give it to people", "Teams Administrator"},
	)
	t.azureBot(p, endpoint)
	t.teamsCLI(p, endpoint)
	t.appPackage(p)
	t.giveToPeople(p)
	p.heading(2, "Check")
	p.say("Where the bot runs, with all this in the environment:")
	p.block(inBash, "bot doctor --only teams")
	p.say("After the first command from Teams, `teams.requests` says that it came.")
	return p.writeTo(w)
}

// app is the app that the bot is; empty for one that is yet to be made.
func (t Teams) app() string { return cmp.Or(t.AppID, t.ClientID) }

// endpoint is where the Bot Framework sends what people type.
func (t Teams) endpoint() (string, error) {
	if err := manifest.CheckAddress(t.URL, "Teams"); err != nil {
		return "", err
	}
	return strings.TrimSuffix(t.URL, "/") + teamsapp.MessagesPath, nil
}

func (t Teams) azureBot(p *page, endpoint string) {
	p.heading(2, "1. Register the bot, way A: an Azure Bot, with the Azure CLI in bash")
	p.say("It needs an Azure subscription. The Teams channel costs nothing, and `F0` is the price level without a " +
		"price.")
	p.block(inBash, cloudOf(t.Authority, t.GraphURL).azLogin(t.TenantID)...)
	lines := []string{tenantOfAz}
	if t.app() == "" {
		lines = append(lines,
			"APP_ID=$(az ad app create --display-name 'Meetbot for Teams' --sign-in-audience AzureADMyOrg --query "+
				"appId --output tsv)",
			`az ad sp create --id "$APP_ID"`)
	} else {
		lines = append(lines, "APP_ID="+t.app())
	}
	p.block(inBash, append(lines,
		"az group create --name meetbot --location westeurope",
		`az bot create --resource-group meetbot --name "$APP_ID" --display-name Meetbot --sku F0 \`,
		`  --app-type SingleTenant --appid "$APP_ID" --tenant-id "$TENANT_ID" --endpoint `+word(endpoint),
		`az bot msteams create --resource-group meetbot --name "$APP_ID"`,
		`printf 'TEAMS_APP_ID=%s\nTEAMS_TENANT_ID=%s\n' "$APP_ID" "$TENANT_ID"`)...)
	if t.app() != "" && strings.EqualFold(t.app(), t.ClientID) {
		p.say("The bot is the app that calls Graph (`AZURE_CLIENT_ID`), so `TEAMS_APP_SECRET` stays empty: the bot " +
			"proves itself in both places by the same certificate or secret.")
		return
	}
	p.say("This makes the bot's secret, which is shown once: the value of `TEAMS_APP_SECRET`.")
	p.block(inBash,
		`az ad app credential reset --id "$APP_ID" --append --display-name meetbot --years 1 --query password `+
			`--output tsv`)
}

func (t Teams) teamsCLI(p *page, endpoint string) {
	p.heading(2, "1. Register the bot, way B: without a subscription, with the Teams CLI in bash")
	p.say("Microsoft then keeps the registration, in the Teams Developer Portal. The CLI needs Node.js. Without " +
		"`--sign-in-audience myOrg` it would make an app for every tenant.")
	p.block(inBash, "npm install --global "+teamsCLI, "teams login")
	p.block(inBash,
		"umask 077",
		"TEAMS_NO_INTERACTIVE=1 teams app create --name Meetbot --endpoint "+word(endpoint)+` \`,
		"  --teams-managed --sign-in-audience myOrg --env meetbot-teams.env",
		"sed -n -e 's/^CLIENT_ID=/TEAMS_APP_ID=/p' -e 's/^CLIENT_SECRET=/TEAMS_APP_SECRET=/p' \\",
		"  -e 's/^TENANT_ID=/TEAMS_TENANT_ID=/p' meetbot-teams.env")
	p.say("The last command prints the three variables for the bot. The CLI also makes an app with a manifest of " +
		"its own: do not install that one. The package of step 2 is the one with the bot's commands.")
	p.say("By hand, the same is <https://dev.teams.microsoft.com>, *Tools*, *Bot management*, *New bot*: " +
		"*Configure* takes the endpoint address, and *Client secrets* makes a secret.")
}

func (t Teams) appPackage(p *page) {
	p.heading(2, "2. Pack the app")
	p.block(inBash, "bot manifest teams --url "+word(t.URL)+" --app-id "+cmp.Or(t.app(), appIDHere)+" -o meetbot.zip")
	p.say("Way B made another app ID: then `--app-id` is its `TEAMS_APP_ID`. For an update, raise `--app-version`.")
}

func (t Teams) giveToPeople(p *page) {
	p.heading(2, "3. Give it to people, with Microsoft Teams PowerShell")
	c := cloudOf(t.Authority, t.GraphURL)
	p.block(inPowerShell,
		installTeams,
		c.connectTeams(t.TenantID),
		"New-TeamsApp -DistributionMethod organization -Path (Resolve-Path meetbot.zip).Path")
	p.say("By hand: Teams admin center (<https://admin.teams.microsoft.com>), *Teams apps*, *Manage apps*, *Upload " +
		"new app*. Who may use it depends on the kind of the tenant. *Teams apps*, *Permission policies* tells " +
		"which it is:")
	p.items(
		"**It says that app centric management has replaced permission policies.** Then there are no policies to " +
			"assign, and PowerShell's cmdlets for them have no effect. Each app says who may use it: *Manage apps*, " +
			"Meetbot, the tab about users and groups (*Assignments*), *Everyone* or *Specific users or groups*. Or " +
			"in PowerShell:",
	)
	lines := []string{"$App = Get-TeamsApp -ExternalId " + powerShell(cmp.Or(t.app(), appIDHere))}
	if t.Group == "" {
		lines = append(lines, "Update-M365TeamsApp -Id $App.Id -IsBlocked $false -AppAssignmentType Everyone")
	} else {
		lines = append(lines, "Update-M365TeamsApp -Id $App.Id -IsBlocked $false -AppAssignmentType UsersAndGroups "+
			"-OperationType Add -Groups "+powerShell(t.Group))
	}
	p.block(inPowerShell, append(lines, "Get-M365TeamsApp -Id $App.Id")...)
	p.items(
		"**It lists policies.** Then each policy says which custom apps its people may use: open the policy of the " +
			"people (`Global` is that of everybody else), *Custom apps*, and allow Meetbot. *Manage apps* must show " +
			"it as allowed, too.",
	)
	p.say("To try it before, a person who may upload custom apps (*Setup policies*, *Upload custom apps*) does it " +
		"in Teams: *Apps*, *Manage your apps*, *Upload an app*. Then, in Teams, *Apps*, Meetbot, *Add to a team*: " +
		"the bot says how to start.")
}
