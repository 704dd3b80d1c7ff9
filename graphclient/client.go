package graphclient

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"

	jsonserialization "github.com/microsoft/kiota-serialization-json-go"
	core "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"meetbot/bot"
	"meetbot/internal/entra"
	"meetbot/internal/outbound"
)

// DefaultBaseURL is Graph in the public cloud. US Government has graph.microsoft.us or dod-graph.microsoft.us (document
// "deployments"). Graph in China has no createOrGet.
const DefaultBaseURL = "https://graph.microsoft.com/v1.0"

// Config says which Graph is called, and as which app. Credential is required.
type Config struct {
	TenantID   string            // whose Graph this is, as [bot.Tenant] has it; calls for another one are refused
	Credential *entra.Credential // stays the caller's, who closes it
	BaseURL    string            // of Graph with its version, https or loopback; empty: DefaultBaseURL
	RootCAs    *x509.CertPool    // nil: the system's
	// Observe is told every exchange: "createOrGet", "meeting", "changeMeeting", "user" or "users", and the HTTP
	// status, 0 if there was no answer. It must be quick and safe for concurrent use. Nil for nobody.
	Observe func(op string, status int)
}

// Operations, as [Config.Observe] and errors name them.
const (
	opCreateOrGet   = "createOrGet"
	opMeeting       = "meeting"
	opChangeMeeting = "changeMeeting"
	opUser          = "user"
	opUsers         = "users"
)

// Client implements [bot.Meetings] and [bot.Directory]. It is safe for concurrent use.
type Client struct {
	tenant  string
	adapter *core.GraphRequestAdapterBase
	tokens  *entra.Tokens
	http    *http.Client // beneath adapter
}

var (
	_ bot.Meetings  = (*Client)(nil)
	_ bot.Directory = (*Client)(nil)
)

// New checks the configuration and prepares a client. It asks Graph and Entra nothing: a wrong secret shows at the
// first call. Its errors name the setting at fault and hold no secret.
func New(cfg Config) (*Client, error) {
	base, err := outbound.ParseBase("BaseURL", cmp.Or(cfg.BaseURL, DefaultBaseURL), DefaultBaseURL)
	if err != nil {
		return nil, err
	}
	// The adapter uses a client that it is given as it is. Its default one would retry, compress and redirect, in an
	// order that is random per process and can lose the body (kiota-http-go issue 183).
	observe := outbound.ObserveAs(cfg.Observe, operation)
	hc := outbound.Client(outbound.Options{RootCAs: cfg.RootCAs, Observe: observe}, base)
	hc.Transport = &graphWire{next: hc.Transport, secrets: cfg.Credential.Secrets}
	tokens := cfg.Credential.Tokens(base.Scheme + "://" + base.Host + "/.default") // the scope is that of the host
	// The SDK's root client would register readers and writers for four media types in registries that are global.
	// Graph speaks JSON here, so the adapter gets the two for JSON, and no registry takes part.
	adapter, err := core.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(
		authenticator{host: base.Hostname(), tokens: tokens}, core.GraphClientOptions{},
		jsonserialization.NewJsonParseNodeFactory(), jsonserialization.NewJsonSerializationWriterFactory(), hc)
	if err != nil {
		return nil, fmt.Errorf("prepare Graph client: %w", err)
	}
	adapter.SetBaseUrl(strings.TrimRight(base.String(), "/"))
	return &Client{tenant: cfg.TenantID, adapter: adapter, tokens: tokens, http: hc}, nil
}

// users begins a request below /users, as the SDK's root client would, which takes a minute to compile. Every request
// needs a builder of its own: the adapter writes to the map of path parameters that a builder gives to its requests.
func (c *Client) users() *users.UsersRequestBuilder {
	return users.NewUsersRequestBuilderInternal(map[string]string{"baseurl": c.adapter.GetBaseUrl()}, c.adapter)
}

// Close closes the connections that wait to be used again.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// checkTenant refuses a call for another tenant than the credential's: it would read and write in the wrong one.
func (c *Client) checkTenant(t bot.Tenant, op string) error {
	if !strings.EqualFold(t.ID, c.tenant) {
		return &bot.Error{Code: bot.Unavailable, Err: errors.New(op + ": not sent: the tenant is another one")}
	}
	return nil
}

// call runs one operation of the SDK and turns what went wrong into the error for the caller. It returns the HTTP
// status of Graph's answer.
func (c *Client) call(ctx context.Context, op string, run func(context.Context) error) (status int, err error) {
	// The SDK sets a deadline itself where there is none, and leaks its timer.
	inTime, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	r := &record{op: op}
	if err := run(outbound.WithRecord(inTime, r)); err != nil {
		e := r.explain(ctx, err)
		if e.Code == bot.NoPermission || e.Code == bot.Credentials {
			c.tokens.Renew()
		}
		if e.Code == bot.Credentials && r.status == http.StatusUnauthorized {
			e = c.causeOf(inTime, e)
		}
		return r.status, e
	}
	return r.status, nil
}

// causeOf asks Entra for a token once Graph has refused one: if Entra refuses the app, its error says why, which
// Graph's does not.
func (c *Client) causeOf(ctx context.Context, refusal *bot.Error) *bot.Error {
	_, err := c.tokens.Token(ctx)
	if cause, ok := errors.AsType[*bot.Error](err); ok && cause.Code == bot.Credentials {
		return cause
	}
	return refusal
}
