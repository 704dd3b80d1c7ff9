package entratest

import (
	"crypto/sha1" //nolint:gosec // the header's x5t is a SHA-1 thumbprint by definition (RFC 7515, 4.1.7)
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"meetbot/internal/sandbox/faultserver"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// Claims are the claims of an app-only access token that anybody here looks at.
type Claims struct {
	jwt.RegisteredClaims
	TenantID string   `json:"tid"`
	AppID    string   `json:"appid"`
	Roles    []string `json:"roles,omitempty"`
	ObjectID string   `json:"oid"`
	IDType   string   `json:"idtyp"`
	Version  string   `json:"ver"`
	TokenID  string   `json:"uti"`
}

// token answers the client credentials flow. The checks and their order follow the document "AADSTS error codes" and
// what the service is seen to answer.
func (e *Server) token(w http.ResponseWriter, r *http.Request) {
	tenant := r.PathValue("tenant")
	if !e.knows(tenant) {
		e.refuse(w, r, unknownTenant(tenant))
		return
	}
	if refusal := e.checkRequest(r.PostForm); refusal != nil {
		e.refuse(w, r, refusal)
		return
	}
	app, refusal := e.checkClient(r.PostForm)
	if refusal != nil {
		e.refuse(w, r, refusal)
		return
	}
	audience := strings.TrimSuffix(r.PostForm.Get("scope"), "/.default")
	e.mu.Lock()
	known, lifetime, refusing, granted := slices.Contains(e.resources, audience), e.lifetime, e.refusing, e.granted
	e.mu.Unlock()
	if refusing != nil {
		e.refuse(w, r, refusing)
		return
	}
	if !known {
		e.refuse(w, r, &tokenRefusal{
			http.StatusBadRequest, "invalid_resource", 500011,
			fmt.Sprintf("The resource principal named %s was not found in the tenant named Contoso. This can happen "+
				"if the application has not been installed by the administrator of the tenant or consented to by any "+
				"user in the tenant. You might have sent your authentication request to the wrong tenant.", audience),
		})
		return
	}
	token, err := e.mint(app, audience, lifetime)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if granted != nil {
		granted(audience, principalOf(app), token)
	}
	e.tokens.Add(1)
	seconds := int(lifetime / time.Second)
	faultserver.WriteJSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token,
	})
}

// Mint returns a token of an app of the tenant for an audience, as if the app had asked for it now.
func (e *Server) Mint(clientID, audience string, lifetime time.Duration) (string, error) {
	app := e.app(clientID)
	if app == nil {
		return "", fmt.Errorf("no app has the client ID %q", clientID)
	}
	return e.mint(app, audience, lifetime)
}

// principalOf is the object ID of an app's service principal.
func principalOf(app *app) string { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(app.id)).String() }

func (e *Server) mint(app *app, audience string, lifetime time.Duration) (string, error) {
	now := e.opts.Now()
	principal := principalOf(app)
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    e.issuer(),
			Subject:   principal,
			Audience:  jwt.ClaimStrings{audience},
			IssuedAt:  jwt.NewNumericDate(now),
			NotBefore: jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
		},
		TenantID: e.opts.TenantID, AppID: app.id, Roles: app.roles,
		ObjectID: principal, IDType: "app", Version: "1.0", TokenID: uuid.NewString(),
	})
	t.Header["kid"] = e.kid
	signed, err := t.SignedString(e.key)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed, nil
}

// Verify checks a token that this server gave out for the audience.
func (e *Server) Verify(token, audience string, now func() time.Time) (*Claims, error) {
	var claims Claims
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return e.key.Public(), nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithAudience(audience), jwt.WithIssuer(e.issuer()),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(now))
	if err != nil {
		return nil, err
	}
	return &claims, nil
}

// checkRequest checks the parameters that have nothing to do with who is asking.
func (e *Server) checkRequest(form url.Values) *tokenRefusal {
	switch form.Get("grant_type") {
	case "client_credentials":
	case "":
		return missingParameter("grant_type")
	default:
		return &tokenRefusal{
			http.StatusBadRequest, "unsupported_grant_type", 70003,
			fmt.Sprintf("The app requested an unsupported grant type '%s'.", form.Get("grant_type")),
		}
	}
	for _, name := range []string{"client_id", "scope"} {
		if form.Get(name) == "" {
			return missingParameter(name)
		}
	}
	// The libraries add the OpenID scopes to whatever they are asked for; the flow knows no others beside .default.
	scopes := slices.DeleteFunc(strings.Fields(form.Get("scope")), func(s string) bool {
		return slices.Contains([]string{"openid", "profile", "offline_access"}, s)
	})
	if len(scopes) != 1 || !strings.HasSuffix(scopes[0], "/.default") {
		return &tokenRefusal{
			http.StatusBadRequest, "invalid_scope", 1002012,
			fmt.Sprintf("The provided value for scope %s is not valid. Client credential flows must have a scope "+
				"value with /.default suffixed to the resource identifier (application ID URI).", form.Get("scope")),
		}
	}
	form.Set("scope", scopes[0])
	return nil
}

// checkClient finds the app that asks, and checks that it is the app.
func (e *Server) checkClient(form url.Values) (*app, *tokenRefusal) {
	client := form.Get("client_id")
	app := e.app(client)
	if app == nil {
		return nil, &tokenRefusal{
			http.StatusBadRequest, "unauthorized_client", 700016,
			fmt.Sprintf("Application with identifier '%s' was not found in the directory 'Contoso'. This can happen "+
				"if the application has not been installed by the administrator of the tenant or consented to by any "+
				"user in the tenant. You may have sent your authentication request to the wrong tenant.", client),
		}
	}
	if form.Has("client_assertion") {
		return app, e.checkAssertion(app, form)
	}
	secret := form.Get("client_secret")
	switch {
	case secret == "":
		return nil, &tokenRefusal{
			http.StatusUnauthorized, "invalid_client", 7000216,
			"'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
		}
	case app.secret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(app.secret)) != 1:
		return nil, &tokenRefusal{
			http.StatusUnauthorized, "invalid_client", 7000215,
			fmt.Sprintf("Invalid client secret provided. Ensure the secret being sent in the request is the client "+
				"secret value, not the client secret ID, for a secret added to app '%s'.", app.id),
		}
	case app.secretExpired:
		return nil, &tokenRefusal{
			http.StatusUnauthorized, "invalid_client", 7000222,
			fmt.Sprintf("The provided client secret keys for app '%s' are expired. Visit the Azure portal to create "+
				"new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials "+
				"for added security: https://aka.ms/certCreds.", app.id),
		}
	}
	return app, nil
}

// checkAssertion checks a signed assertion in the place of a secret (RFC 7523): signed by the app itself with its
// certificate (document "certificate-credentials"), or by the issuer of its federated credential.
func (e *Server) checkAssertion(app *app, form url.Values) *tokenRefusal {
	if form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		return malformed("the value of 'client_assertion_type' is not known")
	}
	var claims jwt.RegisteredClaims
	unverified, _, err := jwt.NewParser().ParseUnverified(form.Get("client_assertion"), &claims)
	if err != nil {
		return &tokenRefusal{http.StatusUnauthorized, "invalid_client", 50027, "JWT token is invalid or malformed."}
	}
	var key any
	options := []jwt.ParserOption{
		jwt.WithValidMethods([]string{"RS256", "PS256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(e.opts.Now),
	}
	if claims.Issuer == app.id {
		cert := app.certificate
		if sent := app.certificateSent(unverified.Header); sent != nil {
			cert = sent
		}
		if cert == nil || !thumbprint(unverified.Header, cert.Raw) {
			return &tokenRefusal{
				http.StatusUnauthorized, "invalid_client", 700027,
				"The certificate with identifier used to sign the client assertion is not registered on application. " +
					"[Reason - The key was not found.].",
			}
		}
		key = cert.PublicKey
		options = append(options, jwt.WithAudience(e.TokenEndpoint()), jwt.WithSubject(app.id))
	} else {
		f := app.federation
		if f == nil || claims.Issuer != f.Issuer || claims.Subject != f.Subject {
			return &tokenRefusal{
				http.StatusUnauthorized, "invalid_client", 700211,
				fmt.Sprintf("No matching federated identity record found for presented assertion issuer '%s'.",
					claims.Issuer),
			}
		}
		key = f.Key
		options = append(options, jwt.WithAudience("api://AzureADTokenExchange"))
	}
	_, err = jwt.ParseWithClaims(form.Get("client_assertion"), &claims,
		func(*jwt.Token) (any, error) { return key, nil }, options...)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrTokenExpired) || errors.Is(err, jwt.ErrTokenNotValidYet):
		return &tokenRefusal{
			http.StatusUnauthorized, "invalid_client", 700024,
			"Client assertion is not within its valid time range.",
		}
	default:
		return &tokenRefusal{
			http.StatusUnauthorized, "invalid_client", 700027,
			"Client assertion failed signature validation.",
		}
	}
}

// certificateSent returns the certificate at the head of the chain that an assertion carries (RFC 7515, 4.1.6), if it
// is the app's by its subject and issuer; nil otherwise.
func (a *app) certificateSent(header map[string]any) *x509.Certificate {
	chain, _ := header["x5c"].([]any)
	if a.certificate == nil || a.trustIssuer == nil || len(chain) == 0 {
		return nil
	}
	text, _ := chain[0].(string)
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil || cert.CheckSignatureFrom(a.trustIssuer) != nil ||
		cert.Subject.String() != a.certificate.Subject.String() {
		return nil
	}
	return cert
}

// thumbprint tells whether the header of an assertion names this certificate. As in the service, either alphabet
// of base64 will do; Microsoft's own libraries differ.
func thumbprint(header map[string]any, der []byte) bool {
	s1, s256 := sha1.Sum(der), sha256.Sum256(der) //nolint:gosec // see the import
	names := func(name string, want []byte) bool {
		got, _ := header[name].(string)
		got = strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(got)
		return got == base64.RawURLEncoding.EncodeToString(want)
	}
	return names("x5t", s1[:]) || names("x5t#S256", s256[:])
}

// tokenRefusal is why there is no token.
type tokenRefusal struct {
	status int
	code   string // of OAuth
	aadsts int
	text   string
}

// refusals are what [Server.RefuseTokens] can refuse with, by AADSTS code (document "AADSTS error codes").
var refusals = map[int]tokenRefusal{
	53003: {
		status: http.StatusBadRequest, code: "invalid_grant",
		text: "Access has been blocked by Conditional Access policies. " +
			"The access policy does not allow token issuance.",
	},
	530034: {
		status: http.StatusBadRequest, code: "invalid_grant",
		text: "A delegated administrator was blocked from accessing the tenant " +
			"due to account risk in their home tenant.",
	},
	700024: {
		status: http.StatusUnauthorized, code: "invalid_client",
		text: "Client assertion is not within its valid time range.",
	},
	700027: {
		status: http.StatusUnauthorized, code: "invalid_client",
		text: "The certificate with identifier used to sign the client assertion is not registered on application.",
	},
	7000112: {
		status: http.StatusUnauthorized, code: "unauthorized_client",
		text: "Application with identifier is disabled.",
	},
	900023: {
		status: http.StatusBadRequest, code: "invalid_request",
		text: "Specified tenant identifier is neither a valid DNS name, nor a valid external domain.",
	},
}

func missingParameter(parameter string) *tokenRefusal {
	return &tokenRefusal{
		http.StatusBadRequest, "invalid_request", 900144,
		fmt.Sprintf("The request body must contain the following parameter: '%s'.", parameter),
	}
}

func malformed(why string) *tokenRefusal {
	return &tokenRefusal{http.StatusBadRequest, "invalid_request", 9000410, "Malformed request: " + why + "."}
}

func unknownTenant(tenant string) *tokenRefusal {
	return &tokenRefusal{
		http.StatusBadRequest, "invalid_request", 90002,
		fmt.Sprintf("Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into "+
			"the correct cloud. Check with your subscription administrator, this may happen if there are no active "+
			"subscriptions for the tenant.", tenant),
	}
}

func (e *Server) refuse(w http.ResponseWriter, r *http.Request, why *tokenRefusal) {
	now := e.opts.Now().UTC()
	trace, correlation := uuid.NewString(), r.Header.Get("Client-Request-Id")
	if correlation == "" {
		correlation = uuid.NewString()
	}
	stamp := now.Format("2006-01-02 15:04:05Z")
	faultserver.WriteJSON(w, why.status, map[string]any{
		"error": why.code,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s",
			why.aadsts, why.text, trace, correlation, stamp),
		"error_codes":    []int{why.aadsts},
		"timestamp":      stamp,
		"trace_id":       trace,
		"correlation_id": correlation,
		"error_uri":      e.URL() + "error?code=" + strconv.Itoa(why.aadsts),
	})
}
