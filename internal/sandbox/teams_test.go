package sandbox

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	teamsAnn  = "a1111111-0000-4000-8000-000000000001"
	teamsBen  = "b2222222-0000-4000-8000-000000000002"
	teamsCleo = "c3333333-0000-4000-8000-000000000003" // of another organization
	teamsDan  = "d4444444-0000-4000-8000-000000000004" // has not installed the bot
	teamsElse = "0e5e5e5e-0000-4000-8000-00000000000e" // the other organization

	teamsTenant        = "9f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e10"
	teamsOtherApp      = "3b0e7a52-6c1f-4f0e-9a44-5d2c8f9b7a01"
	teamsOtherAudience = "http://127.0.0.1:1"

	teamsGeneral = "19:general@thread.tacv2"
	teamsPlans   = "19:plans@thread.tacv2"
	teamsAbsent  = "19:absent@thread.tacv2"
	teamsChat    = "19:chat@thread.v2"
	teamsMeeting = "19:meeting_standup@thread.v2"
)

// teamsWorld is an organization with a few people, and the bot's way to its connector.
type teamsWorld struct {
	*Teams
	entra  *Entra
	token  string
	client *http.Client
}

func startTeams(t *testing.T, o TeamsOptions) *teamsWorld {
	t.Helper()
	entra, err := NewEntra(EntraOptions{TenantID: teamsTenant, ClientID: teamsOtherApp, ClientSecret: "sandbox~secret", Now: o.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(entra.Close)
	o.Entra = entra
	s, err := NewTeams(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.AddUser(TeamsUser{ID: teamsAnn, Name: "Ann Archer", UPN: "ann@contoso.example", Locale: "pt-BR", TZ: "America/Sao_Paulo"}))
	must(s.AddUser(TeamsUser{ID: teamsBen, Name: "Ben"}))
	must(s.AddUser(TeamsUser{ID: teamsCleo, Name: "Cleo", Tenant: teamsElse, Guest: true}))
	must(s.AddUser(TeamsUser{ID: teamsDan, Name: "Dan", NotInstalled: true}))
	must(s.AddTeam(teamsGeneral, "Design"))
	for _, c := range []TeamsConversation{
		{ID: teamsPlans, Name: "Plans", Team: teamsGeneral},
		{ID: teamsAbsent, Team: teamsGeneral, BotAbsent: true},
		{ID: teamsChat, Kind: TeamsGroupChat, Members: []string{teamsAnn, strings.ToUpper(teamsBen)}},
		{ID: teamsMeeting, Kind: TeamsMeetingChat},
	} {
		_, err := s.AddConversation(c)
		must(err)
	}
	token, err := entra.Mint(s.AppID(), teamsAudience, time.Hour)
	must(err)
	return &teamsWorld{Teams: s, entra: entra, token: token, client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{}}}}
}

// ask calls the connector as the bot does. The path's parts are escaped here. It returns the status, 0 for a cut
// connection, the body and the error code in it.
func (w *teamsWorld) ask(t *testing.T, method, body, query string, parts ...string) (int, map[string]any, string) {
	t.Helper()
	address := strings.TrimSuffix(w.ServiceURL(), "/") + "/v3/conversations"
	for _, p := range parts {
		address += "/" + url.PathEscape(p)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address+query, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.token)
	resp, err := w.client.Do(r)
	if err != nil {
		return 0, nil, ""
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	_ = json.Unmarshal(raw, &answer) // there may be none
	refused, _ := answer["error"].(map[string]any)
	code, _ := refused["code"].(string)
	return resp.StatusCode, answer, code
}

// send sends a message and returns its ID.
func (w *teamsWorld) send(t *testing.T, conversation, body, query string) string {
	t.Helper()
	status, answer, code := w.ask(t, "POST", body, query, conversation, "activities")
	id, _ := answer["id"].(string)
	if status != http.StatusCreated || id == "" {
		t.Fatalf("send to %s: %d %s %v", conversation, status, code, answer)
	}
	return id
}

// teamsHeard is an activity as the bot got it.
type teamsHeard struct {
	header http.Header
	raw    []byte
	fields map[string]any
}

// at returns the value at a path such as "conversation.id"; nil if there is none.
func (h teamsHeard) at(path string) any {
	var v any = h.fields
	for name := range strings.SplitSeq(path, ".") {
		o, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = o[name]
	}
	return v
}

// teamsBot serves a bot that checks every token by the rules of the document before it answers, and keeps what it heard.
func teamsBot(t *testing.T, s *Teams, answer http.HandlerFunc) (address string, heard func() []teamsHeard) {
	t.Helper()
	var kept journal[teamsHeard]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read the activity: %v", err)
		}
		if r.URL.Path != "/api/messages" || r.Method != "POST" {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		h := teamsHeard{header: r.Header, raw: raw}
		_ = json.Unmarshal(raw, &h.fields) // a test may send anything
		if err := teamsVerify(r.Context(), s, h); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		kept.add(h)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, kept.list
}

func accept(http.ResponseWriter, *http.Request) {}

// teamsVerify checks a token as the document "Authentication with the Bot Connector API" asks, with the keys read anew.
func teamsVerify(ctx context.Context, s *Teams, h teamsHeard) error {
	var metadata struct {
		JWKS string `json:"jwks_uri"`
	}
	if err := readJSON(ctx, s.MetadataURL(), &metadata); err != nil {
		return err
	}
	var set struct {
		Keys []struct {
			Kid, N, E    string
			Endorsements []string
		}
	}
	if err := readJSON(ctx, metadata.JWKS, &set); err != nil {
		return err
	}
	token, ok := strings.CutPrefix(h.header.Get("Authorization"), "Bearer ")
	if !ok {
		return errors.New("no token")
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, func(token *jwt.Token) (any, error) {
		for _, k := range set.Keys {
			if k.Kid != token.Header["kid"] {
				continue
			}
			if !slices.Contains(k.Endorsements, "msteams") {
				return nil, errors.New("key is not endorsed")
			}
			n, errN := base64.RawURLEncoding.DecodeString(k.N)
			e, errE := base64.RawURLEncoding.DecodeString(k.E)
			return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, errors.Join(errN, errE)
		}
		return nil, errors.New("key is unknown")
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer("https://api.botframework.com"), jwt.WithAudience(s.AppID()),
		jwt.WithExpirationRequired(), jwt.WithLeeway(5*time.Minute))
	if err != nil {
		return err
	}
	if claims["serviceurl"] != h.at("serviceUrl") {
		return fmt.Errorf("token is for the service %v", claims["serviceurl"])
	}
	return nil
}

func readJSON(ctx context.Context, address string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", address, resp.StatusCode)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

func TestTeamsOptions(t *testing.T) {
	if _, err := NewTeams(TeamsOptions{}); err == nil {
		t.Error("an organization without Entra")
	}
	w := startTeams(t, TeamsOptions{BotName: "Meet Bot"})
	if _, err := NewTeams(TeamsOptions{Entra: w.entra, AppID: w.AppID()}); err == nil {
		t.Error("two bots with one client ID")
	}
	if w.Mention() != "<at>Meet Bot</at>" || w.BotID() != "28:"+w.AppID() || w.TenantID() != teamsTenant {
		t.Errorf("%s, %s, %s", w.Mention(), w.BotID(), w.TenantID())
	}
	if w.ServiceURL() != "http://"+w.ServiceHost()+"/emea/" {
		t.Errorf("service URL %s on host %s", w.ServiceURL(), w.ServiceHost())
	}
	if w.MemberID(teamsAnn) == w.MemberID(teamsBen) || !strings.HasPrefix(w.MemberID(teamsAnn), "29:") || !strings.HasPrefix(w.Personal(teamsAnn), "a:") {
		t.Errorf("IDs %s, %s, %s", w.MemberID(teamsAnn), w.MemberID(teamsBen), w.Personal(teamsAnn))
	}
	if err := w.AddUser(TeamsUser{ID: "U0ANN"}); err == nil {
		t.Error("an object ID that is no GUID")
	}
	for name, c := range map[string]TeamsConversation{
		"a kind that there is not": {Kind: "call"},
		"a personal chat":          {Kind: TeamsPersonal},
		"a chat's ID":              {ID: teamsChat, Team: teamsGeneral},
		"a group chat's ID":        {ID: "19:x@thread.v2", Kind: TeamsMeetingChat},
		"no such team":             {Team: "19:nowhere@thread.tacv2"},
		"no such member":           {Kind: TeamsGroupChat, Members: []string{teamsElse}},
	} {
		if id, err := w.AddConversation(c); err == nil {
			t.Errorf("%s: made %s", name, id)
		}
	}
	for _, kind := range []TeamsKind{TeamsGroupChat, TeamsMeetingChat} {
		if id, err := w.AddConversation(TeamsConversation{Kind: kind}); err != nil || !strings.HasPrefix(id, "19:") {
			t.Errorf("a %s with an ID made up: %q, %v", kind, id, err)
		}
	}
}

func TestTeamsMessagesArriveAsDocumented(t *testing.T) {
	w := startTeams(t, TeamsOptions{})
	app, heard := teamsBot(t, w.Teams, accept)
	root := w.Say(teamsBen, teamsPlans, "a thought").ID
	text := w.Mention() + " meet with <at>Ben</at>"
	tests := map[string]struct {
		post TeamsPost
		kind string
		id   func(activity string) string // of the conversation
		want map[string]any               // nil: absent
	}{
		"new post": {
			TeamsPost{User: teamsAnn, Conversation: teamsPlans, Text: text}, "channel",
			func(id string) string { return teamsPlans + ";messageid=" + id },
			map[string]any{"conversation.isGroup": true, "channelData.team.id": teamsGeneral, "channelData.channel.id": teamsPlans, "recipient.isTargeted": nil},
		},
		"reply": {
			TeamsPost{User: teamsAnn, Conversation: teamsPlans, Thread: root, Text: text}, "channel",
			func(string) string { return teamsPlans + ";messageid=" + root }, nil,
		},
		"group chat": {
			TeamsPost{User: strings.ToUpper(teamsAnn), Conversation: teamsChat, Text: text}, "groupChat", func(string) string { return teamsChat },
			map[string]any{"conversation.isGroup": true, "channelData.team": nil, "channelData.meeting": nil},
		},
		"meeting chat": {
			TeamsPost{User: teamsAnn, Conversation: teamsMeeting, Text: text}, "groupChat", func(string) string { return teamsMeeting },
			map[string]any{"channelData.meeting.id": "MCMxOTptZWV0aW5nX3N0YW5kdXBAdGhyZWFkLnYyIzA="},
		},
		"personal chat": {
			TeamsPost{User: teamsAnn, Conversation: w.Personal(teamsAnn), Text: "meet"}, "personal", func(string) string { return w.Personal(teamsAnn) },
			map[string]any{"conversation.isGroup": nil, "channelData.team": nil},
		},
		"slash menu": {
			TeamsPost{User: teamsAnn, Conversation: teamsPlans, Text: "meet", Slash: true}, "channel",
			func(id string) string { return teamsPlans + ";messageid=" + id }, map[string]any{"recipient.isTargeted": true},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := len(heard())
			d, err := w.Post(t.Context(), app, test.post)
			if err != nil || !slices.Equal(d.Attempts, []int{200}) {
				t.Fatalf("delivery %+v, %v: %s", d.Attempts, err, d.Body)
			}
			h := heard()[before]
			if string(h.raw) != string(d.Activity) {
				t.Error("the delivery is not what was sent")
			}
			want := map[string]any{
				"type": "message", "id": d.ID, "channelId": "msteams", "serviceUrl": w.ServiceURL(), "text": test.post.Text, "textFormat": "plain",
				"from.id": w.MemberID(teamsAnn), "from.aadObjectId": teamsAnn, "from.name": "Ann Archer", "recipient.id": w.BotID(),
				"conversation.conversationType": test.kind, "conversation.id": test.id(d.ID), "conversation.tenantId": teamsTenant,
				"channelData.tenant.id": teamsTenant, "locale": "pt-BR", "localTimezone": "America/Sao_Paulo",
			}
			for path, value := range test.want {
				want[path] = value
			}
			for path, value := range want {
				if got := h.at(path); got != value {
					t.Errorf("%s is %v, want %v", path, got, value)
				}
			}
			if local, _ := h.at("localTimestamp").(string); !strings.HasSuffix(local, "-03:00") {
				t.Errorf("localTimestamp %q", local)
			}
			stands, ok := w.find(test.post.Conversation, d.ID)
			if !ok || stands.From != teamsAnn || stands.Thread != test.post.Thread || (stands.To == teamsAnn) != test.post.Slash {
				t.Errorf("the message stands as %+v", stands)
			}
			var mentions []string
			for _, e := range h.fields["entities"].([]any) {
				e := e.(map[string]any)
				if e["type"] == "mention" {
					mentions = append(mentions, e["text"].(string)+e["mentioned"].(map[string]any)["id"].(string))
				}
			}
			if test.post.Text == text && !slices.Equal(mentions, []string{w.Mention() + w.BotID(), "<at>Ben</at>" + w.MemberID(teamsBen)}) {
				t.Errorf("mentions %v", mentions)
			}
		})
	}
}

func TestTeamsBotHearsWhatItShould(t *testing.T) {
	w := startTeams(t, TeamsOptions{})
	app, heard := teamsBot(t, w.Teams, accept)
	if err := w.AddUser(TeamsUser{ID: teamsBen, Name: "Ben", Blocked: true}); err != nil {
		t.Fatal(err)
	}
	for name, post := range map[string]TeamsPost{
		"no mention":           {User: teamsAnn, Conversation: teamsPlans, Text: "meet"},
		"another's mention":    {User: teamsAnn, Conversation: teamsChat, Text: "<at>Ben</at> meet"},
		"the bot is not there": {User: teamsAnn, Conversation: teamsAbsent, Text: w.Mention()},
		"not installed":        {User: teamsDan, Conversation: w.Personal(teamsDan), Text: "meet"},
		"blocked":              {User: teamsBen, Conversation: w.Personal(teamsBen), Text: "meet"},
	} {
		d, err := w.Post(t.Context(), app, post)
		if err != nil || len(d.Attempts) > 0 {
			t.Errorf("%s: %v, %v", name, d.Attempts, err)
		}
		if _, ok := w.find(post.Conversation, d.ID); !ok {
			t.Errorf("%s: the message does not stand", name)
		}
	}
	if n := len(heard()); n > 0 {
		t.Errorf("the bot heard %d of them", n)
	}
	for name, post := range map[string]TeamsPost{
		"no such user":           {User: teamsElse, Conversation: teamsPlans},
		"no such conversation":   {User: teamsAnn, Conversation: "19:nowhere@thread.tacv2"},
		"not a member":           {User: teamsDan, Conversation: teamsChat},
		"another's chat":         {User: teamsAnn, Conversation: w.Personal(teamsBen)},
		"no such thread":         {User: teamsAnn, Conversation: teamsPlans, Thread: "1"},
		"a thread in a chat":     {User: teamsAnn, Conversation: teamsChat, Thread: "1"},
		"a stranger's mention":   {User: teamsAnn, Conversation: teamsChat, Text: "<at>Dan</at>"},
		"slash in personal chat": {User: teamsAnn, Conversation: w.Personal(teamsAnn), Slash: true},
	} {
		if _, err := w.Post(t.Context(), app, post); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTeamsForeigners(t *testing.T) {
	w := startTeams(t, TeamsOptions{})
	for conversation, tenant := range map[string]string{teamsPlans: teamsTenant, w.Personal(teamsCleo): teamsElse} {
		raw, err := w.Activity(TeamsPost{User: teamsCleo, Conversation: conversation, Text: w.Mention()})
		if err != nil {
			t.Fatal(err)
		}
		h := teamsHeard{}
		if err := json.Unmarshal(raw, &h.fields); err != nil {
			t.Fatal(err)
		}
		if h.at("channelData.tenant.id") != tenant || h.at("conversation.tenantId") != tenant {
			t.Errorf("%s: tenant %v, %v, want %s", conversation, h.at("channelData.tenant.id"), h.at("conversation.tenantId"), tenant)
		}
	}
	if n := len(w.Messages(teamsPlans)); n > 0 {
		t.Errorf("Activity wrote %d messages", n)
	}
	_, member, _ := w.ask(t, "GET", "", "", teamsPlans, "members", w.MemberID(teamsCleo))
	if member["tenantId"] != teamsElse || member["userRole"] != "guest" || member["objectId"] != teamsCleo {
		t.Errorf("member %v", member)
	}
}

func TestTeamsRedelivers(t *testing.T) {
	tests := map[string]struct {
		answers []int // in turn, the last one for ever; 0: none in time, -1: the connection is cut
		want    []int
	}{
		"accepted":       {[]int{202}, []int{202}},
		"in the end":     {[]int{503, 0, -1, 200}, []int{503, 0, 0, 200}},
		"never":          {[]int{500}, []int{500, 500, 500, 500}},
		"refused":        {[]int{400}, []int{400}},
		"too many":       {[]int{429, 200}, []int{429, 200}},
		"not redirected": {[]int{302}, []int{302}},
	}
	w := startTeams(t, TeamsOptions{RetryDelays: []time.Duration{0, time.Millisecond, time.Millisecond}})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w.o.Deadline = time.Minute
			if slices.Contains(test.answers, 0) {
				w.o.Deadline = 2 * time.Second
			}
			n := 0
			app, heard := teamsBot(t, w.Teams, func(w http.ResponseWriter, r *http.Request) {
				status := test.answers[min(n, len(test.answers)-1)]
				n++
				switch {
				case status == 0:
					<-r.Context().Done()
				case status < 0:
					panic(http.ErrAbortHandler)
				default:
					w.WriteHeader(status)
				}
			})
			d, err := w.Post(t.Context(), app, TeamsPost{User: teamsAnn, Conversation: w.Personal(teamsAnn), Text: "meet"})
			if err != nil || !slices.Equal(d.Attempts, test.want) {
				t.Errorf("attempts %v, %v", d.Attempts, err)
			}
			for _, h := range heard() {
				if string(h.raw) != string(d.Activity) {
					t.Error("a redelivery differs")
				}
			}
		})
	}
}

func TestTeamsInstalls(t *testing.T) {
	w := startTeams(t, TeamsOptions{})
	app, heard := teamsBot(t, w.Teams, accept)
	for _, test := range []struct {
		install TeamsInstall
		want    []string // type, action, eventType
		team    any
	}{
		{TeamsInstall{User: teamsAnn, Conversation: teamsAbsent}, []string{"conversationUpdate/<nil>/teamMemberAdded", "installationUpdate/add/<nil>"}, "Design"},
		{TeamsInstall{User: teamsAnn, Conversation: teamsChat}, []string{"conversationUpdate/<nil>/<nil>", "installationUpdate/add/<nil>"}, nil},
		{TeamsInstall{User: teamsDan, Conversation: w.Personal(teamsDan)}, []string{"conversationUpdate/<nil>/<nil>", "installationUpdate/add/<nil>"}, nil},
		{TeamsInstall{User: teamsDan, Conversation: w.Personal(teamsDan), Remove: true}, []string{"installationUpdate/remove/<nil>"}, nil},
		{TeamsInstall{User: teamsAnn, Conversation: teamsGeneral, Remove: true}, []string{"conversationUpdate/<nil>/teamMemberRemoved", "installationUpdate/remove/<nil>"}, "Design"},
	} {
		before := len(heard())
		all, err := w.Install(t.Context(), app, test.install)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, h := range heard()[before:] {
			got = append(got, fmt.Sprint(h.at("type"), "/", h.at("action"), "/", h.at("channelData.eventType")))
			changed, _ := h.fields["membersAdded"].([]any)
			if len(changed) > 0 && changed[0].(map[string]any)["id"] != h.at("recipient.id") {
				t.Errorf("members %v, bot %v", changed, h.at("recipient.id"))
			}
			if h.at("conversation.id") != test.install.Conversation || h.at("channelData.team.name") != test.team || all[i].ID != h.at("id") {
				t.Errorf("%+v: %s", test.install, h.raw)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%+v: got %v", test.install, got)
		}
		status, _, code := w.ask(t, "POST", `{"type":"message","text":"hello"}`, "", test.install.Conversation, "activities")
		if (status == 403) != test.install.Remove {
			t.Errorf("%+v: then the bot gets %d %s", test.install, status, code)
		}
	}
	if status, _, _ := w.ask(t, "GET", "", "", teamsPlans, "members"); status != 403 {
		t.Errorf("a bot that has left the team gets %d in another channel", status)
	}
}

func TestTeamsWaits(t *testing.T) {
	w := startTeams(t, TeamsOptions{})
	id := w.send(t, teamsPlans, `{"type":"message","text":"one"}`, "")
	found := make(chan TeamsMessage, 1)
	go func() {
		m, err := w.WaitFor(t.Context(), teamsPlans, func(m TeamsMessage) bool { return m.Edits > 0 })
		if err != nil {
			t.Error(err)
		}
		found <- m
	}()
	w.ask(t, "PUT", `{"type":"message","text":"two"}`, "", teamsPlans, "activities", id)
	if m := <-found; m.Text != "two" || m.ID != id || m.FromName != "meetbot" || m.From != w.AppID() {
		t.Errorf("found %+v", m)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.WaitFor(ctx, teamsPlans, func(TeamsMessage) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestTeamsForgets(t *testing.T) {
	w := startTeams(t, TeamsOptions{Keep: 2})
	for _, text := range []string{"one", "two", "three"} {
		w.send(t, teamsPlans, `{"type":"message","text":"`+text+`"}`, "")
	}
	if m := w.Messages(teamsPlans); len(m) != 2 || m[0].Text != "two" || len(w.Calls()) != 2 {
		t.Errorf("kept %+v, %d calls", m, len(w.Calls()))
	}
	w.ResetCalls()
	if len(w.Calls()) > 0 {
		t.Error("calls are not forgotten")
	}
}
