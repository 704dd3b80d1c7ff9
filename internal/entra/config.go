package entra

import (
	"cmp"
	"crypto/x509"
	"errors"
	"net/url"
	"slices"

	"meetbot/internal/outbound"
)

// DefaultAuthorityHost is Entra in the public cloud. US Government has https://login.microsoftonline.us/ (document
// "deployments").
const DefaultAuthorityHost = "https://login.microsoftonline.com/"

// Config says which app asks which Entra for tokens. Exactly one kind of credential must be given: ClientSecret,
// CertificatePath, FederatedTokenFile or ManagedIdentity.
type Config struct {
	TenantID string // directory ID; not needed by a managed identity
	ClientID string // of the app registration; of a user-assigned managed identity, or empty for the system's

	ClientSecret        string
	CertificatePath     string // PEM or PKCS#12 file with its RSA key; read again when Entra refuses it
	CertificatePassword string // of the file; empty for none
	// SendCertificateChain sends the certificates of the file along, for an app that is known by its certificate's
	// subject and issuer.
	SendCertificateChain bool
	FederatedTokenFile   string // workload identity: the file that the platform keeps fresh
	ManagedIdentity      bool

	AuthorityHost string         // of Entra, https; empty: DefaultAuthorityHost
	RootCAs       *x509.CertPool // nil: the system's
	// Observe is told every exchange: "token" or "discovery", and the HTTP status, 0 if there was no answer. It must be
	// quick and safe for concurrent use. Nil for nobody.
	Observe func(op string, status int)
}

// secrets are what no error may tell.
func (cfg Config) secrets() []string {
	all := []string{cfg.ClientSecret, cfg.CertificatePassword}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// authority reads AuthorityHost.
func (cfg Config) authority() (*url.URL, error) {
	const name = "AuthorityHost"
	authority, err := outbound.ParseBase(name, cmp.Or(cfg.AuthorityHost, DefaultAuthorityHost), DefaultAuthorityHost)
	if err != nil {
		return nil, err
	}
	if authority.Scheme != "https" { // azidentity insists, on loopback too
		return nil, errors.New(name + " must be https")
	}
	return authority, nil
}
