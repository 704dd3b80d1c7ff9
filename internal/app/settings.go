package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Setting is one value of the configuration, by the name that an operator knows.
type Setting struct {
	Env     string // environment variable
	Kind    Kind   // what is wanted; empty for Text
	Help    string // what it is for: plain sentences without Markdown
	Example string // a right value, or one of the form of a secret; empty where the default shows it
	Unset   string // what holds while it is empty, for one that has no default; empty for nothing to tell
	More    string // where a document in docs tells more: a file and a heading; empty for nowhere
	Since   string // the release that brought it; empty for the next one
	Value   Value  // reads and sets the value in the Config that the setting belongs to
}

// Kind is what is wanted as a value, in the words of docs/configuration.md.
type Kind string

// The kinds of values.
const (
	Text      Kind = "text"
	Secret    Kind = "secret"
	Password  Kind = "secret, blanks count"
	Listen    Kind = "listen address"
	URL       Kind = "URL"
	SecretURL Kind = "URL, may hold a secret"
	ID        Kind = "ID"
	Number    Kind = "whole number"
	Switch    Kind = "true or false"
	List      Kind = "list, commas between"
	Choice    Kind = "one of the words"
	Duration  Kind = "duration"
	Date      Kind = "date"
	File      Kind = "path of a file"
)

// first is the release of 23 November 2026, which had no number.
const first = "2026-11-23"

// Concern is a group of settings that belong together.
type Concern struct {
	Name     string // a heading
	Settings []Setting
}

// Flag is the setting's name as a flag, without the dashes in front: HTTP_ADDR is http-addr.
func (s Setting) Flag() string { return strings.ToLower(strings.ReplaceAll(s.Env, "_", "-")) }

// Secret tells whether the value is a secret, or may hold one.
func (s Setting) Secret() bool { return s.Kind == Secret || s.Kind == Password || s.Kind == SecretURL }

// Concerns names all values of c, in the order of docs/configuration.md. What is set by them is set in c.
func (c *Config) Concerns() []Concern {
	return []Concern{
		{"HTTP", append(c.HTTP.Settings(), c.Links.Settings()...)},
		{"Redis", c.Redis.Settings()},
		{"Slack", c.Slack.Settings()},
		{"Microsoft Teams", c.Teams.Settings()},
		{"Microsoft Entra and Graph", append(c.Entra.Settings(), c.Graph.Settings()...)},
		{"Who may make meetings", c.Policy.Settings()},
		{"The command, and where it may be used", c.Places.Settings()},
		{"New meetings and reminders", c.Meetings.Settings()},
		{"Logs", c.Logging.Settings()},
	}
}

// Settings names all values of c, one concern after the other. What is set by them is set in c.
func (c *Config) Settings() []Setting {
	var all []Setting
	for _, concern := range c.Concerns() {
		all = append(all, concern.Settings...)
	}
	return all
}

// StoreSettings names the values that a command needs which opens the store and nothing else: Redis, and Entra for
// REDIS_ENTRA.
func (c *Config) StoreSettings() []Setting { return append(c.Redis.Settings(), c.Entra.Settings()...) }

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
		{
			Env: "HTTP_ADDR", Kind: Listen, Since: first, Value: (*text)(&c.Addr), More: "operating.md#endpoints",
			Help: "Where the bot listens for the chat platforms, /healthz and /readyz.",
		}, {
			Env: "ADMIN_ADDR", Kind: Listen, Since: first, Value: (*text)(&c.AdminAddr),
			More: "operating.md#what-to-keep-apart",
			Help: "Where the bot listens for /metrics and profiles; never the public address.",
		}, {
			Env: "SHUTDOWN_DELAY", Kind: Duration, Value: (*text)(&c.ShutdownDelay), Example: "5s",
			More: "operating.md#stopping",
			Help: "How long requests are still answered after the bot was told to stop, while /readyz already says " +
				"that it is not ready: as long as a balancer needs to notice; at most 1m.",
		},
	}
}

// Settings names the values of this concern.
func (c *EntraConfig) Settings() []Setting {
	return []Setting{
		{
			Env: "AZURE_TENANT_ID", Kind: ID, Since: first, Value: (*text)(&c.TenantID), Unset: required,
			Help:    "The Entra tenant, by its ID or a domain of it.",
			Example: "8eaef023-2b34-4da1-9baa-8bc8c9d6a490",
		}, {
			Env: "AZURE_CLIENT_ID", Kind: ID, Since: first, Value: (*text)(&c.ClientID), Unset: required,
			Help:    "Client ID of the Entra app that calls Graph.",
			Example: "11111111-2222-3333-4444-555555555555",
		}, {
			Env: "AZURE_CLIENT_SECRET", Kind: Secret, Since: first, Value: (*text)(&c.ClientSecret),
			Help:    "A client secret of that app, as one of the ways to prove itself, of which it needs exactly one.",
			Example: "Xy18Q~…", Unset: "another way is needed",
		}, {
			Env: "AZURE_CLIENT_SECRET_EXPIRES", Kind: Date, Value: (*text)(&c.ClientSecretExpires),
			Help:    "When that secret expires, so that bot doctor and the log warn 30 days before.",
			Example: "2027-11-23", Unset: "nobody is warned",
		}, {
			Env: "AZURE_CLIENT_CERTIFICATE_PATH", Kind: File, Since: first, Value: (*text)(&c.CertificatePath),
			Help: "Instead of the secret: a certificate with its RSA key, PEM (the key may be encrypted) or PKCS#12 " +
				"(of OpenSSL 3 too).",
			Example: "/etc/meetbot/client.pem",
		}, {
			Env: "AZURE_CLIENT_CERTIFICATE_PASSWORD", Kind: Password, Since: first,
			Help: "The password of that file.", Value: (*password)(&c.CertificatePassword), Unset: "it has none",
		}, {
			Env: "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", Kind: Switch, Value: (*text)(&c.SendCertificateChain),
			Help: "The certificates of the file are sent along, for an app that is known by its certificate's " +
				"subject and issuer.",
		}, {
			Env: "AZURE_FEDERATED_TOKEN_FILE", Kind: File, Since: first, Value: (*text)(&c.FederatedTokenFile),
			Help:    "Instead of the secret: a workload identity's token, whose file Kubernetes sets and keeps fresh.",
			Example: "/var/run/secrets/azure/tokens/azure-identity-token",
		}, {
			Env: "AZURE_TOKEN_CREDENTIALS", Kind: Choice, Since: first, Value: (*text)(&c.TokenCredentials),
			Help:    "Instead of the secret: ManagedIdentityCredential, for a managed identity.",
			Example: "ManagedIdentityCredential",
		}, {
			Env: "AZURE_AUTHORITY_HOST", Kind: URL, Since: first, Value: (*text)(&c.AuthorityHost),
			Help: "Entra, of a national cloud where it is not the public one.", More: "operating.md#microsoft-teams",
		},
	}
}

// required is what holds for a setting without which the bot does not start.
const required = "required"

// Settings names the values of this concern.
func (c *GraphConfig) Settings() []Setting {
	return []Setting{{
		Env: "GRAPH_BASE_URL", Kind: URL, Since: first, Value: (*text)(&c.BaseURL),
		More: "operating.md#microsoft-teams",
		Help: "Graph, of a national cloud where it is not the public one.",
	}}
}

// Settings names the values of this concern.
func (c *PolicyConfig) Settings() []Setting {
	return []Setting{
		{
			Env: "ORGANIZER", Since: first, Value: (*text)(&c.Organizer), More: "operating.md#who-organizes",
			Help: "In whose name meetings are made: requester (the first asker), service:ACCOUNT (one account for " +
				"all), or requester,service:ACCOUNT (the account where Graph refuses the asker).",
			Example: "requester,service:meetings@contoso.com",
		}, {
			Env: "ORGANIZERS_GROUP", Kind: ID, Value: (*text)(&c.OrganizersGroup),
			More: "operating.md#who-may-make-meetings",
			Help: "Object ID of an Entra group whose members alone may make meetings; everybody may join and be " +
				"shown them. It needs the application permission GroupMember.Read.All.",
			Example: exampleGroup, Unset: "everybody may",
		}, {
			Env: "ALLOWED_EMAIL_DOMAINS", Kind: List, Since: first, Value: (*list)(&c.AllowedDomains),
			Help: "E-mail domains whose people may make meetings. In Teams, the user principal name counts, or the " +
				"primary e-mail of a guest.",
			Example: "contoso.com,contoso.de", Unset: "any domain that the tenant knows",
		}, {
			Env: "ALLOW_GUESTS", Kind: Switch, Since: first, Value: (*text)(&c.AllowGuests),
			Help: "Guests of the workspace and of the tenant may make meetings.",
		}, {
			Env: "MATCH_EMAIL_ALIASES", Kind: Switch, Value: (*text)(&c.MatchAliases),
			More: "../SECURITY.md#what-the-bot-trusts",
			Help: "In Slack: an e-mail that is only an alias in the directory names the account that has it.",
		}, {
			Env: "TRUST_UNCONFIRMED_EMAIL", Kind: Switch, Value: (*text)(&c.TrustUnconfirmed),
			Help: "E-mails that Slack calls unconfirmed are trusted; only where every e-mail of the workspace comes " +
				"from your identity provider (single sign-on, SCIM).",
		}, {
			Env: "NEW_MEETINGS_PER_USER", Kind: Number, Since: first, Value: (*number)(&c.PerUser),
			Help: "New meetings that one person may make in an hour; 0 for any number. Joining is always free.",
		}, {
			Env: "NEW_MEETINGS_PER_WORKSPACE", Kind: Number, Since: first, Value: (*number)(&c.PerWorkspace),
			Help: "New meetings that the workspace may make in an hour; 0 for any number.",
		}, {
			Env: "ADMINS", Kind: List, Value: (*list)(&c.Admins), More: "operating.md#the-doctor",
			Help: "Administrators of the bot, who may type its command doctor: user principal names, e-mail " +
				"addresses or object IDs in Entra.",
			Example: "ana@contoso.com,5f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e11", Unset: "nobody",
		}, {
			Env: "LOCALE", Kind: Choice, Since: first, Value: (*text)(&c.Locale),
			Help: "Language where nothing better is known: en, pt-BR.",
		},
	}
}

// Settings names the values of this concern.
func (c *LoggingConfig) Settings() []Setting {
	return []Setting{
		{
			Env: "LOG_LEVEL", Kind: Choice, Since: first, Value: (*text)(&c.Level), More: "operating.md#logs",
			Help: "How much is logged: debug, info, warn or error.",
		}, {
			Env: "LOG_FORMAT", Kind: Choice, Since: first, Value: (*text)(&c.Format),
			Help: "How a line of the log is written: json or text.",
		},
	}
}
