package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// interceptor is the proxy of a company: it wants a user and a password, opens the encryption, signs anew with its own
// authority, and answers in place of every service.
type interceptor struct {
	t         *testing.T
	addr      string
	authority string // file of its authority
	ca        *x509.Certificate
	key       *ecdsa.PrivateKey
	closed    []string // hosts that it lets nobody through to

	mu   sync.Mutex
	seen map[string]int // how often it connected, by host and port
}

func newInterceptor(t *testing.T) *interceptor {
	t.Helper()
	p := &interceptor{t: t, seen: map[string]int{}}
	var err error
	if p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	p.ca = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Proxy"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, p.ca, p.ca, p.key.Public(), p.key)
	if err != nil {
		t.Fatal(err)
	}
	p.authority = filepath.Join(t.TempDir(), "proxy.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(p.authority, block, 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.addr = listener.Addr().String()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = conn.Close() }()
				_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
				p.serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wg.Wait()
	})
	return p
}

// serve is one connection through the proxy.
func (p *interceptor) serve(conn net.Conn) {
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || r.Method != http.MethodConnect {
		return
	}
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:p@ss word"))
	host, _, _ := net.SplitHostPort(r.Host)
	switch {
	case r.Header.Get("Proxy-Authorization") != want:
		_, _ = io.WriteString(conn, "HTTP/1.1 407 hunter2\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n")
		return
	case slices.Contains(p.closed, host):
		_, _ = io.WriteString(conn, "HTTP/1.1 403 hunter2\r\nContent-Length: 0\r\n\r\n")
		return
	}
	p.mu.Lock()
	p.seen[r.Host]++
	p.mu.Unlock()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{host}, NotBefore: p.ca.NotBefore, NotAfter: p.ca.NotAfter,
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, p.ca, p.key.Public(), p.key)
	if err != nil {
		p.t.Error(err)
		return
	}
	inside := tls.Server(conn, &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: p.key}}, MinVersion: tls.VersionTLS12,
	})
	reader := bufio.NewReader(inside)
	for {
		r, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(inside, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
	}
}

// connections are the hosts that it connected to.
func (p *interceptor) connections() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.seen))
}

// Through a proxy with user and password that opens the encryption, every service is reached. The password is not told.
func TestThroughAProxy(t *testing.T) {
	t.Parallel()
	outside := func(p *interceptor, user string, more map[string]string) map[string]string {
		change := map[string]string{
			"HTTPS_PROXY": "http://" + user + p.addr, "NO_PROXY": "", "SSL_CERT_FILE": p.authority,
			"SLACK_API_URL": "https://slack.com/api/", "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com/",
			"GRAPH_BASE_URL": "https://graph.microsoft.com/v1.0", "TEAMS_APP_ID": "22222222-3333-4444-5555-666666666666",
			"TEAMS_APP_SECRET": "a-client-secret", "PUBLIC_URL": "https://bot.example.com",
		}
		maps.Copy(change, more)
		return change
	}
	const right = "ann:p%40ss%20word@"
	for name, tt := range map[string]struct {
		user   string
		closed []string
		change map[string]string
		want   []string // in what the doctor says
		none   string   // that it does not say
	}{
		"all is well": {right, nil, nil, []string{
			"ok    network.proxy (HTTPS_PROXY)", "ok    entra.reachable (login.microsoftonline.com)",
			"ok    graph.reachable (graph.microsoft.com)", "ok    slack.reachable (slack.com)",
			"ok    slack.hooks (hooks.slack.com)",
		}, "signed by an authority"},
		"no credentials": {"", nil, nil, []string{
			"FAIL  network.proxy (HTTPS_PROXY): The proxy 127.0.0.1:", "wants a user and a password (407), and HTTPS_PROXY has none",
		}, "FAIL  slack"},
		"wrong credentials": {"ann:hunter2@", nil, nil, []string{
			"FAIL  network.proxy (HTTPS_PROXY)", "does not accept the user and the password of HTTPS_PROXY (407)",
		}, "FAIL  slack"},
		"an authority that nobody knows": {right, nil, map[string]string{"SSL_CERT_FILE": newInterceptor(t).authority},
			[]string{"FAIL  entra.reachable (login.microsoftonline.com): The certificate of Microsoft Entra is signed by an authority",
				"SSL_CERT_FILE="}, "ok    graph.reachable"},
		"no authority at all": {right, nil, map[string]string{"SSL_CERT_FILE": "/dev/null", "SSL_CERT_DIR": "/dev/null"},
			[]string{"FAIL  entra.reachable (login.microsoftonline.com): This machine knows no certificate authorities at all",
				"apt-get install ca-certificates"}, "ok    graph.reachable"},
		"a host that is not allowed": {right, []string{"hooks.slack.com"}, nil, []string{
			"FAIL  slack.hooks (hooks.slack.com): The proxy lets nobody through to The host of Slack's response_url (HTTP status 403)",
		}, "FAIL  slack.reachable"},
		"past the proxy": {right, nil, map[string]string{"NO_PROXY": "slack.invalid", "SLACK_API_URL": "https://slack.invalid/api/"},
			[]string{"FAIL  slack.reachable (slack.invalid)", "ok    graph.reachable (graph.microsoft.com)"}, "hunter2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newInterceptor(t)
			p.closed = tt.closed
			out, problems, _ := examined(t, outside(p, tt.user, tt.change), "--only", "network,slack,entra,graph,teams", "--timeout", "20s")
			for _, want := range tt.want {
				if !strings.Contains(out, want) {
					t.Errorf("it does not say %q", want)
				}
			}
			if strings.Contains(out, tt.none) || strings.Contains(out+problems, "hunter2") || strings.Contains(out+problems, "ss%20word") ||
				strings.Contains(out+problems, "p@ss") {
				t.Errorf("it says %q, or what is secret", tt.none)
			}
			if t.Failed() {
				t.Logf("%s\n%s\nconnections: %q", out, problems, p.connections())
			}
			if name != "all is well" {
				return
			}
			for _, host := range []string{
				"login.microsoftonline.com:443", "graph.microsoft.com:443", "slack.com:443", "hooks.slack.com:443",
				"login.botframework.com:443", "smba.trafficmanager.net:443", "bot.example.com:443",
			} {
				if !slices.Contains(p.connections(), host) {
					t.Errorf("%s was not reached through the proxy; connections: %q", host, p.connections())
				}
			}
		})
	}
}
