package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/url"
	"syscall"
)

// Plain makes an HTTP client's error fit for a log: it says what happened in words of this program, of the standard library
// or of the operating system. The URL, which may hold a secret or a person's name, is cut down to its host; and nothing
// that the other side sent is quoted, as package net/http does with an answer that it cannot read. The error returned wraps
// the one given, for errors.Is and errors.As.
func Plain(err error) error {
	if err == nil {
		return nil
	}
	ue, ok := errors.AsType[*url.Error](err)
	if !ok {
		return &plain{text: words(err), err: err}
	}
	host := "unknown host"
	if u, parseErr := url.Parse(ue.URL); parseErr == nil && u.Host != "" {
		host = u.Host
	}
	return &plain{text: ue.Op + " " + host + ": " + words(ue.Err), err: ue.Err}
}

// plain is an error under other words.
type plain struct {
	text string
	err  error
}

func (p *plain) Error() string { return p.text }
func (p *plain) Unwrap() error { return p.err }

// noAnswer is said of whatever is not known to quote nothing.
const noAnswer = "no usable answer"

// words says what err is, if what it says itself cannot hold anything of the other side's.
func words(err error) string {
	for _, known := range []error{ErrHost, context.DeadlineExceeded, context.Canceled, io.ErrUnexpectedEOF, io.EOF, net.ErrClosed, fs.ErrClosed} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if text := certificateWords(err); text != "" {
		return text
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return operationWords(op)
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.Error()
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if timed, ok := errors.AsType[net.Error](err); ok && timed.Timeout() {
		return "timed out"
	}
	return noAnswer
}

// operationWords tells what failed on a connection. Why it did is told only where that is the system's own word: a proxy's
// refusal, for one, is whatever the proxy wrote.
func operationWords(op *net.OpError) string {
	text := op.Op
	if op.Net != "" {
		text += " " + op.Net
	}
	if op.Addr != nil {
		text += " " + op.Addr.String()
	}
	return text + ": " + words(op.Err)
}

// certificateWords tells what is wrong with the other side's certificate, without the names in it; empty if it is nothing
// of the kind.
func certificateWords(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "the certificate is signed by an unknown authority"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "the certificate is for another host"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if invalid.Reason == x509.Expired {
			return "the certificate has expired or is not valid yet"
		}
		return "the certificate is not valid"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the certificate cannot be verified"
	}
	if alert, ok := errors.AsType[tls.AlertError](err); ok {
		return alert.Error()
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "what came back is not TLS"
	}
	return ""
}
