package doctor

import (
	"context"
	"net/url"

	"meetbot/bot/teamsapp"
	"meetbot/bot/teamsapp/botauth"
	"meetbot/internal/entra"
	"meetbot/internal/outbound"
)

func (e *examination) teamsCloud() teamsapp.Cloud {
	return teamsapp.CloudOf(e.config.Teams.MetadataURL)
}

// teamsToken asks Entra for a token by which the bot answers in Teams.
func (e *examination) teamsToken(ctx context.Context) []finding {
	c := e.config.TeamsApp()
	c.RootCAs = e.o.RootCAs
	names := appNames{
		tenant: "TEAMS_TENANT_ID", client: "TEAMS_APP_ID", secret: "TEAMS_APP_SECRET",
		tenantID: c.TenantID, clientID: c.ClientID, certificate: c.CertificatePath,
	}
	if e.config.Teams.TenantID == "" {
		names.tenant = "AZURE_TENANT_ID"
	}
	if e.config.Teams.AppSecret == "" {
		names.secret = "AZURE_CLIENT_SECRET"
	}
	credential, err := entra.NewCredential(c)
	if err != nil {
		return one(fail("TEAMS_APP_ID", "The credential cannot be used ("+err.Error()+").", "Correct TEAMS_APP_ID "+
			"and TEAMS_APP_SECRET; see docs/configuration.md."))
	}
	e.atEnd(credential.Close)
	if _, err = credential.Tokens(e.teamsCloud().Scope).Token(ctx); err != nil {
		f := e.noToken(err, names)
		f.detail += " The bot hears people in Teams, and cannot answer them."
		return one(f)
	}
	return one(ok(e.config.Teams.AppID, "Entra gives the Teams bot a token for the Bot Connector."))
}

// teamsKeys reads the keys by which activities from Teams are recognized.
func (e *examination) teamsKeys(ctx context.Context) []finding {
	const variable = "TEAMS_OPENID_METADATA_URL"
	cloud := e.teamsCloud()
	verifier, err := botauth.New(botauth.Config{
		MetadataURL: cloud.MetadataURL, Issuer: cloud.Issuer, AppID: e.config.Teams.AppID,
	})
	if err != nil {
		return one(fail(variable, "The value cannot be used ("+err.Error()+").", "Remove the variable, unless this "+
			"is a national cloud."))
	}
	e.atEnd(verifier.Close)
	published, err := verifier.Published(ctx)
	if err != nil {
		f := fail(variable, "The Bot Framework's keys cannot be read ("+err.Error()+").", "Remove "+variable+", "+
			"unless this is a national cloud.")
		if transport(err) {
			f = e.unreachable("The Bot Framework", cloud.MetadataURL, err)
		}
		f.detail += " Without its keys every request of Teams is refused."
		return one(f)
	}
	if published.Issuer != cloud.Issuer {
		return one(fail(variable, "The document names the issuer “"+published.Issuer+"”, and the bot expects “"+
			cloud.Issuer+
			"”. Every request of Teams is refused.", "Remove "+variable+". For US Government: "+
			"https://login.botframework.azure.us/v1/.well-known/openidconfiguration"))
	}
	return one(ok(variable, "The Bot Framework's keys can be read."))
}

// teamsServices tells whether the hosts answer that the bot's answers go to.
func (e *examination) teamsServices(ctx context.Context) []finding {
	var all []finding
	for _, host := range append(e.teamsCloud().Services, e.config.Teams.ServiceHosts...) {
		address := "https://" + host + "/"
		if u, err := url.Parse(address); err == nil && outbound.Loopback(u.Hostname()) {
			address = "http://" + host + "/"
		}
		_, f := e.upstream(ctx, "The Bot Connector", address)
		all = append(all, f)
	}
	if len(all) == 0 {
		return one(skip("TEAMS_SERVICE_HOSTS", "The hosts of this cloud are not known."))
	}
	return all
}
