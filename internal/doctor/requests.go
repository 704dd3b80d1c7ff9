package doctor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"meetbot/internal/outbound"
	"meetbot/internal/telemetry"
)

// figures are what a running bot counts of the requests that come in.
type figures struct {
	refused map[string]map[string]int       // how many, by platform and reason
	last    map[string]map[string]time.Time // when the last one came, by platform and result; zero for none
	signed  map[string]int                  // how many of Slack's, by the signing secret
}

// sample is a line of the figures, in the text format of Prometheus.
var sample = regexp.MustCompile(`^([a-z_]+)\{platform="([a-z]+)",(?:reason|result)="([a-z_]+)"\} (\S+)$`)

// signature is a line of the figure about the signing secrets.
var signature = regexp.MustCompile(`^` + telemetry.Signatures + `\{secret="([a-z]+)"\} (\d+)$`)

// readFigures asks the bot that runs on this machine, if one does.
func (e *examination) readFigures(ctx context.Context) (figures, error) {
	address := e.o.AdminURL
	if address == "" {
		host, port, err := net.SplitHostPort(e.config.HTTP.AdminAddr)
		if err != nil || port == "0" {
			return figures{}, errors.New("the port of ADMIN_ADDR is not known")
		}
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			host = "localhost"
		}
		address = "http://" + net.JoinHostPort(host, port)
	}
	base, err := url.Parse(address)
	if err != nil {
		return figures{}, err
	}
	client := &http.Client{Timeout: dialWithin} // a private address of this machine: no proxy, and no https
	if outbound.Loopback(base.Hostname()) {
		client = outbound.Client(outbound.Options{Timeout: dialWithin}, base)
	}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/metrics", nil)
	if err != nil {
		return figures{}, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return figures{}, outbound.Redact(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return figures{}, fmt.Errorf("HTTP status %d", resp.StatusCode)
	}
	f := figures{map[string]map[string]int{}, map[string]map[string]time.Time{}, map[string]int{}}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if m := signature.FindStringSubmatch(lines.Text()); m != nil {
			f.signed[m[1]], _ = strconv.Atoi(m[2])
			continue
		}
		m := sample.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		value, err := strconv.ParseFloat(m[4], 64)
		if err != nil {
			continue
		}
		switch m[1] {
		case telemetry.RequestsRefused:
			if f.refused[m[2]] == nil {
				f.refused[m[2]] = map[string]int{}
			}
			f.refused[m[2]][m[3]] = int(value)
		case telemetry.LastRequest:
			if f.last[m[2]] == nil {
				f.last[m[2]] = map[string]time.Time{}
			}
			if value > 0 {
				f.last[m[2]][m[3]] = time.UnixMicro(int64(value * 1e6))
			}
		}
	}
	return f, lines.Err()
}
