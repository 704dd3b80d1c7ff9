package app

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"

	"meetbot/bot"
	"meetbot/bot/teamsapp"
	"meetbot/internal/entra"
	"meetbot/internal/guid"
)

// TeamsConfig says which Teams bot this is. Teams is off while the first three are empty.
type TeamsConfig struct {
	AppID        string   // GUID
	AppSecret    string   // empty if the Entra app that calls Graph is the bot, too
	TenantID     string   // GUID; empty for Entra's
	MetadataURL  string   // where the keys of inbound tokens are announced
	ServiceHosts []string // that answers may go to, beyond Microsoft's own
}

var defaultTeams = TeamsConfig{MetadataURL: "https://login.botframework.com/v1/.well-known/openidconfiguration"}

// Settings names the values of this concern.
func (c *TeamsConfig) Settings() []Setting {
	return []Setting{
		{
			Env: "TEAMS_APP_ID", Kind: ID, Since: first, Value: (*text)(&c.AppID),
			Help:    "App ID of the Teams bot (Azure Bot, Configuration, Microsoft App ID).",
			Example: "22222222-3333-4444-5555-666666666666", Unset: "Teams is off",
		}, {
			Env: "TEAMS_APP_SECRET", Kind: Secret, Since: first, Value: (*text)(&c.AppSecret), Example: "Xy18Q~…",
			Help: "A client secret of that app; not needed if it is the app of AZURE_CLIENT_ID.",
		}, {
			Env: "TEAMS_TENANT_ID", Kind: ID, Since: first, Value: (*text)(&c.TenantID),
			Help:    "ID of the tenant whose people the Teams bot serves, where it is registered too.",
			Example: "8eaef023-2b34-4da1-9baa-8bc8c9d6a490", Unset: "the tenant of AZURE_TENANT_ID",
		}, {
			Env: "TEAMS_OPENID_METADATA_URL", Kind: URL, Since: first, Value: (*text)(&c.MetadataURL),
			Help: "Where the keys of inbound tokens are announced, in a national cloud.",
			More: "operating.md#microsoft-teams",
		}, {
			Env: "TEAMS_SERVICE_HOSTS", Kind: List, Since: first, Value: (*list)(&c.ServiceHosts),
			Help:    "Hosts that answers may go to, beyond Microsoft's own.",
			Example: "smba.trafficmanager.net", More: "operating.md#microsoft-teams",
		},
	}
}

func (c Config) teamsOn() bool {
	return c.Teams.AppID != "" || c.Teams.AppSecret != "" || c.Teams.TenantID != "" || c.Files.names("TEAMS_APP_SECRET")
}

func (c Config) validateTeams(p *problems) {
	if !c.teamsOn() {
		return
	}
	const tenant = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
	p.need(guid.Valid(c.Teams.AppID), "TEAMS_APP_ID",
		"is missing or is not a GUID (Azure Bot, Configuration, Microsoft App ID)",
		"22222222-3333-4444-5555-666666666666")
	p.need(c.Teams.AppSecret != "" || strings.EqualFold(c.Teams.AppID, c.Entra.ClientID), "TEAMS_APP_SECRET",
		"is missing, and the Teams bot is another app than AZURE_CLIENT_ID", "…")
	if c.Teams.TenantID == "" {
		p.need(guid.Valid(c.Entra.TenantID), "TEAMS_TENANT_ID",
			"is missing, and AZURE_TENANT_ID is not the tenant's GUID", tenant)
	} else {
		p.need(guid.Valid(c.Teams.TenantID), "TEAMS_TENANT_ID", "is not a GUID", tenant)
	}
	p.need(isBase(c.Teams.MetadataURL), "TEAMS_OPENID_METADATA_URL", "must be an https URL", defaultTeams.MetadataURL)
	for _, host := range c.Teams.ServiceHosts {
		u, err := url.Parse("https://" + host)
		p.need(err == nil && host != "" && u.Host == host, "TEAMS_SERVICE_HOSTS",
			fmt.Sprintf("holds %q, which is not a host", host), "smba.trafficmanager.net")
	}
}

// teamsTenant is the tenant whose people the Teams bot serves.
func (c Config) teamsTenant() string { return cmp.Or(c.Teams.TenantID, c.Entra.TenantID) }

// teamsEntra says how the Teams bot proves itself to Entra: by its own secret, or as the app that calls Graph.
func (c Config) teamsEntra() entra.Config {
	if c.Teams.AppSecret == "" {
		own := c.entra()
		own.TenantID = c.teamsTenant()
		return own
	}
	return entra.Config{
		TenantID: c.teamsTenant(), ClientID: c.Teams.AppID, ClientSecret: c.Teams.AppSecret,
		AuthorityHost: c.Entra.AuthorityHost,
	}
}

func newTeams(c Config, o Options, in shared) (bot.Frontend, error) {
	cloud := teamsapp.CloudOf(c.Teams.MetadataURL)
	credential, err := newCredential(c.teamsEntra(), o, in.metrics)
	if err != nil {
		return nil, fmt.Errorf("TEAMS_APP_ID, TEAMS_APP_SECRET: %w", err)
	}
	in.closing(credential)
	variables := []string{"TEAMS_APP_SECRET"}
	if c.Teams.AppSecret == "" {
		variables = entraSecrets
	}
	in.onChange(func(_ context.Context, c Config) error { return credential.Update(c.teamsEntra()) }, variables...)
	return teamsapp.New(teamsapp.Config{
		AppID: c.Teams.AppID, TenantID: c.teamsTenant(), Cloud: cloud, Hosts: c.Teams.ServiceHosts,
		Tokens:  credential.Tokens(cloud.Scope),
		Catalog: in.catalog, Language: in.language, Throttles: in.store, Log: in.log,
		Requests: in.requests,
	})
}
