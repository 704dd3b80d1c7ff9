package manifest

import (
	"fmt"
	"net/url"

	"meetbot/internal/outbound"
)

// CheckAddress tells what is wrong with the bot's own address, which the servers of a platform, such as "Slack", have
// to reach.
func CheckAddress(raw, platform string) error {
	_, err := publicAddress(raw, platform)
	return err
}

// publicAddress reads the bot's own address, which platform's servers have to reach.
func publicAddress(raw, platform string) (*url.URL, error) {
	base, err := url.Parse(raw)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("%q is not a URL; wanted for example https://bot.example.com", raw)
	}
	if base.Scheme != "https" || outbound.Loopback(base.Hostname()) {
		return nil, fmt.Errorf("%q: %s sends requests to public https addresses only", raw, platform)
	}
	if base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("%q: wanted scheme, host and at most a path", raw)
	}
	return base, nil
}
