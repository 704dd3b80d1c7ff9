package doctor

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"meetbot/bot"
	"meetbot/internal/outbound"
)

// networkPublicURL asks for the bot under its own public address, as people do who follow a lasting link.
func (e *examination) networkPublicURL(ctx context.Context) []finding {
	const variable = "PUBLIC_URL"
	address := e.config.Links.PublicURL
	if address == "" || e.hasProblem(variable) {
		return nil
	}
	answer, err := e.reach(ctx, address+"/healthz")
	switch {
	case err != nil && untrusted(err):
		f := e.unreachable("PUBLIC_URL", address, err)
		return one(fail(variable, "The certificate at "+address+" is not trusted here "+
			"("+outbound.Redact(err).Error()+"). "+
			"Slack, Teams and browsers refuse it, too, unless only this machine does.", "Give the proxy there a "+
			"certificate that a public authority signed for this name, with its chain. See who signed: "+
			f.next[strings.LastIndex(f.next, "openssl"):]))
	case err != nil:
		f := e.unreachable("PUBLIC_URL", address, err)
		return one(warn(variable, f.detail+" Perhaps it is reached from outside all the same: some networks do not "+
			"let a machine reach its own public address.", "Try it from outside: curl -sv "+address+"/healthz"))
	case answer.status != http.StatusOK:
		return one(fail(variable, fmt.Sprintf("What answers at %s is not the bot: /healthz has the status %d. "+
			"Lasting links lead nowhere.", address, answer.status), "Set PUBLIC_URL to the address that the "+
			"Request URLs of the chat apps begin with, and let the proxy there pass /healthz and "+bot.LinkPath+" "+
			"to HTTP_ADDR."))
	}
	return one(ok(variable, "The bot answers at "+address+"."))
}
