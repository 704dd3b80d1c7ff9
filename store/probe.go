package store

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"time"
)

// isCertificate tells whether an error says that the server's certificate is not accepted.
func isCertificate(err error) bool {
	if _, is := errors.AsType[*tls.CertificateVerificationError](err); is {
		return true
	}
	if _, is := errors.AsType[x509.UnknownAuthorityError](err); is {
		return true
	}
	_, is := errors.AsType[x509.HostnameError](err)
	return is
}

// Addresses are the host and port of every server that the URL names.
func (s *Store) Addresses() []string { return s.addresses }

// User is the user that the URL names for the server; empty for Redis' default user.
func (s *Store) User() string { return s.user }

// Probe finds out why Redis gives no usable answer, once a method of the store has failed with err: what [TroubleOf]
// says, or whether one of the two sides speaks TLS and the other does not. It sends no password.
func (s *Store) Probe(ctx context.Context, err error) Trouble {
	if trouble := TroubleOf(err); trouble != "" || len(s.addresses) == 0 {
		return trouble
	}
	ctx, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.addresses[0])
	if err != nil {
		return ""
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	if s.tls {
		// A server without TLS waits for the end of what it takes for a command. It answers this one.
		if _, err := conn.Write([]byte("PING\r\n")); err != nil {
			return ""
		}
		line, _ := bufio.NewReader(conn).ReadString('\n')
		if strings.HasPrefix(line, "+PONG") || strings.HasPrefix(line, "-") {
			return TroublePlain
		}
		return ""
	}
	// Whoever answers a greeting of TLS speaks it: the certificate does not matter, since nothing is sent.
	greeted := tls.Client(conn, &tls.Config{InsecureSkipVerify: true,
		MinVersion: tls.VersionTLS12}) //nolint:gosec // above
	_ = greeted.SetDeadline(time.Now().Add(Budget / 2))
	if greeted.HandshakeContext(ctx) == nil {
		return TroubleTLS
	}
	return ""
}
