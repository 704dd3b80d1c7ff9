package bot_test

import (
	"testing"

	"meetbot/bot"
)

func TestParseOrganizerPolicy(t *testing.T) {
	for text, want := range map[string]bot.OrganizerPolicy{
		"requester":                                  {Requester: true},
		"service:meetings@contoso.example":           {Service: "meetings@contoso.example"},
		"requester,service:meetings@contoso.example": {Requester: true, Service: "meetings@contoso.example"},
		" requester , service: a@b.example ":         {Requester: true, Service: "a@b.example"},
	} {
		if got, err := bot.ParseOrganizerPolicy(text); err != nil || got != want {
			t.Errorf("ParseOrganizerPolicy(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "requestor", "service", "service:", "requester,", "requester,requester", "service:a,requester", "service:a,service:b"} {
		if got, err := bot.ParseOrganizerPolicy(text); err == nil {
			t.Errorf("ParseOrganizerPolicy(%q) = %+v, want an error", text, got)
		}
	}
}
