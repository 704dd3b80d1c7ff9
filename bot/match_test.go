package bot

import "testing"

// Which account of the directory an e-mail is, for every case that the rule tells apart.
func TestMatchUser(t *testing.T) {
	const email = "bob@contoso.example"
	account := func(id, upn, mail string) DirectoryUser {
		return DirectoryUser{ID: id, UPN: upn, Mail: mail, Enabled: true}
	}
	guest := func(u DirectoryUser) DirectoryUser { u.Guest = true; return u }
	disabled := func(u DirectoryUser) DirectoryUser { u.Enabled = false; return u }
	principal := account("principal", "Bob@Contoso.example", "")
	mail := account("mail", "robert@contoso.example", "BOB@contoso.example")
	other := account("other", "bobby@contoso.example", email)
	alias := account("alias", "carol@contoso.example", "carol@contoso.example")
	second := account("second", "dave@contoso.example", "dave@contoso.example")
	members, all := AskerPolicy{}, AskerPolicy{Guests: true}
	aliases := AskerPolicy{Aliases: true}
	for name, tt := range map[string]struct {
		policy AskerPolicy
		found  []DirectoryUser
		want   string // ID, or
		code   Code
	}{
		"nobody":                          {members, nil, "", NotInDirectory},
		"principal name":                  {members, []DirectoryUser{principal}, "principal", ""},
		"primary e-mail":                  {members, []DirectoryUser{mail}, "mail", ""},
		"principal name wins":             {members, []DirectoryUser{mail, other, principal}, "principal", ""},
		"also if it is disabled":          {members, []DirectoryUser{mail, disabled(principal)}, "", DisabledAccount},
		"also if it is a guest's":         {members, []DirectoryUser{mail, guest(principal)}, "", GuestAccount},
		"two with the e-mail":             {members, []DirectoryUser{mail, other}, "", AmbiguousIdentity},
		"one of them disabled":            {members, []DirectoryUser{disabled(mail), other}, "other", ""},
		"one of them a guest":             {members, []DirectoryUser{guest(mail), other}, "other", ""},
		"a guest who may":                 {all, []DirectoryUser{guest(mail), other}, "other", ""},
		"a guest is left":                 {members, []DirectoryUser{guest(mail), disabled(other)}, "", GuestAccount},
		"a guest is left who may":         {all, []DirectoryUser{guest(mail), disabled(other)}, "mail", ""},
		"two guests":                      {all, []DirectoryUser{guest(mail), guest(other)}, "", AmbiguousIdentity},
		"all disabled":                    {all, []DirectoryUser{disabled(mail), disabled(other)}, "", DisabledAccount},
		"alias":                           {members, []DirectoryUser{alias}, "", NotInDirectory},
		"alias trusted":                   {aliases, []DirectoryUser{alias}, "alias", ""},
		"two aliases":                     {aliases, []DirectoryUser{alias, second}, "", AmbiguousIdentity},
		"alias beside the e-mail":         {aliases, []DirectoryUser{alias, mail}, "mail", ""},
		"alias of one who left":           {aliases, []DirectoryUser{alias, disabled(mail)}, "", DisabledAccount},
		"alias beside the principal name": {aliases, []DirectoryUser{alias, principal}, "principal", ""},
	} {
		user, refusal := tt.policy.matchUser(email, tt.found)
		var code Code
		if refusal != nil {
			code = refusal.Code
		}
		if code != tt.code || tt.want != "" && user.ID != tt.want {
			t.Errorf("%s: %q, %q; want %q, %q", name, user.ID, code, tt.want, tt.code)
		}
	}
}
