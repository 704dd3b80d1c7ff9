package entra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"meetbot/internal/outbound"
)

// wellKnown are the authorities that azidentity knows. For any other, it would first ask the public cloud whether the
// authority is genuine; a private one is genuine since the operator configured it.
var wellKnown = map[string]bool{
	"login.microsoftonline.com": true,
	"login.microsoftonline.us":  true,
}

// Credential is what an app proves its identity to Entra with. It keeps the tokens that it got. It is safe for
// concurrent use.
type Credential struct {
	build   func() (azcore.TokenCredential, error)
	http    *http.Client // beneath it
	secrets []string     // which no error may tell
	// turn is held while azidentity is asked. azidentity holds a mutex of its own during its exchange with Entra, and a
	// caller that waits for a mutex cannot give up.
	turn chan struct{}

	mu      sync.Mutex
	current azcore.TokenCredential
	renewed time.Time
}

// NewCredential checks the configuration and prepares the credential. It reads the certificate's file, but asks Entra
// nothing: a wrong secret shows at the first token. Its errors name the setting at fault and hold no secret.
func NewCredential(cfg Config) (*Credential, error) {
	authority, err := cfg.authority()
	if err != nil {
		return nil, err
	}
	build, web, err := chooseCredential(cfg, authority)
	if err != nil {
		return nil, err
	}
	current, err := build()
	if err != nil {
		return nil, err
	}
	return &Credential{
		build: build, http: web, secrets: cfg.secrets(), turn: make(chan struct{}, 1), current: current,
	}, nil
}

// Close closes the connections that wait to be used again.
func (c *Credential) Close() { c.http.CloseIdleConnections() }

// Secrets are what no error may tell, for the client of a service that might echo them.
func (c *Credential) Secrets() []string { return slices.Clone(c.secrets) }

// ask asks azidentity for a token, one caller at a time.
func (c *Credential) ask(ctx context.Context, scope string) (string, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	c.mu.Lock()
	current := c.current
	c.mu.Unlock()
	token, err := current.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}})
	return token.Token, err
}

// renewEvery bounds how often a refusal makes the credential begin anew.
const renewEvery = time.Minute

// renew forgets the cached tokens, and reads files again, at most once a minute. A managed identity's token is cached
// by the platform too, where nothing can be done about it.
func (c *Credential) renew() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.renewed.IsZero() && time.Since(c.renewed) < renewEvery {
		return
	}
	c.renewed = time.Now()
	if fresh, err := c.build(); err == nil { // otherwise the old one still tells what is wrong
		c.current = fresh
	}
}

// chooseCredential returns how to make the credential, and the HTTP client that it speaks through.
func chooseCredential(cfg Config, authority *url.URL) (func() (azcore.TokenCredential, error), *http.Client, error) {
	kinds := 0
	for _, given := range []bool{
		cfg.ClientSecret != "", cfg.CertificatePath != "", cfg.FederatedTokenFile != "", cfg.ManagedIdentity,
	} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return nil, nil, fmt.Errorf("exactly one of ClientSecret, CertificatePath, FederatedTokenFile and "+
			"ManagedIdentity is needed, got %d", kinds)
	case cfg.ManagedIdentity:
		build, web := managedIdentity(cfg)
		return build, web, nil
	case cfg.TenantID == "":
		return nil, nil, errors.New("TenantID is missing")
	case cfg.ClientID == "":
		return nil, nil, errors.New("ClientID is missing")
	}
	observe := outbound.ObserveAs(cfg.Observe, operation)
	hc := outbound.Client(outbound.Options{RootCAs: cfg.RootCAs, Observe: observe}, authority)
	options := clientOptions(hc, cfg.secrets())
	options.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: authority.String()}
	private := !wellKnown[authority.Host]
	switch {
	case cfg.ClientSecret != "":
		return func() (azcore.TokenCredential, error) {
			return azidentity.NewClientSecretCredential(cfg.TenantID, cfg.ClientID, cfg.ClientSecret,
				&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: private})
		}, hc, nil
	case cfg.FederatedTokenFile != "":
		return func() (azcore.TokenCredential, error) {
			return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
				ClientOptions: options, DisableInstanceDiscovery: private,
				TenantID: cfg.TenantID, ClientID: cfg.ClientID, TokenFilePath: cfg.FederatedTokenFile,
			})
		}, hc, nil
	default:
		return func() (azcore.TokenCredential, error) {
			certs, key, err := readCertificate(cfg.CertificatePath, cfg.CertificatePassword)
			if err != nil {
				return nil, fmt.Errorf("CertificatePath: %w", err)
			}
			return azidentity.NewClientCertificateCredential(cfg.TenantID, cfg.ClientID, certs, key,
				&azidentity.ClientCertificateCredentialOptions{
					ClientOptions: options, DisableInstanceDiscovery: private,
					SendCertificateChain: cfg.SendCertificateChain,
				})
		}, hc, nil
	}
}

// clientOptions has azidentity speak through hc, with one quick second try. A longer Retry-After than MaxRetryDelay is
// not waited for but handed on.
func clientOptions(hc *http.Client, secrets []string) azcore.ClientOptions {
	hc.Transport = &recorder{next: hc.Transport, secrets: secrets}
	return azcore.ClientOptions{
		Transport: hc,
		Retry: policy.RetryOptions{
			MaxRetries: 1, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: time.Second, TryTimeout: 5 * time.Second,
		},
	}
}

// managedIdentity asks the platform that the program runs on.
func managedIdentity(cfg Config) (func() (azcore.TokenCredential, error), *http.Client) {
	hc := platformClient(outbound.ObserveAs(cfg.Observe, func(*http.Request) string { return opToken }))
	options := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: clientOptions(hc, nil)}
	if cfg.ClientID != "" {
		options.ID = azidentity.ClientID(cfg.ClientID)
	}
	return func() (azcore.TokenCredential, error) { return azidentity.NewManagedIdentityCredential(options) }, hc
}
