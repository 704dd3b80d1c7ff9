package teamstest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"meetbot/internal/sandbox/faultserver"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Where Bot Framework publishes the keys that it signs with: the document "Authentication with the Bot Connector API",
// "Authenticate requests from the Bot Connector service to your bot".
const (
	metadataPath = "/v1/.well-known/openidconfiguration"
	keysPath     = "/v1/.well-known/keys"
	tokenLife    = time.Hour
)

// keyring holds the keys that tokens are signed with. It is safe for concurrent use.
type keyring struct {
	mu          sync.Mutex
	current     *signingKey
	unendorsed  *signingKey
	previous    *signingKey // nil before the first rotation
	keepOld     bool        // previous is still published
	unpublished *signingKey // nil until it is asked for
}

type signingKey struct {
	*rsa.PrivateKey
	kid          string
	endorsements []string
}

func newTeamsSigningKey(endorsements ...string) (*signingKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make a key for Bot Framework: %w", err)
	}
	return &signingKey{PrivateKey: key, kid: rand.Text(), endorsements: endorsements}, nil
}

func newTeamsCurrentKey() (*signingKey, error) {
	return newTeamsSigningKey("webchat", channelID, "directline", "email")
}

// start makes the keys that are published from the beginning.
func (k *keyring) start() (err error) {
	if k.current, err = newTeamsCurrentKey(); err != nil {
		return err
	}
	k.unendorsed, err = newTeamsSigningKey("webchat", "directline")
	return err
}

func (k *keyring) rotate(keepOld bool) error {
	next, err := newTeamsCurrentKey()
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.current, k.previous, k.keepOld = next, k.current, keepOld
	return nil
}

// get returns a key by its name.
func (k *keyring) get(name Key) (*signingKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch name {
	case KeyCurrent:
		return k.current, nil
	case KeyUnendorsed:
		return k.unendorsed, nil
	case KeyPrevious:
		if k.previous == nil {
			return nil, errors.New("there is no previous key before the first rotation")
		}
		return k.previous, nil
	case KeyUnpublished:
		if k.unpublished == nil {
			key, err := newTeamsSigningKey()
			if err != nil {
				return nil, err
			}
			k.unpublished = key
		}
		return &signingKey{PrivateKey: k.unpublished.PrivateKey, kid: k.current.kid}, nil
	default:
		return nil, fmt.Errorf("there is no key %q", name)
	}
}

// published lists the keys that everybody may read.
func (k *keyring) published() []*signingKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := []*signingKey{k.current, k.unendorsed}
	if k.previous != nil && k.keepOld {
		list = append(list, k.previous)
	}
	return list
}

// RotateKey signs with a new key, with a new kid, from now on. The old one stays published if keepOld is set.
func (t *Server) RotateKey(keepOld bool) error { return t.keys.rotate(keepOld) }

// KeyFetches counts how often the metadata and the keys were asked for so far.
func (t *Server) KeyFetches() (metadata, keys int) {
	return int(t.metadata.Load()), int(t.keyReads.Load())
}

func (t *Server) serveMetadata(w http.ResponseWriter, r *http.Request) {
	t.metadata.Add(1)
	t.faults.Serve("metadata", w, r, func(w http.ResponseWriter, _ *http.Request) {
		faultserver.WriteJSON(w, http.StatusOK, map[string]any{
			"issuer":                                issuer,
			"authorization_endpoint":                "https://invalid.botframework.com",
			"jwks_uri":                              t.base + keysPath,
			"id_token_signing_alg_values_supported": []string{"RS256"},
			"token_endpoint_auth_methods_supported": []string{"private_key_jwt"},
		})
	})
}

// serveKeys publishes the keys. As in the original, they do not say what algorithm they are for.
func (t *Server) serveKeys(w http.ResponseWriter, r *http.Request) {
	t.keyReads.Add(1)
	t.faults.Serve("keys", w, r, func(w http.ResponseWriter, _ *http.Request) {
		b64 := base64.RawURLEncoding.EncodeToString
		var keys []map[string]any
		for _, k := range t.keys.published() {
			keys = append(keys, map[string]any{
				"kty": "RSA", "use": "sig", "kid": k.kid, "x5t": k.kid,
				"n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes()),
				"endorsements": k.endorsements,
			})
		}
		faultserver.WriteJSON(w, http.StatusOK, map[string]any{"keys": keys})
	})
}

// Token makes the Authorization header for an activity, true or forged; empty for none. The serviceurl claim is
// ServiceURL unless Claims say otherwise.
func (t *Server) Token(f Token) (string, error) {
	switch {
	case f.Absent:
		return "", nil
	case f.Header != nil:
		return *f.Header, nil
	}
	key, err := t.keys.get(f.Key)
	if err != nil {
		return "", fmt.Errorf("sign an activity: %w", err)
	}
	now := t.o.Now()
	claims := jwt.MapClaims{
		"serviceurl": t.ServiceURL(), "iss": issuer, "aud": t.o.AppID,
		"nbf": now.Unix(), "exp": now.Add(tokenLife).Unix(),
	}
	for name, value := range f.Claims {
		if value == nil {
			delete(claims, name)
		} else {
			claims[name] = value
		}
	}
	method, secret, err := f.method(key)
	if err != nil {
		return "", fmt.Errorf("sign an activity: %w", err)
	}
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"], token.Header["x5t"] = key.kid, key.kid
	if f.Kid != nil {
		token.Header["kid"] = *f.Kid
	}
	signed, err := token.SignedString(secret)
	if err != nil {
		return "", fmt.Errorf("sign an activity: %w", err)
	}
	if f.Mangle {
		signed = mangleSignature(signed)
	}
	return "Bearer " + signed, nil
}

// method returns how a token is signed, and with what.
func (f Token) method(key *signingKey) (jwt.SigningMethod, any, error) {
	switch f.Alg {
	case "", "RS256":
		return jwt.SigningMethodRS256, key.PrivateKey, nil
	case "RS384":
		return jwt.SigningMethodRS384, key.PrivateKey, nil
	case "RS512":
		return jwt.SigningMethodRS512, key.PrivateKey, nil
	case "none":
		return jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil
	case "HS256":
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			return nil, nil, fmt.Errorf("write the public key: %w", err)
		}
		return jwt.SigningMethodHS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
	default:
		return nil, nil, fmt.Errorf("algorithm %q is not known here", f.Alg)
	}
}

// mangleSignature changes the first letter of a token's signature, which no padding can undo.
func mangleSignature(token string) string {
	at := strings.LastIndexByte(token, '.') + 1
	letter := "A"
	if strings.HasPrefix(token[at:], letter) {
		letter = "B"
	}
	return token[:at] + letter + token[min(at+1, len(token)):]
}
