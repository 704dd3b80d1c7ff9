package botauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"

	"meetbot/internal/outbound"
)

// How often keys are fetched. The library's own cache fetches on a timer, also when no token comes, and does not
// fetch when a key is missing; the Bot Framework wants the opposite.
const (
	keysLast      = 24 * time.Hour   // keys are fetched again when they are older
	unknownEvery  = time.Minute      // how often at most key IDs that are not among them have them fetched again
	sameEvery     = time.Hour        // the same for one and the same key ID
	failedEvery   = 10 * time.Second // after a failure
	fetchWithin   = 5 * time.Second
	maxKeys       = 100
	maxKeyIDBytes = 256
	maxUnknown    = 1000 // key IDs that are remembered for sameEvery
)

// errUnreachable says that the keys could not be fetched, so that no token can be judged.
var errUnreachable = errors.New("cannot fetch the Bot Framework's keys")

// signingKey is a published key and the channels whose activities it may sign; none means any channel.
type signingKey struct {
	key          jwk.Key
	endorsements []string
}

// keyring keeps the published keys. It is safe for concurrent use.
type keyring struct {
	metadata *url.URL
	client   *http.Client
	now      func() time.Time

	mu      sync.Mutex
	keys    map[string]signingKey
	fetched time.Time            // the last success
	tried   time.Time            // the last attempt
	unknown map[string]time.Time // when a key ID that was not among the keys had them fetched
	flight  chan struct{}        // closed when the fetch under way ends; nil without one
	err     error                // of the last attempt
}

// find returns the key with this ID. If the keys at hand do not hold it, they are fetched again, unless that was done
// lately; then a key that is not published is (signingKey{}, nil). The error says that the last fetch failed, so that
// it is not known whether the key is published.
func (k *keyring) find(ctx context.Context, id string) (signingKey, error) {
	for {
		k.mu.Lock()
		key, known := k.keys[id]
		wanted := k.wanted(id, known)
		switch {
		case !wanted && !known && k.err != nil: // the key may be one of those that could not be fetched
			err := k.err
			k.mu.Unlock()
			return signingKey{}, fmt.Errorf("%w: %w", errUnreachable, err)
		case !wanted:
			k.mu.Unlock()
			return key, nil
		case k.flight == nil:
			k.tried = k.now()
			if !known {
				k.noteUnknown(id)
			}
			k.flight = make(chan struct{})
			go k.fetch(k.flight) // for all callers that wait: the context of one of them must not end it
		}
		flight := k.flight
		k.mu.Unlock()
		if known { // the old key is good until the new ones are there
			return key, nil
		}
		select {
		case <-flight:
		case <-ctx.Done():
			return signingKey{}, fmt.Errorf("%w: %w", errUnreachable, ctx.Err())
		}
	}
}

// noteUnknown remembers that a key ID has the keys fetched.
func (k *keyring) noteUnknown(id string) {
	if len(k.unknown) >= maxUnknown {
		maps.DeleteFunc(k.unknown, func(_ string, at time.Time) bool { return k.now().Sub(at) >= sameEvery })
	}
	if k.unknown == nil {
		k.unknown = map[string]time.Time{}
	}
	k.unknown[id] = k.tried
}

// wanted tells whether the keys must be fetched for a caller whose key is known, or is not.
func (k *keyring) wanted(id string, known bool) bool {
	now := k.now()
	switch {
	case k.flight != nil:
		return true
	case k.err != nil:
		return now.Sub(k.tried) >= failedEvery && (k.keys == nil || !known || now.Sub(k.fetched) >= keysLast)
	case known:
		return now.Sub(k.fetched) >= keysLast
	default:
		at, asked := k.unknown[id]
		return k.keys == nil || now.Sub(k.tried) >= unknownEvery && (!asked || now.Sub(at) >= sameEvery)
	}
}

// fetch reads the keys once and closes done.
func (k *keyring) fetch(done chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchWithin)
	defer cancel()
	_, keys, err := k.read(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.flight, k.err = nil, err
	if err == nil {
		k.keys, k.fetched = keys, k.now()
	}
	close(done)
}

// read fetches the metadata document and the key set that it names, which must be on the same host. It returns the
// issuer that the document names, too.
func (k *keyring) read(ctx context.Context) (issuer string, keys map[string]signingKey, err error) {
	var metadata struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	body, err := k.get(ctx, k.metadata.String())
	if err == nil {
		err = json.Unmarshal(body, &metadata)
	}
	if err != nil {
		return "", nil, fmt.Errorf("read OpenID metadata: %w", err)
	}
	if body, err = k.get(ctx, metadata.Keys); err != nil {
		return "", nil, fmt.Errorf("read key set: %w", err)
	}
	// A key that cannot be read is left out, and the others are used: RFC 7517, section 5.
	set, err := jwk.Parse(body, jwk.WithIgnoreParseError(true))
	if err != nil {
		return "", nil, fmt.Errorf("read key set: %w", err)
	}
	keys = map[string]signingKey{}
	for i := range min(set.Len(), maxKeys) {
		key, _ := set.Key(i)
		if id, ok := key.KeyID(); ok && signs(key) {
			keys[id] = signingKey{key, endorsementsOf(key)}
		}
	}
	if len(keys) == 0 {
		return "", nil, errors.New("read key set: it holds no key that signs")
	}
	return metadata.Issuer, keys, nil
}

// signs tells whether tokens can be signed with a key. Microsoft's keys name no algorithm.
func signs(key jwk.Key) bool {
	if usage, named := key.KeyUsage(); named && usage != jwk.ForSignature.String() {
		return false
	}
	alg, named := key.Algorithm()
	return key.KeyType() == jwa.RSA() && (!named || alg.String() == jwa.RS256().String())
}

// endorsementsOf lists the channels whose activities a key may sign. An entry that is no name stands for no channel.
func endorsementsOf(key jwk.Key) []string {
	if !key.Has("endorsements") {
		return nil
	}
	var list []any
	if key.Get("endorsements", &list) != nil {
		return []string{""}
	}
	channels := make([]string, 0, len(list))
	for _, v := range list {
		name, _ := v.(string)
		channels = append(channels, name)
	}
	return channels
}

// get fetches a document from the host of the metadata.
func (k *keyring) get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("its address is no URL")
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return nil, outbound.Redact(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %d", resp.StatusCode)
	}
	return io.ReadAll(resp.Body)
}

// vouches tells whether the key may sign activities of this channel. Source: the document in the package comment,
// "Verify the JWT token", requirement on endorsements.
func (s signingKey) vouches(channel string) bool {
	return len(s.endorsements) == 0 || channel != "" && slices.ContainsFunc(s.endorsements, func(e string) bool {
		return strings.EqualFold(e, channel)
	})
}
