package store_test

import (
	"reflect"
	"testing"
	"time"

	"meetbot/bot"
)

func TestIdentities(t *testing.T) {
	everywhere(t, func(t *testing.T, b backend) {
		s := b.open(t, "one")
		ann := bot.Asker{Platform: "slack", Workspace: "T024BE7LD", User: "U1"}
		key := "mb:id:slack:T024BE7LD:U1"
		recall := func(a bot.Asker) *bot.Identity {
			t.Helper()
			id, err := s.Identity(t.Context(), a)
			no(t, err)
			st, err := read(t.Context(), s, channel(), reading{Asker: a})
			no(t, err)
			if !reflect.DeepEqual(id, st.Identity) {
				t.Fatalf("a look finds the identity %+v, a direct question %+v", st.Identity, id)
			}
			return id
		}
		if got := recall(ann); got != nil {
			t.Fatalf("an unknown user is remembered as %+v", got)
		}
		for _, id := range []bot.Identity{
			{ID: "6e4d3b6c", UPN: "ann@contoso.example", Name: "Ann", Language: bot.Portuguese, Zone: "America/Sao_Paulo"},
			{Refusal: &bot.Error{Code: bot.NotInDirectory, Reason: "ann@contoso.example"}, Language: bot.English},
		} {
			no(t, s.Remember(t.Context(), ann, id, bot.RefusalTTL))
			if got := recall(ann); got == nil || !reflect.DeepEqual(*got, id) {
				t.Errorf("remembered %+v, got back %+v", id, got)
			}
			if left := b.raw.PTTL(t.Context(), key).Val(); left <= 0 || left > bot.RefusalTTL {
				t.Errorf("remembered for %v, want up to %v", left, bot.RefusalTTL)
			}
		}
		// The release before stored the user principal name too.
		no(t, b.raw.Set(t.Context(), key, `{"id":"6e4d3b6c","upn":"ann@contoso.example","name":"Ann","language":"pt-BR"}`, time.Minute).Err())
		want := bot.Identity{ID: "6e4d3b6c", UPN: "ann@contoso.example", Name: "Ann", Language: bot.Portuguese}
		if got := recall(ann); got == nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("a record of the release before is read as %+v, want %+v", got, want)
		}
		no(t, s.Remember(t.Context(), ann, want, time.Minute))
		for _, other := range []bot.Asker{
			{Platform: "slack", Workspace: "T024BE7LD", User: "U1:"}, {Platform: "slack", Workspace: "T024BE7LD:U1"},
			{Platform: "slack:T024BE7LD", Workspace: "U1"}, {Platform: "teams", Workspace: "T024BE7LD", User: "U1"},
		} {
			if got := recall(other); got != nil {
				t.Errorf("%+v is taken for Ann", other)
			}
		}
		for _, record := range []string{"", "{", "null", "{}", `{"id":7}`} {
			no(t, b.raw.Set(t.Context(), key, record, time.Hour).Err())
			if got := recall(ann); got != nil {
				t.Errorf("record %q is read as %+v", record, got)
			}
		}
		no(t, s.Remember(t.Context(), ann, bot.Identity{ID: "6e4d3b6c"}, time.Hour))
		no(t, s.Remember(t.Context(), ann, bot.Identity{ID: "6e4d3b6c"}, 0))
		if got := recall(ann); got != nil {
			t.Errorf("an identity kept for no time is remembered as %+v", got)
		}
	})
}
