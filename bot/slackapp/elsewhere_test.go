package slackapp_test

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"meetbot/bot"
	"meetbot/bot/slackapp"
	"meetbot/internal/sandbox/faultserver"
	"meetbot/internal/sandbox/slacktest"
)

// A response_url that is not Slack's is refused before anybody is dialled, however it is written; and where Slack itself
// redirects to, nobody goes.
func TestResponseURLElsewhere(t *testing.T) {
	t.Parallel()
	slack, app := newApp(t)
	var dialled atomic.Int64
	trap, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = trap.Close() }()
	go func() {
		for {
			conn, err := trap.Accept()
			if err != nil {
				return
			}
			dialled.Add(1)
			_ = conn.Close()
		}
	}()
	away, home := trap.Addr().String(), strings.TrimSuffix(strings.TrimPrefix(slack.APIURL(), "http://"), "/api/")
	_, port, err := net.SplitHostPort(home)
	if err != nil {
		t.Fatal(err)
	}
	deliver := func(responseURL string) error {
		_, err := app.Deliver(t.Context(), bot.Job{ID: "j", Route: bot.Route{ResponseURL: responseURL, Channel: "C0MISSING", User: "U0MISSING"}}, bot.WorkingReply(bot.English))
		return err
	}
	for _, responseURL := range []string{
		"http://" + away + "/commands/T1/2/token", "http://" + home + "@" + away + "/token", "http://" + away + "#@" + home + "/token", "http://" + away + "?@" + home + "/token",
		"http://" + away + "\\@" + home + "/token", "//" + away + "/token", "https://" + home + "/token", "https://" + away + "/token", "ftp://" + home + "/token",
		"http://localhost:" + port + "/token", "http://[::ffff:127.0.0.1]:" + port + "/token", "http://2130706433:" + port + "/token", "http://127.1:" + port + "/token",
		"http://" + home + ".evil.example/token", "http://169.254.169.254/token", "http:" + home + "/token", "/token", "token", "http://" + home + "%2f@" + away + "/token", "http://\x00" + home + "/token",
	} {
		err := deliver(responseURL)
		if bot.CodeOf(err) != bot.Undeliverable || strings.Contains(err.Error(), "/token") {
			t.Errorf("%q: %v", responseURL, err)
		}
	}
	for _, status := range []string{"301", "302", "303", "307", "308"} {
		slack.Fault(faultserver.Fault{Target: "response_url", Times: 1, Raw: "HTTP/1.1 " + status + " Away\r\nLocation: http://" + away + "/token\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"})
		if err := deliver("http://" + home + "/commands/T1/2/x"); bot.CodeOf(err) != bot.Undeliverable {
			t.Errorf("%s: %v", status, err)
		}
	}
	if n := dialled.Load(); n != 0 {
		t.Errorf("another host was dialled %d times", n)
	}
	hooks := func() (n int) {
		for _, c := range slack.Calls() {
			if c.Method == "response_url" {
				n++
			}
		}
		return n
	}
	// A call whose answer is cut is on record only after it is cut.
	for deadline := time.Now().Add(5 * time.Second); hooks() < 5 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond) // between two looks at the condition
	}
	if n := hooks(); n != 5 {
		t.Errorf("Slack's own host was called %d times, want once for each redirection", n)
	}
}

// Slack's Retry-After is read in every form that it has, a fraction too, by either way.
func TestWaitsAreRead(t *testing.T) {
	t.Parallel()
	slack, app := newApp(t)
	for after, want := range map[string]time.Duration{
		"": time.Second, "7": 7 * time.Second, "2.128": 2128 * time.Millisecond, "0.3": time.Second, "soon": time.Second,
		time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat): 90 * time.Second,
	} {
		var tolerance time.Duration
		if strings.HasSuffix(after, "GMT") { // whole seconds on either side
			tolerance = time.Second
		}
		for _, err := range throttleBoth(t, slack, app, after) {
			e, ok := errors.AsType[*bot.Error](err)
			if !ok || e.Code != bot.Throttled || e.Status != http.StatusTooManyRequests || (e.Wait-want).Abs() > tolerance {
				t.Errorf("Retry-After %q: %+v, want a wait of %s", after, err, want)
			}
		}
	}
}

// throttleBoth has the Web API and then a response_url ask to wait, and returns the errors.
func throttleBoth(t *testing.T, slack *slacktest.Server, app *slackapp.App, after string) (errs []error) {
	t.Helper()
	for _, target := range []string{"users.info", "response_url"} {
		slack.Fault(faultserver.Fault{Target: target, Times: 1, Status: http.StatusTooManyRequests, RetryAfter: after})
	}
	_, err := app.Profile(t.Context(), bot.Asker{Platform: slackapp.Platform, Workspace: slack.Team(), User: "U0ANN"}, bot.Route{})
	errs = append(errs, err)
	hook := strings.TrimSuffix(slack.APIURL(), "/api/") + "/commands/T1/2/x"
	_, err = app.Deliver(t.Context(), bot.Job{ID: "j", Route: bot.Route{ResponseURL: hook}}, bot.WorkingReply(bot.English))
	return append(errs, err)
}

// What is asked of the Web API is bounded, whatever it asks for in turn.
func TestWaitsAreBounded(t *testing.T) {
	t.Parallel()
	slack, app := newApp(t)
	for _, after := range []string{"31536000", "9223372036854775807", "99999999999999999999", "-1", "0", "soon", "Wed, 21 Oct 2099 07:28:00 GMT"} {
		for _, err := range throttleBoth(t, slack, app, after) {
			e, ok := err.(*bot.Error)
			if !ok || e.Code != bot.Throttled || e.Wait.Minutes() > 10 || e.Wait.Seconds() < 1 {
				t.Errorf("Retry-After %s: %+v", after, err)
			}
		}
	}
}
