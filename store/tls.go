package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
)

// secureDialer connects to the servers of a rediss:// URL. It believes a certificate for the server's own name: the one
// of the URL, or the one that the cluster or the sentinel gave; or else for the first name of the URL, for servers that
// are announced by an address that their certificate does not have.
type secureDialer struct {
	dialer *net.Dialer
	roots  *x509.CertPool // nil for the system's
	files  TLSFiles
	only   string // the one name of all certificates; empty for the rule above
	first  string // the first name of the URL

	byFirst sync.Map // addresses whose certificate was for the first name
}

// TLSFiles are the files for a connection with TLS. They are read for each connection, so their content may change. An
// empty path is for none.
type TLSFiles struct {
	CA          string // PEM: the authorities that vouch for servers, in place of the system's
	Certificate string // PEM: the client's own certificate with its key, for servers that want one
}

// Check tells whether the files can be used. The error names the path.
func (f TLSFiles) Check() error {
	_, err := f.config(nil)
	return err
}

// config is what the files hold. roots count where they name no authorities.
func (f TLSFiles) config(roots *x509.CertPool) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	if f.CA != "" {
		pem, err := os.ReadFile(f.CA)
		if err != nil {
			return nil, fmt.Errorf("read the authorities: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read the authorities: %s holds no certificate", f.CA)
		}
	}
	if f.Certificate != "" {
		own, err := tls.LoadX509KeyPair(f.Certificate, f.Certificate)
		if err != nil {
			return nil, fmt.Errorf("read the client certificate %s: %w", f.Certificate, err)
		}
		config.Certificates = []tls.Certificate{own}
	}
	return config, nil
}

// dial is a dialer of go-redis.
func (d *secureDialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	config, err := d.files.config(d.roots)
	if err != nil {
		return nil, err
	}
	if config.ServerName = d.only; config.ServerName == "" {
		if config.ServerName, _, err = net.SplitHostPort(addr); err != nil {
			return nil, err
		}
		if _, known := d.byFirst.Load(addr); known {
			config.ServerName = d.first
		}
	}
	conn, err := d.connect(ctx, network, addr, config)
	_, another := errors.AsType[x509.HostnameError](err)
	if !another || d.only != "" {
		return conn, err
	}
	config = config.Clone()
	if config.ServerName == d.first { // the server has another certificate now
		d.byFirst.Delete(addr)
		if config.ServerName, _, _ = net.SplitHostPort(addr); config.ServerName == d.first {
			return nil, err
		}
		return d.connect(ctx, network, addr, config)
	}
	config.ServerName = d.first
	conn, again := d.connect(ctx, network, addr, config)
	if again != nil {
		return nil, err
	}
	d.byFirst.Store(addr, true)
	return conn, nil
}

func (d *secureDialer) connect(ctx context.Context, network, addr string, config *tls.Config) (net.Conn, error) {
	return (&tls.Dialer{NetDialer: d.dialer, Config: config}).DialContext(ctx, network, addr)
}
