package store

import (
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// CheckURL tells whether Open would take the URL. Its error quotes nothing of it.
func CheckURL(rawURL string) error {
	_, err := parse(rawURL)
	return err
}

// errURL quotes nothing of the URL: any part of one that is badly written may hold the password.
var errURL = errors.New(`not a Redis URL; wanted for example "redis://localhost:6379/0", ` +
	`"rediss://user:password@host:6379/0", ` +
	`"redis://sentinel:26379/0?master_name=main" or "redis://node:6379?cluster=true", ` +
	`with the special characters of a password percent-encoded and no parameters that go-redis does not know`)

// parse reads the forms that Open documents.
func parse(rawURL string) (*redis.UniversalOptions, error) {
	u, err := url.Parse(rawURL)
	if err != nil || (u.Scheme != "redis" && u.Scheme != "rediss") || u.Host == "" {
		return nil, errURL
	}
	query := u.Query()
	if query.Has("skip_verify") { // a password would be told to whoever answers
		return nil, errURL
	}
	name := query.Get("server_name")
	if query.Has("server_name") && (name == "" || u.Scheme != "rediss") {
		return nil, errURL
	}
	query.Del("server_name")
	cluster := query.Get("cluster") == "true" || query.Has("addr")
	query.Del("cluster")
	u.RawQuery = query.Encode()
	o, err := options(u, query.Has("master_name"), cluster)
	if err != nil {
		return nil, err
	}
	if o.TLSConfig != nil {
		o.TLSConfig.ServerName = name
	}
	return o, nil
}

// options reads what go-redis knows of a URL, whose form is that of sentinels, of a cluster, or of one server.
func options(u *url.URL, sentinels, cluster bool) (*redis.UniversalOptions, error) {
	switch {
	case sentinels:
		o, err := redis.ParseFailoverURL(u.String())
		if err != nil || o.MasterName == "" {
			return nil, errURL
		}
		return &redis.UniversalOptions{
			MasterName: o.MasterName, Addrs: o.SentinelAddrs, DB: o.DB, TLSConfig: o.TLSConfig,
			Username: o.Username, Password: o.Password,
			SentinelUsername: o.SentinelUsername, SentinelPassword: o.SentinelPassword,
			ClientName: o.ClientName, Protocol: o.Protocol, PoolSize: o.PoolSize,
			MinIdleConns: o.MinIdleConns, MaxIdleConns: o.MaxIdleConns, MaxActiveConns: o.MaxActiveConns,
			ConnMaxIdleTime: o.ConnMaxIdleTime, ConnMaxLifetime: o.ConnMaxLifetime,
		}, nil
	case cluster:
		o, err := redis.ParseClusterURL(u.String())
		if err != nil || strings.Trim(u.Path, "/0") != "" { // a cluster has no database but 0
			return nil, errURL
		}
		return &redis.UniversalOptions{
			IsClusterMode: true, Addrs: o.Addrs, TLSConfig: o.TLSConfig, Username: o.Username, Password: o.Password,
			ClientName: o.ClientName, Protocol: o.Protocol, PoolSize: o.PoolSize,
			MinIdleConns: o.MinIdleConns, MaxIdleConns: o.MaxIdleConns, MaxActiveConns: o.MaxActiveConns,
			ConnMaxIdleTime: o.ConnMaxIdleTime, ConnMaxLifetime: o.ConnMaxLifetime,
		}, nil
	default:
		o, err := redis.ParseURL(u.String())
		if err != nil {
			return nil, errURL
		}
		return &redis.UniversalOptions{
			Addrs: []string{o.Addr}, DB: o.DB, TLSConfig: o.TLSConfig, Username: o.Username, Password: o.Password,
			ClientName: o.ClientName, Protocol: o.Protocol, PoolSize: o.PoolSize,
			MinIdleConns: o.MinIdleConns, MaxIdleConns: o.MaxIdleConns, MaxActiveConns: o.MaxActiveConns,
			ConnMaxIdleTime: o.ConnMaxIdleTime, ConnMaxLifetime: o.ConnMaxLifetime,
		}, nil
	}
}

// limitWaiting makes the client keep the budget, and connect with TLS where the URL wants it. Without
// ContextTimeoutEnabled it waits for an answer longer than the context allows, and its own TLS dialer ignores the
// context.
func limitWaiting(o *redis.UniversalOptions, roots *x509.CertPool, files TLSFiles) {
	o.ContextTimeoutEnabled = true
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = Budget, Budget, Budget, Budget
	o.DialerRetries = 1
	o.MaxRetries = 1 // only its use shows that a connection died while it was idle
	if o.IsClusterMode {
		o.MaxRetries = 0 // there the client repeats calls as it follows redirections
	}
	o.MinRetryBackoff, o.MaxRetryBackoff = 10*time.Millisecond, 100*time.Millisecond
	o.PipelinePoolSize = -1 // one pool for everything
	o.ReadBufferSize, o.WriteBufferSize = connectionBuffer, connectionBuffer
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	if o.Protocol == 0 {
		o.Protocol = 2 // nothing here needs the pushes of 3, which the client looks for with every command
	}

	dialer := &net.Dialer{Timeout: Budget, KeepAlive: 30 * time.Second}
	o.Dialer = dialer.DialContext
	if o.TLSConfig != nil {
		secure := &secureDialer{dialer: dialer, roots: roots, files: files, only: o.TLSConfig.ServerName}
		if len(o.Addrs) > 0 {
			secure.first, _, _ = net.SplitHostPort(o.Addrs[0])
		}
		o.Dialer = secure.dial
	}
}
