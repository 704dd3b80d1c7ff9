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
	"strings"
	"time"

	"meetbot/bot/slackapp"
	"meetbot/bot/teamsapp"
	"meetbot/internal/inbound"
	"meetbot/internal/outbound"
	"meetbot/internal/telemetry"
)

// figures are what a running bot counts of the requests that come in.
type figures struct {
	refused map[string]map[string]int       // how many, by platform and reason
	last    map[string]map[string]time.Time // when the last one came, by platform and result; zero for none
}

// sample is a line of the figures, in the text format of Prometheus.
var sample = regexp.MustCompile(`^([a-z_]+)\{platform="([a-z]+)",(?:reason|result)="([a-z_]+)"\} (\S+)$`)

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
	f := figures{map[string]map[string]int{}, map[string]map[string]time.Time{}}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
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

// refusal is what an operator does about requests that are refused for one reason.
type refusal struct{ reason, detail, next string }

// judgeRequests tells what the running bot's figures say about the requests of a platform. The reasons stand in the
// order in which they are worth telling.
func (e *examination) judgeRequests(ctx context.Context, platform, name string, addresses string,
	reasons []refusal) []finding {
	f, err := e.figures(ctx)
	switch {
	case err != nil:
		return one(skip("", "No bot answers on ADMIN_ADDR ("+err.Error()+"), so it is not known which requests came."))
	case f.last[platform] == nil:
		return one(skip("", "The bot that runs here does not serve "+name+"."))
	}
	accepted, refused := f.last[platform][telemetry.Accepted], f.last[platform][telemetry.Refused]
	if !refused.IsZero() && refused.After(accepted) {
		for _, r := range reasons {
			if n := f.refused[platform][r.reason]; n > 0 {
				since := " Since the bot started none was accepted."
				if !accepted.IsZero() {
					since = " The last one that was accepted came " + e.ago(accepted) + "."
				}
				detail := "The bot refused " + plural(n, "request") + " of " + name + ": " + r.detail + since
				if r.next == "" || e.skewed && r.reason == slackapp.WrongTime {
					return one(skip("", detail+" See graph.clock."))
				}
				found := fail("", detail, r.next)
				if !accepted.IsZero() {
					found.status = Warn
				}
				return one(found)
			}
		}
	}
	if accepted.IsZero() {
		return one(warn("", "No request of "+name+" has come since the bot started. That is right where nobody has "+
			"asked yet.",
			"Type a command. If still none comes, compare the addresses in the app's settings with these: "+addresses))
	}
	return one(ok("", "The last request of "+name+" that was accepted came "+e.ago(accepted)+"."))
}

// ago tells how long ago something was, roughly.
func (e *examination) ago(t time.Time) string {
	switch d := time.Since(t); {
	case d < time.Minute:
		return "less than a minute ago"
	case d < 2*time.Hour:
		return plural(int(d/time.Minute), "minute") + " ago"
	case d < 48*time.Hour:
		return plural(int(d/time.Hour), "hour") + " ago"
	default:
		return plural(int(d/(24*time.Hour)), "day") + " ago"
	}
}

// setClock is the next step where a clock is wrong.
const setClock = "Compare this machine's clock with the right time: date -u. Then switch time synchronization on: " +
	"timedatectl set-ntp true"

func (e *examination) slackRequests(ctx context.Context) []finding {
	paths := "https://YOUR-ADDRESS" + strings.Join(slackapp.Paths, ", https://YOUR-ADDRESS")
	return e.judgeRequests(ctx, slackapp.Platform, "Slack", paths, []refusal{
		{slackapp.WrongSignature, "their signature is not made with SLACK_SIGNING_SECRET.", "Copy “Signing Secret” " +
			"from " + slackApps +
			"Basic Information, App Credentials, and set SLACK_SIGNING_SECRET to it. It must be the same app that " +
			"the bot token is of. Then start the bot again."},
		{slackapp.WrongTime, "their time is more than five minutes from this machine's.", setClock},
		{inbound.Path, "their path is none of the bot's.", "Correct the Request URLs: " + slackApps + "Slash " +
			"Commands, Event Subscriptions, Interactivity & Shortcuts: " + paths},
		{slackapp.NoSignature, "they have no signature of Slack's, so something on the way takes it off, or " +
			"somebody else sends them.",
			"Let the proxy before the bot pass the headers X-Slack-Signature and X-Slack-Request-Timestamp on."},
		{inbound.ContentType, "their content type is not Slack's.", "Let the proxy before the bot pass requests on " +
			"as they are."},
		{inbound.Unreadable, "their body cannot be read.", "Let the proxy before the bot pass requests on as they " +
			"are."},
		{inbound.Method, "they are no POST.", "Let the proxy before the bot pass requests on as they are, without " +
			"a redirection."},
	})
}

func (e *examination) teamsRequests(ctx context.Context) []finding {
	paths := "https://YOUR-ADDRESS" + strings.Join(teamsapp.Paths, ", https://YOUR-ADDRESS")
	const bot = "Azure portal (https://portal.azure.com), your Azure Bot, Configuration"
	return e.judgeRequests(ctx, teamsapp.Platform, "Teams", paths, []refusal{
		{teamsapp.WrongAudience, "their tokens are for another app than TEAMS_APP_ID.", "Set TEAMS_APP_ID to the " +
			"Microsoft App ID: " +
			bot + ". It is now " + e.config.Teams.AppID + ". Then start the bot again."},
		{teamsapp.WrongTenant, "they come from another tenant than the one that is served.", "Set TEAMS_TENANT_ID " +
			"to the tenant whose people use the bot; it is now " + e.config.TeamsApp().TenantID + ". Then start " +
			"the bot again."},
		{teamsapp.WrongTime, "their tokens have expired, or are not valid yet, by this machine's clock.", setClock},
		{teamsapp.KeysAway, "the Bot Framework's keys cannot be fetched.", ""},
		{teamsapp.WrongService, "they want the answer at a host that is not Microsoft's.", "If the host is right, " +
			"add it: TEAMS_SERVICE_HOSTS. The log names it."},
		{inbound.Path, "their path is none of the bot's.", "Correct the Messaging endpoint: " + bot + ": " + paths},
		{teamsapp.NoToken, "they have no token, so something on the way takes it off, or somebody else sends them.",
			"Let the proxy before the bot pass the header Authorization on."},
		{teamsapp.WrongToken, "their tokens are not the Bot Framework's.", "If you did not send them: somebody " +
			"else tries the address. In a national cloud, set TEAMS_OPENID_METADATA_URL."},
		{inbound.ContentType, "their content type is not JSON.", "Let the proxy before the bot pass requests on as " +
			"they are."},
		{inbound.Unreadable, "their body cannot be read.", "Let the proxy before the bot pass requests on as they " +
			"are."},
	})
}
