//go:build integration

package e2e

import (
	"net/http"
	"path/filepath"
	"testing"

	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// The person of the document.
const (
	ana   = "U0ANA"
	anaID = "d4444444-0000-4000-8000-000000000004"
)

// A person who follows docs/install.md, and nothing else, gets from nothing to a working /meet. The blocks of the
// document run in bash as they are; only what people put in by hand is put in: the values that Slack and Teams show, and
// addresses. The fakes do what the lines for administrators ask for, and nothing before that.
func TestInstallByTheDocument(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.untilSlack()
	i.part("Slack over HTTP", func() {
		i.createSlackApp(i.do("bot setup slack --url", 0), "https://bot.example.com/slack/commands")
		i.do("export SLACK_SIGNING_SECRET", 0)
		i.do("bot doctor --only slack", 0)
	})
	i.part("5. Teams", func() {
		i.do("bot setup teams --url", 0)
		i.do("export TEAMS_APP_ID", 0)
		i.do("bot manifest teams", 0)
		i.wantPackage(filepath.Join(i.dir, "meetbot.zip"))
		i.do("bot doctor --only teams", 0)
	})
	i.start(func(url string) {
		i.meetInSlack(url)
		i.meetInTeams(url)
	})
}

// The same without a public address: Slack alone, in Socket Mode.
func TestInstallInSocketMode(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.untilSlack()
	i.part("Slack without a public address: Socket Mode", func() {
		i.createSlackApp(i.do("bot setup slack --socket", 0), "")
		i.do("export SLACK_APP_TOKEN", 0)
		i.shell("bot doctor --only slack", 0) // as over HTTP
	})
	i.start(i.meetInSlack)
}

// untilSlack follows the document until an app for a chat platform is to be made.
func (i *installation) untilSlack() {
	i.t.Helper()
	i.part("1. The program and Redis", func() {
		i.do("go build -o bin/bot ./cmd/bot", 0)
		i.do("redis-server", 0)
		i.do("bot doctor --only redis", 0)
	})
	i.part("2. The Entra app", func() {
		page := i.do("bot setup entra", 0)
		i.administer(page, "Steps 1 to 3 with the Azure CLI")
		i.values["AZURE_CLIENT_CERTIFICATE_PATH"] = filepath.Join(i.dir, "meetbot.pem")
		i.do("export AZURE_TENANT_ID", 0)
		i.do("bot doctor --only entra", 0)
	})
	i.part("3. The access policy", func() {
		page := i.do("bot setup entra --group", 0)
		i.shell("bot doctor --only graph --user ana@contoso.com", 1) // nobody has granted anything yet
		i.grant(page)
		i.do("bot doctor --only graph", 0)
	})
}

// start follows the last part of the document, where the bot starts.
func (i *installation) start(meet func(url string)) {
	i.t.Helper()
	i.part("6. Start it", func() {
		url := i.serve(i.block("bot serve"))
		if check := i.block("curl"); check != "curl -s localhost:8080/readyz" {
			i.t.Errorf("the document checks with %s", check)
		}
		if status, said := get(i.t, url+"/readyz"); status != http.StatusOK || said != "ready\n" {
			i.t.Errorf("/readyz says %d %q", status, said)
		}
		meet(url)
		i.do("bot doctor --user", 0)
	})
}

// meetInSlack types /meet twice, and wants the same meeting.
func (i *installation) meetInSlack(url string) {
	i.t.Helper()
	before := i.Slack.Messages(general)
	a, err := i.Slack.Command(i.t.Context(), url, slacktest.Command{User: ana, Channel: general})
	if err != nil || a.Problem != "" {
		i.t.Fatalf("%+v, %v", a, err)
	}
	first := wantCard(i.t, i.next(general, before, nil), "")
	a, err = i.Slack.Command(i.t.Context(), url, slacktest.Command{User: ana, Channel: general})
	if err != nil || a.Message == nil {
		i.t.Fatalf("%+v, %v", a, err)
	}
	if again := link(*a.Message); again != first {
		i.t.Errorf("the second /meet leads to %s, the first to %s", again, first)
	}
}

// meetInTeams wants a card, too.
func (i *installation) meetInTeams(url string) {
	i.t.Helper()
	before := i.Teams.Messages(teamsGeneral)
	d, err := i.Teams.Post(i.t.Context(), url, teamstest.Post{
		User: anaID, Conversation: teamsGeneral, Text: i.Teams.Mention() + " meet",
	})
	if err != nil || len(d.Attempts) == 0 {
		i.t.Fatalf("%+v, %v", d, err)
	}
	if m := i.answer(teamsGeneral, before, nil); teamstest.ReadCard(m.Card).Link() == "" {
		i.t.Errorf("not a card: %s", m.Words())
	}
}
