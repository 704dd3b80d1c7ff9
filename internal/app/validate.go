package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"meetbot/bot"
	"meetbot/internal/entra"
	"meetbot/internal/guid"
	"meetbot/internal/outbound"
)

// Validate returns one error that lists every problem, each with the variable's name and an example. It quotes no value
// that may be a secret.
func (c Config) Validate() error { return problems(c.Problems()).err() }

// Problem is something that is wrong with the value of a variable.
type Problem struct {
	Variable string // its name
	Wrong    string // what is wrong, to be read behind the name; it quotes nothing that may be a secret
	Example  string // a right value; empty for none
}

// Error is the text of the problem, where a part of the configuration is used by itself.
func (p Problem) Error() string { return p.String() }

func (p Problem) String() string {
	text := p.Variable + " " + p.Wrong
	if p.Example != "" {
		text += "; for example " + p.Variable + "=" + p.Example
	}
	return text
}

// Problems lists everything that is wrong with the configuration by itself. It asks nobody.
func (c Config) Problems() []Problem {
	c = c.normalized()
	var p problems
	p.noExamples(c.Settings())
	c.HTTP.validate(&p)
	c.Links.validate(&p)
	c.Redis.validate(&p)
	c.validateSlack(&p)
	c.Entra.validate(&p)
	c.Graph.validate(&p)
	c.validateTeams(&p)
	c.Policy.validate(&p)
	c.Places.validate(&p)
	c.Meetings.validate(&p)
	c.Logging.validate(&p)
	return append(slices.Clone(c.Files.problems), c.Files.without(p)...)
}

// problems collects everything that is wrong with a configuration.
type problems []Problem

// need adds a problem with a variable unless ok, and says what a right value looks like.
func (p *problems) need(ok bool, variable, problem, example string) {
	if !ok {
		*p = append(*p, Problem{variable, problem, example})
	}
}

// noExamples adds a problem for each value that still has the … by which an example stands for the rest of a value.
func (p *problems) noExamples(settings []Setting) {
	for _, s := range settings {
		if strings.Contains(s.Value.String(), "…") {
			*p = append(*p, Problem{Variable: s.Env, Wrong: "holds the “…” of an example, in place of a value"})
		}
	}
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	text := "the configuration is not complete:"
	for _, problem := range p {
		text += "\n  - " + problem.String()
	}
	return errors.New(text)
}

func (c HTTPConfig) validate(p *problems) {
	p.need(isAddress(c.Addr), "HTTP_ADDR", "is not a listen address", ":8080")
	p.need(isAddress(c.AdminAddr), "ADMIN_ADDR", "is not a listen address", "localhost:9090")
	p.need(!samePort(c.Addr, c.AdminAddr), "ADMIN_ADDR", "has the port of HTTP_ADDR", "localhost:9090")
	if _, err := c.shutdownDelay(); err != nil {
		p.need(false, "SHUTDOWN_DELAY", err.Error(), "5s")
	}
}

func (c EntraConfig) validate(p *problems) {
	p.need(guid.Valid(c.TenantID) || domain.MatchString(c.TenantID), "AZURE_TENANT_ID",
		"is missing or is neither a GUID nor a domain", "8eaef023-2b34-4da1-9baa-8bc8c9d6a490")
	p.need(guid.Valid(c.ClientID), "AZURE_CLIENT_ID",
		"is missing or is not a GUID", "11111111-2222-3333-4444-555555555555")
	p.need(c.TokenCredentials == "" || strings.EqualFold(c.TokenCredentials, "ManagedIdentityCredential"),
		"AZURE_TOKEN_CREDENTIALS", "names a credential that is not supported here", "ManagedIdentityCredential")
	p.need(len(c.credentials()) > 0, "AZURE_CLIENT_SECRET",
		"is missing, and so are AZURE_CLIENT_CERTIFICATE_PATH, AZURE_FEDERATED_TOKEN_FILE and AZURE_TOKEN_CREDENTIALS",
		"…")
	if given := c.credentials(); len(given) > 1 {
		*p = append(*p, Problem{
			Variable: given[0], Wrong: "is set, and so is " + strings.Join(given[1:], ", ") + ": the app proves " +
				"itself in one way only, so leave one of them",
		})
	}
	if c.ClientSecretExpires != "" {
		_, err := time.Parse(time.DateOnly, c.ClientSecretExpires)
		p.need(err == nil, "AZURE_CLIENT_SECRET_EXPIRES", "is not a date of the form YYYY-MM-DD", "2027-11-23")
	}
	if c.CertificatePath != "" {
		p.need(entra.CheckCertificate(c.CertificatePath, c.CertificatePassword) == nil, "AZURE_CLIENT_CERTIFICATE_PATH",
			"names a file that cannot be read, or that holds no certificate with its RSA key, or that "+
				"AZURE_CLIENT_CERTIFICATE_PASSWORD does not open", "/etc/meetbot/client.pem")
	}
	_, err := strconv.ParseBool(c.SendCertificateChain)
	p.need(err == nil, "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "is neither true nor false", "false")
	if c.FederatedTokenFile != "" {
		_, err := os.Stat(c.FederatedTokenFile)
		p.need(err == nil, "AZURE_FEDERATED_TOKEN_FILE",
			"names a file that is not there", "/var/run/secrets/azure/tokens/azure-identity-token")
	}
	authority, err := url.Parse(c.AuthorityHost)
	p.need(err == nil && authority.Scheme == "https" && authority.Host != "", "AZURE_AUTHORITY_HOST",
		"must be an https URL", "https://login.microsoftonline.com/")
}

// credentials are the variables by which the app proves itself, of those that are set.
func (c EntraConfig) credentials() []string {
	var given []string
	for _, v := range []struct{ variable, value string }{
		{"AZURE_CLIENT_SECRET", c.ClientSecret},
		{"AZURE_CLIENT_CERTIFICATE_PATH", c.CertificatePath},
		{"AZURE_FEDERATED_TOKEN_FILE", c.FederatedTokenFile},
		{"AZURE_TOKEN_CREDENTIALS", c.TokenCredentials},
	} {
		if v.value != "" {
			given = append(given, v.variable)
		}
	}
	return given
}

func (c GraphConfig) validate(p *problems) {
	const example = "https://graph.microsoft.com/v1.0"
	p.need(isBase(c.BaseURL) && strings.HasSuffix(strings.TrimSuffix(c.BaseURL, "/"), "/v1.0"), "GRAPH_BASE_URL",
		"must be an https URL that ends in /v1.0", example)
	p.need(!strings.Contains(c.BaseURL, "chinacloudapi.cn"), "GRAPH_BASE_URL",
		"is the China cloud's, whose Graph cannot make meetings for an app", example)
}

func (c PolicyConfig) validate(p *problems) {
	_, err := bot.ParseOrganizerPolicy(c.Organizer)
	p.need(err == nil, "ORGANIZER", fmt.Sprintf("cannot be understood (%v)", err), "requester")
	p.need(c.OrganizersGroup == "" || guid.Valid(c.OrganizersGroup), "ORGANIZERS_GROUP",
		"is not the object ID of a group", exampleGroup)
	for _, d := range c.AllowedDomains {
		p.need(domain.MatchString(strings.TrimSpace(d)), "ALLOWED_EMAIL_DOMAINS",
			fmt.Sprintf("holds %q, which is not a domain", d), "example.com,example.org")
	}
	for _, s := range []struct{ variable, value string }{
		{"ALLOW_GUESTS", c.AllowGuests},
		{"MATCH_EMAIL_ALIASES", c.MatchAliases},
		{"TRUST_UNCONFIRMED_EMAIL", c.TrustUnconfirmed},
	} {
		_, err = strconv.ParseBool(s.value)
		p.need(err == nil, s.variable, "is neither true nor false", "false")
	}
	for _, who := range c.Admins {
		p.need(guid.Valid(who) || mailAddress.MatchString(who), "ADMINS",
			fmt.Sprintf("holds %q, which is neither an e-mail address nor an object ID", who),
			"ana@contoso.com,5f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e11")
	}
	p.need(c.PerUser >= 0, "NEW_MEETINGS_PER_USER", "is negative", "20")
	p.need(c.PerWorkspace >= 0, "NEW_MEETINGS_PER_WORKSPACE", "is negative", "1000")
	_, ok := c.language()
	p.need(ok, "LOCALE", "is not one of en, pt-BR", "en")
}

func (c LoggingConfig) validate(p *problems) {
	_, err := c.level()
	p.need(err == nil, "LOG_LEVEL", "is not one of debug, info, warn, error", "info")
	p.need(c.Format == "json" || c.Format == "text", "LOG_FORMAT", "is not one of json, text", "json")
}

var domain = regexp.MustCompile(`^(?i)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`)

// mailAddress is the form of an e-mail address or a user principal name.
var mailAddress = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)

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

func isBase(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && outbound.Secure(u) == nil
}

// The following turn checked values into what the parts take.

func (c PolicyConfig) language() (bot.Language, bool) {
	for _, lang := range bot.Languages {
		if strings.EqualFold(string(lang), c.Locale) {
			return lang, true
		}
	}
	return bot.English, false
}

func (c PolicyConfig) askers() bot.AskerPolicy {
	var p bot.AskerPolicy
	p.Guests, _ = strconv.ParseBool(c.AllowGuests)
	p.Aliases, _ = strconv.ParseBool(c.MatchAliases)
	p.Unconfirmed, _ = strconv.ParseBool(c.TrustUnconfirmed)
	for _, d := range c.AllowedDomains {
		p.Domains = append(p.Domains, strings.ToLower(strings.TrimSpace(d)))
	}
	return p
}

func (c LoggingConfig) level() (slog.Level, error) {
	var level slog.Level
	err := level.UnmarshalText([]byte(c.Level))
	return level, err
}
