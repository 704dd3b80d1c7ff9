package doctor

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"meetbot/bot"
	"meetbot/graphclient"
	"meetbot/internal/app"
	"meetbot/internal/entra"
	"meetbot/internal/outbound"
)

// warnBefore is how long before a secret or a certificate expires its owner is warned.
const warnBefore = 30 * 24 * time.Hour

// portal is where an app registration is found.
const portal = "Entra admin center (https://entra.microsoft.com), App registrations, All applications, "

// entraExpiry tells when the secret or the certificate of the app expires.
func (e *examination) entraExpiry(context.Context) []finding {
	c := e.config.Entra
	switch {
	case c.CertificatePath != "":
		from, until, err := entra.CertificateValidity(c.CertificatePath, c.CertificatePassword)
		if err != nil {
			return one(skip("AZURE_CLIENT_CERTIFICATE_PATH", "The certificate cannot be read; see config.values."))
		}
		if e.now().Before(from) {
			return one(fail("AZURE_CLIENT_CERTIFICATE_PATH", "The certificate is valid from "+
				from.Format(time.DateOnly)+" on, and not yet.", "Compare this machine's clock (date -u); otherwise "+
				"use a certificate that is valid now."))
		}
		return one(e.expiry("AZURE_CLIENT_CERTIFICATE_PATH", "certificate", until,
			"Make a new certificate and upload it: "+portal+c.ClientID+", Certificates & secrets, Certificates, "+
				"Upload certificate. Then replace the file "+c.CertificatePath+"; the bot reads it again by itself."))
	case c.ClientSecret == "":
		return one(ok("", "The app proves itself without a secret that expires."))
	case c.ClientSecretExpires == "": // perhaps Graph tells: see entraSecret
		return nil
	}
	until, err := time.Parse(time.DateOnly, c.ClientSecretExpires)
	if err != nil {
		return one(skip("AZURE_CLIENT_SECRET_EXPIRES", "The value is not a date; see config.values."))
	}
	f := e.expiry("AZURE_CLIENT_SECRET_EXPIRES", "client secret", until,
		"Make a new one: "+portal+c.ClientID+", Certificates & secrets, New client secret. Then set "+
			"AZURE_CLIENT_SECRET to its value, and AZURE_CLIENT_SECRET_EXPIRES to its date.")
	if f.status == Fail { // the date may be that of the secret before, and Entra knows better
		f.status = Warn
		f.detail = "The date is past: " + c.ClientSecretExpires + ". If it is that of the secret that is set, " +
			"entra.token fails."
	}
	return one(f)
}

// expiry judges a time after which Entra refuses a credential.
func (e *examination) expiry(subject, what string, until time.Time, next string) finding {
	without := "no meeting is made"
	if subject == "TEAMS_APP_SECRET" {
		without = "the bot answers nobody in Teams"
	}
	left, date := until.Sub(e.now()), until.Format(time.DateOnly)
	switch {
	case left <= 0:
		return fail(subject, "The "+what+" expired on "+date+". Entra refuses it, and "+without+".", next)
	case left < warnBefore:
		return warn(subject, fmt.Sprintf("The %s expires in %s, on %s. From then on %s.", what,
			plural(int(left/(24*time.Hour)), "day"), date, without), next)
	}
	return ok(subject, "The "+what+" is valid until "+date+".")
}

func (e *examination) entraReachable(ctx context.Context) []finding {
	if e.config.Entra.TokenCredentials != "" && e.config.Teams.AppSecret == "" {
		return one(skip("", "A managed identity gets its tokens from the platform that the bot runs on."))
	}
	_, f := e.upstream(ctx, "Microsoft Entra", e.config.Entra.AuthorityHost)
	return one(f)
}

// graphScope is the scope of tokens for Graph.
func (e *examination) graphScope() string {
	u, err := outbound.ParseBase("GRAPH_BASE_URL", e.config.Graph.BaseURL, graphclient.DefaultBaseURL)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/.default"
}

func (e *examination) entraToken(ctx context.Context) []finding {
	c := e.config.GraphApp()
	c.RootCAs = e.o.RootCAs
	credential, err := entra.NewCredential(c)
	if err != nil {
		return one(fail("", "The credential cannot be used ("+err.Error()+").", "Correct the variables AZURE_…; "+
			"see docs/configuration.md."))
	}
	e.credential = credential
	e.atEnd(credential.Close)
	token, err := credential.Tokens(e.graphScope()).Token(ctx)
	if err != nil {
		return one(e.noToken(err, appNames{
			tenant: "AZURE_TENANT_ID", client: "AZURE_CLIENT_ID", secret: "AZURE_CLIENT_SECRET",
			tenantID: c.TenantID, clientID: c.ClientID, certificate: c.CertificatePath,
		}))
	}
	e.roles = entra.Roles(token)
	return one(ok(c.ClientID, "Entra gives the app a token for Graph."))
}

// appNames are the variables of an Entra app and their values.
type appNames struct {
	tenant, client, secret          string // names of variables
	tenantID, clientID, certificate string // values
}

// aadsts is the code that Entra gives a refusal.
var aadsts = regexp.MustCompile(`AADSTS\d+`)

// noToken explains why Entra gives an app no token.
func (e *examination) noToken(err error, names appNames) finding {
	refusal, _ := errors.AsType[*bot.Error](err)
	if refusal == nil || refusal.Code != bot.Credentials {
		return fail(names.clientID, "Entra gives no token ("+withoutCode(err)+"). Without one no meeting is made.",
			"Run bot doctor again in a minute. If it stays, look at https://status.cloud.microsoft")
	}
	code := aadsts.FindString(err.Error())
	by := ""
	if code != "" {
		by = " (" + code + ")"
	}
	app := portal + names.clientID
	switch refusal.Cause {
	case bot.UnknownTenant:
		return fail(names.tenant, "Entra knows no tenant “"+names.tenantID+"”"+by+". The client ID and the secret "+
			"were not looked at.", "Set "+names.tenant+" to the Tenant ID: Entra admin center "+
			"(https://entra.microsoft.com), Overview. For a national cloud, set AZURE_AUTHORITY_HOST too.")
	case bot.UnknownApp:
		return fail(names.client, "The tenant "+names.tenantID+" has no app with the client ID "+names.clientID+by+
			". Either the ID is wrong, or the app is in another tenant. The secret was not looked at.",
			"Set "+names.client+" to the Application (client) ID: "+strings.TrimSuffix(portal, ", ")+", the app, "+
				"Overview. If it is the same there, compare "+names.tenant+" with the Directory (tenant) ID beside it.")
	case bot.DisabledApp:
		return fail(names.client, "An administrator has disabled the app "+names.clientID+by+".",
			"Entra admin center, Enterprise applications, "+names.clientID+", Properties: set “Enabled for users "+
				"to sign-in” to Yes.")
	case bot.WrongSecret:
		return fail(names.secret, "The client secret is not one of the app "+names.clientID+by+". The tenant and "+
			"the client ID are right.", "Make a new one: "+app+", Certificates & secrets, New client secret. Set "+
			names.secret+" to what the column “Value” shows, not to the Secret ID.")
	case bot.ExpiredSecret:
		return fail(names.secret, "The client secret of the app "+names.clientID+" has expired"+by+".",
			"Make a new one: "+app+", Certificates & secrets, New client secret. Set "+names.secret+" to its value.")
	case bot.UnknownCertificate:
		return fail("AZURE_CLIENT_CERTIFICATE_PATH", "The certificate in "+names.certificate+" is not one of the app "+
			names.clientID+by+".", "Upload it: "+app+", Certificates & secrets, Certificates, Upload certificate. "+
			"Its thumbprint: openssl x509 -in "+names.certificate+" -noout -fingerprint")
	case bot.ConditionalAccess:
		return fail(names.client, "A Conditional Access policy of the tenant blocks the app "+names.clientID+by+".",
			"See which policy: Entra admin center, Monitoring & health, Sign-in logs, Service principal sign-ins, "+
				names.clientID+", Conditional Access. Exclude the app from it, or run the bot from an allowed "+
				"location.")
	case bot.WrongClock:
		return fail("clock", "Entra does not accept the times in the app's assertion"+by+": this machine's clock "+
			"is wrong.",
			"Compare it with the right time: date -u. Then switch time synchronization on: timedatectl set-ntp true")
	}
	if strings.Contains(err.Error(), "AADSTS500011") {
		return fail("GRAPH_BASE_URL", "The tenant "+names.tenantID+" has no service behind “"+e.graphScope()+"”"+by+
			": the cloud of GRAPH_BASE_URL is another than the tenant's.", "Set GRAPH_BASE_URL and "+
			"AZURE_AUTHORITY_HOST of one cloud; public: "+
			graphclient.DefaultBaseURL+" and "+entra.DefaultAuthorityHost)
	}
	next := "See what the code means: https://login.microsoftonline.com/error?code=" +
		strings.TrimPrefix(code, "AADSTS")
	if code == "" {
		next = "Look at the credential: AZURE_FEDERATED_TOKEN_FILE must exist and be fresh; for a managed " +
			"identity, it must be assigned to this machine, with AZURE_CLIENT_ID empty or its client ID."
	}
	return fail(names.clientID, "Entra refuses the app ("+withoutCode(err)+").", next)
}

// traces are the IDs of requests, which differ each time.
var traces = regexp.MustCompile(`, (trace|request) [0-9a-f-]{36}`)

// withoutCode is an error's text without the names that the program has for it, and without the IDs of requests.
func withoutCode(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*bot.Error](err); ok && e.Err != nil {
		text = e.Err.Error()
	}
	return traces.ReplaceAllString(text, "")
}

func (e *examination) entraPermissions(context.Context) []finding {
	client := e.config.Entra.ClientID
	var all []finding
	var names []string
	for _, p := range graphclient.Needed(e.isSet) {
		names = append(names, p.Name)
		if p.In(e.roles) {
			continue
		}
		got := "The token has no permissions at all"
		if len(e.roles) > 0 {
			got = "The token has " + strings.Join(e.roles, ", ")
		}
		all = append(all, fail(p.Name, "The app "+client+" lacks the application permission "+p.Name+", which it "+
			"needs "+p.For+
			", or an administrator has not consented to it. "+got+".",
			"A Privileged Role Administrator or Global Administrator does this: "+portal+client+", API "+
				"permissions, Add a permission, Microsoft Graph, Application permissions (not Delegated), "+p.Name+"; "+
				"then Grant admin consent.\n"+
				"az ad app permission add --id "+client+" --api "+graphclient.AppID+" --api-permissions "+p.RoleID+
				"=Role && az ad app permission admin-consent --id "+client))
	}
	if len(all) == 0 {
		all = one(ok(client, "The token has the permissions "+strings.Join(names, " and ")+"."))
	}
	return all
}

// isSet tells whether a variable has a value.
func (e *examination) isSet(variable string) bool {
	return slices.ContainsFunc(e.config.Settings(), func(s app.Setting) bool {
		return s.Env == variable && s.Value.String() != ""
	})
}

// lacks tells whether the app has not the permission for something; see entra.permissions.
func (e *examination) lacks(permission graphclient.Permission) bool { return !permission.In(e.roles) }
