package store

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/auth"
)

// Credentials are a user and a password for the server that may change while a store is open: the connections that are
// open then authenticate again, before their next command. With Sentinel, they are the server's, not the sentinels'.
// They are safe for concurrent use.
type Credentials struct {
	known chan struct{} // closed by the first Set

	mu        sync.Mutex
	current   auth.Credentials // nil before the first Set
	listeners map[auth.CredentialsListener]bool
}

// NewCredentials returns credentials that are not known yet. A store that needs them waits half of its [Budget].
func NewCredentials() *Credentials {
	return &Credentials{known: make(chan struct{}), listeners: map[auth.CredentialsListener]bool{}}
}

// Set replaces user and password. An empty user is Redis' default user.
func (c *Credentials) Set(user, password string) {
	fresh := auth.NewBasicCredentials(user, password)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil {
		close(c.known)
	}
	c.current = fresh
	for l := range c.listeners { // it does no more than mark the connection
		l.OnNext(fresh)
	}
}

// errNoCredentials says that Set was not called yet.
var errNoCredentials = errors.New("user and password for Redis are not known yet")

// provider is the credentials as go-redis wants them.
type provider struct{ c *Credentials }

// Subscribe implements [auth.StreamingCredentialsProvider] for one connection.
func (p provider) Subscribe(l auth.CredentialsListener) (auth.Credentials, auth.UnsubscribeFunc, error) {
	select {
	case <-p.c.known:
	case <-time.After(Budget / 2):
		return nil, nil, errNoCredentials
	}
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.c.listeners[l] = true
	return p.c.current, func() error {
		p.c.mu.Lock()
		defer p.c.mu.Unlock()
		delete(p.c.listeners, l)
		return nil
	}, nil
}

// UserOf returns the user and the password that a URL names for the server, as [Open] takes the URL. The error quotes
// nothing of it.
func UserOf(rawURL string) (user, password string, err error) {
	o, err := parse(rawURL)
	if err != nil {
		return "", "", err
	}
	return o.Username, o.Password, nil
}

// SameButUser tells whether two URLs differ in the user and the password for the server at most.
func SameButUser(a, b string) bool {
	first, err := parse(a)
	second, err2 := parse(b)
	return err == nil && err2 == nil && withoutUser(first) == withoutUser(second)
}

// withoutUser spells out all that a URL can say, but for the user and the password for the server.
func withoutUser(o *redis.UniversalOptions) string {
	server := *o
	server.Username, server.Password = "", ""
	name := ""
	if o.TLSConfig != nil {
		name = "tls " + o.TLSConfig.ServerName
	}
	server.TLSConfig = nil
	return fmt.Sprintf("%+v %s", server, name)
}
