package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"meetbot/bot"
	"meetbot/internal/entra"
	"meetbot/internal/guid"
	"meetbot/internal/outbound"
	"meetbot/store"
)

// Config is the whole configuration of `serve`, each value from its environment variable or flag.
type Config struct {
	HTTPAddr  string `name:"http-addr" env:"HTTP_ADDR" default:":8080" help:"Listen address for the chat platforms, /healthz and /readyz."`
	AdminAddr string `name:"admin-addr" env:"ADMIN_ADDR" default:"localhost:9090" help:"Listen address for /metrics and profiles; never the public one."`
	RedisURL  string `name:"redis-url" env:"REDIS_URL" default:"redis://localhost:6379/0" help:"redis:// or rediss://; Sentinel and Cluster too."`

	SlackSigningSecret string `name:"slack-signing-secret" env:"SLACK_SIGNING_SECRET" help:"Signing secret of the Slack app; Slack is off without it and the next."`
	SlackBotToken      string `name:"slack-bot-token" env:"SLACK_BOT_TOKEN" help:"Bot token of the Slack app (xoxb-…)."`
	SlackAPIURL        string `name:"slack-api-url" env:"SLACK_API_URL" default:"https://slack.com/api/" help:"Base of the Slack Web API; ends in a slash."`

	TeamsAppID        string   `name:"teams-app-id" env:"TEAMS_APP_ID" help:"App ID of the Teams bot; Teams is off without it."`
	TeamsAppSecret    string   `name:"teams-app-secret" env:"TEAMS_APP_SECRET" help:"Its client secret; not needed if it is the Entra app that calls Graph."`
	TeamsTenantID     string   `name:"teams-tenant-id" env:"TEAMS_TENANT_ID" help:"Tenant whose people the Teams bot serves, and where it is registered; the Graph tenant if empty."`
	TeamsMetadataURL  string   `name:"teams-openid-metadata-url" env:"TEAMS_OPENID_METADATA_URL" default:"https://login.botframework.com/v1/.well-known/openidconfiguration" help:"Where the keys of inbound tokens are announced, in a national cloud."`
	TeamsServiceHosts []string `name:"teams-service-hosts" env:"TEAMS_SERVICE_HOSTS" help:"Hosts that answers may go to, beyond Microsoft's own."`

	TenantID            string `name:"azure-tenant-id" env:"AZURE_TENANT_ID" help:"Entra tenant."`
	ClientID            string `name:"azure-client-id" env:"AZURE_CLIENT_ID" help:"Client ID of the Entra app that calls Graph."`
	ClientSecret        string `name:"azure-client-secret" env:"AZURE_CLIENT_SECRET" help:"Its client secret, or instead of that:"`
	CertificatePath     string `name:"azure-client-certificate-path" env:"AZURE_CLIENT_CERTIFICATE_PATH" help:"its certificate and key, PEM or PKCS#12;"`
	CertificatePassword string `name:"azure-client-certificate-password" env:"AZURE_CLIENT_CERTIFICATE_PASSWORD" help:"the password of that file, if it has one;"`
	FederatedTokenFile  string `name:"azure-federated-token-file" env:"AZURE_FEDERATED_TOKEN_FILE" help:"a workload identity's token (Kubernetes sets this);"`
	TokenCredentials    string `name:"azure-token-credentials" env:"AZURE_TOKEN_CREDENTIALS" help:"ManagedIdentityCredential, for a managed identity."`
	AuthorityHost       string `name:"azure-authority-host" env:"AZURE_AUTHORITY_HOST" default:"https://login.microsoftonline.com/" help:"Entra of a national cloud."`
	GraphBaseURL        string `name:"graph-base-url" env:"GRAPH_BASE_URL" default:"https://graph.microsoft.com/v1.0" help:"Graph of a national cloud."`

	Organizer      string   `name:"organizer" env:"ORGANIZER" default:"requester" help:"In whose name meetings are made: requester, service:ACCOUNT, or requester,service:ACCOUNT."`
	AllowedDomains []string `name:"allowed-email-domains" env:"ALLOWED_EMAIL_DOMAINS" help:"E-mail domains whose people may make meetings; empty for any that the tenant knows."`
	AllowGuests    string   `name:"allow-guests" env:"ALLOW_GUESTS" default:"false" help:"Guests may make meetings: true or false."`
	PerUser        int      `name:"new-meetings-per-user" env:"NEW_MEETINGS_PER_USER" default:"20" help:"New meetings that one person may make in an hour; 0 for any number."`
	PerWorkspace   int      `name:"new-meetings-per-workspace" env:"NEW_MEETINGS_PER_WORKSPACE" default:"1000" help:"New meetings that a workspace may make in an hour; 0 for any number."`
	Locale         string   `name:"locale" env:"LOCALE" default:"en" help:"Language where nothing better is known: en, pt-BR."`

	LogLevel  string `name:"log-level" env:"LOG_LEVEL" default:"info" help:"debug, info, warn or error."`
	LogFormat string `name:"log-format" env:"LOG_FORMAT" default:"json" help:"json or text."`
}

// problems collects everything that is wrong with a configuration.
type problems []string

// need adds a problem with a variable unless ok, and says what a right value looks like.
func (p *problems) need(ok bool, variable, problem, example string) {
	if !ok {
		*p = append(*p, fmt.Sprintf("%s %s; for example %s=%s", variable, problem, variable, example))
	}
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return errors.New("the configuration is not complete:\n  - " + strings.Join(p, "\n  - "))
}

var domain = regexp.MustCompile(`^(?i)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`)

// Check returns one error that lists every problem, each with the variable's name and an example. It quotes no value
// that may be a secret.
func (c Config) Check() error {
	var p problems
	p.need(isAddress(c.HTTPAddr), "HTTP_ADDR", "is not a listen address", ":8080")
	p.need(isAddress(c.AdminAddr), "ADMIN_ADDR", "is not a listen address", "localhost:9090")
	p.need(!samePort(c.HTTPAddr, c.AdminAddr), "ADMIN_ADDR", "has the port of HTTP_ADDR", "localhost:9090")
	err := store.CheckURL(c.RedisURL)
	p.need(err == nil, "REDIS_URL", fmt.Sprintf("cannot be used (%v)", err), "redis://localhost:6379/0")

	if c.slackOn() || !c.teamsOn() {
		p.need(c.SlackSigningSecret != "", "SLACK_SIGNING_SECRET", "is missing (Slack app, Basic Information)", "8f742231b10e8888abcd99yyyzzz85a5")
		p.need(strings.HasPrefix(c.SlackBotToken, "xoxb-"), "SLACK_BOT_TOKEN", "is missing or is not a bot token (Slack app, OAuth & Permissions)", "xoxb-…")
	}
	p.need(c.slackOn() || c.teamsOn(), "TEAMS_APP_ID", "is missing too, and one chat platform is needed: Slack or Teams", "22222222-3333-4444-5555-666666666666")
	p.need(isBase(c.SlackAPIURL) && strings.HasSuffix(c.SlackAPIURL, "/"), "SLACK_API_URL", "must be an https URL that ends in a slash", "https://slack.com/api/")

	p.need(guid.Valid(c.TenantID) || domain.MatchString(c.TenantID), "AZURE_TENANT_ID", "is missing or is neither a GUID nor a domain", "8eaef023-2b34-4da1-9baa-8bc8c9d6a490")
	p.need(guid.Valid(c.ClientID), "AZURE_CLIENT_ID", "is missing or is not a GUID", "11111111-2222-3333-4444-555555555555")
	p.need(c.TokenCredentials == "" || strings.EqualFold(c.TokenCredentials, "ManagedIdentityCredential"), "AZURE_TOKEN_CREDENTIALS", "names a credential that is not supported here", "ManagedIdentityCredential")
	p.need(c.ClientSecret != "" || c.CertificatePath != "" || c.FederatedTokenFile != "" || c.TokenCredentials != "", "AZURE_CLIENT_SECRET",
		"is missing, and so are AZURE_CLIENT_CERTIFICATE_PATH, AZURE_FEDERATED_TOKEN_FILE and AZURE_TOKEN_CREDENTIALS", "…")
	if c.CertificatePath != "" {
		p.need(isCertificate(c.CertificatePath, c.CertificatePassword), "AZURE_CLIENT_CERTIFICATE_PATH",
			"names a file that cannot be read, or that holds no certificate with its key, or that AZURE_CLIENT_CERTIFICATE_PASSWORD does not open", "/etc/meetbot/client.pem")
	}
	if c.FederatedTokenFile != "" {
		_, err := os.Stat(c.FederatedTokenFile)
		p.need(err == nil, "AZURE_FEDERATED_TOKEN_FILE", "names a file that is not there", "/var/run/secrets/azure/tokens/azure-identity-token")
	}
	authority, err := url.Parse(c.AuthorityHost)
	p.need(err == nil && authority.Scheme == "https" && authority.Host != "", "AZURE_AUTHORITY_HOST", "must be an https URL", "https://login.microsoftonline.com/")
	p.need(isBase(c.GraphBaseURL) && strings.HasSuffix(strings.TrimSuffix(c.GraphBaseURL, "/"), "/v1.0"), "GRAPH_BASE_URL", "must be an https URL that ends in /v1.0", "https://graph.microsoft.com/v1.0")
	p.need(!strings.Contains(c.GraphBaseURL, "chinacloudapi.cn"), "GRAPH_BASE_URL", "is the China cloud's, whose Graph cannot make meetings for an app", "https://graph.microsoft.com/v1.0")

	if c.teamsOn() {
		c.checkTeams(&p)
	}
	_, err = bot.ParseOrganizerPolicy(c.Organizer)
	p.need(err == nil, "ORGANIZER", fmt.Sprintf("cannot be understood (%v)", err), "requester")
	for _, d := range c.AllowedDomains {
		p.need(domain.MatchString(strings.TrimSpace(d)), "ALLOWED_EMAIL_DOMAINS", fmt.Sprintf("holds %q, which is not a domain", d), "example.com,example.org")
	}
	_, err = strconv.ParseBool(c.AllowGuests)
	p.need(err == nil, "ALLOW_GUESTS", "is neither true nor false", "false")
	p.need(c.PerUser >= 0, "NEW_MEETINGS_PER_USER", "is negative", "20")
	p.need(c.PerWorkspace >= 0, "NEW_MEETINGS_PER_WORKSPACE", "is negative", "1000")
	_, ok := c.language()
	p.need(ok, "LOCALE", "is not one of en, pt-BR", "en")
	_, err = c.level()
	p.need(err == nil, "LOG_LEVEL", "is not one of debug, info, warn, error", "info")
	p.need(c.LogFormat == "json" || c.LogFormat == "text", "LOG_FORMAT", "is not one of json, text", "json")
	return p.err()
}

func (c Config) slackOn() bool { return c.SlackSigningSecret != "" || c.SlackBotToken != "" }

func (c Config) teamsOn() bool {
	return c.TeamsAppID != "" || c.TeamsAppSecret != "" || c.TeamsTenantID != ""
}

func (c Config) checkTeams(p *problems) {
	p.need(guid.Valid(c.TeamsAppID), "TEAMS_APP_ID", "is missing or is not a GUID (Azure Bot, Configuration, Microsoft App ID)", "22222222-3333-4444-5555-666666666666")
	p.need(c.TeamsAppSecret != "" || strings.EqualFold(c.TeamsAppID, c.ClientID), "TEAMS_APP_SECRET", "is missing, and the Teams bot is another app than AZURE_CLIENT_ID", "…")
	if c.TeamsTenantID == "" {
		p.need(guid.Valid(c.TenantID), "TEAMS_TENANT_ID", "is missing, and AZURE_TENANT_ID is not the tenant's GUID", "8eaef023-2b34-4da1-9baa-8bc8c9d6a490")
	} else {
		p.need(guid.Valid(c.TeamsTenantID), "TEAMS_TENANT_ID", "is not a GUID", "8eaef023-2b34-4da1-9baa-8bc8c9d6a490")
	}
	p.need(isBase(c.TeamsMetadataURL), "TEAMS_OPENID_METADATA_URL", "must be an https URL", "https://login.botframework.com/v1/.well-known/openidconfiguration")
	for _, host := range c.TeamsServiceHosts {
		u, err := url.Parse("https://" + host)
		p.need(err == nil && host != "" && u.Host == host, "TEAMS_SERVICE_HOSTS", fmt.Sprintf("holds %q, which is not a host", host), "smba.trafficmanager.net")
	}
}

func isAddress(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// samePort tells whether two listen addresses share a port; 0 stands for any free one.
func samePort(a, b string) bool {
	_, first, errA := net.SplitHostPort(a)
	_, second, errB := net.SplitHostPort(b)
	return errA == nil && errB == nil && first == second && first != "0"
}

func isCertificate(path, password string) bool {
	data, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	_, _, err = azidentity.ParseCertificates(data, []byte(password))
	return err == nil
}

func isBase(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && outbound.Secure(u) == nil
}

func (c Config) language() (bot.Language, bool) {
	for _, lang := range bot.Languages {
		if strings.EqualFold(string(lang), c.Locale) {
			return lang, true
		}
	}
	return bot.English, false
}

func (c Config) level() (slog.Level, error) {
	var level slog.Level
	err := level.UnmarshalText([]byte(c.LogLevel))
	return level, err
}

// allowGuests is only called on a checked configuration.
func (c Config) allowGuests() bool {
	allow, _ := strconv.ParseBool(c.AllowGuests)
	return allow
}

func (c Config) domains() []string {
	var all []string
	for _, d := range c.AllowedDomains {
		all = append(all, strings.ToLower(strings.TrimSpace(d)))
	}
	return all
}

// teamsTenant is the tenant that the Teams bot serves.
func (c Config) teamsTenant() string { return cmp.Or(c.TeamsTenantID, c.TenantID) }

// teamsCredential says how the Teams bot proves itself to Entra: by its own secret, or as the app that calls Graph.
func (c Config) teamsCredential() entra.Config {
	if c.TeamsAppSecret == "" {
		own := c.credential()
		own.TenantID = c.teamsTenant()
		return own
	}
	return entra.Config{
		TenantID: c.teamsTenant(), ClientID: c.TeamsAppID, ClientSecret: c.TeamsAppSecret, AuthorityHost: c.AuthorityHost,
	}
}

// credential says how the app that calls Graph proves itself to Entra.
func (c Config) credential() entra.Config {
	return entra.Config{
		TenantID: c.TenantID, ClientID: c.ClientID, ClientSecret: c.ClientSecret,
		CertificatePath: c.CertificatePath, CertificatePassword: c.CertificatePassword,
		FederatedTokenFile: c.FederatedTokenFile, ManagedIdentity: c.TokenCredentials != "",
		AuthorityHost: c.AuthorityHost,
	}
}
