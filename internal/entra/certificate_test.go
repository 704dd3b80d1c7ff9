package entra_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"

	"meetbot/internal/entra"
	"meetbot/internal/sandbox/entratest"
)

const filePassword = "open~sesame~0123456789"

// issued is a certificate with its key.
type issued struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
}

// issue makes a certificate; parent is who signs it, nil for itself.
func issue(t *testing.T, name string, parent *issued) issued {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: parent == nil, BasicConstraintsValid: true,
	}
	made := issued{key: key}
	if parent == nil {
		parent = &issued{key, template}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.cert, key.Public(), parent.key)
	if err != nil {
		t.Fatal(err)
	}
	if made.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return made
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// certificateFiles are the forms in which a certificate with its key comes, and the password that goes with each.
func certificateFiles(t *testing.T, of issued) map[string]struct {
	data     []byte
	password string
} {
	t.Helper()
	ok := func(data []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	certificate := pemOf("CERTIFICATE", of.cert.Raw)
	plain := pemOf("PRIVATE KEY", ok(x509.MarshalPKCS8PrivateKey(of.key)))
	pkcs1 := pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(of.key))
	encrypted := pemOf("ENCRYPTED PRIVATE KEY", ok(pkcs8.MarshalPrivateKey(of.key, []byte(filePassword), nil)))
	//nolint:staticcheck // what OpenSSL wrote before its version 3, and some programs still write
	old, err := x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(of.key),
		[]byte(filePassword), x509.PEMCipherAES256)
	if err != nil {
		t.Fatal(err)
	}
	type file = struct {
		data     []byte
		password string
	}
	return map[string]file{
		"PEM":                      {slices.Concat(certificate, plain), ""},
		"PEM, the key first":       {slices.Concat(plain, certificate), ""},
		"PEM, PKCS#1":              {slices.Concat(certificate, pkcs1), ""},
		"PEM, needless password":   {slices.Concat(certificate, plain), filePassword},
		"PEM, encrypted key":       {slices.Concat(certificate, encrypted), filePassword},
		"PEM, old encrypted key":   {slices.Concat(certificate, pem.EncodeToMemory(old)), filePassword},
		"PEM, text around":         {slices.Concat([]byte("Bag Attributes\n"), certificate, []byte("Key:\n"), plain), ""},
		"PKCS#12 of OpenSSL 3":     {ok(pkcs12.Modern2023.Encode(of.key, of.cert, nil, filePassword)), filePassword},
		"PKCS#12 of before":        {ok(pkcs12.LegacyRC2.Encode(of.key, of.cert, nil, filePassword)), filePassword},
		"PKCS#12, empty password":  {ok(pkcs12.Modern2023.Encode(of.key, of.cert, nil, "")), ""},
		"PKCS#12 without password": {ok(pkcs12.Passwordless.Encode(of.key, of.cert, nil, "")), ""},
	}
}

// Every form of file that programs of today write proves the app.
func TestCertificateFiles(t *testing.T) {
	bot := issue(t, "bot", nil)
	for name, file := range certificateFiles(t, bot) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bot")
			if err := os.WriteFile(path, file.data, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := entra.CheckCertificate(path, file.password); err != nil {
				t.Fatal(err)
			}
			r := start(t, setup{
				entra: entratest.Options{Certificate: bot.cert},
				cfg: func(c *entra.Config) {
					c.ClientSecret, c.CertificatePath, c.CertificatePassword = "", path, file.password
				},
			})
			if _, err := r.Token(t.Context()); err != nil {
				t.Error(err)
			}
			// The wrong password opens nothing that has one, and is not told.
			if file.password == "" || name == "PEM, needless password" {
				return
			}
			const wrong = "another~password~0123456789"
			if err := entra.CheckCertificate(path, wrong); err == nil || strings.Contains(err.Error(), wrong) {
				t.Errorf("the wrong password: %v", err)
			}
		})
	}
}

// What is no certificate with its key is refused before it is used.
func TestCertificateFilesThatAreNone(t *testing.T) {
	bot, other := issue(t, "bot", nil), issue(t, "other", nil)
	key := pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(bot.key))
	encrypted, err := pkcs8.MarshalPrivateKey(bot.key, []byte(filePassword), nil)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pemOf("CERTIFICATE", bot.cert.Raw)
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("hello"), "no key": certificate, "no certificate": key,
		"two keys":                    slices.Concat(certificate, key, key),
		"another's key":               slices.Concat(pemOf("CERTIFICATE", other.cert.Raw), key),
		"a broken key":                slices.Concat(certificate, pemOf("PRIVATE KEY", []byte("x"))),
		"a broken certificate":        slices.Concat(pemOf("CERTIFICATE", []byte("x")), key),
		"an encrypted key, no word":   slices.Concat(certificate, pemOf("ENCRYPTED PRIVATE KEY", encrypted)),
		"a broken encrypted key":      slices.Concat(certificate, pemOf("ENCRYPTED PRIVATE KEY", []byte("x"))),
		"DER of the certificate only": bot.cert.Raw,
	} {
		path := filepath.Join(t.TempDir(), "bot")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := entra.CheckCertificate(path, ""); err == nil {
			t.Errorf("%s passes", name)
		}
	}
}

// With the chain sent along, an app is known by the subject of its certificate and the issuer: a renewed certificate
// works without being registered.
func TestCertificateChain(t *testing.T) {
	authority := issue(t, "authority", nil)
	registered, renewed := issue(t, "bot", &authority), issue(t, "bot", &authority)
	path := filepath.Join(t.TempDir(), "bot.pfx")
	data, err := pkcs12.Modern2023.Encode(renewed.key, renewed.cert, []*x509.Certificate{authority.cert}, filePassword)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, send := range []bool{false, true} {
		r := start(t, setup{
			entra: entratest.Options{Certificate: registered.cert, TrustIssuer: authority.cert},
			cfg: func(c *entra.Config) {
				c.ClientSecret, c.CertificatePath, c.CertificatePassword = "", path, filePassword
				c.SendCertificateChain = send
			},
		})
		if _, err := r.Token(t.Context()); (err == nil) != send {
			t.Errorf("chain sent: %v, %v", send, err)
		}
	}
}

// Until when a certificate is valid can be read from its file.
func TestCertificateValidity(t *testing.T) {
	own := issue(t, "meetbot", nil)
	der, err := x509.MarshalPKCS8PrivateKey(own.key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "client.pem")
	file := slices.Concat(pemOf("PRIVATE KEY", der), pemOf("CERTIFICATE", own.cert.Raw))
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	from, until, err := entra.CertificateValidity(path, "")
	if err != nil || !from.Equal(own.cert.NotBefore) || !until.Equal(own.cert.NotAfter) {
		t.Errorf("%s to %s, %v", from, until, err)
	}
	if _, _, err := entra.CertificateValidity(path+"x", ""); err == nil {
		t.Error("a file that is not there has a validity")
	}
}
