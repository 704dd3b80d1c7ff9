package app

import (
	"net/url"
	"strconv"
	"strings"

	"meetbot/graphclient"
	"meetbot/internal/entra"
	"meetbot/store"
)

// Config is the whole configuration, by concern. [Default] has the defaults, [Config.Settings] the names by which an
// operator sets the values, [Config.Validate] the rules.
type Config struct {
	HTTP     HTTPConfig
	Links    LinksConfig
	Redis    RedisConfig
	Slack    SlackConfig
	Teams    TeamsConfig
	Entra    EntraConfig
	Graph    GraphConfig
	Policy   PolicyConfig
	Places   PlacesConfig
	Meetings MeetingConfig
	Logging  LoggingConfig

	// Files are where values come from that stand in files. A secret that changes there counts while the app runs.
	Files Files
}

// HTTPConfig says where the program listens.
type HTTPConfig struct {
	Addr      string // host:port for the chat platforms, /healthz and /readyz
	AdminAddr string // host:port for /metrics and profiles
	// ShutdownDelay is how long requests are still answered after the program was told to stop, while /readyz says that
	// it is not ready; as time.ParseDuration takes it.
	ShutdownDelay string
}

// EntraConfig says which Entra app calls Graph, and how it proves itself: by one of ClientSecret, CertificatePath,
// FederatedTokenFile and TokenCredentials.
type EntraConfig struct {
	TenantID            string // GUID or domain
	ClientID            string // GUID
	ClientSecret        string
	ClientSecretExpires string // when Entra stops to accept it, YYYY-MM-DD; empty if that is not told
	CertificatePath     string // PEM or PKCS#12 file with the key
	CertificatePassword string // of that file; empty for none
	// SendCertificateChain is "true" or "false", as strconv.ParseBool takes it: whether the certificates of the file
	// are sent along, for an app that is known by its certificate's subject and issuer.
	SendCertificateChain string
	FederatedTokenFile   string // of a workload identity
	TokenCredentials     string // "ManagedIdentityCredential" or empty
	AuthorityHost        string // https URL
}

// GraphConfig says which Microsoft Graph is called.
type GraphConfig struct {
	BaseURL string // https URL that ends in /v1.0
}

// PolicyConfig says who may make meetings, in whose name, and how many.
type PolicyConfig struct {
	Organizer        string   // as bot.ParseOrganizerPolicy takes it
	OrganizersGroup  string   // object ID of the Entra group whose members may make meetings; empty for everybody
	AllowedDomains   []string // e-mail domains; empty for any
	AllowGuests      string   // "true" or "false", as strconv.ParseBool takes it
	MatchAliases     string   // an e-mail that is an alias names its account; as AllowGuests
	TrustUnconfirmed string   // e-mails that Slack calls unconfirmed are trusted; as AllowGuests
	PerUser          int      // new meetings of one person in an hour; 0 for any number
	PerWorkspace     int      // new meetings of a workspace in an hour; 0 for any number
	Admins           []string // administrators of the bot: e-mail addresses or object IDs; empty for nobody
	Locale           string   // one of bot.Languages, where nothing better is known
}

// LoggingConfig says what is logged.
type LoggingConfig struct {
	Level  string // debug, info, warn, error
	Format string // json, text
}

// Default returns the configuration in which every value that has a default has it. It is not complete: see
// [Config.Validate].
func Default() Config {
	return Config{
		HTTP:  HTTPConfig{Addr: ":8080", AdminAddr: "localhost:9090", ShutdownDelay: "0"},
		Redis: RedisConfig{URL: "redis://localhost:6379/0", Prefix: store.DefaultPrefix, Entra: "false"},
		Slack: defaultSlack,
		Teams: defaultTeams,
		Entra: EntraConfig{SendCertificateChain: "false", AuthorityHost: entra.DefaultAuthorityHost},
		Graph: GraphConfig{BaseURL: graphclient.DefaultBaseURL},
		Policy: PolicyConfig{
			Organizer: "requester", AllowGuests: "false", MatchAliases: "false", TrustUnconfirmed: "false",
			PerUser: 20, PerWorkspace: 1000, Locale: "en",
		},
		Places:   defaultPlaces,
		Meetings: defaultMeetings,
		Logging:  LoggingConfig{Level: "info", Format: "json"},
	}
}

// normalized returns the configuration with everything in one form that may be written in several: a GUID and a domain
// in capitals are the same GUID and domain. They become parts of names in Redis, and are compared with what other
// services say.
func (c Config) normalized() Config {
	for _, name := range []*string{&c.Entra.TenantID, &c.Entra.ClientID, &c.Teams.AppID, &c.Teams.TenantID} {
		*name = strings.ToLower(strings.TrimSpace(*name))
	}
	for _, address := range []*string{
		&c.Entra.AuthorityHost, &c.Graph.BaseURL, &c.Slack.APIURL, &c.Teams.MetadataURL, &c.Links.PublicURL,
	} {
		*address = strings.TrimSpace(*address)
		if u, err := url.Parse(*address); err == nil && u.Host != strings.ToLower(u.Host) {
			u.Host = strings.ToLower(u.Host)
			*address = u.String()
		}
	}
	c.Links.PublicURL = strings.TrimSuffix(c.Links.PublicURL, "/")
	return c
}

// entra says how the app that calls Graph proves itself to Entra.
func (c Config) entra() entra.Config {
	chain, _ := strconv.ParseBool(c.Entra.SendCertificateChain)
	return entra.Config{
		TenantID: c.Entra.TenantID, ClientID: c.Entra.ClientID, ClientSecret: c.Entra.ClientSecret,
		CertificatePath: c.Entra.CertificatePath, CertificatePassword: c.Entra.CertificatePassword,
		SendCertificateChain: chain,
		FederatedTokenFile:   c.Entra.FederatedTokenFile, ManagedIdentity: c.Entra.TokenCredentials != "",
		AuthorityHost: c.Entra.AuthorityHost,
	}
}
