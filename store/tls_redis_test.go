//go:build integration

package store_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"meetbot/internal/redistest"
	"meetbot/store"
)

// signer is an authority of a test.
type signer struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	file string // its certificate
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	s := &signer{t: t}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	var err error
	s.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	no(t, err)
	der, err := x509.CreateCertificate(rand.Reader, template, template, s.key.Public(), s.key)
	no(t, err)
	s.cert, err = x509.ParseCertificate(der)
	no(t, err)
	s.file = filepath.Join(t.TempDir(), "ca.pem")
	no(t, os.WriteFile(s.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return s
}

// issue writes a certificate for a name or an address, with its key, to a file.
func (s *signer) issue(name string) string {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	no(s.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: s.cert.NotBefore,
		NotAfter: s.cert.NotAfter, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, s.cert, key.Public(), s.key)
	no(s.t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	no(s.t, err)
	file := filepath.Join(s.t.TempDir(), "server.pem")
	no(s.t, os.WriteFile(file, append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...), 0o600))
	return file
}

// everyNode has a store use all nodes of a cluster, and returns what went wrong.
func everyNode(t *testing.T, url string, files store.TLSFiles) error {
	t.Helper()
	s := open(t, url, store.Options{Replica: "one", TLSFiles: files})
	for range 20 { // so that every node gets some
		if _, err := read(t.Context(), s, channel(), reading{Announce: "r1"}); err != nil {
			return err
		}
	}
	return nil
}

// Each node of a cluster has a certificate of its own.
func TestCertificateOfEachNode(t *testing.T) {
	t.Parallel()
	ca := newSigner(t)
	var nodes []redistest.Options
	for _, host := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"} {
		nodes = append(nodes, redistest.Options{TLS: &redistest.TLS{Host: host, Certificate: ca.issue(host), CA: ca.file}})
	}
	seed := "rediss://" + redistest.StartClusterOf(t, nodes...).Nodes[0].TLSAddr() + "?cluster=true"
	no(t, everyNode(t, seed, store.TLSFiles{CA: ca.file}))
	if err := everyNode(t, seed+"&server_name=127.0.0.1", store.TLSFiles{CA: ca.file}); !isFor(err, "127.0.0.1") {
		t.Errorf("all by one name: %v", err)
	}
	if err := everyNode(t, seed, store.TLSFiles{CA: newSigner(t).file}); store.TroubleOf(err) != store.TroubleCertificate {
		t.Errorf("another authority: %v", err)
	}
}

// isFor tells whether an error says that a certificate is not for this name.
func isFor(err error, name string) bool {
	return err != nil && strings.Contains(err.Error(), "certificate is valid for") && strings.Contains(err.Error(), "not "+name)
}

// All nodes have a certificate for one name: the one by which the first is called, or one that server_name tells.
func TestOneCertificateForAllNodes(t *testing.T) {
	t.Parallel()
	ca := newSigner(t)
	for name, suffix := range map[string]string{"localhost": "", "redis.example": "&server_name=redis.example"} {
		cert := ca.issue(name)
		var nodes []redistest.Options
		for _, host := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"} {
			nodes = append(nodes, redistest.Options{TLS: &redistest.TLS{Host: host, Certificate: cert, CA: ca.file}})
		}
		_, port, err := net.SplitHostPort(redistest.StartClusterOf(t, nodes...).Nodes[0].TLSAddr())
		no(t, err)
		seed := "rediss://localhost:" + port + "?cluster=true"
		no(t, everyNode(t, seed+suffix, store.TLSFiles{CA: ca.file}))
		if suffix == "" {
			continue
		}
		if err := everyNode(t, seed, store.TLSFiles{CA: ca.file}); store.TroubleOf(err) != store.TroubleCertificate {
			t.Errorf("without the name: %v", err)
		}
	}
}

// A server may want a certificate of its clients, and the file may be renewed while the store is open.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	ca := newSigner(t)
	server := redistest.Start(t, redistest.Options{
		TLS: &redistest.TLS{Certificate: ca.issue("127.0.0.1"), CA: ca.file, Clients: true},
	})
	url := "rediss://" + server.TLSAddr() + "/0"
	ping := func(files store.TLSFiles) error {
		return open(t, url, store.Options{Replica: "one", TLSFiles: files}).Ping(t.Context())
	}
	own := ca.issue("meetbot")
	no(t, ping(store.TLSFiles{CA: ca.file, Certificate: own}))
	if ping(store.TLSFiles{CA: ca.file}) == nil || ping(store.TLSFiles{CA: ca.file, Certificate: newSigner(t).issue("x")}) == nil {
		t.Error("a client without a right certificate gets in")
	}
	if err := (store.TLSFiles{CA: own + "x"}).Check(); err == nil || !strings.Contains(err.Error(), own+"x") {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := (store.TLSFiles{Certificate: ca.file}).Check(); err == nil {
		t.Error("a certificate without a key passes")
	}
}
