package setup

import (
	"cmp"
	"io"
	"strings"

	"meetbot/graphclient"
)

// Entra is what is known about the app that calls Graph, and about the people whom it makes meetings for. Everything
// may be empty.
type Entra struct {
	TenantID    string // GUID or domain
	ClientID    string // GUID of the app; empty: it is not registered yet
	Certificate string // file that the bot is to read its certificate from; empty for meetbot.pem
	Service     string // the service account that makes all meetings, by user principal name or object ID
	Fallback    bool   // that account makes meetings only where Graph refuses the asker
	User        string // somebody to grant the access policy to, by user principal name or object ID
	Group       string // the group to grant it to, by e-mail or object ID
	Authority   string // Entra of the cloud: https URL
	GraphURL    string // Graph of the cloud: https URL that ends in /v1.0
	// IsSet tells whether an environment variable of [EntraSettings] has a value; nil: none has.
	IsSet func(variable string) bool
}

// permissions are what the app needs.
func (e Entra) permissions() []graphclient.Permission {
	if e.IsSet == nil {
		e.IsSet = func(string) bool { return false }
	}
	return graphclient.Needed(e.IsSet)
}

// certificateFile is where the certificate is put if nothing is said.
const certificateFile = "meetbot.pem"

// consentRoles are who may consent to application permissions of Graph (document "grant-admin-consent").
const consentRoles = "Privileged Role Administrator or Global Administrator"

// Write writes how to register the app, its permissions and its certificate, and how to grant the access policy.
func (e Entra) Write(w io.Writer) error {
	p := &page{}
	p.heading(1, "The Entra app of meetbot")
	p.say("Nothing was run: these are lines to read, change and paste.")
	e.sayUnknown(p)
	p.table(
		[]string{"step", "who may do it"},
		[]string{"1. register the app", "everybody who may register apps, otherwise an Application Developer"},
		[]string{"2. consent to its permissions", consentRoles + "; a Cloud Application Administrator may not"},
		[]string{"3. its certificate", "an owner of the app, on the machine where the bot runs"},
		[]string{"4. the access policy", "Teams Administrator"},
	)
	p.say("Steps 1 to 3 stand here three times: for the Azure CLI, for PowerShell and for Terraform. One of them is " +
		"enough. Step 4 is the same for all.")
	if e.ClientID == "" {
		p.say("If somebody else does a later step, set `AZURE_TENANT_ID` and `AZURE_CLIENT_ID` after step 1 and run " +
			"`bot setup entra` again: the lines then have the IDs in them.")
	}
	p.say("The permissions, all of them application permissions of Microsoft Graph:")
	p.text.WriteString("\n" + PermissionTable())
	e.azureCLI(p)
	e.graphPowerShell(p)
	e.terraform(p)
	e.accessPolicy(p)
	e.configuration(p)
	return p.writeTo(w)
}

// sayUnknown lists what has to be put in by hand.
func (e Entra) sayUnknown(p *page) {
	var missing []string
	if e.ClientID == "" {
		missing = append(missing, "`AZURE_CLIENT_ID`: the app is taken to be not registered yet, and step 4 has `"+
			clientIDHere+"` in its place")
	}
	if e.TenantID == "" {
		missing = append(missing, "`AZURE_TENANT_ID`: the tenant is the one that you sign in to")
	}
	if e.Group == "" && !e.cloud().noGroups {
		missing = append(missing, "the group to grant the access policy to (`--group`): `"+groupHere+"` in its place")
	}
	if e.User == "" && e.Service == "" {
		missing = append(missing, "the person to grant it to (`--user`): `"+userHere+"` in its place")
	}
	if len(missing) > 0 {
		p.say("Not known:")
		p.items(missing...)
	}
}

// Placeholders.
const (
	clientIDHere = "CLIENT-ID-HERE"
	groupHere    = "GROUP-ID-HERE"
	userHere     = "USER@DOMAIN-HERE"
)

func (e Entra) cloud() cloud { return cloudOf(e.Authority, e.GraphURL) }

// certificate is the file with certificate and key, and crt the one with the certificate alone.
func (e Entra) certificate() (pem, crt string) {
	pem = cmp.Or(e.Certificate, certificateFile)
	return pem, strings.TrimSuffix(pem, ".pem") + ".crt"
}

// makeCertificate makes the certificate and its key in bash.
func (e Entra) makeCertificate() []string {
	pem, crt := e.certificate()
	return []string{
		"umask 077",
		"openssl req -x509 -newkey rsa:3072 -sha256 -days 365 -nodes -subj /CN=meetbot \\",
		"  -keyout " + word(pem) + " -out " + word(crt),
		"cat " + word(crt) + " >> " + word(pem),
	}
}

// sayCertificate says what makeCertificate makes.
func (e Entra) sayCertificate(p *page) {
	pem, crt := e.certificate()
	p.say("Where the bot runs, in bash. `" + pem + "` has the key and stays there; `" + crt + "` is the certificate " +
		"alone, which Entra gets.")
	p.block(inBash, e.makeCertificate()...)
}

// registration is the title of the first step.
func (e Entra) registration() string {
	if e.ClientID == "" {
		return "1. Register the app"
	}
	return "1. The app is registered"
}

func (e Entra) azureCLI(p *page) {
	p.heading(2, "Steps 1 to 3 with the Azure CLI, in bash")
	p.heading(3, e.registration())
	p.block(inBash, e.cloud().azLogin(e.TenantID, "--allow-no-subscriptions")...)
	lines := []string{tenantOfAz}
	if e.ClientID == "" {
		lines = append(lines,
			"CLIENT_ID=$(az ad app create --display-name Meetbot --sign-in-audience AzureADMyOrg --query appId "+
				"--output tsv)",
			`az ad sp create --id "$CLIENT_ID"`)
	} else {
		lines = append(lines, "CLIENT_ID="+e.ClientID)
	}
	lines = append(lines, `az ad app permission add --id "$CLIENT_ID" --api `+graphclient.AppID+` \`,
		"  --api-permissions "+strings.Join(e.roles("", "=Role"), " "),
		`printf 'AZURE_TENANT_ID=%s\nAZURE_CLIENT_ID=%s\n' "$TENANT_ID" "$CLIENT_ID"`)
	p.block(inBash, lines...)
	p.heading(3, "2. Consent")
	p.say("If it says that the app is not found, wait a minute: a new app is not known everywhere at once. The " +
		"second command lists the IDs of the roles that the app has now; they must be those of the table above.")
	consent := []string{}
	if e.ClientID != "" {
		consent = append(consent, "CLIENT_ID="+e.ClientID)
	}
	p.block(inBash, append(consent, `az ad app permission admin-consent --id "$CLIENT_ID"`,
		`az rest --method GET --query 'value[].appRoleId' --output tsv \`,
		`  --url "`+e.graph()+`/servicePrincipals(appId='$CLIENT_ID')/appRoleAssignments"`)...)
	p.heading(3, "3. The certificate")
	e.sayCertificate(p)
	_, crt := e.certificate()
	p.say("Then give Entra the certificate. `--append` leaves the app's other credentials as they are.")
	const reset = `az ad app credential reset --id "$CLIENT_ID" --append --display-name meetbot `
	p.block(inBash, reset+"--cert "+word("@"+crt))
	p.say("A client secret works too. It can be copied, so it is the weaker proof. It is shown once, " +
		"and it is the value of `AZURE_CLIENT_SECRET`; put its date into `AZURE_CLIENT_SECRET_EXPIRES`.")
	p.block(inBash, reset+"--years 1 --query password --output tsv")
}

func (e Entra) graphPowerShell(p *page) {
	p.heading(2, "Steps 1 to 3 with Microsoft Graph PowerShell")
	p.heading(3, e.registration())
	lines := []string{
		installGraph,
		e.cloud().connectGraph(e.TenantID, "'Application.ReadWrite.All'"),
	}
	if e.ClientID == "" {
		lines = append(lines,
			"$Access = @{ ResourceAppId = '"+graphclient.AppID+"'; ResourceAccess = @(")
		// A comma at the end of a line tells that the list goes on.
		lines = append(lines, strings.Join(e.roles("  @{ Id = '", "'; Type = 'Role' }"), ",\n"))
		lines = append(lines, ") }",
			"$App = New-MgApplication -DisplayName Meetbot -SignInAudience AzureADMyOrg -RequiredResourceAccess "+
				"@($Access)",
			"New-MgServicePrincipal -AppId $App.AppId",
			"$ClientId = $App.AppId",
		)
	} else {
		lines = append(lines, "$ClientId = '"+e.ClientID+"'", `$App = Get-MgApplication -Filter "appId eq '$ClientId'"`)
	}
	lines = append(lines, `"AZURE_TENANT_ID=$((Get-MgContext).TenantId)"`, `"AZURE_CLIENT_ID=$ClientId"`)
	p.block(inPowerShell, lines...)
	p.heading(3, "2. Consent")
	lines = nil
	if e.ClientID != "" {
		lines = append(lines, "$ClientId = '"+e.ClientID+"'")
	}
	lines = append(lines,
		e.cloud().connectGraph(e.TenantID, "'Application.Read.All', 'AppRoleAssignment.ReadWrite.All'"),
		"$Graph = Get-MgServicePrincipal -Filter \"appId eq '"+graphclient.AppID+"'\"",
		`$Service = Get-MgServicePrincipal -Filter "appId eq '$ClientId'"`)
	for _, role := range e.permissions() {
		lines = append(lines, "New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $Service.Id "+
			"-PrincipalId $Service.Id -ResourceId $Graph.Id -AppRoleId '"+role.RoleID+"'")
	}
	p.block(inPowerShell, append(lines,
		"Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $Service.Id | Select-Object AppRoleId")...)
	p.heading(3, "3. The certificate")
	e.sayCertificate(p)
	_, crt := e.certificate()
	if e.ClientID != "" {
		p.say("Then give Entra the certificate: " + e.cloud().portal + ", App registrations, All applications, " +
			e.ClientID + ", Certificates & secrets, Certificates, Upload certificate, `" + crt + "`. " +
			"(`Update-MgApplication` would replace the certificates that the app has already.)")
		return
	}
	p.say("Then give Entra the certificate, with a copy of `" + crt + "` beside the terminal of the first step. " +
		"These lines are for a new app: they replace every certificate that the app has.")
	p.block(inPowerShell,
		"$File = (Resolve-Path "+powerShell(crt)+").Path",
		"$Certificate = [System.Security.Cryptography.X509Certificates.X509Certificate2]::new($File)",
		"$Key = @{ Type = 'AsymmetricX509Cert'; Usage = 'Verify'; Key = $Certificate.RawData; DisplayName = "+
			"'meetbot' }",
		"Update-MgApplication -ApplicationId $App.Id -KeyCredentials @($Key)")
}

// roles are the IDs of the permissions' roles, each with something before and behind it.
func (e Entra) roles(before, behind string) []string {
	var all []string
	for _, p := range e.permissions() {
		all = append(all, before+p.RoleID+behind)
	}
	return all
}

// graph is where Graph is.
func (e Entra) graph() string {
	return cmp.Or(strings.TrimSuffix(e.GraphURL, "/"), graphclient.DefaultBaseURL)
}

func (e Entra) terraform(p *page) {
	p.heading(2, "Steps 1 to 3 with Terraform")
	e.sayCertificate(p)
	_, crt := e.certificate()
	p.say("As `meetbot.tf` beside the certificate; `terraform init`, then `terraform apply`. It asks when the " +
		"certificate expires: `openssl x509 -in " + word(crt) + " -noout -enddate` says so. The person who " +
		"applies it needs the roles of all three steps: Terraform consents by assigning the roles.")
	p.block(inTerraform, e.terraformFile()...)
}

func (e Entra) terraformFile() []string {
	_, crt := e.certificate()
	lines := []string{
		"terraform {",
		"  required_providers {",
		"    azuread = {",
		`      source  = "hashicorp/azuread"`,
		`      version = "~> 3.0"`,
		"    }",
		"  }",
		"}",
		"",
	}
	var provider []string
	if e.cloud().terraform != "" {
		provider = append(provider, `  environment = "`+e.cloud().terraform+`"`)
	}
	if e.TenantID != "" {
		name := "  tenant_id "
		if len(provider) > 0 { // lines up the equals signs
			name = "  tenant_id   "
		}
		provider = append(provider, name+"= "+terraform(e.TenantID))
	}
	if len(provider) > 0 {
		lines = append(lines, `provider "azuread" {`)
		lines = append(append(lines, provider...), "}", "")
	}
	lines = append(lines,
		`variable "certificate_expires" {`,
		"  type        = string",
		`  description = "When the certificate expires, such as 2027-11-26T00:00:00Z."`,
		"}",
		"",
		`data "azuread_service_principal" "graph" {`,
		`  client_id = "`+graphclient.AppID+`"`,
		"}",
		"")
	app := "azuread_application.meetbot"
	service := "azuread_service_principal.meetbot"
	if e.ClientID == "" {
		lines = append(lines,
			`resource "azuread_application" "meetbot" {`,
			`  display_name     = "Meetbot"`,
			`  sign_in_audience = "AzureADMyOrg"`,
			"",
			"  required_resource_access {",
			`    resource_app_id = "`+graphclient.AppID+`"`)
		for _, p := range e.permissions() {
			lines = append(lines, "",
				"    resource_access { # "+p.Name,
				`      id   = "`+p.RoleID+`"`,
				`      type = "Role"`,
				"    }")
		}
		lines = append(lines, "  }", "}", "",
			`resource "azuread_service_principal" "meetbot" {`,
			"  client_id = azuread_application.meetbot.client_id",
			"}", "")
	} else {
		app, service = "data."+app, "data."+service
		lines = append(lines,
			`data "azuread_application" "meetbot" {`,
			`  client_id = "`+e.ClientID+`"`,
			"}", "",
			`data "azuread_service_principal" "meetbot" {`,
			`  client_id = "`+e.ClientID+`"`,
			"}", "")
	}
	lines = append(lines,
		`resource "azuread_app_role_assignment" "meetbot" {`,
		"  for_each = toset([")
	for _, p := range e.permissions() {
		lines = append(lines, `    "`+p.RoleID+`", # `+p.Name)
	}
	lines = append(lines,
		"  ])",
		"  app_role_id         = each.value",
		"  principal_object_id = "+service+".object_id",
		"  resource_object_id  = data.azuread_service_principal.graph.object_id",
		"}", "",
		`resource "azuread_application_certificate" "meetbot" {`,
		"  application_id = "+app+".id",
		`  type           = "AsymmetricX509Cert"`,
		"  value          = file("+terraform(crt)+")",
		"  end_date       = var.certificate_expires",
		"}", "",
		`output "AZURE_CLIENT_ID" {`,
		"  value = "+app+".client_id",
		"}")
	return lines
}

func (e Entra) configuration(p *page) {
	pem, _ := e.certificate()
	if !strings.HasPrefix(pem, "/") {
		pem = "/path/to/" + pem
	}
	p.heading(2, "The bot's configuration")
	p.block(inBash,
		"export AZURE_TENANT_ID="+word(cmp.Or(e.TenantID, "TENANT-ID-HERE")),
		"export AZURE_CLIENT_ID="+cmp.Or(e.ClientID, clientIDHere),
		"export AZURE_CLIENT_CERTIFICATE_PATH="+word(pem))
	p.say("Check, where the bot runs and with this in the environment:")
	p.block(inBash, "bot doctor --only entra", "bot doctor --only graph --user "+word(e.person()))
	p.say("`entra.permissions` names each permission that is missing, and `graph.meeting` tries the access policy.")
}

// person is somebody whom the bot is to make meetings for.
func (e Entra) person() string { return cmp.Or(e.User, e.Service, userHere) }
