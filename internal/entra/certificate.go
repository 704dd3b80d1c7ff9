package entra

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"
)

// CheckCertificate tells whether a file is what [Config] takes as CertificatePath: a certificate with its private key,
// in PEM or PKCS#12, which the password opens. It asks nobody. Its error holds neither the password nor the key.
func CheckCertificate(path, password string) error {
	_, _, err := readCertificate(path, password)
	return err
}

// CertificateValidity tells from when until when the certificate in a file may be used; see [CheckCertificate] for the
// file and the error. Entra refuses an assertion that is signed with one that has expired.
func CertificateValidity(path, password string) (from, until time.Time, err error) {
	certs, _, err := readCertificate(path, password)
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	return certs[0].NotBefore, certs[0].NotAfter, nil
}

// readCertificate reads a certificate with its private key from a file, and the chain that may stand beside it. The
// certificate of the key comes first.
func readCertificate(path, password string) ([]*x509.Certificate, *rsa.PrivateKey, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read the certificate: %w", err)
	}
	parse := parsePKCS12
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		parse = parsePEM
	}
	certs, key, err := parse(data, password)
	if err != nil {
		return nil, nil, fmt.Errorf("read the certificate: %w", err)
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok { // Entra takes no other (document "certificate-credentials")
		return nil, nil, fmt.Errorf("read the certificate: the key is of type %T, and must be an RSA key", key)
	}
	own := slices.IndexFunc(certs, func(c *x509.Certificate) bool { return private.PublicKey.Equal(c.PublicKey) })
	if own < 0 {
		return nil, nil, errors.New("read the certificate: no certificate in the file belongs to the private key")
	}
	certs[0], certs[own] = certs[own], certs[0]
	return certs, private, nil
}

// parsePKCS12 reads PKCS#12 in its old form and in that of OpenSSL 3, which azidentity cannot read.
func parsePKCS12(data []byte, password string) ([]*x509.Certificate, crypto.PrivateKey, error) {
	key, cert, chain, err := pkcs12.DecodeChain(data, password)
	if err != nil {
		return nil, nil, err
	}
	return append([]*x509.Certificate{cert}, chain...), key, nil
}

// parsePEM reads a private key and the certificates around it. The password opens an encrypted key. Another key does
// not need it.
func parsePEM(data []byte, password string) (certs []*x509.Certificate, key crypto.PrivateKey, err error) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, nil, err
			}
			certs = append(certs, cert)
			continue
		}
		read, err := parseKey(block, password)
		switch {
		case err != nil:
			return nil, nil, err
		case read != nil && key != nil:
			return nil, nil, errors.New("the file holds more than one private key")
		case read != nil:
			key = read
		}
	}
	switch {
	case len(certs) == 0:
		return nil, nil, errors.New("the file holds no certificate")
	case key == nil:
		return nil, nil, errors.New("the file holds no private key")
	}
	return certs, key, nil
}

// parseKey reads the private key of a PEM block; nil for a block of another kind.
func parseKey(block *pem.Block, password string) (crypto.PrivateKey, error) {
	switch block.Type {
	case "PRIVATE KEY":
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		if password == "" { // with which the library would take the key for one that is not encrypted
			return nil, errors.New("the private key is encrypted, and there is no password")
		}
		key, _, err := pkcs8.ParsePrivateKey(block.Bytes, []byte(password))
		return key, err
	case "RSA PRIVATE KEY":
		der := block.Bytes
		//nolint:staticcheck // what OpenSSL wrote before its version 3, and some programs still write
		if x509.IsEncryptedPEMBlock(block) {
			var err error
			if der, err = x509.DecryptPEMBlock(block, []byte(password)); err != nil { //nolint:staticcheck // as above
				return nil, err
			}
		}
		return x509.ParsePKCS1PrivateKey(der)
	}
	return nil, nil
}
