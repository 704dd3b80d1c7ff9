package doctor

import (
	"context"
	"errors"
	"strings"
	"time"

	"meetbot/bot"
	"meetbot/graphclient"
)

// Bounds of the difference between this machine's clock and Graph's, from which on somebody is told. Slack's signatures
// and the tokens of Teams and Entra are refused at a difference of five minutes.
const (
	clockOff   = time.Minute
	clockWrong = 5*time.Minute - 10*time.Second
)

// newGraph makes the client of Graph. It comes after entra.token.
func (e *examination) newGraph() (*graphclient.Client, error) {
	client, err := graphclient.New(graphclient.Config{
		TenantID: e.config.Entra.TenantID, Credential: e.credential, BaseURL: e.config.Graph.BaseURL,
		RootCAs: e.o.RootCAs,
	})
	if err == nil {
		e.atEnd(client.Close)
	}
	return client, err
}

func (e *examination) tenant() bot.Tenant {
	return bot.Tenant{ID: e.config.Entra.TenantID, ClientID: e.config.Entra.ClientID}
}

func (e *examination) graphReachable(ctx context.Context) []finding {
	answer, f := e.upstream(ctx, "Microsoft Graph", e.config.Graph.BaseURL)
	e.reached = answer
	return one(f)
}

func (e *examination) graphClock(context.Context) []finding {
	if !e.reached.dated {
		return one(skip("clock", "The answer of Graph has no date, perhaps for a proxy on the way."))
	}
	ahead := -e.reached.ahead // of this machine's clock before Graph's
	const next = "Compare it with the right time: date -u. Then switch time synchronization on: timedatectl " +
		"set-ntp true (in a container or virtual machine: on its host)."
	text := "This machine's clock is " + skewWords(ahead) + " Microsoft's. "
	switch {
	case ahead.Abs() >= clockWrong:
		e.skewed = true
		return one(fail("clock", text+"From five minutes on, every request of Slack and Teams is refused as stale, "+
			"and Entra refuses certificates.", next))
	case ahead.Abs() >= clockOff:
		return one(warn("clock", text+"At five minutes every request of Slack and Teams is refused.", next))
	}
	return one(ok("clock", "This machine's clock agrees with Microsoft's."))
}

// graphTrouble explains an error of Graph that has nothing to do with the person.
func (e *examination) graphTrouble(subject string, err error) finding {
	if bot.CodeOf(err) == bot.Throttled {
		return warn(subject, "Graph asks to wait ("+withoutCode(err)+"), so this could not be tried.", "Run bot "+
			"doctor again in a minute.")
	}
	return fail(subject, "Graph refuses or gives no usable answer ("+withoutCode(err)+").", "Run bot doctor again "+
		"in a minute. If it stays, look at https://status.cloud.microsoft")
}

// trial is the external ID of the meeting by which is tried whether somebody can make one: always the same, so that
// there is one meeting of it at most for a person.
const trial = "meetbot-doctor"

// graphMeeting tries to make a meeting for the service account and for the people who were named: only Graph knows
// whether the access policy, the licence and the meeting policy of somebody allow it.
func (e *examination) graphMeeting(ctx context.Context) []finding {
	people := e.people
	if e.account != nil {
		people = append([]*person{e.account}, people...)
	}
	switch {
	case len(people) == 0 && len(e.o.Users) == 0:
		return one(skip("", nobodyNamed))
	case len(people) == 0:
		return one(skip("", "It needs graph.user, which found nobody who could be tried."))
	case e.lacks(graphclient.MakeMeetings):
		return one(skip("", "It needs the permission "+graphclient.MakeMeetings.Name+"; see entra.permissions."))
	}
	graph, err := e.graph()
	if err != nil {
		return one(skip("", "The client of Graph cannot be made."))
	}
	var all []finding
	for _, p := range people {
		meeting, _, err := graph.CreateOrGet(ctx, e.tenant(), p.user.ID, bot.MeetingRequest{ExternalID: trial,
			Subject: trial})
		if err == nil && meeting.ID != "" {
			e.trials = append(e.trials, trialMeeting{p.user.UPN, p.user.ID, meeting.ID})
		}
		all = append(all, e.judge(p, err))
	}
	return all
}

// judge explains what came of the trial.
func (e *examination) judge(p *person, err error) finding {
	client, who := e.config.Entra.ClientID, p.user.UPN
	refusal, _ := errors.AsType[*bot.Error](err)
	switch {
	case err == nil:
		return ok(p.name, "Meetings can be made for "+who+". (One meeting with the subject “"+trial+"” was made "+
			"for that, or was there; it is in no calendar.)")
	case refusal.Code == bot.NoAccessPolicy:
		policy := bot.AccessPolicyFor(client, p.user.ID)
		return fail(p.name, "No application access policy lets the app "+client+" make meetings for "+who+". The "+
			"permissions are right. (A policy that was granted less than 30 minutes ago may not work yet.)",
			"A Teams administrator, in PowerShell with the module MicrosoftTeams, after Connect-MicrosoftTeams:\n"+
				strings.Join(policy.Show, "\n")+"\nIf it shows no policy, make one:\n"+strings.Join(policy.Make, "\n")+
				"\nIf it shows one, add the app to it (a grant of another would take this one away):\n"+
				strings.Join(policy.Extend, "\n"))
	case refusal.Code == bot.OrganizerRefused && p.teams != nil && !*p.teams:
		return fail(p.name, who+" has no licence for Microsoft Teams, so Graph makes no meeting for them. "+
			"Permissions and access policy are right.", "Microsoft 365 admin center (https://admin.microsoft.com), "+
			"Users, Active users, "+who+", Licenses and apps: assign a licence with Microsoft Teams. It takes up "+
			"to a day to work.")
	case refusal.Code == bot.OrganizerRefused:
		licence := ""
		if p.teams == nil {
			licence = " Or they have no licence for Teams; that could not be read."
		}
		return fail(p.name, "Graph makes no meeting for "+who+", though permissions and access policy are right: "+
			"their meeting policy in Teams forbids it."+licence, "Teams admin center "+
			"(https://admin.teams.microsoft.com), Users, Manage users, "+
			who+", Policies: see the meeting policy; there, switch “Private meeting scheduling” on.\nOr in "+
			"PowerShell: "+
			`Get-CsOnlineUser -Identity "`+p.user.ID+`" | Select-Object TeamsMeetingPolicy`)
	case refusal.Code == bot.NoSuchUser:
		return fail(p.name, "Entra has the account "+who+", and Teams does not know it (yet). A new account or "+
			"licence needs up to a day.", "Let "+who+" sign in at https://teams.microsoft.com once, and run bot "+
			"doctor again.")
	case refusal.Code == bot.NoPermission:
		return fail(p.name, "Graph refuses the app "+client+" ("+withoutCode(err)+"), though its token has the "+
			"permissions.",
			"If an administrator consented a moment ago, run bot doctor again in some minutes.")
	}
	return e.graphTrouble(p.name, err)
}
