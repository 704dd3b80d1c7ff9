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
	config Config       // as it was given to NewCredential
	http   *http.Client // beneath it
	// turn is held while azidentity is asked. azidentity holds a mutex of its own during its exchange with Entra, and a
	// caller that waits for a mutex cannot give up.
	turn chan struct{}

	mu      sync.Mutex
	build   func() (azcore.TokenCredential, error)
	secrets []string // which no error may tell: those of before, too
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
	c := &Credential{config: cfg, turn: make(chan struct{}, 1)}
	if cfg.ManagedIdentity {
		c.http = platformClient(outbound.ObserveAs(cfg.Observe, func(*http.Request) string { return opToken }))
	} else {
		observe := outbound.ObserveAs(cfg.Observe, operation)
		c.http = outbound.Client(outbound.Options{RootCAs: cfg.RootCAs, Observe: observe}, authority)
	}
	c.http.Transport = &recorder{next: c.http.Transport, secrets: c.Secrets}
	if err := c.set(cfg, authority); err != nil {
		return nil, err
	}
	return c, nil
}

// Update has the credential prove the app by the secret, the certificate's file and its password of cfg from now on;
// the rest of cfg is as it was given to [NewCredential]. It reads the file, and asks Entra nothing. The next token is
// asked for anew; those that were handed out go on, and so does a call under way. On an error, nothing has changed.
func (c *Credential) Update(cfg Config) error {
	fresh := c.config
	fresh.ClientSecret, fresh.CertificatePath = cfg.ClientSecret, cfg.CertificatePath
	fresh.CertificatePassword = cfg.CertificatePassword
	authority, err := fresh.authority()
	if err != nil {
		return err
	}
	return c.set(fresh, authority)
}

// set makes what asks Entra for tokens.
func (c *Credential) set(cfg Config, authority *url.URL) error {
	build, err := chooseCredential(cfg, authority, clientOptions(c.http))
	if err != nil {
		return err
	}
	current, err := build()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.build, c.current, c.renewed = build, current, time.Time{}
	for _, s := range cfg.secrets() {
		if !slices.Contains(c.secrets, s) {
			c.secrets = append(c.secrets, s)
		}
	}
	return nil
}

// Close closes the connections that wait to be used again.
func (c *Credential) Close() { c.http.CloseIdleConnections() }

// Secrets are what no error may tell, for the client of a service that might echo them. They become more with Update.
func (c *Credential) Secrets() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.secrets)
}

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

// chooseCredential returns how to make the credential.
func chooseCredential(
	cfg Config, authority *url.URL, options azcore.ClientOptions,
) (func() (azcore.TokenCredential, error), error) {
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
		return nil, fmt.Errorf("exactly one of ClientSecret, CertificatePath, FederatedTokenFile and "+
			"ManagedIdentity is needed, got %d", kinds)
	case cfg.ManagedIdentity:
		return managedIdentity(cfg, options), nil
	case cfg.TenantID == "":
		return nil, errors.New("TenantID is missing")
	case cfg.ClientID == "":
		return nil, errors.New("ClientID is missing")
	}
	options.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: authority.String()}
	private := !wellKnown[authority.Host]
	switch {
	case cfg.ClientSecret != "":
		return func() (azcore.TokenCredential, error) {
			return azidentity.NewClientSecretCredential(cfg.TenantID, cfg.ClientID, cfg.ClientSecret,
				&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: private})
		}, nil
	case cfg.FederatedTokenFile != "":
		return func() (azcore.TokenCredential, error) {
			return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
				ClientOptions: options, DisableInstanceDiscovery: private,
				TenantID: cfg.TenantID, ClientID: cfg.ClientID, TokenFilePath: cfg.FederatedTokenFile,
			})
		}, nil
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
		}, nil
	}
}

// clientOptions has azidentity speak through hc, with one quick second try. A longer Retry-After than MaxRetryDelay is
// not waited for but handed on.
func clientOptions(hc *http.Client) azcore.ClientOptions {
	return azcore.ClientOptions{
		Transport: hc,
		Retry: policy.RetryOptions{
			MaxRetries: 1, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: time.Second, TryTimeout: 5 * time.Second,
		},
	}
}

// managedIdentity asks the platform that the program runs on.
func managedIdentity(cfg Config, options azcore.ClientOptions) func() (azcore.TokenCredential, error) {
	identity := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
	if cfg.ClientID != "" {
		identity.ID = azidentity.ClientID(cfg.ClientID)
	}
	return func() (azcore.TokenCredential, error) { return azidentity.NewManagedIdentityCredential(identity) }
}
