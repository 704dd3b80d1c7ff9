package slackapp

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"meetbot/bot"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// A response_url whose host cannot be connected to costs nobody the answer: nothing was sent, so it goes by the next route
// at once. If that is closed too, the answer is tried again later and is no dead letter.
func TestResponseURLThatCannotBeReached(t *testing.T) {
	t.Parallel()
	slack, err := slacktest.New(slacktest.Options{PostBurst: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer slack.Close()
	slack.AddUser(slacktest.User{ID: "U0ANN", Name: "ann", Email: "ann@contoso.example", EmailConfirmed: true})
	slack.AddChannel(slacktest.Channel{ID: "C0GENERAL", Name: "general"})
	catalog, err := bot.NewCatalog()
	if err != nil {
		t.Fatal(err)
	}
	app, err := New(Config{
		SigningSecret: slack.SigningSecret(), BotToken: slack.BotToken(), APIURL: slack.APIURL(), Catalog: catalog,
		Language: bot.English, Throttles: noHolds{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	app.hooks.Transport = &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("the firewall lets nothing out")
	}}
	job := bot.Job{ID: "j", Route: bot.Route{
		Channel: "C0GENERAL", User: "U0ANN", ResponseURL: app.hookHosts[0].String() + "/commands/T1/2/token",
	}}
	reply := bot.GreetingReply(bot.English)
	if posted, err := app.Deliver(t.Context(), job, reply); err != nil || posted.Root == "" {
		t.Errorf("posted %+v, %v", posted, err)
	}
	if m := slack.Messages("C0GENERAL"); len(m) != 1 || m[0].Via != "chat.postMessage" {
		t.Errorf("the channel has %+v", m)
	}
	slack.Fault(faultserver.Fault{Target: "chat.postMessage", Status: http.StatusOK, ContentType: "application/json",
		Body: `{"ok":false,"error":"channel_is_archived"}`})
	_, err = app.Deliver(t.Context(), job, reply)
	if !bot.Temporary(err) || !bot.Unsent(err) {
		t.Errorf("with every route closed: %v", err)
	}
}
