package graphclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"meetbot/internal/outbound"
)

// wellKnown are the authorities that vouch for themselves. For any other, azidentity would first ask the public cloud
// whether it is genuine; a private one is so because the operator says so.
var wellKnown = map[string]bool{
	"login.microsoftonline.com": true,
	"login.microsoftonline.us":  true,
}

// credential is an azidentity credential that can be begun anew, and that a context can stop waiting for.
type credential struct {
	make func() (azcore.TokenCredential, error)
	web  *http.Client // beneath it
	// turn is held while azidentity is asked. It holds a mutex of its own all through its exchange with Entra, and
	// whoever waits for that cannot give up.
	turn chan struct{}

	mu      sync.Mutex
	current azcore.TokenCredential
	renewed time.Time
}

// newCredential chooses the one credential that the configuration asks for.
func newCredential(cfg Config, authority *url.URL) (*credential, error) {
	build, web, err := chooseCredential(cfg, authority)
	if err != nil {
		return nil, err
	}
	current, err := build()
	if err != nil {
		return nil, err
	}
	return &credential{make: build, web: web, turn: make(chan struct{}, 1), current: current}, nil
}

// GetToken implements [azcore.TokenCredential].
func (c *credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return azcore.AccessToken{}, ctx.Err()
	}
	c.mu.Lock()
	current := c.current
	c.mu.Unlock()
	return current.GetToken(ctx, o)
}

// renewEvery bounds how often a refusal makes the credential begin anew.
const renewEvery = time.Minute

// renew forgets the cached token, and reads files again. A managed identity's token is cached by the platform too,
// where nothing can be done about it.
func (c *credential) renew() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.renewed.IsZero() && time.Since(c.renewed) < renewEvery {
		return
	}
	c.renewed = time.Now()
	if fresh, err := c.make(); err == nil { // otherwise the old one still tells what is wrong
		c.current = fresh
	}
}

// chooseCredential returns how to make the credential, and the HTTP client that it speaks through.
func chooseCredential(cfg Config, authority *url.URL) (func() (azcore.TokenCredential, error), *http.Client, error) {
	kinds := 0
	for _, given := range []bool{cfg.ClientSecret != "", cfg.CertificatePath != "", cfg.FederatedTokenFile != "", cfg.ManagedIdentity} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return nil, nil, fmt.Errorf("exactly one of ClientSecret, CertificatePath, FederatedTokenFile and ManagedIdentity is needed, got %d", kinds)
	case cfg.ManagedIdentity:
		build, web := managedIdentity(cfg)
		return build, web, nil
	case cfg.TenantID == "":
		return nil, nil, errors.New("TenantID is missing")
	case cfg.ClientID == "":
		return nil, nil, errors.New("ClientID is missing")
	}
	hc := outbound.Client(outbound.Options{RootCAs: cfg.RootCAs, Observe: observer(cfg.Observe, entraOp)}, authority)
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
			data, err := os.ReadFile(cfg.CertificatePath)
			if err != nil {
				return nil, fmt.Errorf("CertificatePath: %w", err)
			}
			var password []byte
			if cfg.CertificatePassword != "" {
				password = []byte(cfg.CertificatePassword)
			}
			certs, key, err := azidentity.ParseCertificates(data, password)
			if err != nil {
				return nil, fmt.Errorf("CertificatePath: %w", err)
			}
			return azidentity.NewClientCertificateCredential(cfg.TenantID, cfg.ClientID, certs, key,
				&azidentity.ClientCertificateCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: private})
		}, hc, nil
	}
}

// clientOptions has azidentity speak through hc, with one quick second try. A longer Retry-After than MaxRetryDelay is
// not waited for but handed on.
func clientOptions(hc *http.Client, secrets []string) azcore.ClientOptions {
	hc.Transport = &entraWire{next: hc.Transport, secrets: secrets}
	return azcore.ClientOptions{
		Transport: hc,
		Retry: policy.RetryOptions{
			MaxRetries: 1, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: time.Second, TryTimeout: 5 * time.Second,
		},
	}
}

// managedIdentity asks the platform that the program runs on.
func managedIdentity(cfg Config) (func() (azcore.TokenCredential, error), *http.Client) {
	hc := platformClient(observer(cfg.Observe, func(*http.Request) string { return opToken }))
	options := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: clientOptions(hc, nil)}
	if cfg.ClientID != "" {
		options.ID = azidentity.ClientID(cfg.ClientID)
	}
	return func() (azcore.TokenCredential, error) { return azidentity.NewManagedIdentityCredential(options) }, hc
}
