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

// Redact makes an HTTP client's error fit for a log. The text of the new error says what happened in words of this
// program, of the standard library or of the operating system. It holds the host of the URL only, since the rest of
// the URL may hold a secret or the name of a person. It quotes nothing that the other side sent, as package net/http
// does with an answer that it cannot read. The new error wraps the given one, for errors.Is and errors.As.
// Redact(nil) is nil.
func Redact(err error) error {
	if err == nil {
		return nil
	}
	ue, ok := errors.AsType[*url.Error](err)
	if !ok {
		return &redacted{text: words(err), err: err}
	}
	host := "unknown host"
	if u, parseErr := url.Parse(ue.URL); parseErr == nil && u.Host != "" {
		host = u.Host
	}
	return &redacted{text: ue.Op + " " + host + ": " + words(ue.Err), err: ue.Err}
}

// redacted is an error with another text.
type redacted struct {
	text string
	err  error
}

func (r *redacted) Error() string { return r.text }
func (r *redacted) Unwrap() error { return r.err }

// noAnswer is the text for every error that may quote the other side.
const noAnswer = "no usable answer"

// words returns the text of err if that text cannot hold anything that the other side sent, else noAnswer.
func words(err error) string {
	if refusal, ok := errors.AsType[ProxyRefusal](err); ok {
		return refusal.Error()
	}
	for _, known := range []error{
		ErrHost, ErrProxyCredentials, context.DeadlineExceeded, context.Canceled, io.ErrUnexpectedEOF, io.EOF,
		net.ErrClosed, fs.ErrClosed,
	} {
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

// operationWords tells what failed on a connection, and why if the operating system says why. Another cause may be the
// other side's text: the refusal of a proxy, for example, is what the proxy wrote.
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

// certificateWords tells what is wrong with the certificate of the other side, without the names in it. It is empty for
// an error of another kind.
func certificateWords(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "the certificate is signed by an unknown authority"
	}
	if _, ok := errors.AsType[x509.SystemRootsError](err); ok {
		return "this machine knows no certificate authorities"
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
