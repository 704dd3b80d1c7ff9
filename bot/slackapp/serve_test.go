package slackapp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/bot/slackapp"
)

// ear is a Bot that accepts everything and does nothing.
type ear chan bot.Request

func (e ear) Ask(_ context.Context, r bot.Request) bot.Answer {
	e <- r
	return bot.Answer{Given: func(error) {}}
}

func (e ear) Accept(_ context.Context, r bot.Request) error {
	e <- r
	return nil
}

func (ear) LinkThread(context.Context, bot.Conversation, string) error { return nil }

// serve gives Slack the app, and returns its address and what waits for the next request that the bot gets.
func serve(t *testing.T, app *slackapp.App) (url string, heard func() bot.Request) {
	t.Helper()
	e := make(ear, 10)
	mux := http.NewServeMux()
	app.Register(mux, e)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, func() bot.Request {
		t.Helper()
		select {
		case r := <-e:
			return r
		case <-time.After(5 * time.Second):
			t.Fatal("the bot got no request")
			return bot.Request{}
		}
	}
}
