package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"meetbot/internal/sandbox"
)

// control is a line of the demo's own.
type control struct {
	word, args, help string
	run              func(d *demo, ctx context.Context, rest string) error
}

func controls() []control {
	return []control{
		{"/as", "NAME", "type as somebody else", (*demo).as},
		{"/in", "#CHANNEL", "go to another channel", (*demo).in},
		{"/thread", "[TEXT]", "post TEXT in the channel and go into the thread under it; without TEXT, under the last card", (*demo).intoThread},
		{"/leave", "", "leave the thread", (*demo).leave},
		{"/join", "", "press the button of the last card", (*demo).join},
		{"/fault", "NAME", "let something fail; without NAME, list the faults; clear ends them", (*demo).fault},
		{"/wait", "", "wait for the answer that the last command has not had yet", func(d *demo, ctx context.Context, _ string) error { return d.await(ctx, d.asked) }},
		{"/meetings", "", "list what Graph holds", (*demo).meetings},
		{"/expect", "TEXT", "fail unless the last answer holds TEXT", (*demo).expect},
		{"/?", "", "this list", (*demo).usage},
		{"/quit", "", "end the demo", func(*demo, context.Context, string) error { return errQuit }},
	}
}

func (d *demo) usage(context.Context, string) error {
	d.printf("  %-20s %s\n", "/meet …", "the bot's command; /meet help says what it can do")
	d.printf("  %-20s %s\n", "@meetbot …", "the same by mention, the only way in a thread")
	for _, c := range controls() {
		d.printf("  %-20s %s\n", c.word+" "+c.args, c.help)
	}
	return nil
}

func (d *demo) as(_ context.Context, name string) error {
	var names []string
	for _, p := range people() {
		if p.name == strings.TrimPrefix(strings.ToLower(name), "@") {
			d.user = p
			return nil
		}
		names = append(names, p.name)
	}
	return fmt.Errorf("nobody here has that name; there are %s", strings.Join(names, ", "))
}

func (d *demo) in(_ context.Context, name string) error {
	var names []string
	for _, c := range channels {
		if c.Name == strings.TrimPrefix(strings.ToLower(name), "#") {
			d.channel, d.thread = c, ""
			return nil
		}
		names = append(names, "#"+c.Name)
	}
	return fmt.Errorf("no such channel; there are %s", strings.Join(names, ", "))
}

func (d *demo) intoThread(_ context.Context, text string) error {
	if text == "" {
		card, ok := d.roots[d.channel.ID]
		if !ok {
			return errors.New("there is no card for everybody in this channel yet")
		}
		d.thread = card.TS
		return nil
	}
	d.thread = d.world.Slack.Say(d.user.slack.ID, d.channel.ID, sandbox.SlackEscape(text)).TS
	return nil
}

func (d *demo) leave(context.Context, string) error {
	d.thread = ""
	return nil
}

func (d *demo) join(ctx context.Context, _ string) error {
	if d.press == nil {
		return errors.New("there is no card yet")
	}
	answer, err := d.world.Slack.Press(ctx, d.replicas[0].URL(), sandbox.SlackPress{User: d.user.slack.ID, Message: *d.press})
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK {
		return fmt.Errorf("Slack shows a warning at the button: the bot answered %d", answer.Status)
	}
	d.printf("   the client opens the link; the bot acknowledged the press in %s\n", answer.Took.Round(100*time.Microsecond))
	return nil
}

// faults are what can be made to fail, by name.
var faults = []struct {
	name, help string
	arm        func(d *demo)
}{
	{"graph-429", "Graph asks once to wait for 3 s", func(d *demo) {
		d.world.Graph.Fault(sandbox.Fault{Target: "createOrGet", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: "3"})
	}},
	{"graph-503", "Graph is busy for two requests", func(d *demo) {
		d.world.Graph.Fault(sandbox.Fault{Target: "createOrGet", Times: 2, Status: http.StatusServiceUnavailable})
	}},
	{"graph-slow", "Graph takes 4 s for the next meeting", func(d *demo) {
		d.world.Graph.Fault(sandbox.Fault{Target: "createOrGet", Times: 1, Latency: 4 * time.Second})
	}},
	{"graph-lost", "Graph makes the next meeting, and the answer is lost", func(d *demo) {
		d.world.Graph.Fault(sandbox.Fault{Target: "createOrGet", Times: 1, Reset: true, Works: true})
	}},
	{"graph-down", "Graph cuts every connection", func(d *demo) { d.world.Graph.Fault(sandbox.Fault{Reset: true}) }},
	{"no-policy", "nobody has an application access policy", func(d *demo) { d.world.Graph.SetGlobalPolicy(false) }},
	{"secret-expired", "the app's client secret has run out, and so have its tokens", func(d *demo) {
		d.world.Entra.ExpireClientSecret()
		d.world.Graph.Fault(sandbox.Fault{Status: http.StatusUnauthorized, ContentType: "application/json", Body: `{"error":{"code":"InvalidAuthenticationToken"}}`})
	}},
	{"redis-down", "Redis answers with errors", func(d *demo) { d.world.Redis.SetError("LOADING Redis is loading the dataset in memory") }},
	{"crash", "the replica dies right after it has acknowledged the next command", func(d *demo) {
		d.crash = true
		d.world.Graph.Fault(sandbox.Fault{Target: "createOrGet", Times: 1, Latency: 5 * time.Second})
	}},
}

func (d *demo) fault(_ context.Context, name string) error {
	if name == "clear" {
		d.world.Graph.ClearFaults()
		d.world.Graph.SetGlobalPolicy(true)
		d.world.Entra.SetClientSecret(d.world.ClientSecret)
		d.world.Redis.SetError("")
		d.crash = false
		return nil
	}
	for _, f := range faults {
		if f.name == name {
			f.arm(d)
			d.printf("   armed: %s\n", f.help)
			return nil
		}
	}
	for _, f := range faults {
		d.printf("  %-20s %s\n", f.name, f.help)
	}
	d.printf("  %-20s %s\n", "clear", "all is well again")
	if name != "" {
		return fmt.Errorf("there is no fault %q", name)
	}
	return nil
}

func (d *demo) meetings(context.Context, string) error {
	d.last = ""
	for _, m := range d.world.Graph.Meetings() {
		d.last += fmt.Sprintf("  %-60s %s\n", m.ExternalID, m.Subject)
	}
	d.last += fmt.Sprintf("  %d in all\n", len(d.world.Graph.Meetings()))
	d.printf("%s", d.last)
	return nil
}

func (d *demo) expect(_ context.Context, text string) error {
	if !strings.Contains(d.last, text) {
		return fmt.Errorf("the last answer does not hold %q:\n%s", text, d.last)
	}
	return nil
}
