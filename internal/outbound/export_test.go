package outbound

import (
	"context"
	"net"
	"net/http"
)

// SetDial replaces how the client connects.
func SetDial(c *http.Client, dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	t := c.Transport.(*transport).base
	t.DialContext, t.Proxy = dial, nil
}
