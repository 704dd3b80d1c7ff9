package doctor

import (
	"context"
	"net"
	"regexp"
	"strings"
	"unicode"

	"meetbot/internal/app"
	"meetbot/internal/guid"
	"meetbot/internal/outbound"
)

// configValues is everything that "bot serve" refuses to start for.
func (e *examination) configValues(context.Context) []finding {
	var all []finding
	misshapen := map[string]bool{}
	for _, f := range e.misshapenSecrets() {
		misshapen[f.subject] = true
	}
	for _, p := range e.problems {
		if e.misspelt[p.Variable] || misshapen[p.Variable] { // another check names the cause
			continue
		}
		next := "Correct " + p.Variable + "; then run bot doctor again."
		if p.Example != "" {
			next = "Set it, for example: " + p.Variable + "=" + p.Example
		}
		all = append(all, fail(p.Variable, "The variable "+p.Wrong+". The bot does not start.", next))
	}
	switch {
	case len(all) > 0:
	case len(e.problems) > 0:
		cause := "config.unknown"
		if len(misshapen) > 0 {
			cause = "config.secrets"
		}
		all = one(skip("", "It needs "+cause+", which failed."))
	default:
		all = one(ok("", "Every value can be used."))
	}
	return all
}

// configUnknown finds variables of the environment that are meant for the bot, and that it does not read.
func (e *examination) configUnknown(context.Context) []finding {
	var all []finding
	for _, name := range sortedKeys(e.unknown) {
		guess := e.unknown[name]
		_, set := e.env[guess.meant]
		switch {
		case guess.meant == "":
			all = append(all, warn(name, "The bot has no such variable. It has no effect.",
				"Remove it, or look for the name that is meant in docs/configuration.md."))
		case set:
			all = append(all, warn(name, "The bot has no such variable, and "+guess.meant+", which is set, counts.",
				"Remove "+name+"."))
		default:
			all = append(all, fail(name, "The bot has no such variable, and "+guess.meant+" is not set. What you "+
				"meant to set has no effect.", "Rename it: "+name+" to "+guess.meant))
		}
	}
	if len(all) == 0 {
		all = one(ok("", "No variable looks like a misspelt name."))
	}
	return all
}

// signingSecret is the form of Slack's signing secrets.
var signingSecret = regexp.MustCompile(`^[0-9a-f]{32}$`)

// configSecrets looks at the form of the secrets. What is wrong with one shows nowhere else but in refusals.
func (e *examination) configSecrets(context.Context) []finding {
	all := e.misshapenSecrets()
	if secret := e.config.Slack.SigningSecret; len(all) == 0 && secret != "" && !signingSecret.MatchString(secret) {
		all = append(all, warn("SLACK_SIGNING_SECRET", "The value does not look like a signing secret of Slack, "+
			"which has 32 digits and letters from a to f. With another value every request of Slack is refused.",
			`Copy "Signing Secret" from https://api.slack.com/apps, your app, Basic Information, App Credentials. `+
				`"Client Secret" and "Verification Token" stand beside it and are others.`))
	}
	if len(all) == 0 {
		all = one(ok("", "The secrets look as they should."))
	}
	return all
}

// misshapenSecrets are the secrets whose form is wrong. Those with the … of an example are a matter of config.values.
func (e *examination) misshapenSecrets() []finding {
	var all []finding
	for _, s := range e.config.Settings() {
		value := s.Value.String()
		if !s.Secret() || value == "" || strings.Contains(value, "…") {
			continue
		}
		if f, wrong := secretForm(s, value); wrong {
			all = append(all, f)
		}
	}
	return all
}

// secretForm tells what is wrong with the form of a secret.
func secretForm(s app.Setting, value string) (_ finding, wrong bool) {
	first, last := value[0], value[len(value)-1]
	quoted := len(value) > 1 && first == last && (first == '"' || first == '\'')
	again := "Copy the value again, without blanks and line breaks, and set " + s.Env + " to it."
	switch {
	case quoted:
		return fail(s.Env, "The value begins and ends with a quotation mark, and they are taken as a part of it.",
				"Remove the quotation marks of "+s.Env+". A file for docker --env-file or an EnvironmentFile takes "+
					"none."),
			true
	case s.Env == "AZURE_CLIENT_CERTIFICATE_PASSWORD": // it may have any form
		return finding{}, false
	case strings.ContainsFunc(value, unicode.IsSpace):
		return fail(s.Env, "The value has a blank or a line break inside. No such secret has.", again), true
	case strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }):
		return fail(s.Env, "The value has a character inside that shows nothing. No such secret has.", again), true
	case (s.Env == "AZURE_CLIENT_SECRET" || s.Env == "TEAMS_APP_SECRET") && guid.Valid(value):
		return fail(s.Env, "The value is a GUID: the ID of a client secret, and not the secret. Entra refuses it.",
			"Entra admin center (https://entra.microsoft.com), App registrations, your app, Certificates & secrets: "+
				`the column "Value" is the secret. It is shown only once; make a new secret if it is gone.`), true
	}
	return finding{}, false
}

// configFlags finds secrets on the command line.
func (e *examination) configFlags(context.Context) []finding {
	var all []finding
	given := map[string]bool{}
	for _, name := range e.o.Flags {
		given[name] = true
	}
	for _, s := range e.config.Settings() {
		hasSecret := s.Secret() && (s.Env != "REDIS_URL" || strings.Contains(s.Value.String(), "@"))
		if given[s.Env] && hasSecret {
			all = append(all, warn("--"+s.Flag(), "The secret is on the command line, where every user of this "+
				"machine can read it (ps).", "Set the environment variable "+s.Env+" instead."))
		}
	}
	if len(all) == 0 {
		all = one(ok("", "No secret is on the command line."))
	}
	return all
}

// configAdmin tells who can reach the figures and profiles.
func (e *examination) configAdmin(context.Context) []finding {
	addr := e.config.HTTP.AdminAddr
	host, _, err := net.SplitHostPort(addr)
	switch {
	case err != nil:
		return one(skip("ADMIN_ADDR", "It needs a right value of ADMIN_ADDR; see config.values."))
	case outbound.Loopback(host):
		return one(ok("ADMIN_ADDR", addr+" is reached from this machine alone."))
	}
	from := "from every network that this machine is in"
	if ip := net.ParseIP(host); host != "" && (ip == nil || !ip.IsUnspecified()) {
		from = "by the address " + host
	}
	return one(warn("ADMIN_ADDR", "The bot listens on "+addr+", so /metrics, /debug/pprof and /debug/doctor are "+
		"reached "+
		from+". Nobody is asked who they are.",
		"Set ADMIN_ADDR=localhost:9090. Where your monitoring has to reach it, keep this and close the port to "+
			"everybody else (firewall, network policy)."))
}
