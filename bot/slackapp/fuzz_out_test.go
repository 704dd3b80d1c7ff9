package slackapp

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"meetbot/bot"
	"meetbot/internal/replytest"
)

// own is the markup that the bot itself puts into its sentences: a moment, and a channel.
var own = regexp.MustCompile(`<(!date\^-?\d+\^(\{date_short_pretty\} \{time\}|\{date_pretty\}|\{time\})\|[^<>&|]+|#[^<>]*)>`)

// checkText fails the test unless text does nothing but what the bot itself put into it: no mention, no link, no code that
// is left open, nothing that turns around or hides what is read.
func checkText(t *testing.T, text string) {
	t.Helper()
	if rest := own.ReplaceAllString(text, ""); strings.ContainsAny(rest, "<>") {
		t.Errorf("markup in %.200q", text)
	}
	for line := range strings.Lines(text) {
		if strings.Count(line, "`")%2 != 0 {
			t.Errorf("code is left open in %.200q", text)
		}
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' || r != '\u200d' && unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError {
			t.Errorf("%U in %.200q", r, text)
		}
	}
}

// checkAnswer fails the test unless Slack would take the message and nothing in it does anything. It returns the number of
// lines of its text.
func checkAnswer(t *testing.T, m answer) int {
	t.Helper()
	if _, err := json.Marshal(m); err != nil {
		t.Errorf("cannot be written: %v", err)
	}
	checkText(t, m.Text)
	between := func(what, text string, limit int) {
		if n := utf8.RuneCountInString(text); n < 1 || n > limit {
			t.Errorf("%s of %d characters", what, n)
		}
	}
	for _, b := range m.Blocks {
		switch b := b.(type) {
		case *slack.HeaderBlock:
			between("header", b.Text.Text, maxHeader)
			if b.Text.Type != slack.PlainTextType || strings.ContainsAny(b.Text.Text, "\n\u202e") {
				t.Errorf("header %q of type %s", b.Text.Text, b.Text.Type)
			}
		case *slack.SectionBlock:
			between("section", b.Text.Text, maxText)
			checkText(t, b.Text.Text)
			if !b.Text.Verbatim {
				t.Errorf("Slack would look for links in %q", b.Text.Text)
			}
		case *slack.ContextBlock:
			for _, e := range b.ContextElements.Elements {
				note := e.(*slack.TextBlockObject)
				between("note", note.Text, maxText)
				checkText(t, note.Text)
			}
		case *slack.RichTextBlock, *slack.ActionBlock: // literal text and a button of our own
		default:
			t.Errorf("block of type %T", b)
		}
	}
	return strings.Count(m.Text, "\n") + 1
}

// Whatever subject, names, addresses and reasons hold, a message has the lines and the blocks that it has for ordinary
// text, and nothing in it does anything.
func FuzzMessages(f *testing.F) {
	for _, seed := range []string{
		"Weekly", "<!channel>", "<@U1|ann> <https://evil.example|x>", "\u202egnp.exe", "a\nb\r\nc\u2028d", "`code` *b* _i_ ~s~", "&lt;!here&gt;", "\x00\x1b[31m", "\xff", " ", "\u200d",
		strings.Repeat("&", 400), strings.Repeat("<", 4000), "{{.Meet}} {{", "%s", "```\nx\n```", "\u3164", strings.Repeat("\u0301", 500), "> quote", "https://evil.example/",
	} {
		f.Add(seed, "C1", false)
		f.Add(seed, seed, true)
	}
	catalog, err := bot.NewCatalog()
	if err != nil {
		f.Fatal(err)
	}
	parser := bot.NewParser(catalog)
	f.Fuzz(func(t *testing.T, text, channel string, inThread bool) {
		lang := bot.Languages[len(text)%len(bot.Languages)]
		s := style{botName: botName(text), thread: inThread}
		i := parser.Parse(text)
		c := i.Command
		all := func(text string) []bot.Reply {
			m := replytest.Meeting()
			m.Subject, m.Organizer.Name, m.JoinID, m.Passcode, m.TollNumber, m.ConferenceID = text, "x"+text, "1"+text, "2"+text, "3"+text, "4"+text
			replies := []bot.Reply{
				{Audience: bot.AudienceEveryone, Language: lang, Card: &bot.Card{Meeting: m, New: true}},
				{Audience: bot.AudienceAsker, Language: lang, Card: &bot.Card{Meeting: m, Asked: "Budget"}},
				bot.DidYouMeanReply(lang, c, bot.Help), bot.UnreachableReply(lang, i),
				bot.GaveUpReply(lang, bot.Conversation{Platform: Platform, Channel: bot.Clip(bot.CleanText(channel), 80)}, c, time.Hour, "K5RVXJ3Q"),
			}
			for _, code := range []bot.Code{bot.NoSuchUser, bot.BadRequest, bot.ChatCredentials, bot.UnconfirmedEmail, bot.NotInDirectory, bot.NoAccessPolicy, bot.TooMany} {
				replies = append(replies, bot.Explain(lang, &bot.Error{Code: code, Reason: "x" + text, Wait: time.Minute}, bot.Organizer{ID: "a1111111-0000-4000-8000-000000000001", Name: text}, "client", c, "K5RVXJ3Q"))
			}
			return replies
		}
		plain := all("plain")
		for i, r := range all(text) {
			got, want := answerTo(catalog, r, s), answerTo(catalog, plain[i], s)
			if n, ordinary := checkAnswer(t, got), strings.Count(want.Text, "\n")+1; n != ordinary {
				t.Errorf("%q makes %d lines of %d: %q", text, n, ordinary, got.Text)
			}
			if len(got.Blocks) != len(want.Blocks) {
				t.Errorf("%q makes %d blocks of %d", text, len(got.Blocks), len(want.Blocks))
			}
		}
	})
}

// echoes answers every request with the same bytes, as they are.
type echoes string

func (e echoes) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	return http.ReadResponse(bufio.NewReader(strings.NewReader(string(e))), r)
}

// stay follows no redirect, like every client of internal/outbound.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// leak stands for any secret in an answer of an upstream's; the fuzzer moves it around.
const leak = "xoxb-2345-SECRET-6789"

// checkError fails the test unless the error is one of the bot's, holds nothing of what was echoed, and asks for a wait
// that makes sense.
func checkError(t *testing.T, answer string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	e, ok := errors.AsType[*bot.Error](err)
	if !ok {
		t.Fatalf("%q: %T %v", answer, err, err)
	}
	for _, text := range []string{err.Error(), e.Error(), e.Reason} {
		if strings.Contains(text, "SECRET") || utf8.RuneCountInString(text) > 300 || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Errorf("%q: the error tells %q", answer, text)
		}
	}
	if e.Code == bot.Throttled && (e.Wait < time.Second || e.Wait > 10*time.Minute) {
		t.Errorf("%q: a wait of %s", answer, e.Wait)
	}
}

var answers = []string{
	"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{\"ok\":true,\"x\":1}",
	"HTTP/1.1 200 OK\r\n\r\n{\"ok\":false,\"error\":\"" + leak + "\"}",
	"HTTP/1.1 200 OK\r\n\r\n{\"ok\":false,\"error\":\"invalid_auth\",\"response_metadata\":{\"messages\":[\"" + leak + "\"]},\"errors\":[\"" + leak + "\"]}",
	"HTTP/1.1 200 OK\r\n\r\n{\"ok\":\"" + leak + "\"}", "HTTP/1.1 200 OK\r\n\r\n" + leak, "HTTP/1.1 200 OK\r\n\r\n",
	"HTTP/1.1 429 " + leak + "\r\nRetry-After: " + leak + "\r\n\r\n", "HTTP/1.1 429 Slow\r\nRetry-After: 9223372036854775807\r\n\r\n", "HTTP/1.1 429 Slow\r\nRetry-After: 99999999999999999999\r\n\r\n",
	"HTTP/1.1 429 Slow\r\nRetry-After: -1\r\n\r\n", "HTTP/1.1 429 Slow\r\nRetry-After: 31536000\r\n\r\n", "HTTP/1.1 429 Slow\r\n\r\n",
	"HTTP/1.1 500 " + leak + "\r\nX: " + leak + "\r\n\r\n" + leak, "HTTP/1.1 302 Found\r\nLocation: https://" + leak + "/\r\n\r\n", "HTTP/1.1 404 Not Found\r\n\r\n{\"ok\":false,\"error\":\"used_url\"}",
	leak, "HTTP/1.1 " + leak + "\r\n\r\n", "HTTP/1.1 200 OK\r\n" + leak + "\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + leak + "\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + leak, "HTTP/1.1 200 OK\r\n\r\n{\"ok\":true,\"user\":{\"id\":5}}", "HTTP/1.1 200 OK\r\n\r\n{\"ok\":true,\"user\":null}",
	"HTTP/1.1 200 OK\r\n\r\n{\"ok\":true,\"user\":{\"id\":\"U1\",\"team_id\":\"T1\",\"locale\":\"\\u0000\",\"is_email_confirmed\":true,\"profile\":{\"email\":\"ann@contoso.example\"}}}",
}

// Whatever the Web API answers: a profile, or an error that quotes nothing of it.
func FuzzWebAPI(f *testing.F) {
	for _, seed := range answers {
		f.Add(seed)
	}
	a := fuzzApp(f)
	f.Fuzz(func(t *testing.T, answer string) {
		a.web = &http.Client{Transport: throttleReader{echoes(answer)}, CheckRedirect: stay}
		a.access.Store(&access{fuzzToken, slack.New(fuzzToken, slack.OptionHTTPClient(a.web))})
		p, err := a.Profile(t.Context(), bot.Asker{Platform: Platform, Workspace: fuzzTeam, User: "U1"}, bot.Route{})
		checkError(t, answer, err)
		if err != nil && p != (bot.Profile{}) {
			t.Errorf("%q: %+v and %v", answer, p, err)
		}
		_, err = a.Deliver(t.Context(), bot.Job{ID: "j", Route: bot.Route{Channel: "C1", User: "U1"}}, bot.WorkingReply(bot.English))
		checkError(t, answer, err)
		if err := a.Connect(t.Context()); err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q: %v", answer, err)
		}
		if !utf8.ValidString(string(p.Language)) || p.Language != "" && p.Language != bot.English && p.Language != bot.Portuguese {
			t.Errorf("%q: language %q", answer, p.Language)
		}
	})
}

// Whatever a response_url answers: delivered, or an error that quotes nothing of it. And wherever one points, nothing is
// posted but to Slack.
func FuzzResponseURL(f *testing.F) {
	for _, seed := range answers {
		f.Add("https://hooks.slack.com/commands/T1/2/x", seed)
	}
	for _, seed := range []string{
		"", "https://hooks.slack.com", "https://hooks.slack.com:443/x", "http://hooks.slack.com/x", "https://hooks.slack.com.evil.example/", "https://evil.example/hooks.slack.com",
		"https://hooks.slack.com@evil.example/", "https://evil.example#@hooks.slack.com/", "https://evil.example\\@hooks.slack.com/", "//hooks.slack.com/x", "https:/hooks.slack.com/x",
		"https://HOOKS.slack.com/x", "https://ann:pw@hooks.slack.com/x", "https://hooks.slack-gov.com/x", "https://hooks.slack.com%2eevil.example/", "https://169.254.169.254/", "javascript:x", "https://[::1]/\x00",
		"https://hoo\u212as.slack.com/", "https://hooks.slack.com\u3002evil.example/",
	} {
		f.Add(seed, answers[0])
	}
	a := fuzzApp(f)
	f.Fuzz(func(t *testing.T, responseURL, answer string) {
		a.hooks = &http.Client{Transport: watched{echoes(answer), func(u *url.URL) {
			if host := strings.ToLower(u.Host); u.Scheme != "https" || host != "hooks.slack.com" && host != "hooks.slack-gov.com" {
				t.Errorf("%q leads to %s://%s", responseURL, u.Scheme, u.Host)
			}
		}}, CheckRedirect: stay}
		err := a.postHook(t.Context(), responseURL, hookPost{answer: answerTo(a.catalog, bot.WorkingReply(bot.English), a.style(false))})
		checkError(t, answer, err)
		if u, parseErr := url.Parse(responseURL); err != nil && parseErr == nil && len(u.Path) > 12 && strings.Contains(err.Error(), u.Path) {
			t.Errorf("the error tells the path of %q: %v", responseURL, err)
		}
	})
}

// watched tells where requests go.
type watched struct {
	next  http.RoundTripper
	where func(*url.URL)
}

func (w watched) RoundTrip(r *http.Request) (*http.Response, error) {
	w.where(r.URL)
	return w.next.RoundTrip(r)
}
