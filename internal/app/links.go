package app

import (
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"meetbot/internal/calendar"
	"meetbot/internal/inbound"
	"meetbot/internal/joinlink"
	"meetbot/internal/outbound"
)

// LinksConfig says where the lasting links of conversations and the addresses of calendar files begin.
type LinksConfig struct {
	PublicURL string // scheme and host under which the public address is reached; there are none without it
}

// Settings names the values of this concern.
func (c *LinksConfig) Settings() []Setting {
	return []Setting{
		{
			Env: "PUBLIC_URL", Kind: URL, Value: (*text)(&c.PublicURL),
			Help: "The bot's public address: https, without a path. With it, each conversation has a lasting link " +
				"(/meet link), and a meeting with a date has a calendar file.",
			Example: "https://bot.example.com", Unset: "there are none",
		},
	}
}

func (c LinksConfig) validate(p *problems) {
	p.need(c.PublicURL == "" || isOrigin(c.PublicURL), "PUBLIC_URL",
		"must be an https URL of a host and, where it is not the usual one, a port: without a path, a query or a user",
		"https://bot.example.com")
}

// isOrigin tells whether a URL has a scheme and a host alone, and may go over the network.
func isOrigin(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Path != "" || strings.ContainsAny(raw, "?#") ||
		outbound.Secure(u) != nil {
		return false
	}
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	_, err = strconv.ParseUint(u.Port(), 10, 16)
	return err == nil
}

// linkRequests is the platform of requests for lasting links, which belong to none.
const linkRequests = "link"

// links answers the lasting links.
func (a *App) links() http.Handler {
	figures := a.metrics.Links(joinlink.Outcomes)
	refused, failed := a.addressRequests(linkRequests, figures)
	return joinlink.New(joinlink.Config{
		Links: a.service, Catalog: a.catalog, Refused: refused, Failed: failed,
		Count: func(o joinlink.Outcome) { figures.Count(string(o)) },
	})
}

// calendarRequests is the platform of requests for calendar files, which belong to none.
const calendarRequests = "calendar"

// calendars answers the addresses of calendar files.
func (a *App) calendars() http.Handler {
	figures := a.metrics.Calendars(calendar.Outcomes)
	refused, failed := a.addressRequests(calendarRequests, figures)
	return calendar.New(calendar.Config{
		Entries: a.service, Catalog: a.catalog, Refused: refused, Failed: failed,
		Count: func(o calendar.Outcome) { figures.Count(string(o)) },
	})
}

// addressRequests makes what the handler of a public address reports to: everybody on the internet can follow a wrong
// one, so that is no warning.
func (a *App) addressRequests(what string, figures inbound.Observer) (refused, failed *inbound.Requests) {
	return inbound.NewRequests(what, slog.LevelInfo, a.log, figures),
		inbound.NewRequests(what, slog.LevelWarn, a.log, figures)
}
