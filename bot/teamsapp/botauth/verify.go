package botauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"meetbot/internal/outbound"
)

const (
	skew     = 5 * time.Minute // of clocks, as the document allows
	maxToken = 16 << 10        // bytes
)

// ErrRefused says that a token is missing or not valid. The error that wraps it says why, for the log; the sender
// must not be told.
var ErrRefused = errors.New("token refused")

// What an operator can mend has an error of its own; each goes with [ErrRefused]. Of time and audience a token is only
// said to be wrong if its signature is right.
var (
	ErrNoToken  = errors.New("no bearer token")
	ErrTime     = errors.New("token is expired or not valid yet")
	ErrAudience = errors.New("token is for another audience")
)

// Config says whose tokens are accepted. Every field without "optional" is required.
type Config struct {
	MetadataURL string // where the keys are announced; https or loopback
	Issuer      string
	AppID       string           // the audience
	Now         func() time.Time // optional: time.Now
}

// Verifier checks tokens. It is safe for concurrent use.
type Verifier struct {
	issuer, audience string
	keys             keyring
	now              func() time.Time
}

// New returns a verifier. The keys are fetched when the first token comes. Its error names the setting at fault.
func New(c Config) (*Verifier, error) {
	metadata, err := url.Parse(c.MetadataURL)
	if err != nil || metadata.Host == "" {
		return nil, errors.New("the OpenID metadata URL is no URL")
	}
	if err := outbound.Secure(metadata); err != nil {
		return nil, fmt.Errorf("OpenID metadata URL: %w", err)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Verifier{
		issuer: c.Issuer, audience: strings.ToLower(c.AppID), now: c.Now, // as Microsoft writes GUIDs
		keys: keyring{metadata: metadata, client: outbound.Client(outbound.Options{}, metadata), now: c.Now},
	}, nil
}

// Close closes the connections that wait to be used again.
func (v *Verifier) Close() { v.keys.client.CloseIdleConnections() }

// Published is what the Bot Framework announces about its tokens.
type Published struct {
	Issuer string // as the metadata document names it; empty if it names none
	Keys   int    // how many keys it may sign with
}

// Published fetches the metadata document and the keys, as it is done for the first token. What the verifier knows
// stays as it is. The error says what could not be read.
func (v *Verifier) Published(ctx context.Context) (Published, error) {
	issuer, keys, err := v.keys.read(ctx)
	return Published{issuer, len(keys)}, err
}

// Grant is what a valid token allows: activities of these channels, from this service.
type Grant struct {
	key        signingKey
	serviceURL string
}

// Verify checks the token of a request with these headers: the signature, by a published key and RS256 alone, issuer,
// audience and times. The error wraps [ErrRefused], or says that the keys cannot be fetched, so that the token can be
// neither accepted nor refused. It holds no part of the token.
func (v *Verifier) Verify(ctx context.Context, h http.Header) (Grant, error) {
	token, err := bearer(h)
	if err != nil {
		return Grant{}, err
	}
	id, err := keyID(token)
	if err != nil {
		return Grant{}, err
	}
	key, err := v.keys.find(ctx, id)
	if err != nil {
		return Grant{}, err
	}
	if key.key == nil {
		return Grant{}, fmt.Errorf("%w: signed with a key that is not published", ErrRefused)
	}
	claims, err := jwt.ParseString(token,
		jwt.WithKey(jwa.RS256(), key.key), jwt.WithIssuer(v.issuer), jwt.WithAudience(v.audience),
		jwt.WithAcceptableSkew(skew), jwt.WithRequiredClaim(jwt.ExpirationKey), jwt.WithRequiredClaim(jwt.NotBeforeKey),
		jwt.WithClock(jwt.ClockFunc(v.now)))
	switch {
	case errors.Is(err, jwt.TokenExpiredError()), errors.Is(err, jwt.TokenNotYetValidError()):
		return Grant{}, fmt.Errorf("%w: %w: %w", ErrRefused, ErrTime, err)
	case errors.Is(err, jwt.InvalidAudienceError()):
		return Grant{}, fmt.Errorf("%w: %w: %w", ErrRefused, ErrAudience, err)
	case err != nil:
		return Grant{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	g := Grant{key: key}
	if err := claims.Get("serviceurl", &g.serviceURL); err != nil || g.serviceURL == "" {
		return Grant{}, fmt.Errorf("%w: it names no service", ErrRefused)
	}
	return g, nil
}

// bearer returns the one token that the headers hold.
func bearer(h http.Header) (string, error) {
	all := h.Values("Authorization")
	if len(all) != 1 { // with several, it is not defined which one counts
		return "", fmt.Errorf("%w: %w: %d Authorization headers", ErrRefused, ErrNoToken, len(all))
	}
	scheme, token, _ := strings.Cut(all[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || len(token) > maxToken || !compact.MatchString(token) {
		return "", fmt.Errorf("%w: %w", ErrRefused, ErrNoToken)
	}
	return token, nil
}

// compact is the form of a signed token: RFC 7515, section 7.1.
var compact = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)

// keyID reads the ID of the key that, as the token says, signed it.
func keyID(token string) (string, error) {
	m, err := jws.ParseString(token, jws.WithCompact())
	if err != nil || len(m.Signatures()) != 1 {
		return "", fmt.Errorf("%w: no JWT", ErrRefused)
	}
	id, ok := m.Signatures()[0].ProtectedHeaders().KeyID()
	if !ok || id == "" || len(id) > maxKeyIDBytes {
		return "", fmt.Errorf("%w: it names no key", ErrRefused)
	}
	return id, nil
}

// Covers tells whether the token vouches for an activity of this channel ("msteams") with this service URL. The error
// wraps [ErrRefused].
func (g Grant) Covers(channel, serviceURL string) error {
	if !g.key.vouches(channel) {
		return fmt.Errorf("%w: the key does not vouch for the channel", ErrRefused)
	}
	if trimmed(g.serviceURL) != trimmed(serviceURL) {
		return fmt.Errorf("%w: it was made for another service", ErrRefused)
	}
	return nil
}

// trimmed is a service URL in the form in which two of them are compared.
func trimmed(address string) string { return strings.ToLower(strings.TrimRight(address, "/")) }
