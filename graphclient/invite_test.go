package graphclient_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"meetbot/bot"
	"meetbot/internal/sandbox/faultserver"
)

// listOf are the attendees of a change as it was sent: UPN and role by object ID.
func listOf(t *testing.T, body []byte) map[string][2]string {
	t.Helper()
	var sent struct {
		Participants struct {
			Attendees []struct {
				UPN, Role string
				Identity  struct{ User struct{ ID string } }
			}
		}
	}
	var keys map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(body, &sent), json.Unmarshal(body, &keys)); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 1 {
		t.Errorf("more than the participants is sent: %s", body)
	}
	list := map[string][2]string{}
	for _, a := range sent.Participants.Attendees {
		list[a.Identity.User.ID] = [2]string{a.UPN, a.Role}
	}
	return list
}

// The list is sent as a whole, with those who are on it and their roles, and only if somebody is missing.
func TestInvite(t *testing.T) {
	r, m := made(t)
	brian := bot.Attendee{ID: brianID, UPN: "brian.o'neil@contoso.example"}
	guest := bot.Attendee{ID: "c3333333-0000-4000-8000-000000000003", UPN: "guest@contoso.example"}
	last := func() (op string, body []byte) {
		calls := r.graph.Calls()
		call := calls[len(calls)-1]
		return call.Op, call.Body
	}
	invite := func(attendees ...bot.Attendee) {
		t.Helper()
		if err := r.Invite(t.Context(), tenant, annID, m.ID, attendees); err != nil {
			t.Fatal(err)
		}
	}
	invite(brian)
	op, body := last()
	if want := map[string][2]string{brianID: {brian.UPN, ""}}; op != "changeMeeting" || !reflect.DeepEqual(listOf(t, body), want) {
		t.Errorf("%s sent %s", op, body)
	}
	invite(brian, bot.Attendee{ID: strings.ToUpper(brianID), UPN: brian.UPN})
	if op, _ = last(); op != "meeting" {
		t.Errorf("a complete list is sent again: %s", op)
	}
	invite(guest)
	op, body = last()
	if got := listOf(t, body); op != "changeMeeting" || len(got) != 2 || got[brianID][0] != brian.UPN || got[guest.ID][0] != guest.UPN {
		t.Errorf("%s sent %s", op, body)
	}
	for _, id := range []string{"", ".."} {
		if err := r.Invite(t.Context(), tenant, annID, id, []bot.Attendee{brian}); bot.CodeOf(err) != bot.MissingMeeting {
			t.Errorf("meeting %q: %v", id, err)
		}
	}
	for op, status := range map[string]int{"meeting": http.StatusServiceUnavailable, "changeMeeting": http.StatusTooManyRequests} {
		r.graph.Fault(faultserver.Fault{Target: op, Times: 1, Status: status, RetryAfter: "1"})
		err := r.Invite(t.Context(), tenant, annID, m.ID, []bot.Attendee{{ID: annID, UPN: "ann@contoso.example"}})
		if !bot.Temporary(err) {
			t.Errorf("%s answered %d: %v", op, status, err)
		}
	}
}
