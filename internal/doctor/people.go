package doctor

import (
	"context"
	"strings"

	"meetbot/bot"
	"meetbot/graphclient"
	"meetbot/internal/guid"
)

// users is where people are looked up.
const users = "Entra admin center (https://entra.microsoft.com), Users, "

// graphOrganizer looks for the service account, as the bot does: by user principal name or object ID.
func (e *examination) graphOrganizer(ctx context.Context) []finding {
	policy, err := bot.ParseOrganizerPolicy(e.config.Policy.Organizer)
	name := policy.Service
	switch {
	case err != nil:
		return one(skip("ORGANIZER", "It needs a right value of ORGANIZER; see config.values."))
	case name == "":
		return one(ok("ORGANIZER", "Meetings are made in the askers' own names; no service account is used."))
	case e.lacks(graphclient.FindUsers):
		return one(skip(name, "It needs the permission "+graphclient.FindUsers.Name+"; see entra.permissions."))
	}
	graph, err := e.graph()
	if err != nil {
		return one(e.noGraph(name, err))
	}
	without := " No meeting is made."
	if policy.Requester {
		without = " It cannot step in where Graph refuses an asker."
	}
	u, err := graph.User(ctx, e.tenant(), name)
	switch {
	case bot.CodeOf(err) == bot.NoSuchUser:
		if byMail, err := graph.UsersByEmail(ctx, e.tenant(), name, true); err == nil && len(byMail) == 1 {
			return one(fail(name, "ORGANIZER names the service account by an e-mail, and the bot looks for it by "+
				"its user principal name."+without, "Set the user principal name in ORGANIZER: service:"+byMail[0].UPN))
		}
		return one(fail(name, "The service account of ORGANIZER is not in the tenant "+e.config.Entra.TenantID+": "+
			"nobody has this user principal name or object ID."+without, "Look for it: "+users+"search for "+name+
			". Then correct ORGANIZER."))
	case err != nil:
		return one(e.graphTrouble(name, err))
	case !u.Enabled:
		return one(fail(name, "The service account of ORGANIZER is disabled."+without, users+u.UPN+", Edit "+
			"properties, Settings: switch “Account enabled” on. Or name another account."))
	}
	e.account = e.person(ctx, graph, name, u)
	return one(ok(name, "The service account "+u.UPN+" is found and enabled. "+e.account.licence()))
}

// nobodyNamed is why nobody is tried.
const nobodyNamed = "Nobody was named. With --user ana@contoso.com it is tried whether the app may make meetings " +
	"for that person (licence, access policy, meeting policy)."

// graphUser looks for the people who were named, as the bot does for somebody with this e-mail in Slack.
func (e *examination) graphUser(ctx context.Context) []finding {
	if len(e.o.Users) == 0 {
		return one(skip("", nobodyNamed))
	}
	var all []finding
	for _, name := range e.o.Users {
		all = append(all, e.asker(ctx, name))
	}
	return all
}

// asker looks for one of them.
func (e *examination) asker(ctx context.Context, name string) finding {
	if e.lacks(graphclient.FindUsers) {
		return skip(name, "It needs the permission "+graphclient.FindUsers.Name+"; see entra.permissions.")
	}
	graph, err := e.graph()
	if err != nil {
		return e.noGraph(name, err)
	}
	policy := e.config.Askers()
	var u bot.DirectoryUser
	var found []bot.DirectoryUser
	var refusal *bot.Error
	if guid.Valid(name) {
		if u, err = graph.User(ctx, e.tenant(), name); err == nil {
			refusal = policy.JudgeUser(u)
		}
	} else if found, err = graph.UsersByEmail(ctx, e.tenant(), name, policy.Aliases); err == nil {
		u, refusal = policy.Judge(name, found)
	}
	if bot.CodeOf(err) == bot.NoSuchUser {
		err, refusal = nil, &bot.Error{Code: bot.NotInDirectory}
	}
	switch {
	case err != nil:
		return e.graphTrouble(name, err)
	case refusal != nil:
		return e.refusedAsker(ctx, graph, name, refusal, found)
	}
	p := e.person(ctx, graph, name, u)
	e.people = append(e.people, p)
	return ok(name, u.UPN+" is found and enabled. "+p.licence())
}

// refusedAsker explains why somebody may not make meetings.
func (e *examination) refusedAsker(ctx context.Context, graph *graphclient.Client, name string, refusal *bot.Error,
	found []bot.DirectoryUser) finding {
	switch refusal.Code {
	case bot.DisabledAccount:
		return fail(name, "The account of "+name+" is disabled in Entra.", users+name+", Edit properties, "+
			"Settings: switch “Account enabled” on.")
	case bot.GuestAccount:
		return fail(name, name+" is a guest of the tenant, and guests may not make meetings.", "Where guests "+
			"shall: ALLOW_GUESTS=true. Microsoft lets a guest organize meetings only with a licence in this tenant.")
	case bot.DomainNotAllowed:
		return fail(name, "ALLOWED_EMAIL_DOMAINS is "+strings.Join(e.config.Policy.AllowedDomains, ",")+", and "+name+
			" has an address elsewhere, so they may not make meetings.", "Where they shall, add the domain to "+
			"ALLOWED_EMAIL_DOMAINS.")
	case bot.AmbiguousIdentity:
		var names []string
		for _, u := range found {
			names = append(names, u.UPN)
		}
		return fail(name, "Several users have this e-mail: "+strings.Join(names, ", ")+". The bot does not guess "+
			"which one is meant.", "Leave the e-mail with one of them: "+users+"the user, Properties, Email.")
	}
	if others, err := graph.UsersByEmail(ctx, e.tenant(), name, true); err == nil && len(others) > 0 {
		return fail(name, "In Entra, "+name+" is only an alias of "+others[0].UPN+", and aliases do not prove who "+
			"somebody is.",
			"Use the primary e-mail in Slack too. Or, after reading SECURITY.md about it: MATCH_EMAIL_ALIASES=true")
	}
	return fail(name, "Nobody in the tenant "+e.config.Entra.TenantID+" has “"+name+"” as user principal name, "+
		"e-mail or object ID.", "Look for the person: "+users+"search for "+name+". The e-mail in Slack and that "+
		"in Entra must be the same.")
}

// graphAdmins looks for the administrators of the bot. One who is misspelt is no one.
func (e *examination) graphAdmins(ctx context.Context) []finding {
	const variable = "ADMINS"
	names := e.config.Policy.Admins
	switch {
	case len(names) == 0:
		return nil
	case e.hasProblem(variable):
		return one(skip(variable, "It needs a right value of ADMINS; see config.values."))
	case e.lacks(graphclient.FindUsers):
		return one(skip(variable, "It needs the permission "+graphclient.FindUsers.Name+"; see entra.permissions."))
	}
	graph, err := e.graph()
	if err != nil {
		return one(e.noGraph(variable, err))
	}
	var all []finding
	for _, name := range names {
		u, err := graph.User(ctx, e.tenant(), name)
		if bot.CodeOf(err) == bot.NoSuchUser && !guid.Valid(name) {
			var byMail []bot.DirectoryUser
			if byMail, err = graph.UsersByEmail(ctx, e.tenant(), name, false); err == nil {
				err = &bot.Error{Code: bot.NoSuchUser}
				for _, found := range byMail {
					if !found.Guest {
						u, err = found, nil
					}
				}
			}
		}
		switch {
		case bot.CodeOf(err) == bot.NoSuchUser:
			all = append(all, warn(name, "ADMINS lists "+name+", and nobody in the tenant "+
				e.config.Entra.TenantID+" has "+
				"this user principal name, e-mail or object ID.", "Look for the person: "+users+"search for "+name+
				". Then correct ADMINS."))
		case err != nil:
			all = append(all, e.graphTrouble(name, err))
		case !u.Enabled:
			all = append(all, warn(name, "ADMINS lists "+name+", whose account is disabled in Entra.",
				"Remove the person from ADMINS."))
		}
	}
	if len(all) == 0 {
		all = one(ok(variable, "The administrators of the bot are found in Entra."))
	}
	return all
}

// person reads what else is known of a user.
func (e *examination) person(ctx context.Context, graph *graphclient.Client, name string, u bot.DirectoryUser) *person {
	p := &person{name: name, user: u}
	if there, err := graph.HasTeams(ctx, e.tenant(), u.ID); err == nil {
		p.teams = &there
	}
	return p
}

// licence tells whether somebody has one for Teams.
func (p *person) licence() string {
	switch {
	case p.teams == nil:
		return "Whether they have a licence for Teams could not be read."
	case *p.teams:
		return "Licence for Teams: yes."
	default:
		return "Licence for Teams: no."
	}
}

// noGraph explains why there is no client of Graph.
func (e *examination) noGraph(subject string, err error) finding {
	return fail(subject, "The client of Graph cannot be made ("+err.Error()+").", "Correct GRAPH_BASE_URL; see "+
		"README.md.")
}
