package entratest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"meetbot/internal/sandbox/faultserver"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options describe the tenant and its first app registration. See [Entra.AddApp] for more.
type Options struct {
	TenantID     string
	ClientID     string
	ClientSecret string
	// Certificate is registered with the app beside the secret. Optional.
	Certificate *x509.Certificate
	// TrustIssuer makes the app known by the subject of Certificate too: any certificate of this issuer with the same
	// subject is the app's if the assertion carries it (subject name and issuer authentication). Optional.
	TrustIssuer *x509.Certificate
	// Federation is the app's federated identity credential. Optional.
	Federation *Federation
	// Roles are the application permissions with admin consent. Nil: those that the program needs.
	Roles []string
	// Lifetime of tokens. Zero: an hour.
	Lifetime time.Duration
	// Latency is how long every answer takes.
	Latency time.Duration
	// Now is the server's clock. Nil: time.Now.
	Now func() time.Time
}

// App is another app registration of the tenant: one with a secret and nothing else.
type App struct {
	ClientID     string
	ClientSecret string
	Roles        []string // application permissions with admin consent
}

// Federation is a federated identity credential: whoever shows a token of this issuer for this subject is the app.
type Federation struct {
	Issuer  string
	Subject string
	Key     crypto.PublicKey // that the issuer signs with
}

// Roles are the application permissions that the program needs, and what an app has unless told otherwise.
var Roles = []string{"OnlineMeetings.ReadWrite.All", "User.Read.All"}

// Server is Microsoft's identity platform for one tenant and its apps: OpenID discovery and the client credentials flow
// (documents "v2-protocols-oidc" and "v2-oauth2-client-creds-grant-flow"), over TLS.
//
// The names of its operations, for [Fault.Target], are "token" and "discovery" (which includes the signing keys).
type Server struct {
	opts     Options
	server   *faultserver.Server
	ca       *authority
	key      *rsa.PrivateKey
	kid      string
	faults   faultserver.Faults
	requests atomic.Int64
	tokens   atomic.Int64

	mu        sync.Mutex
	lifetime  time.Duration
	first     *app            // the one of the options
	apps      map[string]*app // all of them, by client ID in lower case
	resources []string        // audiences that tokens are given for
	refusing  *tokenRefusal   // what every app is refused with; nil for nothing
	granted   func(audience, objectID, token string)
}

// app is an app registration as it stands. It is guarded by the lock of its Entra.
type app struct {
	id            string
	secret        string
	secretExpired bool
	certificate   *x509.Certificate // nil for none
	trustIssuer   *x509.Certificate // nil for none
	federation    *Federation       // nil for none
	roles         []string
}

// New starts the server. Close it when done.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Lifetime == 0 {
		o.Lifetime = time.Hour
	}
	if o.Roles == nil {
		o.Roles = Roles
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make token signing key: %w", err)
	}
	ca, err := newAuthority(time.Now()) // clients check certificates by their own clock
	if err != nil {
		return nil, err
	}
	first := &app{
		id: o.ClientID, secret: o.ClientSecret, certificate: o.Certificate, trustIssuer: o.TrustIssuer,
		federation: o.Federation, roles: slices.Clone(o.Roles),
	}
	e := &Server{
		opts: o, ca: ca, key: key, kid: rand.Text(), lifetime: o.Lifetime,
		first: first, apps: map[string]*app{strings.ToLower(o.ClientID): first},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", e.op("discovery", e.discovery))
	mux.HandleFunc("GET /{tenant}/discovery/v2.0/keys", e.op("discovery", e.keys))
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", e.op("token", e.token))
	e.server, err = faultserver.Listen(mux, &tls.Config{Certificates: []tls.Certificate{ca.leaf}})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Close stops the server and cuts its connections.
func (e *Server) Close() { e.server.Close() }

// URL is the authority host, for AZURE_AUTHORITY_HOST: "https://127.0.0.1:PORT/".
func (e *Server) URL() string { return "https://" + e.server.Addr + "/" }

// TenantID is the tenant that the server plays.
func (e *Server) TenantID() string { return e.opts.TenantID }

// RootCAs holds the certificate that clients must trust.
func (e *Server) RootCAs() *x509.CertPool { return e.ca.pool }

// CAPEM is the same certificate as a PEM file.
func (e *Server) CAPEM() []byte { return slices.Clone(e.ca.pem) }

// LeafPEM is the certificate and key of the server, as a PEM file: for another server on loopback that the same clients
// are to trust.
func (e *Server) LeafPEM() []byte { return slices.Clone(e.ca.leafPEM) }

// Fault arms a fault.
func (e *Server) Fault(f faultserver.Fault) { e.faults.Add(f) }

// ArmedFaults counts the faults that are still to strike.
func (e *Server) ArmedFaults() int { return e.faults.Armed() }

// ClearFaults disarms every fault.
func (e *Server) ClearFaults() { e.faults.Clear() }

// Requests counts every request so far.
func (e *Server) Requests() int { return int(e.requests.Load()) }

// Tokens counts the tokens given out so far.
func (e *Server) Tokens() int { return int(e.tokens.Load()) }

// SetRoles changes the application permissions of the first app. As in the real Entra, a token keeps the roles that it
// was given with.
func (e *Server) SetRoles(roles ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.first.roles = slices.Clone(roles)
}

// SetLifetime changes how long tokens are valid that are given from now on.
func (e *Server) SetLifetime(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lifetime = d
}

// SetClientSecret replaces the first app's secret.
func (e *Server) SetClientSecret(secret string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.first.secret, e.first.secretExpired = secret, false
}

// OnToken has granted called with each token, before it is answered: for a resource that has to know its tokens.
func (e *Server) OnToken(granted func(audience, objectID, token string)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.granted = granted
}

// SetCertificate registers a certificate with the first app, in place of the one that it had. Its secret stays.
func (e *Server) SetCertificate(cert *x509.Certificate) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.first.certificate = cert
}

// ExpireClientSecret lets the first app's secret run out.
func (e *Server) ExpireClientSecret() { e.ExpireSecretOf(e.opts.ClientID) }

// ExpireSecretOf lets the secret of the app with this client ID run out.
func (e *Server) ExpireSecretOf(clientID string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if app := e.apps[strings.ToLower(clientID)]; app != nil {
		app.secretExpired = true
	}
}

// RefuseTokens refuses every app a token, with this AADSTS code; 0 gives tokens again. It panics for a code that it has
// no text for.
func (e *Server) RefuseTokens(aadsts int) {
	var refusal *tokenRefusal
	if aadsts != 0 {
		known, ok := refusals[aadsts]
		if !ok {
			panic(fmt.Sprintf("entratest: no text for AADSTS%d", aadsts))
		}
		known.aadsts = aadsts
		refusal = &known
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.refusing = refusal
}

// AddApp registers another app. An error means that its client ID is taken.
func (e *Server) AddApp(a App) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	id := strings.ToLower(a.ClientID)
	if e.apps[id] != nil {
		return fmt.Errorf("client ID %q belongs to another app", a.ClientID)
	}
	e.apps[id] = &app{id: a.ClientID, secret: a.ClientSecret, roles: slices.Clone(a.Roles)}
	return nil
}

// app returns a copy of the app registration with this client ID, nil if there is none.
func (e *Server) app(clientID string) *app {
	e.mu.Lock()
	defer e.mu.Unlock()
	app := e.apps[strings.ToLower(clientID)]
	if app == nil {
		return nil
	}
	seen := *app
	return &seen
}

// AddAudience makes tokens available for a resource: the scope without its "/.default".
func (e *Server) AddAudience(resource string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.resources = append(e.resources, resource)
}

// op wraps a handler with what all operations share.
func (e *Server) op(name string, work http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e.requests.Add(1)
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		if err := r.ParseForm(); err != nil {
			e.refuse(w, r, malformed("the body is no form"))
			return
		}
		if !faultserver.Delay(r, e.opts.Latency) {
			return
		}
		e.faults.Serve(name, w, r, work)
	}
}

func (e *Server) issuer() string { return e.URL() + e.opts.TenantID + "/v2.0" }

func (e *Server) TokenEndpoint() string { return e.URL() + e.opts.TenantID + "/oauth2/v2.0/token" }

func (e *Server) knows(tenant string) bool { return strings.EqualFold(tenant, e.opts.TenantID) }

func (e *Server) discovery(w http.ResponseWriter, r *http.Request) {
	if tenant := r.PathValue("tenant"); !e.knows(tenant) {
		refusal := unknownTenant(tenant)
		refusal.code = "invalid_tenant"
		e.refuse(w, r, refusal)
		return
	}
	base := e.URL() + e.opts.TenantID
	faultserver.WriteJSON(w, http.StatusOK, map[string]any{
		"token_endpoint": e.TokenEndpoint(),
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt",
			"client_secret_basic"},
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported":              []string{"code", "id_token", "code id_token", "id_token token"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"issuer":                                e.issuer(),
		"request_uri_parameter_supported":       false,
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"device_authorization_endpoint":         base + "/oauth2/v2.0/devicecode",
		"tenant_region_scope":                   "EU",
		"cloud_instance_name":                   "microsoftonline.com",
	})
}

func (e *Server) keys(w http.ResponseWriter, r *http.Request) {
	if tenant := r.PathValue("tenant"); !e.knows(tenant) {
		e.refuse(w, r, unknownTenant(tenant))
		return
	}
	b64 := base64.RawURLEncoding.EncodeToString
	faultserver.WriteJSON(w, http.StatusOK, map[string]any{"keys": []map[string]any{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": e.kid,
		"n": b64(e.key.N.Bytes()), "e": b64(big.NewInt(int64(e.key.E)).Bytes()),
		"issuer": e.issuer(),
	}}})
}
