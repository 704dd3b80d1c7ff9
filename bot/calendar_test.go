package bot

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	testKey       = bytes.Repeat([]byte{7}, CalendarKeySize)
	calendarPlace = Conversation{Platform: "slack", Workspace: "T024BE7LD", Channel: "C2147483705"}
)

// The address of a calendar file stays as it is in every release: it stands in people's calendars.
func TestCalendarTokenStaysTheSame(t *testing.T) {
	meeting := Meeting{ExternalID: "slack:T024BE7LD:C2147483705"}
	dated := calendarTokenOf(calendarPlace, meeting, time.Time{})
	now := calendarTokenOf(calendarPlace, meeting, time.Date(2026, 11, 26, 4, 0, 0, 0, time.UTC))
	for want, got := range map[string]string{
		"MxP0Rau3PprlhQaUdEIeMwGI5RD47yNy_wBzbGFjazpUMDI0QkU3TEQ6QzIxNDc0ODM3MDU":     dated.sign(testKey),
		"GBqbQsxA6uZFXB6IZlMHKQGI5RD47yNy_9DSog5zbGFjazpUMDI0QkU3TEQ6QzIxNDc0ODM3MDU": now.sign(testKey),
		"08ebb5c570db97868406226eb5719696@meetbot":                                    dated.uid(), "9c6794d246d5707e91cfd827552ca308@meetbot": now.uid(),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	chat := Conversation{Platform: "teams", Workspace: "8eaef023-2b34-4da1-9baa-8bc8c9d6a490",
		Channel: "19:0123456789abcdef0123456789abcdef@thread.tacv2", Thread: "1712345678901"}
	if token := calendarTokenOf(chat, meeting, time.Time{}).sign(testKey); len(token) > 180 {
		t.Errorf("in Teams a token has %d characters", len(token))
	}
}

// A token says what it was made of; another key, another meeting and another time make another token and another UID.
func TestCalendarToken(t *testing.T) {
	part := rapid.OneOf(rapid.StringMatching(`[A-Za-z0-9:@._{}%/-]{0,40}`), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		c := Conversation{part.Draw(t, "platform"), part.Draw(t, "workspace"), part.Draw(t, "channel"),
			part.Draw(t, "thread")}
		m := Meeting{ExternalID: part.Draw(t, "external ID")}
		var start time.Time
		if rapid.Bool().Draw(t, "fixed") {
			start = time.Unix(60*rapid.Int64Range(1, 1<<32).Draw(t, "start"), 0)
		}
		token := calendarTokenOf(c, m, start)
		inside := token.uid()
		token.outside = rapid.Bool().Draw(t, "outside")
		text := token.sign(testKey)
		if len(text) > maxCalendarToken {
			return
		}
		if read, ok := openCalendarToken(testKey, text); !ok || read != token || !IsCalendarToken(text) {
			t.Fatalf("%+v became %+v, %v", token, read, ok)
		}
		if u, err := url.Parse("https://bot.example.com/c/" + text + ".ics"); err != nil || u.Path != "/c/"+text+".ics" {
			t.Fatalf("%q does not fit into a URL: %v", text, err)
		}
		other := append([]byte{8}, testKey[1:]...)
		if _, ok := openCalendarToken(other, text); ok {
			t.Fatal("another key opens it")
		}
		i := rapid.IntRange(0, len(text)-1).Draw(t, "place")
		letter := rapid.SampledFrom(strings.Split(letters, "")).Draw(t, "letter")
		if forged := text[:i] + letter + text[i+1:]; forged != text {
			if _, ok := openCalendarToken(testKey, forged); ok {
				t.Fatalf("%q is forged and opens", forged)
			}
		}
		later := calendarTokenOf(c, m, start.Add(time.Hour))
		m.ExternalID += "/2/X"
		if fresh := calendarTokenOf(c, m, start); fresh.uid() == token.uid() || later.uid() == token.uid() && !start.IsZero() {
			t.Fatal("two entries share a UID")
		}
		if token.uid() != inside {
			t.Fatal("the same date has another UID for somebody outside")
		}
	})
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// No text but one that was signed opens, and none breaks anything. What opens is written in one way.
func FuzzCalendarToken(f *testing.F) {
	token := calendarTokenOf(calendarPlace, Meeting{ExternalID: "x"}, time.Unix(6e8, 0))
	whole := token.sign(testKey)
	payload := token.payload()
	for _, text := range []string{
		"", "A", whole, whole[1:], whole[:len(whole)-1], whole + "A", whole + "=", whole + "\n", whole + "%",
		strings.ToLower(whole), strings.Repeat("A", maxCalendarToken), strings.Repeat("A", maxCalendarToken+1),
		base64.RawURLEncoding.EncodeToString(append(make([]byte, calendarSignature), payload...)),
		base64.RawURLEncoding.EncodeToString(append(signCalendar(testKey, nil), payload...)),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read, ok := openCalendarToken(testKey, text)
		if ok && read.sign(testKey) != text {
			t.Errorf("%q opens and is written %q", text, read.sign(testKey))
		}
		if ok && !IsCalendarToken(text) {
			t.Errorf("%q opens and has not the form", text)
		}
		if ok && text != whole {
			t.Errorf("%q was not signed and opens", text)
		}
	})
}

// What is signed is read with care, too: a later release may sign what this one does not know.
func FuzzSignedCalendarToken(f *testing.F) {
	f.Add(calendarTokenOf(calendarPlace, Meeting{}, time.Time{}).payload())
	f.Add([]byte{2})
	f.Add(append(bytes.Repeat([]byte{1}, 9), bytes.Repeat([]byte{0xff}, 20)...))
	f.Add(append(bytes.Repeat([]byte{1}, 9), "\x80\x00slack:T:C"...))
	f.Fuzz(func(t *testing.T, payload []byte) {
		text := calendarEncoding.EncodeToString(append(signCalendar(testKey, payload), payload...))
		read, ok := openCalendarToken(testKey, text)
		if ok && (read.start < 0 || read.conversation.String() == "") {
			t.Errorf("%+v", read)
		}
	})
}

// The links that open calendars with a draft, to the letter.
func TestComposeLinks(t *testing.T) {
	const join = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%22Tid%22%7d&x='\"<"
	start := time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC)
	for _, title := range []string{
		"Retro", "Q4 & budget: 100% + tax? #1", "Reunião de avaliação", strings.Repeat("👩", MaxSubject), "a\"b<c>",
		"online=1&online=1",
	} {
		links := composeLinks(calendarDraft{title, start, start.Add(45 * time.Minute), "Join meeting", join})
		for link, want := range map[string]map[string]string{
			links.Outlook: {
				"path": "/calendar/action/compose", "rru": "addevent", "subject": title, "startdt": "2026-11-24T18:00:00Z",
				"enddt": "2026-11-24T18:45:00Z", "location": "Microsoft Teams Meeting",
				"body": `<a href="` + strings.NewReplacer("&", "&amp;", "'", "&#39;", `"`, "&#34;", "<", "&lt;").Replace(join) +
					`">Join meeting</a>`,
			},
			links.Google: {
				"action": "TEMPLATE", "text": title, "dates": "20261124T180000Z/20261124T184500Z",
				"location": "Microsoft Teams Meeting", "details": "Join meeting: " + join,
			},
		} {
			u, err := url.Parse(link)
			if err != nil {
				t.Fatal(err)
			}
			if u.Scheme != "https" || u.Host != "outlook.office.com" && u.Host != "calendar.google.com" {
				t.Errorf("it leads to %s", u.Host)
			}
			if strings.ContainsAny(link, "+ \"<>|") || len(link) > maxCalendarLink {
				t.Errorf("the link is %s", link)
			}
			query := u.Query()
			for name, value := range want {
				if got := query.Get(name); got != value {
					t.Errorf("%s is %q, want %q", name, got, value)
				}
			}
			if len(query) != len(want) || query.Has("online") {
				t.Errorf("the parameters %v", query)
			}
		}
	}
	if links := composeLinks(calendarDraft{link: "https://x/" + strings.Repeat("%", 3000)}); links != (CalendarLinks{}) {
		t.Errorf("links that no button can hold: %d characters", len(links.Outlook))
	}
}

// keys is a Redis for keys.
type keys struct {
	key   []byte
	err   error
	calls int
}

func (k *keys) CalendarKey(_ context.Context, proposed []byte) ([]byte, error) {
	k.calls++
	if k.err != nil {
		return nil, k.err
	}
	if k.key == nil {
		k.key = proposed
	}
	return k.key, nil
}

// Replicas share one key. It is read once, and again now and then; an emptied Redis gets it back.
func TestCalendarKey(t *testing.T) {
	redis := &keys{}
	var a, b calendarKey
	get := func(k *calendarKey) []byte {
		t.Helper()
		key, err := k.get(t.Context(), redis, func(f func()) bool { f(); return true })
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	redis.err = errors.New("away")
	if _, err := a.get(t.Context(), redis, nil); err == nil {
		t.Error("a key from nowhere")
	}
	redis.err = nil
	first := get(&a)
	if len(first) != CalendarKeySize || bytes.Equal(first, make([]byte, CalendarKeySize)) {
		t.Fatalf("the key is %x", first)
	}
	if same := get(&b); !bytes.Equal(same, first) {
		t.Errorf("the other replica has %x", same)
	}
	redis.calls = 0
	for range 3 {
		if same := get(&a); !bytes.Equal(same, first) || redis.calls != 0 {
			t.Errorf("the key is %x after %d reads", same, redis.calls)
		}
	}
	old := func() { a.known.Store(&readKey{a.known.Load().key, time.Now().Add(-calendarKeyFor)}) }
	old()
	redis.key = nil // it lost its data
	if get(&a); !bytes.Equal(redis.key, first) || redis.calls != 1 {
		t.Errorf("Redis has %x after %d reads", redis.key, redis.calls)
	}
	old()
	redis.err = errors.New("away")
	if same := get(&a); !bytes.Equal(same, first) {
		t.Errorf("the key is %x", same)
	}
	old()
	redis.key, redis.err = testKey, nil // another replica was quicker after it had lost its data
	get(&a)
	if other := get(&a); !bytes.Equal(other, testKey) || redis.calls != 3 {
		t.Errorf("the key is %x after %d reads", other, redis.calls)
	}
}
