package app

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Setting is one value of the configuration, by the name that an operator knows.
type Setting struct {
	Env   string // environment variable
	Help  string // what it is, for the help of the command line
	Value Value  // reads and sets the value in the Config that the setting belongs to
}

// Flag is the setting's name as a flag, without the dashes in front: HTTP_ADDR is http-addr.
func (s Setting) Flag() string { return strings.ToLower(strings.ReplaceAll(s.Env, "_", "-")) }

// Secret tells whether the value is a secret, or may hold one.
func (s Setting) Secret() bool { return secrets[s.Env] }

var secrets = map[string]bool{
	"REDIS_URL":            true, // it may hold a password
	"SLACK_SIGNING_SECRET": true, "SLACK_BOT_TOKEN": true, "TEAMS_APP_SECRET": true,
	"AZURE_CLIENT_SECRET": true, "AZURE_CLIENT_CERTIFICATE_PASSWORD": true,
}

// Value is a value that is written as text. It is what package pflag wants of a flag.
type Value interface {
	String() string
	Set(text string) error // an error says what was wanted
	Type() string          // what is wanted, in a word for the help
}

// Settings names all values of c, in the order of the README's table. What is set by them is set in c.
func (c *Config) Settings() []Setting {
	var all []Setting
	for _, concern := range [][]Setting{
		c.HTTP.Settings(), c.Links.Settings(), c.Redis.Settings(), c.Slack.Settings(), c.Teams.Settings(),
		c.Entra.Settings(), c.Graph.Settings(), c.Policy.Settings(), c.Places.Settings(), c.Meetings.Settings(),
		c.Logging.Settings(),
	} {
		all = append(all, concern...)
	}
	return all
}

// Set sets values by the names of their environment variables. The error says which of them there is not, or is not
// right.
func (c *Config) Set(values map[string]string) error {
	settings := map[string]Value{}
	for _, s := range c.Settings() {
		settings[s.Env] = s.Value
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value, ok := settings[name]
		if !ok {
			return fmt.Errorf("there is no setting %s", name)
		}
		if err := value.Set(values[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// Settings names the values of this concern.
func (c *HTTPConfig) Settings() []Setting {
	return []Setting{
		{"HTTP_ADDR", "Listen address for the chat platforms, /healthz and /readyz.", (*text)(&c.Addr)},
		{"ADMIN_ADDR", "Listen address for /metrics and profiles; never the public one.", (*text)(&c.AdminAddr)},
	}
}

// Settings names the values of this concern.
func (c *RedisConfig) Settings() []Setting {
	return []Setting{
		{"REDIS_URL", "redis:// or rediss://; Sentinel and Cluster too.", (*text)(&c.URL)},
		{"REDIS_PREFIX", "First part of every key; another for each deployment on one Redis.", (*text)(&c.Prefix)},
	}
}

// Settings names the values of this concern.
func (c *EntraConfig) Settings() []Setting {
	return []Setting{
		{"AZURE_TENANT_ID", "Entra tenant.", (*text)(&c.TenantID)},
		{"AZURE_CLIENT_ID", "Client ID of the Entra app that calls Graph.", (*text)(&c.ClientID)},
		{"AZURE_CLIENT_SECRET", "Its client secret, or instead of that:", (*text)(&c.ClientSecret)},
		{"AZURE_CLIENT_SECRET_EXPIRES", "(the date when that secret expires, YYYY-MM-DD, so that a warning comes " +
			"in time)",
			(*text)(&c.ClientSecretExpires)},
		{"AZURE_CLIENT_CERTIFICATE_PATH", "its certificate and key, PEM or PKCS#12;", (*text)(&c.CertificatePath)},
		{"AZURE_CLIENT_CERTIFICATE_PASSWORD", "the password of that file, if it has one;",
			(*password)(&c.CertificatePassword)},
		{"AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "Send the certificates of the file along: true or false.",
			(*text)(&c.SendCertificateChain)},
		{"AZURE_FEDERATED_TOKEN_FILE", "a workload identity's token (Kubernetes sets this);",
			(*text)(&c.FederatedTokenFile)},
		{"AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential, for a managed identity.", (*text)(&c.TokenCredentials)},
		{"AZURE_AUTHORITY_HOST", "Entra of a national cloud.", (*text)(&c.AuthorityHost)},
	}
}

// Settings names the values of this concern.
func (c *GraphConfig) Settings() []Setting {
	return []Setting{{"GRAPH_BASE_URL", "Graph of a national cloud.", (*text)(&c.BaseURL)}}
}

// Settings names the values of this concern.
func (c *PolicyConfig) Settings() []Setting {
	return []Setting{
		{"ORGANIZER", "In whose name meetings are made: requester, service:ACCOUNT, or requester,service:ACCOUNT.",
			(*text)(&c.Organizer)},
		{"ORGANIZERS_GROUP", "Object ID of an Entra group whose members alone may make meetings; empty for everybody.",
			(*text)(&c.OrganizersGroup)},
		{"ALLOWED_EMAIL_DOMAINS", "E-mail domains whose people may make meetings; empty for any that the tenant knows.",
			(*list)(&c.AllowedDomains)},
		{"ALLOW_GUESTS", "Guests may make meetings: true or false.", (*text)(&c.AllowGuests)},
		{"MATCH_EMAIL_ALIASES", "An e-mail that is an alias in the directory names its account: true or false.",
			(*text)(&c.MatchAliases)},
		{"TRUST_UNCONFIRMED_EMAIL", "E-mails that Slack calls unconfirmed are trusted: true or false.",
			(*text)(&c.TrustUnconfirmed)},
		{"NEW_MEETINGS_PER_USER", "New meetings that one person may make in an hour; 0 for any number.",
			(*number)(&c.PerUser)},
		{"NEW_MEETINGS_PER_WORKSPACE", "New meetings that a workspace may make in an hour; 0 for any number.",
			(*number)(&c.PerWorkspace)},
		{"LOCALE", "Language where nothing better is known: en, pt-BR.", (*text)(&c.Locale)},
	}
}

// Settings names the values of this concern.
func (c *LoggingConfig) Settings() []Setting {
	return []Setting{
		{"LOG_LEVEL", "debug, info, warn or error.", (*text)(&c.Level)},
		{"LOG_FORMAT", "json or text.", (*text)(&c.Format)},
	}
}

// text is a Value that is taken without the space around it: a value that comes from a file ends with a line break.
type text string

func (t *text) String() string     { return string(*t) }
func (t *text) Set(s string) error { *t = text(strings.TrimSpace(s)); return nil }
func (t *text) Type() string       { return "string" }

// password is a Value that is taken without line breaks at its end. It may begin and end with blanks.
type password string

func (p *password) String() string     { return string(*p) }
func (p *password) Set(s string) error { *p = password(strings.TrimRight(s, "\r\n")); return nil }
func (p *password) Type() string       { return "string" }

// number is a Value that is a whole number.
type number int

func (n *number) String() string { return strconv.Itoa(int(*n)) }
func (n *number) Type() string   { return "int" }

func (n *number) Set(s string) error {
	value, err := strconv.ParseInt(strings.TrimSpace(s), 0, strconv.IntSize)
	if err != nil {
		return errors.New("want a whole number")
	}
	*n = number(value)
	return nil
}

// list is a Value that is words with commas between, and space around them. Setting it again replaces the words.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }
func (l *list) Type() string   { return "list" }

func (l *list) Set(s string) error {
	*l = strings.Split(s, ",")
	for i, word := range *l {
		(*l)[i] = strings.TrimSpace(word)
	}
	if last := len(*l) - 1; (*l)[last] == "" { // "a," is one word, and "" is none
		*l = (*l)[:last]
	}
	return nil
}
