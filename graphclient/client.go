package graphclient

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	absauth "github.com/microsoft/kiota-abstractions-go/authentication"
	azureauth "github.com/microsoft/kiota-authentication-azure-go"
	msgraph "github.com/microsoftgraph/msgraph-sdk-go"

	"meetbot/bot"
	"meetbot/internal/outbound"
)

// The public cloud. The others: login.microsoftonline.us with graph.microsoft.us or dod-graph.microsoft.us for US
// Government (document "deployments"). Graph in China has no createOrGet.
const (
	DefaultAuthorityHost = "https://login.microsoftonline.com/"
	DefaultBaseURL       = "https://graph.microsoft.com/v1.0"
)

// Config says which app calls which Graph. Exactly one kind of credential must be given: ClientSecret,
// CertificatePath, FederatedTokenFile or ManagedIdentity.
type Config struct {
	TenantID string // directory ID; not needed by a managed identity
	ClientID string // of the app registration; of a user-assigned managed identity, or empty for the system's

	ClientSecret        string
	CertificatePath     string // PEM or PKCS#12 file with the private key; read again when Entra refuses it
	CertificatePassword string // of the file; empty for none
	FederatedTokenFile  string // workload identity: the file that the platform keeps fresh
	ManagedIdentity     bool

	AuthorityHost string // of Entra, https; empty: DefaultAuthorityHost
	BaseURL       string // of Graph with its version, https or loopback; empty: DefaultBaseURL

	RootCAs *x509.CertPool // nil: the system's
	// Observe is told every exchange: "createOrGet", "user", "users", "token" or "discovery", and the HTTP status, 0 if
	// there was no answer. It must be quick and safe for concurrent use. Nil for nobody.
	Observe func(op string, status int)
}

// Operations, as [Config.Observe] and errors name them.
const (
	opCreateOrGet = "createOrGet"
	opUser        = "user"
	opUsers       = "users"
	opToken       = "token"
	opDiscovery   = "discovery"
)

// Client implements [bot.Meetings] and [bot.Directory]. It is safe for concurrent use.
type Client struct {
	graph *msgraph.GraphServiceClient
	cred  *credential
	web   *http.Client // beneath graph
}

var (
	_ bot.Meetings  = (*Client)(nil)
	_ bot.Directory = (*Client)(nil)
)

// New checks the configuration and prepares a client. It reads the certificate's file, but asks nobody anything: a
// wrong secret shows at the first call. Its errors name the setting at fault and hold no secret.
func New(cfg Config) (*Client, error) {
	base, err := parseBase("BaseURL", cfg.BaseURL, DefaultBaseURL)
	if err != nil {
		return nil, err
	}
	authority, err := cfg.authority()
	if err != nil {
		return nil, err
	}
	cred, err := newCredential(cfg, authority)
	if err != nil {
		return nil, err
	}
	// The scope belongs to the host that is called; the SDK's default is always the public cloud's. The valid hosts are
	// for the same reason the one host: for any other, the provider would leave the token out and say nothing (see
	// graphWire, which then refuses to send).
	// Without continuous access evaluation: it would have kiota answer a 401 with a second request by itself.
	tokens, err := azureauth.NewAzureIdentityAccessTokenProviderWithScopesAndValidHostsAndObservabilityOptionsAndIsCaeEnabled(
		cred, []string{base.Scheme + "://" + base.Host + "/.default"}, []string{base.Hostname()},
		azureauth.ObservabilityOptions{}, false)
	if err != nil {
		return nil, fmt.Errorf("prepare Graph authentication: %w", err)
	}
	// The adapter uses a client that it is given as it is. Its default one would retry, compress and redirect, in an
	// order that is random per process and can lose the body (kiota-http-go issue 183).
	hc := outbound.Client(outbound.Options{RootCAs: cfg.RootCAs, Observe: observer(cfg.Observe, graphOp)}, base)
	hc.Transport = &graphWire{next: hc.Transport, secrets: cfg.secrets()}
	adapter, err := msgraph.NewGraphRequestAdapterWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		absauth.NewBaseBearerTokenAuthenticationProvider(tokens), nil, nil, hc)
	if err != nil {
		return nil, fmt.Errorf("prepare Graph client: %w", err)
	}
	adapter.SetBaseUrl(strings.TrimRight(base.String(), "/"))
	return &Client{graph: msgraph.NewGraphServiceClient(adapter), cred: cred, web: hc}, nil
}

// Close closes the connections that wait to be used again.
func (c *Client) Close() {
	c.web.CloseIdleConnections()
	c.cred.web.CloseIdleConnections()
}

// secrets are what no error may tell.
func (cfg Config) secrets() []string {
	return slices.DeleteFunc([]string{cfg.ClientSecret, cfg.CertificatePassword}, func(s string) bool { return s == "" })
}

// authority reads AuthorityHost.
func (cfg Config) authority() (*url.URL, error) {
	authority, err := parseBase("AuthorityHost", cfg.AuthorityHost, DefaultAuthorityHost)
	if err != nil {
		return nil, err
	}
	if authority.Scheme != "https" { // azidentity insists, on loopback too
		return nil, errors.New("AuthorityHost must be https")
	}
	return authority, nil
}

// parseBase reads a base URL. What it was set to is not in the errors: it may have been a secret by mistake.
func parseBase(name, value, otherwise string) (*url.URL, error) {
	if value == "" {
		value = otherwise
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Hostname() == "":
		return nil, fmt.Errorf("%s is no URL such as %s", name, otherwise)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s must be scheme, host and path alone, such as %s", name, otherwise)
	}
	if err := outbound.Secure(u); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return u, nil
}

// observer adapts [Config.Observe] to an HTTP client's observer.
func observer(observe func(string, int), op func(*http.Request) string) func(*http.Request, int) {
	if observe == nil {
		return nil
	}
	return func(r *http.Request, status int) { observe(op(r), status) }
}

// call runs one operation of the SDK under a trail, and turns what went wrong into the error for the caller. It returns
// the HTTP status of Graph's answer.
func (c *Client) call(ctx context.Context, op string, run func(context.Context) error) (status int, err error) {
	// The SDK sets a deadline itself where there is none, and leaks its timer.
	ctx2, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	t := &trail{op: op}
	if err := run(withTrail(ctx2, t)); err != nil {
		e := t.explain(ctx, err)
		if e.Code == bot.NoPermission || e.Code == bot.Credentials {
			c.cred.renew()
		}
		return t.status, e
	}
	return t.status, nil
}
