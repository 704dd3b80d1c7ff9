package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Bounds of a question about health: how long it may take, and how much of the answer is read, in bytes.
const (
	healthWithin = 5 * time.Second
	healthAnswer = 1 << 10
)

// maxShutdownDelay is how long HTTPConfig.ShutdownDelay may be. Whoever starts and stops the bot kills it when it takes
// much longer to stop.
const maxShutdownDelay = time.Minute

// shutdownDelay is how long the app still answers after it was told to stop.
func (c HTTPConfig) shutdownDelay() (time.Duration, error) {
	delay, err := time.ParseDuration(c.ShutdownDelay)
	if err != nil || delay < 0 || delay > maxShutdownDelay {
		return 0, errors.New("is no duration from 0 to 1m")
	}
	return delay, nil
}

// Health asks the bot that listens on c.Addr of this machine, in another process, whether it lives. It returns nil when
// /healthz answers as the bot does. It uses no proxy.
func (c HTTPConfig) Health(ctx context.Context) error {
	address, err := c.here()
	if err != nil {
		return fmt.Errorf("HTTP_ADDR: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+healthPath, nil)
	if err != nil {
		return fmt.Errorf("HTTP_ADDR: %w", err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("the bot does not answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, healthAnswer))
	if err != nil {
		return fmt.Errorf("the bot does not finish its answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK || string(body) != healthy {
		return fmt.Errorf("what answers at %s is not the bot: status %d", address, resp.StatusCode)
	}
	return nil
}

// here is where c.Addr is reached on this machine: what listens everywhere listens on loopback too.
func (c HTTPConfig) here() (string, error) {
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return "", err
	}
	if port == "0" {
		return "", errors.New("port 0 is another port each time")
	}
	switch ip := net.ParseIP(host); {
	case host == "":
		host = "127.0.0.1"
	case ip != nil && ip.IsUnspecified() && ip.To4() != nil:
		host = "127.0.0.1"
	case ip != nil && ip.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port), nil
}
