package doctor

import (
	"cmp"
	"context"
	"net"
	"strings"
	"time"

	"meetbot/bot/slackapp"
	"meetbot/bot/teamsapp"
	"meetbot/internal/inbound"
	"meetbot/internal/outbound"
	"meetbot/internal/telemetry"
	"meetbot/store"
)

// refusal is what an operator does about requests that are refused for one reason.
type refusal struct {
	reason string
	detail string // what is wrong with the requests: "their …"
	next   string
	see    string // in place of next: the check that tells the cause
}

// traffic is what is known of the requests of a platform: from the bot that runs on this machine, since it started, and
// from Redis, of all replicas.
type traffic struct {
	accepted time.Time            // the last one; zero for none
	ever     bool                 // accepted says that of all replicas, ever
	last     map[string]time.Time // when the last one was refused, by reason; the zero time where that is not known
	count    map[string]int       // how many were refused, by reason; 0 where that is not known
	hosts    []string             // where answers were wanted
}

// traffic reads both. why says why nothing is known.
func (e *examination) traffic(ctx context.Context, platform, name string) (t traffic, why string) {
	t = traffic{last: map[string]time.Time{}, count: map[string]int{}}
	f, err := e.figures(ctx)
	kept, notKept := e.requestsInRedis(ctx, platform)
	switch {
	case err != nil && notKept != nil:
		return t, "No bot answers on ADMIN_ADDR (" + err.Error() + "), and Redis does not tell, so it is not known " +
			"which requests came."
	case err == nil && f.last[platform] == nil && notKept != nil:
		return t, "The bot that runs here does not serve " + name + "."
	}
	if err == nil && f.last[platform] != nil {
		t.accepted = f.last[platform][telemetry.Accepted]
		for reason, n := range f.refused[platform] {
			if n > 0 {
				t.count[reason], t.last[reason] = n, f.last[platform][telemetry.Refused]
			}
		}
	}
	if notKept != nil {
		return t, ""
	}
	t.ever = true
	t.hosts = sortedKeys(kept.Services)
	if kept.Accepted.After(t.accepted) {
		t.accepted = kept.Accepted
	}
	for reason, r := range kept.Refused {
		if t.count[reason] == 0 { // the bot that runs here knows it better
			t.count[reason], t.last[reason] = r.Count, r.Last
		}
	}
	return t, ""
}

// requestsInRedis reads what all replicas told of the requests of a platform.
func (e *examination) requestsInRedis(ctx context.Context, platform string) (store.Requests, error) {
	s, err := store.Open(e.config.Redis.URL, store.Options{
		Replica: "doctor", Prefix: e.config.Redis.Prefix, RootCAs: e.o.RootCAs,
	})
	if err != nil {
		return store.Requests{}, err
	}
	defer func() { _ = s.Close() }()
	return s.Requests(ctx, platform)
}

// judgeRequests tells what is known of the requests of a platform. compare is what to look at where none comes. The
// reasons stand in the order in which they are worth telling.
func (e *examination) judgeRequests(ctx context.Context, platform, name string, compare string,
	reasons []refusal) []finding {
	t, why := e.traffic(ctx, platform, name)
	if why != "" {
		return one(skip("", why))
	}
	for _, r := range reasons {
		if !t.last[r.reason].After(t.accepted) {
			continue
		}
		since := " None was accepted since the bot started."
		switch {
		case !t.accepted.IsZero():
			since = " The last one that was accepted came " + ago(t.accepted) + "."
		case t.ever:
			since = " None was ever accepted."
		}
		detail := "The bot refused " + plural(t.count[r.reason], "request") + " of " + name + ": " + r.detail + since
		if t.count[r.reason] == 0 {
			detail = "The bot refused requests of " + name + ", the last one " + ago(t.last[r.reason]) + ": " +
				r.detail + since
		}
		if e.skewed && (r.reason == slackapp.WrongTime || r.reason == teamsapp.WrongTime) {
			r.see = "graph.clock"
		}
		if r.see != "" {
			return one(skip("", detail+" See "+r.see+"."))
		}
		found := fail("", detail, r.next)
		if !t.accepted.IsZero() {
			found.status = Warn
		}
		return one(found)
	}
	if t.accepted.IsZero() {
		when := "come since the bot started"
		if t.ever {
			when = "ever come"
		}
		detail, next := e.noneCame(platform, name, compare)
		return one(warn("", "No request of "+name+" has "+when+". That is right where nobody has asked yet; otherwise "+
			detail, next))
	}
	from := ""
	if len(t.hosts) > 0 {
		from = " Answers were wanted at " + strings.Join(t.hosts, ", ") + "."
	}
	return one(ok("", "The last request of "+name+" that was accepted came "+ago(t.accepted)+"."+from))
}

// noneCame says why no request of a platform may have come, and what to do.
func (e *examination) noneCame(platform, name, compare string) (detail, next string) {
	next = "Type a command. If still none comes, " + compare
	if platform == slackapp.Platform && e.socketMode() {
		return "Slack does not deliver through the connection of Socket Mode.", next
	}
	detail = name + " sends them elsewhere."
	if host, _, err := net.SplitHostPort(e.config.HTTP.Addr); err == nil && outbound.Loopback(host) {
		detail = name + " sends them elsewhere, or nothing passes them on to " + e.config.HTTP.Addr + " (HTTP_ADDR), " +
			"which only this machine reaches."
	}
	return detail, next
}

// ago tells how long ago something was, roughly.
func ago(t time.Time) string {
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

const (
	compareAddresses = "compare the addresses in the app's settings with these: "

	setClock = "Compare this machine's clock with the right time: date -u. Then switch time synchronization on: " +
		"timedatectl set-ntp true"
	passOn = "Let the proxy before the bot pass requests on as they are, with all headers and without a redirection."
)

// publicPaths are the addresses of a platform's endpoints, as people compare them.
func (e *examination) publicPaths(paths []string) string {
	base := cmp.Or(e.config.Links.PublicURL, "https://YOUR-ADDRESS")
	return base + strings.Join(paths, ", "+base)
}

func (e *examination) slackRequests(ctx context.Context) []finding {
	if e.socketMode() {
		const look = "look at " + slackApps + "Socket Mode: it must be on, in the same app that SLACK_APP_TOKEN is of."
		return e.judgeRequests(ctx, slackapp.Platform, "Slack", look, nil)
	}
	paths := e.publicPaths(slackapp.Paths)
	return e.judgeRequests(ctx, slackapp.Platform, "Slack", compareAddresses+paths, []refusal{
		{
			reason: slackapp.WrongSignature, detail: "their signature is not made with SLACK_SIGNING_SECRET.",
			next: "Copy “Signing Secret” from " + slackApps + "Basic Information, App Credentials, and set " +
				"SLACK_SIGNING_SECRET to it. It must be the same app that the bot token is of. Then start the bot " +
				"again.",
		},
		{
			reason: slackapp.WrongTime, detail: "their time is more than five minutes from this machine's.",
			next: setClock,
		},
		{
			reason: inbound.Path, detail: "their path is none of the bot's.",
			next: "Correct the Request URLs: " + slackApps + "Slash Commands, Event Subscriptions, Interactivity & " +
				"Shortcuts: " + paths,
		},
		{
			reason: slackapp.NoSignature, next: passOn,
			detail: "they have no signature of Slack's. Something on the way takes it off, or somebody else sends " +
				"them.",
		},
		{reason: inbound.ContentType, detail: "their content type is not Slack's.", next: passOn},
		{reason: inbound.Unreadable, detail: "their body cannot be read.", next: passOn},
		{reason: inbound.Method, detail: "they are no POST.", next: passOn},
	})
}

func (e *examination) teamsRequests(ctx context.Context) []finding {
	const configuration = "Azure portal (https://portal.azure.com), your Azure Bot, Configuration"
	paths := e.publicPaths(teamsapp.Paths)
	return e.judgeRequests(ctx, teamsapp.Platform, "Teams", compareAddresses+paths, []refusal{
		{
			reason: teamsapp.WrongAudience, detail: "their tokens are for another app than TEAMS_APP_ID.",
			next: "Set TEAMS_APP_ID to the Microsoft App ID: " + configuration + ". It is now " + e.config.Teams.AppID +
				". Then start the bot again.",
		},
		{
			reason: teamsapp.WrongTenant, detail: "they come from another tenant than the one that is served.",
			next: "Set TEAMS_TENANT_ID to the tenant whose people use the bot; it is now " +
				e.config.TeamsApp().TenantID + ". Then start the bot again.",
		},
		{
			reason: teamsapp.WrongTime, next: setClock,
			detail: "their tokens have expired, or are not valid yet, by this machine's clock.",
		},
		{reason: teamsapp.KeysAway, detail: "the Bot Framework's keys cannot be fetched.", see: "teams.keys"},
		{
			reason: teamsapp.WrongService, detail: "they want the answer at a host that is not Microsoft's.",
			next: "If the host is right, add it to TEAMS_SERVICE_HOSTS. The log names it.",
		},
		{
			reason: inbound.Path, detail: "their path is none of the bot's.",
			next: "Correct the Messaging endpoint: " + configuration + ": " + paths,
		},
		{
			reason: teamsapp.NoToken, next: passOn,
			detail: "they have no token. Something on the way takes it off, or somebody else sends them.",
		},
		{
			reason: teamsapp.WrongToken, detail: "their tokens are not the Bot Framework's.",
			next: "If you did not send them, somebody else tries the address. In a national cloud, set " +
				"TEAMS_OPENID_METADATA_URL.",
		},
		{reason: inbound.ContentType, detail: "their content type is not JSON.", next: passOn},
		{reason: inbound.Unreadable, detail: "their body cannot be read.", next: passOn},
		{reason: inbound.Method, detail: "they are no POST.", next: passOn},
	})
}
