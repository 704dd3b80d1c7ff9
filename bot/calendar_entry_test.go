package bot_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"meetbot/bot"
)

// calendarOf asks for the ways into a calendar, and returns them and the token of the file.
func (st *linkStand) calendarOf(t *testing.T, id string) (bot.CalendarLinks, string) {
	t.Helper()
	reply := st.ask(t, id, bot.Intent{Command: bot.Command{Kind: bot.Calendar}})
	if reply.Card == nil || reply.Audience != bot.AudienceAsker {
		t.Fatalf("the reply is %+v", reply)
	}
	links := reply.Card.Calendar
	token, ok := strings.CutPrefix(links.File, "https://bot.example.com"+bot.CalendarPath)
	token, ok2 := strings.CutSuffix(token, bot.CalendarSuffix)
	if !ok || !ok2 || !bot.IsCalendarToken(token) {
		t.Fatalf("the file is %q", links.File)
	}
	return links, token
}

// An entry that cannot be read now is no entry that is gone: calendars must not drop it.
func TestCalendarEntryInTrouble(t *testing.T) {
	t.Parallel()
	st := newLinkStand(t)
	if none := st.ask(t, "0", bot.Intent{Command: bot.Command{Kind: bot.Calendar}}); none.Card != nil {
		t.Fatalf("without a meeting: %+v", none.Card)
	}
	st.accept(t, "1", "ann")
	st.card(t)
	links, token := st.calendarOf(t, "2")
	if links.Outlook == "" || links.Google == "" {
		t.Errorf("the links are %+v", links)
	}
	e, err := st.CalendarEntry(t.Context(), token)
	if err != nil || e.Gone || e.Cancelled || e.End.Sub(e.Start) != time.Hour || e.Title == "" || e.Link != e.JoinURL {
		t.Fatalf("%+v, %v", e, err)
	}
	for _, forged := range []string{"", "x", token[1:], token + "A"} {
		if _, err := st.CalendarEntry(t.Context(), forged); !errors.Is(err, bot.ErrForgedCalendar) {
			t.Errorf("%q: %v", forged, err)
		}
	}

	st.links.fault = errors.New("no answer")
	if e, err := st.CalendarEntry(t.Context(), token); err == nil {
		t.Errorf("without the link there is %+v", e)
	}
	st.links.fault = nil
	key := "mb:{test:W:C}:m:"
	record, err := st.redis.Get(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.redis.Set(key, "1 X {"); err != nil {
		t.Fatal(err)
	}
	if e, err := st.CalendarEntry(t.Context(), token); bot.CodeOf(err) != bot.UnreadableRecord {
		t.Errorf("of a record that cannot be read there is %+v, %v", e, err)
	}
	if err := st.redis.Set(key, record); err != nil {
		t.Fatal(err)
	}
	st.redis.SetError("LOADING")
	if e, err := st.CalendarEntry(t.Context(), token); bot.CodeOf(err) != bot.Unavailable {
		t.Errorf("without Redis there is %+v, %v", e, err)
	}
	if _, err := st.CalendarEntry(t.Context(), token+"A"); !errors.Is(err, bot.ErrForgedCalendar) {
		t.Errorf("a forged token without Redis: %v", err)
	}
	st.redis.SetError("")
	if same, err := st.CalendarEntry(t.Context(), token); err != nil || same.UID != e.UID {
		t.Errorf("%+v, %v", same, err)
	}
	st.redis.Del(key)
	if e, err := st.CalendarEntry(t.Context(), token); err != nil || !e.Gone {
		t.Errorf("of a meeting that is gone there is %+v, %v", e, err)
	}
}

// Where the key cannot be read, a card has the links that need none.
func TestCalendarWithoutKey(t *testing.T) {
	t.Parallel()
	st := newLinkStand(t)
	st.accept(t, "1", "ann")
	st.card(t)
	if err := st.redis.Set("mb:calendar", "2 of a later release"); err != nil {
		t.Fatal(err)
	}
	reply := st.ask(t, "2", bot.Intent{Command: bot.Command{Kind: bot.Calendar}})
	if c := reply.Card; c == nil || c.Calendar.File != "" || c.Calendar.Outlook == "" || c.Calendar.Google == "" {
		t.Errorf("the card is %+v", c)
	}
	if _, err := st.CalendarEntry(t.Context(), strings.Repeat("A", 60)); err == nil || errors.Is(err, bot.ErrForgedCalendar) {
		t.Errorf("without the key nobody knows: %v", err)
	}
}
