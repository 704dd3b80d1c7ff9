package outbound_test

import (
	"bufio"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"meetbot/internal/outbound"
)

// A connection that is switched to WebSocket goes both ways, through TLS to a server that prefers
// HTTP/2, and carries more than an answer may have.
func TestSwitchedProtocol(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 1 || r.Header.Get("Upgrade") != "websocket" {
			http.Error(w, "HTTP/1.1 only", http.StatusUpgradeRequired)
			return
		}
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_, _ = io.Copy(conn, io.LimitReader(buffered, outbound.MaxAnswer+1))
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client := outbound.Client(outbound.Options{RootCAs: roots}, u)
	client.Timeout = 0 // it would end the connection, too: whoever speaks WebSocket bounds the handshake by a context
	defer client.CloseIdleConnections()

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	stream, ok := resp.Body.(io.ReadWriter)
	if resp.StatusCode != http.StatusSwitchingProtocols || !ok {
		t.Fatalf("status %d, body %T", resp.StatusCode, resp.Body)
	}
	go func() {
		out := bufio.NewWriter(stream)
		for range outbound.MaxAnswer {
			_ = out.WriteByte('x')
		}
		_ = out.WriteByte('y')
		_ = out.Flush()
	}()
	last := make([]byte, 1)
	if _, err := io.CopyN(io.Discard, stream, outbound.MaxAnswer); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(stream, last); err != nil || last[0] != 'y' {
		t.Errorf("%q, %v", last, err)
	}
}
