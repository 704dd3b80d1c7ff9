package teamsapp

import (
	"slices"
	"strings"
	"testing"

	"meetbot/bot"
	"meetbot/bot/teamsapp/connector"
)

const referenceTenant = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"

// What is kept of a card is short, and the same in every release of this form: other releases have to read it.
func TestReferences(t *testing.T) {
	a := &App{tenant: referenceTenant}
	channel := bot.Conversation{Platform: Platform, Workspace: referenceTenant, Channel: "19:general@thread.tacv2"}
	if !slices.Contains(connector.Hosts, strings.TrimPrefix(usualService, "https://")) {
		t.Errorf("%s is none of %v", usualService, connector.Hosts)
	}
	for ref, m := range map[bot.MessageRef]reference{
		"1 /emea 1712345678901 1712345678955": {
			"https://smba.trafficmanager.net/emea", "19:general@thread.tacv2;messageid=1712345678901", "1712345678955", false,
		},
		"1 /amer/~  1712345678955": {
			"https://smba.trafficmanager.net/amer/" + referenceTenant, "19:general@thread.tacv2", "1712345678955", false,
		},
		"1a   1:1hLz_-": {"https://smba.trafficmanager.net", "19:general@thread.tacv2", "1:1hLz_-", true},
		"1 https://smba.infra.gov.teams.microsoft.us/gcch 1 2": {
			"https://smba.infra.gov.teams.microsoft.us/gcch", "19:general@thread.tacv2;messageid=1", "2", false,
		},
		"1 https://smba.trafficmanager.net.contoso.example/x 1 2": {
			"https://smba.trafficmanager.net.contoso.example/x", "19:general@thread.tacv2;messageid=1", "2", false,
		},
		"1 /emea  2 19:chat@thread.v2": {"https://smba.trafficmanager.net/emea", "19:chat@thread.v2", "2", false},
	} {
		if got := a.referenceTo(channel, m); got != ref {
			t.Errorf("%+v became %q, want %q", m, got, ref)
		}
		if got, ok := a.readReference(channel, ref); !ok || got != m {
			t.Errorf("%q reads %+v, %v", ref, got, ok)
		}
	}
	slash := reference{"https://smba.trafficmanager.net/emea/", "19:general@thread.tacv2", "1", false}
	if got := a.referenceTo(channel, slash); got != "1 /emea  1" {
		t.Errorf("a slash at the end became %q", got)
	}
	for _, m := range []reference{
		{"https://smba.trafficmanager.net/emea", "19:general@thread.tacv2", "", false},
		{"https://smba.trafficmanager.net/emea", "", "1", false},
		{"https://smba.trafficmanager.net/e mea", "19:general@thread.tacv2", "1", false},
		{"https://smba.trafficmanager.net/~", "19:general@thread.tacv2", "1", false},
		{"https://smba.trafficmanager.net/emea", "19:general@thread.tacv2;messageid=", "1", false},
		{"https://smba.trafficmanager.net/emea", "19:general@thread.tacv2", strings.Repeat("1", 500), false},
	} {
		if got := a.referenceTo(channel, m); got != "" {
			t.Errorf("%+v became %q", m, got)
		}
	}
}

// Whatever stands in the place of a reference names one message of that conversation, or none; and what is read is
// written the same.
func FuzzReference(f *testing.F) {
	for _, seed := range []string{
		"1 /emea 1712345678901 1712345678955", "1a  1 2", "1 /amer/~ 1 f:2 19:chat@thread.v2", "2 /emea 1 2", "", "1    ",
		"1 https://evil.example 1 2", "1 @evil.example 1 2", "1 .evil.example/ 1 2", "1 /~~/~ ;messageid= \x00", `{"v":1}`,
	} {
		f.Add(seed)
	}
	service, err := connector.New(connector.Config{})
	if err != nil {
		f.Fatal(err)
	}
	a := &App{tenant: referenceTenant, service: service}
	channel := bot.Conversation{Platform: Platform, Workspace: referenceTenant, Channel: "19:general@thread.tacv2"}
	f.Fuzz(func(t *testing.T, text string) {
		m, ok := a.readReference(channel, bot.MessageRef(text))
		if !ok {
			return
		}
		if m.activity == "" || m.place == "" || strings.HasPrefix(m.place, threadMark) || len(text) > maxReference {
			t.Errorf("%q reads %+v", text, m)
		}
		if a.service.Allows(m.service) && !slices.ContainsFunc(connector.Hosts, func(host string) bool {
			return strings.HasPrefix(strings.ToLower(m.service)+"/", "https://"+host+"/")
		}) {
			t.Errorf("%q leads to %q", text, m.service)
		}
		ref := a.referenceTo(channel, m)
		if ref == "" { // another way to write it
			return
		}
		m.service = strings.TrimRight(m.service, "/")
		if again, ok := a.readReference(channel, ref); !ok || again != m {
			t.Errorf("%q reads %+v, and then %+v", text, m, again)
		}
	})
}
