package slacktest

import (
	"encoding/json"
	"meetbot/internal/sandbox/faultserver"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

func TestResponseURLPosts(t *testing.T) {
	s := startSlack(t, Options{})
	// It works where the app is not a member, and is not held to the channel's rate.
	for _, channel := range []string{"C0DESIGN", "C0ABSENT", "G0SECRET", "DU0ANN"} {
		address := responseURL(t, s, channel)
		if status, body := post(t, address, `{"text":"for ann"}`); status != 200 || body != "ok" {
			t.Errorf("%s: %d %s", channel, status, body)
		}
		if status, _ := post(t, address, `{"response_type":"in_channel","text":"for all","thread_ts":"1712345678.000100"}`); status != 200 {
			t.Errorf("%s: %d", channel, status)
		}
		m := s.Messages(channel)
		if len(m) != 2 || m[0].To != "U0ANN" || m[0].Text != "for ann" || m[0].Via != "response_url" || m[1].To != "" || m[1].ThreadTS != "1712345678.000100" {
			t.Errorf("%s: %+v", channel, m)
		}
	}
}

func TestResponseURLRefuses(t *testing.T) {
	const hi = `{"text":"hi"}`
	clock := faultserver.NewClock(time.Unix(1_700_000_000, 0))
	s := startSlack(t, Options{Now: clock.Now})

	address := responseURL(t, s, "C0DESIGN")
	for _, test := range []struct {
		body   string
		status int
		answer string
	}{
		{`{"text":`, 400, "invalid_payload"},
		{`{}`, 400, "no_text"},
		{`{"text":"hi","blocks":[{"type":"nonsense"}]}`, 400, "invalid_blocks"},
	} {
		if status, answer := post(t, address, test.body); status != test.status || answer != test.answer {
			t.Errorf("%s: %d %s", test.body, status, answer)
		}
	}
	for i := range 5 {
		if status, answer := post(t, address, hi); status != 200 {
			t.Errorf("use %d: %d %s", i+1, status, answer)
		}
	}
	if status, answer := post(t, address, hi); status != 404 || answer != `{"error":"used_url","ok":false}` {
		t.Errorf("sixth use: %d %s", status, answer)
	}

	address = responseURL(t, s, "C0DESIGN")
	clock.Move(30 * time.Minute)
	if status, _ := post(t, address, hi); status != 200 {
		t.Errorf("after 30 minutes: %d", status)
	}
	clock.Move(time.Second)
	for range 2 { // before it is swept and after
		if status, answer := post(t, address, hi); status != 404 || answer != `{"error":"expired_url","ok":false}` {
			t.Errorf("after more than 30 minutes: %d %s", status, answer)
		}
		responseURL(t, s, "C0DESIGN")
	}
	if status, _ := post(t, responseURL(t, s, "C0OLD"), hi); status != http.StatusGone {
		t.Errorf("archived channel: %d", status)
	}
	if got := len(s.Messages("C0DESIGN")); got != 6 {
		t.Errorf("%d messages", got)
	}
}

func TestResponseURLFaultsAndCalls(t *testing.T) {
	s := startSlack(t, Options{})
	address := responseURL(t, s, "C0DESIGN")
	s.Fault(faultserver.Fault{Target: "response_url", Times: 1, Status: 200, Body: `{"ok":false,"error":"invalid_blocks"}`})
	s.Fault(faultserver.Fault{Target: "response_url", Times: 1, Status: 500, Works: true})
	s.Fault(faultserver.Fault{Target: "response_url", Times: 1, Reset: true})
	if status, body := post(t, address, `{"text":"1"}`); status != 200 || !strings.Contains(body, "invalid_blocks") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := post(t, address, `{"text":"2"}`); status != 500 {
		t.Errorf("%d", status)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(`{"text":"3"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.GetBody = nil // a client that knows the body may send it again
	if resp, err := http.DefaultClient.Do(request); err == nil {
		t.Errorf("status %d from a connection that was cut", resp.StatusCode)
	}
	post(t, address, `{"text":"4"}`)
	if m := s.Messages("C0DESIGN"); len(m) != 2 || m[0].Text != "2" || m[1].Text != "4" {
		t.Errorf("posted %+v", m)
	}
	var statuses []int
	for _, c := range s.Calls() {
		if c.Method != "response_url" {
			t.Errorf("call of %s", c.Method)
		}
		statuses = append(statuses, c.Status)
	}
	if want := []int{200, 500, 0, 200}; !equal(statuses, want) {
		t.Errorf("statuses %v, want %v", statuses, want)
	}
	s.ResetCalls()
	if len(s.Calls()) != 0 {
		t.Error("calls remain")
	}
}

func equal(a, b []int) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func TestPress(t *testing.T) {
	s := startSlack(t, Options{})
	const card = `{"response_type":"in_channel","text":"card","blocks":[{"type":"actions","block_id":"b1","elements":[
		{"type":"button","action_id":"join","text":{"type":"plain_text","text":"Join"},"url":"https://teams.example/1"},
		{"type":"button","action_id":"new","text":{"type":"plain_text","text":"New"},"value":"7","style":"danger"}]}]}`
	var pressed slack.InteractionCallback
	app := startApp(t, s, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slack/interactivity" {
			var err error
			if pressed, err = slack.InteractionCallbackParse(r); err != nil {
				t.Errorf("slack-go cannot read the payload: %v", err)
			}
			says(`{"text":"not posted"}`)(w, r)
			return
		}
		says(card)(w, r)
	})
	answer, err := s.Command(t.Context(), app, Command{User: "U0ANN", Channel: "C0DESIGN"})
	if err != nil || answer.Message == nil {
		t.Fatalf("%+v, %v", answer, err)
	}
	for _, test := range []struct{ press, action, value, url string }{{"", "join", "", "https://teams.example/1"}, {"new", "new", "7", ""}} {
		got, err := s.Press(t.Context(), app, Press{User: "U0BEN", Message: *answer.Message, ActionID: test.press})
		if err != nil || got.Status != 200 || got.Problem != "" || got.Message != nil {
			t.Fatalf("%+v, %v", got, err)
		}
		a := pressed.ActionCallback.BlockActions[0]
		if pressed.Type != slack.InteractionTypeBlockActions || pressed.User.ID != "U0BEN" || pressed.Channel.ID != "C0DESIGN" ||
			pressed.Team.ID != s.Team() || pressed.Container.MessageTs != answer.Message.TS || pressed.Message.Text != "card" ||
			a.ActionID != test.action || a.BlockID != "b1" || a.Value != test.value || a.Text.Text == "" {
			t.Errorf("%q: got %+v", test.press, pressed)
		}
	}
	if got := len(s.Messages("C0DESIGN")); got != 1 {
		t.Errorf("the answer to a button is not posted: %d messages", got)
	}

	// Its response_url knows the message that was acted on.
	if status, _ := post(t, pressed.ResponseURL, `{"replace_original":true,"text":"changed"}`); status != 200 {
		t.Errorf("replace: %d", status)
	}
	if m := s.Messages("C0DESIGN"); len(m) != 1 || m[0].Text != "changed" || m[0].Blocks != nil || m[0].TS != answer.Message.TS {
		t.Errorf("after replace_original: %+v", m)
	}
	if status, _ := post(t, pressed.ResponseURL, `{"delete_original":true}`); status != 200 {
		t.Errorf("delete: %d", status)
	}
	if m := s.Messages("C0DESIGN"); len(m) != 0 {
		t.Errorf("after delete_original: %+v", m)
	}

	// A command's does not know the command's answer.
	post(t, responseURL(t, s, "DU0ANN"), `{"replace_original":true,"text":"posted"}`)
	if m := s.Messages("DU0ANN"); len(m) != 1 || m[0].Text != "posted" {
		t.Errorf("replace_original of a command: %+v", m)
	}

	// Slack does not send what only one user saw.
	private := *answer.Message
	private.To, private.ThreadTS = "U0BEN", "1712345678.000100"
	if _, err := s.Press(t.Context(), app, Press{User: "U0BEN", Message: private, ActionID: "new", Value: "forged"}); err != nil {
		t.Fatal(err)
	}
	if pressed.Message.Text != "" || !pressed.Container.IsEphemeral || pressed.Container.ThreadTs != private.ThreadTS || pressed.ActionCallback.BlockActions[0].Value != "forged" {
		t.Errorf("ephemeral: %+v", pressed)
	}
	for _, p := range []Press{{ActionID: "nonsense"}, {ActionID: "new", BlockID: "b2"}} {
		p.User, p.Message = "U0BEN", private
		if _, err := s.Press(t.Context(), app, p); err == nil {
			t.Errorf("a button that is not there was pressed: %s, %s", p.BlockID, p.ActionID)
		}
	}
}
