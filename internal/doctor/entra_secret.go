package doctor

import (
	"context"
	"strings"
	"time"

	"meetbot/bot"
	"meetbot/graphclient"
)

// entraSecret asks Graph when the client secrets expire. Graph tells that to few apps: the bot itself does not need to
// know.
func (e *examination) entraSecret(ctx context.Context) []finding {
	var all []finding
	if secret := e.config.Entra.ClientSecret; secret != "" {
		all = append(all, e.secretExpiry(ctx, "AZURE_CLIENT_SECRET", e.config.Entra.ClientID, secret)...)
	}
	if secret := e.config.Teams.AppSecret; secret != "" && e.config.TeamsOn() &&
		strings.EqualFold(e.config.TeamsApp().TenantID, e.config.Entra.TenantID) {
		all = append(all, e.secretExpiry(ctx, "TEAMS_APP_SECRET", e.config.Teams.AppID, secret)...)
	}
	return all
}

// secretExpiry judges one secret. It says nothing where Graph does not tell and somebody has said when it expires, or
// need not.
func (e *examination) secretExpiry(ctx context.Context, variable, client, secret string) []finding {
	const dateVariable = "AZURE_CLIENT_SECRET_EXPIRES"
	said := ""
	if variable == "AZURE_CLIENT_SECRET" {
		said = e.config.Entra.ClientSecretExpires
	}
	unknown := func(why string) []finding {
		if said != "" || variable != "AZURE_CLIENT_SECRET" {
			return nil
		}
		return one(skip(variable, "When the client secret expires is not known: "+why+" With "+dateVariable+
			" (YYYY-MM-DD) a warning comes 30 days before."))
	}
	if e.lacks(graphclient.ReadApplications) {
		return unknown("the app has not the permission " + graphclient.ReadApplications.Name +
			", which the bot does not need.")
	}
	graph, err := e.graph()
	if err != nil {
		return unknown("the client of Graph cannot be made.")
	}
	secrets, err := graph.AppSecrets(ctx, e.tenant(), client)
	if err != nil {
		return unknown("Graph does not tell (" + withoutCode(err) + ").")
	}
	until, name := e.expiryOf(secret, secrets)
	if until.IsZero() {
		return unknown("Graph lists no secret of the app that begins like this one.")
	}
	f := e.expiry(variable, "client secret"+name, until, "Make a new one: "+portal+client+", Certificates & "+
		"secrets, New "+
		"client secret. Then set "+variable+" to its value.")
	if date, err := time.Parse(time.DateOnly, said); err == nil && f.status == OK &&
		date.Sub(until).Abs() > 48*time.Hour {
		f = warn(dateVariable, "The variable says "+said+", and Entra says that the client secret is valid until "+
			until.Format(time.DateOnly)+".", "Set "+dateVariable+"="+until.Format(time.DateOnly)+
			", or remove it: Graph tells the date here.")
	}
	return one(f)
}

// expiryOf finds the secret in Graph's list by how it begins. Where several begin so, it is the one that expires first
// of those that have not expired, since Entra has just taken it. name is what to call it, with a space in front.
func (e *examination) expiryOf(secret string, listed []graphclient.AppSecret) (until time.Time, name string) {
	for _, s := range listed {
		if s.Hint == "" || !strings.HasPrefix(secret, s.Hint) || !s.Expires.After(e.now()) {
			continue
		}
		if until.IsZero() || s.Expires.Before(until) {
			until, name = s.Expires, ""
			if clean := bot.CleanText(s.Name); clean != "" {
				name = " “" + bot.Clip(clean, 60) + "”"
			}
		}
	}
	return until, name
}
