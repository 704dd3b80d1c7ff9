package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"meetbot/internal/entra"
	"meetbot/store"
)

// RedisConfig says where the state is.
type RedisConfig struct {
	URL             string // as package store takes it
	Prefix          string // first part of every key; deployments that share a Redis have different ones
	Entra           string // "true" or "false", as strconv.ParseBool takes it: an access token is the password
	CAPath          string // PEM file: who vouches for the servers of a rediss:// URL; empty for the system's
	CertificatePath string // PEM file: the client's own certificate and key; empty for none
}

// Settings names the values of this concern.
func (c *RedisConfig) Settings() []Setting {
	return []Setting{
		{
			Env: "REDIS_URL", Kind: SecretURL, Since: first, Value: (*text)(&c.URL), More: "operating.md#redis",
			Help:    "The Redis that keeps the state: redis://, or rediss:// for TLS; Sentinel and Cluster too.",
			Example: "rediss://user:password@redis.example.com:6380/0",
		}, {
			Env: "REDIS_PREFIX", Value: (*text)(&c.Prefix), More: "operating.md#redis",
			Help: "First part of every key in Redis; another for each deployment on one Redis.",
		}, {
			Env: "REDIS_ENTRA", Kind: Switch, Value: (*text)(&c.Entra), More: "operating.md#redis-with-entra",
			Help: "An access token of the app of AZURE_CLIENT_ID, or of the managed identity, is the password for " +
				"Redis (Azure Managed Redis, Azure Cache for Redis).",
		}, {
			Env: "REDIS_CA_PATH", Kind: File, Value: (*text)(&c.CAPath), More: "operating.md#redis-with-tls",
			Help:    "The authorities that vouch for the servers of a rediss:// URL, as PEM.",
			Example: "/etc/meetbot/redis-ca.pem", Unset: "the system's",
		}, {
			Env: "REDIS_CLIENT_CERTIFICATE_PATH", Kind: File, Value: (*text)(&c.CertificatePath),
			Help:    "The client's own certificate and key, as PEM in one file, for a Redis that wants one.",
			Example: "/etc/meetbot/redis-client.pem", More: "operating.md#redis-with-tls",
		},
	}
}

func (c RedisConfig) validate(p *problems) {
	err := store.CheckURL(c.URL)
	p.need(err == nil, "REDIS_URL", fmt.Sprintf("cannot be used (%v)", err), "redis://localhost:6379/0")
	secure := strings.HasPrefix(c.URL, "rediss://")
	for _, s := range []struct{ variable, value string }{
		{"REDIS_CA_PATH", c.CAPath}, {"REDIS_CLIENT_CERTIFICATE_PATH", c.CertificatePath},
	} {
		p.need(s.value == "" || secure, s.variable, "is set, and REDIS_URL is not rediss://", "")
	}
	if err := (store.TLSFiles{CA: c.CAPath}).Check(); err != nil {
		p.need(false, "REDIS_CA_PATH", fmt.Sprintf("cannot be used (%v)", err), "/etc/meetbot/redis-ca.pem")
	}
	if err := (store.TLSFiles{Certificate: c.CertificatePath}).Check(); err != nil {
		p.need(false, "REDIS_CLIENT_CERTIFICATE_PATH", fmt.Sprintf("cannot be used (%v)", err),
			"/etc/meetbot/redis-client.pem")
	}
	err = store.CheckPrefix(c.Prefix)
	p.need(err == nil, "REDIS_PREFIX", fmt.Sprintf("cannot be used (%v)", err), store.DefaultPrefix)
	byToken, err := strconv.ParseBool(c.Entra)
	p.need(err == nil, "REDIS_ENTRA", "is neither true nor false", "false")
	if _, password, err := store.UserOf(c.URL); byToken && err == nil {
		p.need(secure, "REDIS_URL", "must be rediss:// with REDIS_ENTRA, so that nobody reads the token on the way",
			"rediss://name.region.redis.azure.net:10000")
		p.need(password == "", "REDIS_URL", "has a password, and with REDIS_ENTRA a token is the password",
			"rediss://name.region.redis.azure.net:10000")
	}
}

// redisScope is what a token for Redis is asked for. Source: Microsoft, "Use Microsoft Entra ID for cache
// authentication with Azure Managed Redis".
const redisScope = "https://redis.azure.com/.default"

// redisToken is how often a token for Redis is asked for. It is the same one until five minutes before it ends, so the
// connections have minutes to authenticate again.
const redisToken = 30 * time.Second

// redisLogin is how the program authenticates with Redis by tokens.
type redisLogin struct {
	tokens      *entra.Tokens
	user        string // of REDIS_URL; empty for the object ID of the token
	credentials *store.Credentials
	last        string // the token at hand
	every       time.Duration
}

// storeOptions are what the configuration says about a store, with credentials that may change: those of a file, or of
// Entra. The login is nil where no token is the password.
func (c Config) storeOptions(o store.Options, credential *entra.Credential) (store.Options, *redisLogin) {
	o.Prefix = c.Redis.Prefix
	o.TLSFiles = store.TLSFiles{CA: c.Redis.CAPath, Certificate: c.Redis.CertificatePath}
	user, password, err := store.UserOf(c.Redis.URL)
	if err != nil { // the store says so
		return o, nil
	}
	if byToken, _ := strconv.ParseBool(c.Redis.Entra); byToken {
		o.Credentials = store.NewCredentials()
		return o, &redisLogin{tokens: credential.Tokens(redisScope), user: user, credentials: o.Credentials}
	}
	if c.Files.names("REDIS_URL") {
		o.Credentials = store.NewCredentials()
		o.Credentials.Set(user, password)
	}
	return o, nil
}

// ErrRedisToken says that there is no access token for Redis, which REDIS_ENTRA wants.
var ErrRedisToken = errors.New("no token for Redis (REDIS_ENTRA)")

// OpenStore opens the store of a configuration for a command that soon ends. end closes it.
// roots vouch for Entra; nil for the system's. The error is ErrRedisToken, or tells what is wrong with the
// configuration.
func OpenStore(
	ctx context.Context, c Config, o store.Options, roots *x509.CertPool,
) (_ *store.Store, end func(), err error) {
	c = c.normalized()
	var credential *entra.Credential
	if byToken, _ := strconv.ParseBool(c.Redis.Entra); byToken {
		of := c.entra()
		of.RootCAs = roots
		if credential, err = entra.NewCredential(of); err != nil {
			return nil, nil, fmt.Errorf("%w: %w", ErrRedisToken, err)
		}
		defer credential.Close()
	}
	o, login := c.storeOptions(o, credential)
	if login != nil {
		if err := login.renew(ctx); err != nil {
			return nil, nil, fmt.Errorf("%w: %w", ErrRedisToken, err)
		}
	}
	s, err := store.Open(c.Redis.URL, o)
	if err != nil {
		return nil, nil, err
	}
	return s, func() { _ = s.Close() }, nil
}

// renew asks for a token, and has the connections authenticate with it if it is another one.
func (l *redisLogin) renew(ctx context.Context) error {
	token, err := l.tokens.Token(ctx)
	if err != nil || token == l.last {
		return err
	}
	user := l.user
	if user == "" {
		user = entra.ObjectID(token)
	}
	if user == "" {
		return errors.New("the token for Redis does not tell the object ID, which is the user; put it into REDIS_URL")
	}
	l.credentials.Set(user, token)
	l.last = token
	return nil
}

// run keeps the token fresh until ctx ends. A failure is told once, and tried again; the token at hand goes on.
func (l *redisLogin) run(ctx context.Context, log *slog.Logger) {
	var told string
	for pause := time.Second; ; {
		err := l.renew(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			told, pause = "", l.every
		case err.Error() != told:
			told = err.Error()
			log.WarnContext(ctx, "no token for Redis; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, l.every)
	}
}

// newRedisUser has the connections to Redis authenticate with the user and the password of a changed REDIS_URL.
func newRedisUser(c Config, credentials *store.Credentials) taker {
	before := c.Redis.URL
	return func(_ context.Context, c Config) error {
		if !store.SameButUser(before, c.Redis.URL) {
			return errors.New("REDIS_URL names another server or database, which needs a restart")
		}
		user, password, err := store.UserOf(c.Redis.URL)
		if err != nil {
			return err
		}
		if credentials != nil {
			credentials.Set(user, password)
		}
		return nil
	}
}
